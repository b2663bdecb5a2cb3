"""An area's money: what was arranged for it, line by line, and what has been used, by both clocks."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal

from projects.models import FundingArrangement, FundingLine, FundingReport
from projects.readmodels.clocks import Clocks
from projects.readmodels.headline import period_as_known
from projects.readmodels.past import past
from projects.readmodels.promises import seq_of
from projects.readmodels.siteindex import Snapshot
from projects.readmodels.statements import published_use, statements
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
    """`total` from sums, its use unknown as soon as one line's is; of a whole city the sum that was printed
    stands in where there is one (`total_is_published`). No `lines`: none names the area.

    `planned_percent`: closed months over the months of the period. `missing`: lines without a use on record.
    """

    lines: tuple[LineFunds, ...]
    total: FundRate
    total_lead_pp: Decimal | None
    planned_percent: Decimal
    missing: int
    total_is_published: bool = False


def district_funds(
    programme: ProgrammeWords, clocks: Clocks, held: Snapshot, *, managers: Collection[int] | None
) -> DistrictFunds:
    """Lines that named one of `managers` then; None: all lines of the programme, whoever they are for."""
    period = period_as_known(programme, clocks, held)
    order = list(FundingSource)
    rows = sorted(_lines(programme, clocks, held, managers, period), key=lambda row: order.index(row.source))
    total, printed = sum_of(row.rate for row in rows), None
    if managers is None and rows and total.used is None:
        printed = published_use(statements(programme, clocks, held))
    if printed is not None:
        total = FundRate(used=printed, arranged=total.arranged)
    return DistrictFunds(
        tuple(rows),
        total,
        total.lead_pp(period, clocks.as_of),
        funds_planned_percent(period, clocks.as_of),
        sum(row.rate.used is None for row in rows),
        printed is not None,
    )


def _lines(
    programme: ProgrammeWords,
    clocks: Clocks,
    held: Snapshot,
    managers: Collection[int] | None,
    period: Period,
) -> Iterator[LineFunds]:
    """In the order in which they were recorded: what had been arranged by the day, as it was known."""
    seq = seq_of(clocks, held)
    then = past("fundingline", seq, held.seq)
    arranged = _newest(FundingArrangement, programme, seq, clocks, day="effective_on", amount="arranged")
    used = _newest(FundingReport, programme, seq, clocks, day="as_of", amount="used")
    lines = FundingLine.objects.filter(programme_id=programme.pk, deleted_seq__isnull=True)
    for line in lines.select_related("category", "indicator__category").order_by("pk"):
        division = then.was(line.pk, "division_id", line.division_id)
        if line.pk not in arranged or line.pk in then.added_later:
            continue
        if managers is not None and division not in managers:
            continue
        category = line.category or (line.indicator.category if line.indicator else None)
        rate = FundRate(used=used.get(line.pk), arranged=arranged[line.pk])
        yield LineFunds(
            then.was(line.pk, "name", line.name),
            FundingSource(then.was(line.pk, "source", line.source)),
            category.name_zh if category else "",
            (category.name_en or category.name_zh) if category else "",
            rate,
            rate.lead_pp(period, clocks.as_of),
        )


def _newest(
    model: type[FundingArrangement] | type[FundingReport],
    programme: ProgrammeWords,
    seq: int,
    clocks: Clocks,
    *,
    day: str,
    amount: str,
) -> dict[int, Decimal]:
    """By line the newest amount by the day."""
    rows = (
        model.objects.standing(seq)
        .filter(line__programme_id=programme.pk, **{f"{day}__lte": clocks.as_of})
        .order_by(day, "pk")
    )
    return dict(rows.values_list("line_id", amount))
