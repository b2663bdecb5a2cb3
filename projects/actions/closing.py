"""Closing a period, and the guard that every write of a dated fact asks before it takes the head.

A fact is dated by the day from which it holds: a report by the day it is about, a target by the day it takes
effect. What decides figures of every day and has no date of its own (a policy, how an indicator is counted)
counts as from `EVERY_DAY` on.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from projects.actions import approvals, ledger
from projects.actions.approvals import ClosedFact
from projects.actions.errors import Invalid, PeriodClosed
from projects.actions.rows import clean, entry_of, require_city
from projects.models import Indicator, PeriodClosing, Programme
from projects.permissions.access import Access, Permission
from projects.rules.period import ONE_DAY, month_end

#: The day of a fact that decides every day's figures.
EVERY_DAY: Final = dt.date.min
#: The first of the two numbers of an advisory lock on PostgreSQL; the second is the programme's.
_LOCKS: Final = 73_021

P = ParamSpec("P")
R = TypeVar("R")
#: Actions that can be asked for as a correction, by name.
CORRECTABLE: Final[dict[str, Callable[..., Any]]] = {}


def correctable(action: Callable[P, R]) -> Callable[P, R]:
    """An action that asks `ask`: a refusal carries the call, so that it can be asked for as a correction."""

    @wraps(action)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return action(*args, **kwargs)
        except PeriodClosed as refusal:
            # The outermost action is what the person wanted.
            refusal.call = (action.__name__, {k: v for k, v in kwargs.items() if k != "access"})
            raise

    CORRECTABLE[action.__name__] = wrapped
    return wrapped


# -- the guard ------------------------------------------------------------------------------------------


def ask(programme_ids: Iterable[int], *days: dt.date | None) -> None:
    """Refuse a fact of these days unless its programmes' periods are open or the write was approved.

    Call it inside the transaction, when everything else has been checked, before the head is taken. Days that
    are None say nothing. Raises PeriodClosed. A period cannot be closed between this and the commit.
    """
    given = [day for day in days if day is not None]
    if given:
        ask_each([("", set(programme_ids), min(given))])


def ask_each(facts: Iterable[tuple[str, Iterable[int], dt.date]]) -> None:
    """`ask` of many facts: (name of the row, programmes, earliest day). Names the first and counts."""
    rows = [(name, frozenset(programmes), day) for name, programmes, day in facts]
    hold(frozenset[int]().union(*(programmes for _name, programmes, _day in rows)))
    met = list(closed_facts(rows, closed_through()))
    if not met:
        return
    approval = approvals.current()
    if approval is not None:
        approval.met += [fact for _name, fact in met]
        return
    name, fact = met[0]
    raise PeriodClosed(
        _sentence(name, fact, len({name for name, _fact in met})),
        programme_id=fact.programme_id,
        effective_on=fact.effective_on,
        through=fact.through,
    )


def closed_facts(
    facts: Iterable[tuple[str, Iterable[int], dt.date]], closed: Mapping[int, dt.date]
) -> Iterator[tuple[str, ClosedFact]]:
    """Which of the facts lie in a closed period (`closed`: see `closed_through`). It holds nothing."""
    for name, programmes, day in facts:
        for programme in sorted(programmes):
            if programme in closed and day <= closed[programme]:
                yield name, ClosedFact(programme, day, closed[programme])


def closed_through() -> Mapping[int, dt.date]:
    """By programme the last closed day."""
    rows = PeriodClosing.objects.order_by().values("programme_id").annotate(last=Max("through"))
    return {row["programme_id"]: row["last"] for row in rows}


def programmes_of(indicator_ids: Iterable[int]) -> frozenset[int]:
    """The programmes of indicators; a site that counts for none is in nobody's figures."""
    ids = list(set(indicator_ids))
    if not ids:
        return frozenset()
    rows = Indicator.objects.filter(pk__in=ids)
    return frozenset(rows.values_list("category__programme_id", flat=True))


def _sentence(name: str, fact: ClosedFact, count: int) -> str:
    key = Programme.objects.values_list("key", flat=True).get(pk=fact.programme_id)
    words = {"key": key, "through": fact.through.isoformat(), "day": fact.effective_on.isoformat()}
    if fact.effective_on == EVERY_DAY:
        said = _("%(key)s 已关账至 %(through)s,这项改动会改变已关账期间的数字,没有写入。") % words
    else:
        said = _("%(key)s 已关账至 %(through)s,%(day)s 的数据不能直接写入。") % words
    if name:
        said += _("(%(name)s,共 %(count)d 条。)") % {"name": name, "count": count}
    return said + _("确需更正的,请写明原因“作为更正提交”,由另一位有关账权限的人批准后生效。")


def hold(programme_ids: Iterable[int], *, to_close: bool = False) -> None:
    """Writers share a programme's lock until they commit; who closes it waits for them and they for them.

    SQLite has one writer at a time and needs none.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("the guard is asked inside transaction.atomic()")
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        for programme_id in sorted(programme_ids):
            shared = "" if to_close else "_shared"
            cursor.execute(f"SELECT pg_advisory_xact_lock{shared}(%s, %s)", [_LOCKS, programme_id])


# -- closing --------------------------------------------------------------------------------------------


def next_month(programme: Programme) -> dt.date:
    """The last day of the month that may be closed next: the period's first, then one after the other."""
    last = programme.closings.aggregate(last=Max("through"))["last"]
    return month_end(programme.period_start if last is None else last + ONE_DAY)


def close_period(*, access: Access, programme: Programme, through: dt.date, note: str = "") -> PeriodClosing:
    """Close a programme's figures through a month's last day.

    The first closing may name any month of the period and closes all before it; then one month follows the
    other. Raises NotAllowed; Invalid for a day that is no month's last, lies outside the period or is still
    to come (Asia/Shanghai), or is not the next month's.
    """
    require_city(access, Permission.PERIOD_CLOSE)
    with transaction.atomic():
        programme = Programme.objects.select_for_update().get(pk=programme.pk)
        hold([programme.pk], to_close=True)
        _check_month(programme, through)
        row = PeriodClosing(programme=programme, through=through, note=note.strip())
        clean(row)
        with ledger.take(1, actor_id=access.user_id) as numbers:
            row.recorded_at, row.recorded_by_id = numbers.recorded_at, access.user_id
            row.changed_seq = numbers.first
            row.save()
            changed: dict[str, ledger.JSON] = {
                "programme_id": [None, programme.pk],
                "through": [None, through.isoformat()],
            }
            numbers.write([entry_of(row, "add", changed, note.strip())])
    return row


def _check_month(programme: Programme, through: dt.date) -> None:
    first, last = month_end(programme.period_start), month_end(programme.period_end)
    if through != month_end(through):
        raise Invalid({"through": _("只能按月关账:请填一个月的最后一天,例如 %(day)s。") % {"day": first}})
    if not first <= through <= last:
        raise Invalid(
            {"through": _("%(first)s 至 %(last)s 之间的月份才能关账。") % {"first": first, "last": last}}
        )
    if through > timezone.localdate():
        raise Invalid({"through": _("%(day)s 还没有到,不能关账。") % {"day": through}})
    wanted = next_month(programme)
    if programme.closings.exists() and through != wanted:
        raise Invalid(
            {"through": _("须按月依次关账:下一个要关的是 %(month)s。") % {"month": f"{wanted:%Y-%m}"}}
        )
