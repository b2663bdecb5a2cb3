"""GeoJSON from people one does not know: what is read, what is refused, and in which words."""

import json
import math

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from maps.geojson import (
    Feature,
    FeatureCollection,
    GeoJSONError,
    geometry_from_mapping,
    geometry_to_mapping,
    read_feature_collection,
)

SQUARE = [[121.0, 29.0], [122.0, 29.0], [122.0, 30.0], [121.0, 29.0]]
POINT = {"type": "Point", "coordinates": [121.5, 29.9]}


def feature(geometry: object = POINT, **properties: object) -> dict[str, object]:
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def collection(*features: object, **members: object) -> dict[str, object]:
    return {"type": "FeatureCollection", "features": list(features), **members}


def read(document: object, *, lonlat: bool = True, **limits: int) -> FeatureCollection:
    data = document if isinstance(document, str) else json.dumps(document)
    return read_feature_collection(data.encode(), lonlat=lonlat, **limits)


def read_one(geometry: object, *, lonlat: bool = True) -> Feature:
    (only,) = read(collection(feature(geometry)), lonlat=lonlat).features
    return only


# -------------------------------------------------------------------------------------- what is read


@pytest.mark.parametrize(
    ("kind", "coordinates", "wkt"),
    [
        ("Point", [121.5, 29.9], "POINT (121.5 29.9)"),
        ("Point", [121, 29, 8.5], "POINT (121 29)"),
        ("MultiPoint", [[121, 29], [122, 30]], "MULTIPOINT ((121 29), (122 30))"),
        ("LineString", [[121, 29], [122, 30, 5]], "LINESTRING (121 29, 122 30)"),
        ("MultiLineString", [[[121, 29], [122, 30]]], "MULTILINESTRING ((121 29, 122 30))"),
        ("Polygon", [SQUARE], "POLYGON ((121 29, 122 29, 122 30, 121 29))"),
        (
            "Polygon",
            [[[0, 0], [9, 0], [9, 9], [0, 0]], [[5, 1], [6, 1], [6, 2], [5, 1]]],
            "POLYGON ((0 0, 9 0, 9 9, 0 0), (5 1, 6 1, 6 2, 5 1))",
        ),
        ("MultiPolygon", [[SQUARE]], "MULTIPOLYGON (((121 29, 122 29, 122 30, 121 29)))"),
        ("Point", [-180, 90], "POINT (-180 90)"),
    ],
)
def test_each_kind_of_geometry(kind: str, coordinates: object, wkt: str) -> None:
    got = read_one({"type": kind, "coordinates": coordinates})
    assert got.error is None
    assert got.geometry is not None
    assert got.geometry.wkt == wkt
    assert geometry_from_mapping({"type": kind, "coordinates": coordinates}).wkt == wkt


def test_geometry_collections() -> None:
    got = read_one({"type": "GeometryCollection", "geometries": [POINT, POINT]})
    assert got.geometry is not None
    assert got.geometry.wkt == "GEOMETRYCOLLECTION (POINT (121.5 29.9), POINT (121.5 29.9))"


def test_features_keep_their_number_and_properties() -> None:
    got = read(collection(feature(name="甬江站", beds=3), feature(None), "nonsense", feature()))
    assert [one.number for one in got.features] == [1, 2, 3, 4]
    assert got.features[0].properties == {"name": "甬江站", "beds": 3}
    assert got.features[1] == Feature(2, {}, None, None)  # RFC 7946: a feature may have no place
    assert got.features[2].error == "不是 Feature,而是 nonsense"
    assert got.features[3].error is None
    assert got.declared_crs is None


def test_an_empty_collection() -> None:
    assert read(collection()) == FeatureCollection((), None)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_encodings(encoding: str) -> None:
    data = json.dumps(collection(feature(name="宁波")), ensure_ascii=False).encode(encoding)
    assert read_feature_collection(data).features[0].properties["name"] == "宁波"


def test_big_endian_utf16_with_its_mark() -> None:
    data = b"\xfe\xff" + json.dumps(collection(feature())).encode("utf-16-be")
    assert len(read_feature_collection(data).features) == 1


