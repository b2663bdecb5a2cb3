"""Late, delayed, late to start, finished late, overspent: tables of dates, and what no later day may change."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.rules.phases import (
    EMPTY,
    Answer,
    Gap,
    Meaning,
    Outcome,
    PhaseFacts,
    Question,
    Standing,
    Why,
    count,
    delayed,
    facts_on,
    finished_late,
    is_met,
    is_started,
    judge,
    late,
    late_start,
    over_estimate,
    overspent,
)
from projects.rules.policy import YINCHUAN_2025, Policy

D = dt.date
PNS = Gap(Meaning.NOT_STARTED, "PNS")
DOES = Gap(Meaning.UNKNOWN, "DOES")
EMER = Gap(Meaning.NOT_APPLICABLE, "EMER")


def policy(months: int = 3, against: str = "baseline") -> Policy:
    """New York State comptroller: three months or more past the planned date."""
    return Policy.from_json(
        {
            "schema": 1,
            "key": "nys",
            "version": 1,
            "title": "NYS",
            "source": "comptroller",
            "against": against,
            "overdue": [{"light": "red", "months": months}],
        }
    )


def facts(**values: Any) -> PhaseFacts:
    gaps = {name: value for name, value in values.items() if isinstance(value, Gap)}
    return PhaseFacts(**{name: value for name, value in values.items() if name not in gaps}, gaps=gaps)


DUE = D(2024, 2, 29)
#: due, met, as_of, outcome, days or why
LATE = [
    (DUE, None, D(2024, 2, 29), Outcome.NO, None),  # the due day itself is in time
    (DUE, None, D(2024, 3, 1), Outcome.YES, 1),
    (DUE, None, D(2025, 2, 28), Outcome.YES, 365),
    (DUE, D(2024, 2, 29), D(2024, 6, 1), Outcome.NO, None),
    (DUE, D(2024, 3, 5), D(2024, 6, 1), Outcome.NO, None),  # finished late is another question
    (DUE, D(2024, 3, 5), D(2024, 3, 4), Outcome.YES, 4),  # what is met tomorrow is not met today
    (DUE, PNS, D(2024, 3, 1), Outcome.YES, 1),  # not started is not met
    (DUE, DOES, D(2024, 2, 29), Outcome.NO, None),  # not due yet, whatever the word means
    (DUE, DOES, D(2024, 3, 1), Outcome.UNKNOWN, Why.MET_UNKNOWN),
    (DUE, EMER, D(2024, 3, 1), Outcome.UNKNOWN, Why.MET_UNKNOWN),
    (None, None, D(2024, 3, 1), Outcome.UNKNOWN, Why.NO_DUE),
    (DOES, None, D(2024, 3, 1), Outcome.UNKNOWN, Why.NO_DUE),
]


@pytest.mark.parametrize(("due", "met", "as_of", "outcome", "told"), LATE)
def test_late(due: Any, met: Any, as_of: dt.date, outcome: Outcome, told: Any) -> None:
    answer = late(facts(baseline_due=due, met_on=met), as_of)
    assert answer.outcome is outcome
    assert (answer.why if outcome is Outcome.UNKNOWN else answer.days) == told


def test_the_word_as_printed_is_told() -> None:
    assert late(facts(baseline_due=DOES), D(2024, 1, 1)).word == "DOES"
    assert late(facts(planned_due=PNS), D(2024, 1, 1)).word == "PNS"
    assert late(facts(), D(2024, 1, 1)).word == ""


DELAYED = [
    (DUE, None, D(2024, 5, 28), Outcome.NO),
    (DUE, None, D(2024, 5, 29), Outcome.YES),  # three months to the day is delayed
    (D(2023, 11, 30), None, D(2024, 2, 28), Outcome.NO),
    (D(2023, 11, 30), None, D(2024, 2, 29), Outcome.YES),  # 30 February does not exist
    (DUE, D(2024, 5, 29), D(2024, 6, 30), Outcome.NO),
    (DUE, DOES, D(2024, 5, 28), Outcome.NO),
    (DUE, DOES, D(2024, 5, 29), Outcome.UNKNOWN),
]


@pytest.mark.parametrize(("due", "met", "as_of", "outcome"), DELAYED)
def test_delayed_by_three_months(due: Any, met: Any, as_of: dt.date, outcome: Outcome) -> None:
    assert delayed(facts(baseline_due=due, met_on=met), as_of, policy()).outcome is outcome


def test_delay_is_measured_against_the_plan_that_the_policy_names() -> None:
    moved = facts(baseline_due=D(2024, 1, 1), planned_due=D(2024, 12, 31))
    day = D(2024, 6, 30)
    assert delayed(moved, day, policy(against="baseline")).holds
    assert delayed(moved, day, policy(against="approved")).outcome is Outcome.NO
    # Without another plan the baseline is the plan; a reschedule never makes it in time.
    unmoved = facts(baseline_due=D(2024, 1, 1))
    assert delayed(unmoved, day, policy(against="approved")).holds
    assert late(moved, day).holds


def test_a_policy_without_the_rule_says_so() -> None:
    answer = delayed(facts(baseline_due=D(2020, 1, 1)), D(2024, 1, 1), YINCHUAN_2025)
    assert answer == Answer(Outcome.UNKNOWN, Why.NO_RULE)


START = [
    (D(2024, 1, 1), None, None, D(2024, 1, 1), Outcome.NO),
    (D(2024, 1, 1), None, None, D(2024, 1, 2), Outcome.YES),
    (D(2024, 1, 1), PNS, None, D(2024, 1, 2), Outcome.YES),
    (D(2024, 1, 1), D(2024, 3, 1), None, D(2024, 2, 1), Outcome.YES),
    (D(2024, 1, 1), D(2024, 3, 1), None, D(2024, 3, 1), Outcome.NO),
    (D(2024, 1, 1), DOES, None, D(2024, 2, 1), Outcome.UNKNOWN),
    (D(2024, 1, 1), DOES, D(2024, 1, 20), D(2024, 2, 1), Outcome.NO),  # what is met has begun
    (None, None, None, D(2024, 2, 1), Outcome.UNKNOWN),
]


@pytest.mark.parametrize(("start", "begun", "met", "as_of", "outcome"), START)
def test_not_started_though_due(start: Any, begun: Any, met: Any, as_of: dt.date, outcome: Outcome) -> None:
    assert late_start(facts(baseline_start=start, started_on=begun, met_on=met), as_of).outcome is outcome


FINISHED = [
    (DUE, DUE, D(2024, 6, 1), Outcome.NO, None),
    (DUE, D(2024, 3, 1), D(2024, 6, 1), Outcome.YES, 1),
    (DUE, D(2024, 3, 1), D(2024, 2, 29), Outcome.OUTSIDE, None),
    (DUE, None, D(2024, 6, 1), Outcome.OUTSIDE, None),
    (DUE, DOES, D(2024, 6, 1), Outcome.UNKNOWN, None),
    (None, D(2024, 3, 1), D(2024, 6, 1), Outcome.UNKNOWN, None),
]


@pytest.mark.parametrize(("due", "met", "as_of", "outcome", "days"), FINISHED)
def test_finished_late(due: Any, met: Any, as_of: dt.date, outcome: Outcome, days: int | None) -> None:
    answer = finished_late(facts(baseline_due=due, met_on=met), as_of)
    assert (answer.outcome, answer.days) == (outcome, days)


MONEY = [
    ("100", "100", Outcome.NO),  # exactly the budget is no overspending
    ("100", "100.0001", Outcome.YES),
    ("0", "0.01", Outcome.YES),
    ("0", "0", Outcome.NO),
    (None, "5", Outcome.UNKNOWN),
    ("100", None, Outcome.UNKNOWN),
]


@pytest.mark.parametrize(("budget", "amount", "outcome"), MONEY)
def test_above_budget(budget: str | None, amount: str | None, outcome: Outcome) -> None:
    held = None if budget is None else Decimal(budget)
    given_amount = None if amount is None else Decimal(amount)
    assert overspent(facts(budget=held, spent=given_amount)).outcome is outcome
    assert over_estimate(facts(budget=held, estimate=given_amount)).outcome is outcome


def test_a_count_adds_up_and_says_what_is_missing() -> None:
    answers = [
        late(facts(baseline_due=D(2024, 1, 1)), D(2024, 2, 1)),
        late(facts(baseline_due=D(2024, 3, 1)), D(2024, 2, 1)),
        late(facts(baseline_due=PNS), D(2024, 2, 1)),
        late(facts(baseline_due=PNS), D(2024, 2, 1)),
        late(facts(baseline_due=D(2024, 1, 1), met_on=DOES), D(2024, 2, 1)),
    ]
    found = count(Question.LATE, answers)
    assert (found.total, found.yes, found.judged, found.outside, found.missing) == (5, 1, 2, 0, 3)
    assert found.unknown == {(Why.NO_DUE, "PNS"): 2, (Why.MET_UNKNOWN, "DOES"): 1}
    assert found.by_reason == {Why.NO_DUE: 2, Why.MET_UNKNOWN: 1}
    assert found.total == found.judged + found.outside + found.missing


# ------------------------------------------------------------------------------ what reports say of a day


def test_money_is_of_its_day_and_dates_are_dated_themselves() -> None:
    june = Standing(D(2024, 6, 30), planned_due=D(2024, 9, 1), budget=Decimal(10), spent=Decimal(4))
    december = Standing(D(2024, 12, 31), D(2024, 1, 1), D(2025, 1, 1), D(2024, 1, 5), D(2024, 5, 1),
                        Decimal(20), None, Decimal(30), "Complete")  # fmt: skip
    found = facts_on(D(2024, 7, 1), [june, december])
    assert (found.budget, found.spent, found.planned_due) == (Decimal(10), Decimal(4), D(2024, 9, 1))
    assert found.reported == D(2024, 6, 30)
    # December told that it had been met in May: so it had, on 1 July.
    assert (found.met_on, is_met(found, D(2024, 7, 1)), is_met(found, D(2024, 4, 30))) == (
        D(2024, 5, 1), True, False,
    )  # fmt: skip
    assert facts_on(D(2024, 12, 31), [june, december]).spent == Decimal(30)


def test_before_the_first_report_nothing_is_known_of_money() -> None:
    only = Standing(D(2024, 6, 30), budget=Decimal(10), spent=Decimal(40), met_on=D(2023, 5, 1))
    found = facts_on(D(2023, 6, 1), [only], due=D(2023, 1, 1))
    assert found.reported is None and found.budget is None
    assert overspent(found).outcome is Outcome.UNKNOWN
    assert finished_late(found, D(2023, 6, 1)).holds


def test_a_word_told_later_does_not_unsay_what_was_known() -> None:
    before = Standing(D(2024, 3, 31), started_on=D(2024, 1, 2))
    after = Standing(D(2024, 6, 30), gaps={"started_on": DOES, "met_on": DOES})
    found = facts_on(D(2024, 5, 1), [before, after])
    assert found.started_on == D(2024, 1, 2)
    assert found.gap("met_on") == EMPTY
    # On the day of the later report its word holds.
    assert is_met(facts_on(D(2024, 7, 1), [before, after]), D(2024, 7, 1)) is None


def test_without_any_report_nothing_is_known() -> None:
    found = facts_on(D(2024, 5, 1), [], due=D(2024, 1, 1))
    assert is_met(found, D(2024, 5, 1)) is None and is_started(found, D(2024, 5, 1)) is None
    assert late(found, D(2024, 5, 1)).outcome is Outcome.UNKNOWN


# --------------------------------------------------------------------------------------- invariants

DAYS = st.dates(D(2020, 1, 1), D(2026, 12, 31))
GAPS = st.sampled_from([EMPTY, PNS, DOES, EMER])
AMOUNTS = st.none() | st.decimals(min_value=0, max_value=10**9, places=4)


@st.composite
def standings(draw: st.DrawFn) -> Standing:
    names = ("planned_start", "planned_due", "started_on", "met_on")
    dates = {name: draw(st.none() | DAYS) for name in names}
    money = {name: draw(AMOUNTS) for name in ("budget", "estimate", "spent")}
    gaps = {name: draw(GAPS) for name, value in {**dates, **money}.items() if value is None}
    values: dict[str, Any] = {**dates, **money}
    return Standing(as_of=draw(DAYS), gaps=gaps, **values)


@given(st.none() | DAYS, st.none() | DAYS, st.lists(standings(), max_size=4), DAYS)
def test_every_question_has_one_outcome_and_reasons_are_told(
    start: dt.date | None, due: dt.date | None, reports: list[Standing], as_of: dt.date
) -> None:
    reports.sort(key=lambda report: report.as_of)
    found = facts_on(as_of, reports, start=start, due=due)
    answers = judge(found, as_of, policy())
    assert answers.keys() == set(Question)
    for question, answer in answers.items():
        assert (answer.why is not None) == (answer.outcome is Outcome.UNKNOWN), question
    # Late and finished late exclude each other; delayed is late for longer.
    assert not (answers[Question.LATE].holds and answers[Question.FINISHED_LATE].holds)
    assert not answers[Question.DELAYED].holds or answers[Question.LATE].holds


@given(DAYS, st.none() | DAYS, DAYS, DAYS)
def test_a_later_day_never_makes_an_unmet_phase_less_late(
    due: dt.date, met: dt.date | None, first: dt.date, second: dt.date
) -> None:
    early, later = sorted((first, second))
    phase = facts(baseline_due=due) if met is None else facts(baseline_due=due, met_on=met)
    before, after = late(phase, early), late(phase, later)
    if before.holds and is_met(phase, later) is False:
        assert after.holds
        assert (after.days or 0) - (before.days or 0) == (later - early).days
    if delayed(phase, early, policy()).holds and is_met(phase, later) is False:
        assert delayed(phase, later, policy()).holds


@given(st.lists(standings(), min_size=1, max_size=4), standings(), DAYS, st.none() | DAYS)
def test_a_report_about_a_later_day_changes_no_money_of_before(
    reports: list[Standing], added: Standing, as_of: dt.date, due: dt.date | None
) -> None:
    reports.sort(key=lambda report: report.as_of)
    later = added._replace(as_of=max(*(report.as_of for report in reports), as_of) + dt.timedelta(days=1))
    before = facts_on(as_of, reports, due=due)
    after = facts_on(as_of, [*reports, later], due=due)
    for name in ("budget", "estimate", "spent", "planned_due", "reported"):
        assert getattr(before, name) == getattr(after, name)
    assert overspent(before) == overspent(after)
