"""Calendar arithmetic of the rules: months as supervision counts them, and the city's day.

All dates are civil dates in Asia/Shanghai. A month is *closed on its last day*: 30 June closes June (so
mid-year is exactly half), 29 June does not. A fact of a day counts on that day: `as_of` means the end of the
day.
"""

from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from projects.rules.errors import RuleError
from projects.rules.errors import gettext_noop as _

CITY_ZONE: Final = ZoneInfo("Asia/Shanghai")
ONE_DAY: Final = timedelta(days=1)


def today(clock: Callable[[], datetime]) -> date:
    """The civil date in Asia/Shanghai at `clock()`, which must be timezone-aware (ValueError otherwise)."""
    now = clock()
    if now.tzinfo is None or now.utcoffset() is None:
        raise ValueError("clock() returned a naive datetime; the city's day needs a time zone")
    return now.astimezone(CITY_ZONE).date()


def month_end(day: date) -> date:
    """Last day of the month of `day`: the day on which that month is closed."""
    return day.replace(day=monthrange(day.year, day.month)[1])


def add_months(day: date, months: int) -> date:
    """`day` moved by whole months, kept inside the month reached (31 January + 1 = 28 or 29 February)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def closed_months(start: date, as_of: date) -> int:
    """Months closed at the end of `as_of`, counted from the month of `start` on.

    The month of `start` counts as a whole one, on whichever day of it the period starts.
    """
    months = (as_of.year - start.year) * 12 + as_of.month - start.month
    return max(0, months + (as_of == month_end(as_of)))


@dataclass(frozen=True, slots=True)
class Period:
    """A span of days, both ends inclusive, such as a year. RuleError when it ends before it starts."""

    start: date
    finish: date

    def __post_init__(self) -> None:
        if self.finish < self.start:
            raise RuleError(
                _("期间的结束日 {finish} 早于开始日 {start};请改正其中一个日期。"),
                start=self.start,
                finish=self.finish,
            )

    @classmethod
    def of_year(cls, year: int) -> "Period":
        """The calendar year `year`."""
        return cls(date(year, 1, 1), date(year, 12, 31))

    @property
    def months(self) -> int:
        """Calendar months that the period touches: 12 for a year."""
        return (self.finish.year - self.start.year) * 12 + self.finish.month - self.start.month + 1

    def __contains__(self, day: date) -> bool:
        return self.start <= day <= self.finish
