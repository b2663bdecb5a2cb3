"""Geometries as the bytes that databases store, many at once: EWKB for PostGIS, BLOB-Geometry for SpatiaLite.

Two dimensions, little endian. A BLOB-Geometry is written here instead of by SQL's GeomFromText because
parsing a text for every row costs more than everything else about the row.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

Geometries = NDArray[np.object_]
Bounds = NDArray[np.float64]

# The layout is SpatiaLite's: https://www.gaia-gis.it/gaia-sins/BLOB-Geometry.html
_START: Final = b"\x00\x01"
_MBR_END: Final = b"\x7c"
_ENTITY: Final = b"\x69"
_END: Final = b"\xfe"
_POINT: Final = 0
_SIMPLE: Final = frozenset({0, 1, 3})  # shapely's type ids: point, line, polygon
_MULTI: Final = frozenset({4, 5, 6})
_POINT_LAYOUT: Final = np.dtype(
    [
        ("start", "S2"),
        ("srid", "<i4"),
        ("mbr", "<f8", 4),
        ("mbr_end", "u1"),
        ("class", "<i4"),
        ("xy", "<f8", 2),
        ("end", "u1"),
    ]
)


def as_array(geometries: Sequence[shapely.Geometry]) -> Geometries:
    """The geometries as an array of objects (numpy would ask a multi-geometry for its parts)."""
    found = np.empty(len(geometries), dtype=object)
    found[:] = geometries
    return found


def ewkb_of(geometries: Geometries, srid: int) -> list[bytes]:
    """Extended WKB with the reference system, heights dropped."""
    marked = shapely.set_srid(geometries, srid)
    written: list[bytes] = shapely.to_wkb(
        marked, output_dimension=2, byte_order=1, include_srid=True
    ).tolist()
    return written


def spatialite_blobs(geometries: Geometries, srid: int) -> list[bytes]:
    """BLOB-Geometries of points, lines, polygons and their multi-forms.

    Raises ValueError for an empty geometry and for a collection of mixed kinds.
    """
    kinds = shapely.get_type_id(geometries)
    if not np.isin(kinds, [*_SIMPLE, *_MULTI]).all() or shapely.is_empty(geometries).any():
        raise ValueError("points, lines, polygons and their multi-forms can be stored, and nothing empty")
    blobs: list[bytes] = [b""] * len(geometries)
    points = np.flatnonzero(kinds == _POINT)
    for index, blob in zip(points.tolist(), _point_blobs(geometries[points], srid), strict=True):
        blobs[index] = blob
    others = np.flatnonzero(kinds != _POINT)
    written = shapely.to_wkb(geometries[others], output_dimension=2, byte_order=1)
    edges = shapely.bounds(geometries[others])
    for index, wkb, edge in zip(others.tolist(), written.tolist(), edges, strict=True):
        body = _with_entities(geometries[index], wkb) if kinds[index] in _MULTI else wkb[1:]
        blobs[index] = b"".join(
            (
                _START,
                srid.to_bytes(4, "little", signed=True),
                edge.astype("<f8").tobytes(),
                _MBR_END,
                body,
                _END,
            )
        )
    return blobs


def _point_blobs(points: Geometries, srid: int) -> list[bytes]:
    xy = shapely.get_coordinates(points)
    rows = np.zeros(len(points), dtype=_POINT_LAYOUT)
    rows["start"] = _START
    rows["srid"] = srid
    rows["mbr"] = np.hstack([xy, xy])
    rows["mbr_end"] = _MBR_END[0]
    rows["class"] = 1
    rows["xy"] = xy
    rows["end"] = _END[0]
    size = _POINT_LAYOUT.itemsize
    whole = rows.tobytes()
    return [whole[start : start + size] for start in range(0, len(whole), size)]


def _with_entities(geometry: shapely.Geometry, wkb: bytes) -> bytes:
    """A multi-geometry's WKB with SpatiaLite's mark in the place of each part's byte order."""
    parts = shapely.get_parts(geometry)
    bodies = (_ENTITY + part[1:] for part in shapely.to_wkb(parts, output_dimension=2, byte_order=1).tolist())
    return wkb[1:9] + b"".join(bodies)


def outside_world(geometries: Geometries) -> NDArray[np.bool_]:
    """Which geometries (degrees) are empty, hold what is no number, or leave longitude ±180, latitude ±90."""
    edges: Bounds = shapely.bounds(geometries)
    # Comparisons with what is no number are false, so an empty geometry fails too.
    inside = (edges[:, 0] >= -180) & (edges[:, 1] >= -90) & (edges[:, 2] <= 180) & (edges[:, 3] <= 90)
    return ~inside
