"""Five classes for a shaded map. Pure arithmetic: no database."""

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal

COUNT = 5
#: Widths that a reader takes in at a glance, in percentage points. Nothing narrower: it would make mountains
#: of differences that mean nothing.
WIDTHS = (2, 5, 10, 20)
#: For shares that are small by nature (what is overdue, what is late): the same idea, a tenth as wide.
FINE_WIDTHS = (Decimal("0.2"), Decimal("0.5"), 1, 2, 5, 10, 20)


@dataclass(frozen=True, slots=True)
class Shading:
    """Five classes of equal width from `low` on, in percent; each includes its lower end, the last both."""

    low: Decimal | int
    width: Decimal | int

    def __iter__(self) -> Iterator[tuple[Decimal | int, Decimal | int]]:
        """(lower end, upper end) of each class, the lowest first."""
        for step in range(COUNT):
            yield self.low + step * self.width, self.low + (step + 1) * self.width

    def step(self, value: Decimal | None) -> int:
        """1 (lowest) to 5, or 0 where there is no figure."""
        if value is None:
            return 0
        return max(1, min(COUNT, math.floor((value - self.low) / Decimal(self.width)) + 1))


def shading(values: Collection[Decimal], widths: Collection[Decimal | int] = WIDTHS) -> Shading:
    """The narrowest classes that hold all values (0..100), with the values in their middle."""
    if not values:
        return Shading(0, max(widths))
    low, high = min(values), max(values)
    for width in widths:
        most = int(100 / Decimal(width))
        first = min(math.floor(low / width), most - 1)
        used = min(math.floor(high / width), most - 1) - first + 1
        if used <= COUNT:
            start = first - (COUNT - used) // 2
            return Shading(max(0, min(start, most - COUNT)) * width, width)
    return Shading(0, max(widths))


def shading_of_changes(values: Collection[Decimal]) -> Shading:
    """The same for differences, which may be negative and know no end: percentage points."""
    if not values:
        return Shading(0, WIDTHS[0])
    low, high = min(values), max(values)
    # A percentage lies between 0 and 100, so a change lies between -100 and 100: 50 is always wide enough.
    for width in (*WIDTHS, 50):
        first, last = math.floor(low / width), math.floor(high / width)
        if last - first < COUNT:
            return Shading((first - (COUNT - 1 - last + first) // 2) * width, width)
    raise ValueError(f"{low} and {high} are no changes of percentages")
