"""One polygon that somebody drew, read from a GeoJSON document that nobody has checked (RFC 7946)."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely

from maps.geojson import GeoJSONError, declared_crs_of, read_document
from maps.geojson_geometry import VertexBudget, read_geometry, shown
from maps.geometry import validate
from maps.sentence import Sentence, gettext_noop

#: Decimals of a degree that are kept: 1 cm.
PRECISION: Final = 7
_WIDEST_DEG: Final = 180.0
_TYPES: Final = ("Polygon", "MultiPolygon")


class PolygonError(ValueError):
    """A geometry that is no usable polygon; `message` says in a sentence why."""

    def __init__(self, message: Sentence) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class DrawnPolygon:
    """A polygon in degrees, WGS-84, and the `name` among its properties (empty without one).

    Its form is right; whether it crosses itself has not been asked: see `checked_polygon`.
    """

    geometry: shapely.Polygon | shapely.MultiPolygon
    name: str


def read_polygon(data: bytes, *, max_vertices: int) -> DrawnPolygon:
    """Read a geometry, a Feature, or a FeatureCollection of one Feature.

    Raises `GeoJSONError` for anything else, another type of geometry, a declared system other than WGS-84,
    and more than `max_vertices` vertices, which are counted before a geometry is built.
    """
    document = read_document(data)
    name = ""
    if isinstance(document, dict):
        declared = declared_crs_of(document.get("crs"))
        if declared is not None:
            raise GeoJSONError(
                gettext_noop("坐标系是 %(found)s;请先转换为 EPSG:4326(WGS-84)", found=shown(declared))
            )
        document, name = _feature_of(document)
    kind = document.get("type") if isinstance(document, dict) else None
    if not isinstance(document, dict) or kind not in _TYPES:
        found = shown(kind if isinstance(kind, str) else document)
        raise GeoJSONError(gettext_noop("范围须是 Polygon 或 MultiPolygon,实际是 %(found)s", found=found))
    coordinates = document.get("coordinates")
    vertices = _count([coordinates] if kind == "Polygon" else coordinates)
    if vertices > max_vertices:
        raise GeoJSONError(_too_many(vertices, max_vertices))
    geometry = read_geometry(document, True, VertexBudget(max_vertices))
    assert isinstance(geometry, shapely.Polygon | shapely.MultiPolygon)  # by its type, checked above
    return DrawnPolygon(geometry, name)


def checked_polygon(geometry: shapely.Geometry, *, max_vertices: int) -> shapely.MultiPolygon:
    """A polygon in degrees in the one way of writing it: two dimensions, rounded, parts and rings in order.

    Nothing is repaired. Raises `PolygonError` for what is no polygon, has too many vertices, does not lie on
    Earth, or is not valid once it is rounded (a sliver may come to touch itself). Cheap questions come first.
    """
    if geometry.geom_type not in _TYPES:
        raise PolygonError(
            gettext_noop("范围须是 Polygon 或 MultiPolygon,实际是 %(found)s", found=geometry.geom_type)
        )
    vertices = int(shapely.get_num_coordinates(geometry))
    if vertices > max_vertices:
        raise PolygonError(_too_many(vertices, max_vertices))
    pairs = shapely.get_coordinates(geometry)
    on_earth = bool((np.abs(pairs) <= (180.0, 90.0)).all())  # not for NaN
    shape = _normalised(geometry) if on_earth else geometry
    problems = validate(shape, max_vertices=max_vertices)
    if problems:
        raise PolygonError(problems[0])
    west, _south, east, _north = shapely.bounds(shapely.get_parts(shape)).T
    if (east - west > _WIDEST_DEG).any():
        raise PolygonError(
            gettext_noop("图形的一部分横跨超过 180°;跨越 180° 经线的图形请在该处切成两部分(MultiPolygon)")
        )
    assert isinstance(shape, shapely.MultiPolygon)  # off Earth was a problem
    return shape


def _normalised(geometry: shapely.Geometry) -> shapely.Geometry:
    rounded = shapely.transform(shapely.force_2d(geometry), lambda pairs: np.round(pairs, PRECISION) + 0.0)
    made: shapely.Geometry = shapely.normalize(shapely.multipolygons(shapely.get_parts(rounded)))
    return made


def _feature_of(document: dict[str, object]) -> tuple[object, str]:
    """The geometry object and the name."""
    if document.get("type") == "FeatureCollection":
        features = document.get("features")
        if not isinstance(features, list) or len(features) != 1:
            count = len(features) if isinstance(features, list) else 0
            raise GeoJSONError(gettext_noop("须只有一个要素,实际有 %(count)d 个", count=count))
        first = features[0]
        if not isinstance(first, dict) or first.get("type") != "Feature":
            raise GeoJSONError(gettext_noop("不是 Feature,而是 %(found)s", found=shown(first)))
        document = first
    if document.get("type") != "Feature":
        return document, ""
    properties = document.get("properties")
    name = properties.get("name") if isinstance(properties, dict) else None
    return document.get("geometry"), name if isinstance(name, str) else ""


def _count(polygons: object) -> int:
    """Positions of a MultiPolygon's coordinates, as far as these are lists at all."""
    if not isinstance(polygons, list):
        return 0
    return sum(
        len(ring)
        for polygon in polygons
        if isinstance(polygon, list)
        for ring in polygon
        if isinstance(ring, list)
    )


def _too_many(vertices: int, limit: int) -> Sentence:
    return gettext_noop(
        "图形有 %(vertices)d 个顶点,超过上限 %(limit)d;请先简化", vertices=vertices, limit=limit
    )
