"""Five classes for a shaded map. Pure arithmetic: no database."""

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal

COUNT = 5
#: Widths that a reader takes in at a glance, in percentage points. Nothing narrower: it would make mountains
#: of differences that mean nothing.
WIDTHS = (2, 5, 10, 20)


@dataclass(frozen=True, slots=True)
class Shading:
    """Five classes of equal width from `low` on, in percent; each includes its lower end, the last both."""

    low: int
    width: int

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """(lower end, upper end) of each class, the lowest first."""
        for step in range(COUNT):
            yield self.low + step * self.width, self.low + (step + 1) * self.width

    def step(self, value: Decimal | None) -> int:
        """1 (lowest) to 5, or 0 where there is no figure."""
        if value is None:
            return 0
        return max(1, min(COUNT, int((value - self.low) // self.width) + 1))


def shading(values: Collection[Decimal]) -> Shading:
    """The narrowest classes that hold all values (0..100), with the values in their middle."""
    if not values:
        return Shading(0, WIDTHS[-1])
    low, high = min(values), max(values)
    for width in WIDTHS:
        first = math.floor(low / width)
        last = min(math.floor(high / width), 100 // width - 1)
        used = last - min(first, last) + 1
        if used <= COUNT:
            start = min(first, last) - (COUNT - used) // 2
            return Shading(max(0, min(start, 100 // width - COUNT)) * width, width)
    return Shading(0, WIDTHS[-1])
