"""What supervision orders ask of somebody: to sign, to report back, to review, to decide."""

import datetime as dt
from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from projects.admin.tasks import Task
from projects.models import SupervisionOrder
from projects.permissions.access import Access, Permission, Target, holds, may
from projects.readmodels.orders import due_soon, to_decide, to_review, today
from projects.rules.orders import TO_ANSWER
from projects.rules.vocabulary import OrderState


def tasks_of_orders(access: Access, day: dt.date) -> Iterator[Task]:
    """Deadlines are asked of today, whatever the figures' cut-off. An administrator may answer every order;
    that is nobody's task, and left out."""
    now = today()
    address = reverse("admin:projects_supervisionorder_changelist")
    is_everybody = may(access, Permission.MEMBERSHIP_CHANGE, Target())
    if holds(access, Permission.ORDER_ANSWER) and not is_everybody:
        yield from _to_answer(access, now, address)
    if holds(access, Permission.ORDER_REVIEW):
        yield Task(
            gettext_lazy("督办单待审核"),
            gettext_lazy("区县已反馈,审核后销号或退回重办"),
            "work",
            to_review(access).count(),
            False,
            f"{address}?todo=review",
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
    mine = SupervisionOrder.objects.given_to(access)
    to_sign = mine.filter(state=OrderState.ISSUED.value)
    to_report = mine.filter(state__in=[state.value for state in TO_ANSWER])
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
        yield Task(label, said, "bad" if late else "work", rows.count(), False, f"{address}?todo={todo}")
