"""Issuing supervision orders (督办单): numbered without a gap, one open order of one matter.

The number is taken while the head is held, so that two writers never get the same one and none is left out.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from projects.actions import ledger
from projects.actions.errors import Invalid, NotAllowed
from projects.actions.ordermatters import Matter, SubjectDraft, Why, matter_of, why
from projects.actions.rows import clean, save_row
from projects.models import OrderEvent, OrderScheme, SupervisionOrder
from projects.permissions.access import Access, Permission
from projects.permissions.orders import Parties, refusal
from projects.readmodels.calendar import working_calendar
from projects.readmodels.checkpoints import latest_checkpoint
from projects.readmodels.orders import terms_of
from projects.rules.orders import issued
from projects.rules.vocabulary import OrderGrade, OrderState, OrderStep

MOST_DAYS: Final = 250
_LONGEST: Final = 1000


@dataclass(frozen=True, slots=True)
class OrderDraft:
    """What is ordered. `report_days`: working days to report back, None: the programme's own for the grade.

    `reason`: why it starts at orange or red.
    """

    subject: SubjectDraft
    requirement: str
    grade: OrderGrade = OrderGrade.BLUE
    reason: str = ""
    report_days: int | None = None


@dataclass(frozen=True, slots=True)
class Dates:
    """Until when an order is to be signed for and reported back; provisional: a year's holidays are not
    announced yet.
    """

    sign_by: dt.date
    report_by: dt.date
    is_provisional: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """An order as it would be issued now."""

    matter: Matter
    why: Why
    dates: Dates
    problem: str = ""


def save_order_scheme(*, access: Access, row: OrderScheme, reason: str = "") -> OrderScheme:
    """A programme's deadlines, for what is issued from now on. Raises NotAllowed, Invalid."""
    return save_row(access=access, row=row, permission=Permission.PROGRAMME_CHANGE, reason=reason)


def issue_order(*, access: Access, draft: OrderDraft) -> SupervisionOrder:
    """Issue an order to who manages the matter, with what is known of it kept in the order.

    Raises NotAllowed outside the actor's scope; Invalid: no requirement, a grave start without a reason,
    a deadline before the signature's, a matter that has an open order.
    """
    with transaction.atomic():
        matter = matter_of(draft.subject, lock=True)
        _require(access, matter)
        _check(draft)
        dates = dates_from(matter.programme.pk, draft.grade, timezone.localdate(), draft.report_days)
        _check_free(matter)
        row = _row_of(matter, why(matter), draft, dates)
        with ledger.take(1, actor_id=access.user_id) as numbers:
            now = numbers.recorded_at
            row.year = timezone.localdate(now).year
            row.serial = _next_serial(matter.programme.pk, row.year)
            row.issued_by_id, row.issued_at = access.user_id, now
            row.known_seq, row.changed_seq = numbers.first - 1, numbers.first
            clean(row)
            row.save()
            event = OrderEvent(
                order=row,
                step=OrderStep.ISSUE.value,
                on_day=timezone.localdate(now),
                text=draft.reason.strip(),
                grade=row.grade,
                sign_by=row.sign_by,
                report_by=row.report_by,
                is_provisional=row.is_provisional,
                recorded_at=now,
                recorded_by_id=access.user_id,
                changed_seq=numbers.first,
            )
            issued(event.happening)
            clean(event)
            event.save()
            numbers.write([order_entry(row, event, {"number": row.number})])
    return row


def plan_order(access: Access, draft: OrderDraft) -> Plan:
    """What `issue_order` would do, without doing it; `problem`: why it would refuse. Raises NotAllowed."""
    matter = matter_of(draft.subject)
    _require(access, matter)
    problem = ""
    try:
        _check_free(matter)
    except Invalid as refused:
        problem = str(refused)
    dates = dates_from(matter.programme.pk, draft.grade, timezone.localdate(), draft.report_days)
    return Plan(matter, why(matter), dates, problem)


def dates_from(programme_id: int, grade: OrderGrade, day: dt.date, report_days: int | None = None) -> Dates:
    """Both dates of an order that is issued or raised on `day`. Raises Invalid for a number out of range."""
    terms = terms_of(programme_id).by_grade[grade]
    days = terms.report_days if report_days is None else report_days
    if not 1 <= days <= MOST_DAYS:
        raise Invalid({"report_days": _("期限须在 1 到 %(most)d 个工作日之间。") % {"most": MOST_DAYS}})
    if days < terms.sign_days:
        raise Invalid(
            {"report_days": _("反馈期限不能短于签收期限(%(days)d 个工作日)。") % {"days": terms.sign_days}}
        )
    calendar = working_calendar()
    sign, report = calendar.add_working_days(day, terms.sign_days), calendar.add_working_days(day, days)
    return Dates(sign.value, report.value, sign.is_provisional or report.is_provisional)


def order_entry(row: SupervisionOrder, event: OrderEvent, said: dict[str, ledger.JSON]) -> ledger.Entry:
    """The audit entry of a step. What people wrote stays out of the chain; its digest is in it."""
    return ledger.Entry(
        action=f"supervisionorder.{event.step}",
        subject_type="supervisionorder",
        subject_id=str(row.pk),
        division_id=row.division_id,
        payload={"event": event.pk, "subject": row.subject_key, **said},
    )


def _require(access: Access, matter: Matter) -> None:
    parties = Parties(matter.target, matter.target, issued_by=None)
    why_not = refusal(access, OrderStep.ISSUE, parties)
    if why_not:
        raise NotAllowed(_(why_not))


def _check(draft: OrderDraft) -> None:
    if not draft.requirement.strip():
        raise Invalid({"requirement": _("请写明督办要求。")})
    if len(draft.requirement.strip()) > _LONGEST or len(draft.reason.strip()) > _LONGEST:
        raise Invalid({"requirement": _("文字最长 %(most)d 个字。") % {"most": _LONGEST}})
    if draft.grade is not OrderGrade.BLUE and not draft.reason.strip():
        raise Invalid({"reason": _("直接发橙单或红单,请写明理由。")})


def _check_free(matter: Matter) -> None:
    there = SupervisionOrder.objects.open().filter(subject_key=matter.key).first()
    if there is not None:
        raise Invalid({"": _("一事一单:%(number)s 还没有办结。") % {"number": there.number}})


def _row_of(matter: Matter, known: Why, draft: OrderDraft, dates: Dates) -> SupervisionOrder:
    checkpoint = latest_checkpoint()
    return SupervisionOrder(
        programme=matter.programme,
        subject_key=matter.key,
        site=matter.site,
        indicator=matter.indicator,
        phase=matter.phase,
        division=matter.division,
        department=matter.department,
        grade=draft.grade.value,
        state=OrderState.ISSUED.value,
        requirement=draft.requirement.strip(),
        sign_by=dates.sign_by,
        report_by=dates.report_by,
        is_provisional=dates.is_provisional,
        light=known.light,
        planned=known.planned,
        actual=known.actual,
        lag_pp=known.lag_pp,
        finding=known.finding,
        rule=known.rule,
        as_of=known.clocks.as_of if known.clocks is not None else None,
        checkpoint_seq=checkpoint.seq if checkpoint is not None else None,
        checkpoint_hash=checkpoint.hash if checkpoint is not None else "",
        is_demo=matter.is_demo,
    )


def _next_serial(programme_id: int, year: int) -> int:
    """Asked while the head is held: nobody else takes a number at this moment."""
    rows = SupervisionOrder.objects.filter(programme_id=programme_id, year=year)
    return int(rows.aggregate(last=Max("serial"))["last"] or 0) + 1
