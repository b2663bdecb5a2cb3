"""Coordinates in a declared reference system, brought to WGS-84.

What a file is in is always *declared*, never guessed: a `Datum` by name, or an EPSG code, which goes
through PROJ.

Axis order: **x is longitude or easting, y is latitude or northing, always.** The official definition
of EPSG:4326 and of many national systems (EPSG:4490, the Gauss-Krueger zones of CGCS2000) puts
latitude or northing first; files do not. So PROJ is asked with `always_xy`, and a file with northing
first must have its columns named the other way round.

PROJ works offline, without grid files: EPSG:27700, say, comes out within some 5 m. A system whose
relation to WGS-84 PROJ does not know at all (only a "ballpark" one) is refused, not passed through.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import shapely
from numpy.typing import ArrayLike
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError
from shapely.geometry.base import BaseGeometry

from maps.datum import CoordinateError, Datum, FloatArray, LonLat, finite_pair, lonlat_pair, to_wgs84
from maps.sentence import Sentence, gettext_noop


@dataclass(frozen=True, slots=True)
class EpsgCode:
    """A coordinate reference system by its EPSG number."""

    number: int

    def __str__(self) -> str:
        return f"EPSG:{self.number}"


class DeclarationError(ValueError):
    """A declared datum or code that is not understood or cannot be brought to WGS-84."""

    def __init__(self, message: Sentence) -> None:
        super().__init__(message)
        self.message = message


# Codes that need no arithmetic (maps.datum says why CGCS2000 does not).
_WGS84, _CGCS2000 = 4326, 4490
_DATUM_OF_CODE = {_WGS84: Datum.WGS84, _CGCS2000: Datum.CGCS2000}

_CODE = re.compile(
    r"(?:EPSG:|URN:OGC:DEF:CRS:EPSG:[0-9.]*:|HTTPS?://WWW\.OPENGIS\.NET/DEF/CRS/EPSG/[0-9.]+/)([0-9]{4,6})"
)
_CRS84 = re.compile(
    r"(?:OGC:|URN:OGC:DEF:CRS:OGC:[0-9.]*:|HTTPS?://WWW\.OPENGIS\.NET/DEF/CRS/OGC/[0-9.]+/)CRS84"
)

# Wide enough for data kept in a neighbouring zone, narrow enough to catch easting and northing swapped.
_MARGIN_DEG = 10.0
# Metres or feet; Earth's circumference is 4e7 m, and a zone prefix adds 1.2e8 at most.
_LARGEST_COORDINATE = 2e8


def parse_declared(text: str) -> Datum | EpsgCode:
    """Read a declaration: a `Datum` value, "EPSG:n", or either in the long forms of OGC (URN, URL,
    CRS84).

    Case does not matter, nor do spaces and hyphens in a datum's name ("WGS-84"). EPSG:4326 and
    EPSG:4490 come back as their `Datum`. Whether PROJ knows a code is not asked here. Raises
    `DeclarationError` (a ValueError)."""
    upper = text.strip().upper()
    if _CRS84.fullmatch(upper):
        return Datum.WGS84
    if code := _CODE.fullmatch(upper):
        number = int(code[1])
        return _DATUM_OF_CODE.get(number) or EpsgCode(number)
    name = re.sub(r"[\s_-]", "", upper).lower()
    if name in set(Datum):
        return Datum(name)
    raise DeclarationError(
        gettext_noop(
            "看不懂坐标系“%(text)s”;可用 wgs84、cgcs2000、gcj02(高德、腾讯)、bd09(百度)"
            "或 EPSG:编号(例如 EPSG:4549)",
            text=text[:80],
        )
    )


def to_wgs84_points(lon_or_x: ArrayLike, lat_or_y: ArrayLike, declared: str | Datum | EpsgCode) -> LonLat:
    """Bring pairs to WGS-84 degrees: float64 arrays of the input's shape (0-d for scalars).

    `declared` is what `parse_declared` reads or returns; x (longitude, easting) comes first
    whatever the official axis order says.

    Raises `DeclarationError` for a system that is unknown or not horizontal, `CoordinateError`
    (both are ValueErrors) for pairs that are not finite, not on Earth, or outside what the system
    can express, naming them."""
    system = parse_declared(declared) if isinstance(declared, str) else declared
    if isinstance(system, Datum):
        lons, lats = lonlat_pair(lon_or_x, lat_or_y)
        if not lons.ndim:
            lon, lat = to_wgs84(float(lons), float(lats), system)
            return np.asarray(lon), np.asarray(lat)
        return to_wgs84(lons, lats, system)
    xs, ys = finite_pair(lon_or_x, lat_or_y)
    transformer = _transformer(system)
    try:
        lons, lats = (np.asarray(axis, dtype=np.float64) for axis in transformer.transform(xs, ys))
    except ProjError as error:
        raise DeclarationError(_unusable(system)) from error
    _refuse_outside(lons, lats, xs, ys, system)
    return lons, lats


def transform_geometry(geometry: BaseGeometry, declared: str | Datum | EpsgCode) -> BaseGeometry:
    """Bring a geometry to WGS-84, two-dimensional (heights are dropped).

    Vertices are moved and joined by straight lines again; a very long edge in a projected system is
    not densified. Raises as `to_wgs84_points`; positions in a `CoordinateError` count the
    geometry's vertices."""

    def moved(pairs: FloatArray) -> FloatArray:
        return np.column_stack(to_wgs84_points(pairs[:, 0], pairs[:, 1], declared))

    result: BaseGeometry = shapely.transform(geometry, moved, include_z=False)
    return result


