"""Geometries as database bytes: what GEOS and SpatiaLite themselves write is the measure (see also
tests/integration/test_bulk.py, which reads them back from both databases)."""

import struct

import numpy as np
import pytest
import shapely
from shapely.geometry import (
    GeometryCollection,
    LineString,
    MultiLineString,
    MultiPoint,
    MultiPolygon,
    Point,
    Polygon,
)

from maps.blobs import as_array, ewkb_of, outside_world, spatialite_blobs

HOLE = Polygon(
    [(0, 0), (9, 0), (9, 9), (0, 9)],
    [[(1, 1), (2, 1), (2, 2), (1, 2)]],
)
SHAPES = [
    Point(121.549792, 29.868336),
    LineString([(121.5, 29.8), (121.6, 29.9), (121.55, 29.95)]),
    HOLE,
    MultiPoint([(1, 2), (3, 4)]),
    MultiLineString([[(0, 0), (1, 1)], [(2, 2), (3, 3), (4, 5)]]),
    MultiPolygon([HOLE, Polygon([(20, 20), (21, 20), (21, 21)])]),
    Point(-180, -90),
]


def test_a_point_is_laid_out_as_spatialite_says() -> None:
    (blob,) = spatialite_blobs(as_array([Point(121.5, 29.8)]), 4326)
    box = struct.pack("<4d", 121.5, 29.8, 121.5, 29.8)
    assert (
        blob
        == b"\x00\x01"
        + struct.pack("<i", 4326)
        + box
        + b"\x7c"
        + struct.pack("<idd", 1, 121.5, 29.8)
        + b"\xfe"
    )


def test_parts_of_a_multi_geometry_carry_spatialites_mark() -> None:
    (blob,) = spatialite_blobs(as_array([MultiPoint([(1, 2), (3, 4)])]), 4326)
    body = struct.pack("<ii", 4, 2) + b"".join(
        b"\x69" + struct.pack("<idd", 1, x, y) for x, y in ((1.0, 2.0), (3.0, 4.0))
    )
    assert blob[39:] == body + b"\xfe"


def test_a_mixed_column_keeps_its_order_and_its_boxes() -> None:
    blobs = spatialite_blobs(as_array(SHAPES), 4326)
    for shape, blob in zip(SHAPES, blobs, strict=True):
        assert struct.unpack("<4d", blob[6:38]) == shape.bounds
        assert (blob[:2], blob[38], blob[-1]) == (b"\x00\x01", 0x7C, 0xFE)


def test_heights_are_dropped() -> None:
    flat, high = as_array([Point(1, 2)]), as_array([Point(1, 2, 3)])
    assert spatialite_blobs(flat, 4326) == spatialite_blobs(high, 4326)
    assert ewkb_of(flat, 4326) == ewkb_of(high, 4326)


def test_ewkb_carries_the_reference_system() -> None:
    for shape, written in zip(SHAPES, ewkb_of(as_array(SHAPES), 4326), strict=True):
        read = shapely.from_wkb(written)
        assert shapely.get_srid(read) == 4326
        assert read.equals_exact(shape)


@pytest.mark.parametrize("shape", [GeometryCollection([Point(1, 2)]), Point(), MultiPoint()])
def test_what_a_column_cannot_hold(shape: shapely.Geometry) -> None:
    with pytest.raises(ValueError, match="can be stored"):
        spatialite_blobs(as_array([shape]), 4326)


def test_outside_the_world() -> None:
    shapes = [
        (Point(180, 90), False),
        (Point(180.0001, 0), True),
        (Point(0, -90.0001), True),
        (LineString([(0, 0), (0, 1e308)]), True),
        (Point(), True),
        (Point(np.nan, 1), True),
        (Point(np.inf, 1), True),
        (HOLE, False),
    ]
    found = outside_world(as_array([shape for shape, _wrong in shapes]))
    assert found.tolist() == [wrong for _shape, wrong in shapes]
