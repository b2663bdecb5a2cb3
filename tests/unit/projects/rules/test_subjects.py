"""Indicators of a district, funding lines and districts: judged by the same machinery as sites, city by city."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import ROUND_CEILING, Context, Decimal, localcontext
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.rules.errors import RuleError
from projects.rules.facts import ApprovedPlan, DivisionFacts, Facts, Measure, SubjectFacts
from projects.rules.lights import Reason, subject_light_at
from projects.rules.period import Period
from projects.rules.policy import SEVERITY, Policy, packaged
from projects.rules.schedule import Milestone, Plan, funds_planned_percent, planned_percent
from projects.rules.spans import subject_spans
from projects.rules.steps import MonthSteps
from projects.rules.vocabulary import Light, Subject
from tests.unit.projects.rules import strategies as s

D = Decimal
END = date(2025, 12, 31)
YEAR = Plan(date(2024, 1, 1), date(2024, 12, 31))
HUNDRED_DAYS = Plan(date(2025, 1, 1), date(2025, 4, 11))  # one percent a day


def done(amount: str, whole: str = "100", on: date = date(2025, 1, 1)) -> SubjectFacts:
    return SubjectFacts(baseline=HUNDRED_DAYS, measures=(Measure(on, D(amount), D(whole)),))


@pytest.mark.parametrize(
    ("day", "actual", "points", "relative"),
    [
        # Plan 50, actual 30: -20 pp and -40 %. Plan 20, actual 8: -12 pp and -60 %.
        (date(2025, 2, 20), "30", Light.YELLOW, Light.YELLOW),
        (date(2025, 1, 21), "8", Light.YELLOW, Light.RED),
        (date(2025, 1, 21), "20", Light.GREEN, Light.GREEN),
    ],
)
def test_an_indicator_under_points_and_under_shares(
    day: date, actual: str, points: Light, relative: Light
) -> None:
    for key, light in (("yinchuan-2025", points), ("sanya-2022", relative)):
        # 30 of 100, and the same share of a target of 250.
        for facts in (done(actual), done(str(D(actual) * D("2.5")), "250")):
            assert subject_light_at(facts, packaged(key), Subject.INDICATOR, day).light is light


@pytest.mark.parametrize(
    ("used", "as_of", "light"),
    [
        # 天津 2022: 600 issued on 15 January: 100 a month from February to July.
        ("0", date(2022, 1, 15), Light.GREEN),  # before the month after the issue
        ("0", date(2022, 2, 27), Light.GREEN),  # no month closed yet
        ("0", date(2022, 2, 28), Light.RED),
        ("99.99", date(2022, 2, 28), Light.YELLOW),
        ("100", date(2022, 2, 28), Light.GREEN),
        ("70", date(2022, 2, 28), Light.YELLOW),  # exactly 30 % below
        ("69.99", date(2022, 2, 28), Light.RED),
        ("210", date(2022, 4, 30), Light.YELLOW),  # 300 due
        ("209.99", date(2022, 4, 30), Light.RED),
        ("420", date(2022, 12, 31), Light.YELLOW),  # all 600 due since 31 July
        ("600", date(2022, 12, 31), Light.GREEN),
        ("601", date(2022, 12, 31), Light.GREEN),  # overspent is not late; it is shown as a figure
    ],
)
def test_tianjin_even_spending_over_six_months(used: str, as_of: date, light: Light) -> None:
    policy = packaged("tianjin-2022")
    assert policy.funding is not None
    plan = policy.funding.plan(Period.of_year(2022), date(2022, 1, 15))
    assert plan == MonthSteps(date(2022, 2, 1), 6)
    facts = SubjectFacts(baseline=plan, measures=(Measure(date(2022, 1, 15), D(used), D(600)),))
    assert subject_light_at(facts, policy, Subject.FUNDING, as_of).light is light


def test_money_of_unknown_issue_has_no_light_under_tianjin() -> None:
    funding = packaged("tianjin-2022").funding
    assert funding is not None
    assert funding.plan(Period.of_year(2022), None) is None
    verdict = subject_light_at(SubjectFacts(), packaged("tianjin-2022"), Subject.FUNDING, date(2022, 6, 30))
    assert (verdict.light, verdict.reason) == (Light.NONE, Reason.NO_PLAN)


def test_money_issued_in_december_is_spent_next_year() -> None:
    assert MonthSteps.after_issue(date(2023, 12, 31), 6) == MonthSteps(date(2024, 1, 1), 6)
    assert MonthSteps.after_issue(date(2024, 1, 31), 1).finish == date(2024, 2, 29)


def test_closed_months_of_the_period() -> None:
    data = packaged("tianjin-2022").to_json()
    data["funding"] = {
        "schedule": {"kind": "period_months"},
        "lag": {"basis": "percentage_points", "bands": [{"light": "yellow", "at_least": 10}]},
    }
    policy = Policy.from_json(data)
    assert policy.funding is not None
    plan = policy.funding.plan(Period.of_year(2024))
    assert plan is not None
    city = SubjectFacts(baseline=plan, measures=(Measure(date(2024, 6, 30), D("3.82"), D("6.52")),))
    verdict = subject_light_at(city, policy, Subject.FUNDING, date(2024, 6, 30))
    assert (verdict.light, verdict.planned) == (Light.GREEN, D(50))
    assert verdict.lag_pp is not None and round(verdict.lag_pp, 3) == D("-8.589")
    # Nothing more used: 8 closed months are 66.67 %, less than 10 points ahead of 58.59; 9 are 75.
    assert [
        (span.valid_from, span.light)
        for span in subject_spans(city, policy, Subject.FUNDING, date(2024, 12, 31))
    ] == [
        (date(2024, 1, 1), Light.GREEN),
        (date(2024, 2, 29), Light.YELLOW),
        (date(2024, 6, 30), Light.GREEN),
        (date(2024, 9, 30), Light.YELLOW),
    ]


@given(st.integers(2000, 2040), s.days)
def test_steps_over_a_year_are_the_funds_schedule(year: int, as_of: date) -> None:
    day = as_of.replace(year=year, day=min(as_of.day, 28))
    assert planned_percent(MonthSteps.over(Period.of_year(year)), day) == funds_planned_percent(year, day)


def test_no_month_is_no_plan() -> None:
    with pytest.raises(RuleError, match="至少要有一个月"):
        MonthSteps(date(2024, 1, 1), 0)


def test_not_reported_is_judged_as_nothing_done_and_stays_unknown() -> None:
    facts = SubjectFacts(baseline=HUNDRED_DAYS)
    verdict = subject_light_at(facts, packaged("sanya-2022"), Subject.INDICATOR, date(2025, 2, 20))
    assert (verdict.light, verdict.reason) == (Light.RED, Reason.NOT_REPORTED)
    assert (verdict.actual, verdict.lag_pp, verdict.relative_lag) == (None, None, None)


def test_overfulfilled_is_complete_and_shown_uncapped() -> None:
    verdict = subject_light_at(done("150"), packaged("new-york-comptroller"), Subject.INDICATOR, END)
    assert (verdict.light, verdict.reason, verdict.actual) == (Light.GREEN, Reason.COMPLETED, D(150))


@pytest.mark.parametrize(
    ("amount", "whole", "message"),
    [
        ("1", "0", "须大于 0"),
        ("1", "-5", "须大于 0"),
        ("1", "NaN", "须大于 0"),
        ("-1", "5", "不能为负"),
        ("Infinity", "5", "不能为负"),
    ],
)
def test_impossible_amounts_are_refused(amount: str, whole: str, message: str) -> None:
    with pytest.raises(RuleError, match=message):
        SubjectFacts(measures=(Measure(date(2025, 1, 1), D(amount), D(whole)),))


@pytest.mark.parametrize("percent", ["101", "-0.01", "NaN"])
def test_impossible_reported_percent_is_refused(percent: str) -> None:
    with pytest.raises(RuleError, match="不在 0 到 100"):
        Measure.reported(date(2025, 1, 1), D(percent))


def test_a_change_of_plan_needs_a_plan() -> None:
    with pytest.raises(RuleError, match="没有基线计划"):
        SubjectFacts(approved=(ApprovedPlan(date(2025, 1, 1), YEAR),))


def test_a_district_under_a_policy_without_months_has_no_light() -> None:
    facts = DivisionFacts((done("10"),))
    verdict = subject_light_at(facts, packaged("yinchuan-2025"), Subject.DIVISION, date(2025, 3, 1))
    assert (verdict.light, verdict.reason) == (Light.NONE, Reason.NO_RULE)
    spans = subject_spans(facts, packaged("yinchuan-2025"), Subject.DIVISION, END)
    assert [(span.valid_from, span.light) for span in spans] == [(date(2025, 1, 1), Light.NONE)]
    assert subject_spans(DivisionFacts(()), packaged("sanya-2022"), Subject.DIVISION, END) == ()


def test_the_last_cent_of_a_great_amount_decides_whatever_the_callers_context() -> None:
    plan = Plan(
        date(2025, 1, 1),
        date(2025, 1, 8),
        (Milestone(date(2025, 1, 1), D("0.01")), Milestone(date(2025, 1, 8), D("99.99"))),
    )
    whole = D("9999999999999999.99")
    policy = packaged("sanya-2022")
    # Half of what is planned, to the cent and one cent below it.
    numerator, days = plan.ratio(date(2025, 1, 3))
    with localcontext(prec=60):
        half = (numerator * whole / (200 * days)).quantize(D("0.01"), ROUND_CEILING)
    for context in (3, 28):
        with localcontext(prec=context):
            found = [
                subject_light_at(
                    SubjectFacts(baseline=plan, measures=(Measure(plan.start, amount, whole),)),
                    policy,
                    Subject.INDICATOR,
                    date(2025, 1, 3),
                ).light
                for amount in (half, half.next_minus(Context(prec=18)))
            ]
        assert found == [Light.YELLOW, Light.RED]


# -------------------------------------------------------------------------------------- invariants

SUBJECTS = st.sampled_from([Subject.INDICATOR, Subject.FUNDING])
JUDGED = st.one_of(
    st.tuples(s.subjects(), SUBJECTS),
    st.tuples(s.facts(), st.just(Subject.SITE)),
    st.tuples(
        st.lists(s.subjects(), max_size=3).map(lambda parts: DivisionFacts(tuple(parts))),
        st.just(Subject.DIVISION),
    ),
)


@given(JUDGED, s.cities)
def test_spans_are_disjoint_gapless_and_say_what_each_day_says(
    judged: tuple[Facts, Subject], policy: Policy
) -> None:
    facts, subject = judged
    found = subject_spans(facts, policy, subject, END)
    for before, after in pairwise(found):
        assert before.valid_to == after.valid_from
        assert (before.light, before.reason, before.detail) != (after.light, after.reason, after.detail)
    if found:
        assert found[-1].valid_to == END + timedelta(days=1)
    for span in found:
        assert span.valid_from < span.valid_to
        # Every day of a short span; of a long one the days on which months close and its ends.
        days = [span.valid_from + timedelta(days=n) for n in range((span.valid_to - span.valid_from).days)]
        for day in days if len(days) < 40 else [*days[:3], *days[3:-3:9], *days[-3:]]:
            verdict = subject_light_at(facts, policy, subject, day)
            assert (verdict.light, verdict.reason, verdict.detail) == (
                span.light,
                span.reason,
                span.detail,
            ), day


@given(s.subjects(), SUBJECTS, s.cities, s.days, st.integers(0, 60), st.integers(0, 90), st.integers(0, 90))
def test_more_done_never_gives_a_worse_light(
    facts: SubjectFacts, subject: Subject, policy: Policy, on: date, wait: int, one: int, other: int
) -> None:
    def light(amount: int) -> Light:
        measures = (*facts.measures, Measure(on, D(amount), D(90)))
        as_of = on + timedelta(days=wait)
        return subject_light_at(replace(facts, measures=measures), policy, subject, as_of).light

    less, more = light(min(one, other)), light(max(one, other))
    assert SEVERITY.get(more, 0) <= SEVERITY.get(less, 0)


@given(s.subjects(), s.subjects(), s.cities, s.days, st.integers(1, 200), st.integers(0, 90))
def test_a_later_report_never_changes_an_earlier_day(
    one: SubjectFacts, other: SubjectFacts, policy: Policy, as_of: date, ahead: int, amount: int
) -> None:
    later = Measure(as_of + timedelta(days=ahead), D(amount), D(90))
    more = replace(one, measures=(*one.measures, later))
    for subject in (Subject.INDICATOR, Subject.FUNDING):
        assert subject_light_at(more, policy, subject, as_of) == subject_light_at(one, policy, subject, as_of)
    assert subject_light_at(
        DivisionFacts((more, other)), policy, Subject.DIVISION, as_of
    ) == subject_light_at(DivisionFacts((one, other)), policy, Subject.DIVISION, as_of)
