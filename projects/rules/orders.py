"""Supervision orders (督办单): one transition table, and what of an order follows from its events and a day.

Overdue and due soon are asked of a day and never kept. Deadlines are working days (projects.rules.calendar);
how many is a programme's data, `DEFAULT_TERMS` where it has none.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from projects.rules.errors import RuleError
from projects.rules.errors import gettext_noop as _
from projects.rules.vocabulary import Due, OrderGrade, OrderState, OrderStep, RaiseCause

_ISSUED, _SIGNED, _IN_HAND = OrderState.ISSUED, OrderState.SIGNED, OrderState.IN_HAND
_REPORTED, _RETURNED = OrderState.REPORTED, OrderState.RETURNED

AFTER: Final[Mapping[tuple[OrderState, OrderStep], OrderState]] = MappingProxyType(
    {
        (_ISSUED, OrderStep.SIGN): _SIGNED,
        (_SIGNED, OrderStep.START): _IN_HAND,
        (_IN_HAND, OrderStep.REPORT_BACK): _REPORTED,
        (_RETURNED, OrderStep.REPORT_BACK): _REPORTED,
        (_REPORTED, OrderStep.CLOSE): OrderState.CLOSED,
        (_REPORTED, OrderStep.RETURN): _RETURNED,
        # An extension moves the deadline and nothing else.
        (_SIGNED, OrderStep.ASK_EXTENSION): _SIGNED,
        (_SIGNED, OrderStep.GRANT): _SIGNED,
        (_SIGNED, OrderStep.REFUSE): _SIGNED,
        (_IN_HAND, OrderStep.ASK_EXTENSION): _IN_HAND,
        (_IN_HAND, OrderStep.GRANT): _IN_HAND,
        (_IN_HAND, OrderStep.REFUSE): _IN_HAND,
        (_RETURNED, OrderStep.ASK_EXTENSION): _RETURNED,
        (_RETURNED, OrderStep.GRANT): _RETURNED,
        (_RETURNED, OrderStep.REFUSE): _RETURNED,
        # Raised, it is the same order with a graver grade and new dates: it is signed for again.
        (_ISSUED, OrderStep.RAISE): _ISSUED,
        (_SIGNED, OrderStep.RAISE): _ISSUED,
        (_IN_HAND, OrderStep.RAISE): _ISSUED,
        (_REPORTED, OrderStep.RAISE): _ISSUED,
        (_RETURNED, OrderStep.RAISE): _ISSUED,
        (_ISSUED, OrderStep.WITHDRAW): OrderState.WITHDRAWN,
        (_SIGNED, OrderStep.WITHDRAW): OrderState.WITHDRAWN,
        (_IN_HAND, OrderStep.WITHDRAW): OrderState.WITHDRAWN,
        (_REPORTED, OrderStep.WITHDRAW): OrderState.WITHDRAWN,
        (_RETURNED, OrderStep.WITHDRAW): OrderState.WITHDRAWN,
    }
)
"""The steps at a glance. What is not here cannot be done."""

OPEN: Final = frozenset(state for state, _step in AFTER)
"""Neither closed nor withdrawn: of one matter there is one such order."""
TO_ANSWER: Final = frozenset({_SIGNED, _IN_HAND, _RETURNED})
"""Signed for, and to be reported back by `report_by`."""
NEEDS_TEXT: Final = frozenset(set(OrderStep) - {OrderStep.SIGN, OrderStep.CLOSE, OrderStep.GRANT})
"""Steps that say why, or what was done."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Working days after the issue within which an order is signed for and reported back."""

    sign_days: int
    report_days: int


@dataclass(frozen=True, slots=True)
class OrderTerms:
    """What a programme's orders ask. `rework_days`: working days for what is returned; `remind_days`: so many
    working days before its date an order is due soon. `source`: where the numbers are from.
    """

    by_grade: Mapping[OrderGrade, Terms]
    rework_days: int
    remind_days: int
    source: str


DEFAULT_TERMS: Final = OrderTerms(
    MappingProxyType(
        {
            OrderGrade.BLUE: Terms(2, 10),
            OrderGrade.ORANGE: Terms(1, 5),
            OrderGrade.RED: Terms(1, 3),
        }
    ),
    rework_days=5,
    remind_days=2,
    source=_("系统默认:各地规定不一,越严重越短;本年度有规定的,在“督办办法”里登记。"),
)


@dataclass(frozen=True, slots=True)
class Happening:
    """One event as the rules see it. `grade`, `sign_by`, `report_by` are what it sets, None what it leaves;
    `wanted_on` is the day that an extension asks for.
    """

    step: OrderStep
    on: dt.date
    grade: OrderGrade | None = None
    sign_by: dt.date | None = None
    report_by: dt.date | None = None
    wanted_on: dt.date | None = None
    cause: RaiseCause | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """Where an order stands. `wanted_on`: an extension that nobody has decided yet. `was_reported`: at least
    once.
    """

    state: OrderState
    grade: OrderGrade
    sign_by: dt.date
    report_by: dt.date
    wanted_on: dt.date | None = None
    was_reported: bool = False

    @property
    def due_on(self) -> dt.date | None:
        """The next date that binds whom the order was given to; None: the others are at work, or nobody."""
        if self.state is _ISSUED:
            return self.sign_by
        return self.report_by if self.state in TO_ANSWER else None

    def due(self, day: dt.date, soon_until: dt.date) -> Due:
        """At the end of `day`: a date is kept until it is over. `soon_until`: the last day that is soon."""
        if self.due_on is None:
            return Due.NOTHING
        if self.due_on < day:
            return Due.OVERDUE
        return Due.SOON if self.due_on <= soon_until else Due.NOTHING


