"""The exactness that the point index rests on: codes, covers of rectangles, and bounds of distances."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from maps.pointindex import Segment
from maps.pointindex.morton import Rect, cover, dequantise, encode, quantise, tile_edges
from maps.pointindex.nearest import _RADIUS, Origin, _blocks_near, _box_distance_m, _sphere_m
from maps.pointindex.summary import BLOCK, BlockSummary
from maps.tiles import TileId
from tests.unit.maps.pointindex_oracle import SCHEMA, random_columns

steps = st.integers(0, 2**32 - 1)
origins = st.builds(Origin.of, st.floats(-180, 180), st.floats(-90, 90))


def _interleaved(x: int, y: int) -> int:
    return sum(((x >> bit & 1) << 2 * bit) | ((y >> bit & 1) << 2 * bit + 1) for bit in range(32))


@given(steps, steps)
def test_codes_interleave_the_bits(x: int, y: int) -> None:
    assert int(encode(np.array([x], np.uint32), np.array([y], np.uint32))[0]) == _interleaved(x, y)


@given(steps, steps, st.integers(0, 22), st.integers(0, 6))
def test_a_tile_is_the_range_of_codes_from_its_first_to_its_last(x: int, y: int, z: int, depth: int) -> None:
    tile = TileId(z, x >> (32 - z), y >> (32 - z))
    edges = tile_edges(tile, depth)
    cells, last = edges[:-1], (int(edges[-1]) or 1 << 64) - 1
    own = _interleaved(x, y)
    assert int(cells[0]) <= own <= last
    assert len(cells) == 4**depth
    shift = 2 * (32 - z - depth)
    assert own >> shift in (cells >> np.uint64(shift)).tolist()
    assert last - int(cells[-1]) == 4 ** (32 - z - depth) - 1
    # The neighbouring tile to the east, where there is one, lies outside.
    if tile.x + 1 < 1 << z:
        assert not int(cells[0]) <= _interleaved((tile.x + 1) << (32 - z), tile.y << (32 - z)) <= last


@given(steps, steps, steps, steps, st.sampled_from([4, 64, 256]), st.data())
def test_a_cover_holds_the_rectangle(
    a: int, b: int, c: int, d: int, budget: int, data: st.DataObject
) -> None:
    size = data.draw(st.sampled_from([2**32, 2**20, 300, 3]))
    rect = Rect(a, c, min(2**32 - 1, a + b % size), min(2**32 - 1, c + d % size))
    cells = cover(rect, budget)
    assert 1 <= len(cells.first) <= budget
    assert (cells.first[1:] > cells.last[:-1]).all()
    for box, first, last, inside in zip(
        cells.boxes.tolist(), cells.first, cells.last, cells.inside, strict=True
    ):
        x0, y0, x1, y1 = box
        assert (_interleaved(x0, y0), _interleaved(x1, y1)) == (int(first), int(last))
        assert inside == (rect.x0 <= x0 and rect.y0 <= y0 and x1 <= rect.x1 and y1 <= rect.y1)
    x, y = data.draw(st.integers(rect.x0, rect.x1)), data.draw(st.integers(rect.y0, rect.y1))
    own = np.uint64(_interleaved(x, y))
    assert np.count_nonzero((cells.first <= own) & (own <= cells.last)) == 1


@pytest.mark.parametrize("inside", [True, False])
def test_the_edge_of_a_cell_decides_whether_it_is_inside(inside: bool) -> None:
    rect = Rect(0, 0, 15, 15) if inside else Rect(0, 0, 14, 15)
    assert bool(cover(rect, 4).inside.all()) is inside


@given(origins, st.floats(-180, 180), st.floats(-90, 90))
def test_the_sphere_bounds_the_ellipsoid(origin: Origin, lon: float, lat: float) -> None:
    metres = Geod(ellps="WGS84").inv(origin.lon, origin.lat, lon, lat)[2]
    sphere = float(_sphere_m(origin, np.array([lon]), np.array([lat]))[0])
    assert 0.994 * sphere - 0.2 <= metres <= 1.005 * sphere + 0.2


@settings(max_examples=300)
@given(origins, st.floats(-180, 180), st.floats(-85, 85), st.floats(0, 200), st.floats(0, 120))
def test_the_distance_to_a_box_is_that_of_its_nearest_point(
    origin: Origin, west: float, south: float, width: float, height: float
) -> None:
    east, north = min(180.0, west + width), min(85.0, south + height)
    bound = float(_box_distance_m(origin, *(np.array([edge]) for edge in (west, south, east, north)))[0])
    lon, lat = np.meshgrid(np.linspace(west, east, 201), np.linspace(south, north, 401))
    sampled = float(_sphere_m(origin, lon.ravel(), lat.ravel()).min())
    assert bound <= sampled + 0.2
    # No larger than the sampled minimum, and no smaller than the spacing of the samples explains.
    spacing = np.radians(max((east - west) / 200, (north - south) / 400)) * _RADIUS
    assert bound >= sampled - spacing - 0.2


@settings(max_examples=150, deadline=None)
@given(origins, st.floats(0, 7.4), st.integers(0, 20))
def test_no_block_within_the_radius_is_passed_over(origin: Origin, exponent: float, seed: int) -> None:
    segment = Segment.build(random_columns(np.random.default_rng(seed), np.arange(6000)), SCHEMA)
    away = _sphere_m(origin, *dequantise(segment.x, segment.y))
    for radius in (10.0**exponent, float(np.partition(away, 9)[9])):
        near = _blocks_near(BlockSummary.build(segment, None), origin, radius, None)
        needed = np.unique(np.flatnonzero(away <= radius) // BLOCK)
        assert near[needed].all()


def test_quantising_is_monotonous_and_clamped() -> None:
    x, y = quantise([-180, -1e-9, 0, 1e-7, 180], [90, 85.06, 0, -1e-7, -90])
    assert x.tolist() == [0, 2**31 - 1, 2**31, 2**31 + 1, 2**32 - 1]
    assert y.tolist() == [0, 0, 2**31, 2**31 + 1, 2**32 - 1]
