"""Supervision orders in the demo: three late sites of one district, each at another step."""

from typing import Final

from django.utils import timezone

from projects.actions.ordermatters import SubjectDraft
from projects.actions.orders import OrderDraft, issue_order
from projects.actions.ordersteps import report_back, sign_order, start_order
from projects.models import Site, SupervisionOrder, User
from projects.models.access import access_of
from projects.permissions.access import Access
from projects.rules.vocabulary import Light, OrderGrade

_DISTRICT: Final = "330212"
_ORDERED: Final = 3
_REQUIREMENT: Final = "演示:查明滞后的原因,落实责任单位和完工时间,在期限内反馈。"


def add_orders() -> None:
    """One to sign, one in hand, one to review; by the demo's supervisor and its district editor."""
    supervisor, editor = _access("demo-supervisor"), _access("demo-district")
    late = Site.objects.live().filter(light=Light.RED.value, managed_by__code=_DISTRICT).order_by("pk")
    orders = []
    for number, site in enumerate(late[:_ORDERED]):
        is_grave = number == 1
        draft = OrderDraft(
            SubjectDraft(site_id=site.pk),
            _REQUIREMENT,
            OrderGrade.ORANGE if is_grave else OrderGrade.BLUE,
            "演示:滞后较多,直接发橙单。" if is_grave else "",
        )
        orders.append(issue_order(access=supervisor, draft=draft))
    for order in orders[1:]:
        signed = sign_order(access=editor, order_id=order.pk, expected_seq=order.changed_seq)
        _start(editor, signed)
    for order in orders[2:]:
        report_back(
            access=editor,
            order_id=order.pk,
            expected_seq=_seq(order),
            text="演示:已协调解决用地问题,本周复工。",
        )


def _start(editor: Access, order: SupervisionOrder) -> None:
    start_order(
        access=editor,
        order_id=order.pk,
        expected_seq=order.changed_seq,
        text="演示:由街道牵头,每周调度一次。",
    )


def _seq(order: SupervisionOrder) -> int:
    return SupervisionOrder.objects.values_list("changed_seq", flat=True).get(pk=order.pk)


def _access(username: str) -> Access:
    return access_of(User.objects.get(username=username), timezone.localdate())
