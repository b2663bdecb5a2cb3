"""Supervision orders as tables: what can be done from where, by whom, and what is due on which day."""

import datetime as dt
from dataclasses import replace
from typing import Final

import pytest

from projects.permissions.access import Access, Grant, Target
from projects.permissions.orders import STEP_PERMISSIONS, Parties, refusal
from projects.rules.calendar import WorkingCalendar
from projects.rules.errors import RuleError
from projects.rules.orders import (
    AFTER,
    DEFAULT_TERMS,
    NEEDS_TEXT,
    OPEN,
    Happening,
    Position,
    after,
    higher,
    number_text,
    replay,
    steps_from,
)
from projects.rules.vocabulary import Due, OrderGrade, OrderState, OrderStep, RaiseCause, Role

S, T = OrderState, OrderStep
BLUE, ORANGE, RED = OrderGrade
DAY: Final = dt.date(2024, 7, 1)
ISSUED: Final = Position(S.ISSUED, BLUE, dt.date(2024, 7, 3), dt.date(2024, 7, 15))
ISSUE: Final = Happening(T.ISSUE, DAY, BLUE, ISSUED.sign_by, ISSUED.report_by)


def event(step: OrderStep, day: dt.date = DAY) -> Happening:
    """The step with whatever it needs."""
    later = dt.date(2024, 8, 1)
    return {
        T.RETURN: Happening(step, day, report_by=later),
        T.ASK_EXTENSION: Happening(step, day, wanted_on=later),
        T.GRANT: Happening(step, day, report_by=later),
        T.RAISE: Happening(step, day, RED, day, later, cause=RaiseCause.SERIOUS),
    }.get(step, Happening(step, day))


#: From each state, what leads where. What is not named is refused.
TABLE: Final = {
    S.ISSUED: {T.SIGN: S.SIGNED, T.RAISE: S.ISSUED, T.WITHDRAW: S.WITHDRAWN},
    S.SIGNED: {
        T.START: S.IN_HAND,
        T.ASK_EXTENSION: S.SIGNED,
        T.GRANT: S.SIGNED,
        T.REFUSE: S.SIGNED,
        T.RAISE: S.ISSUED,
        T.WITHDRAW: S.WITHDRAWN,
    },
    S.IN_HAND: {
        T.REPORT_BACK: S.REPORTED,
        T.ASK_EXTENSION: S.IN_HAND,
        T.GRANT: S.IN_HAND,
        T.REFUSE: S.IN_HAND,
        T.RAISE: S.ISSUED,
        T.WITHDRAW: S.WITHDRAWN,
    },
    S.REPORTED: {
        T.CLOSE: S.CLOSED,
        T.RETURN: S.RETURNED,
        T.RAISE: S.ISSUED,
        T.WITHDRAW: S.WITHDRAWN,
    },
    S.RETURNED: {
        T.REPORT_BACK: S.REPORTED,
        T.ASK_EXTENSION: S.RETURNED,
        T.GRANT: S.RETURNED,
        T.REFUSE: S.RETURNED,
        T.RAISE: S.ISSUED,
        T.WITHDRAW: S.WITHDRAWN,
    },
    S.CLOSED: {},
    S.WITHDRAWN: {},
}


@pytest.mark.parametrize("state", list(OrderState))
@pytest.mark.parametrize("step", list(OrderStep))
def test_the_table(state: OrderState, step: OrderStep) -> None:
    asked = dt.date(2024, 7, 20) if step in (T.GRANT, T.REFUSE) else None
    position = replace(ISSUED, state=state, wanted_on=asked)
    expected = TABLE[state].get(step)
    assert (step in steps_from(position, DAY)) == (expected is not None)
    if expected is None:
        with pytest.raises(RuleError):
            after(position, event(step))
    else:
        assert after(position, event(step)).state is expected


def test_open_states_are_those_that_something_leads_out_of() -> None:
    assert set(OrderState) - OPEN == {S.CLOSED, S.WITHDRAWN}
    assert {step for _state, step in AFTER} == set(OrderStep) - {T.ISSUE}
    assert not NEEDS_TEXT & {T.SIGN, T.CLOSE, T.GRANT}


def test_a_whole_life() -> None:
    position = replay(
        [
            ISSUE,
            event(T.SIGN),
            event(T.START),
            event(T.ASK_EXTENSION),
            event(T.GRANT),
            event(T.REPORT_BACK),
            event(T.RETURN),
            event(T.REPORT_BACK),
            event(T.RAISE),
            event(T.SIGN),
            event(T.START),
            event(T.REPORT_BACK),
            event(T.CLOSE),
        ]
    )
    assert (position.state, position.grade, position.wanted_on) == (S.CLOSED, RED, None)


