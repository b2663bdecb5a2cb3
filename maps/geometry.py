"""Measuring and checking geometries in WGS-84 degrees (longitude, latitude).

Lengths, areas and distances are geodesic, on the WGS-84 ellipsoid. Nothing here repairs a geometry: a
drawing that is wrong goes back to the person who drew it, with a sentence that says where
(`buffer(0)` would silently drop half of a bow tie, and takes seconds on a large ring).
"""

import re
from typing import Final

import numpy as np
import shapely
from numpy.typing import ArrayLike
from pyproj import Geod
from shapely.geometry import (
    GeometryCollection,
    LineString,
    MultiLineString,
    MultiPolygon,
    Point,
    Polygon,
)
from shapely.geometry.base import BaseGeometry

from maps.datum import FloatArray, lonlat_pair
from maps.sentence import Sentence, gettext_noop

SQUARE_METRES_PER_MU: Final = 2000.0 / 3.0
"""One 亩 is a fifteenth of a hectare."""

_WGS84 = Geod(ellps="WGS84")


def representative_point(geometry: BaseGeometry) -> tuple[float, float]:
    """A position (longitude, latitude) that stands for the geometry and lies on it.

    A point is itself; a line, the midpoint by geodesic length (of several lines: of the longest); a
    polygon, a point inside it; of mixed parts, the highest dimension decides. Raises ValueError for
    an empty geometry.
    """
    if geometry.is_empty:
        raise ValueError("an empty geometry has no representative point")
    if isinstance(geometry, GeometryCollection):
        parts = [part for part in geometry.geoms if not part.is_empty]
        return representative_point(max(parts, key=shapely.get_dimensions))
    if isinstance(geometry, MultiLineString):
        return _midpoint(max(geometry.geoms, key=geodesic_length_km))
    if isinstance(geometry, LineString):
        return _midpoint(geometry)
    point: Point = geometry if isinstance(geometry, Point) else geometry.point_on_surface()
    return float(point.x), float(point.y)


def _midpoint(line: LineString) -> tuple[float, float]:
    pairs = shapely.get_coordinates(line)
    reached = np.concatenate(([0.0], np.cumsum(_WGS84.line_lengths(pairs[:, 0], pairs[:, 1]))))
    half = reached[-1] / 2.0
    return float(np.interp(half, reached, pairs[:, 0])), float(np.interp(half, reached, pairs[:, 1]))


def geodesic_length_km(line: LineString | MultiLineString) -> float:
    """Length in kilometres. Raises ValueError for anything but lines."""
    if not isinstance(line, LineString | MultiLineString):
        raise ValueError(f"only a line has a length, not a {line.geom_type}")
    return float(_WGS84.geometry_length(line)) / 1000.0


def geodesic_area_mu(polygon: Polygon | MultiPolygon) -> float:
    """Area in 亩 (mu; 2000/3 m²), holes taken off, whichever way the rings turn.

    Raises ValueError for anything but polygons.
    """
    if isinstance(polygon, MultiPolygon):
        return sum((geodesic_area_mu(part) for part in polygon.geoms), 0.0)
    if not isinstance(polygon, Polygon):
        raise ValueError(f"only a polygon has an area, not a {polygon.geom_type}")
    if polygon.is_empty:
        return 0.0
    holes = sum(_ring_area_m2(ring) for ring in polygon.interiors)
    return (_ring_area_m2(polygon.exterior) - holes) / SQUARE_METRES_PER_MU


def _ring_area_m2(ring: LineString) -> float:
    pairs = shapely.get_coordinates(ring)
    area, _ = _WGS84.polygon_area_perimeter(pairs[:, 0], pairs[:, 1])
    return abs(float(area))


def geodesic_distance_m(lon1: ArrayLike, lat1: ArrayLike, lon2: ArrayLike, lat2: ArrayLike) -> FloatArray:
    """Distance in metres between WGS-84 positions; the two sides broadcast (0-d array for scalars).

    Raises `maps.datum.CoordinateError` (a ValueError) for a position that is not finite or not on Earth.
    """
    start, end = lonlat_pair(lon1, lat1), lonlat_pair(lon2, lat2)
    everywhere = np.broadcast_arrays(*start, *end)
    x1, y1, x2, y2 = (axis.ravel() for axis in everywhere)  # copies: PROJ wants contiguous memory
    _, _, metres = _WGS84.inv(x1, y1, x2, y2)
    return np.asarray(metres, dtype=np.float64).reshape(everywhere[0].shape)


