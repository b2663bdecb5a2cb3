"""One GeoJSON geometry (RFC 7946), read from values nobody has checked, and written back.

`maps.geojson` is the door for callers; it reads whole files by means of this module. Everything is
checked as Python and numpy values *before* a geometry is built, because GEOS may abort the process on
values that it does not expect.
"""

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from maps.datum import FloatArray
from maps.sentence import Sentence, gettext_noop

# Metres or feet in a projected system, with a zone prefix.
_LARGEST_COORDINATE: Final = 2e8
_HUGE_INTEGER: Final = 10**300
_DEEPEST_COLLECTION: Final = 8
_SHOWN_CHARACTERS: Final = 40


class GeoJSONError(ValueError):
    """A file or geometry that cannot be read; `message` says in a sentence what to do."""

    def __init__(self, message: Sentence) -> None:
        super().__init__(message)
        self.message = message


class TooManyVerticesError(GeoJSONError):
    """The one error of a single feature that stops the whole file."""


@dataclass(slots=True)
class VertexBudget:
    """Vertices that may still be read."""

    limit: int
    used: int = 0

    def spend(self, vertices: int) -> None:
        self.used += vertices
        if self.used > self.limit:
            raise TooManyVerticesError(
                gettext_noop("坐标点超过 %(limit)d 个;请先简化图形或拆分文件", limit=self.limit)
            )


def geometry_from_mapping(obj: object, lonlat: bool = True, *, max_vertices: int = 2_000_000) -> BaseGeometry:
    """Build a two-dimensional shapely geometry from a GeoJSON geometry object.

    Raises `GeoJSONError` (a ValueError) for anything that is not one.
    """
    return read_geometry(obj, lonlat, VertexBudget(max_vertices))


def geometry_to_mapping(geometry: BaseGeometry, precision: int = 6) -> dict[str, object]:
    """The geometry as a GeoJSON object, two-dimensional, rounded to `precision` decimals.

    Six decimals of a degree are 11 cm. Rounding may make slivers touch. Raises ValueError for a
    coordinate that is not finite, and for a type that GeoJSON does not have (LinearRing).
    """
    if geometry.geom_type == "GeometryCollection":
        parts = [geometry_to_mapping(part, precision) for part in shapely.get_parts(geometry)]
        return {"type": "GeometryCollection", "geometries": parts}
    if geometry.geom_type not in _BUILDERS:
        raise ValueError(f"GeoJSON has no {geometry.geom_type}")
    return {"type": geometry.geom_type, "coordinates": _coordinates(geometry, precision)}


def _coordinates(geometry: BaseGeometry, precision: int) -> list[object]:
    match geometry.geom_type:
        case "Point":
            positions = _rounded(geometry, precision)
            return list(positions[0]) if positions else []
        case "LineString" | "LinearRing":
            return list(_rounded(geometry, precision))
        case "Polygon":
            rings = [] if geometry.is_empty else [geometry.exterior, *geometry.interiors]
            return [_coordinates(ring, precision) for ring in rings]
        case _:
            return [_coordinates(part, precision) for part in shapely.get_parts(geometry)]


def _rounded(geometry: BaseGeometry, precision: int) -> list[list[float]]:
    pairs = shapely.get_coordinates(geometry)
    if not np.isfinite(pairs).all():
        raise ValueError("a coordinate is not finite")
    positions: list[list[float]] = (pairs.round(precision) + 0.0).tolist()  # + 0.0: no "-0.0"
    return positions


def read_geometry(obj: object, lonlat: bool, budget: VertexBudget, depth: int = 0) -> BaseGeometry:
    """Build the geometry that `obj` describes, spending its vertices from `budget`; else `GeoJSONError`."""
    kind = obj.get("type") if isinstance(obj, dict) else None
    if not isinstance(obj, dict) or not isinstance(kind, str):
        raise GeoJSONError(gettext_noop("geometry 应是几何对象,实际是 %(found)s", found=shown(obj)))
    if kind == "GeometryCollection":
        if depth >= _DEEPEST_COLLECTION:
            raise GeoJSONError(gettext_noop("GeometryCollection 嵌套过深"))
        parts = [read_geometry(part, lonlat, budget, depth + 1) for part in _list(obj.get("geometries"))]
        collection: BaseGeometry = shapely.geometrycollections(parts)
        return collection
    if kind not in _BUILDERS:
        raise GeoJSONError(gettext_noop("不支持的几何类型 %(found)s", found=shown(kind)))
    geometry: BaseGeometry = _BUILDERS[kind](obj.get("coordinates"), lonlat, budget)
    return geometry


def _point(coordinates: object, lonlat: bool, budget: VertexBudget) -> BaseGeometry:
    if coordinates == []:
        raise GeoJSONError(gettext_noop("坐标是空的"))
    point: BaseGeometry = shapely.points(_positions([coordinates], lonlat, budget)[0])
    return point


def _line(coordinates: object, lonlat: bool, budget: VertexBudget) -> BaseGeometry:
    pairs = _positions(coordinates, lonlat, budget)
    if len(pairs) < 2:
        raise GeoJSONError(gettext_noop("线至少要有 2 个点,实际 %(count)d 个", count=len(pairs)))
    if (pairs == pairs[0]).all():
        raise GeoJSONError(gettext_noop("线的所有点都重合"))
    line: BaseGeometry = shapely.linestrings(pairs)
    return line


