"""The city's day and the calendar arithmetic of months."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from projects.rules.errors import RuleError
from projects.rules.period import Period, add_months, month_end, today


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        # Asia/Shanghai is eight hours ahead of UTC, all year round.
        (datetime(2024, 6, 30, 15, 59, tzinfo=UTC), date(2024, 6, 30)),
        (datetime(2024, 6, 30, 16, 0, tzinfo=UTC), date(2024, 7, 1)),
        (datetime(2024, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=9))), date(2023, 12, 31)),
    ],
)
def test_today_is_the_day_in_shanghai(now: datetime, expected: date) -> None:
    assert today(lambda: now) == expected


def test_a_clock_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        today(lambda: datetime(2024, 6, 30))


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2025, 1, 31), 1, date(2025, 2, 28)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 11, 30), 3, date(2025, 2, 28)),
        (date(2024, 12, 1), 0, date(2024, 12, 1)),
        (date(2024, 3, 15), -3, date(2023, 12, 15)),
    ],
)
def test_add_months(day: date, months: int, expected: date) -> None:
    assert add_months(day, months) == expected


def test_month_end_and_period() -> None:
    assert month_end(date(2024, 2, 1)) == date(2024, 2, 29)
    year = Period.of_year(2024)
    assert year.months == 12
    assert date(2024, 12, 31) in year
    assert date(2025, 1, 1) not in year
    with pytest.raises(RuleError, match="早于开始日"):
        Period(date(2024, 2, 1), date(2024, 1, 1))