def distance_to_m(geometry: BaseGeometry, lon: float, lat: float) -> float:
    """Metres on the ellipsoid from a WGS-84 position to the nearest point of a geometry; 0 inside a polygon.

    The nearest point is looked for on a plane that touches the ellipsoid at the position: exact enough where
    it matters (well under a metre within 10 km), and of a geometry far away any point is far away. Raises
    ValueError for an empty geometry, `maps.datum.CoordinateError` for a position that is not on Earth.
    """
    if geometry.is_empty:
        raise ValueError("nothing is near an empty geometry")
    lonlat_pair(lon, lat)
    # Degrees of longitude and latitude in metres, by the ellipsoid's radii of curvature at the position.
    sine = np.sin(np.radians(lat))
    shrunk = 1.0 - _WGS84.es * sine**2
    east = np.radians(1.0) * _WGS84.a / np.sqrt(shrunk) * max(np.cos(np.radians(lat)), 1e-9)
    north = np.radians(1.0) * _WGS84.a * (1.0 - _WGS84.es) / shrunk**1.5
    scale = np.array([east, north])
    plane = shapely.transform(force_2d(geometry), lambda pairs: (pairs - (lon, lat)) * scale)
    nearest = shapely.get_coordinates(shapely.shortest_line(plane, Point(0.0, 0.0)))[0] / scale
    return float(geodesic_distance_m(lon, lat, lon + nearest[0], lat + nearest[1]))


def force_2d(geometry: BaseGeometry) -> BaseGeometry:
    """The geometry without heights."""
    result: BaseGeometry = shapely.force_2d(geometry)
    return result


# GEOS's reasons, from the front of "Self-intersection[121.5 29.8]".
_REASONS: Final = {
    "Self-intersection": gettext_noop("边界自相交"),
    "Ring Self-intersection": gettext_noop("同一条环与自身相接或相交"),
    "Hole lies outside shell": gettext_noop("孔洞在外环之外"),
    "Holes are nested": gettext_noop("孔洞互相嵌套"),
    "Nested shells": gettext_noop("外环互相嵌套"),
    "Interior is disconnected": gettext_noop("内部被孔洞分割成互不相连的部分"),
    "Duplicate Rings": gettext_noop("有重复的环"),
    "Too few points in geometry component": gettext_noop("有效的点太少(可能全部重合)"),
    "Ring is not closed": gettext_noop("环没有闭合"),
}
_REASON_AND_PLACE = re.compile(r"([^\[]*)\[(\S+) (\S+)\]")


def validate(geometry: BaseGeometry | None, *, max_vertices: int = 100_000) -> list[Sentence]:
    """What is wrong with a geometry in degrees, as sentences; an empty list if nothing is.

    The shape itself is only looked at when the cheap checks pass: GEOS is never given a value that is
    not a place on Earth, nor more than `max_vertices`.
    """
    if geometry is None or geometry.is_empty:
        return [gettext_noop("没有图形")]
    vertices = int(shapely.get_num_coordinates(geometry))
    if vertices > max_vertices:
        return [
            gettext_noop(
                "图形有 %(vertices)d 个顶点,超过上限 %(limit)d;请先简化",
                vertices=vertices,
                limit=max_vertices,
            )
        ]
    pairs = shapely.get_coordinates(geometry)
    if not np.isfinite(pairs).all():
        return [gettext_noop("图形中有不是数字的坐标")]
    outside = (np.abs(pairs[:, 0]) > 180.0) | (np.abs(pairs[:, 1]) > 90.0)
    if outside.any():
        lon, lat = pairs[int(np.argmax(outside))]
        return [
            gettext_noop(
                "坐标(%(lon)s, %(lat)s)不在地球上;请检查坐标系,以及经度与纬度是否颠倒",
                lon=float(lon),
                lat=float(lat),
            )
        ]
    reason = str(shapely.is_valid_reason(geometry))
    return [] if reason == "Valid Geometry" else [_problem(reason)]


def _problem(reason: str) -> Sentence:
    """Say GEOS's reason in a sentence, with the place where it gives one."""
    match = _REASON_AND_PLACE.fullmatch(reason)
    kind = (match[1] if match else reason).strip()
    words = _REASONS.get(kind, kind)
    if not match:
        return gettext_noop("图形无效:%(reason)s", reason=words)
    return gettext_noop(
        "图形无效:%(reason)s,位置在经度 %(lon)s、纬度 %(lat)s 附近",
        reason=words,
        lon=f"{float(match[2]):.6f}",
        lat=f"{float(match[3]):.6f}",
    )
