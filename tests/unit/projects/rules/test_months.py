"""Monthly policies: a month met, missed, made good later, missed running."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.rules.facts import Report
from projects.rules.months import MonthOutcome, missed_running, month_light, month_outputs, month_result
from projects.rules.policy import MonthlyRule
from projects.rules.schedule import Milestone, Plan
from projects.rules.vocabulary import Light
from tests.unit.projects.rules import strategies as s

# 10 % due at the end of January, 20 % at the end of February ...
PLAN = Plan(
    date(2020, 1, 1),
    date(2020, 10, 31),
    tuple(
        Milestone(day, Decimal(10 * n))
        for n, day in enumerate(
            [date(2020, 1, 31), date(2020, 2, 29), date(2020, 3, 31), date(2020, 4, 30), date(2020, 5, 31)],
            start=1,
        )
    ),
)
JAN, FEB, MAR = date(2020, 1, 1), date(2020, 2, 1), date(2020, 3, 1)


def rule(**sections: object) -> MonthlyRule:
    monthly = s.policy(months=sections).monthly
    assert monthly is not None
    return monthly


OUHAI = rule(missed="red", made_good="yellow")
SANYA = rule(missed="yellow", made_good="yellow", running=[{"light": "red", "months": 2}])
NANJING = rule(
    missed="yellow",
    made_good="yellow",
    outputs=[{"name": "书面说明", "months": 1}, {"name": "约谈", "months": 2}],
)


@pytest.mark.parametrize(
    ("reports", "as_of", "met", "made_good_on"),
    [
        # February expects 20 % at its close, 29 February 2020.
        ([(date(2020, 2, 10), 20)], date(2020, 2, 28), None, None),  # not closed yet
        ([(date(2020, 2, 10), 20)], date(2020, 2, 29), True, None),
        ([(date(2020, 2, 29), 20)], date(2020, 2, 29), True, None),  # a report of the last day counts
        ([(date(2020, 2, 10), 19)], date(2020, 3, 31), False, None),
        ([], date(2020, 3, 31), False, None),  # no report
        ([(date(2020, 3, 1), 20)], date(2020, 3, 31), False, date(2020, 3, 1)),
        ([(date(2020, 3, 1), 20)], date(2020, 2, 29), False, None),  # not yet known on that day
        (
            [(date(2020, 2, 10), 15), (date(2020, 3, 9), 19), (date(2020, 4, 2), 30)],
            date(2020, 5, 1),
            False,
            date(2020, 4, 2),
        ),
        ([(date(2020, 2, 10), 25), (date(2020, 2, 20), 15)], date(2020, 3, 1), False, None),  # corrected down
        (
            [(date(2020, 2, 10), 15), (date(2020, 2, 10), 25)],
            date(2020, 3, 1),
            True,
            None,
        ),  # last of a day holds
    ],
)
def test_month_result(
    reports: list[tuple[date, int]], as_of: date, met: bool | None, made_good_on: date | None
) -> None:
    given = [Report(day, Decimal(percent)) for day, percent in reports]
    assert month_result(FEB, PLAN, given, as_of) == MonthOutcome(FEB, met, made_good_on)
    assert month_result(date(2020, 2, 17), PLAN, given, as_of).month == FEB


def test_ouhai_made_good_later_is_yellow_never_green() -> None:
    outcomes = [MonthOutcome(JAN, True), MonthOutcome(FEB, False, date(2020, 3, 9)), MonthOutcome(MAR, None)]
    assert month_light(outcomes, JAN, OUHAI, date(2020, 3, 1)) is Light.GREEN
    assert month_light(outcomes, FEB, OUHAI, date(2020, 3, 8)) is Light.RED
    assert month_light(outcomes, FEB, OUHAI, date(2020, 3, 9)) is Light.YELLOW
    assert month_light(outcomes, FEB, OUHAI, date(2029, 1, 1)) is Light.YELLOW
    assert month_light(outcomes, FEB, OUHAI, date(2020, 2, 28)) is Light.NONE
    assert month_light(outcomes, MAR, OUHAI, date(2020, 3, 30)) is Light.NONE


def test_sanya_two_months_running_are_red() -> None:
    outcomes = [MonthOutcome(JAN, False), MonthOutcome(FEB, False), MonthOutcome(MAR, True)]
    assert [month_light(outcomes, month, SANYA, date(2020, 4, 1)) for month in (JAN, FEB, MAR)] == [
        Light.YELLOW,
        Light.RED,
        Light.GREEN,
    ]


def test_a_run_goes_over_the_turn_of_the_year_and_breaks_at_a_met_month() -> None:
    outcomes = [
        MonthOutcome(date(2019, 11, 1), True),
        MonthOutcome(date(2019, 12, 1), False),
        MonthOutcome(JAN, False),
    ]
    assert missed_running(outcomes, JAN) == 2
    assert missed_running(outcomes, date(2019, 11, 1)) == 0
    assert missed_running(outcomes, MAR) == 0


def test_nanjing_asks_for_a_reason_then_an_interview() -> None:
    outcomes = [MonthOutcome(JAN, False, FEB), MonthOutcome(FEB, False), MonthOutcome(MAR, True)]
    assert month_outputs(outcomes, JAN, NANJING) == ("书面说明",)
    assert month_outputs(outcomes, FEB, NANJING) == ("书面说明", "约谈")
    assert month_outputs(outcomes, MAR, NANJING) == ()


@given(st.lists(st.builds(Report, s.days, s.percents), max_size=5), s.plans(), s.days, st.integers(0, 200))
def test_a_closed_month_stays_what_it_was(reports: list[Report], plan: Plan, month: date, wait: int) -> None:
    first = month_result(month, plan, reports, s.LAST)
    later = month_result(month, plan, reports, date.fromordinal(s.LAST.toordinal() + wait))
    assert first.met is None or first.met == later.met
    assert not (later.met and later.made_good_on)
