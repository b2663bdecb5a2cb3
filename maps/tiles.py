"""Web Mercator tile arithmetic (EPSG:3857, the XYZ scheme: y grows southwards) and the bounding box type.

The *unit square* is the Mercator world scaled to 0..1: u = 0 at 180 W, v = 0 at the northern edge. Mercator
ends at ``MAX_LATITUDE``; latitudes beyond it are clamped to the edge. Longitudes and latitudes are degrees,
WGS-84. What is wrong with an address or a box is raised as a ``Sentence`` that a caller can translate.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from maps.sentence import Sentence, gettext_noop

MAX_ZOOM = 22
MAX_LATITUDE = math.degrees(
    math.atan(math.sinh(math.pi))
)  # 85.0511...: where the Mercator world becomes a square
TILE_PX = 256

FloatArray = NDArray[np.float64]


class TileError(ValueError):
    """A tile address outside the scheme; ``message`` is a translatable sentence."""

    def __init__(self, message: Sentence) -> None:
        super().__init__(message)
        self.message = message


class BBoxError(ValueError):
    """A bounding box that is none; ``message`` is a translatable sentence."""

    def __init__(self, message: Sentence) -> None:
        super().__init__(message)
        self.message = message


class UnitPoint(NamedTuple):
    """A position in the unit square: ``u`` eastwards, ``v`` southwards, both 0..1."""

    u: FloatArray
    v: FloatArray


def to_unit(lon: ArrayLike, lat: ArrayLike) -> UnitPoint:
    """Degrees to the unit square, elementwise; latitudes beyond ``MAX_LATITUDE`` land on its edge."""
    lon_deg = np.asarray(lon, dtype=np.float64)
    sine = np.sin(np.radians(np.clip(np.asarray(lat, dtype=np.float64), -MAX_LATITUDE, MAX_LATITUDE)))
    v = 0.5 - np.log((1.0 + sine) / (1.0 - sine)) / (4.0 * math.pi)
    return UnitPoint(np.clip((lon_deg + 180.0) / 360.0, 0.0, 1.0), np.clip(v, 0.0, 1.0))


def from_unit(u: ArrayLike, v: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """The unit square to (lon, lat) in degrees, elementwise."""
    lon = np.asarray(u, dtype=np.float64) * 360.0 - 180.0
    lat = np.degrees(np.arctan(np.sinh(math.pi * (1.0 - 2.0 * np.asarray(v, dtype=np.float64)))))
    return lon, lat


@dataclass(frozen=True, slots=True)
class BBox:
    """A box of degrees with inclusive edges, inside the world; it never crosses the antimeridian.

    Raises ``BBoxError`` (a ``ValueError``) for anything else.
    """

    min_lon: float
    min_lat: float
    max_lon: float
    max_lat: float

    def __post_init__(self) -> None:
        if not all(math.isfinite(number) for number in self.as_tuple()):
            raise BBoxError(gettext_noop("bbox 的四个数必须是有限数。"))
        if min(self.min_lon, self.max_lon) < -180 or max(self.min_lon, self.max_lon) > 180:
            raise BBoxError(gettext_noop("bbox 的经度必须在 -180 到 180 之间。"))
        if min(self.min_lat, self.max_lat) < -90 or max(self.min_lat, self.max_lat) > 90:
            raise BBoxError(gettext_noop("bbox 的纬度必须在 -90 到 90 之间(顺序是经度在前、纬度在后)。"))
        if self.min_lon > self.max_lon or self.min_lat > self.max_lat:
            raise BBoxError(
                gettext_noop(
                    "bbox 的最小值不能大于最大值(顺序 minlon,minlat,maxlon,maxlat);跨180度经线请分两次查询"
                )
            )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``minlon,minlat,maxlon,maxlat``. Raises ``BBoxError`` saying what is wrong and what is
        allowed.
        """
        malformed = gettext_noop("bbox 必须是用逗号隔开的四个数:minlon,minlat,maxlon,maxlat。")
        parts = text.split(",")
        # float() would also take "1_0" and non-ASCII digits: nobody who sends those means a coordinate.
        if len(text) > 200 or len(parts) != 4 or "_" in text or not text.isascii():
            raise BBoxError(malformed)
        try:
            west, south, east, north = (float(part) for part in parts)
        except ValueError:
            raise BBoxError(malformed) from None
        return cls(west, south, east, north)

    def as_tuple(self) -> tuple[float, float, float, float]:
        """(min_lon, min_lat, max_lon, max_lat), the order of GeoJSON."""
        return (self.min_lon, self.min_lat, self.max_lon, self.max_lat)

    def contains(self, lon: float, lat: float) -> bool:
        """Is the position in the box or on its edge?"""
        return self.min_lon <= lon <= self.max_lon and self.min_lat <= lat <= self.max_lat


