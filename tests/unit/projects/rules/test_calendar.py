"""Working days with real holidays and make-up days; what is not announced yet is provisional."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.rules.calendar import Answer, SpecialDay, WorkingCalendar, library_years
from projects.rules.errors import RuleError
from projects.rules.vocabulary import CalendarSource, DayKind

CALENDAR = WorkingCalendar()
UNKNOWN = max(library_years()) + 1  # nobody has announced it


@pytest.mark.parametrize(
    ("day", "works"),
    [
        # Notices of the State Council's General Office for 2024 and 2025.
        (date(2024, 1, 1), False),  # New Year's Day, a Monday
        (date(2024, 2, 4), True),  # make-up Sunday before Spring Festival
        (date(2024, 2, 9), True),  # New Year's Eve was no statutory day off that year
        (date(2024, 2, 10), False),
        (date(2024, 2, 17), False),
        (date(2024, 2, 18), True),  # make-up Sunday after it
        (date(2024, 4, 7), True),  # make-up Sunday after Qingming
        (date(2024, 5, 11), True),
        (date(2024, 9, 29), True),  # make-up Sunday before National Day
        *((date(2024, 10, day), False) for day in range(1, 8)),
        (date(2024, 10, 8), True),
        (date(2024, 10, 12), True),  # make-up Saturday
        (date(2024, 10, 13), False),  # an ordinary Sunday
        (date(2024, 2, 29), True),  # the leap day, a Thursday
        (date(2025, 1, 26), True),
        (date(2025, 1, 28), False),  # Spring Festival 2025 begins on the eve
        (date(2025, 2, 8), True),
    ],
)
def test_real_days(day: date, works: bool) -> None:
    assert CALENDAR.is_working_day(day) == Answer(works)


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        (date(2024, 9, 30), 1, date(2024, 10, 8)),  # over the National Day week
        (date(2024, 9, 27), 2, date(2024, 9, 30)),  # the Sunday between is worked
        (date(2024, 10, 8), 5, date(2024, 10, 14)),  # 9, 10, 11, the make-up Saturday 12, 14
        (date(2024, 2, 8), 2, date(2024, 2, 18)),  # 9 February, then the make-up Sunday
        (date(2024, 2, 10), 0, date(2024, 2, 10)),  # no day: the day itself, worked or not
        (date(2024, 12, 31), 1, date(2025, 1, 2)),
        (date(2024, 2, 28), 2, date(2024, 3, 1)),  # over a leap day
    ],
)
def test_deadlines(start: date, days: int, end: date) -> None:
    assert CALENDAR.add_working_days(start, days) == Answer(end)
    assert CALENDAR.working_days_between(start, end) == Answer(days)


def test_a_year_that_nobody_announced_is_provisional() -> None:
    monday = date(UNKNOWN, 1, 4)
    monday += timedelta(days=(7 - monday.weekday()) % 7)
    assert CALENDAR.source_of(UNKNOWN) is CalendarSource.WEEKENDS
    assert CALENDAR.is_working_day(monday) == Answer(True, (UNKNOWN,))
    assert CALENDAR.is_working_day(monday - timedelta(days=1)) == Answer(False, (UNKNOWN,))
    over = CALENDAR.add_working_days(date(UNKNOWN - 1, 12, 31), 20)
    assert (over.is_provisional, over.provisional_years) == (True, (UNKNOWN,))
    assert CALENDAR.working_days_between(
        date(UNKNOWN - 1, 12, 1), date(UNKNOWN + 1, 1, 1)
    ).provisional_years == (
        UNKNOWN,
        UNKNOWN + 1,
    )
    assert not CALENDAR.working_days_between(
        date(UNKNOWN - 1, 12, 1), date(UNKNOWN - 1, 12, 31)
    ).is_provisional


def test_the_table_that_a_city_loads_comes_first() -> None:
    off = SpecialDay(date(2024, 10, 8), DayKind.REST, "本市停工一日")
    city = WorkingCalendar({2024: (off,), UNKNOWN: ()})
    assert city.source_of(2024) is CalendarSource.CITY
    assert city.is_working_day(date(2024, 10, 8)) == Answer(False)
    # The table replaces the whole year: the library's days of 2024 are gone.
    assert city.is_working_day(date(2024, 10, 2)) == Answer(True)
    assert city.is_working_day(date(2024, 10, 12)) == Answer(False)
    assert city.is_working_day(date(2025, 10, 2)) == Answer(False)
    # An empty table says that there is nothing special: no longer provisional.
    assert not city.is_working_day(date(UNKNOWN, 5, 5)).is_provisional


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({2024: (SpecialDay(date(2025, 1, 1), DayKind.REST),)}, "2025-01-01 不在 2024 年"),
        (
            {2024: (SpecialDay(date(2024, 1, 1), DayKind.REST), SpecialDay(date(2024, 1, 1), DayKind.WORK))},
            "两次",
        ),
    ],
)
def test_a_table_that_cannot_be_is_refused(tables: dict[int, tuple[SpecialDay, ...]], message: str) -> None:
    with pytest.raises(RuleError, match=message):
        WorkingCalendar(tables)


@pytest.mark.parametrize("days", [-1, 10_001])
def test_an_impossible_number_of_days_is_refused(days: int) -> None:
    with pytest.raises(RuleError, match="工作日数须在"):
        CALENDAR.add_working_days(date(2024, 1, 1), days)


def test_the_end_is_not_before_the_start() -> None:
    with pytest.raises(RuleError, match="早于开始日"):
        CALENDAR.working_days_between(date(2024, 1, 2), date(2024, 1, 1))


@given(st.dates(date(2019, 1, 1), date(2025, 12, 31)), st.integers(0, 60))
def test_adding_and_counting_agree(start: date, days: int) -> None:
    end = CALENDAR.add_working_days(start, days).value
    assert CALENDAR.working_days_between(start, end).value == days
    assert days == 0 or CALENDAR.is_working_day(end).value
