"""Mapbox Vector Tiles, version 2.1: written by hand, since the format is a page of protocol buffers.

Source: https://github.com/mapbox/vector-tile-spec/tree/master/2.1 (field numbers, value types, geometry
commands).
"""

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

EXTENT = 4096

Value = bool | int | float | str

# Keys of the protocol's fields: number << 3 | wire type (0 varint, 1 eight bytes, 2 length-delimited).
_TILE_LAYER = b"\x1a"
_LAYER_VERSION_2 = b"\x78\x02"
_LAYER_NAME, _LAYER_FEATURE, _LAYER_KEY, _LAYER_VALUE, _LAYER_EXTENT = (
    b"\x0a",
    b"\x12",
    b"\x1a",
    b"\x22",
    b"\x28",
)
_FEATURE_ID, _FEATURE_TAGS, _FEATURE_TYPE, _FEATURE_GEOMETRY = b"\x08", b"\x12", b"\x18", b"\x22"
_POINT, _LINE, _AREA = b"\x01", b"\x02", b"\x03"
_VALUE_STRING, _VALUE_DOUBLE, _VALUE_UINT, _VALUE_SINT, _VALUE_BOOL = (
    b"\x0a",
    b"\x19",
    b"\x28",
    b"\x30",
    b"\x38",
)
# Commands of a geometry: the command in the low three bits, how often above them.
_MOVE_TO, _LINE_TO, _CLOSE = 1, 2, 7
_MOVE_TO_ONE = _MOVE_TO | 1 << 3
_CLOSE_ONE = _CLOSE | 1 << 3


@dataclass(frozen=True, eq=False)
class Layer:
    """A named layer of points.

    ``xy``: whole tile coordinates, shape (n, 2), from the north-west corner, 0..``extent`` and beyond for a
    buffer. ``properties``: per name one value for each point; None leaves the property of that point out.
    ``ids``: integers >= 0, optional. Raises ValueError when the lengths differ or an id is negative.
    """

    name: str
    xy: ArrayLike
    properties: Mapping[str, Sequence[Value | None]] = field(default_factory=dict)
    ids: ArrayLike | None = None
    extent: int = EXTENT

    def __post_init__(self) -> None:
        object.__setattr__(self, "xy", np.asarray(self.xy, dtype=np.int64).reshape(-1, 2))
        object.__setattr__(self, "ids", _checked(self.name, len(self), "points", self.properties, self.ids))

    def __len__(self) -> int:
        return len(np.asarray(self.xy))

    def geometries(self) -> Iterator[tuple[bytes, bytes]]:
        """Of each feature the type and the commands."""
        move = _varint(_MOVE_TO_ONE)
        points = np.asarray(self.xy)
        for x, y in ((points << 1) ^ (points >> 63)).tolist():  # zigzag
            yield _POINT, move + _varint(x) + _varint(y)


@dataclass(frozen=True, eq=False)
class Lines:
    """One feature of lines: each shape (n, 2), n >= 2, whole tile coordinates. Raises ValueError."""

    paths: Sequence[ArrayLike]

    def __post_init__(self) -> None:
        object.__setattr__(self, "paths", _paths(self.paths, 2))


@dataclass(frozen=True, eq=False)
class Areas:
    """One feature of polygons: each the outer ring and its holes, shape (n, 2), n >= 3, whole tile
    coordinates, not closed (the first point is not said again). By the surveyor's formula an outer ring has a
    positive area, a hole a negative one. Raises ValueError for anything else.
    """

    polygons: Sequence[Sequence[ArrayLike]]

    def __post_init__(self) -> None:
        polygons = [_paths(rings, 3) for rings in self.polygons]
        for rings in polygons:
            for number, ring in enumerate(rings):
                if (_doubled_area(ring) > 0) != (number == 0) or not _doubled_area(ring):
                    raise ValueError("A ring of a vector tile turns the wrong way or encloses nothing.")
        object.__setattr__(self, "polygons", polygons)


@dataclass(frozen=True, eq=False)
class ShapeLayer:
    """A named layer of lines and areas; ``properties``, ``ids`` and what is raised as in ``Layer``."""

    name: str
    shapes: Sequence[Lines | Areas]
    properties: Mapping[str, Sequence[Value | None]] = field(default_factory=dict)
    ids: ArrayLike | None = None
    extent: int = EXTENT

    def __post_init__(self) -> None:
        object.__setattr__(self, "ids", _checked(self.name, len(self), "shapes", self.properties, self.ids))

    def __len__(self) -> int:
        return len(self.shapes)

    def geometries(self) -> Iterator[tuple[bytes, bytes]]:
        """Of each feature the type and the commands."""
        for shape in self.shapes:
            if isinstance(shape, Lines):
                yield _LINE, _commands([np.asarray(path) for path in shape.paths], closed=False)
            else:
                rings = [np.asarray(ring) for polygon in shape.polygons for ring in polygon]
                yield _AREA, _commands(rings, closed=True)


def _checked(
    name: str,
    size: int,
    what: str,
    properties: Mapping[str, Sequence[Value | None]],
    ids: ArrayLike | None,
) -> NDArray[np.int64] | None:
    lengths = {column: len(values) for column, values in properties.items()}
    numbers = None if ids is None else np.asarray(ids, dtype=np.int64)
    if numbers is not None:
        lengths["ids"] = len(numbers)
        if (numbers < 0).any():
            raise ValueError("The ids of a vector tile's features must be 0 or more.")
    for column, length in lengths.items():
        if length != size:
            raise ValueError(f"Layer {name!r} has {size} {what} but {length} values of {column!r}.")
    return numbers


