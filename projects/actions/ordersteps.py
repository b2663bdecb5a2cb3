"""What is done with an order after its issue, one action for each step: one event, one audit entry."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from projects.actions import ledger
from projects.actions.errors import Conflict, Invalid, NotAllowed
from projects.actions.orders import MOST_DAYS, dates_from, order_entry
from projects.actions.photodrafts import PhotoDraft
from projects.actions.photos import check_photos, photos_said, write_photos
from projects.actions.rows import clean
from projects.actions.sitewriting import lock
from projects.models import OrderEvent, Site, SupervisionOrder
from projects.permissions.access import Access
from projects.permissions.orders import refusal
from projects.readmodels.calendar import working_calendar
from projects.readmodels.orders import parties_of, terms_of
from projects.rules.errors import RuleError
from projects.rules.orders import NEEDS_TEXT, Happening, after, replay
from projects.rules.vocabulary import OrderGrade, OrderStep, RaiseCause


def sign_order(*, access: Access, order_id: int, expected_seq: int, text: str = "") -> SupervisionOrder:
    """Sign for an order (签收), late too. Raises NotAllowed, Invalid, Conflict, as every step here."""
    return _step(access, order_id, expected_seq, OrderStep.SIGN, text)


def start_order(*, access: Access, order_id: int, expected_seq: int, text: str) -> SupervisionOrder:
    """Take it in hand: `text` says what will be done and by whom."""
    return _step(access, order_id, expected_seq, OrderStep.START, text)


def report_back(
    *,
    access: Access,
    order_id: int,
    expected_seq: int,
    text: str,
    photos: Sequence[PhotoDraft] = (),
) -> SupervisionOrder:
    """Report back what was done, with photos as evidence where the matter is a site."""
    return _step(access, order_id, expected_seq, OrderStep.REPORT_BACK, text, photos=photos)


def close_order(*, access: Access, order_id: int, expected_seq: int, text: str = "") -> SupervisionOrder:
    """Close an order (销号): only the reviewer, who did not report it back."""
    return _step(access, order_id, expected_seq, OrderStep.CLOSE, text)


def return_order(
    *, access: Access, order_id: int, expected_seq: int, text: str, working_days: int | None = None
) -> SupervisionOrder:
    """Send it back for rework with a reason and a new date: so many working days from today (None: as the
    programme says)."""
    return _step(access, order_id, expected_seq, OrderStep.RETURN, text, working_days=working_days)


def ask_extension(
    *, access: Access, order_id: int, expected_seq: int, wanted_on: dt.date, text: str
) -> SupervisionOrder:
    """Ask for a later date, before the present one is over, with a reason."""
    return _step(access, order_id, expected_seq, OrderStep.ASK_EXTENSION, text, wanted_on=wanted_on)


def grant_extension(
    *,
    access: Access,
    order_id: int,
    expected_seq: int,
    until: dt.date | None = None,
    text: str = "",
) -> SupervisionOrder:
    """Grant it, until the day that was asked for or another one."""
    return _step(access, order_id, expected_seq, OrderStep.GRANT, text, report_by=until)


def refuse_extension(*, access: Access, order_id: int, expected_seq: int, text: str) -> SupervisionOrder:
    """Refuse it with a reason: the date stays."""
    return _step(access, order_id, expected_seq, OrderStep.REFUSE, text)


def raise_order(
    *, access: Access, order_id: int, expected_seq: int, grade: OrderGrade, cause: RaiseCause, text: str
) -> SupervisionOrder:
    """Raise it to a graver grade: the same order, to be signed for again, with the dates of that grade."""
    return _step(access, order_id, expected_seq, OrderStep.RAISE, text, grade=grade, cause=cause)


def withdraw_order(*, access: Access, order_id: int, expected_seq: int, text: str) -> SupervisionOrder:
    """Withdraw it with a reason: the issuer alone. Its number stays taken."""
    return _step(access, order_id, expected_seq, OrderStep.WITHDRAW, text)


def _step(
    access: Access,
    order_id: int,
    expected_seq: int,
    step: OrderStep,
    text: str,
    *,
    photos: Sequence[PhotoDraft] = (),
    working_days: int | None = None,
    wanted_on: dt.date | None = None,
    report_by: dt.date | None = None,
    grade: OrderGrade | None = None,
    cause: RaiseCause | None = None,
) -> SupervisionOrder:
    text = text.strip()
    with transaction.atomic():
        site = _lock_site(order_id) if photos else None
        order = SupervisionOrder.objects.select_for_update().filter(pk=order_id).first()
        if order is None:
            raise Invalid({"": _("没有这份督办单。")})
        events = list(order.events.order_by("pk"))
        why_not = refusal(access, step, parties_of(order, events))
        if why_not:
            raise NotAllowed(_(why_not))
        if order.changed_seq != expected_seq:
            raise Conflict(
                _("这份督办单在您打开之后已有新的办理记录,请看过再办。"), current_version=order.changed_seq
            )
        if step in NEEDS_TEXT and not text:
            raise Invalid({"text": _("请写明情况或理由。")})
        asked = Happening(step, timezone.localdate(), grade, None, report_by, wanted_on, cause)
        happening, is_provisional = _dated(order, asked, working_days)
        try:
            position = after(replay(event.happening for event in events), happening)
        except RuleError as problem:
            raise Invalid({"": _translated(problem)}) from problem
        if photos:
            if site is None:
                raise Invalid({"photos": _("只有点位的督办单可以附照片;其他请在说明里写明材料。")})
            check_photos(access, site, photos)
        event = OrderEvent(
            order=order,
            step=step.value,
            on_day=happening.on,
            text=text,
            grade=happening.grade.value if happening.grade else "",
            cause=cause.value if cause else "",
            sign_by=happening.sign_by,
            report_by=happening.report_by,
            is_provisional=is_provisional,
            wanted_on=happening.wanted_on,
            recorded_by_id=access.user_id,
        )
        clean(event)
        before = _said(order)
        order.state, order.grade = position.state.value, position.grade.value
        order.sign_by, order.report_by = position.sign_by, position.report_by
        order.wanted_on = position.wanted_on
        if happening.report_by is not None:
            order.is_provisional = is_provisional
        now_said = _said(order)
        changed: dict[str, ledger.JSON] = {
            name: [before[name], value] for name, value in now_said.items() if before[name] != value
        }
        with ledger.take(1, actor_id=access.user_id) as numbers:
            order.changed_seq = event.changed_seq = numbers.first
            event.recorded_at = numbers.recorded_at
            event.save()
            order.save()
            told: dict[str, ledger.JSON] = {"changed": changed}
            if photos and site is not None:
                taken = write_photos(
                    site, None, photos, numbers, access, seq=numbers.first, order_event=event
                )
                told |= photos_said(taken)
            numbers.write([order_entry(order, event, told)])
    return order


def _lock_site(order_id: int) -> Site | None:
    """Before the order: subjects are locked in one order everywhere."""
    pk = SupervisionOrder.objects.filter(pk=order_id).values_list("site_id", flat=True).first()
    return None if pk is None else lock(pk)


def _dated(order: SupervisionOrder, asked: Happening, working_days: int | None) -> tuple[Happening, bool]:
    """The event with the dates that follow from it, and whether they rest on a year not announced yet."""
    if asked.step is OrderStep.RETURN:
        days = terms_of(order.programme_id).rework_days if working_days is None else working_days
        if not 1 <= days <= MOST_DAYS:
            raise Invalid({"working_days": _("期限须在 1 到 %(most)d 个工作日之间。") % {"most": MOST_DAYS}})
        answer = working_calendar().add_working_days(asked.on, days)
        return replace(asked, report_by=answer.value), answer.is_provisional
    if asked.step is OrderStep.RAISE and asked.grade is not None:
        dates = dates_from(order.programme_id, asked.grade, asked.on)
        return replace(asked, sign_by=dates.sign_by, report_by=dates.report_by), dates.is_provisional
    if asked.step is OrderStep.GRANT:
        return replace(asked, report_by=asked.report_by or order.wanted_on), False
    return asked, False


def _said(order: SupervisionOrder) -> dict[str, ledger.JSON]:
    return {
        name: ledger.as_json(getattr(order, name))
        for name in ("state", "grade", "sign_by", "report_by", "wanted_on")
    }


def _translated(problem: RuleError) -> str:
    params = {name: _(value) if isinstance(value, str) else value for name, value in problem.params.items()}
    return _(problem.msgid).format(**params)
