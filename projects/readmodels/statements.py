"""Figures as a source printed them (公布), by both clocks."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from projects.models import PublishedFigure
from projects.readmodels.clocks import Clocks
from projects.readmodels.promises import seq_of
from projects.readmodels.siteindex import Snapshot
from projects.readmodels.vocabulary import ProgrammeWords

#: The published figure that says what all sources together have used.
FUNDS_USED: Final = "funds-used"
#: A unit of money in yuan.
YUAN: Final[Mapping[str, Decimal]] = {
    "元": Decimal(1),
    "万元": Decimal(10_000),
    "亿": Decimal(100_000_000),
    "亿元": Decimal(100_000_000),
}


@dataclass(frozen=True, slots=True)
class Statement:
    """A figure as a source printed it, with the category it speaks of. `recorded_seq`: the change that
    registered these words; `corrects`: whether they replace others that were registered before.
    """

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
    corrects: bool = False
    correction_reason: str = ""


def statements(programme: ProgrammeWords, clocks: Clocks, held: Snapshot) -> tuple[Statement, ...]:
    """What had been printed about a day up to `clocks.as_of`, as it was registered by then."""
    rows = (
        PublishedFigure.objects.standing(seq_of(clocks, held))
        .filter(programme_id=programme.pk, as_of__lte=clocks.as_of, withdrawn=False)
        .select_related("category", "indicator__category")
        .order_by("order", "pk")
    )
    return tuple(_statement(row) for row in rows)


def published_use(rows: Iterable[Statement]) -> Decimal | None:
    """The newest published sum of what was used, in yuan."""
    found = [row for row in rows if row.key == FUNDS_USED and row.value is not None and row.unit in YUAN]
    newest = max(found, key=lambda row: row.as_of, default=None)
    return None if newest is None or newest.value is None else newest.value * YUAN[newest.unit]


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
        row.corrects_id is not None,
        row.correction_reason,
    )