def _paths(paths: Sequence[ArrayLike], least: int) -> list[NDArray[np.int64]]:
    found = [np.asarray(path, dtype=np.int64) for path in paths]
    if not found or any(path.ndim != 2 or path.shape[1] != 2 or len(path) < least for path in found):
        raise ValueError(f"A vector tile's feature is made of paths of at least {least} points.")
    return found


def _doubled_area(ring: NDArray[np.int64]) -> int:
    x, y = ring[:, 0], ring[:, 1]
    return int((x * np.roll(y, -1) - np.roll(x, -1) * y).sum())


def _commands(paths: Sequence[NDArray[np.int64]], *, closed: bool) -> bytes:
    """Move to the first point of each path, lines to the others; steps from where the last one ended."""
    numbers: list[NDArray[np.int64]] = []
    at = np.zeros((1, 2), dtype=np.int64)
    for path in paths:
        steps = np.diff(path, axis=0, prepend=at).ravel()
        words = (steps << 1) ^ (steps >> 63)  # zigzag
        numbers += [
            np.array([_MOVE_TO_ONE]),
            words[:2],
            np.array([_LINE_TO | (len(path) - 1) << 3]),
            words[2:],
        ]
        if closed:
            numbers.append(np.array([_CLOSE_ONE]))
        at = path[-1:]
    return _varints(np.concatenate(numbers))


def _varints(numbers: NDArray[np.int64]) -> bytes:
    """Numbers >= 0, one after the other."""
    sizes = np.ones(len(numbers), dtype=np.int64)
    rest = numbers >> 7
    while rest.any():
        sizes += rest > 0
        rest >>= 7
    ends = np.cumsum(sizes)
    found = np.zeros(int(ends[-1]), dtype=np.uint8)
    for place in range(int(sizes.max())):
        there = sizes > place
        more = np.where(sizes[there] > place + 1, 0x80, 0)
        found[(ends - sizes)[there] + place] = (numbers[there] >> (7 * place)) & 0x7F | more
    return found.tobytes()


def _varint(number: int) -> bytes:
    if number < _KNOWN_VARINTS:
        return _VARINTS[number]
    return _make_varint(number)


def _make_varint(number: int) -> bytes:
    parts = bytearray()
    while number >= 0x80:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    parts.append(number)
    return bytes(parts)


# Every position in a tile, every length and number of a value that is common.
_KNOWN_VARINTS = 1 << 14
_VARINTS = [_make_varint(number) for number in range(_KNOWN_VARINTS)]


def _zigzag(number: int) -> int:
    return number << 1 if number >= 0 else (-number << 1) - 1


def _delimited(key: bytes, body: bytes) -> bytes:
    return key + _varint(len(body)) + body


def _encode_value(value: Value) -> bytes:
    if isinstance(value, bool):
        return _VALUE_BOOL + (b"\x01" if value else b"\x00")
    if isinstance(value, int):
        return _VALUE_UINT + _varint(value) if value >= 0 else _VALUE_SINT + _varint(_zigzag(value))
    if isinstance(value, float):
        return _VALUE_DOUBLE + struct.pack("<d", value)
    return _delimited(_VALUE_STRING, value.encode())


def _tags(properties: Mapping[str, Sequence[Value | None]], size: int) -> tuple[list[bytes], list[bytes]]:
    """Of each feature its tags, and the layer's values in the order of their numbers."""
    # A value's type is part of its key: 1, 1.0 and True are equal in Python but not in a tile.
    numbers: dict[tuple[type, Value], bytes] = {}
    values: list[bytes] = []
    columns = []
    for key_number, column in enumerate(properties.values()):
        key = _VARINTS[key_number]
        # No other type's value equals a text: within a column texts need no type beside them.
        texts: dict[str, bytes] = {}
        tags = []
        for value in column:
            if value is None:
                tags.append(b"")
                continue
            tag = texts.get(value) if isinstance(value, str) else None
            if tag is None:
                plain = value.item() if isinstance(value, np.generic) else value
                number = numbers.get((type(plain), plain))
                if number is None:
                    number = numbers[(type(plain), plain)] = _varint(len(values))
                    values.append(_delimited(_LAYER_VALUE, _encode_value(plain)))
                tag = key + number
                if isinstance(value, str):
                    texts[value] = tag
            tags.append(tag)
        columns.append(tags)
    joined = [b"".join(parts) for parts in zip(*columns, strict=True)] if columns else [b""] * size
    return joined, values


def _encode_layer(layer: Layer | ShapeLayer) -> bytes:
    ids = None if layer.ids is None else np.asarray(layer.ids).tolist()
    tags, values = _tags(layer.properties, len(layer))
    parts = [_LAYER_VERSION_2, _delimited(_LAYER_NAME, layer.name.encode())]
    for place, ((kind, geometry), tag) in enumerate(zip(layer.geometries(), tags, strict=True)):
        body = b"" if ids is None else _FEATURE_ID + _varint(ids[place])
        if tag:
            body += _delimited(_FEATURE_TAGS, tag)
        body += _FEATURE_TYPE + kind + _delimited(_FEATURE_GEOMETRY, geometry)
        parts.append(_delimited(_LAYER_FEATURE, body))
    parts += [_delimited(_LAYER_KEY, name.encode()) for name in layer.properties]
    parts += values
    parts.append(_LAYER_EXTENT + _varint(layer.extent))
    return b"".join(parts)


def encode_tile(layers: Sequence[Layer | ShapeLayer]) -> bytes:
    """One tile; layers without features are left out, as the specification wants, so that a tile may be empty
    bytes.

    Raises ValueError when two layers bear one name or a layer has none.
    """
    names = [layer.name for layer in layers]
    if len(set(names)) != len(names) or not all(names):
        raise ValueError("Each layer of a vector tile needs a name of its own.")
    return b"".join(_delimited(_TILE_LAYER, _encode_layer(layer)) for layer in layers if len(layer))
