"""Sites as columns of the point index, straight from SQL."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection

from maps.pointindex import Columns
from projects.rules.vocabulary import STAGE_ORDER, Light, Publication, Service

STAGES = tuple(STAGE_ORDER)
SERVICES = tuple(Service)
PUBLICATIONS = tuple(Publication)
LIGHTS = tuple(Light)
_STAGE = {stage.value: number for number, stage in enumerate(STAGES)}
_SERVICE = {service.value: number for number, service in enumerate(SERVICES)}
_PUBLICATION = {publication.value: number for number, publication in enumerate(PUBLICATIONS)}
_LIGHT = {light.value: number for number, light in enumerate(LIGHTS)}

SCHEMA: dict[str, Any] = {
    "kind": np.uint8,
    "stage": np.uint8,
    "service": np.uint8,
    "publication": np.uint8,
    "light": np.uint8,
    "division": np.uint32,
    "manager": np.uint32,
    "combo": np.uint32,
}

_SELECT = """
SELECT s.id, ST_X(s.location), ST_Y(s.location), k.number, s.stage, s.service, s.publication, s.light,
       s.located_in_id, s.managed_by_id
FROM projects_site s JOIN projects_facilitykind k ON k.id = s.kind_id
WHERE s.deleted_seq IS NULL
"""
_CHUNK = 50_000


class Combos:
    """Numbers for sets of indicators: 0 is the empty set (存量), every other set gets the next number.

    A site may count for several indicators; one small number a site stands for all of them, and a filter
    by category, project or department becomes a table of which numbers pass. Not safe to share between
    threads while it grows: copy it first.
    """

    def __init__(self, sets: Iterable[Sequence[int]] = ()) -> None:
        self.sets: list[tuple[int, ...]] = [()]
        self._numbers: dict[tuple[int, ...], int] = {(): 0}
        for members in sets:
            self.number(tuple(members))

    def number(self, members: tuple[int, ...]) -> int:
        """The number of a sorted set of indicator ids."""
        found = self._numbers.get(members)
        if found is None:
            found = self._numbers[members] = len(self.sets)
            self.sets.append(members)
        return found

    def copy(self) -> "Combos":
        return Combos(self.sets[1:])


@dataclass(frozen=True, eq=False, slots=True)
class Loaded:
    """Rows that are there, and ids that were asked for and are gone."""

    rows: Columns
    gone: np.ndarray[Any, np.dtype[np.int64]]


def load_all(combos: Combos) -> Columns:
    """Every site that is not removed; `combos` grows by what they contribute to."""
    return _read(_SELECT, [], _sets_by_site("", []), combos)


def load_changed(after_seq: int, combos: Combos) -> Loaded:
    """What changed after a number of the change sequence; `combos` grows."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM projects_site WHERE changed_seq > %s", [after_seq])
        ids = np.array([row[0] for row in cursor.fetchall()], dtype=np.int64)
    rows = _read(
        f"{_SELECT} AND s.changed_seq > %s",
        [after_seq],
        _sets_by_site("WHERE site_id IN (SELECT id FROM projects_site WHERE changed_seq > %s)", [after_seq]),
        combos,
    )
    return Loaded(rows, np.setdiff1d(ids, rows.ids))


def _sets_by_site(where: str, parameters: list[int]) -> dict[int, tuple[int, ...]]:
    sets: dict[int, list[int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT site_id, indicator_id FROM projects_contribution {where} ORDER BY site_id, indicator_id",
            parameters,
        )
        while chunk := cursor.fetchmany(_CHUNK):
            for site_id, indicator_id in chunk:
                sets.setdefault(site_id, []).append(indicator_id)
    return {site_id: tuple(members) for site_id, members in sets.items()}


def _read(query: str, parameters: list[int], sets: dict[int, tuple[int, ...]], combos: Combos) -> Columns:
    parts: list[list[tuple[Any, ...]]] = []
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        while chunk := cursor.fetchmany(_CHUNK):
            parts.append([_encode(row, sets, combos) for row in chunk])
    rows = [row for part in parts for row in part]
    table = list(zip(*rows, strict=True)) if rows else [()] * (3 + len(SCHEMA))
    ids, lon, lat, *values = table
    return Columns(
        np.array(ids, dtype=np.int64),
        np.array(lon, dtype=np.float64),
        np.array(lat, dtype=np.float64),
        {
            name: np.array(column, dtype=dtype)
            for (name, dtype), column in zip(SCHEMA.items(), values, strict=True)
        },
    )


def _encode(row: tuple[Any, ...], sets: dict[int, tuple[int, ...]], combos: Combos) -> tuple[Any, ...]:
    pk, lon, lat, kind, stage, service, publication, light, located, managed = row
    return (
        pk,
        lon,
        lat,
        kind,
        _STAGE[stage],
        _SERVICE[service],
        _PUBLICATION[publication],
        _LIGHT[light],
        located,
        managed,
        combos.number(sets.get(pk, ())),
    )