def test_what_waits_for_an_answer_waits_while_the_work_goes_on() -> None:
    asked = [ISSUE, event(T.SIGN), event(T.ASK_EXTENSION)]
    assert replay([*asked, event(T.START)]).wanted_on == dt.date(2024, 8, 1)
    assert replay([*asked, event(T.START), event(T.REPORT_BACK)]).wanted_on is None
    assert replay([*asked, event(T.RAISE)]).wanted_on is None
    with pytest.raises(RuleError):
        replay([*asked, event(T.ASK_EXTENSION)])


@pytest.mark.parametrize(
    ("state", "happening", "is_fine"),
    [
        # On its last day an extension can still be asked for; the day after it cannot.
        (S.IN_HAND, event(T.ASK_EXTENSION, dt.date(2024, 7, 15)), True),
        (S.IN_HAND, event(T.ASK_EXTENSION, dt.date(2024, 7, 16)), False),
        (S.IN_HAND, Happening(T.ASK_EXTENSION, DAY, wanted_on=dt.date(2024, 7, 15)), False),
        (S.IN_HAND, Happening(T.ASK_EXTENSION, DAY), False),
        # No way down the ladder, no new grade without dates, a cause that holds.
        (S.SIGNED, Happening(T.RAISE, DAY, BLUE, DAY, DAY, cause=RaiseCause.SERIOUS), False),
        (S.SIGNED, Happening(T.RAISE, DAY, RED, cause=RaiseCause.SERIOUS), False),
        (S.SIGNED, Happening(T.RAISE, DAY, RED, DAY, DAY), False),
        (S.SIGNED, Happening(T.RAISE, DAY, ORANGE, DAY, DAY, cause=RaiseCause.MISSED), False),
        (S.SIGNED, Happening(T.RAISE, dt.date(2024, 7, 16), ORANGE, DAY, DAY, cause=RaiseCause.MISSED), True),
        (S.ISSUED, Happening(T.RAISE, dt.date(2024, 7, 4), ORANGE, DAY, DAY, cause=RaiseCause.MISSED), True),
        (S.SIGNED, Happening(T.RAISE, DAY, ORANGE, DAY, DAY, cause=RaiseCause.POOR), False),
        (S.REPORTED, Happening(T.RAISE, DAY, ORANGE, DAY, DAY, cause=RaiseCause.POOR), True),
        (S.REPORTED, Happening(T.RETURN, DAY), False),
    ],
)
def test_conditions(state: OrderState, happening: Happening, is_fine: bool) -> None:
    position = replace(ISSUED, state=state, was_reported=state is S.REPORTED)
    if is_fine:
        after(position, happening)
    else:
        with pytest.raises(RuleError):
            after(position, happening)


def test_it_begins_with_an_issue() -> None:
    for events in ([], [event(T.SIGN)], [Happening(T.ISSUE, DAY)]):
        with pytest.raises(RuleError):
            replay(events)


def test_the_ladder() -> None:
    assert [higher(grade) for grade in OrderGrade] == [(ORANGE, RED), (RED,), ()]
    assert T.RAISE not in steps_from(replace(ISSUED, grade=RED), DAY)
    assert number_text(2026, 17) == "督〔2026〕17号"
    terms = [DEFAULT_TERMS.by_grade[grade] for grade in OrderGrade]
    assert sorted(terms, key=lambda each: -each.report_days) == terms
    assert all(1 <= each.sign_days <= each.report_days for each in terms) and DEFAULT_TERMS.source


@pytest.mark.parametrize(
    ("issued_on", "grade", "sign_by", "report_by", "provisional"),
    [
        # A Monday without holidays.
        ("2024-07-01", BLUE, "2024-07-03", "2024-07-15", False),
        # Before the National Day week of 2024: Sunday 29 September and Saturday 12 October are worked.
        ("2024-09-27", BLUE, "2024-09-30", "2024-10-16", False),
        ("2024-09-30", RED, "2024-10-08", "2024-10-10", False),
        # Spring Festival 2024: 10 to 17 February off, Sundays 4 and 18 February worked.
        ("2024-02-09", ORANGE, "2024-02-18", "2024-02-22", False),
        # Issued on a day off: the first working day after counts as one.
        ("2024-07-06", RED, "2024-07-08", "2024-07-10", False),
        # A year without an announced table: weekends alone, and it says so.
        ("2049-12-31", RED, "2050-01-03", "2050-01-05", True),
    ],
)
def test_deadlines_count_working_days(
    issued_on: str, grade: OrderGrade, sign_by: str, report_by: str, provisional: bool
) -> None:
    terms, start = DEFAULT_TERMS.by_grade[grade], dt.date.fromisoformat(issued_on)
    sign = WorkingCalendar().add_working_days(start, terms.sign_days)
    report = WorkingCalendar().add_working_days(start, terms.report_days)
    assert (sign.value.isoformat(), report.value.isoformat()) == (sign_by, report_by)
    assert (sign.is_provisional or report.is_provisional) == provisional


