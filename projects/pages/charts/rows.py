"""Charts of one row a subject: bars with a mark for the plan, and dots that are compared with each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from projects.pages.charts.labels import lines
from projects.pages.charts.scale import PERCENT, PERCENT_TICKS, Scale, coordinate, ticks

#: Heights in em: a line of a label, what is drawn below it, the gap below that, the axis at the foot.
LINE, MARK, GAP, AXIS = 1.6, 1.1, 0.8, 1.8
#: A label has the whole width; the narrowest chart (a phone in large text) holds this many em.
LABEL_ROOM = 17.0


@dataclass(frozen=True, slots=True)
class Row:
    """One subject: its name, its share done and the share that the plan expects (None: no figure)."""

    label: str
    done: Decimal | None
    planned: Decimal | None
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Tick:
    """A round figure of the axis: `at` 0..100 across."""

    value: Decimal
    at: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """A row with its places: em down, 0..100 across, None where there is no figure.

    `mark_top`, `middle` and the heights of the label's `lines` are measured from the row's `top`.
    """

    row: Row
    top: str
    height: str
    lines: tuple[tuple[str, str], ...]
    mark_top: str
    middle: str
    done_at: str | None
    planned_at: str | None


@dataclass(frozen=True, slots=True)
class RowChart:
    """Rows from top to bottom over an axis; `height` em altogether, the axis at `foot`."""

    rows: tuple[Drawn, ...]
    ticks: tuple[Tick, ...]
    height: str
    foot: str
    foot_text: str

    @property
    def is_empty(self) -> bool:
        """There is nothing to draw."""
        return not self.ticks


def bars(rows: Sequence[Row]) -> RowChart:
    """Shares from 0 to 100 %: a bar begins at nought, whatever the figures are."""
    return _chart(rows, PERCENT, PERCENT_TICKS if rows else ())


def dots(rows: Sequence[Row]) -> RowChart:
    """Shares on an axis just as long as they need, so that small differences show.

    Empty where no row has a figure.
    """
    values = [value for row in rows for value in (row.done, row.planned) if value is not None]
    found = ticks(values, most=5, low=Decimal(0), high=Decimal(100))
    return _chart(rows, Scale(found[0], found[-1]) if found else PERCENT, found)


def _chart(rows: Sequence[Row], scale: Scale, named: Sequence[Decimal]) -> RowChart:
    drawn = []
    top = 0.0
    for row in rows:
        found = _drawn(row, top, scale)
        drawn.append(found)
        top += float(found.height)
    return RowChart(
        tuple(drawn),
        tuple(Tick(value, coordinate(scale.place(value))) for value in named),
        coordinate(top + AXIS),
        coordinate(top),
        coordinate(top + AXIS - 0.5),
    )


def _drawn(row: Row, top: float, scale: Scale) -> Drawn:
    label = lines(row.label, LABEL_ROOM)
    mark_top = LINE * len(label)
    return Drawn(
        row,
        coordinate(top),
        coordinate(mark_top + MARK + GAP),
        tuple((text, coordinate(LINE * (n + 1) - 0.6)) for n, text in enumerate(label)),
        coordinate(mark_top),
        coordinate(mark_top + MARK / 2),
        None if row.done is None else coordinate(scale.place(row.done)),
        None if row.planned is None else coordinate(scale.place(row.planned)),
    )
