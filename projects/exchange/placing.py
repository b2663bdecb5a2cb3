"""From the pairs and shapes of a file to EPSG:4326, row by row, vectorised for points."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import shapely
from django.utils.translation import gettext as _
from shapely.geometry.base import BaseGeometry

from maps.crs import EpsgCode, parse_declared, to_wgs84_points, transform_geometry
from maps.datum import CoordinateError, Datum
from maps.geojson_geometry import VertexBudget, read_geometry
from maps.geometry import representative_point, validate
from maps.wkb import mapping_from_wkb
from projects.exchange import angles, values
from projects.exchange.columns import POSITION_FIELDS, ColumnMap
from projects.exchange.problems import Problem, shortened
from projects.exchange.tables import SourceRow
from projects.exchange.values import CellError

SHAPES: Final = frozenset({"Point", "LineString", "MultiLineString", "Polygon", "MultiPolygon"})
_WKT: Final = re.compile(r"[A-Za-z]+ *(?:(?:Z|M|ZM) *)?\([-+0-9.eE ,()]+\)", re.ASCII)
_SRID: Final = re.compile(r"SRID *= *(\d{1,6}) *; *", re.ASCII | re.IGNORECASE)
_HEX: Final = re.compile(r"(?:\\x|0x)?((?:[0-9A-Fa-f]{2}){9,})", re.ASCII)
_LONGEST_WKT: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Raw:
    """Where a row says it is: a pair, or a shape that is no point. `is_fallback`: the second position, in the
    datum that was declared for it. `srid`: the system that the cell itself names (PostGIS's EWKB, EWKT)."""

    x: float
    y: float
    shape: BaseGeometry | None = None
    is_fallback: bool = False
    srid: int | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row is: geometry in EPSG:4326, its representative position, and what the file stated."""

    geometry: BaseGeometry
    lon: float
    lat: float
    raw: Raw


def raw_position(row: SourceRow, columns: ColumnMap, has_geometry: bool) -> Raw | Problem:
    """What the row states, not yet transformed.

    The second position speaks only where every cell of the first one is empty: half a pair, or one that
    cannot be read, is a mistake in the file and stays one.
    """
    if has_geometry:
        return _raw_shape(row.number, row.geometry)
    if "fallback_x" in columns and not any(
        row.cells.get(columns.header_of[field], "").strip() for field in POSITION_FIELDS if field in columns
    ):
        return _fallback(row, columns)
    return _first_position(row, columns)


def _fallback(row: SourceRow, columns: ColumnMap) -> Raw | Problem:
    cells = {field: row.cells.get(columns.header_of[field], "") for field in ("fallback_x", "fallback_y")}
    if not any(cell.strip() for cell in cells.values()):
        fields = [*sorted(POSITION_FIELDS), *cells]
        both = "、".join(columns.label(field) for field in fields if field in columns)
        return Problem(_("第一位置和后备位置都没有填写。"), row=row.number, column=both)
    numbers = []
    for field, cell in cells.items():
        try:
            numbers.append(values.number(cell))
        except CellError as error:
            return _cell_problem(row.number, columns.label(field), cell, error)
    return Raw(numbers[0], numbers[1], is_fallback=True)


def _first_position(row: SourceRow, columns: ColumnMap) -> Raw | Problem:
    if "wkt" in columns and (text := row.cells.get(columns.header_of["wkt"], "").strip()):
        return _raw_wkt(row.number, text, columns.label("wkt"))
    for field in ("lonlat", "latlon"):
        if field in columns:
            cell = row.cells.get(columns.header_of[field], "")
            try:
                return Raw(*angles.pair(cell, latitude_first=field == "latlon"))
            except CellError as error:
                return _cell_problem(row.number, columns.label(field), cell, error)
    numbers = []
    for field, read in (("lon", angles.longitude), ("lat", angles.latitude)):
        if field not in columns:
            return Problem(_("没有坐标。"), row=row.number, column=columns.label("wkt"))
        cell = row.cells.get(columns.header_of[field], "")
        try:
            numbers.append(read(cell))
        except CellError as error:
            return _cell_problem(row.number, columns.label(field), cell, error)
    return Raw(numbers[0], numbers[1])


def _cell_problem(number: int, column: str, cell: str, error: CellError) -> Problem:
    sentence = _("坐标:%(problem)s") % {"problem": error}
    return Problem(sentence, row=number, column=column, found=shortened(cell), allowed=error.allowed)


def _raw_shape(number: int, geometry: BaseGeometry | None) -> Raw | Problem:
    if geometry is None or geometry.is_empty:
        return Problem(_("没有位置(geometry 为空)。"), row=number, column="geometry", found="null")
    if geometry.geom_type == "MultiPoint" and shapely.get_num_geometries(geometry) == 1:
        geometry = shapely.get_geometry(geometry, 0)  # a point, as some programs write all of them
    if geometry.geom_type not in SHAPES:
        return Problem(
            _("不能用 %(type)s:一个点位是一个点、一组线或一组面。") % {"type": geometry.geom_type},
            row=number,
            column="geometry",
            found=geometry.geom_type,
            allowed="Point、LineString、MultiLineString、Polygon、MultiPolygon",
        )
    if geometry.geom_type == "Point":
        return Raw(float(geometry.x), float(geometry.y))
    x, y = shapely.get_coordinates(geometry)[0].tolist()
    return Raw(x, y, geometry)


def _raw_wkt(number: int, text: str, column: str) -> Raw | Problem:
    """WKT or hexadecimal WKB, also with PostGIS's SRID."""
    srid: int | None = None
    geometry = None
    if named := _SRID.match(text):
        srid, text = int(named[1]), text[named.end() :]
    try:
        if len(text) <= _LONGEST_WKT and (packed := _HEX.fullmatch(text)):
            mapping, srid = mapping_from_wkb(bytes.fromhex(packed[1]))
            geometry = read_geometry(mapping, False, VertexBudget(_LONGEST_WKT))
        # GEOS sees only letters of one word, digits and brackets: no NaN, no nested collections.
        elif len(text) <= _LONGEST_WKT and _WKT.fullmatch(text):
            geometry = shapely.force_2d(shapely.from_wkt(text))
    except (shapely.GEOSException, ValueError):
        geometry = None
    if geometry is None:
        sentence = _("看不懂这个 WKT 图形。")
        return Problem(
            sentence, row=number, column=column, found=shortened(text), allowed="LINESTRING(121.5 29.8, …)"
        )
    raw = _raw_shape(number, geometry)
    return raw if isinstance(raw, Problem) or not srid else replace(raw, srid=srid)


def _contradiction(number: int, srid: int, declared: Datum | EpsgCode) -> Problem | None:
    """A cell that names another system than the declared one."""
    own = parse_declared(f"EPSG:{srid:04d}")
    same = {Datum.WGS84, Datum.CGCS2000}
    if own == declared or (own in same and declared in same):
        return None
    return Problem(
        _("图形自己写明坐标系是 %(own)s,而声明的是 %(declared)s;请核对。")
        % {"own": f"EPSG:{srid}", "declared": declared},
        row=number,
        column="geometry",
        found=f"SRID={srid}",
    )


def place_rows(
    raws: Mapping[int, Raw],
    declared: Datum | EpsgCode,
    fallback: Datum | EpsgCode | None = None,
    *,
    fallback_columns: str = "",
) -> tuple[dict[int, Place], dict[int, Problem]]:
    """Bring positions by row number to EPSG:4326; rows that cannot be are problems.

    `declared` is the datum of the first position, `fallback` that of the second, whose columns the file
    calls `fallback_columns`. Raises
    maps.crs.DeclarationError for a system that PROJ does not know.
    """
    places: dict[int, Place] = {}
    problems: dict[int, Problem] = {}
    for number, raw in raws.items():
        if raw.srid and (problem := _contradiction(number, raw.srid, declared)):
            problems[number] = problem
    raws = {number: raw for number, raw in raws.items() if number not in problems}
    for system, is_fallback, column in ((declared, False, "lon, lat"), (fallback, True, fallback_columns)):
        points = [n for n, raw in raws.items() if raw.shape is None and raw.is_fallback is is_fallback]
        if system is None:
            assert not points
            continue
        usable, lons, lats = _transform([raws[number] for number in points], system)
        shapes = shapely.points(lons, lats).tolist()
        for number, good, shape, lon, lat in zip(points, usable.tolist(), shapes, lons, lats, strict=True):
            if good:
                places[number] = Place(shape, lon, lat, raws[number])
            else:
                problems[number] = _not_on_earth(number, raws[number], system, column)
    # In the order of the file, whichever position a row uses.
    places = {number: places[number] for number in raws if number in places}
    for number, raw in raws.items():
        if raw.shape is not None:
            placed = _place_shape(number, raw, declared)
            if isinstance(placed, Problem):
                problems[number] = placed
            else:
                places[number] = placed
    return places, problems


def _transform(
    raws: Sequence[Raw], declared: Datum | EpsgCode
) -> tuple[np.ndarray[tuple[int], np.dtype[np.bool_]], list[float], list[float]]:
    """Which came out, and where; a failing batch names its bad ones and is tried without them."""
    xs = np.array([raw.x for raw in raws], dtype=np.float64)
    ys = np.array([raw.y for raw in raws], dtype=np.float64)
    usable = np.ones(len(raws), dtype=np.bool_)
    lons, lats = np.zeros(len(raws)), np.zeros(len(raws))
    while usable.any():
        rest = np.flatnonzero(usable)
        try:
            lons[rest], lats[rest] = to_wgs84_points(xs[rest], ys[rest], declared)
        except CoordinateError as error:
            if not error.indices:
                raise
            usable[rest[list(error.indices)]] = False
            continue
        break
    return usable, lons.tolist(), lats.tolist()


def _not_on_earth(number: int, raw: Raw, declared: Datum | EpsgCode, column: str) -> Problem:
    found = f"{raw.x!r}, {raw.y!r}"
    if isinstance(declared, EpsgCode):
        return Problem(
            _("坐标(%(found)s)不在 %(code)s 的适用范围内;请检查坐标系,以及 X(东)与 Y(北)是否颠倒。")
            % {"found": found, "code": declared},
            row=number,
            column=column,
            found=found,
        )
    sentence = _("坐标(%(found)s)不在地球上。") % {"found": found}
    if abs(raw.y) <= 180.0 and abs(raw.x) <= 90.0:
        sentence += _("像是经度与纬度颠倒了。")
    elif max(abs(raw.x), abs(raw.y)) > 1000.0:
        sentence += _("像是投影坐标(米),请用 --datum EPSG:编号 声明。")
    return Problem(
        sentence, row=number, column=column, found=found, allowed=_("经度 ±180 以内,纬度 ±90 以内")
    )


def _place_shape(number: int, raw: Raw, declared: Datum | EpsgCode) -> Place | Problem:
    assert raw.shape is not None
    try:
        geometry = transform_geometry(raw.shape, declared)
    except CoordinateError as error:
        return Problem(error.message.translated(_), row=number, column="geometry")
    wrong = validate(geometry)
    if wrong:
        return Problem(wrong[0].translated(_), row=number, column="geometry")
    lon, lat = representative_point(geometry)
    return Place(geometry, lon, lat, raw)
