"""Counts in a Mapbox Vector Tile (version 2.1): just enough of a reader to hold tiles against SQL."""

from collections.abc import Iterator


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
        shift += 7


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """(field number, value) of a protobuf message."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        wire = key & 7
        if wire == 0:
            value, at = _varint(data, at)
            yield key >> 3, value
        else:
            size = {1: 8, 5: 4}.get(wire)
            if size is None:
                size, at = _varint(data, at)
            yield key >> 3, data[at : at + size]
            at += size


def _packed(data: bytes) -> list[int]:
    found, at = [], 0
    while at < len(data):
        value, at = _varint(data, at)
        found.append(value)
    return found


def sites_in(tile: bytes) -> int:
    """How many sites a tile stands for: features, or what they say in their property `count`."""
    return sum(
        _layer_total(body) for number, body in _fields(tile) if number == 3 and isinstance(body, bytes)
    )


def _layer_total(layer: bytes) -> int:
    keys: list[str] = []
    values: list[int] = []
    features: list[bytes] = []
    for number, body in _fields(layer):
        if not isinstance(body, bytes):
            continue
        if number == 2:
            features.append(body)
        elif number == 3:
            keys.append(body.decode())
        elif number == 4:
            values.append(_whole(body))
    if "count" not in keys:
        return len(features)
    return sum(_property(feature, keys.index("count"), values) for feature in features)


def _property(feature: bytes, key: int, values: list[int]) -> int:
    """The feature's value of a key; 1 where it has none."""
    for number, body in _fields(feature):
        if number == 2 and isinstance(body, bytes):
            tags = _packed(body)
            for name, value in zip(tags[::2], tags[1::2], strict=True):
                if name == key:
                    return values[value]
    return 1


def _whole(value: bytes) -> int:
    """An integer value (int, uint or sint); 0 for another type."""
    for number, body in _fields(value):
        if isinstance(body, int) and number in (4, 5):
            return body
        if isinstance(body, int) and number == 6:
            return (body >> 1) ^ -(body & 1)
    return 0
