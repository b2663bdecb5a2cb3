"""The clerk's own file with what is wrong marked in it, and that it comes in again when it was put right."""

import json
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from projects.exchange import annotated
from projects.exchange.confined.limits import UNCALCULATED
from projects.models import Site
from tests.factories import World
from tests.integration.importing import run, write

pytestmark = pytest.mark.django_db

BAD = (
    "编码,名称,经度,纬度,区县,电话,备注\n"
    "A1,药行街助餐点,121.55,29.85,海曙区,057412345678,好\n"
    "A2,=HYPERLINK(1),121.55,2x,海曙区,1.38E+10,'=1+1\n"
    "A3,钟公庙,121.65,29.85,鄞州区\n"
    "A1,重复的,121.55,29.85,海曙区,,\n"
)
OPTIONS = ("--division-from", "column")


def annotate(path: Path, out: Path, *args: str) -> dict[str, Any]:
    _status, found = run(path, "--annotate", str(out), *OPTIONS, *args, code="编码")
    return found


def workbook(path: Path) -> Path:
    """The same rows as a workbook of the clerk's, with a title above and formulas in it."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["助餐点一览表"])
    for line in BAD.splitlines():
        sheet.append(line.split(","))
    sheet["H3"] = "=1+1"
    book.save(path)
    return path


@pytest.mark.parametrize("name", ["bad.csv", "bad.xlsx"])
def test_bad_cells_are_marked_in_a_copy_of_the_file(world: World, tmp_path: Path, name: str) -> None:
    path = write(tmp_path, BAD, name) if name.endswith("csv") else workbook(tmp_path / name)
    found = annotate(path, tmp_path / "out.xlsx")
    assert found["status"] == "refused" and not Site.objects.exists()
    book = load_workbook(tmp_path / "out.xlsx")
    assert book.sheetnames == ["点位", "说明"]
    sheet = book["点位"]
    titles = [str(cell.value) for cell in sheet[1]]
    assert titles[:4] == ["问题", "行号", "编码", "名称"] and sheet.auto_filter.ref is not None
    rows = [dict(zip(titles, row, strict=False)) for row in sheet.iter_rows(min_row=2)]
    assert [row["编码"].value for row in rows] == ["A1", "A2", "A3", "A1"]
    first = 2 if name.endswith("csv") else 3
    assert [row["行号"].value for row in rows] == [first, first + 1, first + 2, first + 3]
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    good, bad = rows[0], rows[1]
    assert good["问题"].value is None and not good["编码"].comment
    assert "错误:纬度:" in bad["问题"].value and "提示:电话:" in bad["问题"].value
    # A formula of theirs is not carried over, whether it was text or (in a workbook) would have been run.
    assert bad["名称"].value == ("'=HYPERLINK(1)" if name.endswith("csv") else UNCALCULATED)
    assert bad["备注"].value == "'=1+1"
    wrong, warned = bad["纬度"], bad["电话"]
    assert (wrong.fill.fgColor.rgb, wrong.border.left.style) == ("00FFC7CE", "medium")
    assert (warned.fill.fgColor.rgb, warned.border.left.style) == ("00FFF2CC", "dashed")
    assert "不是数" in wrong.comment.text and wrong.value == "2x"
    assert "第 2 行" in rows[3]["问题"].value or "第 3 行" in rows[3]["问题"].value
    assert rows[3]["编码"].border.left.style == "medium"


def test_the_copy_comes_in_when_it_is_put_right(world: World, tmp_path: Path) -> None:
    out = tmp_path / "out.xlsx"
    annotate(write(tmp_path, BAD), out)
    book = load_workbook(out)
    sheet = book["点位"]
    column = {str(cell.value): cell.column for cell in sheet[1]}
    sheet.cell(3, column["纬度"], "29.85")
    sheet.cell(3, column["电话"], "13812345678")
    sheet.cell(5, column["编码"], "A4")
    book.save(out)
    again = tmp_path / "again.xlsx"
    status, found = run(out, "--annotate", str(again), *OPTIONS, code="编码")
    assert (status, found["created"], found["problems"]) == (0, 4, [])
    assert Site.objects.get(code="A2").name == "=HYPERLINK(1)"
    titles = [cell.value for cell in load_workbook(again)["点位"][1]]
    assert titles == ["问题", "行号", "编码", "名称", "经度", "纬度", "区县", "电话", "备注"]


def test_what_is_wrong_with_the_whole_file_stands_on_top(world: World, tmp_path: Path) -> None:
    out = tmp_path / "out.xlsx"
    path = write(tmp_path, "编码,名称,经度,纬度,问题\nB1,福田,114.06,22.55,旧的\n")
    _status, found = run(path, "--annotate", str(out), code="编码")
    assert any(problem["row"] is None for problem in found["problems"])
    book = load_workbook(out)
    assert "load_divisions --city 440300" in str(book["说明"]["B1"].value)
    titles = [cell.value for cell in book["点位"][1]]
    assert titles[0] == "检查出的问题" and titles[-1] == "问题"
    # A position is read from two columns: both are marked.
    row = dict(zip(titles, book["点位"][2], strict=True))
    assert row["经度"].border.left.style == row["纬度"].border.left.style == "medium"


def test_of_a_large_file_only_the_rows_with_problems(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(annotated, "MOST_ROWS", 2)
    out = tmp_path / "out.xlsx"
    annotate(write(tmp_path, BAD), out)
    book = load_workbook(out)
    assert [row[2].value for row in book["点位"].iter_rows(min_row=2)] == ["A2", "A3"]
    assert any("只有有问题的行" in str(row[1].value) for row in book["说明"].iter_rows())


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "编码,编码\n1,2\n"),
        ("a.geojson", json.dumps({"type": "FeatureCollection", "features": [
            {"type": "Feature", "properties": {"编码": "1", "name": "=1"}, "geometry": None}]})),
    ],
)  # fmt: skip
def test_other_files_get_a_report(world: World, tmp_path: Path, name: str, text: str) -> None:
    out = tmp_path / "out.xlsx"
    status, _found = run(write(tmp_path, text, name), "--annotate", str(out), code="编码")
    assert status == 1
    assert load_workbook(out).sheetnames == ["导入问题"]
