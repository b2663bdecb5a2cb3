"""Mapbox Vector Tiles, version 2.1, of points: written by hand, since the format is a page of protocol
buffers.

Source: https://github.com/mapbox/vector-tile-spec/tree/master/2.1 (field numbers, value types, geometry
commands).
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

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
_FEATURE_ID, _FEATURE_TAGS, _FEATURE_POINT, _FEATURE_GEOMETRY = b"\x08", b"\x12", b"\x18\x01", b"\x22"
_VALUE_STRING, _VALUE_DOUBLE, _VALUE_UINT, _VALUE_SINT, _VALUE_BOOL = (
    b"\x0a",
    b"\x19",
    b"\x28",
    b"\x30",
    b"\x38",
)
_MOVE_TO_ONE = b"\x09"  # command 1 (MoveTo), repeated once


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
        points = np.asarray(self.xy, dtype=np.int64).reshape(-1, 2)
        object.__setattr__(self, "xy", points)
        lengths = {name: len(values) for name, values in self.properties.items()}
        if self.ids is not None:
            ids = np.asarray(self.ids, dtype=np.int64)
            object.__setattr__(self, "ids", ids)
            lengths["ids"] = len(ids)
            if (ids < 0).any():
                raise ValueError("The ids of a vector tile's features must be 0 or more.")
        for name, length in lengths.items():
            if length != len(points):
                raise ValueError(
                    f"Layer {self.name!r} has {len(points)} points but {length} values of {name!r}."
                )


def _varint(number: int) -> bytes:
    if number < 0x80:
        return bytes((number,))
    parts = bytearray()
    while number >= 0x80:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    parts.append(number)
    return bytes(parts)


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


def _encode_layer(layer: Layer) -> bytes:
    points = np.asarray(layer.xy).tolist()
    ids = None if layer.ids is None else np.asarray(layer.ids).tolist()
    # A value's type is part of its key: 1, 1.0 and True are equal in Python but not in a tile.
    numbers: dict[tuple[type, Value], bytes] = {}
    values: list[bytes] = []
    tags = [bytearray() for _ in points]
    for key_number, column in enumerate(layer.properties.values()):
        key = _varint(key_number)
        for tag, value in zip(tags, column, strict=True):
            if value is None:
                continue
            if isinstance(value, np.generic):
                value = value.item()
            number = numbers.get((type(value), value))
            if number is None:
                number = numbers[(type(value), value)] = _varint(len(values))
                values.append(_delimited(_LAYER_VALUE, _encode_value(value)))
            tag += key + number
    parts = [_LAYER_VERSION_2, _delimited(_LAYER_NAME, layer.name.encode())]
    for place, ((x, y), tag) in enumerate(zip(points, tags, strict=True)):
        body = b"" if ids is None else _FEATURE_ID + _varint(ids[place])
        if tag:
            body += _delimited(_FEATURE_TAGS, bytes(tag))
        geometry = _MOVE_TO_ONE + _varint(_zigzag(x)) + _varint(_zigzag(y))
        parts.append(
            _delimited(_LAYER_FEATURE, body + _FEATURE_POINT + _delimited(_FEATURE_GEOMETRY, geometry))
        )
    parts += [_delimited(_LAYER_KEY, name.encode()) for name in layer.properties]
    parts += values
    parts.append(_LAYER_EXTENT + _varint(layer.extent))
    return b"".join(parts)


def encode_points(layers: Sequence[Layer]) -> bytes:
    """One tile; layers without points are left out, as the specification wants, so that a tile may be empty
    bytes.

    Raises ValueError when two layers bear one name or a layer has none.
    """
    names = [layer.name for layer in layers]
    if len(set(names)) != len(names) or not all(names):
        raise ValueError("Each layer of a vector tile needs a name of its own.")
    return b"".join(
        _delimited(_TILE_LAYER, _encode_layer(layer)) for layer in layers if len(np.asarray(layer.xy))
    )
