"""Schedules: tables of dates, each line with its source."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given

from projects.rules.errors import RuleError
from projects.rules.period import Period
from projects.rules.schedule import (
    Milestone,
    Plan,
    closed_months,
    funds_planned_percent,
    is_milestone_late,
    lag_pp,
    planned_percent,
    planned_ratio,
    relative_lag,
)
from tests.unit.projects.rules import strategies as s

LINEAR = Plan(date(2024, 1, 1), date(2024, 4, 10))  # 100 days (2024 has a 29 February)
STEPS = Plan(
    date(2024, 1, 1),
    date(2024, 12, 31),
    (
        Milestone(date(2024, 3, 1), Decimal(10)),
        Milestone(date(2024, 3, 11), Decimal(60)),
        Milestone(date(2024, 10, 1), Decimal(90)),
    ),
)


@pytest.mark.parametrize(
    ("plan", "as_of", "expected"),
    [
        # Time-linear: start day 0 %, finish day 100 %.
        (LINEAR, date(2023, 12, 31), "0"),
        (LINEAR, date(2024, 1, 1), "0"),
        (LINEAR, date(2024, 1, 2), "1"),
        (LINEAR, date(2024, 2, 29), "59"),
        (LINEAR, date(2024, 3, 1), "60"),
        (LINEAR, date(2024, 4, 9), "99"),
        (LINEAR, date(2024, 4, 10), "100"),
        (LINEAR, date(2030, 1, 1), "100"),
        # Start = finish: the whole of it is due on that day.
        (Plan(date(2024, 2, 29), date(2024, 2, 29)), date(2024, 2, 28), "0"),
        (Plan(date(2024, 2, 29), date(2024, 2, 29)), date(2024, 2, 29), "100"),
        # Milestones: linear between the points, before the first 0, after the last 100.
        (STEPS, date(2024, 2, 29), "0"),
        (STEPS, date(2024, 3, 1), "10"),
        (STEPS, date(2024, 3, 2), "15"),
        (STEPS, date(2024, 3, 11), "60"),
        (STEPS, date(2024, 10, 1), "90"),
        (STEPS, date(2024, 10, 2), "100"),
    ],
)
def test_planned_percent(plan: Plan, as_of: date, expected: str) -> None:
    assert planned_percent(plan, as_of) == Decimal(expected)


@pytest.mark.parametrize(
    ("start", "as_of", "closed"),
    [
        # A month is closed on its last day: 30 June counts 6, 29 June 5.
        (date(2024, 1, 1), date(2024, 6, 30), 6),
        (date(2024, 1, 1), date(2024, 6, 29), 5),
        (date(2024, 1, 1), date(2024, 1, 30), 0),
        (date(2024, 1, 1), date(2024, 1, 31), 1),
        (date(2024, 1, 1), date(2024, 2, 28), 1),  # leap year: February closes on the 29th
        (date(2024, 1, 1), date(2024, 2, 29), 2),
        (date(2025, 1, 1), date(2025, 2, 28), 2),
        (date(2024, 1, 1), date(2024, 12, 31), 12),
        (date(2024, 1, 1), date(2025, 1, 15), 12),
        (date(2024, 1, 1), date(2023, 6, 30), 0),
        (date(2024, 3, 15), date(2024, 3, 31), 1),  # the first month counts whole
        (date(2024, 11, 1), date(2025, 2, 28), 4),  # over the turn of the year
    ],
)
def test_closed_months(start: date, as_of: date, closed: int) -> None:
    assert closed_months(start, as_of) == closed


def test_funds_are_due_by_closed_months() -> None:
    assert funds_planned_percent(2024, date(2024, 6, 30)) == 50  # mid-year is exactly half
    assert funds_planned_percent(2024, date(2024, 6, 29)) == Decimal("41.66666666666666666666666667")
    assert funds_planned_percent(2024, date(2024, 12, 31)) == 100
    assert funds_planned_percent(2024, date(2026, 1, 1)) == 100
    half_year = Period(date(2024, 7, 1), date(2024, 12, 31))
    assert funds_planned_percent(half_year, date(2024, 9, 30)) == 50


def test_the_two_lags() -> None:
    # Plan 50, actual 30: 20 pp and 40 %. Plan 20, actual 8: 12 pp and 60 %.
    assert (lag_pp(Decimal(50), Decimal(30)), relative_lag(Decimal(50), Decimal(30))) == (
        Decimal(20),
        Decimal("0.4"),
    )
    assert (lag_pp(Decimal(20), Decimal(8)), relative_lag(Decimal(20), Decimal(8))) == (
        Decimal(12),
        Decimal("0.6"),
    )
    assert lag_pp(Decimal(20), Decimal(25)) == -5
    assert relative_lag(Decimal(0), Decimal(5)) is None


@pytest.mark.parametrize(
    ("met_on", "as_of", "late"),
    [
        # Due on 30 June by the baseline; the due day itself is in time.
        (None, date(2024, 6, 30), False),
        (None, date(2024, 7, 1), True),
        (date(2024, 6, 30), date(2024, 7, 1), False),
        (date(2024, 7, 5), date(2024, 7, 4), True),  # not met yet on that day
        (date(2024, 7, 5), date(2024, 7, 5), False),
    ],
)
def test_milestone_late(met_on: date | None, as_of: date, late: bool) -> None:
    assert is_milestone_late(date(2024, 6, 30), met_on, as_of) is late


@pytest.mark.parametrize(
    ("finish", "milestones", "message"),
    [
        (date(2023, 12, 31), (), "早于计划开始日"),
        (date(2024, 12, 31), ((date(2024, 2, 1), 101),), "不在 0 到 100"),
        (date(2024, 12, 31), ((date(2024, 2, 1), -1),), "不在 0 到 100"),
        (date(2024, 12, 31), ((date(2024, 2, 1), "NaN"),), "不在 0 到 100"),
        (date(2024, 12, 31), ((date(2025, 1, 1), 100),), "不在计划期"),
        (date(2024, 12, 31), ((date(2024, 2, 1), 50), (date(2024, 2, 1), 60)), "须晚于"),
        (date(2024, 12, 31), ((date(2024, 2, 1), 50), (date(2024, 3, 1), 40)), "进度不减"),
    ],
)
def test_impossible_plans_are_refused(
    finish: date, milestones: tuple[tuple[date, int | str], ...], message: str
) -> None:
    points = tuple(Milestone(day, Decimal(percent)) for day, percent in milestones)
    with pytest.raises(RuleError, match=message):
        Plan(date(2024, 1, 1), finish, points)


def test_an_error_can_be_put_into_another_language() -> None:
    with pytest.raises(RuleError) as caught:
        Plan(date(2024, 2, 1), date(2024, 1, 1))
    translated = "{finish} is before {start}".format(**caught.value.params)
    assert translated == "2024-01-01 is before 2024-02-01"
    assert str(caught.value) == caught.value.msgid.format(**caught.value.params)


def test_milestones_come_back_from_json() -> None:
    for milestone in STEPS.milestones:
        assert Milestone.from_json(milestone.to_json()) == milestone
    assert Milestone.from_json({"date": "2024-02-29", "percent": 40}).percent == 40


@pytest.mark.parametrize(
    "data",
    [
        {"date": "2024-02-30", "percent": "40"},
        {"date": "2024-02-01", "percent": "forty"},
        {"date": "2024-02-01", "percent": 0.5},
        {"date": "2024-02-01", "percent": True},
        {"date": "2024-02-01"},
        {"date": "2024-02-01", "percent": "40", "note": ""},
        ["2024-02-01", "40"],
    ],
)
def test_a_milestone_that_cannot_be_read_is_shown(data: object) -> None:
    with pytest.raises(RuleError, match="里程碑应写作"):
        Milestone.from_json(data)


@given(s.plans(), s.days, s.days)
def test_planned_rises_from_0_to_100(plan: Plan, one: date, other: date) -> None:
    early, late = planned_percent(plan, min(one, other)), planned_percent(plan, max(one, other))
    assert 0 <= early <= late <= 100
    assert planned_percent(plan, date.fromordinal(plan.start.toordinal() - 1)) == 0
    assert planned_percent(plan, date.fromordinal(plan.finish.toordinal() + 1)) == 100


@given(s.plans(), s.days)
def test_the_ratio_is_the_percent(plan: Plan, as_of: date) -> None:
    numerator, days = planned_ratio(plan, as_of)
    assert days >= 1
    assert abs(numerator / days - planned_percent(plan, as_of)) < Decimal("1e-20")
