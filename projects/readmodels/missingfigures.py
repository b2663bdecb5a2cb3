"""Figures of indicators and money that nobody has handed in for the last month that is over.

A figure is expected where one was reported before or a target is stated: nobody is asked for what was never
promised.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.db.models import Max

from projects.models import (
    Division,
    FundingLine,
    FundingReport,
    Indicator,
    IndicatorReport,
    Programme,
    TargetStatement,
)
from projects.permissions.access import Access, Permission, Target, may
from projects.rules.period import month_end

Cell = tuple[int, int | None]


@dataclass(frozen=True, slots=True)
class Missing:
    """One figure. `last`: the day of the newest report, if there is one. `division_id` None: the city."""

    subject_id: int
    name: str
    division_id: int | None
    division: str
    last: dt.date | None


def last_month(day: dt.date) -> dt.date:
    """The last day of the newest month that is over on a day (a month is over on its last day)."""
    end = month_end(day)
    return end if end == day else day.replace(day=1) - dt.timedelta(days=1)


def unreported_indicators(access: Access, programme: Programme, month: dt.date) -> list[Missing]:
    """Indicators in divisions that somebody reports, without a report of the month (by its last day)."""
    indicators = _indicators(programme)
    newest = _newest_reports(programme, month)
    stated = set(
        TargetStatement.objects.standing()
        .filter(indicator__category__programme=programme, effective_on__lte=month)
        .values_list("indicator_id", "division_id")
        .distinct()
    )
    found = [
        (cell, newest.get(cell))
        for cell in stated | newest.keys()
        if cell[0] in indicators
        and may(access, Permission.INDICATOR_REPORT, Target(cell[1], indicators[cell[0]][1]))
        and not _is_of_month(newest.get(cell), month)
    ]
    names = _division_names({division for (_pk, division), _last in found if division is not None})
    rows = [
        Missing(pk, indicators[pk][0], division, names.get(division, "") if division else "", last)
        for (pk, division), last in found
    ]
    return sorted(rows, key=_order)


def unreported_funds(access: Access, programme: Programme, month: dt.date) -> list[Missing]:
    """Funding lines that somebody reports, without a report of the month."""
    newest = dict(
        FundingReport.objects.standing()
        .filter(line__programme=programme, as_of__lte=month)
        .order_by()
        .values_list("line_id")
        .annotate(last=Max("as_of"))
    )
    indicators = _indicators(programme)
    lines = FundingLine.objects.filter(programme=programme, deleted_seq__isnull=True).select_related(
        "division"
    )
    rows = []
    for line in lines:
        departments = (
            indicators[line.indicator_id][1] if line.indicator_id in indicators else frozenset[int]()
        )
        target = Target(line.division_id, departments)
        if may(access, Permission.FUNDING_REPORT, target) and not _is_of_month(newest.get(line.pk), month):
            division = line.division.name if line.division is not None else ""
            rows.append(Missing(line.pk, line.name, line.division_id, division, newest.get(line.pk)))
    return sorted(rows, key=_order)


def without_target(programme: Programme) -> list[Indicator]:
    """Indicators of which nobody has stated a target for the city, not even that there is none (无目标)."""
    stated = TargetStatement.objects.standing().filter(division__isnull=True).values("indicator_id")
    rows = Indicator.objects.filter(category__programme=programme, deleted_seq__isnull=True)
    return list(
        rows.exclude(pk__in=stated).select_related("category").order_by("category__number", "order", "pk")
    )


def _is_of_month(last: dt.date | None, month: dt.date) -> bool:
    return last is not None and (last.year, last.month) >= (month.year, month.month)


def _order(row: Missing) -> tuple[bool, dt.date, str, str]:
    """Never reported first, then the longest ago."""
    return row.last is not None, row.last or dt.date.min, row.name, row.division


def _indicators(programme: Programme) -> dict[int, tuple[str, frozenset[int]]]:
    """Name and departments by indicator."""
    rows = Indicator.objects.filter(category__programme=programme, deleted_seq__isnull=True)
    return {
        row.pk: (row.name, frozenset(_departments(row))) for row in rows.prefetch_related("co_departments")
    }


def _departments(row: Indicator) -> Iterator[int]:
    if row.lead_department_id is not None:
        yield row.lead_department_id
    yield from (each.pk for each in row.co_departments.all())


def _newest_reports(programme: Programme, month: dt.date) -> dict[Cell, dt.date]:
    rows = (
        IndicatorReport.objects.standing()
        .filter(indicator__category__programme=programme, as_of__lte=month)
        .order_by()
        .values_list("indicator_id", "division_id")
        .annotate(last=Max("as_of"))
    )
    return {(pk, division): last for pk, division, last in rows}


def _division_names(ids: Iterable[int]) -> Mapping[int | None, str]:
    return {row.pk: row.name for row in Division.objects.filter(pk__in=set(ids))}
