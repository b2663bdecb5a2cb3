"""Lines and areas on the map: which of them a tile draws, and how, by the change sequence.

The point index says which sites pass (the public bit first) and what they are; the shape index of this
process (maps.shapeindex) says which lie in a tile; the database gives the geometry of those few by primary
key. What was simplified is kept by (site, its change number, zoom), so that an edited road is read anew.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from django.db import connection
from numpy.typing import NDArray

from maps.pointindex import Filter
from maps.shapecut import BUFFER, EXTENT, Cut, Drawing, cut, prepare
from maps.shapeindex import Boxes, Found, ShapeIndex
from maps.tiles import TileId
from projects.readmodels.indexfilters import LIGHT_COLUMNS, lit_combos
from projects.readmodels.siteindex import Snapshot
from projects.readmodels.siteload import LIGHTS, SERVICES, STAGES
from projects.rules.vocabulary import Publication

#: What one tile draws at most: so many shapes, and no further ones above so many vertices.
SHAPE_CAP: Final = 500
VERTEX_CAP: Final = 20_000
#: Geometries that one tile looks at, at most: boxes may touch a tile whose lines do not.
_LOOK_CAP: Final = 2_000
_CHUNK: Final = 250
#: Kept drawings of this process: so many vertices of 16 bytes, all in all.
_KEPT_VERTICES: Final = 1_500_000
#: More changes than this are not followed one by one: all boxes are read again.
_FOLLOW: Final = 20_000

_COLUMNS = ("kind", "stage", "service", *LIGHT_COLUMNS)
_EDGES = {
    "sqlite": "MbrMinX(geom), MbrMinY(geom), MbrMaxX(geom), MbrMaxY(geom)",
    "postgresql": "ST_XMin(geom), ST_YMin(geom), ST_XMax(geom), ST_YMax(geom)",
}
# Word for word the condition of the index `site_shape`: with a parameter in it, it would not be used.
SHAPES: Final = "dimension > 0 AND deleted_seq IS NULL"


@dataclass(frozen=True, slots=True)
class SiteShape:
    """What a tile draws of one site; `light` is empty where it may not be shown."""

    public_id: str
    kind: str
    stage: str
    service: str
    light: str
    drawn: Cut


@dataclass(frozen=True, slots=True)
class ShapeTile:
    """The largest shapes of a tile first; `truncated`: there are more than a tile draws."""

    shapes: tuple[SiteShape, ...]
    truncated: bool


@dataclass(frozen=True, eq=False, slots=True)
class _Known:
    """The boxes of all shapes as of a change number."""

    epoch: str
    seq: int
    index: ShapeIndex


@dataclass(frozen=True, eq=False, slots=True)
class _Kept:
    public_id: str
    drawing: Drawing | None

    @property
    def weight(self) -> int:
        # A shape that is nothing at this zoom costs its place in the table.
        return 20 + (self.drawing.vertices if self.drawing else 0)


class _Drawings:
    """The drawings used last, by (site, change number, zoom), up to a number of vertices."""

    def __init__(self, most: int) -> None:
        self._most, self._weight = most, 0
        self._kept: OrderedDict[tuple[int, int, int], _Kept] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: tuple[int, int, int]) -> _Kept | None:
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def put(self, key: tuple[int, int, int], drawing: _Kept) -> None:
        with self._lock:
            old = self._kept.pop(key, None)
            self._weight += drawing.weight - (old.weight if old else 0)
            self._kept[key] = drawing
            while self._weight > self._most and len(self._kept) > 1:
                self._weight -= self._kept.popitem(last=False)[1].weight

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()
            self._weight = 0


_lock = threading.Lock()
_known: _Known | None = None
_drawings = _Drawings(_KEPT_VERTICES)


def forget() -> None:
    """Drop what this process knows (for tests)."""
    global _known
    with _lock:
        _known = None
    _drawings.clear()


def shape_tile(held: Snapshot, tile: TileId, which: Filter) -> ShapeTile:
    """What a tile draws of the lines and areas that pass. `which` holds the public bit (compile_filter)."""
    shapes: list[SiteShape] = []
    vertices = looked = 0
    for found, rows in _passing(held, tile, which):
        if len(shapes) >= SHAPE_CAP or vertices >= VERTEX_CAP or looked >= _LOOK_CAP:
            return ShapeTile(tuple(shapes), truncated=True)
        looked += len(found.ids)
        drawn = _drawn(found, tile)
        for row, (public_id, piece) in zip(rows, drawn, strict=True):
            if piece is None:
                continue
            if len(shapes) >= SHAPE_CAP or vertices >= VERTEX_CAP:
                return ShapeTile(tuple(shapes), truncated=True)
            vertices += piece.vertices
            shapes.append(SiteShape(public_id, *row, piece))
    return ShapeTile(tuple(shapes), truncated=False)


Words = tuple[str, str, str, str]


def _passing(held: Snapshot, tile: TileId, which: Filter) -> Iterator[tuple[Found, list[Words]]]:
    """Shapes of the tile that pass, the largest first, some at a time, with what they are."""
    waiting: list[tuple[int, int, Words]] = []
    for found in _index_for(held).in_tile(tile, BUFFER / EXTENT):
        points = held.index.lookup(found.ids, _COLUMNS, which)
        words = dict(zip(points.ids.tolist(), _words(held, points.columns), strict=True))
        waiting += [
            (pk, version, words[pk])
            for pk, version in zip(found.ids.tolist(), found.versions.tolist(), strict=True)
            if words.get(pk) is not None
        ]
        while len(waiting) >= _CHUNK:
            yield _chunk(waiting[:_CHUNK])
            del waiting[:_CHUNK]
    if waiting:
        yield _chunk(waiting)


def _chunk(rows: list[tuple[int, int, Words]]) -> tuple[Found, list[Words]]:
    ids, versions, words = zip(*rows, strict=True)
    return Found(np.array(ids, dtype=np.int64), np.array(versions, dtype=np.int64)), list(words)


def _words(held: Snapshot, columns: Mapping[str, NDArray[Any]]) -> list[Any]:
    """Kind, stage, service and light of each; None for a kind that is newer than the snapshot."""
    kinds = held.vocabulary.kind_by_number
    lit = lit_combos(held, staff=False)[columns["combo"]]
    return [
        (
            kinds[kind].slug,
            STAGES[stage].value,
            SERVICES[service].value,
            LIGHTS[light].value if shown else "",
        )
        if kind in kinds
        else None
        for kind, stage, service, light, shown in zip(
            *(columns[name].tolist() for name in ("kind", "stage", "service", "light")),
            lit.tolist(),
            strict=True,
        )
    ]


def _drawn(found: Found, tile: TileId) -> list[tuple[str, Cut | None]]:
    """Public id and piece of each shape; no piece where its line does not touch the tile."""
    kept = _kept_drawings(found, tile.z)
    drawings = [(place, row.drawing) for place, row in enumerate(kept) if row is not None and row.drawing]
    pieces: list[Cut | None] = [None] * len(kept)
    for (place, _drawing), piece in zip(
        drawings, cut([drawing for _place, drawing in drawings], tile), strict=True
    ):
        pieces[place] = piece
    return [("" if row is None else row.public_id, piece) for row, piece in zip(kept, pieces, strict=True)]


def _kept_drawings(found: Found, z: int) -> list[_Kept | None]:
    keys = [(pk, version, z) for pk, version in zip(found.ids.tolist(), found.versions.tolist(), strict=True)]
    rows = {key: _drawings.get(key) for key in keys}
    missing = [key for key in keys if rows[key] is None]
    if missing:
        fresh = _read(sorted(key[0] for key in missing), z)
        # By id, not by version: a row that has moved on since is drawn as it is now, if it is public.
        rows.update({key: fresh.get(key[0]) for key in missing})
    return [rows[key] for key in keys]


def _read(ids: Sequence[int], z: int) -> dict[int, _Kept]:
    """Read and simplify. Only what is published at this moment: the index may be a second behind."""
    places = ", ".join(["%s"] * len(ids))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id, changed_seq, public_id, ST_AsBinary(geom) FROM projects_site WHERE id IN ({places})"
            f" AND publication = %s AND {SHAPES}",
            [*ids, Publication.PUBLISHED.value],
        )
        rows = cursor.fetchall()
    geometries = shapely.from_wkb([bytes(row[3]) for row in rows])
    found = {}
    for (pk, version, public_id, _wkb), drawing in zip(rows, prepare(geometries, z), strict=True):
        found[pk] = _Kept(public_id, drawing)
        _drawings.put((pk, version, z), found[pk])
    return found


# ------------------------------------------------------------------------------------------ following changes


def _index_for(held: Snapshot) -> ShapeIndex:
    """The boxes of all shapes, at least as new as the snapshot."""
    global _known
    known = _known
    if known is not None and known.epoch == held.epoch and known.seq >= held.seq and held.epoch:
        return known.index
    with _lock:
        known = _known
        if known is None or not held.epoch or known.epoch != held.epoch or held.seq - known.seq > _FOLLOW:
            known = _Known(held.epoch, held.seq, ShapeIndex(_boxes(SHAPES, [])))
        elif known.seq < held.seq:
            known = _Known(held.epoch, held.seq, _followed(known))
        _known = known
    return known.index


def _followed(known: _Known) -> ShapeIndex:
    changed = _boxes(f"{SHAPES} AND changed_seq > %s", [known.seq])
    with connection.cursor() as cursor:
        # What is a point by now, or gone: its old line must not be drawn from what is kept.
        cursor.execute(
            "SELECT id FROM projects_site WHERE changed_seq > %s"
            " AND (dimension = 0 OR deleted_seq IS NOT NULL)",
            [known.seq],
        )
        gone = [row[0] for row in cursor.fetchall()]
    return known.index.with_changes(changed, gone)


def _boxes(where: str, parameters: list[int]) -> Boxes:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id, changed_seq, {_EDGES[connection.vendor]} FROM projects_site WHERE {where}",
            parameters,
        )
        table = np.array(cursor.fetchall(), dtype=np.float64).reshape(-1, 6)
    return Boxes(table[:, 0].astype(np.int64), table[:, 2:], table[:, 1].astype(np.int64))
