"""The maintained sums follow every change of a site in its own transaction, or are made anew for a programme.

The head of the change sequence is held whenever they are written, so nobody else writes them meanwhile.
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Final, TypeAlias

from django.db.models import Count

from projects.models import Programme, RollUp, RollUpStep, SiteStanding
from projects.models.counters import add_to
from projects.models.rollups import KEY, MEASURES
from projects.readmodels.definitions import definitions
from projects.rules.rollups import (
    Cell,
    Definitions,
    Measures,
    Movements,
    Posted,
    Unit,
    closing_days,
    postings,
)
from projects.rules.standings import FOREVER, Counted
from projects.rules.vocabulary import Light, Stage

#: So many different changes are netted before they are written.
MOST: Final = 200_000
#: Of an indicator's measures those that its own light depends on (projects.readmodels.countedseries).
_JUDGED: Final = tuple(
    Measures._fields.index(name)
    for name in ("sites", "stage_building", "stage_finished", "stage_verified", "output")
)
#: (programme, indicator, manager)
Moved: TypeAlias = frozenset[tuple[int, int, int]]


def closing_days_of(programmes: Iterable[Programme]) -> dict[int, tuple[dt.date, ...]]:
    return {row.pk: closing_days(row.period_start, row.cutoff, row.period_end) for row in programmes}


def post(movements: Movements, *, at_least: int = 0) -> Moved:
    """Add what moved to the sums and forget it; with `at_least`, only when there is as much as that.

    Returns the indicators, by who manages them, whose output or works have moved: their lights follow
    (`subjectlights.follow_output`).
    """
    if len(movements.net) <= at_least:
        return frozenset()
    closing = closing_days_of(Programme.objects.all())
    balances, steps = _postings(movements, definitions(), closing)
    _write(balances, steps)
    movements.net.clear()
    return frozenset(
        (cell.programme, cell.unit_id, cell.manager)
        for cell, _day, measures in (*balances, *steps)
        if cell.unit is Unit.INDICATOR and any(measures[place] for place in _JUDGED)
    )


def forget(movements: Movements, *, at_least: int = 0) -> Moved:
    """Of a rehearsal: nothing is posted."""
    if len(movements.net) > at_least:
        movements.net.clear()
    return frozenset()


def rebuild() -> None:
    """Make all sums anew from what stands now: a programme's days or its indicators changed."""
    RollUp.objects.all().delete()
    RollUpStep.objects.all().delete()
    _write(*computed())


def computed() -> tuple[list[Posted], list[Posted]]:
    """The balances and steps that there must be by what stands now."""
    movements = Movements()
    for counted, day, count in _grouped("valid_from"):
        movements.net[counted, day] = movements.net.get((counted, day), 0) + count
    for counted, day, count in _grouped("valid_to"):
        if day != FOREVER:
            movements.net[counted, day] = movements.net.get((counted, day), 0) - count
    return _postings(movements, definitions(), closing_days_of(Programme.objects.all()))


def stored() -> tuple[dict[tuple[Cell, dt.date], Measures], dict[tuple[Cell, dt.date], Measures]]:
    """The balances and steps as they are kept."""
    balances, steps = (
        {
            (Cell(programme, Unit(unit), unit_id, manager), day): Measures(*measures)
            for programme, day, unit, unit_id, manager, *measures in model._default_manager.values_list(
                *KEY, *MEASURES
            ).iterator(chunk_size=5_000)
        }
        for model in (RollUp, RollUpStep)
    )
    return balances, steps


def _grouped(day: str) -> Iterator[tuple[Counted, dt.date, int]]:
    """How many public spans of each group begin (`valid_from`) or end (`valid_to`) on each day."""
    names = [f"{name}_id" if name in ("managed_by", "judged_by") else name for name in Counted._fields]
    rows = (
        SiteStanding.objects.known()
        .filter(is_public=True)
        .order_by()
        .values_list(*names, day)
        .annotate(count=Count("pk"))
    )
    for *values, on, count in rows.iterator(chunk_size=5_000):
        counted = Counted(*values)
        yield (
            counted._replace(stage=Stage(counted.stage), light=Light(counted.light)),
            on,
            count,
        )


def _postings(
    movements: Movements, indicators: Definitions, closing: dict[int, tuple[dt.date, ...]]
) -> tuple[list[Posted], list[Posted]]:
    """Sorted by their key, so that they go into the tables side by side."""
    balances: list[Posted] = []
    steps: list[Posted] = []
    for cell, days in movements.by_cell(indicators).items():
        if cell.programme in closing:
            own_balances, own_steps = postings(days, cell, closing[cell.programme])
            balances += own_balances
            steps += own_steps
    return sorted(balances, key=_order), sorted(steps, key=_order)


def _order(posted: Posted) -> tuple[int, dt.date, Cell]:
    return posted.cell.programme, posted.day, posted.cell


def _write(balances: list[Posted], steps: list[Posted]) -> None:
    for model, rows in ((RollUp, balances), (RollUpStep, steps)):
        add_to(
            model,
            KEY,
            MEASURES,
            [
                (cell.programme, day, cell.unit.value, cell.unit_id, cell.manager, *measures)
                for cell, day, measures in rows
            ],
        )
