"""Tables of figures written out: CSV that is streamed, and a workbook with a sheet for each of them."""

import csv
import datetime as dt
import io
import re
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any, Final

from projects.exchange.figuretables import Cell, Table, plain_text
from projects.exchange.values import text_cell

#: Excel takes a CSV without it for the local encoding.
BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
#: Every workbook of the same figures is dated the same.
_WRITTEN: Final = dt.datetime(2000, 1, 1)
_NARROW, _WIDE, _MEASURED_ROWS = 8, 60, 200
_NOT_IN_SHEET_NAMES: Final = re.compile(r"[\[\]:*?/\\']")
_LONGEST_SHEET_NAME: Final = 31


def one_csv(table: Table, *, stamp: Sequence[tuple[str, str]] = ()) -> Iterator[bytes]:
    """One table for programs: a header, then rows of the same length.

    `stamp`: columns with one value each, which every row carries (the days that the figures are about).
    """
    line = _Lines()
    yield BYTE_ORDER_MARK + line([*table.columns, *(name for name, _value in stamp)])
    values = [value for _name, value in stamp]
    for row in table.rows:
        yield line([*row, *values])


def whole_csv(tables: Sequence[Table]) -> Iterator[bytes]:
    """All tables for people, one below the other: title, header, rows, an empty line."""
    line = _Lines()
    yield BYTE_ORDER_MARK
    for n, table in enumerate(tables):
        if n:
            yield line([])
        yield line([table.title])
        yield line(table.columns)
        for row in table.rows:
            yield line(row)
        for note in table.notes:
            yield line([note])


def workbook(tables: Sequence[Table]) -> bytes:
    """An XLSX file with a sheet a table, the header frozen. Numbers are numbers, days are days."""
    # Imported here: most requests want no workbook.
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    book.properties.creator = ""
    book.properties.created = book.properties.modified = _WRITTEN
    names: set[str] = set()
    for table in tables:
        _write_sheet(book, _sheet_name(table.title, names), table)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _write_sheet(book: Any, name: str, table: Table) -> None:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    sheet = book.create_sheet(name)
    rows = iter(table.rows)
    # Widths are said before the first row is written, so the first rows are looked at ahead.
    ahead = list(islice(rows, _MEASURED_ROWS))
    for n, width in enumerate(_widths(table, ahead), start=1):
        sheet.column_dimensions[get_column_letter(n)].width = width
    sheet.freeze_panes = "B2"

    def cell(value: Cell, *, bold: bool = False) -> Any:
        found = WriteOnlyCell(sheet, value=plain_text(value) if isinstance(value, str) else value)
        if isinstance(value, str):
            # Whatever the text looks like, it is text: openpyxl takes a leading "=" for a formula.
            found.data_type = "s"
        elif isinstance(value, Decimal):
            found.number_format = _format(value)
        elif isinstance(value, int):
            found.number_format = "#,##0"
        if isinstance(value, dt.date):
            found.number_format = "yyyy-mm-dd"
        if bold:
            found.font = Font(bold=True)
        found.alignment = Alignment(vertical="top", wrap_text=isinstance(value, str) and len(value) > _WIDE)
        return found

    sheet.append([cell(name, bold=True) for name in table.columns])
    for row in ahead:
        sheet.append([cell(value) for value in row])
    for row in rows:
        sheet.append([cell(value) for value in row])
    for note in table.notes:
        sheet.append([cell(note)])


def _format(value: Decimal) -> str:
    """As many decimals as the figure has: 70.0 stays 70.0, as the page prints it."""
    exponent = value.as_tuple().exponent
    decimals = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    return "#,##0" + ("." + "0" * decimals if decimals else "")


def _widths(table: Table, rows: Sequence[Sequence[Cell]]) -> list[int]:
    """Wide enough for what is in a column; a Chinese character takes two places."""
    lines: list[list[Cell]] = [list(table.columns), *(list(row) for row in rows)]
    return [
        max(_NARROW, min(_WIDE, 2 + max(_places(str(line[n])) for line in lines)))
        for n in range(len(table.columns))
    ]


def _places(text: str) -> int:
    return sum(2 if ord(character) > 0x2E7F else 1 for character in text)


def _sheet_name(title: str, taken: set[str]) -> str:
    """A name that Excel accepts, each once."""
    plain = _NOT_IN_SHEET_NAMES.sub(" ", title).strip()[:_LONGEST_SHEET_NAME] or "Sheet"
    name, n = plain, 1
    while name.casefold() in taken:
        n += 1
        name = f"{plain[: _LONGEST_SHEET_NAME - 3]} {n}"
    taken.add(name.casefold())
    return name


class _Lines:
    """Rows of cells as lines of a CSV file, in UTF-8."""

    def __init__(self) -> None:
        self._out = io.StringIO()
        self._write: Callable[[Sequence[str]], object] = csv.writer(self._out).writerow

    def __call__(self, cells: Sequence[Cell]) -> bytes:
        self._write([_text(cell) for cell in cells])
        text = self._out.getvalue()
        self._out.seek(0)
        self._out.truncate()
        return text.encode("utf-8")


def _text(cell: Cell) -> str:
    return plain_text(cell) if isinstance(cell, str) else text_cell(cell)