def _polygon(coordinates: object, lonlat: bool, budget: VertexBudget) -> BaseGeometry:
    shell, *holes = (_ring(ring, lonlat, budget) for ring in _list(coordinates))
    polygon: BaseGeometry = shapely.Polygon(shell, holes)
    return polygon


def _ring(coordinates: object, lonlat: bool, budget: VertexBudget) -> FloatArray:
    pairs = _positions(coordinates, lonlat, budget)
    if len(pairs) < 4:
        raise GeoJSONError(
            gettext_noop("面的环至少要有 4 个点(首尾相同),实际 %(count)d 个", count=len(pairs))
        )
    if not (pairs[0] == pairs[-1]).all():
        raise GeoJSONError(gettext_noop("面的环没有闭合:最后一个点应与第一个点相同"))
    return pairs


def _multipoint(coordinates: object, lonlat: bool, budget: VertexBudget) -> BaseGeometry:
    points: BaseGeometry = shapely.multipoints(_positions(coordinates, lonlat, budget))
    return points


def _multiline(coordinates: object, lonlat: bool, budget: VertexBudget) -> BaseGeometry:
    lines: BaseGeometry = shapely.multilinestrings(
        [_line(part, lonlat, budget) for part in _list(coordinates)]
    )
    return lines


def _multipolygon(coordinates: object, lonlat: bool, budget: VertexBudget) -> BaseGeometry:
    parts = [_polygon(part, lonlat, budget) for part in _list(coordinates)]
    polygons: BaseGeometry = shapely.multipolygons(parts)
    return polygons


_BUILDERS: Final = {
    "Point": _point,
    "MultiPoint": _multipoint,
    "LineString": _line,
    "MultiLineString": _multiline,
    "Polygon": _polygon,
    "MultiPolygon": _multipolygon,
}


def _list(value: object) -> list[object]:
    if not isinstance(value, list | tuple):
        raise GeoJSONError(gettext_noop("坐标应是列表,实际是 %(found)s", found=shown(value)))
    if not value:
        raise GeoJSONError(gettext_noop("坐标是空的"))
    return list(value)


def _positions(coordinates: object, lonlat: bool, budget: VertexBudget) -> FloatArray:
    """Read a list of positions as an (n, 2) array; heights and whatever follows them are dropped."""
    positions = _list(coordinates)
    budget.spend(len(positions))
    xs: list[object] = []
    ys: list[object] = []
    for position in positions:
        if not isinstance(position, list | tuple) or len(position) < 2:
            raise GeoJSONError(
                gettext_noop("坐标应是 [经度, 纬度] 两个数,实际是 %(found)s", found=shown(position))
            )
        xs.append(position[0])
        ys.append(position[1])
    pairs = np.column_stack((_numbers(xs), _numbers(ys)))
    limits = (180.0, 90.0) if lonlat else (_LARGEST_COORDINATE, _LARGEST_COORDINATE)
    # Written so that NaN and infinity count as outside.
    outside = ~((np.abs(pairs) <= limits).all(axis=1))
    if outside.any():
        x, y = pairs[int(np.argmax(outside))].tolist()
        raise GeoJSONError(_range_problem(x, y, lonlat))
    return pairs


def _numbers(values: Iterable[object]) -> FloatArray:
    """As float64. bool is an int to Python, hence the exact types; an integer beyond float is as
    good as infinite."""
    numbers: list[float] = []
    for value in values:
        if type(value) is float:
            numbers.append(value)
        elif type(value) is int:
            numbers.append(float(value) if abs(value) < _HUGE_INTEGER else math.inf)
        else:
            raise GeoJSONError(gettext_noop("坐标应是数字,实际是 %(found)s", found=shown(value)))
    return np.array(numbers, dtype=np.float64)


def _range_problem(x: float, y: float, lonlat: bool) -> Sentence:
    if not lonlat:
        return gettext_noop("坐标 (%(x)s, %(y)s) 过大,不是地球上的位置", x=x, y=y)
    if abs(x) <= 90.0 < abs(y) <= 180.0:
        return gettext_noop(
            "坐标 (%(x)s, %(y)s) 的纬度超过 ±90;经度与纬度可能颠倒了,GeoJSON 应先写经度", x=x, y=y
        )
    return gettext_noop(
        "坐标 (%(x)s, %(y)s) 不是经纬度;如果是投影坐标,请声明坐标系(例如 EPSG:4549)", x=x, y=y
    )


def shown(value: object) -> str:
    """A short, safe picture of a value for a sentence: never the whole of it, never a control character."""
    match value:
        case list() | tuple():
            return f"[…] ({len(value)})"
        case dict():
            return f"{{…}} ({len(value)})"
        case int() if not isinstance(value, bool) and abs(value) >= _HUGE_INTEGER:
            return "±1e300…"
        case None | bool():
            return json.dumps(value)
        case _:
            text = ascii(value) if isinstance(value, str) and not value.isprintable() else str(value)
            return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…"
