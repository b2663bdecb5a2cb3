"""The light of a day: the rules of real cities as tables, and what must hold for any facts."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.rules.errors import RuleError
from projects.rules.facts import ApprovedPlan, Report, SiteFacts, StageChange
from projects.rules.lights import Reason, light_at, worst
from projects.rules.policy import SEVERITY, YINCHUAN_2025, Policy, packaged
from projects.rules.schedule import Milestone, Plan
from projects.rules.vocabulary import Light, Stage
from tests.unit.projects.rules import strategies as s

# 100 days: one percent a day, so that lags can be read off.
HUNDRED_DAYS = Plan(date(2025, 1, 1), date(2025, 4, 11))
DAY_50 = date(2025, 2, 20)
DAY_20 = date(2025, 1, 21)
SANYA_2022 = packaged("sanya-2022")
NEW_YORK = packaged("new-york-comptroller")


def begun(percent: str, on: date = date(2025, 1, 1)) -> SiteFacts:
    """A site under way since its planned first day, with one report."""
    return SiteFacts(
        baseline=HUNDRED_DAYS, reports=(Report(on, Decimal(percent)),), started_on=date(2025, 1, 1)
    )


@pytest.mark.parametrize(
    ("actual", "light", "reason"),
    [
        # 银川 2025 on the day on which the plan expects 50 %.
        ("60", Light.GREEN, Reason.ON_SCHEDULE),  # ahead
        ("50", Light.GREEN, Reason.ON_SCHEDULE),  # exactly on schedule
        ("49.99", Light.GREEN, Reason.TOLERATED),  # 0-10 is undefined in the source: green, and said so
        ("40.01", Light.GREEN, Reason.TOLERATED),
        ("40", Light.YELLOW, Reason.BEHIND),  # exactly 10: inclusive
        ("30", Light.YELLOW, Reason.BEHIND),
        ("20", Light.YELLOW, Reason.BEHIND),  # exactly 30: still yellow, inclusive
        ("19.99", Light.RED, Reason.FAR_BEHIND),
        ("0", Light.RED, Reason.FAR_BEHIND),
    ],
)
def test_yinchuan_by_percentage_points(actual: str, light: Light, reason: Reason) -> None:
    verdict = light_at(begun(actual), YINCHUAN_2025, DAY_50)
    assert (verdict.light, verdict.reason) == (light, reason)
    assert verdict.planned == 50
    assert verdict.lag_pp == 50 - Decimal(actual)


def test_the_band_that_the_source_leaves_open_says_so() -> None:
    assert "原文未规定" in light_at(begun("45"), YINCHUAN_2025, DAY_50).detail
    assert light_at(begun("40"), YINCHUAN_2025, DAY_50).detail == ""


@pytest.mark.parametrize(
    ("day", "actual", "points", "relative"),
    [
        # The two bases really differ (domain description): yellow under both; yellow in pp, red relative.
        (DAY_50, "30", Light.YELLOW, Light.YELLOW),
        (DAY_20, "8", Light.YELLOW, Light.RED),
        (DAY_20, "10", Light.YELLOW, Light.YELLOW),  # exactly half short: "up to 50 %"
        (DAY_20, "9.99", Light.YELLOW, Light.RED),
        (DAY_20, "20", Light.GREEN, Light.GREEN),
        (DAY_20, "19.99", Light.GREEN, Light.YELLOW),
        (date(2025, 1, 1), "0", Light.GREEN, Light.GREEN),  # nothing planned yet: no share to be short by
    ],
)
def test_percentage_points_and_relative_lag_differ(
    day: date, actual: str, points: Light, relative: Light
) -> None:
    assert light_at(begun(actual), YINCHUAN_2025, day).light is points
    assert light_at(begun(actual), SANYA_2022, day).light is relative


def test_relative_threshold_is_exact_where_planned_has_no_decimal_form() -> None:
    # 1 day of 7 is 14.2857... %; 30 % short of it is exactly 10 %. "More than 30 %" is not reached.
    plan = Plan(date(2025, 1, 1), date(2025, 1, 8))
    policy = s.policy(lag={"basis": "relative", "bands": [{"light": "red", "more_than": 30}]})
    facts = SiteFacts(baseline=plan, reports=(Report(date(2025, 1, 1), Decimal(10)),))
    assert light_at(facts, policy, date(2025, 1, 2)).light is Light.GREEN


@pytest.mark.parametrize(
    ("as_of", "light", "reason"),
    [
        # 银川 2025, start rule: planned for 15 March, a year long (so that lag stays small), never begun.
        (date(2025, 3, 14), Light.GREEN, Reason.NOT_DUE),
        (date(2025, 3, 30), Light.GREEN, Reason.TOLERATED),
        (date(2025, 3, 31), Light.YELLOW, Reason.NOT_STARTED),  # its planned month is over
        (date(2025, 4, 30), Light.YELLOW, Reason.NOT_STARTED),  # second month
        (date(2025, 5, 30), Light.YELLOW, Reason.NOT_STARTED),
        (date(2025, 5, 31), Light.RED, Reason.NOT_STARTED_LONG),  # third month running
    ],
)
def test_yinchuan_start_rule(as_of: date, light: Light, reason: Reason) -> None:
    facts = SiteFacts(baseline=Plan(date(2025, 3, 15), date(2026, 3, 15)))
    verdict = light_at(facts, YINCHUAN_2025, as_of)
    assert (verdict.light, verdict.reason) == (light, reason)


@pytest.mark.parametrize(
    "started",
    [
        SiteFacts(started_on=date(2025, 3, 31)),
        SiteFacts(stages=(StageChange(date(2025, 3, 31), Stage.BUILDING),)),
        SiteFacts(reports=(Report(date(2025, 3, 31), Decimal("0.5")),)),
    ],
)
def test_begun_on_the_last_day_of_the_planned_month_is_in_time(started: SiteFacts) -> None:
    facts = replace(started, baseline=Plan(date(2025, 3, 15), date(2026, 3, 15)))
    assert light_at(facts, YINCHUAN_2025, date(2025, 3, 31)).light is Light.GREEN


def test_a_report_of_zero_is_no_start() -> None:
    facts = SiteFacts(
        baseline=Plan(date(2025, 3, 15), date(2026, 3, 15)), reports=(Report(date(2025, 3, 20), Decimal(0)),)
    )
    assert light_at(facts, YINCHUAN_2025, date(2025, 3, 31)).reason is Reason.NOT_STARTED


def test_no_report_is_not_reported_and_never_zero() -> None:
    facts = SiteFacts(baseline=HUNDRED_DAYS, started_on=date(2025, 1, 1))
    verdict = light_at(facts, YINCHUAN_2025, DAY_50)
    assert (verdict.light, verdict.reason) == (Light.RED, Reason.NOT_REPORTED)
    assert (verdict.actual, verdict.lag_pp, verdict.relative_lag) == (None, None, None)


@pytest.mark.parametrize(
    ("stage", "light"),
    [
        (Stage.PLANNED, Light.RED),
        (Stage.SITED, Light.RED),
        (Stage.BUILDING, Light.RED),
        (Stage.FINISHED, Light.GREEN),  # no longer late, not yet accepted
        (Stage.VERIFIED, Light.BLUE),  # finished and accepted
        (Stage.SUSPENDED, Light.NONE),
        (Stage.CANCELLED, Light.NONE),
    ],
)
def test_stage_of_a_site_far_behind(stage: Stage, light: Light) -> None:
    facts = replace(begun("1"), stages=(StageChange(date(2025, 2, 1), stage),))
    assert light_at(facts, YINCHUAN_2025, DAY_50).light is light
    without_plan = replace(facts, baseline=None)
    assert light_at(without_plan, YINCHUAN_2025, DAY_50).reason is Reason.NO_PLAN


def test_rework_after_finishing_is_judged_again() -> None:
    facts = replace(
        begun("10"),
        finished_on=date(2025, 2, 1),
        stages=(StageChange(date(2025, 2, 10), Stage.BUILDING),),
    )
    assert light_at(facts, YINCHUAN_2025, date(2025, 2, 9)).light is Light.GREEN
    assert light_at(facts, YINCHUAN_2025, DAY_50).light is Light.RED


def test_on_one_day_a_stage_entry_beats_a_bare_date() -> None:
    # Declared finished and sent back on the same day: the history knows the order, the bare date does not.
    back = StageChange(date(2025, 2, 1), Stage.BUILDING)
    facts = replace(begun("1"), finished_on=date(2025, 2, 1), stages=(back,))
    assert light_at(facts, YINCHUAN_2025, DAY_50).light is Light.RED


def test_a_past_day_keeps_its_answer_after_later_facts() -> None:
    before = begun("20")
    after = replace(before, reports=(*before.reports, Report(date(2025, 2, 21), Decimal(90))))
    assert light_at(after, YINCHUAN_2025, DAY_50) == light_at(before, YINCHUAN_2025, DAY_50)
    assert light_at(after, YINCHUAN_2025, date(2025, 2, 21)).light is Light.GREEN


def test_a_reschedule_helps_only_where_the_policy_says_so() -> None:
    late = replace(
        begun("10"), approved=(ApprovedPlan(date(2025, 2, 1), Plan(date(2025, 1, 1), date(2025, 12, 31))),)
    )
    data = YINCHUAN_2025.to_json()
    approved = Policy.from_json(data | {"against": "approved"})
    assert light_at(late, YINCHUAN_2025, DAY_50).light is Light.RED
    assert light_at(late, approved, DAY_50).light is Light.GREEN
    # Before the approval took effect the baseline was all there was.
    assert light_at(late, approved, date(2025, 1, 31)).light is Light.YELLOW


@pytest.mark.parametrize(
    ("as_of", "light", "reason"),
    [
        # New York State comptroller: delayed = three months or more past the planned date.
        (date(2025, 4, 11), Light.GREEN, Reason.ON_SCHEDULE),  # the planned day itself
        (date(2025, 4, 12), Light.GREEN, Reason.TOLERATED),  # late, but not yet delayed
        (date(2025, 7, 10), Light.GREEN, Reason.TOLERATED),
        (date(2025, 7, 11), Light.RED, Reason.OVERDUE),
    ],
)
def test_new_york_three_months_past(as_of: date, light: Light, reason: Reason) -> None:
    verdict = light_at(begun("10"), NEW_YORK, as_of)
    assert (verdict.light, verdict.reason) == (light, reason)


@pytest.mark.parametrize(
    ("planned", "last_green", "first_red"),
    [
        (date(2025, 11, 30), date(2026, 2, 27), date(2026, 2, 28)),  # February has no 30th
        (date(2023, 11, 30), date(2024, 2, 28), date(2024, 2, 29)),  # a leap year's has a 29th
        (date(2024, 2, 29), date(2024, 5, 28), date(2024, 5, 29)),
    ],
)
def test_three_months_end_within_a_short_month(planned: date, last_green: date, first_red: date) -> None:
    facts = SiteFacts(baseline=Plan(planned, planned), started_on=planned)
    assert light_at(facts, NEW_YORK, last_green).light is Light.GREEN
    assert light_at(facts, NEW_YORK, first_red).light is Light.RED


@pytest.mark.parametrize("key", ["tianjin-2022", "nanjing-2016"])
def test_a_policy_that_says_nothing_of_sites_gives_them_no_light(key: str) -> None:
    verdict = light_at(begun("1"), packaged(key), DAY_50)
    assert (verdict.light, verdict.reason) == (Light.NONE, Reason.NO_RULE)


def test_a_milestone_plan_judges_by_its_steps() -> None:
    plan = Plan(
        date(2025, 1, 1),
        date(2025, 12, 31),
        (Milestone(date(2025, 6, 30), Decimal(20)), Milestone(date(2025, 12, 31), Decimal(100))),
    )
    facts = SiteFacts(
        baseline=plan, started_on=date(2025, 1, 1), reports=(Report(date(2025, 1, 2), Decimal(10)),)
    )
    assert light_at(facts, YINCHUAN_2025, date(2025, 6, 29)).reason is Reason.ON_SCHEDULE
    assert light_at(facts, YINCHUAN_2025, date(2025, 6, 30)).light is Light.YELLOW  # 20 - 10 = 10


@pytest.mark.parametrize("percent", ["-1", "101", "NaN", "Infinity"])
def test_impossible_percent_is_refused(percent: str) -> None:
    with pytest.raises(RuleError, match="不在 0 到 100"):
        SiteFacts(reports=(Report(DAY_20, Decimal(percent)),))


def test_a_change_needs_something_to_change() -> None:
    with pytest.raises(RuleError, match="没有基线计划"):
        SiteFacts(approved=(ApprovedPlan(DAY_20, HUNDRED_DAYS),))


def test_worst_ignores_what_judges_nothing() -> None:
    assert worst([Light.BLUE, Light.GREEN, Light.YELLOW, Light.NONE]) is Light.YELLOW
    assert worst([Light.BLUE, Light.NONE]) is Light.NONE


@given(s.facts(), s.policies(), s.days, s.percents, s.percents)
def test_more_done_never_gives_a_worse_light(
    facts: SiteFacts, policy: Policy, as_of: date, one: Decimal, other: Decimal
) -> None:
    def judged(percent: Decimal) -> Light:
        return light_at(replace(facts, reports=(*facts.reports, Report(as_of, percent))), policy, as_of).light

    less, more = judged(min(one, other)), judged(max(one, other))
    assert SEVERITY.get(more, 0) <= SEVERITY.get(less, 0)


@given(s.facts(), s.policies(), s.days, st.integers(1, 200), s.percents)
def test_nothing_later_changes_a_past_day(
    facts: SiteFacts, policy: Policy, as_of: date, ahead: int, percent: Decimal
) -> None:
    later = date.fromordinal(as_of.toordinal() + ahead)
    more = replace(
        facts,
        reports=(*facts.reports, Report(later, percent)),
        stages=(*facts.stages, StageChange(later, Stage.CANCELLED)),
    )
    assert light_at(more, policy, as_of) == light_at(facts, policy, as_of)
