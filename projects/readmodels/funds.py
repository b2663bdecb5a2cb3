"""A programme's money on a day, added up from the stored lines by both clocks. Yuan, Decimal."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from projects.models import FundingArrangement, FundingLine, FundingReport
from projects.readmodels.clocks import Clocks
from projects.readmodels.past import past
from projects.readmodels.promises import seq_of
from projects.readmodels.siteindex import Snapshot
from projects.readmodels.vocabulary import Area, ProgrammeWords
from projects.rules.funding import FundRate, remainder, sum_of
from projects.rules.period import Period
from projects.rules.schedule import funds_planned_percent
from projects.rules.vocabulary import FundingSource


@dataclass(frozen=True, slots=True)
class FundRow:
    """One source's money in yuan; a rate whose use is None was not published (未公布)."""

    source: FundingSource
    rate: FundRate


@dataclass(frozen=True, slots=True)
class DivisionFunds:
    """The lines that name a division, added up: a district's own money, or (the city) its own."""

    area: Area
    rate: FundRate


@dataclass(frozen=True, slots=True)
class Funds:
    """`total`: all sources. Where some source's use is not published but the sum is (`total_is_published`),
    the sum as published stands in. `rest`: what follows for the sources whose use is not published, together;
    None when nothing follows. `missing`: how many sources have no use on record.
    """

    rows: tuple[FundRow, ...]
    by_division: tuple[DivisionFunds, ...]
    total: FundRate
    total_is_published: bool
    rest: FundRate | None
    missing: int
    period: Period
    as_of: dt.date

    @property
    def planned_percent(self) -> Decimal:
        """序时进度: closed months over the months of the period."""
        return funds_planned_percent(self.period, self.as_of)

    def lead(self, rate: FundRate) -> Decimal | None:
        """Percentage points ahead of schedule (> 0) or behind it."""
        return rate.lead_pp(self.period, self.as_of)


@dataclass(frozen=True, slots=True)
class _Line:
    source: FundingSource
    division_id: int | None
    rate: FundRate


def funds(
    programme: ProgrammeWords,
    clocks: Clocks,
    held: Snapshot,
    *,
    period: Period,
    published_use: Decimal | None,
) -> Funds:
    """The money of a programme. `published_use`: what was printed as the use of all sources, in yuan."""
    lines = list(_lines(programme, clocks, held))
    rows = tuple(
        FundRow(source, _rate(line for line in lines if line.source is source))
        for source in FundingSource
        if any(line.source is source for line in lines)
    )
    added = sum_of(row.rate for row in rows)
    stands_in = published_use is not None and added.used is None and bool(rows)
    total = FundRate(used=published_use, arranged=added.arranged) if stands_in else added
    return Funds(
        rows,
        tuple(_by_division(lines, held)),
        total,
        stands_in,
        _rest(rows, total),
        sum(row.rate.used is None for row in rows),
        period,
        clocks.as_of,
    )


def _lines(programme: ProgrammeWords, clocks: Clocks, held: Snapshot) -> Iterable[_Line]:
    """Every line that had been arranged by the day, as it was known."""
    seq = seq_of(clocks, held)
    then = past("fundingline", seq, held.seq)
    arranged = dict(
        FundingArrangement.objects.standing(seq)
        .filter(line__programme_id=programme.pk, effective_on__lte=clocks.as_of)
        .order_by("effective_on", "pk")
        .values_list("line_id", "arranged")
    )
    used: Mapping[int, Decimal] = dict(
        FundingReport.objects.standing(seq)
        .filter(line__programme_id=programme.pk, as_of__lte=clocks.as_of)
        .order_by("as_of", "pk")
        .values_list("line_id", "used")
    )
    rows = FundingLine.objects.filter(programme_id=programme.pk, deleted_seq__isnull=True)
    for pk, source, division_id in rows.values_list("pk", "source", "division_id"):
        if pk in arranged and pk not in then.added_later:
            yield _Line(
                FundingSource(then.was(pk, "source", source)),
                then.was(pk, "division_id", division_id),
                FundRate(used=used.get(pk), arranged=arranged[pk]),
            )


def _rate(lines: Iterable[_Line]) -> FundRate:
    """The use is unknown unless every line has a report: part of a sum is no figure."""
    return sum_of(line.rate for line in lines)


def _by_division(lines: Iterable[_Line], held: Snapshot) -> Iterable[DivisionFunds]:
    given = [line for line in lines if line.division_id in held.vocabulary.area_by_pk]
    areas = [held.vocabulary.area_by_pk[line.division_id] for line in given if line.division_id is not None]
    for area in sorted(set(areas), key=lambda area: (area.left, area.code)):
        yield DivisionFunds(area, _rate(line for line in given if line.division_id == area.pk))


def _rest(rows: Iterable[FundRow], total: FundRate) -> FundRate | None:
    """The sources without a use on record together: total minus the known ones."""
    known = [row.rate for row in rows if row.rate.used is not None]
    part = sum_of(known)
    if not known or total.used is None or part.used is None or part.arranged == total.arranged:
        return None
    # A published sum below what single sources report says that one of them is wrong: nothing follows.
    return remainder(total, part) if part.used <= total.used else None