@pytest.mark.parametrize(
    ("member", "want"),
    [
        (None, None),
        ({"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}, None),
        ({"type": "name", "properties": {"name": "EPSG:4326"}}, None),
        (
            {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}},
            "urn:ogc:def:crs:EPSG::4490",
        ),
        ({"type": "name", "properties": {"name": "local grid"}}, "local grid"),
        ({"type": "EPSG", "properties": {"code": 4549}}, "EPSG:4549"),
    ],
)
def test_a_declared_crs_is_reported(member: object, want: str | None) -> None:
    assert read(collection(crs=member)).declared_crs == want


@pytest.mark.parametrize("member", ["EPSG:4549", 4549, {}, {"type": "link", "properties": {"href": "x"}}])
def test_a_crs_nobody_can_read_is_not_passed_over(member: object) -> None:
    with pytest.raises(GeoJSONError, match="看不懂文件的 crs"):
        read(collection(crs=member))


def test_projected_coordinates_when_told_so() -> None:
    grid = {"type": "Point", "coordinates": [40_500_000.0, 3_300_000.0]}
    got = read_one(grid, lonlat=False)
    assert got.geometry is not None
    assert got.geometry.wkt == "POINT (40500000 3300000)"
    assert "投影坐标" in str(read_one(grid).error)
    assert "过大" in str(read_one({"type": "Point", "coordinates": [1e308, 0]}, lonlat=False).error)


# -------------------------------------------------------------------------- what spoils a whole file


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "文件是空的"),
        ("  \n", "文件是空的"),
        ('{"type": "FeatureCollection",\n "features": [{"type": "Fea', "不完整,在第 2 行第 24 列"),
        ('{"type": "FeatureCollection",\n "features": [', "不完整,在第 2 行第 15 列"),
        ('{"type": "FeatureCollection", "features": [}', "第 1 行第 44 列不是合法的 JSON"),
        ('{"type": "FeatureCollection", "features": []}\n{"type": 1}', "第 2 行第 1 列之后还有多余内容"),
        ('{"type": "FeatureCollection", "features": [NaN]}', "文件中有 NaN"),
        ('{"type": "FeatureCollection", "features": [-Infinity]}', "文件中有 -Infinity"),
        ("[" * 200_000, "嵌套层数过多"),
        ('{"a":' * 200_000, "嵌套层数过多"),
        ("[" + "9" * 5000 + "]", "位数过多的整数"),
        ("[]", "实际是 […] (0)"),
        ("null", "实际是 null"),
        ('{"type": "Topology"}', "实际是 Topology"),
        ('{"type": ["FeatureCollection"]}', "实际是 […] (1)"),
        (json.dumps(feature()), "实际是 Feature"),
        ('{"type": "FeatureCollection"}', "缺少 features"),
        ('{"type": "FeatureCollection", "features": {}}', "缺少 features"),
    ],
)
def test_whole_files_that_are_refused(text: str, sentence: str) -> None:
    with pytest.raises(GeoJSONError) as caught:
        read(text)
    assert sentence in caught.value.message
    assert len(caught.value.message) < 200


CHINESE = json.dumps(collection(feature(name="宁波市")), ensure_ascii=False)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (CHINESE.encode("gbk"), "GBK"),
        (CHINESE.encode("utf-16")[:-1], "UTF-16 编码,但在第"),
        (b'{"type": "\xff\xff\xff\xff": 0, "features": []}', "不是 UTF-8 编码(第 11 字节"),
        ('{"type": "宁'.encode()[:-1], "文件不完整"),
        (b"\x00\x00", "不是合法的 JSON"),
        (b"PK\x03\x04" + bytes(range(256)), "UTF-8"),
    ],
)
def test_encodings_that_are_refused(data: bytes, sentence: str) -> None:
    with pytest.raises(GeoJSONError) as caught:
        read_feature_collection(data)
    assert sentence in caught.value.message


def test_limits() -> None:
    two = collection(feature(), feature({"type": "LineString", "coordinates": [[1, 1], [2, 2]]}))
    assert len(read(two, max_features=2, max_vertices=3, max_bytes=10_000).features) == 2
    with pytest.raises(GeoJSONError, match="有 2 个要素,超过上限 1"):
        read(two, max_features=1)
    with pytest.raises(GeoJSONError, match="坐标点超过 2 个"):
        read(two, max_vertices=2)
    with pytest.raises(GeoJSONError, match="文件超过"):
        read(two, max_bytes=20)


