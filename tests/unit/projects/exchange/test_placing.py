"""Positions and shapes of a file: datum, what is no place on Earth, what lies elsewhere."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import shapely

from maps.crs import EpsgCode
from maps.datum import Datum, from_wgs84
from projects.exchange.importing import plan_import
from projects.exchange.problems import Severity, UnreadableFile
from projects.readmodels.locator import Border, DivisionLocator
from tests.unit.projects.exchange.made_up import (
    GENERATED,
    GOOD,
    HAISHU,
    LINE,
    YINZHOU,
    csv,
    geojson,
    options,
    saved,
    world,
)


@pytest.mark.parametrize("datum", list(Datum))
def test_the_declared_datum_is_undone_and_kept(tmp_path: Path, datum: Datum) -> None:
    x, y = from_wgs84(121.55, 29.85, datum)
    plan = plan_import(
        csv(tmp_path, f"code,name,lon,lat\nA1,一小,{x!r},{y!r}\n"), options(datum=datum), world()
    )
    draft = plan.drafts[0]
    assert (draft.geometry.x, draft.geometry.y) == pytest.approx((121.55, 29.85), abs=1e-8)
    assert (draft.source_x, draft.source_y, draft.source_datum) == (x, y, datum.value)


def test_a_projected_system_goes_through_proj(tmp_path: Path) -> None:
    text = "code,name,x,y\nA1,一小,649000,3304000\nA2,二小,3304000,649000\n"
    plan = plan_import(csv(tmp_path, text), options(datum=EpsgCode(4549)), world())
    assert [p.row for p in plan.problems if "适用范围" in p.sentence] == [3]
    lon, lat = plan.drafts[0].geometry.x, plan.drafts[0].geometry.y
    assert 121.5 < lon < 121.6 and 29.8 < lat < 29.9


@pytest.mark.parametrize(
    ("lon", "lat", "sentence"),
    [
        ("", "29.85", "没有填写"),
        ("/", "29.85", "不是数"),
        ("PNS", "29.85", "不是数"),
        ("NaN", "29.85", "不是数"),
        ("inf", "29.85", "不是数"),
        ("1e308", "29.85", "不在地球上"),
        ("1e999", "29.85", "太大"),
        ("121.55", "91", "不在地球上"),
        ("29.85", "121.55", "经度与纬度颠倒"),
        ("649000", "3304000", "投影坐标"),
        ("122.9", "29.85", "不在任何已载入的区划内"),
        ("114.05", "22.53", "深圳市(440300)"),
    ],
)
def test_a_bad_position_is_an_error_of_its_row(tmp_path: Path, lon: str, lat: str, sentence: str) -> None:
    text = f"{GOOD}A3,三小,{lon},{lat}\n"
    plan = plan_import(csv(tmp_path, text), options(), world())
    errors = [p for p in plan.problems if p.row == 4]
    assert [(p.label, p.severity) for p in errors] == [("三小", Severity.ERROR)]
    assert sentence in errors[0].sentence
    assert len(plan.drafts) == 2


def test_swapped_axes_within_the_degrees_of_earth_are_suspected(tmp_path: Path) -> None:
    mirrored = replace(
        world(), locator=DivisionLocator([Border(HAISHU, "330203", "county", shapely.box(80, 29, 81, 30))])
    )
    plan = plan_import(csv(tmp_path, "code,name,lon,lat\nA1,一小,29.5,80.5\n"), options(), mirrored)
    assert "颠倒" in plan.problems[0].sentence and "海曙区(330203)" in plan.problems[0].sentence


def test_another_datum_is_suspected_when_it_would_fit(tmp_path: Path) -> None:
    x, y = from_wgs84(121.7999, 29.85, Datum.GCJ02)
    plan = plan_import(csv(tmp_path, f"code,name,lon,lat\nA1,一小,{x!r},{y!r}\n"), options(), world())
    assert "坐标系可能是 gcj02" in plan.problems[0].sentence


def test_a_whole_city_that_is_not_loaded_names_the_command(tmp_path: Path) -> None:
    text = "code,name,lon,lat\nA1,甲,114.05,22.53\nA2,乙,114.06,22.54\n"
    plan = plan_import(csv(tmp_path, text), options(), world())
    assert plan.problems[0].row is None
    assert "有 2 行在深圳市" in plan.problems[0].sentence
    assert "load_divisions --city 440300" in plan.problems[0].sentence


def test_lines_and_areas_lie_where_their_representative_point_does(tmp_path: Path) -> None:
    ring = [[[121.61, 29.81], [121.69, 29.81], [121.69, 29.89], [121.61, 29.81]]]
    table = geojson(
        tmp_path, ({"name": "路"}, LINE), ({"name": "区"}, {"type": "Polygon", "coordinates": ring})
    )
    plan = plan_import(table, GENERATED, world())
    assert [(d.geometry.geom_type, d.located_in_id, d.source_x) for d in plan.drafts] == [
        ("LineString", HAISHU, None),
        ("Polygon", YINZHOU, None),
    ]
    assert plan_import(table, GENERATED, world(saved(plan))).unchanged == 2


@pytest.mark.parametrize(
    ("geometry", "sentence"),
    [
        (None, "没有位置"),
        ({"type": "MultiPoint", "coordinates": [[121.5, 29.8], [121.6, 29.8]]}, "不能用 MultiPoint"),
        ({"type": "GeometryCollection", "geometries": [LINE]}, "不能用 GeometryCollection"),
        (
            {"type": "Polygon", "coordinates": [[[121.5, 29.8], [121.6, 29.9], [121.6, 29.8], [121.5, 29.9], [121.5, 29.8]]]},
            "自相交",
        ),
    ],
)  # fmt: skip
def test_shapes_that_cannot_be_a_site(tmp_path: Path, geometry: object, sentence: str) -> None:
    plan = plan_import(geojson(tmp_path, ({"name": "甲"}, geometry)), GENERATED, world())
    assert [(p.row, p.label) for p in plan.problems] == [(1, "甲")]
    assert sentence in plan.problems[0].sentence


@pytest.mark.parametrize(
    ("wkt", "is_good"),
    [
        ("LINESTRING (121.51 29.85, 121.59 29.85)", True),
        ("LINESTRING (nan 29.85, 121.59 29.85)", False),
        ("POLYGON ((0 0, 1 1", False),
        ("GEOMETRYCOLLECTION (POINT (1 1))", False),
        ("010200000002", False),
    ],
)
def test_wkt_cells(tmp_path: Path, wkt: str, is_good: bool) -> None:
    plan = plan_import(csv(tmp_path, f'code,name,wkt\nA1,路,"{wkt}"\n'), options(), world())
    assert (len(plan.drafts), plan.errors) == ((1, 0) if is_good else (0, 1))


@pytest.mark.parametrize(
    ("crs", "datum", "is_refused"),
    [
        ("EPSG:4549", Datum.WGS84, True),
        ("EPSG:4549", EpsgCode(4549), False),
        ("EPSG:4490", Datum.WGS84, False),
        ("EPSG:4326", Datum.GCJ02, False),
        ("EPSG:4490", Datum.GCJ02, True),
        ("nonsense", Datum.WGS84, True),
    ],
)
def test_a_file_that_names_another_system_is_refused(
    tmp_path: Path, crs: str, datum: Any, is_refused: bool
) -> None:
    table = geojson(tmp_path, ({"name": "路"}, LINE), crs=crs)
    if is_refused:
        with pytest.raises(UnreadableFile, match="请核对"):
            plan_import(table, replace(GENERATED, datum=datum), world())
    else:
        assert plan_import(table, replace(GENERATED, datum=datum), world()).columns
