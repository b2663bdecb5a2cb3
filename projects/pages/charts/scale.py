"""From a figure to a place, and the round figures that an axis names."""

import math
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

#: First digits of a step that a reader counts in.
_STEPS = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class Scale:
    """Figures from `low` to `high` on a line of length 100. ValueError unless low < high, both finite."""

    low: Decimal
    high: Decimal

    def __post_init__(self) -> None:
        if not (self.low.is_finite() and self.high.is_finite() and self.low < self.high):
            raise ValueError(f"a scale needs two ends in order, not {self.low} and {self.high}")

    def place(self, value: Decimal) -> float:
        """0..100; what lies outside the scale is drawn at its end."""
        held = min(self.high, max(self.low, value))
        return float(100 * (held - self.low) / (self.high - self.low))


#: Every share: 0 to 100 %.
PERCENT = Scale(Decimal(0), Decimal(100))
PERCENT_TICKS = tuple(map(Decimal, (0, 25, 50, 75, 100)))


def ticks(
    values: Collection[Decimal], *, most: int = 5, low: Decimal | None = None, high: Decimal | None = None
) -> tuple[Decimal, ...]:
    """Round figures, ascending and evenly apart, that hold all values between the first and the last.

    Two to `most` intervals at most; none for no values. `low`, `high`: ends that the axis must not pass
    (a share is never below 0 or above 100); values beyond them are held there. One value, or several equal
    ones, get a round figure on either side, as far as the ends allow.
    """
    finite = [value for value in values if value.is_finite()]
    if not finite:
        return ()
    first, last = _held(min(finite), low, high), _held(max(finite), low, high)
    if first == last:
        room = max(Decimal(1), abs(first) / 100)
        first, last = _held(first - room, low, high), _held(last + room, low, high)
    if first == last:  # no room at all between the ends: one figure cannot be an axis
        return ()
    step = _step(first, last, most)
    start, end = math.floor(first / step), math.ceil(last / step)
    return tuple(step * n for n in range(start, end + 1))


def _held(value: Decimal, low: Decimal | None, high: Decimal | None) -> Decimal:
    if low is not None:
        value = max(value, low)
    return value if high is None else min(value, high)


def _step(first: Decimal, last: Decimal, most: int) -> Decimal:
    """The smallest of 1, 2, 5 times a power of ten that needs no more than `most` intervals."""
    exponent = (last - first).adjusted() - 2
    while True:
        for digit in _STEPS:
            step = Decimal(digit).scaleb(exponent)
            if math.ceil(last / step) - math.floor(first / step) <= most:
                return step
        exponent += 1


def coordinate(value: float) -> str:
    """A place as SVG writes it: two decimals at most, never localised, never in powers of ten."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("", "-0") else text