# ------------------------------------------------------------------------ what is wrong with a feature


@pytest.mark.parametrize(
    ("geometry", "sentence"),
    [
        (5, "应是几何对象,实际是 5"),
        ([], "应是几何对象"),
        ({}, "应是几何对象"),
        ({"type": 5, "coordinates": [1, 2]}, "应是几何对象"),
        ({"type": "Circle", "coordinates": [1, 2]}, "不支持的几何类型 Circle"),
        ({"type": "LinearRing", "coordinates": SQUARE}, "不支持的几何类型"),
        ({"type": "Point"}, "实际是 null"),
        ({"type": "Point", "coordinates": []}, "坐标是空的"),
        ({"type": "Point", "coordinates": [121]}, "两个数,实际是 […] (1)"),
        ({"type": "Point", "coordinates": "121,29"}, "两个数,实际是 121,29"),
        ({"type": "Point", "coordinates": ["121", 29]}, "坐标应是数字,实际是 121"),
        ({"type": "Point", "coordinates": [True, 29]}, "坐标应是数字,实际是 true"),
        ({"type": "Point", "coordinates": [None, 29]}, "坐标应是数字,实际是 null"),
        ({"type": "Point", "coordinates": [[121, 29], 29]}, "坐标应是数字"),
        ({"type": "Point", "coordinates": {"0": 121, "1": 29}}, "两个数,实际是 {…} (2)"),
        ({"type": "Point", "coordinates": [29.9, 121.5]}, "经度与纬度可能颠倒"),
        ({"type": "Point", "coordinates": [181, 29]}, "不是经纬度"),
        ({"type": "Point", "coordinates": [1e308, 1e308]}, "不是经纬度"),
        ({"type": "Point", "coordinates": [10**400, 0]}, "(inf, 0.0) 不是经纬度"),
        ({"type": "LineString", "coordinates": [[121, 29]]}, "线至少要有 2 个点,实际 1 个"),
        ({"type": "LineString", "coordinates": [[121, 29], [121, 29]]}, "线的所有点都重合"),
        ({"type": "LineString", "coordinates": []}, "坐标是空的"),
        ({"type": "LineString", "coordinates": [[121, 29], []]}, "两个数,实际是 […] (0)"),
        ({"type": "Polygon", "coordinates": []}, "坐标是空的"),
        ({"type": "Polygon", "coordinates": [[]]}, "坐标是空的"),
        ({"type": "Polygon", "coordinates": SQUARE}, "两个数,实际是 121.0"),
        ({"type": "Polygon", "coordinates": [SQUARE[:3]]}, "至少要有 4 个点(首尾相同),实际 3 个"),
        ({"type": "Polygon", "coordinates": [[*SQUARE[:3], [121, 29.1]]]}, "没有闭合"),
        ({"type": "Polygon", "coordinates": [SQUARE, SQUARE[:2]]}, "实际 2 个"),
        ({"type": "MultiPolygon", "coordinates": [[]]}, "坐标是空的"),
        ({"type": "MultiPoint", "coordinates": [1, 2]}, "两个数"),
        ({"type": "GeometryCollection"}, "实际是 null"),
        ({"type": "GeometryCollection", "geometries": []}, "坐标是空的"),
        ({"type": "Point", "coordinates": ["\u202e\x1b[2J" * 1000, 1]}, "…"),
    ],
)
def test_one_bad_feature_does_not_spoil_the_others(geometry: object, sentence: str) -> None:
    first, bad, last = read(collection(feature(), feature(geometry, name="坏"), feature())).features
    assert first.error is last.error is None
    assert bad.geometry is None
    assert bad.error is not None
    assert sentence in bad.error
    assert len(bad.error) < 200
    assert bad.error.isprintable()
    assert bad.properties == {"name": "坏"}
    assert bad.error == bad.error.template % bad.error.params


def test_nesting_of_collections_is_bounded() -> None:
    geometry: object = POINT
    for _ in range(30):
        geometry = {"type": "GeometryCollection", "geometries": [geometry]}
    assert read_one(geometry).error == "GeometryCollection 嵌套过深"


