"""Well-known binary in plain Python: the same as GEOS reads, and nothing worse than an error for the rest."""

import contextlib
import json
import struct

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from maps.wkb import WKBError, mapping_from_wkb

SHAPES = [
    "POINT (1 2)",
    "POINT Z (1 2 3)",
    "LINESTRING (0 0, 1 1)",
    "LINESTRING Z (0 0 5, 1 1 6)",
    "POLYGON ((0 0, 4 0, 4 4, 0 0), (1 1, 2 1, 2 2, 1 1))",
    "MULTIPOINT ((1 2), (3 4))",
    "MULTILINESTRING ((0 0, 1 1), (2 2, 3 3))",
    "MULTIPOLYGON (((0 0, 4 0, 4 4, 0 0)))",
    "GEOMETRYCOLLECTION (POINT (1 2), LINESTRING (0 0, 1 1))",
]


@pytest.mark.parametrize("text", SHAPES)
@pytest.mark.parametrize("flavor", ["iso", "extended"])
@pytest.mark.parametrize("byte_order", [0, 1])
def test_the_same_as_geos(text: str, flavor: str, byte_order: int) -> None:
    shape = shapely.from_wkt(text)
    mapping, srid = mapping_from_wkb(shapely.to_wkb(shape, flavor=flavor, byte_order=byte_order))
    assert mapping == json.loads(shapely.to_geojson(shapely.force_2d(shape))) and srid is None


def test_a_system_that_it_carries() -> None:
    packed = shapely.to_wkb(shapely.set_srid(shapely.Point(1, 2), 4490), include_srid=True)
    assert mapping_from_wkb(packed) == ({"type": "Point", "coordinates": [1.0, 2.0]}, 4490)


def test_an_empty_point_has_no_coordinates() -> None:
    assert mapping_from_wkb(shapely.to_wkb(shapely.Point()))[0] == {"type": "Point", "coordinates": []}


def test_a_curve_is_its_name_also_inside_others() -> None:
    arc = struct.pack("<BII", 1, 8, 3) + bytes(48)
    assert mapping_from_wkb(arc)[0] == {"type": "CircularString"}
    inside = struct.pack("<BII", 1, 7, 2) + arc + bytes(5)
    assert mapping_from_wkb(inside)[0] == {"type": "CircularString"}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x01",
        b"\x02" + bytes(20),
        struct.pack("<BI", 1, 1) + bytes(8),
        struct.pack("<BI", 1, 99) + bytes(16),
        struct.pack("<BI", 1, 5001) + bytes(16),
        struct.pack("<BII", 1, 2, 2**31),  # a promise of 32 GB
        struct.pack("<BII", 1, 4, 1) + shapely.to_wkb(shapely.LineString([(0, 0), (1, 1)])),
        struct.pack("<BII", 1, 7, 1) * 20,
        shapely.to_wkb(shapely.Point(1, 2)) + b"x",
    ],
)
def test_what_is_none(data: bytes) -> None:
    with pytest.raises(WKBError):
        mapping_from_wkb(data)


@given(st.binary(max_size=200), st.sampled_from(SHAPES), st.integers(0, 100))
def test_any_bytes_are_a_mapping_or_an_error(noise: bytes, text: str, place: int) -> None:
    whole = bytearray(shapely.to_wkb(shapely.from_wkt(text)))
    whole[place : place + len(noise) // 8] = noise[: len(noise) // 8]
    for data in (noise, bytes(whole)):
        with contextlib.suppress(WKBError):
            assert "type" in mapping_from_wkb(data)[0]
