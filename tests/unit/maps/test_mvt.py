"""Vector tiles, read back by a decoder of their own and by GDAL."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from maps.mvt import Areas, Layer, Lines, ShapeLayer, encode_tile


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


def _walk(numbers: list[int], kind: int) -> tuple[int, list[list[tuple[int, int]]]]:
    """The type and the paths of lines (2) or rings (3), by the commands of the specification."""
    paths: list[list[tuple[int, int]]] = []
    x = y = at = 0
    while at < len(numbers):
        command, times = numbers[at] & 7, numbers[at] >> 3
        at += 1
        if command == 7:
            assert (kind, times) == (3, 1)
            continue
        assert command in (1, 2)
        assert command == 2 or times == 1
        for _ in range(times):
            x, y, at = x + _unzigzag(numbers[at]), y + _unzigzag(numbers[at + 1]), at + 2
            if command == 1:
                paths.append([])
            paths[-1].append((x, y))
    return kind, paths


def decode(tile: bytes) -> dict[str, Any]:
    """Layers by name: extent and features as (id, x, y, properties) or (id, type, paths, properties)."""
    layers = {}
    for number, body in _fields(tile):
        assert number == 3
        fields = _fields(body)
        keys = [raw.decode() for n, raw in fields if n == 3]
        values = [_value(raw) for n, raw in fields if n == 4]
        assert [raw for n, raw in fields if n == 15] == [2]
        features: list[tuple[Any, ...]] = []
        for raw in (raw for n, raw in fields if n == 2):
            feature = dict(_fields(raw))
            tags = _packed(feature.get(2, b""))
            properties = {keys[k]: values[v] for k, v in zip(tags[::2], tags[1::2], strict=True)}
            if feature[3] == 1:
                command, x, y = _packed(feature[4])
                assert command == 9
                features.append((feature.get(1), _unzigzag(x), _unzigzag(y), properties))
            else:
                features.append((feature.get(1), *_walk(_packed(feature[4]), feature[3]), properties))
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
    extent, features = decode(encode_tile([layer]))["点位"]
    assert extent == 4096
    for number, ((x, y, kind, name), feature) in enumerate(zip(rows, features, strict=True)):
        given_properties = {k: v for k, v in (("kind", kind), ("名称", name)) if v is not None}
        assert feature == (number, x, y, given_properties)
        # 1, 1.0 and True are equal, so their types are compared as well.
        assert [type(v) for v in feature[3].values()] == [type(v) for v in given_properties.values()]


def test_equal_values_are_stored_once() -> None:
    layer = Layer("p", np.zeros((1000, 2), int), {"name": ["a rather long word"] * 1000})
    assert encode_tile([layer]).count(b"a rather long word") == 1


def test_layers_without_points_are_left_out() -> None:
    assert encode_tile([]) == b""
    assert encode_tile([Layer("empty", [])]) == b""
    assert list(decode(encode_tile([Layer("a", []), Layer("b", [(1, 2)])]))) == ["b"]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Layer("a", [(0, 0)], {"n": []}),
        lambda: Layer("a", [(0, 0)], ids=[1, 2]),
        lambda: Layer("a", [(0, 0)], ids=[-1]),
        lambda: encode_tile([Layer("a", [(0, 0)]), Layer("a", [(0, 0)])]),
        lambda: encode_tile([Layer("", [(0, 0)])]),
    ],
)
def test_nonsense_is_refused(make: Any) -> None:
    with pytest.raises(ValueError):
        make()


coordinates = st.tuples(st.integers(-(2**20), 2**20), st.integers(-(2**20), 2**20))
line_features = st.lists(st.lists(coordinates, min_size=2, max_size=40), min_size=1, max_size=4)


@given(st.lists(line_features, min_size=1, max_size=5))
def test_lines_come_out_as_they_went_in(features: list[list[list[tuple[int, int]]]]) -> None:
    layer = ShapeLayer("road", [Lines(paths) for paths in features], {"n": list(range(len(features)))})
    _extent, found = decode(encode_tile([layer]))["road"]
    assert found == [(None, 2, paths, {"n": number}) for number, paths in enumerate(features)]


def test_areas_come_out_ring_by_ring() -> None:
    outer = [(0, 0), (4096, 0), (4096, 4096), (0, 4096)]
    hole = [(10, 10), (10, 20), (20, 20), (20, 10)]
    other = [(-64, -64), (-10, -64), (-10, -10)]
    layer = ShapeLayer("area", [Areas([[outer, hole], [other]])], {"name": ["田"]}, ids=[3])
    _extent, found = decode(encode_tile([layer, Layer("p", [(1, 2)])]))["area"]
    assert found == [(3, 3, [outer, hole, other], {"name": "田"})]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Lines([]),
        lambda: Lines([[(0, 0)]]),
        lambda: Areas([[[(0, 0), (1, 1)]]]),
        lambda: Areas([[[(0, 0), (0, 9), (9, 9), (9, 0)]]]),  # an outer ring that turns the wrong way
        lambda: Areas([[[(0, 0), (9, 0), (9, 9)], [(1, 1), (2, 1), (2, 2)]]]),  # a hole that does
        lambda: Areas([[[(0, 0), (5, 5), (9, 9)]]]),  # nothing inside
        lambda: ShapeLayer("a", [Lines([[(0, 0), (1, 1)]])], {"n": []}),
    ],
)
def test_shapes_that_no_reader_takes_are_refused(make: Any) -> None:
    with pytest.raises(ValueError):
        make()


@pytest.mark.skipif("MVT" not in pyogrio.list_drivers(), reason="this GDAL was built without MVT")
def test_gdal_reads_lines_and_areas(tmp_path: Path) -> None:
    hole = [(100, 100), (100, 200), (200, 200), (200, 100)]
    square = [(0, 0), (1000, 0), (1000, 1000), (0, 1000)]
    roads = ShapeLayer("roads", [Lines([[(0, 0), (300, 400)], [(1000, 0), (1000, 50)]])], {"n": [1]})
    areas = ShapeLayer("areas", [Areas([[square, hole], [[(2000, 0), (2300, 0), (2300, 400)]]])], {"n": [2]})
    path = tmp_path / "0.mvt"
    path.write_bytes(encode_tile([roads, areas]))
    read = {}
    for name in ("roads", "areas"):
        meta, _ids, geometry, columns = pyogrio.raw.read(path, layer=name)
        (read[name],) = shapely.from_wkb([bytes(wkb) for wkb in geometry])
        table = dict(zip(meta["fields"], columns, strict=True))
        assert table["n"].tolist() == [{"roads": 1, "areas": 2}[name]]
    # Without an address in its name GDAL scales the tile; the shares are kept.
    unit = read["roads"].length / 550
    assert len(read["roads"].geoms) == 2
    assert len(read["areas"].geoms) == 2
    assert read["areas"].is_valid
    assert read["areas"].area / unit**2 == pytest.approx(1_000_000 - 10_000 + 60_000)


@pytest.mark.skipif("MVT" not in pyogrio.list_drivers(), reason="this GDAL was built without MVT")
def test_gdal_reads_it(tmp_path: Path) -> None:
    points = Layer(
        "sites", [(0, 0), (4096, 4096), (2048, 1024)], {"name": ["小学", "x", "y"], "n": [1, -2, 3]}
    )
    clusters = Layer("clusters", [(5, 6)], {"count": [123456]}, ids=[7])
    path = tmp_path / "0.mvt"
    path.write_bytes(encode_tile([points, clusters]))
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
