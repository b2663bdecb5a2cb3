"""Reported beside counted progress of each indicator in each division, and where the two are far apart.

Only indicators that are counted by their sites can be compared, and only where somebody reported. Without a
target neither is a percent: the amounts are shown, and nothing is flagged.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from projects.models import Division, Indicator, IndicatorReport, Programme, TargetStatement
from projects.permissions.access import Access, Permission, Target, may
from projects.readmodels.clocks import Clocks
from projects.readmodels.countedseries import Series, counted_series, members_of
from projects.readmodels.definitions import definitions
from projects.readmodels.subjectfacts import Judging
from projects.rules.divergence import Divergence, divergence
from projects.rules.policy import Policy
from projects.rules.progress import Output
from projects.rules.promised import TargetFrom, target_at
from projects.rules.vocabulary import Counting


@dataclass(frozen=True, slots=True)
class Compared:
    """One indicator in one division (the programme's own: the city as a whole).

    `reported_percent`: as reported, or the reported amount of the target. `counted`: None where no site is
    listed. `difference` None: not comparable. `is_demo`: the report is 演示数据.
    """

    indicator_id: int
    indicator: str
    name_zh: str
    name_en: str
    unit_zh: str
    unit_en: str
    division: str
    division_zh: str
    division_en: str
    target: Decimal | None
    reported_on: dt.date
    reported: Decimal | None
    reported_percent: Decimal | None
    counted: Decimal | None
    counted_percent: Decimal | None
    difference: Divergence | None
    is_demo: bool

    @property
    def flagged(self) -> bool:
        return self.difference is not None and self.difference.flagged


@dataclass(frozen=True, slots=True)
class Comparison:
    """`points`: from how many percentage points on the policy flags; None: it does not."""

    points: Decimal | None
    rows: tuple[Compared, ...]


def divergences(programme: Programme, clocks: Clocks, *, access: Access | None = None) -> Comparison:
    """What was reported by the day and known by the moment, flagged ones first, the widest first.

    `access` None: everything. Otherwise what its scopes reach; the city as a whole for who sees all of it.
    """
    judging = Judging.then(programme, clocks.known_seq)
    policy = judging.policy
    reports = _newest_reports(programme, clocks)
    indicators = {
        row.pk: row
        for row in Indicator.objects.filter(pk__in={pk for pk, _division in reports}).prefetch_related(
            "co_departments"
        )
    }
    if access is not None:
        reports = {
            cell: row
            for cell, row in reports.items()
            if _may_see(access, programme, indicators[cell[0]], cell[1])
        }
    divisions = {row.pk: row for row in Division.objects.filter(pk__in={pk for _i, pk in reports})}
    series = counted_series(
        judging.programme,
        {pk for pk, _division in reports},
        members_of(programme, {division for _pk, division in reports}),
        known_seq=clocks.known_seq,
    )
    targets = _targets(programme, clocks)
    rows = [
        _compared(
            indicators[cell[0]],
            divisions[cell[1]],
            report,
            target_at(targets.get(cell, ()), clocks.as_of),
            _amount(series[cell], clocks.as_of),
            policy,
        )
        for cell, report in reports.items()
    ]
    return Comparison(
        None if policy.divergence is None else policy.divergence.points,
        tuple(sorted(rows, key=_order)),
    )


def _order(row: Compared) -> tuple[bool, Decimal, str, str]:
    points = Decimal(-1000) if row.difference is None else row.difference.points
    return not row.flagged, -points, row.indicator, row.division


def _may_see(access: Access, programme: Programme, indicator: Indicator, division_id: int) -> bool:
    departments = {row.pk for row in indicator.co_departments.all()}
    if indicator.lead_department_id is not None:
        departments.add(indicator.lead_department_id)
    place = None if division_id == programme.division_id else division_id
    return may(access, Permission.SITE_VIEW_INTERNAL, Target(place, frozenset(departments)))


def _newest_reports(programme: Programme, clocks: Clocks) -> dict[tuple[int, int], IndicatorReport]:
    rows = (
        IndicatorReport.objects.standing(clocks.known_seq)
        .filter(
            indicator__category__programme=programme,
            indicator__deleted_seq__isnull=True,
            as_of__lte=clocks.as_of,
        )
        .order_by("as_of", "pk")
    )
    defined = definitions(clocks.known_seq)
    return {
        (row.indicator_id, row.division_id or programme.division_id): row
        for row in rows
        if defined[row.indicator_id].counting is not Counting.REPORTED
    }


def _targets(programme: Programme, clocks: Clocks) -> Mapping[tuple[int, int], list[TargetFrom]]:
    found: dict[tuple[int, int], list[TargetFrom]] = {}
    rows = TargetStatement.objects.standing(clocks.known_seq).filter(indicator__category__programme=programme)
    for row in rows.order_by("effective_on", "pk"):
        cell = (row.indicator_id, row.division_id or programme.division_id)
        found.setdefault(cell, []).append(TargetFrom(row.effective_on, row.target))
    return found


def _amount(series: Series, day: dt.date) -> Decimal | None:
    found = None
    for since, amount in series.amounts:
        if since <= day:
            found = amount
    return found


def _compared(
    indicator: Indicator,
    division: Division,
    report: IndicatorReport,
    target: Decimal | None,
    counted: Decimal | None,
    policy: Policy,
) -> Compared:
    said = report.percent if report.percent is not None else Output(report.actual, target).percent
    output = Output(counted, target)
    return Compared(
        indicator.pk,
        indicator.code,
        indicator.name_zh,
        indicator.name_en or indicator.name_zh,
        indicator.unit_zh,
        indicator.unit_en or indicator.unit_zh,
        division.code,
        division.name_zh,
        division.name_en or division.name_zh,
        target,
        report.as_of,
        report.actual,
        said,
        counted,
        output.percent,
        divergence(said, output, policy.divergence),
        report.is_demo,
    )