@pytest.mark.parametrize(
    ("state", "day", "expected"),
    [
        (S.ISSUED, "2024-07-01", Due.NOTHING),
        (S.ISSUED, "2024-07-02", Due.SOON),
        (S.ISSUED, "2024-07-03", Due.SOON),
        (S.ISSUED, "2024-07-04", Due.OVERDUE),
        (S.SIGNED, "2024-07-04", Due.NOTHING),
        (S.IN_HAND, "2024-07-13", Due.SOON),
        (S.IN_HAND, "2024-07-15", Due.SOON),
        (S.RETURNED, "2024-07-16", Due.OVERDUE),
        # What waits for the reviewer is not late with the district, nor is what is over.
        (S.REPORTED, "2024-08-16", Due.NOTHING),
        (S.CLOSED, "2024-08-16", Due.NOTHING),
        (S.WITHDRAWN, "2024-08-16", Due.NOTHING),
    ],
)
def test_due_is_asked_of_a_day(state: OrderState, day: str, expected: Due) -> None:
    on = dt.date.fromisoformat(day)
    calendar = WorkingCalendar()
    soon = calendar.add_working_days(on, 1 if state is S.ISSUED else DEFAULT_TERMS.remind_days).value
    assert replace(ISSUED, state=state).due(on, soon) is expected


OWN, OTHER, CIVIL = 7, 8, 3
MATTER = Target(OWN, frozenset({CIVIL}))
ANSWERS = frozenset({T.SIGN, T.START, T.REPORT_BACK, T.ASK_EXTENSION})
ISSUES = frozenset({T.ISSUE, T.CLOSE, T.RETURN, T.GRANT, T.REFUSE, T.RAISE, T.WITHDRAW})


@pytest.mark.parametrize(
    ("grant", "allowed"),
    [
        (Grant(Role.DISTRICT_EDITOR, frozenset({OWN})), ANSWERS),
        (Grant(Role.DISTRICT_EDITOR, frozenset({OTHER})), frozenset()),
        # An order that was given to a district is answered by the district.
        (Grant(Role.DEPARTMENT_EDITOR, None, frozenset({CIVIL})), frozenset()),
        (Grant(Role.SUPERVISOR), ISSUES),
        (Grant(Role.SUPERVISOR, frozenset({OTHER})), frozenset()),
        (Grant(Role.VERIFIER), frozenset()),
        (Grant(Role.PUBLISHER), frozenset()),
        (Grant(Role.ADMINISTRATOR), frozenset(OrderStep)),
    ],
)
def test_who_may_do_which_step(grant: Grant, allowed: frozenset[OrderStep]) -> None:
    access = Access(1, (grant,))
    parties = Parties(MATTER, Target(OWN), issued_by=1)
    assert {step for step in OrderStep if not refusal(access, step, parties)} == allowed
    assert all(refusal(replace(access, is_active=False), step, parties) for step in OrderStep)
    assert set(STEP_PERMISSIONS) == set(OrderStep)


def test_a_department_answers_what_it_was_given() -> None:
    parties = Parties(Target(None, frozenset({CIVIL})), Target(None, frozenset({CIVIL})), issued_by=1)
    civil = Access(2, (Grant(Role.DEPARTMENT_EDITOR, None, frozenset({CIVIL})),))
    district = Access(3, (Grant(Role.DISTRICT_EDITOR, frozenset({OWN})),))
    assert {step for step in OrderStep if not refusal(civil, step, parties)} == ANSWERS
    assert all(refusal(district, step, parties) for step in OrderStep)


def test_nobody_decides_on_their_own_work() -> None:
    admin = Access(1, (Grant(Role.ADMINISTRATOR),))
    parties = Parties(MATTER, Target(OWN), 1, reported_by=frozenset({1}), asked_by=1)
    refused = {step for step in OrderStep if refusal(admin, step, parties)}
    assert refused == {T.CLOSE, T.RETURN, T.RAISE, T.WITHDRAW, T.GRANT, T.REFUSE}
    # Of what somebody else issued only an administrator takes back the name.
    other = replace(parties, issued_by=9, reported_by=frozenset(), asked_by=None)
    supervisor = Access(2, (Grant(Role.SUPERVISOR),))
    assert {step for step in OrderStep if refusal(supervisor, step, other)} == {T.WITHDRAW, *ANSWERS}
    assert not refusal(admin, T.WITHDRAW, other)
