"""Whole files as districts send them: each one loads, or is refused with a sentence that names row and column."""

import re
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
import shapely

from maps.datum import Datum
from projects.exchange.gazetteer import DivisionRef, Gazetteer
from projects.exchange.importing import plan_import
from projects.exchange.options import ImportOptions, KindRule
from projects.exchange.problems import Severity, UnreadableFile
from projects.exchange.readers import read_table
from tests.unit.projects.exchange.made_up import FENGHUA, HAISHU, YINZHOU, options, world
from tests.unit.projects.exchange.strangefiles import layer, workbook

HEADER = ["编码", "名称", "经度", "纬度", "区县", "电话", "开放时间"]
GOOD = ["A1", "甲站", 121.55, 29.85, "海曙区", "0574-1", "8-17"]


def book(folder: Path, *rows: Sequence[object], header: Sequence[object] = HEADER) -> Path:
    return workbook(folder / "a.xlsx", [header, *rows])


def with_(**cells: object) -> list[object]:
    return [cells.get(name, value) for name, value in zip(HEADER, GOOD, strict=True)]


OPTIONS = options(code_column="编码", mapping={"phone": "电话", "division": "区县"})


@pytest.mark.parametrize(
    ("cells", "place"),
    [
        ({}, HAISHU),
        ({"经度": "121.55", "纬度": "29。85"}, HAISHU),
        ({"经度": "东经121°33′", "纬度": "北纬29度51分"}, HAISHU),
        ({"经度": "121:33:00", "纬度": "29:51:00"}, HAISHU),
        ({"编码": 12345678901}, HAISHU),
        ({"编码": "330200"}, HAISHU),
        ({"经度": 121.75, "区县": "奉化市"}, FENGHUA),
        ({"经度": 121.75, "区县": 330283}, FENGHUA),
        ({"经度": 121.65, "区县": "鄞县"}, YINZHOU),
        ({"区县": " 海 曙 区 "}, HAISHU),
        ({"区县": "海曙"}, HAISHU),
        ({"开放时间": "/"}, HAISHU),
        ({"电话": 13800000000}, HAISHU),
    ],
)
def test_a_row_that_loads(tmp_path: Path, cells: dict[str, object], place: int) -> None:
    plan = plan_import(read_table(book(tmp_path, with_(**cells))), OPTIONS, world())
    assert plan.errors == 0 and [draft.located_in_id for draft in plan.drafts] == [place]
    assert not plan.drafts[0].code.endswith(".0") and not plan.drafts[0].phone.endswith(".0")


@pytest.mark.parametrize(
    ("cells", "column", "sentence", "severity"),
    [
        ({"编码": 330200010000123456}, "编码", "科学计数", Severity.ERROR),
        ({"编码": "1.23E+10"}, "编码", "科学计数", Severity.ERROR),
        ({"名称": "3.302E+17"}, "名称", "科学计数", Severity.ERROR),
        ({"名称": "=A1&B1"}, "名称", "没有保存它的结果", Severity.ERROR),
        ({"经度": "#N/A"}, "经度", "公式错误 #N/A", Severity.ERROR),
        ({"开放时间": "#REF!"}, "开放时间", "公式错误 #REF!", Severity.ERROR),
        ({"电话": "1.38E+10"}, "电话", "号码丢失了", Severity.WARNING),
        ({"经度": 29.85, "纬度": 121.55}, "lon, lat", "经度与纬度颠倒", Severity.ERROR),
        ({"经度": "29°51′N", "纬度": "121°33′E"}, "经度", "写的是纬度", Severity.ERROR),
        ({"经度": None, "纬度": None}, "经度", "没有填写", Severity.ERROR),
        ({"经度": "待定"}, "经度", "不是数", Severity.ERROR),
        ({"区县": "鄞县"}, "区县", "写的是鄞州区.*坐标却在海曙区", Severity.WARNING),
        ({"区县": "不知道"}, "区县", "不认识区划", Severity.WARNING),
    ],
)
def test_a_row_that_is_named(
    tmp_path: Path, cells: dict[str, object], column: str, sentence: str, severity: Severity
) -> None:
    def change(whole: openpyxl.Workbook) -> None:
        for row in whole.active.iter_rows():
            for cell in row:
                if isinstance(cell.value, str) and cell.value.startswith("#"):
                    cell.data_type = "e"

    rows: list[list[object]] = [["点位清单"], [*HEADER], GOOD, with_(**{"编码": "A2", **cells})]
    path = workbook(tmp_path / "a.xlsx", rows, change=change)
    plan = plan_import(read_table(path), OPTIONS, world())
    found = [(p.row, p.column, p.severity) for p in plan.problems]
    assert found == [(4, column, severity)]
    assert re.search(sentence, plan.problems[0].sentence)


