"""Supervision orders to be read: who has to do with one, how a programme orders, what is due on a day."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone

from projects.models import Indicator, OrderEvent, OrderScheme, Phase, SupervisionOrder
from projects.permissions.access import Access, Permission, Target
from projects.permissions.orders import Parties, refusal
from projects.querysets.orders import OrderQuerySet
from projects.readmodels.calendar import working_calendar
from projects.rules.calendar import WorkingCalendar
from projects.rules.orders import DEFAULT_TERMS, OrderTerms, Position, replay, steps_from
from projects.rules.vocabulary import Due, OrderStep

#: What a line of a list names of an order.
NAMED: Final = ("programme", "site", "indicator", "phase", "division", "department", "issued_by")


@dataclass(frozen=True, slots=True)
class Standing:
    """An order on a day: `position` after its events up to that day, and what is due."""

    order: SupervisionOrder
    position: Position
    due: Due
    late_days: int


def terms_of(programme_id: int) -> OrderTerms:
    """How a programme orders: its own deadlines, or the defaults."""
    row = OrderScheme.objects.filter(programme_id=programme_id).first()
    return DEFAULT_TERMS if row is None else row.terms


def parties_of(order: SupervisionOrder, events: Sequence[OrderEvent]) -> Parties:
    """Who has to do with an order, by its events."""
    asked = [event for event in events if event.step == OrderStep.ASK_EXTENSION]
    return Parties(
        matter=Target(order.division_id, _departments(order)),
        addressee=order.addressee_target,
        issued_by=order.issued_by_id,
        reported_by=frozenset(
            event.recorded_by_id for event in events if event.step == OrderStep.REPORT_BACK
        ),
        asked_by=asked[-1].recorded_by_id if asked else None,
    )


def possible_steps(access: Access, order: SupervisionOrder, day: dt.date) -> tuple[OrderStep, ...]:
    """What this person may do with it now."""
    events = list(order.events.order_by("pk"))
    parties = parties_of(order, events)
    position = replay(event.happening for event in events)
    return tuple(step for step in steps_from(position, day) if not refusal(access, step, parties))


def orders_for(access: Access) -> OrderQuerySet:
    """What somebody may see of orders, with all that a line of a list names."""
    return SupervisionOrder.objects.visible_to(access).select_related(*NAMED)


def soon_until(programme_id: int, day: dt.date, calendar: WorkingCalendar | None = None) -> dt.date:
    """The last day that counts as due soon on `day`."""
    days = terms_of(programme_id).remind_days
    return (calendar or working_calendar()).add_working_days(day, days).value


def due_soon(rows: OrderQuerySet, day: dt.date) -> OrderQuerySet:
    """Orders whose date comes within their programme's reminder."""
    calendar = working_calendar()
    schemes = {row.programme_id: row.remind_days for row in OrderScheme.objects.all()}
    horizons = {pk: calendar.add_working_days(day, days).value for pk, days in schemes.items()}
    usual = calendar.add_working_days(day, DEFAULT_TERMS.remind_days).value
    found = Q(pk__in=rows.exclude(programme_id__in=horizons).due_within(day, usual).values("pk"))
    for pk, horizon in horizons.items():
        found |= Q(pk__in=rows.filter(programme_id=pk).due_within(day, horizon).values("pk"))
    return rows.filter(found)


def standings(rows: OrderQuerySet, day: dt.date) -> Iterator[Standing]:
    """Each order as it stood at the end of `day`; what was issued later is left out. A handful of queries."""
    calendar = working_calendar()
    horizons: dict[int, dt.date] = {}
    events = Prefetch("events", OrderEvent.objects.order_by("pk"))
    for order in rows.select_related(*NAMED).prefetch_related(events):
        until = [event.happening for event in order.events.all() if event.on_day <= day]
        if not until:
            continue
        if order.programme_id not in horizons:
            horizons[order.programme_id] = soon_until(order.programme_id, day, calendar)
        position = replay(until)
        due = position.due(day, horizons[order.programme_id])
        late = (day - position.due_on).days if due is Due.OVERDUE and position.due_on else 0
        yield Standing(order, position, due, late)


def to_review(access: Access) -> OrderQuerySet:
    """Reported back, and I may review: not what I reported back myself."""
    mine = OrderEvent.objects.filter(step=OrderStep.REPORT_BACK.value, recorded_by_id=access.user_id)
    rows = SupervisionOrder.objects.visible_to(access, Permission.ORDER_REVIEW)
    return rows.filter(state="reported").exclude(pk__in=mine.values("order_id"))


def to_decide(access: Access) -> OrderQuerySet:
    """Extensions that wait for an answer, and that I may decide on."""
    rows = SupervisionOrder.objects.visible_to(access, Permission.ORDER_REVIEW)
    mine = OrderEvent.objects.filter(step=OrderStep.ASK_EXTENSION.value, recorded_by_id=access.user_id)
    return rows.filter(wanted_on__isnull=False).exclude(pk__in=mine.values("order_id"))


def open_orders_of(access: Access, sites: Iterable[int]) -> dict[int, SupervisionOrder]:
    """The open order of each of the sites that has one, as far as somebody may see it. One query."""
    rows = SupervisionOrder.objects.visible_to(access).open().filter(site_id__in=list(sites))
    return {order.site_id: order for order in rows if order.site_id is not None}


def orders_of_site(access: Access, site_id: int) -> OrderQuerySet:
    """A site's orders, the newest first."""
    return orders_for(access).filter(site_id=site_id).order_by("-pk")


def today() -> dt.date:
    """The day that deadlines are asked of."""
    return timezone.localdate()


def _departments(order: SupervisionOrder) -> frozenset[int]:
    found: set[int | None] = {order.department_id}
    if order.site_id is not None:
        found |= _of_indicators(Indicator.objects.filter(contributions__site_id=order.site_id))
    if order.indicator_id is not None:
        found |= _of_indicators(Indicator.objects.filter(pk=order.indicator_id))
    if order.phase_id is not None:
        phase = Phase.objects.select_related("project").get(pk=order.phase_id)
        if phase.indicator_id is not None:
            found |= _of_indicators(Indicator.objects.filter(pk=phase.indicator_id))
        if phase.project is not None:
            found.add(phase.project.lead_department_id)
            found |= set(phase.project.co_departments.values_list("pk", flat=True))
    return frozenset(pk for pk in found if pk is not None)


def _of_indicators(rows: QuerySet[Indicator]) -> set[int | None]:
    pairs = rows.values_list("lead_department_id", "co_departments")
    return {pk for pair in pairs for pk in pair}