@lru_cache(maxsize=64)
def _transformer(system: EpsgCode) -> Transformer:
    """The cached transformer from `system` to WGS-84 (pyproj's transformers are safe to share
    between threads)."""
    try:
        crs = CRS.from_epsg(system.number)
    except CRSError as error:
        raise DeclarationError(
            gettext_noop(
                "没有 %(code)s 这个坐标系;请核对编号,例如 CGCS2000 经纬度是 EPSG:4490,"
                "中央经线 120° 的三度带是 EPSG:4549",
                code=str(system),
            )
        ) from error
    if not (crs.is_geographic or crs.is_projected):
        raise DeclarationError(_unusable(system))
    # PROJ takes CGCS2000 to WGS-84 for a guess; for us the two are equal (maps.datum), so CGCS2000 will do.
    base = crs.geodetic_crs
    target = _CGCS2000 if base is not None and base.to_epsg() == _CGCS2000 else _WGS84
    try:
        return Transformer.from_crs(crs, CRS.from_epsg(target), always_xy=True, allow_ballpark=False)
    except ProjError as error:
        raise DeclarationError(_unusable(system)) from error


def _unusable(system: EpsgCode) -> Sentence:
    return gettext_noop(
        "%(code)s 没有可靠的参数换算到 WGS-84;请先在测绘软件中转换为 EPSG:4326 或 EPSG:4490 再导入",
        code=str(system),
    )


def _refuse_outside(
    lons: FloatArray, lats: FloatArray, xs: FloatArray, ys: FloatArray, system: EpsgCode
) -> None:
    """Raise `CoordinateError` where a result is not a place that `system` serves, showing the pair
    as it came in.

    A projection gives some position for nearly any pair: easting and northing the wrong way round
    come out in the sea far away, finite and plausible. So results must lie in the system's area of
    use, give or take `_MARGIN_DEG`."""
    west, south, east, north = _served(system)
    # Comparisons are false for NaN, so a result that is not finite fails too.
    usable = (lons >= west) & (lons <= east) & (lats >= south) & (lats <= north)
    usable &= (np.abs(xs) <= _LARGEST_COORDINATE) & (np.abs(ys) <= _LARGEST_COORDINATE)
    bad = np.flatnonzero(~usable)
    if bad.size:
        raise CoordinateError(
            gettext_noop(
                "第 %(number)d 个坐标(%(x)s, %(y)s)不在 %(code)s 的适用范围内;"
                "请检查坐标系是否选对、X(东)与 Y(北)是否颠倒",
                number=int(bad[0]) + 1,
                x=float(xs.flat[bad[0]]),
                y=float(ys.flat[bad[0]]),
                code=str(system),
            ),
            bad.tolist(),
        )


@lru_cache(maxsize=64)
def _served(system: EpsgCode) -> tuple[float, float, float, float]:
    """West, south, east, north (degrees) of where results in `system` are believed."""
    area = CRS.from_epsg(system.number).area_of_use
    if area is None:
        return -180.0, -90.0, 180.0, 90.0
    south, north = max(area.south - _MARGIN_DEG, -90.0), min(area.north + _MARGIN_DEG, 90.0)
    if area.west > area.east:  # across the antimeridian
        return -180.0, south, 180.0, north
    return max(area.west - _MARGIN_DEG, -180.0), south, min(area.east + _MARGIN_DEG, 180.0), north