def test_abolished_counties_of_a_city_whose_borders_came_without_aliases(tmp_path: Path) -> None:
    beijing = Gazetteer(
        [
            DivisionRef(1, "110101", "东城区", "county", 1, 1),
            DivisionRef(2, "110102", "西城区", "county", 2, 2),
        ]
    )
    for stated, now in (("崇文区", 1), ("110103", 1), ("宣武区", 2), ("110104", 2)):
        found = beijing.find(stated)
        assert [division.id for division in found.divisions] == [now] and "已撤销(2010 年)" in found.note
    assert beijing.find("江东区").divisions == ()


@pytest.mark.parametrize("header", ["geom", "WKB", "ewkb"])
@pytest.mark.parametrize("srid", [0, 4326, 4490, 4549])
def test_a_column_of_a_spatial_database(tmp_path: Path, header: str, srid: int) -> None:
    point = shapely.to_wkb(
        shapely.set_srid(shapely.Point(121.55, 29.85), srid), hex=True, include_srid=bool(srid)
    )
    path = tmp_path / "a.csv"
    path.write_text(f"名称,{header}\n甲,{point}\n", encoding="utf-8")
    plan = plan_import(read_table(path), options(code_column=None), world())
    if srid == 4549:
        assert "写明坐标系是 EPSG:4549" in plan.problems[0].sentence
    else:
        assert [(draft.source_x, draft.source_y) for draft in plan.drafts] == [(121.55, 29.85)]


def test_a_shape_column_beside_a_position_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("名称,lon,lat,geom\n甲,121.55,29.85,0101\n", encoding="utf-8")
    assert len(plan_import(read_table(path), options(code_column=None), world()).drafts) == 1


def test_a_geopackage_of_gcj02_that_says_it_is_wgs84(tmp_path: Path) -> None:
    path = layer(tmp_path / "a.gpkg", [shapely.Point(121.55, 29.85)], {"名称": ["甲"]})
    gcj02 = ImportOptions(Datum.GCJ02, KindRule(slug="school"), None, "test")
    with pytest.raises(UnreadableFile, match=r"EPSG:4326.*没有办法写明这种坐标系.*设为未知"):
        plan_import(read_table(path), gcj02, world())
    bare = layer(tmp_path / "b.gpkg", [shapely.Point(121.55, 29.85)], {"名称": ["甲"]}, crs=None)
    assert len(plan_import(read_table(bare), gcj02, world()).drafts) == 1


def test_quantities_with_signs_of_every_width(tmp_path: Path) -> None:
    rows = [["甲", 121.55, 29.85, "1,234.5"], ["乙", 121.56, 29.85, 3]]
    path = workbook(tmp_path / "a.xlsx", [["名称", "经度", "纬度", "贡献量"], *rows])
    plan = plan_import(read_table(path), options(code_column=None, indicator="x"), world(indicator_id=7))
    assert [draft.contributions for draft in plan.drafts] == [((7, Decimal("1234.5")),), ((7, Decimal(3)),)]
