"""Borders from files: every format gives the same areas, and every fault is said with its feature."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import shapely
from pyogrio.raw import write

from maps.datum import Datum, from_wgs84
from projects.exchange.areas import BoundaryError
from projects.exchange.boundaries import FileOptions, read_file

SQUARES = {
    "330203": shapely.box(121.4, 29.8, 121.5, 29.9),
    "330205": shapely.box(121.5, 29.8, 121.6, 29.9),
}


def options(crs: str = "EPSG:4490", **changes: str) -> FileOptions:
    values = {"crs": crs, "code_field": "code", "name_field": "name", "source": "s", "licence": "l"}
    return FileOptions(**{**values, **changes})


def geojson(folder: Path, areas: dict[str, shapely.Geometry], **members: object) -> Path:
    features = [
        {
            "type": "Feature",
            "properties": {"code": code, "name": f"区{code}"},
            "geometry": json.loads(shapely.to_geojson(area)),
        }
        for code, area in areas.items()
    ]
    path = folder / "areas.geojson"
    path.write_text(
        json.dumps({"type": "FeatureCollection", "features": features, **members}), encoding="utf-8"
    )
    return path


def by_gdal(path: Path, driver: str) -> Path:
    write(
        path,
        np.array([shapely.to_wkb(area) for area in SQUARES.values()], dtype=object),
        [np.array(list(SQUARES), dtype=object), np.array([f"区{code}" for code in SQUARES], dtype=object)],
        ["code", "name"],
        geometry_type="Polygon",
        crs="EPSG:4490",
        driver=driver,
        encoding="UTF-8",
    )
    return path


@pytest.fixture(params=["geojson", "gpkg", "shapefile"])
def squares(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    if request.param == "geojson":
        return geojson(tmp_path, dict(SQUARES))
    if request.param == "gpkg":
        return by_gdal(tmp_path / "areas.gpkg", "GPKG")
    by_gdal(tmp_path / "areas.shp", "ESRI Shapefile")
    with zipfile.ZipFile(tmp_path / "areas.zip", "w") as archive:
        for part in tmp_path.glob("areas.[!z]*"):
            archive.write(part, f"somewhere/{part.name}")
    return tmp_path / "areas.zip"


def test_every_format_gives_the_same_counties_with_the_packaged_names(squares: Path) -> None:
    city = read_file(squares, "330200", options())
    assert (city.city.name, city.city.border) == ("宁波市", None)
    assert city.province is not None and city.province.name == "浙江省"
    assert [(area.code, area.name) for area in city.counties] == [
        ("330203", "区330203"),
        ("330205", "区330205"),
    ]
    for area in city.counties:
        assert area.border is not None and area.border.equals(SQUARES[area.code])


def test_the_feature_with_the_citys_code_is_its_own_border(tmp_path: Path) -> None:
    whole = shapely.unary_union(list(SQUARES.values()))
    city = read_file(geojson(tmp_path, {**SQUARES, "330200": whole}), "330200", options())
    assert city.city.border is not None and city.city.border.equals(whole)
    assert len(city.counties) == 2


def test_a_declared_datum_is_brought_to_wgs84(tmp_path: Path) -> None:
    shifted = {
        code: shapely.transform(
            area, lambda pairs: np.column_stack(from_wgs84(pairs[:, 0], pairs[:, 1], Datum.GCJ02))
        )
        for code, area in SQUARES.items()
    }
    city = read_file(geojson(tmp_path, shifted), "330200", options("gcj02"))
    for area in city.counties:
        assert area.border is not None and area.border.equals_exact(SQUARES[area.code], 1e-8)


BOWTIE = shapely.Polygon([(121.4, 29.8), (121.5, 29.9), (121.5, 29.8), (121.4, 29.9)])


@pytest.mark.parametrize(
    ("areas", "changes", "message"),
    [
        ({"330203": BOWTIE}, {}, r"第 1 个要素\(区330203\).*自相交"),
        ({"330203": shapely.Point(121.4, 29.8)}, {}, "不是面"),
        ({"33-02": SQUARES["330203"]}, {}, "代码“33-02”"),
        ({}, {}, "没有任何要素"),
        (SQUARES, {"code_field": "adcode"}, "没有字段 adcode;它有:code、name"),
        (SQUARES, {"crs": "beijing"}, "看不懂坐标系“beijing”"),
        (SQUARES, {"crs": "EPSG:4549"}, "不在 EPSG:4549 的适用范围内"),
    ],
)
def test_what_is_wrong_is_said_with_its_feature(
    tmp_path: Path, areas: dict[str, shapely.Geometry], changes: dict[str, str], message: str
) -> None:
    with pytest.raises(BoundaryError, match=message):
        read_file(geojson(tmp_path, areas), "330200", options(**changes))


def test_a_code_that_comes_twice_is_refused(tmp_path: Path) -> None:
    path = geojson(tmp_path, dict(SQUARES))
    path.write_text(path.read_text(encoding="utf-8").replace("330205", "330203"), encoding="utf-8")
    with pytest.raises(BoundaryError, match="第 2 个要素的代码 330203 已经出现过"):
        read_file(path, "330200", options())


def test_a_file_that_names_another_system_is_refused(tmp_path: Path) -> None:
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4549"}}
    with pytest.raises(BoundaryError, match="文件自己写明坐标系"):
        read_file(geojson(tmp_path, dict(SQUARES), crs=crs), "330200", options())


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.kml", b"", "不认识 .kml 文件"),
        ("a.zip", b"PK\x03\x04 not a zip", "不是完好的压缩包"),
        ("a.gpkg", b"<OGRVRTDataSource/>", "a.gpkg:.*内容不是 GPKG"),
        ("a.gpkg", b"SQLite format 3\x00" + bytes(100), "a.gpkg"),
        ("a.geojson", b'{"type": "FeatureCollection", "features": [', "文件不完整"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_refused(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BoundaryError, match=message):
        read_file(path, "330200", options())


def test_a_virtual_source_under_a_geopackages_name_reads_no_other_file(tmp_path: Path) -> None:
    source = geojson(tmp_path, dict(SQUARES))
    disguised = tmp_path / "evil.gpkg"
    disguised.write_text(
        f'<OGRVRTDataSource><OGRVRTLayer name="areas"><SrcDataSource>{source}</SrcDataSource>'
        "</OGRVRTLayer></OGRVRTDataSource>",
        encoding="utf-8",
    )
    with pytest.raises(BoundaryError):
        read_file(disguised, "330200", options())


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BoundaryError, match="找不到文件"):
        read_file(tmp_path / "no.geojson", "330200", options())
