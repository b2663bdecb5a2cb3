"""What must hold of supervision orders: they stand where their events put them, and no number is missing."""

from collections.abc import Iterator

from django.db.models import Prefetch
from django.utils.translation import gettext_noop

from projects.models import OrderEvent, SupervisionOrder
from projects.readmodels.broken import Broken
from projects.rules.errors import RuleError
from projects.rules.orders import Position, replay


def broken_orders() -> Iterator[Broken]:
    """Every order that is not what its events say, and every gap in the numbers of a year."""
    events = Prefetch("events", OrderEvent.objects.order_by("pk"))
    expected: dict[tuple[int, int], int] = {}
    rows = SupervisionOrder.objects.order_by("programme_id", "year", "serial").prefetch_related(events)
    for order in rows.iterator(chunk_size=2_000):
        if _position(order) != _stored(order):
            yield Broken(
                "orders",
                order.number,
                gettext_noop("督办单 %(number)s 的状态、等级或期限与它的办理记录不符。"),
                {"number": order.number},
            )
        counter = (order.programme_id, order.year)
        if order.serial != expected.get(counter, 0) + 1:
            yield Broken(
                "orders",
                order.number,
                gettext_noop("督办单 %(number)s 以前有缺号。"),
                {"number": order.number},
            )
        expected[counter] = order.serial


def _position(order: SupervisionOrder) -> tuple[object, ...] | None:
    try:
        return _said(replay(event.happening for event in order.events.all()))
    except RuleError:
        return None


def _stored(order: SupervisionOrder) -> tuple[object, ...]:
    return _said(order.position)


def _said(position: Position) -> tuple[object, ...]:
    return position.state, position.grade, position.sign_by, position.report_by, position.wanted_on