@pytest.mark.parametrize(
    "text",
    [
        '"a\\u0000b"',
        '"\\ud800"',
        "1e999",
        '["\\udfff"]',
        '{"\\u0000": 1}',
        '{"deep": [[1e999]]}',
    ],
)
def test_properties_that_no_database_takes(text: str) -> None:
    data = json.dumps(collection(feature(name=0))).replace('"name": 0', f'"name": {text}')
    assert read(data).features[0].error == "属性 name 含有无法保存的字符或过大的数"


def test_properties_of_another_kind() -> None:
    (got,) = read(collection({"type": "Feature", "properties": [1], "geometry": POINT})).features
    assert got.error == "properties 应是对象,实际是 […] (1)"
    (got,) = read(collection({"type": "Feature", "geometry": POINT})).features
    assert got.error is None
    assert got.properties == {}


@pytest.mark.parametrize("depth", range(100, 1000, 50))
def test_deeply_nested_properties_never_escape_as_recursion(depth: int) -> None:
    data = json.dumps(collection(feature(name=0))).replace(
        '"name": 0', '"name": ' + "[" * depth + "]" * depth
    )
    try:
        (got,) = read(data).features
    except GeoJSONError as error:
        assert "嵌套层数过多" in error.message
    else:
        assert got.error in (None, "属性嵌套过深")


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["type", "coordinates", "geometries"]), inner, max_size=3)
    ),
    max_leaves=12,
)
KINDS = st.sampled_from(
    ["Point", "MultiPoint", "LineString", "Polygon", "MultiPolygon", "GeometryCollection"]
)


@given(kind=KINDS, coordinates=JSON_VALUES, geometries=JSON_VALUES, lonlat=st.booleans())
def test_any_json_gives_a_geometry_or_an_error(
    kind: str, coordinates: object, geometries: object, lonlat: bool
) -> None:
    got = read_one({"type": kind, "coordinates": coordinates, "geometries": geometries}, lonlat=lonlat)
    assert (got.geometry is None) != (got.error is None)


@given(st.binary(max_size=200))
def test_any_bytes_give_a_collection_or_an_error(data: bytes) -> None:
    with pytest.raises(GeoJSONError):
        read_feature_collection(data)


# ---------------------------------------------------------------------------------------- and written


@pytest.mark.parametrize(
    "wkt",
    [
        "POINT (121.5 29.9)",
        "LINESTRING (121 29, 122 30)",
        "POLYGON ((0 0, 9 0, 9 9, 0 0), (5 1, 6 1, 6 2, 5 1))",
        "MULTIPOINT ((121 29), (122 30))",
        "MULTILINESTRING ((121 29, 122 30), (1 1, 2 2))",
        "MULTIPOLYGON (((121 29, 122 29, 122 30, 121 29)))",
        "GEOMETRYCOLLECTION (POINT (121.5 29.9), LINESTRING (121 29, 122 30))",
    ],
)
def test_what_is_written_reads_back(wkt: str) -> None:
    mapping = json.loads(json.dumps(geometry_to_mapping(shapely.from_wkt(wkt)), allow_nan=False))
    assert geometry_from_mapping(mapping).wkt == wkt


@given(st.floats(-180, 180), st.floats(-90, 90), st.integers(0, 8))
def test_written_coordinates_are_rounded(lon: float, lat: float, precision: int) -> None:
    mapping = geometry_to_mapping(shapely.Point(lon, lat), precision)
    coordinates = mapping["coordinates"]
    assert isinstance(coordinates, list)
    assert coordinates == pytest.approx([lon, lat], abs=0.51 * 10**-precision)
    assert all(value == round(value, precision) for value in coordinates)
    assert "-0.0" not in [str(value) for value in coordinates]


def test_writing_drops_heights_and_takes_empty_geometries() -> None:
    assert geometry_to_mapping(shapely.Point(1, 2, 3)) == {"type": "Point", "coordinates": [1.0, 2.0]}
    assert geometry_to_mapping(shapely.Point()) == {"type": "Point", "coordinates": []}
    assert geometry_to_mapping(shapely.Polygon()) == {"type": "Polygon", "coordinates": []}


def test_writing_refuses_what_is_no_geojson() -> None:
    with pytest.raises(ValueError, match="not finite"):
        geometry_to_mapping(shapely.LineString([(0, 0), (1, math.inf)]))
    with pytest.raises(ValueError, match="LinearRing"):
        geometry_to_mapping(shapely.LinearRing([(0, 0), (1, 0), (1, 1)]))
