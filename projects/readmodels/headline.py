"""A programme's headline: statements as printed, and money added up from the stored lines. Never mixed."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Exists, OuterRef

from projects.models import FundingLine, FundingReport, PublishedFigure
from projects.readmodels.siteindex import Snapshot, snapshot
from projects.readmodels.vocabulary import ProgrammeWords
from projects.rules.funding import FundRate, remainder, sum_of
from projects.rules.period import Period
from projects.rules.schedule import funds_planned_percent
from projects.rules.vocabulary import FundingSource

#: The published figure that says what all sources together have used, and what its units are in yuan.
FUNDS_USED = "funds-used"
YUAN: Mapping[str, Decimal] = {
    "元": Decimal(1),
    "万元": Decimal(10_000),
    "亿": Decimal(100_000_000),
    "亿元": Decimal(100_000_000),
}


@dataclass(frozen=True, slots=True)
class Statement:
    """A figure as a source printed it (公布), with the category it speaks of."""

    key: str
    label_zh: str
    label_en: str
    text: str
    value: Decimal | None
    unit: str
    qualifier: str
    category: str | None
    category_zh: str | None
    category_en: str | None
    indicator: str | None
    as_of: dt.date
    source: str


@dataclass(frozen=True, slots=True)
class FundRow:
    """One source's money in yuan; a rate whose use is None was not published (未公布)."""

    source: FundingSource
    rate: FundRate


@dataclass(frozen=True, slots=True)
class Headline:
    """Statements are published; funds are computed from the stored lines and reports.

    `total`: all sources. Where some source's use is not published but the sum is (`total_used_published`),
    the sum as published stands in. `rest`: what follows for the sources whose use is not published, together;
    None when nothing follows. `missing`: how many sources have no use on record.
    """

    programme: ProgrammeWords
    as_of: dt.date
    statements: tuple[Statement, ...]
    funds: tuple[FundRow, ...]
    total: FundRate
    total_used_published: bool
    rest: FundRate | None
    missing: int
    period: Period
    planned_percent: Decimal


def public_programme(held: Snapshot, key: str) -> ProgrammeWords | None:
    """A published programme by its key; a draft and an unknown one look alike."""
    return next(
        (row for row in held.vocabulary.programmes.values() if row.key == key and row.is_public), None
    )


def headline(key: str, *, as_of: dt.date | None = None, held: Snapshot | None = None) -> Headline | None:
    """The headline of a programme on a day (default: its cut-off).

    None unless it is published and publishes its progress.
    """
    held = held or snapshot()
    programme = public_programme(held, key)
    if programme is None or not programme.publishes_progress:
        return None
    day = as_of or programme.cutoff
    period = Period(programme.period_start, programme.period_end)
    statements = _statements(programme, day)
    funds = _funds(programme, day)
    added = sum_of(row.rate for row in funds)
    published = _published_use(statements) if added.used is None and funds else None
    total = added if published is None else FundRate(used=published, arranged=added.arranged)
    return Headline(
        programme,
        day,
        statements,
        funds,
        total,
        published is not None,
        _rest(funds, total),
        sum(row.rate.used is None for row in funds),
        period,
        funds_planned_percent(period, day),
    )


def _published_use(statements: Iterable[Statement]) -> Decimal | None:
    """The newest published sum of what was used, in yuan."""
    rows = [row for row in statements if row.key == FUNDS_USED and row.value is not None and row.unit in YUAN]
    newest = max(rows, key=lambda row: row.as_of, default=None)
    return None if newest is None or newest.value is None else newest.value * YUAN[newest.unit]


def _rest(funds: Iterable[FundRow], total: FundRate) -> FundRate | None:
    """The sources without a use on record together: total minus the known ones."""
    known = [row.rate for row in funds if row.rate.used is not None]
    part = sum_of(known)
    if not known or total.used is None or part.used is None or part.arranged == total.arranged:
        return None
    # A published sum below what single sources report says that one of them is wrong: nothing follows.
    return remainder(total, part) if part.used <= total.used else None


def _statements(programme: ProgrammeWords, day: dt.date) -> tuple[Statement, ...]:
    rows = (
        PublishedFigure.objects.filter(programme_id=programme.pk, as_of__lte=day, deleted_seq__isnull=True)
        .select_related("category", "indicator__category")
        .order_by("order", "pk")
    )
    return tuple(_statement(row) for row in rows)


def _statement(row: PublishedFigure) -> Statement:
    category = row.category or (row.indicator.category if row.indicator else None)
    return Statement(
        row.key,
        row.label_zh,
        row.label_en or row.label_zh,
        row.text,
        row.value,
        row.unit,
        row.qualifier,
        category.slug if category else None,
        category.name_zh if category else None,
        (category.name_en or category.name_zh) if category else None,
        row.indicator.code if row.indicator else None,
        row.as_of,
        row.source,
    )


def _funds(programme: ProgrammeWords, day: dt.date) -> tuple[FundRow, ...]:
    arranged: dict[FundingSource, Decimal] = {}
    lines: dict[int, FundingSource] = {}
    for line in FundingLine.objects.filter(programme_id=programme.pk, deleted_seq__isnull=True):
        source = FundingSource(line.source)
        lines[line.pk] = source
        arranged[source] = arranged.get(source, Decimal(0)) + line.arranged
    corrected = FundingReport.objects.filter(corrects_id=OuterRef("pk"))
    used: dict[int, Decimal] = dict(
        FundingReport.objects.filter(~Exists(corrected), line_id__in=lines, as_of__lte=day)
        .order_by("as_of", "pk")
        .values_list("line_id", "used")
    )
    return tuple(
        FundRow(source, _rate(source, lines, used, arranged[source]))
        for source in FundingSource
        if source in arranged
    )


def _rate(
    source: FundingSource, lines: Mapping[int, FundingSource], used: Mapping[int, Decimal], arranged: Decimal
) -> FundRate:
    """The use is unknown unless every line of the source has a report: part of a sum is no figure."""
    own = [pk for pk, other in lines.items() if other is source]
    if any(pk not in used for pk in own):
        return FundRate(used=None, arranged=arranged)
    return FundRate(used=sum((used[pk] for pk in own), Decimal(0)), arranged=arranged)
