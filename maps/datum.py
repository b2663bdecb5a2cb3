"""Datums met in China and the conversions between them: WGS-84, CGCS2000, GCJ-02, BD-09.

* **WGS-84** (EPSG:4326) is what GPS gives and what this system stores.
* **CGCS2000** (EPSG:4490) is taken to be equal to WGS-84. They differ by the drift of the plates
  since epoch 2000.0 and by 0.1 mm in the ellipsoid's axis: well under a metre, below what finding a
  door needs. This is the one place that says so.
* **GCJ-02** (高德, 腾讯) shifts WGS-84 by a smooth field that wavers with position: by some
  100-700 m, in the far west here and there by less (18 m in western Qinghai).
* **BD-09** (百度) turns and stretches GCJ-02 a little about the origin, then adds a constant of about
  1 km.

Neither of the last two has an EPSG code or an official publication. The formulas are those that the
public has long known from the behaviour of the providers' own converters. They are believed to agree
with those to a few metres; nobody outside can say more, so a converted pair is good for finding a
door and not for surveying. The *inverses* here are exact with respect to the formulas: found by
iteration until the forward formula gives the input back to 1e-11 degrees (a micrometre).

Outside the shifted area (`maps.gcj02_area`, which states its limits) all four are the same. **BD-09
too**: Baidu documents WGS-84 for places overseas, so its second shift is not applied there either.

At the area's edge the shift stops abruptly, so no inverse can be right on both sides of it. The
rule is: a pair is shifted back, and if the result lies inside the area, that is the answer;
otherwise the pair already was WGS-84. So every position inside comes back exactly; one *outside*,
within one shift (GCJ-02 some 700 m, BD-09 some 1.5 km) of the edge, may be taken for an inner one.

Units are degrees throughout, longitude first. Source of the formulas: see above; the reference
pairs in the tests are from the documentation of the libraries gcoord and coordtransform.
"""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any, Final, TypeVar, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from maps.gcj02_area import AREA_BOUNDS, in_gcj02_area
from maps.sentence import Sentence, gettext_noop

FloatArray = NDArray[np.float64]
LonLat = tuple[FloatArray, FloatArray]
Coordinate = TypeVar("Coordinate", float, FloatArray)
_Field = Callable[[FloatArray, FloatArray], LonLat]

KRASOVSKY_1940_SEMI_MAJOR_AXIS_M: Final = 6378245.0
KRASOVSKY_1940_ECCENTRICITY_SQUARED: Final = 0.00669342162296594323

# The polynomial part of the shift is developed about this point.
_GCJ02_ORIGIN_LON: Final = 105.0
_GCJ02_ORIGIN_LAT: Final = 35.0

_BD09_LON_OFFSET: Final = 0.0065
_BD09_LAT_OFFSET: Final = 0.006
_BD09_STRETCH: Final = 0.00002
_BD09_TURN: Final = 0.000003
_BD09_WAVE: Final = np.pi * 3000.0 / 180.0

_TOLERANCE_DEG: Final = 1e-11
_REQUIRED_DEG: Final = 1e-9
# Both fields contract by 0.02 or better a step, so eight steps reach the tolerance from one shift away.
_MAX_STEPS: Final = 30
# More than the largest BD-09 shift: nothing farther from the area can be the image of a point in it.
_REACH_DEG: Final = 0.05


class Datum(StrEnum):
    """The datum that a coordinate pair was declared in."""

    WGS84 = "wgs84"
    CGCS2000 = "cgcs2000"
    GCJ02 = "gcj02"
    BD09 = "bd09"


