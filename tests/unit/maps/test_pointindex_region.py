"""Which rows lie in a region: the same as GEOS says of every point, for shapes that make rounding and
descending hard."""

import math
from collections.abc import Iterator

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from maps.pointindex import Columns, Filter, In, Inside, PointIndex, Region, Segment, region
from maps.pointindex.inside import RegionMasks, bits_at
from maps.pointindex.morton import SIDE, dequantise
from maps.tiles import from_unit

CENTRE = (121.5, 29.8)


def segment(lon: np.ndarray, lat: np.ndarray) -> Segment:
    return Segment.build(Columns(np.arange(len(lon)), lon, lat), {})


def scattered(count: int, seed: int = 0, spread: float = 0.3) -> Segment:
    rng = np.random.default_rng(seed)
    return segment(
        CENTRE[0] + spread * rng.uniform(-1, 1, count), CENTRE[1] + spread * rng.uniform(-1, 1, count)
    )


def by_geos(rows: Segment, shape: shapely.Geometry) -> list[bool]:
    lon, lat = dequantise(rows.x, rows.y)
    found: list[bool] = shapely.contains_xy(shape, lon, lat).tolist()
    return found


def star(points: int, inner: float, outer: float) -> shapely.Polygon:
    turn = np.linspace(0, 2 * np.pi, points, endpoint=False)
    away = np.where(np.arange(points) % 2, inner, outer)
    return shapely.Polygon(
        np.column_stack([CENTRE[0] + away * np.cos(turn), CENTRE[1] + away * np.sin(turn)])
    )


def comb(teeth: int, turned: bool) -> shapely.Polygon:
    along = np.linspace(-0.25, 0.25, 2 * teeth)
    up = np.where(np.arange(2 * teeth) % 4 < 2, 0.2, -0.19)[np.r_[1 : 2 * teeth, 0]]
    line = np.column_stack([along, up])
    ring = np.vstack([line, [[0.25, -0.2], [-0.25, -0.2]]])
    return shapely.Polygon((ring[:, ::-1] if turned else ring) + CENTRE)


def holes(side: int) -> shapely.Polygon:
    step = 0.5 / side
    squares = [
        shapely.box(x, y, x + step / 2, y + step / 2).exterior.coords
        for x in CENTRE[0] - 0.25 + step * (0.2 + np.arange(side))
        for y in CENTRE[1] - 0.25 + step * (0.2 + np.arange(side))
    ]
    return shapely.Polygon(
        shapely.box(CENTRE[0] - 0.25, CENTRE[1] - 0.25, CENTRE[0] + 0.25, CENTRE[1] + 0.25).exterior, squares
    )


def shapes() -> Iterator[tuple[str, shapely.Geometry]]:
    yield "star", star(400, 0.02, 0.28)
    yield "needles", star(400, 0.0005, 0.28)
    yield "comb", comb(200, False)
    yield "comb on its side", comb(200, True)
    yield "holes", holes(12)
    yield (
        "islands",
        shapely.MultiPolygon([shapely.Polygon(ring) for ring in holes(12).interiors]),
    )
    yield (
        "a hole that touches the edge",
        shapely.Polygon(
            [(121.3, 29.6), (121.7, 29.6), (121.7, 30.0), (121.3, 30.0)],
            [[(121.3, 29.8), (121.5, 29.7), (121.5, 29.9)]],
        ),
    )
    yield "thinner than the steps", shapely.Polygon([(121.3, 29.7), (121.7, 29.9), (121.7, 29.9 + 1e-9)])
    yield "the world", shapely.box(-180, -90, 180, 90)
    yield "elsewhere", shapely.box(10, 10, 11, 11)


@pytest.mark.parametrize(("name", "shape"), list(shapes()), ids=[name for name, _shape in shapes()])
@pytest.mark.parametrize("count", [0, 1, 30, 20_000])
def test_inside_is_what_geos_says(name: str, shape: shapely.Geometry, count: int) -> None:
    assert shape.is_valid, name
    rows = scattered(count)
    assert Region(shape).mask(rows).tolist() == by_geos(rows, shape)


@settings(max_examples=80)
@given(st.integers(0, 2**32 - 1), st.sampled_from([3, 5, 9, 40]), st.booleans())
def test_vertices_and_edges_on_the_points_themselves(seed: int, corners: int, straight: bool) -> None:
    """The edge excludes: points that are vertices, points on edges, edges along the points' own lines."""
    rng = np.random.default_rng(seed)
    rows = scattered(400, seed, spread=0.01)
    lon, lat = dequantise(rows.x, rows.y)
    chosen = rng.choice(len(rows), corners, replace=False)
    if straight:
        box = shapely.box(lon[chosen].min(), lat[chosen].min(), lon[chosen].max(), lat[chosen].max())
        shape: shapely.Geometry = box
    else:
        shape = shapely.MultiPoint(np.column_stack([lon[chosen], lat[chosen]])).convex_hull
    if shape.geom_type == "Polygon" and shape.is_valid:
        assert Region(shape).mask(rows).tolist() == by_geos(rows, shape)


