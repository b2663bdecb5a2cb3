"""A point index in plain Python, as slow as it is obvious: what the real one is compared with."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from hypothesis import strategies as st
from pyproj import Geod

from maps.pointindex import Between, Bits, Columns, Filter, In, Inside, PointIndex, Region, Where
from maps.pointindex.morton import dequantise, quantise
from maps.tiles import BBox, TileId

SCHEMA = {"kind": np.uint8, "day": np.uint16, "flags": np.uint8}
GEOD = Geod(ellps="WGS84")


@dataclass(frozen=True)
class Row:
    """One point: its quantised position and what is in its columns."""

    x: int
    y: int
    lon: float
    lat: float
    kind: int
    day: int
    flags: int


Predicate = Callable[[int, Row], bool]


class Oracle:
    """Rows by id, and loops over all of them."""

    def __init__(self) -> None:
        self.rows: dict[int, Row] = {}

    def put(self, columns: Columns) -> None:
        x, y = quantise(columns.lon, columns.lat)
        lon, lat = dequantise(x, y)
        table = zip(x, y, lon, lat, *(columns.values[name] for name in SCHEMA), strict=True)
        for identity, (px, py, plon, plat, *values) in zip(columns.ids.tolist(), table, strict=True):
            self.rows[identity] = Row(int(px), int(py), float(plon), float(plat), *(int(v) for v in values))

    def remove(self, ids: Iterable[int]) -> None:
        for identity in ids:
            self.rows.pop(identity, None)

    def passing(self, keep: Predicate) -> dict[int, Row]:
        return {identity: row for identity, row in self.rows.items() if keep(identity, row)}

    def in_bbox(self, bbox: BBox, keep: Predicate) -> list[int]:
        (west, east), (north, south) = quantise([bbox.min_lon, bbox.max_lon], [bbox.max_lat, bbox.min_lat])
        rows = self.passing(keep)
        return sorted(i for i, row in rows.items() if west <= row.x <= east and north <= row.y <= south)

    def cells(self, tile: TileId, cell_px: int, keep: Predicate) -> dict[tuple[int, int], list[int]]:
        """Ids by cell of a tile; a cell's address is its own column and row in the world."""
        per_tile = 256 // cell_px
        side = (1 << 32) // ((1 << tile.z) * per_tile)
        found: dict[tuple[int, int], list[int]] = {}
        for identity, row in self.passing(keep).items():
            cell = (row.x // side, row.y // side)
            if (cell[0] // per_tile, cell[1] // per_tile) == (tile.x, tile.y):
                found.setdefault(cell, []).append(identity)
        return found

    def nearest(self, lon: float, lat: float, k: int, among: set[int]) -> list[tuple[float, int]]:
        rows = self.passing(lambda identity, _: identity in among)
        if not rows:
            return []
        lons, lats = [row.lon for row in rows.values()], [row.lat for row in rows.values()]
        _, _, metres = GEOD.inv([lon] * len(rows), [lat] * len(rows), lons, lats)
        return sorted(zip(metres, rows, strict=True))[:k]

    def facet(self, name: str, ids: Iterable[int]) -> Counter[int]:
        return Counter(getattr(self.rows[identity], name) for identity in ids)


def random_columns(rng: np.random.Generator, ids: np.ndarray[Any, Any]) -> Columns:
    """Towns, single places with many points, the whole world, and its edges."""
    n = len(ids)
    towns = rng.uniform([-175, -80], [175, 80], (4, 2))
    towns[0] = (121.55, 29.87)
    towns[1] = (179.999, -16.5)
    spots = np.array([[121.5, 29.8], [180.0, 0.0], [-180.0, 0.0], [13.0, 90.0], [77.0, -90.0], [0.0, 85.06]])
    choice = rng.choice(3, n, p=[0.8, 0.1, 0.1])
    near = towns[rng.integers(0, 4, n)] + rng.normal(0, 0.02, (n, 2))
    places = np.where(
        (choice == 0)[:, None],
        near,
        np.where(
            (choice == 1)[:, None],
            spots[rng.integers(0, len(spots), n)],
            rng.uniform([-180, -90], [180, 90], (n, 2)),
        ),
    )
    lon = np.clip(places[:, 0], -180, 180)
    lat = np.clip(places[:, 1], -90, 90)
    values = {
        "kind": rng.integers(0, 9, n),
        "day": rng.integers(0, 400, n),
        "flags": rng.integers(0, 4, n),
    }
    return Columns(ids, lon, lat, values)


def random_filter(rng: np.random.Generator, oracle: Oracle) -> tuple[Filter, Predicate]:
    """A filter, and the same in plain Python."""
    kinds = set(rng.choice(12, rng.integers(0, 8), replace=False).tolist())
    low, high = sorted(rng.integers(0, 450, 2).tolist())
    some = set(rng.choice(4000, 60).tolist()) | set(list(oracle.rows)[:10])
    options: list[tuple[Filter, Predicate]] = [
        (Filter(), lambda i, r: True),
        (Filter([In("kind", kinds)]), lambda i, r: r.kind in kinds),
        (Filter([In("kind", {0})]), lambda i, r: r.kind == 0),
        (Filter([Between("day", low, high)]), lambda i, r: low <= r.day <= high),
        (
            Filter([Bits("flags", 1), Between("day", low, 500)]),
            lambda i, r: bool(r.flags & 1) and low <= r.day,
        ),
        (Filter([Bits("flags", 2, 1)]), lambda i, r: r.flags == 2),
        (
            Filter([Where(("kind", "day"), lambda kind, day: kind.astype(np.int64) * 40 > day, "steep")]),
            lambda i, r: r.kind * 40 > r.day,
        ),
        (Filter([], sorted(some)), lambda i, r: i in some),
        (Filter([In("kind", {1, 2, 3})], sorted(some)), lambda i, r: i in some and r.kind in {1, 2, 3}),
        (Filter([Between("day", 3, 4)]), lambda i, r: r.day in (3, 4)),
        _inside(rng, oracle, 1),
        _inside(rng, oracle, 2),
    ]
    return options[rng.integers(len(options))]


def _inside(rng: np.random.Generator, oracle: Oracle, regions: int) -> tuple[Filter, Predicate]:
    """Inside one of some random triangles and boxes, of kind 0 to 5."""
    shapes: dict[str, shapely.Geometry] = {}
    for _ in range(regions):
        box = random_bbox(rng, oracle)
        corners = rng.uniform([box.min_lon, box.min_lat], [box.max_lon, box.max_lat], (3, 2))
        shape = shapely.Polygon(corners) if rng.random() < 0.5 else shapely.box(*box.as_tuple())
        if shape.is_valid and shape.area > 0:
            shapes[shape.wkb_hex] = shape

    def keep(_identity: int, row: Row) -> bool:
        point = shapely.Point(row.lon, row.lat)
        return row.kind <= 5 and any(shape.contains(point) for shape in shapes.values())

    tests = [Inside(shapes, lambda key: Region(shapes[key])), In("kind", range(6))]
    return Filter(tests), keep


def random_bbox(rng: np.random.Generator, oracle: Oracle) -> BBox:
    """A box around a point, exactly on points, or anywhere."""
    rows = list(oracle.rows.values())
    if rows and rng.random() < 0.7:
        a, b = rows[rng.integers(len(rows))], rows[rng.integers(len(rows))]
        if rng.random() < 0.5:
            size = 10.0 ** rng.uniform(-6, 1.5)
            lons, lats = [a.lon - size, a.lon + size], [a.lat - size, a.lat + size]
        else:
            lons, lats = [a.lon, b.lon], [a.lat, b.lat]
    else:
        lons, lats = rng.uniform(-180, 180, 2).tolist(), rng.uniform(-90, 90, 2).tolist()
    west, east = np.clip(sorted(lons), -180, 180).tolist()
    south, north = np.clip(sorted(lats), -90, 90).tolist()
    return BBox(west, south, east, north)


@dataclass
class World:
    """An index after a history of edits, its oracle, and dice for the questions."""

    index: PointIndex
    oracle: Oracle
    rng: np.random.Generator


@st.composite
def worlds(draw: st.DrawFn, largest: int = 3000) -> World:
    """Build, then upsert, delete and compact at random."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    size = draw(st.sampled_from([0, 1, 2, 17, 300, largest]))
    oracle = Oracle()
    rows = random_columns(rng, rng.permutation(4000)[:size])
    oracle.put(rows)
    index = PointIndex.build(rows, SCHEMA)
    for step in draw(st.lists(st.sampled_from(["upsert", "delete", "both", "compact", "ask"]), max_size=6)):
        if step == "compact":
            index = index.compact()
            continue
        if step == "ask":  # fills what the index keeps between questions
            index.tile(TileId(0, 0, 0), random_filter(rng, oracle)[0], mix="kind")
            index.count(random_filter(rng, oracle)[0])
            index.facets(
                random_filter(rng, oracle)[0], columns=["kind", "day"], bbox=random_bbox(rng, oracle)
            )
            continue
        fresh = random_columns(rng, rng.permutation(4100)[: rng.integers(1, 40)])
        gone = rng.integers(0, 4200, rng.integers(1, 60)).tolist()
        if step != "upsert":
            oracle.remove(gone)
        if step != "delete":
            oracle.put(fresh)
        index = index.with_changes(
            upserts=fresh if step != "delete" else None, deletes=gone if step != "upsert" else ()
        )
    return World(index, oracle, rng)