def issued(happening: Happening) -> Position:
    """Where an order begins. RuleError for what is no issue, or lacks a date or a grade."""
    grade, sign_by, report_by = happening.grade, happening.sign_by, happening.report_by
    if happening.step is not OrderStep.ISSUE or grade is None or sign_by is None or report_by is None:
        raise RuleError(_("督办单须从发单开始,有等级、签收期限和反馈期限。"))
    return Position(_ISSUED, grade, sign_by, report_by)


def after(position: Position, happening: Happening) -> Position:
    """Where an order stands after the next event. RuleError with a sentence for what cannot be done now."""
    step = happening.step
    state = AFTER.get((position.state, step))
    if state is None:
        raise RuleError(_("“{state}”的督办单不能{step}。"), state=position.state.term, step=step.term)
    _check(position, happening)
    wanted = position.wanted_on if state is position.state else None
    if step is OrderStep.ASK_EXTENSION:
        wanted = happening.wanted_on
    if step in (OrderStep.GRANT, OrderStep.REFUSE, OrderStep.RAISE):
        wanted = None
    return Position(
        state,
        happening.grade or position.grade,
        happening.sign_by or position.sign_by,
        happening.report_by or position.report_by,
        # It was asked for the work, not for the step: it waits while the work goes on.
        position.wanted_on if step is OrderStep.START else wanted,
        position.was_reported or step is OrderStep.REPORT_BACK,
    )


def replay(happenings: Iterable[Happening]) -> Position:
    """Where an order stands after all of its events. RuleError when they do not follow from one another."""
    events = iter(happenings)
    first = next(events, None)
    if first is None:
        raise RuleError(_("督办单须从发单开始,有等级、签收期限和反馈期限。"))
    position = issued(first)
    for happening in events:
        position = after(position, happening)
    return position


def higher(grade: OrderGrade) -> tuple[OrderGrade, ...]:
    """The grades that an order can be raised to."""
    ladder = tuple(OrderGrade)
    return ladder[ladder.index(grade) + 1 :]


def steps_from(position: Position, day: dt.date) -> tuple[OrderStep, ...]:
    """What can be done now, whoever does it, in the order of the work."""
    return tuple(step for step in OrderStep if _is_possible(position, step, day))


def number_text(year: int, serial: int) -> str:
    """`督〔2026〕17号`."""
    return f"督〔{year}〕{serial}号"


def _is_possible(position: Position, step: OrderStep, day: dt.date) -> bool:
    if (position.state, step) not in AFTER:
        return False
    if step is OrderStep.ASK_EXTENSION:
        return position.wanted_on is None and day <= position.report_by
    if step in (OrderStep.GRANT, OrderStep.REFUSE):
        return position.wanted_on is not None
    return step is not OrderStep.RAISE or bool(higher(position.grade))


def _check(position: Position, happening: Happening) -> None:
    step, day = happening.step, happening.on
    if step is OrderStep.ASK_EXTENSION:
        if position.wanted_on is not None:
            raise RuleError(_("已经申请过延期,还没有答复。"))
        if day > position.report_by:
            raise RuleError(_("延期须在期限以前申请:反馈期限 {day} 已过。"), day=position.report_by)
        if happening.wanted_on is None or happening.wanted_on <= position.report_by:
            raise RuleError(_("申请的日期须晚于现在的期限 {day}。"), day=position.report_by)
    if step in (OrderStep.GRANT, OrderStep.REFUSE) and position.wanted_on is None:
        raise RuleError(_("没有待答复的延期申请。"))
    if step is OrderStep.GRANT and (happening.report_by is None or happening.report_by <= position.report_by):
        raise RuleError(_("延期后的日期须晚于现在的期限 {day}。"), day=position.report_by)
    if step is OrderStep.RAISE:
        _check_raise(position, happening)
    if step is OrderStep.RETURN and happening.report_by is None:
        raise RuleError(_("退回重办须有新的期限。"))


def _check_raise(position: Position, happening: Happening) -> None:
    if happening.grade not in higher(position.grade):
        raise RuleError(_("督办单只能升级:现在是{grade}。"), grade=position.grade.term)
    if happening.sign_by is None or happening.report_by is None:
        raise RuleError(_("升级的督办单须有新的签收期限和反馈期限。"))
    if happening.cause is None:
        raise RuleError(_("请选择升级原因。"))
    if happening.cause is RaiseCause.MISSED and not (
        position.due_on is not None and position.due_on < happening.on
    ):
        raise RuleError(_("这份督办单没有超期,不能以超期为由升级。"))
    if happening.cause is RaiseCause.POOR and not position.was_reported:
        raise RuleError(_("还没有反馈过,不能以办理质量为由升级。"))
