"""Well-known binary (ISO and PostGIS's EWKB) to GeoJSON's shapes, in plain Python.

GEOS is given no bytes that nobody has checked: what comes out here is a mapping of numbers, which
`maps.geojson_geometry.read_geometry` checks before it builds a geometry. Heights and measures are dropped.
"""

import struct
from typing import Any, Final

_NAMES: Final = {
    1: "Point",
    2: "LineString",
    3: "Polygon",
    4: "MultiPoint",
    5: "MultiLineString",
    6: "MultiPolygon",
    7: "GeometryCollection",
}
#: Shapes with arcs, surfaces of bodies and triangles, which GeoJSON does not have.
CURVES: Final = {
    8: "CircularString",
    9: "CompoundCurve",
    10: "CurvePolygon",
    11: "MultiCurve",
    12: "MultiSurface",
    13: "Curve",
    14: "Surface",
    15: "PolyhedralSurface",
    16: "TIN",
    17: "Triangle",
}
_EWKB_Z, _EWKB_M, _EWKB_SRID = 0x80000000, 0x40000000, 0x20000000
_DEEPEST: Final = 8


class WKBError(ValueError):
    """Bytes that are no well-known binary."""


def mapping_from_wkb(data: bytes) -> tuple[dict[str, Any], int | None]:
    """The geometry as a GeoJSON object, and its SRID when it is EWKB that carries one.

    A shape that GeoJSON does not have comes back as its type alone, without coordinates. A point without
    coordinates (NaN) is an empty list. Raises WKBError.
    """
    reader = _Reader(data)
    try:
        geometry = reader.geometry(0)
    except (struct.error, IndexError) as problem:
        raise WKBError("cut off") from problem
    if geometry["type"] not in CURVES.values() and reader.place != len(data):
        raise WKBError("bytes after the end")
    return geometry, reader.srid


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self.place = 0
        self.srid: int | None = None

    def geometry(self, depth: int) -> dict[str, Any]:
        if depth > _DEEPEST:
            raise WKBError("nested too deeply")
        order = self._data[self.place]
        if order > 1:
            raise WKBError("no byte order")
        mark = "<" if order else ">"
        (word,) = struct.unpack_from(mark + "I", self._data, self.place + 1)
        self.place += 5
        if word & _EWKB_SRID:
            (self.srid,) = struct.unpack_from(mark + "I", self._data, self.place)
            self.place += 4
        dimensions = 2 + bool(word & _EWKB_Z) + bool(word & _EWKB_M)
        thousands, kind = divmod(word & 0x0FFFFFFF, 1000)
        if thousands > 3:
            raise WKBError("unknown type")
        if thousands:
            dimensions = 4 if thousands == 3 else 3
        if kind in CURVES:
            return {"type": CURVES[kind]}
        if kind not in _NAMES:
            raise WKBError("unknown type")
        name = _NAMES[kind]
        if kind == 1:
            point = self._pairs(mark, dimensions, 1)[0]
            return {"type": name, "coordinates": [] if point[0] != point[0] else point}
        count = self._count(mark)
        if kind == 2:
            return {"type": name, "coordinates": self._pairs(mark, dimensions, count)}
        if kind == 3:
            rings = [self._pairs(mark, dimensions, self._count(mark)) for _ring in range(count)]
            return {"type": name, "coordinates": rings}
        parts = []
        for _part in range(count):
            parts.append(self.geometry(depth + 1))
            if parts[-1]["type"] in CURVES.values():
                return parts[-1]  # what follows is not read: nothing of it can be used
        if kind == 7:
            return {"type": name, "geometries": parts}
        if any(part["type"] != name.removeprefix("Multi") for part in parts):
            raise WKBError("parts of another type")
        return {"type": name, "coordinates": [part["coordinates"] for part in parts]}

    def _count(self, mark: str) -> int:
        (count,) = struct.unpack_from(mark + "I", self._data, self.place)
        self.place += 4
        # Each part takes some bytes: a number beyond what is left is a lie, not a reason to allocate.
        if count * 4 > len(self._data) - self.place:
            raise WKBError("cut off")
        return int(count)

    def _pairs(self, mark: str, dimensions: int, count: int) -> list[list[float]]:
        size = count * dimensions * 8
        if size > len(self._data) - self.place:
            raise WKBError("cut off")
        numbers = struct.unpack_from(f"{mark}{count * dimensions}d", self._data, self.place)
        self.place += size
        return [list(pair) for pair in zip(numbers[::dimensions], numbers[1::dimensions], strict=True)]
