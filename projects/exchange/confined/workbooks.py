"""Workbooks (.xlsx, .xlsm, .xls, .ods) by calamine, cells as text. Runs in the child; no Django."""

import datetime as dt
import mmap
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import python_calamine as calamine

from projects.exchange.confined.biff import errors_of
from projects.exchange.confined.limits import DATA_SHEET, Limits
from projects.exchange.confined.refusals import Refused
from projects.exchange.confined.sheetxml import SheetNews, look_through, refuse_entities, sheet_parts
from projects.exchange.confined.ziplook import opened

Out = Callable[[object], None]

#: A number with more digits than Excel keeps (15) is not what somebody typed any more.
FIRST_INEXACT: Final = 1e15
MAX_SHEETS: Final = 200
MAX_MERGES: Final = 50_000
#: Titles, section rows and notes that may stand around the rows of data.
ROWS_AROUND: Final = 1_000
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
_CFB: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def read(path: Path, request: dict[str, Any], limits: Limits, out: Out) -> None:
    """Write the sheets, then the rows of the chosen one. Raises Refused.

    Request: `sheet` (name or number as text, or null: ours, else the only visible one with
    content), `is_look` (a person
    will choose: do not refuse when nobody can say which sheet is meant, and count the rows of all).
    """
    kind, parts = _kind(path, limits)
    with path.open("rb") as file:
        try:
            book = calamine.CalamineWorkbook.from_object(file)
        except calamine.PasswordError as problem:
            raise Refused("password") from problem
        except (calamine.CalamineError, OSError, ValueError) as problem:
            raise Refused("workbook_broken") from problem
    sheets = book.sheets_metadata
    if len(sheets) > MAX_SHEETS:
        raise Refused("sheets", count=len(sheets), limit=MAX_SHEETS)
    picker = _Picker(book)
    chosen = picker.choose(request["sheet"])
    if chosen is None and not request["is_look"]:
        raise Refused("choose_sheet", names=picker.candidates())
    if request["is_look"]:
        picker.count_all()
    news, merges = SheetNews(), []
    if chosen is not None:
        sheet = picker.sheet(chosen)
        merges = _merges(sheet)
        if kind == "xlsx" and chosen < len(parts) and parts[chosen]:
            with opened(path, limits) as archive:
                news = look_through(archive, parts[chosen])
        elif kind == "xls":
            news.broken = errors_of(path, chosen)
    out(
        {
            "format": kind,
            "sheets": [
                [info.name, picker.heights.get(index, -1), info.visible != calamine.SheetVisibleEnum.Visible]
                for index, info in enumerate(sheets)
            ],
            "sheet": chosen,
            "merges": merges[: MAX_MERGES * 4],
            "merges_left_out": max(0, len(merges) // 4 - MAX_MERGES),
            "hidden_rows": news.hidden_rows,
            "uncalculated": news.uncalculated,
            "has_macros": kind == "xlsx" and _has_macros(path, limits),
        }
    )
    if chosen is not None:
        _rows(sheet, news, limits, out)


def _kind(path: Path, limits: Limits) -> tuple[str, list[str]]:
    """The format by content, and for xlsx the entries of its sheets."""
    with path.open("rb") as file:
        start = file.read(4096)
        if start.startswith(_CFB):
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
                if whole.find(_ENCRYPTED) >= 0:
                    raise Refused("password")
            return "xls", []
    if not start.startswith(b"PK"):
        text = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
        if text.startswith((b"<html", b"<!doctype html", b"<table", b"<meta", b"<head")):
            raise Refused("is_html")
        if text.startswith(b"<?xml"):
            raise Refused("is_xml")
        raise Refused("not_workbook" if b"\x00" in start else "is_text")
    with opened(path, limits) as archive:
        names = set(archive.namelist())
        if "xl/workbook.bin" in names:
            raise Refused("is_xlsb")
        if "xl/workbook.xml" in names:
            parts = sheet_parts(archive)
            refuse_entities(archive, "xl/sharedStrings.xml")
            return "xlsx", parts
        if "content.xml" in names and "mimetype" in names:
            if b"manifest:encryption-data" in _manifest(archive):
                raise Refused("password")
            return "ods", []
    raise Refused("not_workbook")


def _manifest(archive: Any) -> bytes:
    try:
        return bytes(archive.read("META-INF/manifest.xml")[:1_000_000])
    except KeyError:
        return b""


def _has_macros(path: Path, limits: Limits) -> bool:
    with opened(path, limits) as archive:
        return any(name.lower().endswith("vbaproject.bin") for name in archive.namelist())


class _Picker:
    """Which sheet is meant. A sheet is parsed when it has to be, and kept only when it is the last one."""

    def __init__(self, book: calamine.CalamineWorkbook) -> None:
        self._book = book
        self._infos = book.sheets_metadata
        self._last: tuple[int, calamine.CalamineSheet] | None = None
        self.heights: dict[int, int] = {}

    def sheet(self, index: int) -> calamine.CalamineSheet:
        if self._last is None or self._last[0] != index:
            self._last = None
            try:
                found = self._book.get_sheet_by_index(index)
            except (calamine.CalamineError, ValueError, OSError) as problem:
                raise Refused("sheet_broken", name=self._infos[index].name[:100]) from problem
            self._last = (index, found)
            self.heights[index] = 0 if found.end is None else found.end[0] + 1
        return self._last[1]

    def choose(self, wanted: str | None) -> int | None:
        if wanted is not None:
            return self._by_name(wanted)
        for index in self._worksheets(is_hidden=False):
            # Our own exports and templates: the other sheet says what they are.
            if self._infos[index].name == DATA_SHEET and self.sheet(index).height:
                return index
        full = [index for index in self._worksheets(is_hidden=False) if self.sheet(index).height]
        if len(full) == 1:
            return full[0]
        if not full:
            hidden = [index for index in self._worksheets(is_hidden=True) if self.sheet(index).height]
            if hidden:
                raise Refused("only_hidden", names=[self._infos[index].name[:100] for index in hidden])
            raise Refused("empty")
        return None

    def candidates(self) -> list[str]:
        return [
            self._infos[index].name[:100]
            for index in self._worksheets(is_hidden=False)
            if self.heights.get(index)
        ]

    def count_all(self) -> None:
        """Heights of all sheets. The chosen one is parsed again after that: only one is in memory."""
        for index in range(len(self._infos)):
            if index not in self.heights:
                self.sheet(index)

    def _by_name(self, wanted: str) -> int:
        names = [info.name for info in self._infos]
        found = [index for index, name in enumerate(names) if name == wanted]
        found = found or [index for index, name in enumerate(names) if name.strip() == wanted.strip()]
        if not found and wanted.isascii() and wanted.isdecimal() and len(wanted) < 6:
            found = [int(wanted) - 1] if 1 <= int(wanted) <= len(names) else []
        if not found:
            raise Refused("no_sheet", wanted=wanted[:100], names=[name[:100] for name in names])
        if not self.sheet(found[0]).height:
            raise Refused("empty_sheet", name=names[found[0]][:100])
        return found[0]

    def _worksheets(self, *, is_hidden: bool) -> list[int]:
        return [
            index
            for index, info in enumerate(self._infos)
            if info.typ == calamine.SheetTypeEnum.WorkSheet
            and (info.visible != calamine.SheetVisibleEnum.Visible) is is_hidden
        ]


def _merges(sheet: calamine.CalamineSheet) -> list[int]:
    """First row, first column, last row, last column of each merged range, from 0, one after the other."""
    ranges = sorted(sheet.merged_cell_ranges or [])
    return [number for (first, last) in ranges for number in (*first, *last)]


def _rows(sheet: calamine.CalamineSheet, news: SheetNews, limits: Limits, out: Out) -> None:
    assert sheet.start is not None
    before = [""] * min(sheet.start[1], limits.columns)
    broken_rows: dict[int, list[tuple[int, str]]] = {}
    for (row, column), text in news.broken.items():
        if column < limits.columns:
            broken_rows.setdefault(row, []).append((column, text))
    count = 0

    def write(index: int, cells: list[str]) -> None:
        nonlocal count
        for column, text in broken_rows.pop(index, ()):
            cells += [""] * (column + 1 - len(cells))
            cells[column] = text
        while cells and not cells[-1]:
            cells.pop()
        if not cells:
            return
        if len(cells) > limits.columns:
            raise Refused("columns", row=index + 1, count=len(cells), limit=limits.columns)
        count += 1
        if count > limits.rows + ROWS_AROUND:
            raise Refused("rows", limit=limits.rows)
        out([index + 1, cells])

    for index, values in enumerate(sheet.iter_rows()):
        write(index, before + [value if type(value) is str else cell_text(value) for value in values])
    # Rows of nothing but formulas that were never worked out are none to calamine.
    for index in sorted(broken_rows):
        write(index, [])


def cell_text(value: object) -> str:
    """A cell as text: whole numbers without ".0", others in their shortest exact form, days as ISO.

    A number of 16 digits or more has lost some: it is written as a spreadsheet would, 1.23456789012346E+18,
    which every reader of codes and phones refuses.
    """
    if isinstance(value, float):
        if abs(value) >= FIRST_INEXACT:
            return f"{value:.14E}"
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if abs(value) < FIRST_INEXACT else f"{value:.14E}"
    if isinstance(value, dt.datetime):
        # Days are kept as fractions: the second that was meant is the nearest one.
        whole = value + dt.timedelta(microseconds=500_000)
        day, time = whole.date(), whole.time().replace(microsecond=0)
        return day.isoformat() if time == dt.time() else f"{day.isoformat()} {time.isoformat()}"
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, dt.time):
        return value.isoformat("minutes" if not value.second else "seconds")
    if isinstance(value, dt.timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02d}" + (f":{seconds:02d}" if seconds else "")
    return "" if value is None else str(value)
