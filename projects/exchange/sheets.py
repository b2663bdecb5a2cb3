"""Workbooks: what the limited process says of a sheet, checked and brought into the shape of a table."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Final

from django.utils.translation import gettext as _

from projects.exchange.confined.limits import Limits
from projects.exchange.confined.run import Failed, answers
from projects.exchange.confinement import confined, limits_for
from projects.exchange.headers import named
from projects.exchange.problems import UnreadableFile
from projects.exchange.spool import Spool
from projects.exchange.tables import Facts, Sheet, SourceRow, Table
from projects.exchange.tableshape import LOOKED_AT, FillDown, Merge, layout_of
from projects.exchange.values import unquoted

WORKBOOK_SUFFIXES: Final = frozenset({".xlsx", ".xlsm", ".xls", ".ods"})
_FORMATS: Final = frozenset({"xlsx", "xls", "ods"})
_LAST_ROW: Final = 2**31
_LONGEST_NAME: Final = 500


@dataclass(frozen=True, slots=True)
class SpooledRows:
    """The rows of a sheet, on disk; every row is as long as the header."""

    spool: Spool
    headers: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.spool)

    def __iter__(self) -> Iterator[SourceRow]:
        headers, width = self.headers, len(self.headers)
        for number, cells in self.spool:
            cells += [""] * (width - len(cells))
            yield SourceRow(number, dict(zip(headers, map(unquoted, cells), strict=True)))


def read_workbook(
    path: Path,
    name: str,
    *,
    sheet: str | None,
    header_row: int | None,
    max_megabytes: int,
    max_rows: int,
    is_look: bool = False,
) -> Table:
    """Raises OSError, UnreadableFile. With `is_look` a workbook of several full sheets gives an empty table
    that names them, instead of an error."""
    limits = limits_for(max_megabytes, max_rows)
    request = {"reader": "workbooks", "sheet": sheet, "is_look": is_look}
    with confined(path, ".bin", max_megabytes) as copy, closing(answers(copy, request, limits)) as said:
        head = _checked_head(next(said))
        sheets = tuple(Sheet(*facts) for facts in head["sheets"])
        if head["sheet"] is None:
            return _undecided(name, copy.sha256, head["format"], sheets)
        return _table(name, copy.sha256, head, sheets, _checked_rows(said, limits), header_row, max_rows)


def _undecided(name: str, sha256: str, kind: str, sheets: tuple[Sheet, ...]) -> Table:
    full = "、".join(sheet.name for sheet in sheets if not sheet.is_hidden and sheet.rows)
    note = _("有几个工作表都有内容:%(names)s。请选一个。") % {"names": full}
    return Table(name, sha256, (), (), (), (note,), facts=Facts(kind, sheets=sheets))


def _table(
    name: str,
    sha256: str,
    head: dict[str, Any],
    sheets: tuple[Sheet, ...],
    rows: Iterator[tuple[int, list[str]]],
    header_row: int | None,
    max_rows: int,
) -> Table:
    numbers = iter(head["merges"])
    merges = [
        Merge(top + 1, left, bottom + 1, right)
        for top, left, bottom, right in zip(numbers, numbers, numbers, numbers, strict=True)
    ]
    first = _first_rows(rows, header_row)
    if not first:
        raise UnreadableFile(_("工作表“%(name)s”是空的。") % {"name": sheets[head["sheet"]].name})
    layout = layout_of(first, merges, header_row)
    fill = FillDown(merges, layout.last)
    spool = Spool()
    width = 0
    for number, cells in chain(first, rows):
        if number <= layout.last or not layout.is_data(number, cells):
            continue
        if len(spool) >= max_rows:
            raise UnreadableFile(
                _("文件超过 %(limit)d 行;请拆分后再导入,或用 --max-rows 放宽。") % {"limit": max_rows}
            )
        cells = fill.fill(number, cells)
        width = max(width, len(cells))
        spool.add((number, cells))
    spool.flush()
    headers = named(layout.names, width)
    notes = _notes(head, sheets) + layout.notes() + _fill_notes(fill, headers)
    facts = Facts(head["format"], sheets=sheets, sheet=sheets[head["sheet"]].name, header_row=layout.last)
    return Table(name, sha256, headers, SpooledRows(spool, headers), (), tuple(notes), facts=facts)


def _first_rows(rows: Iterator[tuple[int, list[str]]], header_row: int | None) -> list[tuple[int, list[str]]]:
    """Enough rows to find the header by."""
    first: list[tuple[int, list[str]]] = []
    for row in rows:
        first.append(row)
        if len(first) >= LOOKED_AT and row[0] > (header_row or 0) + 2:
            break
    return first


def _notes(head: dict[str, Any], sheets: tuple[Sheet, ...]) -> list[str]:
    notes = []
    if len(sheets) > 1:
        notes.append(_("读的是工作表“%(name)s”。") % {"name": sheets[head["sheet"]].name})
    if hidden := [sheet.name for sheet in sheets if sheet.is_hidden]:
        notes.append(_("隐藏的工作表:%(names)s。") % {"names": "、".join(hidden)})
    if head["hidden_rows"]:
        notes.append(_("有 %(count)d 行是隐藏或筛选掉的,同样导入。") % {"count": head["hidden_rows"]})
    if head["uncalculated"]:
        notes.append(
            _(
                "有 %(count)d 个公式没有保存计算结果:请用 Excel 或 WPS 打开、保存一次再导入,"
                "否则这些格子读不出来。"
            )
            % {"count": head["uncalculated"]}
        )
    if head["has_macros"]:
        notes.append(_("文件带有宏;宏没有运行。"))
    if head["merges_left_out"]:
        notes.append(_("合并单元格太多,有 %(count)d 处没有理会。") % {"count": head["merges_left_out"]})
    if head["format"] == "ods":
        notes.append(_("%(format)s 里的公式错误(#N/A 等)读成空格;请核对,或另存为 .xlsx。") % head)
    return notes


def _fill_notes(fill: FillDown, headers: tuple[str, ...]) -> list[str]:
    if not fill.columns:
        return []
    names = "、".join(headers[column] for column in sorted(fill.columns))
    return [
        _("纵向合并的单元格,内容用于它盖住的每一行(列:%(names)s,共 %(count)d 格)。")
        % {"names": names, "count": sum(fill.columns.values())}
    ]


# --------------------------------------------------------------- what the child says, believed value by value


def is_whole(value: object, least: int = 0, most: int = _LAST_ROW) -> bool:
    return type(value) is int and least <= value <= most


def checked_sheets(value: object) -> list[tuple[str, int | None, bool]]:
    """Names, rows (-1: not counted) and whether hidden. Raises Failed."""
    if not isinstance(value, list) or len(value) > 1000:
        raise Failed("garbage")
    found: list[tuple[str, int | None, bool]] = []
    for item in value:
        if not isinstance(item, list) or len(item) != 3:
            raise Failed("garbage")
        name, rows, is_hidden = item
        if not (type(name) is str and len(name) <= _LONGEST_NAME and is_whole(rows, -1)):
            raise Failed("garbage")
        found.append((name, rows if rows >= 0 else None, is_hidden is True))
    return found


def _checked_head(value: object) -> dict[str, Any]:
    if not isinstance(value, dict) or value.get("format") not in _FORMATS:
        raise Failed("garbage")
    sheets = checked_sheets(value.get("sheets"))
    chosen, merges = value.get("sheet"), value.get("merges")
    counts = {name: value.get(name) for name in ("hidden_rows", "uncalculated", "merges_left_out")}
    if not (
        (chosen is None or is_whole(chosen, 0, len(sheets) - 1))
        and isinstance(merges, list)
        and len(merges) % 4 == 0
        and all(map(is_whole, merges))
        and all(map(is_whole, counts.values()))
    ):
        raise Failed("garbage")
    return {
        "format": value["format"],
        "sheets": sheets,
        "sheet": chosen,
        "merges": merges,
        "has_macros": value.get("has_macros") is True,
        **counts,
    }


def _checked_rows(said: Iterator[Any], limits: Limits) -> Iterator[tuple[int, list[str]]]:
    before = 0
    for row in said:
        if type(row) is not list or len(row) != 2:
            raise Failed("garbage")
        number, cells = row
        if not is_whole(number, before + 1):
            raise Failed("garbage")
        before = number
        check_cells(cells, limits)
        yield number, cells


def check_cells(cells: object, limits: Limits) -> None:
    """Raises Failed for anything but a short list of texts."""
    if type(cells) is not list or len(cells) > limits.columns:
        raise Failed("garbage")
    longest = limits.cell_characters
    for cell in cells:
        if type(cell) is not str or len(cell) > longest:
            raise Failed("garbage")
