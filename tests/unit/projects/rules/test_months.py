"""Monthly policies: a month met, missed, made good later, missed running; districts; the whole year."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.rules.errors import RuleError
from projects.rules.facts import DivisionFacts, Measure, Report, SiteFacts, StageChange, SubjectFacts
from projects.rules.lights import Reason, subject_light_at
from projects.rules.months import (
    MonthOutcome,
    missed_running,
    month_judged,
    month_light,
    month_outcomes,
    month_outputs,
    run_made_good_on,
    year_outcome,
)
from projects.rules.policy import Against, MonthlyRule, packaged
from projects.rules.schedule import Milestone, Plan
from projects.rules.vocabulary import Light, Stage, Subject
from tests.unit.projects.rules import strategies as s

D = Decimal
# 10 % due at the end of January, 20 % at the end of February ...
PLAN = Plan(
    date(2020, 1, 1),
    date(2020, 10, 31),
    tuple(
        Milestone(day, D(10 * n))
        for n, day in enumerate(
            [date(2020, 1, 31), date(2020, 2, 29), date(2020, 3, 31), date(2020, 4, 30), date(2020, 5, 31)],
            start=1,
        )
    ),
)
JAN, FEB, MAR, APR = date(2020, 1, 1), date(2020, 2, 1), date(2020, 3, 1), date(2020, 4, 1)
YEAR_END = date(2020, 12, 31)


def monthly(key: str, subject: Subject = Subject.DIVISION) -> MonthlyRule:
    found = packaged(key).rule(subject).monthly
    assert found is not None
    return found


OUHAI = monthly("ouhai-2020")
SANYA = monthly("sanya-2022")
NANJING = monthly("nanjing-2016")


def percents(*pairs: tuple[date, int]) -> tuple[Measure, ...]:
    return tuple(Measure.reported(day, D(percent)) for day, percent in pairs)


def outcomes(
    facts: SiteFacts | SubjectFacts | DivisionFacts, as_of: date, rule: MonthlyRule = OUHAI
) -> list[MonthOutcome]:
    return list(month_outcomes(facts, rule, Against.BASELINE, as_of))


def result(
    facts: SiteFacts | SubjectFacts | DivisionFacts, month: date, as_of: date, rule: MonthlyRule = OUHAI
) -> MonthOutcome:
    return next(each for each in outcomes(facts, as_of, rule) if each.month == month)


@pytest.mark.parametrize(
    ("reports", "as_of", "met", "made_good_on"),
    [
        # February expects 20 % at its close, 29 February 2020.
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
def test_a_month_is_judged_at_its_close(
    reports: list[tuple[date, int]], as_of: date, met: bool, made_good_on: date | None
) -> None:
    site = SiteFacts(baseline=PLAN, reports=tuple(Report(day, D(percent)) for day, percent in reports))
    indicator = SubjectFacts(baseline=PLAN, measures=percents(*reports))
    for facts in (site, indicator, DivisionFacts((indicator,))):
        found = result(facts, FEB, as_of)
        assert (found.met, found.made_good_on) == (met, made_good_on)


def test_an_open_month_has_no_outcome_yet() -> None:
    facts = SubjectFacts(baseline=PLAN)
    assert [each.month for each in outcomes(facts, date(2020, 2, 28))] == [JAN]
    assert [each.month for each in outcomes(facts, date(2020, 2, 29))] == [JAN, FEB]
    assert outcomes(facts, date(2020, 1, 30)) == []
    assert outcomes(SubjectFacts(), YEAR_END) == []


def test_output_of_a_target_is_compared_exactly() -> None:
    # A third is no decimal: 1 of 3 against a plan of exactly a third.
    plan = Plan(date(2020, 2, 28), date(2020, 3, 2))  # three days; on 29 February a third
    facts = SubjectFacts(baseline=plan, measures=(Measure(date(2020, 2, 28), D(1), D(3)),))
    assert result(facts, FEB, date(2020, 2, 29)).met is True


def test_ouhai_made_good_later_is_yellow_never_green() -> None:
    outcomes = [MonthOutcome(JAN, True), MonthOutcome(FEB, False, date(2020, 3, 9)), MonthOutcome(MAR, None)]
    assert month_light(outcomes, JAN, OUHAI, date(2020, 3, 1)) is Light.GREEN
    assert month_light(outcomes, FEB, OUHAI, date(2020, 3, 8)) is Light.RED
    assert month_light(outcomes, FEB, OUHAI, date(2020, 3, 9)) is Light.YELLOW
    assert month_light(outcomes, FEB, OUHAI, date(2029, 1, 1)) is Light.YELLOW
    assert month_light(outcomes, FEB, OUHAI, date(2020, 2, 28)) is Light.NONE
    assert month_light(outcomes, MAR, OUHAI, date(2020, 3, 30)) is Light.NONE


def test_sanya_two_months_running_are_red_and_yellow_once_made_good() -> None:
    outcomes = [
        MonthOutcome(JAN, False, date(2020, 4, 10)),
        MonthOutcome(FEB, False, date(2020, 4, 20)),
        MonthOutcome(MAR, True),
    ]
    on = date(2020, 4, 1)
    assert [month_judged(outcomes, month, SANYA, on)[:2] for month in (JAN, FEB, MAR)] == [
        (Light.YELLOW, Reason.MONTH_MISSED),
        (Light.RED, Reason.MONTHS_RUNNING),
        (Light.GREEN, Reason.MONTH_MET),
    ]
    assert month_light(outcomes, FEB, SANYA, date(2020, 4, 19)) is Light.RED
    assert month_judged(outcomes, FEB, SANYA, date(2020, 4, 20))[:2] == (Light.YELLOW, Reason.MONTH_MADE_GOOD)
    assert run_made_good_on(outcomes, FEB) == date(2020, 4, 20)
    assert run_made_good_on(outcomes, MAR) is None
    half = [MonthOutcome(JAN, False, date(2020, 2, 5)), MonthOutcome(FEB, False)]
    assert run_made_good_on(half, FEB) is None


def test_catching_up_after_the_close_does_not_break_a_run() -> None:
    # January is made good on 5 February; February is missed at its own close: two running.
    facts = SubjectFacts(baseline=PLAN, measures=percents((date(2020, 2, 5), 12)))
    found = outcomes(facts, date(2020, 2, 29), SANYA)
    assert found[0].made_good_on == date(2020, 2, 5)
    assert missed_running(found, FEB) == 2
    assert month_light(found, FEB, SANYA, date(2020, 2, 29)) is Light.RED


def test_a_run_goes_over_the_turn_of_the_year_and_breaks_at_a_met_month() -> None:
    outcomes = [
        MonthOutcome(date(2019, 11, 1), True),
        MonthOutcome(date(2019, 12, 1), False),
        MonthOutcome(JAN, False),
    ]
    assert missed_running(outcomes, JAN) == 2
    assert missed_running(outcomes, date(2019, 11, 1)) == 0
    assert missed_running(outcomes, MAR) == 0


def test_nanjing_asks_for_a_reason_then_an_interview_and_gives_no_light() -> None:
    outcomes = [MonthOutcome(JAN, False, FEB), MonthOutcome(FEB, False), MonthOutcome(MAR, True)]
    assert month_outputs(outcomes, JAN, NANJING) == ("书面说明",)
    assert month_outputs(outcomes, FEB, NANJING) == ("书面说明", "约谈")
    assert month_outputs(outcomes, MAR, NANJING) == ()
    assert [month_judged(outcomes, month, NANJING, APR)[:2] for month in (JAN, FEB, MAR)] == [
        (Light.NONE, Reason.MONTH_MADE_GOOD),
        (Light.NONE, Reason.MONTH_MISSED),
        (Light.NONE, Reason.MONTH_MET),
    ]


@pytest.mark.parametrize(
    ("percent", "on", "as_of", "met", "outputs"),
    [
        (100, date(2020, 12, 31), YEAR_END, True, ()),
        (99, date(2020, 12, 31), YEAR_END, False, ("问责",)),
        (100, date(2021, 1, 1), date(2021, 2, 1), False, ("问责",)),  # a day late is a year missed
        (100, date(2020, 12, 1), date(2020, 12, 30), None, ()),  # the year is not over
    ],
)
def test_nanjing_a_year_missed(
    percent: int, on: date, as_of: date, met: bool | None, outputs: tuple[str, ...]
) -> None:
    facts = DivisionFacts((SubjectFacts(baseline=PLAN, measures=percents((on, percent))),))
    found = year_outcome(facts, NANJING, Against.BASELINE, YEAR_END, as_of)
    assert (found.met, found.outputs) == (met, outputs)


def test_the_year_is_not_forgiven_what_a_month_may_be() -> None:
    lenient = replace(NANJING, met=replace(NANJING.met, of_plan=D(80)))
    facts = SubjectFacts(baseline=PLAN, measures=percents((JAN, 85)))
    assert all(each.met for each in outcomes(facts, YEAR_END, lenient))
    assert year_outcome(facts, lenient, Against.BASELINE, YEAR_END, YEAR_END).met is False


# --------------------------------------------------------------------------------------- districts


def part(percent: int | None, plan: Plan | None = PLAN) -> SubjectFacts:
    return SubjectFacts(baseline=plan, measures=() if percent is None else percents((JAN, percent)))


@pytest.mark.parametrize(
    ("parts", "every", "on_average", "short", "unreported"),
    [
        # Each expects 20 % at the end of February.
        ([20, 20], True, True, 0, 0),
        ([19, 21], False, True, 1, 0),
        ([19, 20], False, False, 1, 0),
        ([None, 40], False, True, 1, 1),
        ([None, None], False, False, 2, 2),
        ([0, 100], False, True, 1, 0),
    ],
)
def test_a_district_meets_its_month(
    parts: list[int | None], every: bool, on_average: bool, short: int, unreported: int
) -> None:
    facts = DivisionFacts(tuple(part(percent) for percent in parts))
    by_all, by_mean = (result(facts, FEB, date(2020, 2, 29), rule) for rule in (OUHAI, SANYA))
    assert (by_all.met, by_mean.met) == (every, on_average)
    assert (by_all.parts, by_all.short, by_all.unreported) == (len(parts), short, unreported)


def test_overfulfilling_one_indicator_makes_up_for_no_other() -> None:
    late = part(9)
    over = SubjectFacts(baseline=PLAN, measures=(Measure(JAN, D(500), D(100)),))  # 500 %, counts as 100
    five = DivisionFacts((over, *([late] * 8)))  # (100 + 8 x 9) / 9 = 19.1 < 20; uncapped it would be 63.6
    assert result(five, FEB, date(2020, 2, 29), SANYA).met is False


def test_an_indicator_without_a_plan_judges_nothing() -> None:
    facts = DivisionFacts((part(20), part(None, plan=None)))
    found = result(facts, FEB, date(2020, 2, 29))
    assert (found.met, found.parts) == (True, 1)


def test_a_district_is_made_good_when_its_last_part_is() -> None:
    slow = SubjectFacts(baseline=PLAN, measures=percents((date(2020, 3, 9), 20)))
    slower = SubjectFacts(baseline=PLAN, measures=percents((date(2020, 3, 20), 20)))
    facts = DivisionFacts((slow, slower))
    assert result(facts, FEB, date(2020, 3, 19)).made_good_on is None
    assert result(facts, FEB, date(2020, 3, 20)).made_good_on == date(2020, 3, 20)
    policy = packaged("ouhai-2020")
    lights = {
        day: subject_light_at(facts, policy, Subject.DIVISION, day).light
        for day in (
            date(2020, 1, 30),
            date(2020, 1, 31),
            date(2020, 3, 19),
            date(2020, 3, 20),
            date(2020, 3, 31),
        )
    }
    assert list(lights.values()) == [Light.NONE, Light.RED, Light.RED, Light.YELLOW, Light.RED]


# ------------------------------------------------------------------------------------------- sites


def test_a_suspended_month_is_not_judged_and_ends_the_run() -> None:
    facts = SiteFacts(
        baseline=PLAN,
        stages=(
            StageChange(date(2020, 2, 10), Stage.SUSPENDED),
            StageChange(date(2020, 3, 10), Stage.BUILDING),
        ),
    )
    found = outcomes(facts, date(2020, 3, 31))
    assert [each.met for each in found] == [False, None, False]
    assert missed_running(found, MAR) == 1


def test_a_finished_site_has_done_everything_whatever_was_reported() -> None:
    facts = SiteFacts(baseline=PLAN, finished_on=date(2020, 2, 20))
    assert result(facts, FEB, date(2020, 2, 29)).met is True


def test_nothing_reported_is_the_reason_of_a_missed_month() -> None:
    policy = packaged("ouhai-2020")
    silent = subject_light_at(SubjectFacts(baseline=PLAN), policy, Subject.INDICATOR, date(2020, 2, 29))
    assert (silent.light, silent.reason, silent.actual) == (Light.RED, Reason.NOT_REPORTED, None)
    spoken = subject_light_at(part(1), policy, Subject.INDICATOR, date(2020, 2, 29))
    assert (spoken.light, spoken.reason) == (Light.RED, Reason.MONTH_MISSED)


def test_a_plan_of_another_age_is_refused() -> None:
    facts = SubjectFacts(baseline=Plan(date(1020, 1, 1), date(2020, 12, 31)))
    with pytest.raises(RuleError, match="太久"):
        outcomes(facts, YEAR_END)


@given(s.subjects(), s.days, st.integers(0, 200))
def test_a_closed_month_stays_what_it_was(facts: SubjectFacts, as_of: date, wait: int) -> None:
    first = month_outcomes(facts, OUHAI, Against.BASELINE, as_of)
    later = month_outcomes(facts, OUHAI, Against.BASELINE, date.fromordinal(as_of.toordinal() + wait))
    for before, after in zip(first, later, strict=False):
        assert (before.month, before.met) == (after.month, after.met)
        assert before.made_good_on in (None, after.made_good_on)
        assert not (after.met and after.made_good_on)
