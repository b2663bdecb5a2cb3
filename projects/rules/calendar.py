"""Working days (工作日) with China's yearly holidays and make-up working days (调休).

Three sources, in this order: the table that the city has loaded for a year; the library `chinesecalendar`,
which follows the notices of the State Council's General Office; and for a year that neither knows only
Saturdays and Sundays, which is *provisional*: the notice for a year comes out in the autumn before it. Every
answer says whether it rests on such a year. Closed months are another matter: `projects.rules.period`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Final, Generic, NamedTuple, TypeVar

import chinese_calendar

from projects.rules.errors import RuleError
from projects.rules.errors import gettext_noop as _
from projects.rules.period import ONE_DAY
from projects.rules.vocabulary import CalendarSource, DayKind

T = TypeVar("T", bool, int, date)

_SATURDAY: Final = 5
_MOST_DAYS: Final = 10_000


class SpecialDay(NamedTuple):
    """A day that differs from its weekday, or that the city's table names besides: 休 or 班, and why."""

    day: date
    kind: DayKind
    name: str = ""


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """A value, and the years that were counted by weekends only because their table is not announced yet."""

    value: T
    provisional_years: tuple[int, ...] = ()

    @property
    def is_provisional(self) -> bool:
        return bool(self.provisional_years)


@dataclass(frozen=True)
class WorkingCalendar:
    """The calendar of a city. `tables` are the years that it loaded: a table replaces its whole year.

    RuleError for a day that stands in another year's table, or twice.
    """

    tables: Mapping[int, tuple[SpecialDay, ...]] = field(default_factory=dict)
    _kinds: Mapping[date, DayKind] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for year, days in self.tables.items():
            seen: set[date] = set()
            for day, _kind, _name in days:
                if day.year != year:
                    raise RuleError(_("{day} 不在 {year} 年。"), day=day, year=year)
                if day in seen:
                    raise RuleError(_("{day} 出现了两次。"), day=day)
                seen.add(day)
        kinds = {special.day: special.kind for days in self.tables.values() for special in days}
        object.__setattr__(self, "_kinds", kinds)

    def source_of(self, year: int) -> CalendarSource:
        """Where this calendar has a year from."""
        if year in self.tables:
            return CalendarSource.CITY
        return CalendarSource.LIBRARY if year in library_years() else CalendarSource.WEEKENDS

    def is_working_day(self, day: date) -> Answer[bool]:
        """Whether people work on `day`."""
        return Answer(self._works(day), self._provisional(day, day))

    def add_working_days(self, start: date, days: int) -> Answer[date]:
        """The `days`th working day after `start`; the day itself does not count, 0 gives it back.

        RuleError for a negative number, or more than 10,000.
        """
        if not 0 <= days <= _MOST_DAYS:
            raise RuleError(_("工作日数须在 0 到 {most} 之间,现为 {days}。"), most=_MOST_DAYS, days=days)
        day = start
        while days:
            day += ONE_DAY
            days -= self._works(day)
        return Answer(day, self._provisional(start + ONE_DAY, day))

    def working_days_between(self, start: date, end: date) -> Answer[int]:
        """Working days after `start` up to and including `end`: what `add_working_days` would have added.

        RuleError when `end` lies before `start`.
        """
        if end < start:
            raise RuleError(_("结束日 {end} 早于开始日 {start}。"), start=start, end=end)
        days = (date.fromordinal(number) for number in range(start.toordinal() + 1, end.toordinal() + 1))
        return Answer(sum(map(self._works, days)), self._provisional(start + ONE_DAY, end))

    def _works(self, day: date) -> bool:
        if day in self._kinds:
            return self._kinds[day] is DayKind.WORK
        if self.source_of(day.year) is CalendarSource.LIBRARY:
            return bool(chinese_calendar.is_workday(day))
        return day.weekday() < _SATURDAY

    def _provisional(self, first: date, last: date) -> tuple[int, ...]:
        years = range(first.year, last.year + 1) if first <= last else ()
        return tuple(year for year in years if self.source_of(year) is CalendarSource.WEEKENDS)


@cache
def library_years() -> frozenset[int]:
    """The years that the library knows as a whole: those for which it has a holiday in January and in
    October.
    """
    holidays: Iterable[date] = chinese_calendar.constants.holidays
    months = {(day.year, day.month) for day in holidays}
    return frozenset(year for year, _month in months if {(year, 1), (year, 10)} <= months)
