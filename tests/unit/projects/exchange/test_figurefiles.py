"""Files of figures: what is written is read back, and opens in a spreadsheet with its Chinese intact."""

import csv
import datetime as dt
import io
from collections.abc import Iterator
from decimal import Decimal

import openpyxl

from projects.exchange.figurefiles import BYTE_ORDER_MARK, one_csv, whole_csv, workbook
from projects.exchange.figuretables import Cell, Table

DAY = dt.date(2024, 6, 30)
ROWS: list[list[Cell]] = [["海曙区", 999, Decimal("89.6"), DAY], ["=cmd|' /C calc'!A0", -3, "未上报", "–"]]


def table(key: str = "counties", title: str = "区划之间", rows: list[list[Cell]] | None = None) -> Table:
    return Table(key, title, ["区划", "列入", "完成率(%)", "截至"], ROWS if rows is None else rows, ["注"])


def read(lines: Iterator[bytes]) -> list[list[str]]:
    data = b"".join(lines)
    assert data.startswith(BYTE_ORDER_MARK)
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_one_table_is_rectangular_and_stamped() -> None:
    assert read(one_csv(table(), stamp=[("as_of", "2024-06-30")])) == [
        ["区划", "列入", "完成率(%)", "截至", "as_of"],
        ["海曙区", "999", "89.6", "2024-06-30", "2024-06-30"],
        ["'=cmd|' /C calc'!A0", "-3", "未上报", "–", "2024-06-30"],
    ]


def test_all_tables_one_below_the_other() -> None:
    found = read(whole_csv([table(title="甲"), table(title="乙", rows=[])]))
    assert [row[0] if row else "" for row in found] == [
        *("甲", "区划", "海曙区", "'=cmd|' /C calc'!A0", "注"),
        "",
        *("乙", "区划", "注"),
    ]


def test_lines_are_written_one_by_one() -> None:
    """A stream of a hundred thousand late sites must not be gathered before the first line is out."""
    asked = []

    def rows() -> Iterator[list[Cell]]:
        for n in range(3):
            asked.append(n)
            yield [n]

    lines = one_csv(Table("t", "t", ["n"], rows()))
    next(lines)
    assert asked == []
    next(lines)
    assert asked == [0]


def test_a_workbook_is_read_back() -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook([table(), table(title="另一张")])))
    assert book.sheetnames == ["区划之间", "另一张"]
    sheet = book["区划之间"]
    assert [[cell.value for cell in row] for row in sheet.iter_rows(max_row=3)] == [
        ["区划", "列入", "完成率(%)", "截至"],
        ["海曙区", 999, 89.6, dt.datetime(2024, 6, 30)],
        ["'=cmd|' /C calc'!A0", -3, "未上报", "–"],
    ]
    assert sheet.cell(4, 1).value == "注"
    assert sheet.cell(2, 3).number_format == "#,##0.0"
    assert sheet.freeze_panes == "B2"
    assert not [cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]


def test_more_rows_than_were_looked_at_for_their_width() -> None:
    rows: list[list[Cell]] = [[n, n, n, n] for n in range(450)]
    sheet = openpyxl.load_workbook(io.BytesIO(workbook([table(rows=rows)]))).worksheets[0]
    assert [row[0] for row in sheet.iter_rows(min_row=2, max_row=451, values_only=True)] == list(range(450))


def test_names_of_sheets_are_accepted_and_differ() -> None:
    titles = ["进度[1]:*?/\\'", "x" * 40, "X" * 40, ""]
    book = openpyxl.load_workbook(io.BytesIO(workbook([table(title=title) for title in titles])))
    assert len({name.casefold() for name in book.sheetnames}) == 4
    assert all(0 < len(name) <= 31 and not set(name) & set("[]:*?/\\'") for name in book.sheetnames)
