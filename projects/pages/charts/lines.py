"""A line chart over time: shares (0..100 %) at some days, with gaps where there is no figure."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from projects.pages.charts.scale import PERCENT, PERCENT_TICKS, coordinate

#: The first and the last day stand this far from the edges: room for the levels' figures, and for signs.
LEFT, RIGHT = 12.0, 7.0
#: Labels of the axis stand at least this far apart.
_APART = 14.0


@dataclass(frozen=True, slots=True)
class Point:
    """A figure with its place, both ways 0..100, from the left and from the top."""

    day: dt.date
    value: Decimal
    x: str
    y: str


@dataclass(frozen=True, slots=True)
class Line:
    """Figures in order of their days; `path` joins neighbours, leaves gaps open, is empty for lone points."""

    points: tuple[Point, ...]
    path: str

    @property
    def last(self) -> Point | None:
        """The newest figure."""
        return self.points[-1] if self.points else None


@dataclass(frozen=True, slots=True)
class DayTick:
    """A day that the axis names."""

    day: dt.date
    x: str


@dataclass(frozen=True, slots=True)
class LineChart:
    """Lines over one axis of days; `levels` are pairs (figure, place from the top)."""

    lines: tuple[Line, ...]
    days: tuple[DayTick, ...]
    levels: tuple[tuple[Decimal, str], ...]

    @property
    def is_empty(self) -> bool:
        """Not one figure is there."""
        return not any(line.points for line in self.lines)

    @property
    def is_single(self) -> bool:
        """There is no way to join: one day only."""
        return not any(line.path for line in self.lines)


def line_chart(days: Sequence[dt.date], series: Sequence[Sequence[Decimal | None]]) -> LineChart:
    """`series`: for each line one figure a day, None where there is none.

    Raises ValueError when the days do not rise or a series is not as long as they are.
    """
    if any(later <= earlier for earlier, later in pairwise(days)):
        raise ValueError("the days of a line chart must rise")
    if any(len(values) != len(days) for values in series):
        raise ValueError("each line of a chart needs one figure a day")
    across = _across(days)
    return LineChart(
        tuple(_line(days, across, values) for values in series),
        tuple(_day_ticks(days, across)),
        tuple((level, coordinate(100 - PERCENT.place(level))) for level in PERCENT_TICKS),
    )


def _across(days: Sequence[dt.date]) -> list[float]:
    """In proportion to time; a single day stands in the middle."""
    if not days:
        return []
    span = (days[-1] - days[0]).days
    room = 100 - LEFT - RIGHT
    return [LEFT + room * (day - days[0]).days / span if span else 50.0 for day in days]


def _line(days: Sequence[dt.date], across: Sequence[float], values: Sequence[Decimal | None]) -> Line:
    runs: list[list[Point]] = [[]]
    for day, x, value in zip(days, across, values, strict=True):
        if value is None:
            runs.append([])
        else:
            runs[-1].append(Point(day, value, coordinate(x), coordinate(100 - PERCENT.place(value))))
    path = " ".join("M" + " L".join(f"{point.x} {point.y}" for point in run) for run in runs if len(run) > 1)
    return Line(tuple(point for run in runs for point in run), path)


def _day_ticks(days: Sequence[dt.date], across: Sequence[float]) -> Iterator[DayTick]:
    """As many days as have room for a label, counted from the newest; ascending."""
    kept: list[int] = []
    for n in range(len(days) - 1, -1, -1):
        if not kept or across[kept[-1]] - across[n] >= _APART:
            kept.append(n)
    for n in reversed(kept):
        yield DayTick(days[n], coordinate(across[n]))
