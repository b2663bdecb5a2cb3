"""What supervision orders ask of somebody: to sign, to report back, to review, to decide."""

import datetime as dt
from collections.abc import Iterator
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from projects.admin.tasks import Example, Task
from projects.models import SupervisionOrder
from projects.permissions.access import Access, Permission, Target, holds, may
from projects.readmodels.orders import NAMED, due_soon, to_decide, to_review, today
from projects.rules.orders import TO_ANSWER
from projects.rules.vocabulary import OrderState

_SHOWN: Final = 3


def tasks_of_orders(access: Access, day: dt.date) -> Iterator[Task]:
    """Deadlines are asked of today, whatever the figures' cut-off. An administrator may answer every order;
    that is nobody's task, and left out."""
    now = today()
    address = reverse("admin:projects_supervisionorder_changelist")
    is_everybody = may(access, Permission.MEMBERSHIP_CHANGE, Target())
    if holds(access, Permission.ORDER_ANSWER) and not is_everybody:
        yield from _to_answer(access, now, address)
    if holds(access, Permission.ORDER_REVIEW):
        waiting = to_review(access).select_related(*NAMED).order_by("pk")
        yield Task(
            gettext_lazy("督办单待审核"),
            gettext_lazy("区县已反馈,审核后销号或退回重办"),
            "work",
            waiting.count(),
            False,
            f"{address}?todo=review",
            None,
            tuple(_example(order, now) for order in waiting[:_SHOWN]),
        )
        yield Task(
            gettext_lazy("延期待答复"),
            gettext_lazy("申请延期的督办单,同意或不同意"),
            "work",
            to_decide(access).count(),
            False,
            f"{address}?todo=extension",
        )
    if holds(access, Permission.ORDER_ISSUE):
        overdue = SupervisionOrder.objects.visible_to(access, Permission.ORDER_ISSUE).overdue(now)
        hint = gettext_lazy("没有按期签收或反馈,查明原因,无正当理由的升级")
        yield Task(gettext_lazy("督办单超期"), hint, "bad", overdue.count(), False, f"{address}?due=overdue")


def _to_answer(access: Access, now: dt.date, address: str) -> Iterator[Task]:
    mine = SupervisionOrder.objects.given_to(access).select_related(*NAMED)
    to_sign = mine.filter(state=OrderState.ISSUED.value).order_by("sign_by", "pk")
    to_report = mine.filter(state__in=[state.value for state in TO_ANSWER]).order_by("report_by", "pk")
    soon = due_soon(to_report, now).count()
    for rows, label, hint, todo in (
        (to_sign, gettext_lazy("督办单待签收"), gettext_lazy("发给本单位的督办单,请按期签收"), "sign"),
        (to_report, gettext_lazy("督办单待反馈"), gettext_lazy("办理后按期反馈结果,附佐证"), "report"),
    ):
        late = rows.overdue(now).count()
        if late:
            said = _("其中 %(count)d 份已超期") % {"count": late}
        elif todo == "report" and soon:
            said = _("其中 %(count)d 份临近期限") % {"count": soon}
        else:
            said = str(hint)
        first = list(rows[:_SHOWN])
        yield Task(
            label,
            said,
            "bad" if late else "work",
            rows.count(),
            False,
            f"{address}?todo={todo}",
            first[0].position.due_on if first else None,
            tuple(_example(order, now) for order in first),
        )


def _example(order: SupervisionOrder, now: dt.date) -> Example:
    due_on = order.position.due_on
    late = (now - due_on).days if due_on is not None else 0
    words = {"grade": order.get_grade_display(), "subject": order.subject}
    reason = _("%(grade)s,%(subject)s") % words
    if late > 0:
        reason = _("%(reason)s,超期 %(days)d 天") % {"reason": reason, "days": late}
    return Example(order.number, reason, reverse("admin:projects_supervisionorder_change", args=[order.pk]))
