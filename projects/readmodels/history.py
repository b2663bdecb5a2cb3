"""How an area's figures came about: one point for every month end of the year, and one for the day itself."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from projects.readmodels.siteindex import Snapshot
from projects.readmodels.tallies import Tally, board
from projects.readmodels.vocabulary import ProgrammeWords
from projects.rules.period import ONE_DAY, month_end


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
) -> tuple[HistoryPoint, ...]:
    """Every month end of the period up to `until`, and `until` itself, ascending.

    For what `managers` manage (None: everybody) and what counts for `indicators` (None: any). Empty when
    `until` lies before the period.
    """
    return tuple(
        HistoryPoint(day, board(programme, day, held).tally(managers=managers, indicators=indicators))
        for day in _days(programme.period_start, until)
    )


def _days(start: dt.date, until: dt.date) -> list[dt.date]:
    days = []
    day = month_end(start)
    while day < until:
        days.append(day)
        day = month_end(day + ONE_DAY)
    return [*days, until] if start <= until else []
