"""An area's money: what was arranged for it, line by line, and what has been used, by both clocks."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q

from projects.models import FundingLine, FundingReport
from projects.readmodels.clocks import Clocks
from projects.readmodels.vocabulary import ProgrammeWords
from projects.rules.funding import FundRate, sum_of
from projects.rules.period import Period
from projects.rules.schedule import funds_planned_percent
from projects.rules.vocabulary import FundingSource


@dataclass(frozen=True, slots=True)
class LineFunds:
    """One line in yuan; a `rate` whose use is None was not published (未公布), never 0."""

    name: str
    source: FundingSource
    category_zh: str
    category_en: str
    rate: FundRate
    lead_pp: Decimal | None


@dataclass(frozen=True, slots=True)
class DistrictFunds:
    """`total` from sums, its use unknown as soon as one line's is. No `lines`: none names the area.

    `planned_percent`: closed months over the months of the period. `missing`: lines without a use on record.
    """

    lines: tuple[LineFunds, ...]
    total: FundRate
    total_lead_pp: Decimal | None
    planned_percent: Decimal
    missing: int


def district_funds(
    programme: ProgrammeWords, clocks: Clocks, *, managers: Collection[int] | None
) -> DistrictFunds:
    """Lines that name one of `managers`; None: all lines of the programme, whoever they are for."""
    wanted = Q() if managers is None else Q(division_id__in=managers)
    lines = list(
        FundingLine.objects.filter(wanted, programme_id=programme.pk, deleted_seq__isnull=True)
        .select_related("category", "indicator__category")
        .order_by("pk")
    )
    order = list(FundingSource)
    lines.sort(key=lambda line: order.index(FundingSource(line.source)))
    used = _used(lines, clocks)
    period = Period(programme.period_start, programme.period_end)
    rows = tuple(_line(line, used.get(line.pk), period, clocks) for line in lines)
    total = sum_of(row.rate for row in rows)
    return DistrictFunds(
        rows,
        total,
        total.lead_pp(period, clocks.as_of),
        funds_planned_percent(period, clocks.as_of),
        sum(row.rate.used is None for row in rows),
    )


def _line(line: FundingLine, used: Decimal | None, period: Period, clocks: Clocks) -> LineFunds:
    category = line.category or (line.indicator.category if line.indicator else None)
    rate = FundRate(used=used, arranged=line.arranged)
    return LineFunds(
        line.name,
        FundingSource(line.source),
        category.name_zh if category else "",
        (category.name_en or category.name_zh) if category else "",
        rate,
        rate.lead_pp(period, clocks.as_of),
    )


def _used(lines: Collection[FundingLine], clocks: Clocks) -> dict[int, Decimal]:
    """The newest use of each line by the day, as it was recorded by the moment."""
    rows = (
        FundingReport.objects.standing(clocks.known_seq)
        .filter(line_id__in=[line.pk for line in lines], as_of__lte=clocks.as_of)
        .order_by("as_of", "pk")
    )
    return dict(rows.values_list("line_id", "used"))