@pytest.mark.parametrize("shift", [0, 4, 12, 20])
def test_edges_along_the_cells_edges(shift: int) -> None:
    """A square made of the quadtree's own lines, with points one step to either side of each."""
    size = 1 << shift
    first_x, first_y = (3597 << 20) // size * size, (1780 << 20) // size * size
    steps = np.array([-1, 0, 1, size - 1, size, size + 1])
    x, y = (each.ravel() for each in np.meshgrid(first_x + steps, first_y + steps))
    rows = Segment.from_quantised(np.arange(len(x)), x.astype(np.uint32), y.astype(np.uint32), {})
    west, north = from_unit(np.array([first_x / SIDE]), np.array([first_y / SIDE]))
    east, south = from_unit(np.array([(first_x + size) / SIDE]), np.array([(first_y + size) / SIDE]))
    square = shapely.box(float(west[0]), float(south[0]), float(east[0]), float(north[0]))
    found = Region(square).mask(rows)
    in_square = (
        (rows.x >= first_x) & (rows.x < first_x + size) & (rows.y >= first_y) & (rows.y < first_y + size)
    )
    assert found.tolist() == in_square.tolist() == by_geos(rows, square)


def test_edges_through_every_anchor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no anchor is beyond doubt, GEOS decides the cell's rows."""
    rows = scattered(3_000)
    shape = comb(60, False)
    expected = by_geos(rows, shape)
    monkeypatch.setattr(region, "_DOUBT", 0.05)
    assert Region(shape).mask(rows).tolist() == expected


def test_many_points_in_one_place() -> None:
    rows = segment(np.full(2_000, CENTRE[0]), np.full(2_000, CENTRE[1]))
    assert Region(star(200, 0.01, 0.2)).mask(rows).all()
    assert not Region(star(200, 0.01, 0.2).difference(shapely.Point(CENTRE).buffer(1e-3))).mask(rows).any()


def test_other_geometries_are_refused() -> None:
    with pytest.raises(ValueError, match="LineString"):
        Region(shapely.LineString([(0, 0), (1, 1)]))
    assert not Region(shapely.Polygon()).mask(scattered(5)).any()


@settings(max_examples=60)
@given(st.integers(0, 300), st.integers(0, 2**32 - 1), st.data())
def test_bits_are_the_mask(size: int, seed: int, data: st.DataObject) -> None:
    mask = np.random.default_rng(seed).random(size) < 0.5
    bits = RegionMasks(1000).put("a", mask)
    low = data.draw(st.integers(0, size))
    high = data.draw(st.integers(low, size))
    assert bits_at(bits, slice(low, high)).tolist() == mask[low:high].tolist()
    rows = np.array(data.draw(st.lists(st.integers(0, size - 1)) if size else st.just([])), dtype=np.int64)
    assert bits_at(bits, rows).tolist() == mask[rows].tolist()


def test_masks_are_kept_up_to_a_limit() -> None:
    masks = RegionMasks(300)
    for name in "abc":
        masks.put(name, np.zeros(800, dtype=np.bool_))
    assert masks.get("a") is not None
    masks.put("d", np.ones(800, dtype=np.bool_))
    assert masks.get("b") is None, "asked for longest ago"
    assert masks.get("a") is not None and masks.get("c") is not None and masks.get("d") is not None
    masks.put("e", np.ones(800 * 100, dtype=np.bool_))
    assert masks.get("e") is not None, "one that is larger than the limit stands alone"
    assert masks.get("a") is None


def test_a_region_is_looked_for_once_a_segment() -> None:
    """An edit asks for the few rows beside the base, never for the base again."""
    asked: list[str] = []
    shape = star(40, 0.05, 0.2)

    def find(key: str) -> Region:
        asked.append(key)
        return Region(shape)

    rng = np.random.default_rng(1)
    lon, lat = (CENTRE[at] + 0.3 * rng.uniform(-1, 1, 5000) for at in (0, 1))
    columns = Columns(np.arange(5000), lon, lat, {"kind": rng.integers(0, 3, 5000)})
    index = PointIndex.build(columns, {"kind": np.uint8})
    inside = Inside(["a"], find)
    every = index.count(Filter([inside]))
    parts = [index.count(Filter([inside, In("kind", {kind})])) for kind in range(3)]
    assert every == sum(parts) > 0
    assert asked == ["a"]
    assert (
        index.polygon(shape).tolist() == np.flatnonzero(shapely.contains_xy(shape, *moved(lon, lat))).tolist()
    )
    edited = index.with_changes(Columns([7], [CENTRE[0]], [CENTRE[1]], {"kind": [1]}))
    was_inside = bool(shapely.contains_xy(shape, *moved(lon[7:8], lat[7:8]))[0])
    assert edited.count(Filter([inside])) == every + (0 if was_inside else 1)
    assert asked == ["a", "a"]


def moved(lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where the index puts positions: the middle of their steps."""
    from maps.pointindex.morton import quantise

    return dequantise(*quantise(lon, lat))


def test_the_same_regions_are_the_same_test() -> None:
    def find(key: str) -> Region:
        raise AssertionError(f"{key} is not needed to compare filters")

    assert Inside(["a", "b"], find) == Inside(["b", "a", "b"], find)
    assert Filter([Inside(["a"], find)]) != Filter([Inside(["b"], find)])
    assert math.isfinite(hash(Filter([Inside(["a"], find)])))
