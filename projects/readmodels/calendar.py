"""The city's working days, and where each year's are known from."""

from typing import NamedTuple

from projects.models import HolidayTable
from projects.rules.calendar import WorkingCalendar
from projects.rules.vocabulary import CalendarSource


class CalendarYear(NamedTuple):
    """A year and where its working days are known from."""

    year: int
    source: CalendarSource


def working_calendar(known_seq: int | None = None) -> WorkingCalendar:
    """The calendar as loaded by the change `known_seq` (None: now). One query."""
    return WorkingCalendar(
        {row.year: row.special_days() for row in HolidayTable.objects.standing(known_seq).order_by("year")}
    )


def calendar_years(calendar: WorkingCalendar, first: int, last: int) -> tuple[CalendarYear, ...]:
    """Each year from `first` to `last`."""
    return tuple(CalendarYear(year, calendar.source_of(year)) for year in range(first, last + 1))
