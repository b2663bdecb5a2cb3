"""Every question to the point index against plain Python, after random histories of edits and compactions."""

from collections import Counter
from collections.abc import Iterator
from typing import Literal

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maps.pointindex import EVERYTHING, Columns, PointIndex, Segment, view
from maps.tiles import BBox, TileId
from tests.unit.maps.pointindex_oracle import (
    GEOD,
    SCHEMA,
    Oracle,
    Row,
    World,
    random_bbox,
    random_columns,
    random_filter,
    worlds,
)

EXAMPLES = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module", params=["as shipped", "small thresholds"], autouse=True)
def thresholds(request: pytest.FixtureRequest) -> Iterator[None]:
    """Large inputs take other ways through the code: small thresholds send small inputs down them."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "small thresholds":
            patch.setattr(view, "DIRECT_ROWS", 16)
            patch.setattr("maps.pointindex.pages.DIRECT_ROWS", 16)
            patch.setattr(view, "_SPARSE_ROWS", 20)
            patch.setattr(view, "_SLICE_ROWS", 8)
            patch.setattr(view, "_CHUNK_ROWS", 512)
            patch.setattr(view, "_KEPT_SELECTIONS", 3)
            patch.setattr(view, "_PATCHED_DEATHS", 2)
            patch.setattr("maps.pointindex.counting._EDGE_ROWS", 4)
            patch.setattr("maps.pointindex.counting._EDGE_ROWS_PER_CELL", 1)
            patch.setattr("maps.pointindex.summary._HISTOGRAM_BLOCKS", 2)
            patch.setattr("maps.pointindex.segment._FEW_IDS", 3)
            patch.setattr("maps.pointindex.segment._MANY_CODES", 0)
            patch.setattr("maps.pointindex.nearest._SEED_ROWS", 2)
            patch.setattr("maps.pointindex.nearest._SEED_LIMIT", 40)
            patch.setattr("maps.pointindex.nearest._FIRST_BLOCKS", 1)
        yield


@EXAMPLES
@given(worlds(), st.sampled_from([4, 32, 64, 256]), st.sampled_from([None, "kind"]))
def test_clusters_are_the_cells_of_the_tile(world: World, cell_px: int, mix: str | None) -> None:
    for _ in range(6):
        which, keep = random_filter(world.rng, world.oracle)
        tile = _random_tile(world)
        answer = world.index.tile(tile, which, cell_px=cell_px, cap=10_000, mix=mix, columns=["day"])
        cells = world.oracle.cells(tile, cell_px, keep)
        rows = world.oracle.rows
        assert answer.total == sum(len(ids) for ids in cells.values())
        assert answer.total == sum(cluster.count for cluster in answer.clusters) + len(answer.points)
        assert not answer.truncated
        singles = sorted(ids[0] for ids in cells.values() if len(ids) == 1)
        assert sorted(answer.points.ids.tolist()) == singles
        for place, identity in enumerate(answer.points.ids.tolist()):
            assert answer.points.columns["day"][place] == rows[identity].day
            assert answer.points.lon[place] == rows[identity].lon
            assert answer.points.lat[place] == rows[identity].lat
        found = {(c.count, *c.bounds): c for c in answer.clusters}
        for ids in (ids for ids in cells.values() if len(ids) > 1):
            members = [rows[i] for i in ids]
            lons, lats = [m.lon for m in members], [m.lat for m in members]
            cluster = found.pop((len(ids), min(lons), min(lats), max(lons), max(lats)))
            _assert_centre(cluster.lon, cluster.lat, members)
            if mix is not None:
                commonest = sorted(
                    Counter(m.kind for m in members).items(), key=lambda item: (-item[1], item[0])
                )
                assert cluster.mix == tuple(commonest[:3])
            else:
                assert cluster.mix == ()
        assert not found


def _random_tile(world: World) -> TileId:
    rows = list(world.oracle.rows.values())
    z = int(world.rng.choice([0, 1, 3, 9, 14, 22]))
    if not rows or world.rng.random() < 0.2:
        return TileId(z, *world.rng.integers(0, 1 << z, 2).tolist())
    row = rows[world.rng.integers(len(rows))]
    return TileId(z, row.x >> (32 - z), row.y >> (32 - z))


def _assert_centre(lon: float, lat: float, members: list[Row]) -> None:
    x = sum(m.x for m in members) / len(members) + 0.5
    y = sum(m.y for m in members) / len(members) + 0.5
    assert lon == pytest.approx(x / 2**32 * 360 - 180, abs=1e-9)
    expected = np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * y / 2**32))))
    assert lat == pytest.approx(expected, abs=1e-9)


@EXAMPLES
@given(worlds())
def test_the_tiles_of_a_zoom_add_up_to_the_filtered_total(world: World) -> None:
    which, keep = random_filter(world.rng, world.oracle)
    total = len(world.oracle.passing(keep))
    for z in (0, 1, 2):
        tiles = [TileId(z, x, y) for x in range(1 << z) for y in range(1 << z)]
        assert sum(world.index.tile(tile, which).total for tile in tiles) == total
    assert world.index.count(which) == total
    assert len(world.index) == len(world.oracle.rows)


@EXAMPLES
@given(worlds(), st.integers(0, 400))
def test_points_of_a_tile_are_capped_and_say_so(world: World, cap: int) -> None:
    which, keep = random_filter(world.rng, world.oracle)
    tile = _random_tile(world)
    expected = {i for ids in world.oracle.cells(tile, 256, keep).values() for i in ids}
    answer = world.index.tile(tile, which, cluster=False, cap=cap)
    ids = answer.points.ids.tolist()
    assert answer.total == len(expected)
    assert answer.clusters == ()
    assert answer.truncated == (len(expected) > cap)
    assert len(ids) == len(set(ids)) == min(cap, len(expected))
    assert set(ids) <= expected


@EXAMPLES
@given(worlds())
def test_bbox_counts_and_pages(world: World) -> None:
    for _ in range(4):
        which, keep = random_filter(world.rng, world.oracle)
        box = random_bbox(world.rng, world.oracle)
        expected = world.oracle.in_bbox(box, keep)
        assert world.index.bbox(box, which).tolist() == expected
        assert world.index.count_bbox(box, which) == len(expected)
        limit = int(world.rng.integers(1, 1 + max(4, len(expected) // 3)))
        orders: tuple[Literal["id", "-id"], ...] = ("id", "-id")
        for order, sequence in zip(orders, (expected, expected[::-1]), strict=True):
            pages: list[int] = []
            after = None
            while True:
                page = world.index.ids_in_bbox(box, which, order=order, after=after, limit=limit).tolist()
                pages += page
                if len(page) < limit:
                    break
                after = page[-1]
            assert pages == sequence


@EXAMPLES
@given(worlds())
def test_polygons_hold_the_points_inside_them(world: World) -> None:
    which, keep = random_filter(world.rng, world.oracle)
    rows = world.oracle.passing(keep)
    for _ in range(3):
        box = random_bbox(world.rng, world.oracle)
        corners = world.rng.uniform([box.min_lon, box.min_lat], [box.max_lon, box.max_lat], (8, 2))
        hull = shapely.MultiPoint(corners).convex_hull
        if hull.geom_type != "Polygon" or not hull.is_valid:
            continue
        inner = shapely.affinity.scale(hull, 0.4, 0.4)
        for shape in (hull, hull.difference(inner), shapely.MultiPolygon([hull])):
            if shape.geom_type not in ("Polygon", "MultiPolygon"):
                continue
            expected = sorted(i for i, row in rows.items() if shape.contains(shapely.Point(row.lon, row.lat)))
            assert world.index.polygon(shape, which).tolist() == expected


@EXAMPLES
@given(worlds(), st.sampled_from([1, 3, 10, 60]))
def test_nearest_are_the_nearest_on_the_ellipsoid(world: World, k: int) -> None:
    rows = list(world.oracle.rows.values())
    for _ in range(5):
        which, keep = random_filter(world.rng, world.oracle)
        lon, lat = world.rng.uniform(-180, 180), world.rng.uniform(-90, 90)
        if rows and world.rng.random() < 0.6:
            row = rows[world.rng.integers(len(rows))]
            lon = float(np.clip(row.lon + world.rng.normal(0, 0.01), -180, 180))
            lat = float(np.clip(row.lat + world.rng.normal(0, 0.01), -90, 90))
        if world.rng.random() < 0.1:
            lon, lat = float(world.rng.choice([-180, 0, 180])), float(world.rng.choice([-90, 0, 90]))
        bbox = random_bbox(world.rng, world.oracle) if world.rng.random() < 0.3 else None
        limit = 10 ** world.rng.uniform(1, 7.3) if world.rng.random() < 0.3 else None
        within = set(world.oracle.in_bbox(bbox, keep)) if bbox else set(world.oracle.passing(keep))
        near = world.oracle.nearest(lon, lat, k, within)
        expected = [(metres, identity) for metres, identity in near if limit is None or metres <= limit]
        answer = world.index.nearest(lon, lat, k, which, bbox=bbox, max_distance_m=limit)
        assert answer.ids.tolist() == [identity for _, identity in expected]
        assert answer.distances_m == pytest.approx([metres for metres, _ in expected], abs=1e-6)


@EXAMPLES
@given(worlds())
def test_facets_count_by_value(world: World) -> None:
    for _ in range(3):
        which, keep = random_filter(world.rng, world.oracle)
        bbox = random_bbox(world.rng, world.oracle) if world.rng.random() < 0.7 else None
        ids = world.oracle.in_bbox(bbox, keep) if bbox else list(world.oracle.passing(keep))
        facets = world.index.facets(which, columns=["kind", "day"], bbox=bbox)
        assert facets.total == len(ids)
        for name in ("kind", "day"):
            counts = {value: n for value, n in enumerate(facets.counts[name].tolist()) if n}
            assert counts == world.oracle.facet(name, ids)


@EXAMPLES
@given(worlds())
def test_tombstones_lookup_and_rebuilding_from_the_parts(world: World) -> None:
    points = world.index.lookup(range(4300), ["kind", "day", "flags"])
    assert points.ids.tolist() == sorted(world.oracle.rows)
    for name in SCHEMA:
        expected = [getattr(world.oracle.rows[i], name) for i in points.ids.tolist()]
        assert points.columns[name].tolist() == expected
    index = world.index
    again = PointIndex(index.base, index.delta, index.tombstones)
    assert again.lookup(range(4300)).ids.tolist() == points.ids.tolist()
    compacted = index.compact()
    assert compacted.delta_size == 0
    after = compacted.lookup(range(4300))
    assert (after.ids.tolist(), after.lon.tolist(), after.lat.tolist()) == (
        points.ids.tolist(),
        points.lon.tolist(),
        points.lat.tolist(),
    )


def test_a_cap_takes_points_from_base_and_delta_alike() -> None:
    rng = np.random.default_rng(3)
    old, new = random_columns(rng, np.arange(600)), random_columns(rng, np.arange(600, 900))
    index = PointIndex.build(old, SCHEMA).with_changes(new)
    answer = index.tile(TileId(0, 0, 0), cluster=False, cap=90)
    assert (answer.total, len(answer.points), answer.truncated) == (900, 90, True)
    assert np.count_nonzero(answer.points.ids >= 600) == 30


def test_thousands_at_one_place() -> None:
    n = 3000
    ids = np.arange(n, 0, -1)
    values = {"kind": ids % 5, "day": ids % 7, "flags": ids % 2}
    index = PointIndex.build(Columns(ids, np.full(n, 121.5), np.full(n, 29.8), values), SCHEMA)
    tile = TileId.at(121.5, 29.8, 22)
    (cluster,) = index.tile(tile, mix="kind").clusters
    assert cluster.count == n
    assert cluster.bounds[:2] == cluster.bounds[2:]
    assert cluster.mix == ((0, 600), (1, 600), (2, 600))
    near = index.nearest(121.5, 29.9, 4)
    assert near.ids.tolist() == [1, 2, 3, 4]
    assert len(set(near.distances_m.tolist())) == 1
    assert index.count_bbox(BBox(121.5, 29.8, 121.5, 29.8)) == n


def test_nearest_sees_across_the_antimeridian() -> None:
    values = {name: np.zeros(3, int) for name in SCHEMA}
    index = PointIndex.build(Columns([1, 2, 3], [-179.9, 179.0, 0.0], [10, 10, 10], values), SCHEMA)
    answer = index.nearest(179.95, 10, 2)
    assert answer.ids.tolist() == [1, 2]
    assert answer.distances_m[0] == pytest.approx(GEOD.inv(179.95, 10, -179.9, 10)[2], abs=0.02)


def test_more_neighbours_than_points() -> None:
    values = {name: np.zeros(2, int) for name in SCHEMA}
    index = PointIndex.build(Columns([8, 9], [121, 122], [30, 30], values), SCHEMA)
    assert index.nearest(121, 30, 50).ids.tolist() == [8, 9]


def test_latitudes_beyond_mercator_are_clamped_to_its_edge() -> None:
    values = {name: np.zeros(1, int) for name in SCHEMA}
    index = PointIndex.build(Columns([1], [10], [89.9], values), SCHEMA)
    assert index.lookup([1]).lat[0] == pytest.approx(85.0511, abs=1e-4)
    assert index.tile(TileId(5, 16, 0)).total == 1
    assert index.bbox(BBox(0, 88, 20, 90)).tolist() == [1]


@given(st.floats(-180, 180), st.floats(-85.05, 85.05))
def test_positions_come_back_within_a_tenth_of_a_microdegree(lon: float, lat: float) -> None:
    values = {name: np.zeros(1, int) for name in SCHEMA}
    index = PointIndex.build(Columns([1], [lon], [lat], values), SCHEMA)
    point = index.lookup([1])
    assert point.lon[0] == pytest.approx(lon, abs=1e-7)
    assert point.lat[0] == pytest.approx(lat, abs=1e-7)
    assert index.bbox(BBox(lon, lat, lon, lat)).tolist() == [1]


def test_the_empty_index_answers() -> None:
    index = PointIndex.build(Columns([], [], [], {name: np.zeros(0, int) for name in SCHEMA}), SCHEMA)
    index.warm()
    assert index.tile(TileId(0, 0, 0), mix="kind").total == 0
    assert index.bbox(BBox(-180, -90, 180, 90)).tolist() == []
    assert index.nearest(0, 0, 3).ids.tolist() == []
    assert index.facets(columns=["kind"]).total == 0
    assert index.polygon(shapely.box(0, 0, 1, 1)).tolist() == []
    assert index.compact() is index
    oracle, rows = Oracle(), random_columns(np.random.default_rng(1), np.arange(50))
    oracle.put(rows)
    assert index.with_changes(rows).bbox(BBox(-180, -90, 180, 90)).tolist() == sorted(oracle.rows)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ids": [1, 1]}, "occurs twice"),
        ({"lon": [0.0, float("nan")]}, "no position in the world"),
        ({"lon": [0.0, 181.0]}, "no position in the world"),
        ({"lat": [float("inf"), 0.0]}, "no position in the world"),
        ({"lat": [0.0]}, "has shape"),
        ({"kind": [1, 256]}, "from 0 to 255"),
        ({"kind": [1, -1]}, "from 0 to 255"),
        ({"kind": [0.5, 1.0]}, "takes integers"),
        ({"extra": [1, 2]}, "not those of the schema"),
    ],
)
def test_bad_rows_are_refused(changes: dict[str, list[float]], message: str) -> None:
    given: dict[str, list[float]] = {
        "ids": [1, 2],
        "lon": [0, 0],
        "lat": [0, 0],
        "kind": [0, 0],
        "day": [0, 0],
        "flags": [0, 0],
        **changes,
    }
    values = {name: np.array(column) for name, column in given.items() if name not in ("ids", "lon", "lat")}
    with pytest.raises(ValueError, match=message):
        Segment.build(Columns(given["ids"], given["lon"], given["lat"], values), SCHEMA)


@pytest.mark.parametrize(
    "schema", [{"Kind": np.uint8}, {"kind": np.int8}, {"../x": np.uint8}, {"kind": np.uint64}]
)
def test_bad_schemas_are_refused(schema: dict[str, type]) -> None:
    with pytest.raises(ValueError, match="Column"):
        Segment.build(Columns([], [], [], {name: np.zeros(0) for name in schema}), schema)


def test_bad_questions_are_refused() -> None:
    index = PointIndex.build(random_columns(np.random.default_rng(2), np.arange(10)), SCHEMA)
    line = shapely.LineString([(0, 0), (1, 1)])
    bow_tie = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    with pytest.raises(ValueError, match="pixels wide"):
        index.tile(TileId(0, 0, 0), cell_px=48)
    with pytest.raises(ValueError, match="below 256"):
        index.with_changes(Columns([1], [0], [0], {"kind": [1], "day": [300], "flags": [0]})).tile(
            TileId(0, 0, 0), mix="day"
        )
    with pytest.raises(ValueError, match="no column"):
        index.facets(columns=["colour"])
    with pytest.raises(ValueError, match="k of at least 1"):
        index.nearest(0, 0, 0)
    with pytest.raises(ValueError, match="no position"):
        index.nearest(float("nan"), 0, 1)
    with pytest.raises(ValueError, match="polygons"):
        index.polygon(line)
    with pytest.raises(ValueError, match="not valid"):
        index.polygon(bow_tie)
    with pytest.raises(ValueError, match="at least one row"):
        index.ids_in_bbox(BBox(0, 0, 1, 1), EVERYTHING, limit=0)
