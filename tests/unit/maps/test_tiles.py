"""Tile addresses, tile edges and bounding boxes."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maps.sentence import Sentence
from maps.tiles import MAX_LATITUDE, BBox, BBoxError, TileError, TileId, from_unit, tile_pixels, to_unit

longitudes = st.floats(-180, 180)
latitudes = st.floats(-MAX_LATITUDE, MAX_LATITUDE)
tile_ids = st.integers(0, 22).flatmap(
    lambda z: st.builds(TileId, st.just(z), st.integers(0, 2**z - 1), st.integers(0, 2**z - 1))
)


@pytest.mark.parametrize(
    ("lon", "lat", "z", "expected"),
    [
        # Ningbo and London as OpenStreetMap's slippy map numbers them; the corners of the world.
        (121.5440, 29.8683, 12, TileId(12, 3430, 1691)),
        (-0.1278, 51.5074, 10, TileId(10, 511, 340)),
        (0.0, 0.0, 1, TileId(1, 1, 1)),
        (-180.0, 85.0, 3, TileId(3, 0, 0)),
        (180.0, -90.0, 3, TileId(3, 7, 7)),
        (180.0, 90.0, 0, TileId(0, 0, 0)),
    ],
)
def test_the_tile_of_a_position(lon: float, lat: float, z: int, expected: TileId) -> None:
    assert TileId.at(lon, lat, z) == expected


def slippy(lon: float, lat: float, z: int) -> tuple[int, int]:
    """The formula of the OpenStreetMap wiki, "Slippy map tilenames"."""
    x = (lon + 180) / 360 * 2**z
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * 2**z
    return math.floor(x), math.floor(y)


@given(st.floats(-179.9, 179.9), st.floats(-85, 85), st.integers(0, 12))
def test_tiles_are_numbered_as_everywhere(lon: float, lat: float, z: int) -> None:
    tile = TileId.at(lon, lat, z)
    near_edge = min((to_unit(lon, lat).u * 2**z) % 1, (to_unit(lon, lat).v * 2**z) % 1) < 1e-6
    assert (tile.x, tile.y) == slippy(lon, lat, z) or near_edge


@given(tile_ids)
def test_a_tile_holds_its_middle_and_its_children(tile: TileId) -> None:
    box = tile.bounds
    assert TileId.at((box.min_lon + box.max_lon) / 2, (box.min_lat + box.max_lat) / 2, tile.z) == tile
    if tile.z < 22:
        children = tile.children()
        assert all(child.parent() == tile for child in children)
        assert children[0].bounds.min_lon == pytest.approx(box.min_lon)
        assert children[0].bounds.max_lat == pytest.approx(box.max_lat)
        assert children[3].bounds.max_lon == pytest.approx(box.max_lon)
        assert children[3].bounds.min_lat == pytest.approx(box.min_lat)


@given(longitudes, latitudes)
def test_the_unit_square_and_back(lon: float, lat: float) -> None:
    back_lon, back_lat = from_unit(*to_unit(lon, lat))
    assert float(back_lon) == pytest.approx(lon, abs=1e-9)
    assert float(back_lat) == pytest.approx(lat, abs=1e-9)


def test_latitudes_beyond_the_square_are_clamped() -> None:
    assert to_unit([0, 0], [90, -90]).v.tolist() == pytest.approx([0, 1], abs=1e-12)


@pytest.mark.parametrize(
    ("z", "x", "y", "found"),
    [
        (-1, 0, 0, "z=-1"),
        (23, 0, 0, "z=23"),
        (99, 0, 0, "z=99"),
        (3, 8, 0, "x=8"),
        (3, -1, 0, "x=-1"),
        (3, 0, 8, "y=8"),
        (0, 0, -1, "y=-1"),
        (5, 10**30, 0, "x=1000"),
    ],
)
def test_addresses_outside_the_scheme_are_refused(z: int, x: int, y: int, found: str) -> None:
    with pytest.raises(TileError, match=found) as raised:
        TileId(z, x, y)
    assert isinstance(raised.value.message, Sentence)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("121,29,122,30", (121, 29, 122, 30)),
        (" 121.5 , 29.5 ,121.5, 29.5", (121.5, 29.5, 121.5, 29.5)),
        ("-180,-90,180,90", (-180, -90, 180, 90)),
        ("1e1,0,2e1,+5", (10, 0, 20, 5)),
    ],
)
def test_boxes_are_read(text: str, expected: tuple[float, float, float, float]) -> None:
    assert BBox.parse(text).as_tuple() == expected


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "四个数"),
        ("1,2,3", "四个数"),
        ("1,2,3,4,5", "四个数"),
        ("a,b,c,d", "四个数"),
        ("1_0,2,30,4", "四个数"),
        ("１,2,3,4", "四个数"),
        ("1,2,3," + "4" * 400, "四个数"),
        ("nan,0,1,1", "有限"),
        ("nan,1e308,1,1", "有限"),
        ("0,0,inf,1", "有限"),
        ("0,0,1e999,1", "有限"),
        ("-181,0,1,1", "经度"),
        ("0,0,1e308,1", "经度"),
        ("29,121,30,122", "纬度"),
        ("0,-91,1,1", "纬度"),
        ("2,0,1,1", "最小值"),
        ("0,2,1,1", "最小值"),
        ("170,0,-170,1", "最小值"),
    ],
)
def test_what_is_no_box_is_refused_with_the_reason(text: str, found: str) -> None:
    with pytest.raises(BBoxError, match=found) as raised:
        BBox.parse(text)
    assert isinstance(raised.value.message, Sentence)


@given(st.text(max_size=30))
def test_any_text_is_a_box_or_a_bbox_error(text: str) -> None:
    try:
        box = BBox.parse(text)
    except BBoxError:
        return
    assert box.contains(box.min_lon, box.max_lat)


def test_boxes_include_their_edges() -> None:
    box = BBox(1, 2, 3, 4)
    assert box.contains(1, 2)
    assert box.contains(3, 4)
    assert not box.contains(0.999, 3)
    assert not box.contains(2, 4.001)


def test_tile_pixels_count_from_the_north_west_corner() -> None:
    tile = TileId.at(121.5, 29.8, 12)
    box = tile.bounds
    lon = np.array([box.min_lon + 1e-12, (box.min_lon + box.max_lon) / 2, box.max_lon + 0.01])
    pixels = tile_pixels(tile, lon, [box.max_lat - 1e-12, box.max_lat + 0.01, box.min_lat])
    assert pixels[0].tolist() == [0, 0]
    assert pixels[1, 0] in (2047, 2048)
    assert pixels[1, 1] < 0  # outside the tile is not clamped
    assert pixels[2, 0] > 4096
    assert pixels[2, 1] in (4095, 4096)
