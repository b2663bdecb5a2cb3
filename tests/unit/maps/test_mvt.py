"""Vector tiles, read back by a decoder of their own and by GDAL."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maps.mvt import Layer, encode_points


def _fields(data: bytes) -> list[tuple[int, Any]]:
    """The fields of a protocol buffer message as (number, integer or bytes)."""
    at = 0
    found: list[tuple[int, Any]] = []

    def varint() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(data):
        key = varint()
        if key & 7 == 0:
            found.append((key >> 3, varint()))
        elif key & 7 == 1:
            found.append((key >> 3, data[at : at + 8]))
            at += 8
        else:
            assert key & 7 == 2
            size = varint()
            assert at + size <= len(data)
            found.append((key >> 3, data[at : at + size]))
            at += size
    return found


def _packed(data: bytes) -> list[int]:
    values, value, shift = [], 0, 0
    for byte in data:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            values.append(value)
            value = shift = 0
    return values


def _unzigzag(value: int) -> int:
    return (value >> 1) ^ -(value & 1)


def _value(data: bytes) -> object:
    ((number, raw),) = _fields(data)
    if number == 1:
        return raw.decode()
    if number == 3:
        return struct.unpack("<d", raw)[0]
    if number == 7:
        return bool(raw)
    return _unzigzag(raw) if number == 6 else int(raw)


def decode(tile: bytes) -> dict[str, Any]:
    """Layers by name: extent and features as (id, x, y, properties)."""
    layers = {}
    for number, body in _fields(tile):
        assert number == 3
        fields = _fields(body)
        keys = [raw.decode() for n, raw in fields if n == 3]
        values = [_value(raw) for n, raw in fields if n == 4]
        assert [raw for n, raw in fields if n == 15] == [2]
        features = []
        for raw in (raw for n, raw in fields if n == 2):
            feature = dict(_fields(raw))
            assert feature[3] == 1
            command, x, y = _packed(feature[4])
            assert command == 9
            tags = _packed(feature.get(2, b""))
            properties = {keys[k]: values[v] for k, v in zip(tags[::2], tags[1::2], strict=True)}
            features.append((feature.get(1), _unzigzag(x), _unzigzag(y), properties))
        (name,) = (raw.decode() for n, raw in fields if n == 1)
        (extent,) = (raw for n, raw in fields if n == 5)
        layers[name] = (extent, features)
    return layers


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**62), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(max_size=200),
)


@given(
    st.lists(
        st.tuples(st.integers(-100, 5000), st.integers(-100, 5000), scalars, scalars), min_size=1, max_size=30
    )
)
def test_what_goes_in_comes_out(rows: list[tuple[int, int, Any, Any]]) -> None:
    layer = Layer(
        "点位",
        [row[:2] for row in rows],
        {"kind": [row[2] for row in rows], "名称": [row[3] for row in rows]},
        ids=range(len(rows)),
    )
    extent, features = decode(encode_points([layer]))["点位"]
    assert extent == 4096
    for number, ((x, y, kind, name), feature) in enumerate(zip(rows, features, strict=True)):
        given_properties = {k: v for k, v in (("kind", kind), ("名称", name)) if v is not None}
        assert feature == (number, x, y, given_properties)
        # 1, 1.0 and True are equal, so their types are compared as well.
        assert [type(v) for v in feature[3].values()] == [type(v) for v in given_properties.values()]


def test_equal_values_are_stored_once() -> None:
    layer = Layer("p", np.zeros((1000, 2), int), {"name": ["a rather long word"] * 1000})
    assert encode_points([layer]).count(b"a rather long word") == 1


def test_layers_without_points_are_left_out() -> None:
    assert encode_points([]) == b""
    assert encode_points([Layer("empty", [])]) == b""
    assert list(decode(encode_points([Layer("a", []), Layer("b", [(1, 2)])]))) == ["b"]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Layer("a", [(0, 0)], {"n": []}),
        lambda: Layer("a", [(0, 0)], ids=[1, 2]),
        lambda: Layer("a", [(0, 0)], ids=[-1]),
        lambda: encode_points([Layer("a", [(0, 0)]), Layer("a", [(0, 0)])]),
        lambda: encode_points([Layer("", [(0, 0)])]),
    ],
)
def test_nonsense_is_refused(make: Any) -> None:
    with pytest.raises(ValueError):
        make()


@pytest.mark.skipif("MVT" not in pyogrio.list_drivers(), reason="this GDAL was built without MVT")
def test_gdal_reads_it(tmp_path: Path) -> None:
    points = Layer(
        "sites", [(0, 0), (4096, 4096), (2048, 1024)], {"name": ["小学", "x", "y"], "n": [1, -2, 3]}
    )
    clusters = Layer("clusters", [(5, 6)], {"count": [123456]}, ids=[7])
    path = tmp_path / "0.mvt"
    path.write_bytes(encode_points([points, clusters]))
    assert sorted(name for name, _ in pyogrio.list_layers(path)) == ["clusters", "sites"]
    meta, _, geometry, columns = pyogrio.raw.read(path, layer="sites")
    table = dict(zip(meta["fields"], columns, strict=True))
    assert table["name"].tolist() == ["小学", "x", "y"]
    assert table["n"].tolist() == [1, -2, 3]
    positions = [struct.unpack("<dd", bytes(wkb)[-16:]) for wkb in geometry]
    # Without an address in its name GDAL places the tile at 0..4096, y upwards.
    assert positions[0][1] - positions[1][1] == pytest.approx(positions[1][0] - positions[0][0])
    meta, _, geometry, columns = pyogrio.raw.read(path, layer="clusters")
    assert dict(zip(meta["fields"], columns, strict=True))["count"].tolist() == [123456]
