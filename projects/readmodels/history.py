"""How an area's figures came about: one point for every month end of the year, and one for the day itself."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from projects.readmodels.balances import keeps, month_ends
from projects.readmodels.clocks import Clocks
from projects.readmodels.siteindex import Snapshot
from projects.readmodels.tallies import Tally, board, less, may_show_lights, taken_back, tally_of
from projects.readmodels.vocabulary import ProgrammeWords
from projects.rules.period import ONE_DAY, month_end
from projects.rules.rollups import EMPTY


@dataclass(frozen=True, slots=True)
class HistoryPoint:
    """What was counted at the end of `day`."""

    day: dt.date
    tally: Tally


def history(
    programme: ProgrammeWords,
    held: Snapshot,
    *,
    managers: Collection[int] | None,
    indicators: Collection[int] | None = None,
    until: dt.date,
    known_seq: int | None = None,
) -> tuple[HistoryPoint, ...]:
    """Every month end of the period up to `until`, and `until` itself, ascending.

    For what `managers` manage (None: everybody) and what counts for `indicators` (None: any). Empty when
    `until` lies before the period. Three queries for current knowledge; by a `known_seq` that is long past
    each point is counted anew.
    """
    days = _days(programme.period_start, until)
    if not days:
        return ()
    last = board(programme, Clocks(until, known_seq=known_seq), held)
    unit = last.unit_of(indicators)
    known = held.seq if known_seq is None else known_seq
    months = days[:-1]
    points = []
    if unit is not None and all(keeps(programme, day) for day in months):
        seq, cells = month_ends(programme, months, unit)
        back = (
            {day: {} for day in months} if seq <= known else taken_back(known, seq, last.definitions, months)
        )
        if back is not None:
            for day in months:
                found = EMPTY
                for cell, measures in less(cells[day], back[day], programme.pk).items():
                    if (cell.unit, cell.unit_id) == unit and (managers is None or cell.manager in managers):
                        found = found.plus(measures)
                lights = may_show_lights(programme, day)
                points.append(HistoryPoint(day, tally_of(found, lights=lights)))
    if not points:
        points = [
            HistoryPoint(
                day,
                board(programme, Clocks(day, known_seq=known_seq), held).tally(
                    managers=managers, indicators=indicators
                ),
            )
            for day in months
        ]
    return (*points, HistoryPoint(until, last.tally(managers=managers, indicators=indicators)))


def _days(start: dt.date, until: dt.date) -> list[dt.date]:
    """Month ends before `until`, then `until`."""
    days = []
    day = month_end(start)
    while day < until:
        days.append(day)
        day = month_end(day + ONE_DAY)
    return [*days, until] if start <= until else []