@dataclass(frozen=True, slots=True, order=True)
class TileId:
    """Address of one tile: zoom 0..22, column ``x`` eastwards, row ``y`` southwards. Raises ``TileError``."""

    z: int
    x: int
    y: int

    def __post_init__(self) -> None:
        if not 0 <= self.z <= MAX_ZOOM:
            message = gettext_noop("瓦片级别 z=%(z)s 不在 0 到 %(last)s 之间。", z=self.z, last=MAX_ZOOM)
            raise TileError(message)
        last = (1 << self.z) - 1
        if not 0 <= self.x <= last:
            message = gettext_noop(
                "瓦片列号 x=%(x)s 不在 0 到 %(last)s 之间(z=%(z)s)。", x=self.x, last=last, z=self.z
            )
            raise TileError(message)
        if not 0 <= self.y <= last:
            message = gettext_noop(
                "瓦片行号 y=%(y)s 不在 0 到 %(last)s 之间(z=%(z)s)。", y=self.y, last=last, z=self.z
            )
            raise TileError(message)

    @classmethod
    def at(cls, lon: float, lat: float, z: int) -> Self:
        """The tile of zoom ``z`` that holds a position (the world's far edges belong to the last tile)."""
        last = (1 << z) - 1
        unit = to_unit(lon, lat)
        return cls(z, min(last, int(unit.u * (1 << z))), min(last, int(unit.v * (1 << z))))

    @property
    def bounds(self) -> BBox:
        """The tile's edges in degrees."""
        side = 1 << self.z
        lon, lat = from_unit([self.x / side, (self.x + 1) / side], [(self.y + 1) / side, self.y / side])
        return BBox(float(lon[0]), float(lat[0]), float(lon[1]), float(lat[1]))

    def parent(self) -> Self:
        """The tile one zoom out that holds this one. Raises ``TileError`` at zoom 0."""
        return type(self)(self.z - 1, self.x >> 1, self.y >> 1)

    def children(self) -> tuple[Self, Self, Self, Self]:
        """The four tiles one zoom in, north-west first. Raises ``TileError`` at the last zoom."""
        z, x, y = self.z + 1, self.x * 2, self.y * 2
        make = type(self)
        return (make(z, x, y), make(z, x + 1, y), make(z, x, y + 1), make(z, x + 1, y + 1))


def tile_pixels(tile: TileId, lon: ArrayLike, lat: ArrayLike, extent: int = 4096) -> NDArray[np.int64]:
    """Positions as whole tile coordinates, shape (n, 2), 0..extent from the tile's north-west corner.

    Positions outside the tile come out below 0 or above ``extent`` (a vector tile's buffer), never clamped.
    """
    unit = to_unit(lon, lat)
    side = 1 << tile.z
    columns = (np.atleast_1d(unit.u) * side - tile.x) * extent
    rows = (np.atleast_1d(unit.v) * side - tile.y) * extent
    return np.floor(np.column_stack([columns, rows])).astype(np.int64)