class CoordinateError(ValueError):
    """Coordinates that cannot be used.

    `message` is a sentence for people that shows the first bad pair, counted from 1; `indices` are the flat
    positions of all bad pairs, counted from 0.
    """

    def __init__(self, message: Sentence, indices: Sequence[int] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.indices = tuple(indices)


def finite_pair(x: ArrayLike, y: ArrayLike) -> LonLat:
    """Return `x` and `y` as float64 arrays of one shape, every value finite; else raise `CoordinateError`."""
    xs, ys = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if xs.shape != ys.shape:
        raise CoordinateError(
            gettext_noop("经度有 %(lons)d 个,纬度有 %(lats)d 个,两者应一一对应", lons=xs.size, lats=ys.size)
        )
    bad = np.flatnonzero(~(np.isfinite(xs) & np.isfinite(ys)))
    if bad.size:
        raise CoordinateError(
            gettext_noop(
                "第 %(number)d 个坐标不是有限的数:%(x)s, %(y)s",
                number=int(bad[0]) + 1,
                x=float(xs.flat[bad[0]]),
                y=float(ys.flat[bad[0]]),
            ),
            bad.tolist(),
        )
    return xs, ys


def lonlat_pair(lon: ArrayLike, lat: ArrayLike) -> LonLat:
    """As `finite_pair`, and every pair inside the world (longitude within 180, latitude within 90
    degrees)."""
    lons, lats = finite_pair(lon, lat)
    bad = np.flatnonzero((np.abs(lons) > 180.0) | (np.abs(lats) > 90.0))
    if bad.size:
        raise CoordinateError(
            gettext_noop(
                "第 %(number)d 个坐标不在地球上:经度 %(lon)s(应在 ±180 以内)、纬度 %(lat)s(应在 ±90 以内)",
                number=int(bad[0]) + 1,
                lon=float(lons.flat[bad[0]]),
                lat=float(lats.flat[bad[0]]),
            ),
            bad.tolist(),
        )
    return lons, lats


def to_wgs84(lon: Coordinate, lat: Coordinate, datum: Datum) -> tuple[Coordinate, Coordinate]:
    """Convert degrees in `datum` to WGS-84. See `convert`."""
    return convert(lon, lat, datum, Datum.WGS84)


def from_wgs84(lon: Coordinate, lat: Coordinate, datum: Datum) -> tuple[Coordinate, Coordinate]:
    """Convert degrees in WGS-84 to `datum`. See `convert`."""
    return convert(lon, lat, Datum.WGS84, datum)


def convert(lon: Coordinate, lat: Coordinate, source: Datum, target: Datum) -> tuple[Coordinate, Coordinate]:
    """Convert degrees from one datum to another, by way of WGS-84.

    Scalars give floats; arrays (or sequences) give new float64 arrays of the same shape. Between
    positions inside the shifted area there and back agree to 1e-9 degrees; outside it all datums
    are the same.

    Raises `CoordinateError` (a ValueError) if a value is not finite or not on Earth or the shapes
    differ, and ValueError if a datum is unknown."""
    source, target = Datum(source), Datum(target)
    lons, lats = lonlat_pair(lon, lat)
    shape = lons.shape
    x, y = lons.ravel(), lats.ravel()
    if source in _FORWARD and source is not target:
        x, y = _unshift(x, y, _FORWARD[source])
    if target in _FORWARD and source is not target:
        x, y = _shift(x, y, _FORWARD[target])
    answer: Any = (x.reshape(shape).copy(), y.reshape(shape).copy()) if shape else (float(x[0]), float(y[0]))
    return cast(tuple[Coordinate, Coordinate], answer)


def _shift(lon: FloatArray, lat: FloatArray, forward: _Field) -> LonLat:
    """Apply `forward` to the WGS-84 positions inside the area; leave the others."""
    x, y = lon.copy(), lat.copy()
    inside = in_gcj02_area(lon, lat)
    x[inside], y[inside] = forward(lon[inside], lat[inside])
    return x, y


def _unshift(lon: FloatArray, lat: FloatArray, forward: _Field) -> LonLat:
    """Undo `_shift`. The side of the edge is decided by where the candidate lies (module docstring)."""
    x, y = lon.copy(), lat.copy()
    west, south, east, north = AREA_BOUNDS
    near = np.flatnonzero(
        (lon >= west - _REACH_DEG)
        & (lon <= east + _REACH_DEG)
        & (lat >= south - _REACH_DEG)
        & (lat <= north + _REACH_DEG)
    )
    candidate_lon, candidate_lat = _invert(lon[near], lat[near], forward)
    inside = in_gcj02_area(candidate_lon, candidate_lat)
    x[near[inside]], y[near[inside]] = candidate_lon[inside], candidate_lat[inside]
    return x, y


def _invert(lon: FloatArray, lat: FloatArray, forward: _Field) -> LonLat:
    """Find the positions that `forward` maps to the given ones: p <- p - (forward(p) - given),
    until it stands."""
    x, y = lon.copy(), lat.copy()
    worst = 0.0
    for _ in range(_MAX_STEPS):
        image_x, image_y = forward(x, y)
        error_x, error_y = image_x - lon, image_y - lat
        worst = max(np.abs(error_x).max(initial=0.0), np.abs(error_y).max(initial=0.0))
        if worst <= _TOLERANCE_DEG:
            return x, y
        x -= error_x
        y -= error_y
    # The square root in the GCJ-02 field is steep at 105 E, where the last digits may keep flickering.
    if worst <= _REQUIRED_DEG:
        return x, y
    raise ArithmeticError(f"the inverse datum shift did not settle: residual {worst} degrees")


def _gcj02_from_wgs84(lon: FloatArray, lat: FloatArray) -> LonLat:
    """The GCJ-02 field: a shift in metres north and east, turned into degrees on the Krasovsky ellipsoid."""
    dx, dy = lon - _GCJ02_ORIGIN_LON, lat - _GCJ02_ORIGIN_LAT
    product = 0.1 * dx * dy
    root = np.sqrt(np.abs(dx))
    ripple = _waves(dx, (20.0, 1 / 3), (20.0, 1.0))
    north_m = -100.0 + 2.0 * dx + 3.0 * dy + 0.2 * dy**2 + product + 0.2 * root
    north_m += ripple + _waves(dy, (20.0, 2.0), (40.0, 6.0), (160.0, 24.0), (320.0, 60.0))
    east_m = 300.0 + dx + 2.0 * dy + 0.1 * dx**2 + product + 0.1 * root
    east_m += ripple + _waves(dx, (20.0, 2.0), (40.0, 6.0), (150.0, 24.0), (300.0, 60.0))

    latitude = np.radians(lat)
    flattening = 1.0 - KRASOVSKY_1940_ECCENTRICITY_SQUARED * np.sin(latitude) ** 2
    prime_vertical_m = KRASOVSKY_1940_SEMI_MAJOR_AXIS_M / np.sqrt(flattening)
    meridian_m = prime_vertical_m * (1.0 - KRASOVSKY_1940_ECCENTRICITY_SQUARED) / flattening
    return (
        lon + np.degrees(east_m / (prime_vertical_m * np.cos(latitude))),
        lat + np.degrees(north_m / meridian_m),
    )


def _waves(degrees: FloatArray, *terms: tuple[float, float]) -> FloatArray:
    """Two thirds of a sum of sine waves, each given as (amplitude in metres, period in degrees)."""
    total = np.zeros_like(degrees)
    for amplitude, period in terms:
        total += amplitude * np.sin(2.0 * np.pi * degrees / period)
    return total * (2.0 / 3.0)


def _bd09_from_gcj02(lon: FloatArray, lat: FloatArray) -> LonLat:
    """Baidu's own step: longitude and latitude taken as a plane, turned and stretched about 0, 0,
    then offset."""
    radius = np.hypot(lon, lat) + _BD09_STRETCH * np.sin(lat * _BD09_WAVE)
    angle = np.arctan2(lat, lon) + _BD09_TURN * np.cos(lon * _BD09_WAVE)
    return radius * np.cos(angle) + _BD09_LON_OFFSET, radius * np.sin(angle) + _BD09_LAT_OFFSET


def _bd09_from_wgs84(lon: FloatArray, lat: FloatArray) -> LonLat:
    return _bd09_from_gcj02(*_gcj02_from_wgs84(lon, lat))


#: WGS-84 to the shifted datum, valid inside the area; a datum that is absent is equal to WGS-84.
_FORWARD: Final[dict[Datum, _Field]] = {Datum.GCJ02: _gcj02_from_wgs84, Datum.BD09: _bd09_from_wgs84}
