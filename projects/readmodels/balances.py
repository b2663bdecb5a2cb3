"""What the maintained sums say: one indexed read a day, whatever the number of sites.

A read gives the change after which it was true, too, out of the same statement: a snapshot may be a moment
older than the database, and a page that names its moment has to say exactly what was known then.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection

from projects.models import RollUp, RollUpStep
from projects.models.rollups import MEASURES
from projects.readmodels.vocabulary import ProgrammeWords
from projects.rules.period import ONE_DAY
from projects.rules.rollups import Cell, Measures, Unit

_SUMS: Final = ", ".join(f"SUM({name})" for name in MEASURES)
_NAMES: Final = ", ".join(MEASURES)
_BALANCES: Final = RollUp._meta.db_table
_STEPS: Final = RollUpStep._meta.db_table


@dataclass(frozen=True, slots=True)
class Balance:
    """The cells of a day as they stood after the change `seq`. A cell that is not there is all noughts."""

    seq: int
    cells: dict[Cell, Measures]


def keeps(programme: ProgrammeWords, day: dt.date) -> bool:
    """Whether the maintained sums can tell the day: from the eve of the programme's period to its end."""
    return programme.period_start - ONE_DAY <= day <= programme.period_end


def balance(programme: ProgrammeWords, day: dt.date, only: tuple[Unit, int] | None = None) -> Balance:
    """The balance of the last closing day by `day` and the steps since; `only`: of one unit."""
    one, unit = ("", []) if only is None else (" AND unit = %s AND unit_id = %s", [only[0].value, only[1]])
    last = f"(SELECT MAX(day) FROM {_BALANCES} WHERE programme_id = %s AND day <= %s)"
    statement = f"""
        SELECT h.seq, m.* FROM projects_changehead h LEFT JOIN (
            SELECT unit, unit_id, managed_by_id, {_SUMS} FROM (
                SELECT unit, unit_id, managed_by_id, {_NAMES} FROM {_BALANCES}
                WHERE programme_id = %s AND day = {last}{one}
                UNION ALL
                SELECT unit, unit_id, managed_by_id, {_NAMES} FROM {_STEPS}
                WHERE programme_id = %s AND day > COALESCE({last}, %s) AND day <= %s{one}
            ) AS parts GROUP BY unit, unit_id, managed_by_id
        ) AS m ON TRUE WHERE h.id = 1
    """
    key, before = programme.pk, (programme.period_start - ONE_DAY).isoformat()
    on = day.isoformat()
    rows = list(_rows(statement, [key, key, on, *unit, key, key, on, before, on, *unit]))
    return Balance(
        rows[0][0] if rows else 0,
        {
            Cell(key, Unit(name), unit_id, manager): Measures(*map(int, measures))
            for _seq, name, unit_id, manager, *measures in rows
            if name is not None
        },
    )


def month_ends(
    programme: ProgrammeWords, days: Sequence[dt.date], only: tuple[Unit, int]
) -> tuple[int, dict[dt.date, dict[Cell, Measures]]]:
    """One unit's balances on several closing days in one read, and the change after which they were true."""
    found: dict[dt.date, dict[Cell, Measures]] = {day: {} for day in days}
    if not days:
        return 0, found
    places = ", ".join(["%s"] * len(days))
    statement = f"""
        SELECT h.seq, m.* FROM projects_changehead h LEFT JOIN (
            SELECT day, managed_by_id, {_NAMES} FROM {_BALANCES}
            WHERE programme_id = %s AND day IN ({places}) AND unit = %s AND unit_id = %s
        ) AS m ON TRUE WHERE h.id = 1
    """
    rows = list(
        _rows(
            statement,
            [programme.pk, *(day.isoformat() for day in days), only[0].value, only[1]],
        )
    )
    for _seq, day, manager, *measures in rows:
        if day is not None:
            on = dt.date.fromisoformat(day) if isinstance(day, str) else day
            found[on][Cell(programme.pk, only[0], only[1], manager)] = Measures(*measures)
    return rows[0][0] if rows else 0, found


def _rows(statement: str, parameters: list[Any]) -> Iterator[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        yield from cursor.fetchall()
