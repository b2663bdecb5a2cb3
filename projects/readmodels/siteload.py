"""Sites as columns of the point index, straight from SQL."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from maps.pointindex import Columns
from projects.models import FacilityKind
from projects.readmodels.sitecolumns import (
    LIGHT_NUMBERS,
    LIGHTS,
    PUBLICATION_NUMBERS,
    SERVICE_NUMBERS,
    STAGE_NUMBERS,
    Codes,
    Numbering,
    pack_public_ids,
    state_number,
)

# Half of the time of a load goes into making Python's objects: four words come as one, and nothing is joined.
_SELECT = """
SELECT id, ST_X(location), ST_Y(location), kind_id,
       publication || ' ' || service || ' ' || stage || ' ' || light,
       located_in_id, managed_by_id, public_id
FROM projects_site
"""
_CONTRIBUTIONS = "SELECT site_id, indicator_id FROM projects_contribution"
#: Rows worked on at once: their Python objects are gone before the next ones come.
_CHUNK = 50_000
#: More keys than this in one query are asked for by the change number again.
_FEW = 500

Ids = NDArray[np.int64]


@dataclass(frozen=True, eq=False, slots=True)
class Loaded:
    """Rows that are there, and ids that were asked for and are gone."""

    rows: Columns
    gone: Ids


def load_all(codes: Codes) -> Columns:
    """Every site that is not removed; `codes` grows. About three seconds a million."""
    combos = _combos_by_site(_rows(_CONTRIBUTIONS, []), codes.combos)
    return _read(_rows(f"{_SELECT} WHERE deleted_seq IS NULL", []), combos, codes)


def load_changed(after_seq: int, codes: Codes) -> Loaded:
    """What changed after a number of the change sequence; `codes` grows."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, deleted_seq FROM projects_site WHERE changed_seq > %s", [after_seq])
        changed = cursor.fetchall()
    here = [pk for pk, deleted_seq in changed if deleted_seq is None]
    gone = np.array([pk for pk, deleted_seq in changed if deleted_seq is not None], dtype=np.int64)
    if len(here) <= _FEW:
        among, parameters = ", ".join(["%s"] * len(here)) or "NULL", here
    else:
        among, parameters = "SELECT id FROM projects_site WHERE changed_seq > %s", [after_seq]
    combos = _combos_by_site(_rows(f"{_CONTRIBUTIONS} WHERE site_id IN ({among})", parameters), codes.combos)
    # Removed in this very moment: the next look takes it out.
    rows = _read(_rows(f"{_SELECT} WHERE id IN ({among}) AND deleted_seq IS NULL", parameters), combos, codes)
    return Loaded(rows, gone)


def _rows(query: str, parameters: Sequence[Any]) -> Iterator[list[tuple[Any, ...]]]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(query, parameters)
        while chunk := cursor.fetchmany(_CHUNK):
            yield chunk


@dataclass(frozen=True, eq=False, slots=True)
class _Combos:
    """The number of each contributing site's set of indicators, by ascending site id."""

    sites: Ids
    numbers: Ids

    def of(self, ids: Ids) -> Ids:
        """0, the empty set, for a site that contributes to nothing."""
        if not len(self.sites):
            return np.zeros(len(ids), dtype=np.int64)
        place = np.minimum(np.searchsorted(self.sites, ids), len(self.sites) - 1)
        return np.where(self.sites[place] == ids, self.numbers[place], 0)


def _combos_by_site(chunks: Iterable[list[tuple[Any, ...]]], combos: Numbering[tuple[int, ...]]) -> _Combos:
    pairs = [np.array(chunk, dtype=np.int64) for chunk in chunks]
    if not pairs:
        return _Combos(np.zeros(0, np.int64), np.zeros(0, np.int64))
    table = np.concatenate(pairs)
    table = table[np.lexsort((table[:, 1], table[:, 0]))]
    sites, first, count = np.unique(table[:, 0], return_index=True, return_counts=True)
    numbers = np.zeros(len(sites), dtype=np.int64)
    # Nearly every site counts for one indicator: those are numbered together, the others one by one.
    single = np.flatnonzero(count == 1)
    indicators, which = np.unique(table[first[single], 1], return_inverse=True)
    numbers[single] = np.array([combos.number((pk,)) for pk in indicators.tolist()], dtype=np.int64)[which]
    for place in np.flatnonzero(count > 1).tolist():
        members = table[first[place] : first[place] + count[place], 1]
        numbers[place] = combos.number(tuple(members.tolist()))
    return _Combos(sites, numbers)


def _read(chunks: Iterable[list[tuple[Any, ...]]], combos: _Combos, codes: Codes) -> Columns:
    kinds = dict(FacilityKind.objects.values_list("pk", "number"))
    parts = [_encode(chunk, kinds, combos, codes) for chunk in chunks]
    schema = codes.schema()
    table = {
        name: np.concatenate([part[name] for part in parts]) if parts else np.zeros(0)
        for name in ("id", "lon", "lat", *schema)
    }
    values = {name: table[name].astype(dtype, copy=False) for name, dtype in schema.items()}
    return Columns(table["id"], table["lon"], table["lat"], values)


def _encode(
    rows: list[tuple[Any, ...]], kinds: Mapping[int, int], combos: _Combos, codes: Codes
) -> dict[str, NDArray[Any]]:
    ids, lon, lat, kind, words, located, managed, public = zip(*rows, strict=True)
    keys = np.array(ids, dtype=np.int64)
    stood = np.array([_WORDS[text] for text in words], dtype=np.int64)
    high, low = pack_public_ids(public)
    return {
        "id": keys,
        "lon": np.array(lon, dtype=np.float64),
        "lat": np.array(lat, dtype=np.float64),
        "kind": np.array([kinds[pk] for pk in kind], dtype=np.uint8),
        "state": (stood // len(LIGHTS)).astype(np.uint8),
        "division": _numbered(located, codes.areas),
        "manager": _numbered(managed, codes.areas),
        "standing": (combos.of(keys) * len(LIGHTS) + stood % len(LIGHTS)).astype(np.uint32),
        "id_high": high,
        "id_low": low,
    }


#: Publication, service, stage and light as one number: the state's times the lights, and the light's.
_WORDS = {
    f"{publication} {service} {stage} {light}": state_number(p, s, t) * len(LIGHTS) + n
    for publication, p in PUBLICATION_NUMBERS.items()
    for service, s in SERVICE_NUMBERS.items()
    for stage, t in STAGE_NUMBERS.items()
    for light, n in LIGHT_NUMBERS.items()
}


def _numbered(keys: Sequence[int], areas: Numbering[int]) -> NDArray[np.uint32]:
    known, which = np.unique(np.array(keys, dtype=np.int64), return_inverse=True)
    return np.array([areas.number(pk) for pk in known.tolist()], dtype=np.uint32)[which]
