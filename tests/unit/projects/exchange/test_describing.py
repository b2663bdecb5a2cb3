"""What the upload page is told of a file."""

import gzip
from pathlib import Path

import openpyxl
import pytest
import shapely

from projects.exchange.describing import describe
from projects.exchange.problems import OptionError
from projects.exchange.readers import UnsupportedFormat
from projects.exchange.spool import Spool
from projects.exchange.tables import Sheet
from tests.unit.projects.exchange.strangefiles import layer, workbook


def test_a_workbook(tmp_path: Path) -> None:
    def change(book: openpyxl.Workbook) -> None:
        book.create_sheet("草稿").append(["x"])
        book["草稿"].sheet_state = "hidden"

    rows: list[list[object]] = [["清单"], ["名称", "数量"], *([f"点{number}", number] for number in range(9))]
    said = describe(workbook(tmp_path / "a.xlsx", rows, change=change))
    assert (said.format, said.encoding, said.delimiter) == ("xlsx", "", "")
    assert said.sheets == (Sheet("Sheet", 11), Sheet("草稿", 1, is_hidden=True))
    assert (said.sheet, said.header_row, said.headers, said.row_count) == ("Sheet", 2, ("名称", "数量"), 9)
    assert said.sample == tuple((f"点{number}", str(number)) for number in range(5))
    assert "第 1 行是标题,第 2 行是表头。" in said.notes


def test_a_workbook_of_which_nobody_knows_the_sheet(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "a.xlsx", [["a"]], change=lambda book: book.create_sheet("二").append(["b", "c"])
    )
    said = describe(path)
    assert (said.sheet, said.headers, said.row_count) == ("", (), 0)
    assert "有几个工作表都有内容:Sheet、二。请选一个。" in said.notes
    assert describe(path, sheet="二").headers == ("b", "c")


def test_a_stored_file_goes_by_the_name_that_a_person_gave_it(tmp_path: Path) -> None:
    path = tmp_path / ("0" * 64)
    path.write_bytes(gzip.compress("名称;数量\n甲;1\n".encode("gbk")))
    said = describe(path, name="清单.csv.gz")
    assert (said.format, said.encoding, said.delimiter) == ("csv", "gb18030", "分号")
    assert (said.headers, said.sample, said.header_row) == (("名称", "数量"), (("甲", "1"),), 1)
    with pytest.raises(UnsupportedFormat):
        describe(path)
    with pytest.raises(OptionError, match="没有工作表"):
        describe(path, name="a.csv.gz", sheet="1")


def test_a_layer_in_metres(tmp_path: Path) -> None:
    path = layer(tmp_path / "a.gpkg", [shapely.Point(553000, 3303000)], {"名称": ["甲"]}, crs="EPSG:4549")
    said = describe(path)
    assert (said.format, said.declared_crs, said.has_geometry, said.row_count) == (
        "gpkg",
        "EPSG:4549",
        True,
        1,
    )
    assert said.sheets == (Sheet("a", 1),) and said.header_row is None


def test_rows_on_disk_are_read_as_often_as_somebody_wants() -> None:
    spool = Spool()
    values = [[number, "值" * 100] for number in range(10_000)]
    for value in values:
        spool.add(value)
    first, second = iter(spool), iter(spool)
    assert next(first) == next(second) == values[0]
    assert [next(first), *second, *first] == [values[1], *values[1:], *values[2:]]
    assert len(spool) == 10_000
