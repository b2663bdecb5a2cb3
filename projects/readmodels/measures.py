"""By what the districts are compared: the measures of the shaded map, and the columns of the table.

A measure of the map is a share, because a large district has more of everything; a column is sorted by the
figure that it shows. A measure is there only where its figures are: lights where they are public, a change
where there is a month before.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext_noop as _

from projects.readmodels.changes import TallyChange
from projects.readmodels.districts import DistrictsOverview
from projects.readmodels.sitequeries import FilterError, Query, single
from projects.readmodels.tallies import Tally
from projects.readmodels.vocabulary import Area
from projects.rules.schedule import EXACT, HUNDRED
from projects.rules.vocabulary import Word


class Measure(Word):
    """What a map may be shaded by. The value is the word of the address, the term what pages call it."""

    COMPLETION = "completion", _("完成率")
    DUE = "due", _("计划应完成率")
    OVERDUE = "overdue", _("逾期占比")
    LATE = "late", _("黄灯、红灯占比")
    CHANGE = "change", _("完成率比上月末")


class Column(Word):
    """What the table may be sorted by."""

    CODE = "code", _("区县")
    SITES = "sites", _("列入点位")
    FINISHED = "finished", _("已完成")
    COMPLETION = "completion", _("完成率")
    DUE = "due", _("应完成")
    OVERDUE = "overdue", _("逾期未完成")
    LATE = "late", _("黄灯、红灯")
    CHANGE = "change", _("比上月末")


@dataclass(frozen=True, slots=True)
class Compared:
    """A district with what is new in it; `place` (equal figures share one) only where rankings are public."""

    area: Area
    tally: Tally
    change: TallyChange | None
    place: int | None


@dataclass(frozen=True, slots=True)
class Order:
    """How the table is sorted."""

    column: Column
    descending: bool = False

    @property
    def word(self) -> str:
        """As the address says it."""
        return f"-{self.column.value}" if self.descending else self.column.value


def compared(now: DistrictsOverview, before: DistrictsOverview | None) -> tuple[Compared, ...]:
    """Every district, in the order of their codes."""
    then = {} if before is None else {row.area.pk: row.tally for row in before.rows}
    places = _places(now) if now.programme.publishes_rankings else {}
    return tuple(
        Compared(
            row.area,
            row.tally,
            TallyChange.between(row.tally, then[row.area.pk]) if row.area.pk in then else None,
            places.get(row.area.pk),
        )
        for row in now.rows
    )


def measures_of(now: DistrictsOverview, before: DistrictsOverview | None) -> tuple[Measure, ...]:
    """Those that have figures on the day."""
    return tuple(
        measure
        for measure in Measure
        if (measure is not Measure.LATE or now.shows_lights)
        and (measure is not Measure.CHANGE or before is not None)
    )


def columns_of(now: DistrictsOverview, before: DistrictsOverview | None) -> tuple[Column, ...]:
    """Those that are shown on the day."""
    return tuple(
        column
        for column in Column
        if (column is not Column.LATE or now.shows_lights)
        and (column is not Column.CHANGE or before is not None)
    )


def measured(measure: Measure, row: Compared) -> Decimal | None:
    """The share in percent; for a change percentage points. None where there is nothing to divide by."""
    tally = row.tally
    if measure is Measure.COMPLETION:
        return tally.percent
    if measure is Measure.DUE:
        return tally.planned_percent
    if measure is Measure.OVERDUE:
        return _share(tally.overdue, tally.sites)
    if measure is Measure.LATE:
        return _share(tally.late, tally.sites)
    return row.change.percent_pp if row.change else None


def asked_measure(query: Query, allowed: Sequence[Measure]) -> Measure:
    """`measure` of a query string, by default the completion. Raises FilterError, which names the others."""
    word = _asked(query, "measure", [measure.value for measure in allowed])
    return Measure(word) if word else Measure.COMPLETION


def asked_order(query: Query, allowed: Sequence[Column], *, ranked: bool) -> Order:
    """`sort` of a query string: a column, with a minus for the largest first.

    By default the order of the codes, or of the places where rankings are public. Raises FilterError.
    """
    words = [sign + column.value for column in allowed for sign in ("", "-")]
    word = _asked(query, "sort", words)
    if not word:
        return Order(Column.COMPLETION, descending=True) if ranked else Order(Column.CODE)
    return Order(Column(word.removeprefix("-")), descending=word.startswith("-"))


def in_order(rows: Collection[Compared], order: Order) -> list[Compared]:
    """Sorted by what the column shows; equals stay in the order of their codes, gaps come last either way."""
    by_code = sorted(rows, key=lambda row: row.area.code)
    if order.column is Column.CODE:
        return by_code[::-1] if order.descending else by_code
    values = {row.area.pk: _shown(order.column, row) for row in by_code}
    known = [(values[row.area.pk], row) for row in by_code if values[row.area.pk] is not None]
    # A stable sort of the negated values: reversing would turn equals round.
    sign = -1 if order.descending else 1
    known.sort(key=lambda pair: sign * (pair[0] or Decimal(0)))
    return [row for _value, row in known] + [row for row in by_code if values[row.area.pk] is None]


def _shown(column: Column, row: Compared) -> Decimal | None:
    tally = row.tally
    shown: Mapping[Column, Decimal | int | None] = {
        Column.SITES: tally.sites,
        Column.FINISHED: tally.finished,
        Column.COMPLETION: tally.percent,
        Column.DUE: tally.due,
        Column.OVERDUE: tally.overdue,
        Column.LATE: tally.late,
        Column.CHANGE: row.change.percent_pp if row.change else None,
    }
    value = shown[column]
    return None if value is None else Decimal(value)


def _places(overview: DistrictsOverview) -> dict[int, int]:
    percents = sorted(
        (row.tally.percent for row in overview.rows if row.tally.percent is not None), reverse=True
    )
    return {
        row.area.pk: percents.index(row.tally.percent) + 1
        for row in overview.rows
        if row.tally.percent is not None
    }


def _share(part: int | None, whole: int) -> Decimal | None:
    return None if part is None or not whole else EXACT.divide(HUNDRED * part, Decimal(whole))


def _asked(query: Query, word: str, allowed: Sequence[str]) -> str:
    text = (single(query, word) or "").strip()
    if text and text not in allowed:
        raise FilterError(
            word,
            _("参数“%(word)s”的值“%(value)s”不能用;可用的有:%(allowed)s。"),
            word=word,
            value=text[:60],
            allowed=", ".join(allowed),
        )
    return text
