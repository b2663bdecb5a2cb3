"""Lines and areas on the map: which of them a tile draws, and how, by the change sequence.

The point index says which sites pass (the public bit first) and what they are; the shape index of this
process (maps.shapeindex) says which lie in a tile; the database gives the geometry of those few by primary
key. What was simplified is kept by (site, its change number, zoom), so that an edited road is read anew.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from django.db import connection

from maps.pointindex import Filter
from maps.shapecut import BUFFER, EXTENT, Cut, Drawing, cut, prepare
from maps.shapeindex import Boxes, ShapeIndex
from maps.tiles import TileId
from projects.readmodels.indexfilters import shown_lights
from projects.readmodels.sitecolumns import LIGHTS, services_of, stages_of
from projects.readmodels.siteindex import Snapshot
from projects.rules.vocabulary import Light, Publication

#: What one tile draws at most: so many shapes, and no further ones above so many vertices.
SHAPE_CAP: Final = 300
VERTEX_CAP: Final = 20_000
#: Geometries that one tile looks at, at most: boxes may touch a tile whose lines do not.
_LOOK_CAP: Final = 2_000
_CHUNK: Final = 250
#: Kept drawings of this process: so many vertices of 16 bytes, all in all.
_KEPT_VERTICES: Final = 500_000
#: More changes than this are not followed one by one: all boxes are read again.
_FOLLOW: Final = 20_000

_COLUMNS = ("kind", "state", "standing")
#: How a tile writes each light: empty where there is none to show.
_LIGHT_WORDS = tuple("" if light is Light.NONE else light.value for light in LIGHTS)
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
        # Twice: as it is cut from, and as a tile that holds it whole draws it.
        return 20 + (2 * self.drawing.vertices if self.drawing else 0)


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
    chosen: dict[int, tuple[str, Cut]] = {}
    vertices = looked = 0
    for keys in _passing(held, tile, which):
        if len(chosen) >= SHAPE_CAP or vertices >= VERTEX_CAP or looked >= _LOOK_CAP:
            return _told(held, chosen, truncated=True)
        looked += len(keys)
        for pk, public_id, piece in _drawn(keys, tile):
            if len(chosen) >= SHAPE_CAP or vertices >= VERTEX_CAP:
                return _told(held, chosen, truncated=True)
            vertices += piece.vertices
            chosen[pk] = (public_id, piece)
    return _told(held, chosen, truncated=False)


def _passing(held: Snapshot, tile: TileId, which: Filter) -> Iterator[list[tuple[int, int]]]:
    """Ids and versions of the tile's shapes that pass, the largest first, some at a time."""
    waiting: list[tuple[int, int]] = []
    for found in _index_for(held).in_tile(tile, BUFFER / EXTENT):
        passing = np.isin(found.ids, held.index.lookup(found.ids, which=which).ids)
        waiting += zip(found.ids[passing].tolist(), found.versions[passing].tolist(), strict=True)
        while len(waiting) >= _CHUNK:
            yield waiting[:_CHUNK]
            del waiting[:_CHUNK]
    if waiting:
        yield waiting


def _told(held: Snapshot, chosen: Mapping[int, tuple[str, Cut]], *, truncated: bool) -> ShapeTile:
    """The chosen pieces with what each site is."""
    points = held.index.lookup(list(chosen), _COLUMNS)
    kinds = {number: kind.slug for number, kind in held.vocabulary.kind_by_number.items()}
    lights = shown_lights(held, staff=False).ravel()[points.columns["standing"]]
    words = {
        pk: (kinds[kind], stage, service, _LIGHT_WORDS[light])
        for pk, kind, stage, service, light in zip(
            points.ids.tolist(),
            points.columns["kind"].tolist(),
            stages_of(points.columns["state"]),
            services_of(points.columns["state"]),
            lights.tolist(),
            strict=True,
        )
        # A kind newer than the snapshot: the next look has it.
        if kind in kinds
    }
    shapes = [
        SiteShape(public_id, *words[pk], piece) for pk, (public_id, piece) in chosen.items() if pk in words
    ]
    return ShapeTile(tuple(shapes), truncated)


def _drawn(keys: Sequence[tuple[int, int]], tile: TileId) -> list[tuple[int, str, Cut]]:
    """Id, public id and piece of each shape whose line or area really touches the tile."""
    drawings = []
    for (pk, _version), row in zip(keys, _kept_drawings(keys, tile.z), strict=True):
        if row is not None and row.drawing is not None:
            drawings.append((pk, row.public_id, row.drawing))
    pieces = cut([drawing for _pk, _public_id, drawing in drawings], tile)
    return [
        (pk, public_id, piece)
        for (pk, public_id, _drawing), piece in zip(drawings, pieces, strict=True)
        if piece is not None
    ]


def _kept_drawings(keys: Sequence[tuple[int, int]], z: int) -> list[_Kept | None]:
    kept = [_drawings.get((pk, version, z)) for pk, version in keys]
    missing = [pk for (pk, _version), row in zip(keys, kept, strict=True) if row is None]
    if not missing:
        return kept
    # By id, not by version: a row that has moved on since is drawn as it is now, if it is public.
    fresh = _read(sorted(missing), z)
    return [fresh.get(pk) if row is None else row for (pk, _version), row in zip(keys, kept, strict=True)]


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
