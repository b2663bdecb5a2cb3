"""A clerk's own file with what is wrong marked in it: the same rows in the same order, ready to be put right.

It is built from the rows as they were read, never from the workbook that was handed in, so no formula, macro
or entity of that file gets into this one. Import reads the copy again, but not the two columns in front.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from django.utils.translation import gettext as _

from projects.exchange.columns import BY_FIELD
from projects.exchange.findings import severity_word, write_report
from projects.exchange.problems import OptionError, Problem, Severity, UnreadableFile
from projects.exchange.readers import CsvRows, read_table
from projects.exchange.tables import Table
from projects.exchange.values import unquoted
from projects.exchange.workbooks import (
    ABOUT_SHEET,
    DATA_SHEET,
    LONGEST_CELL,
    TEXT_FORMAT,
    Heading,
    Sheet,
    beside,
    comment,
    new_book,
    write_lines,
)

#: What stands in front of the clerk's columns, and what does where their file has such a column. Import knows
#: none of these names, and takes a row with nothing but its number for an empty one.
FRONT: Final = ("问题", "行号")
_OTHER_FRONT: Final = ("检查出的问题", "序号(检查)")
#: Of a larger file only the rows with problems are written: the copy is for a person.
MOST_ROWS: Final = 100_000
#: Each comment is a drawing of its own, which a spreadsheet has to load.
MOST_COMMENTS: Final = 2_000
_MOST_FILE_PROBLEMS: Final = 500
_CUT: Final = "…"
_WIDEST, _NARROWEST, _LOOKED_AT = 40, 8, 50


@dataclass(frozen=True, slots=True)
class Annotated:
    """What was written: rows, and how many of them have a problem. `is_whole` False: only those with one."""

    rows: int
    marked: int
    is_whole: bool


def check_annotated_path(path: Path) -> None:
    """Raises OptionError: another format, or a folder that is not there."""
    if path.suffix.lower() != ".xlsx":
        raise OptionError(_("--annotate 应是 .xlsx,实际是 %(name)s。") % {"name": path.name})
    if not path.parent.is_dir():
        raise OptionError(_("--annotate 的文件夹 %(folder)s 不存在。") % {"folder": path.parent})


def annotate_file(
    path: Path,
    out: Path,
    problems: Sequence[Problem],
    *,
    mapping: Mapping[str, str] | None = None,
    **reading: Any,
) -> Annotated | None:
    """Read a file once more and write its annotated copy; `reading` is what `read_table` takes.

    A file with shapes of its own, and one that cannot be read at all, get a report of their problems (None).
    Raises OSError.
    """
    try:
        table = read_table(path, **reading)
    except UnreadableFile:
        table = None
    if table is None or table.has_geometry:
        write_report(out, problems)
        return None
    return write_annotated(out, table, problems, mapping=mapping)


def write_annotated(
    out: Path, table: Table, problems: Sequence[Problem], *, mapping: Mapping[str, str] | None = None
) -> Annotated:
    """Write the copy. `mapping`: which column a field was read from, for problems that name the field.

    Raises OSError.
    """
    by_row: dict[int, list[Problem]] = {}
    for problem in problems:
        if problem.row is not None:
            by_row.setdefault(problem.row, []).append(problem)
    is_whole = table.row_count <= MOST_ROWS
    front, headers = _front(table.headers)
    with new_book() as book:
        sheet = Sheet(book, DATA_SHEET, [
            Heading(front[0], 60), Heading(front[1], 9, "0"),
            *(Heading(header, width, TEXT_FORMAT) for header, width in _widths(table, headers)),
        ], freeze="C2")  # fmt: skip
        marker = _Marker(sheet, headers, mapping or {})
        sheet.head()
        marked = 0
        for number, cells, beyond in _rows(table, headers):
            own = by_row.get(number, [])
            if sheet.count >= MOST_ROWS or not (own or is_whole):
                continue
            marked += bool(own)
            marker.write(number, cells, beyond, own)
        sheet.filter()
        whole = Annotated(sheet.count, marked, is_whole)
        write_lines(book, ABOUT_SHEET, _about(table, problems, whole))
        with beside(out) as temporary:
            book.save(temporary)
    return whole


def _front(headers: Sequence[str]) -> tuple[tuple[str, str], list[str]]:
    """What the two columns in front are called, and the file's own, without the front of an earlier copy."""
    own = list(headers[2:] if tuple(headers[:2]) in (FRONT, _OTHER_FRONT) else headers)
    return _OTHER_FRONT if set(FRONT) & set(own) else FRONT, own


def _rows(table: Table, headers: Sequence[str]) -> Iterator[tuple[int, list[str], list[str]]]:
    """Number, cells by header, and what stands beyond the last header (in a ragged row)."""
    places = [table.headers.index(header) for header in headers]
    if isinstance(table.rows, CsvRows):
        for number, raw in table.rows.records.with_ragged():
            cells = [unquoted(cell) for cell in raw]
            width = len(table.headers)
            cells += [""] * (width - len(cells))
            yield number, [cells[place] for place in places], cells[width:]
        return
    for row in table.rows:
        yield row.number, [row.cells.get(header, "") for header in headers], []


def _widths(table: Table, headers: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Each header and a width that its first cells fit in; a Chinese character takes two places."""
    widths = {header: _places(header) for header in headers}
    for (_number, cells, _beyond), _n in zip(_rows(table, headers), range(_LOOKED_AT), strict=False):
        for header, cell in zip(headers, cells, strict=True):
            widths[header] = max(widths[header], _places(cell))
    for header in headers:
        yield header, max(_NARROWEST, min(_WIDEST, 2 + widths[header]))


def _places(text: str) -> int:
    return sum(2 if ord(character) > 0x2E7F else 1 for character in text[:_WIDEST])


class _Marker:
    """Writes rows; what is wrong is said in front, marked by fill and border, and noted on the cell."""

    def __init__(self, sheet: Sheet, headers: Sequence[str], mapping: Mapping[str, str]) -> None:
        from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

        self._sheet = sheet
        self._places = {header: place for place, header in enumerate(headers)}
        self._mapping = mapping
        self._comments = 0
        thick, dashed = Side("medium", color="B00020"), Side("dashed", color="8A6D00")
        self._looks = {
            Severity.ERROR: {
                "fill": PatternFill("solid", fgColor="FFC7CE"),
                "border": Border(thick, thick, thick, thick),
            },
            Severity.WARNING: {
                "fill": PatternFill("solid", fgColor="FFF2CC"),
                "border": Border(dashed, dashed, dashed, dashed),
            },
        }
        self._words = {"font": Font(bold=True), "alignment": Alignment(vertical="top", wrap_text=True)}

    def write(self, number: int, cells: list[str], beyond: list[str], problems: Sequence[Problem]) -> None:
        texts = [_shown(cell) for cell in cells]
        if not problems:
            self._sheet.append([None, number, *texts])
            return
        row: list[Any] = [
            self._sheet.text(_shown("\n".join(_sentences(problems))), **self._words),
            self._sheet.number(number),
            *(self._sheet.text(text) if text else None for text in texts),
            *(self._sheet.text(_shown(text)) for text in beyond),
        ]
        for place, own in self._by_place(problems).items():
            worst = Severity.ERROR if any(p.severity is Severity.ERROR for p in own) else Severity.WARNING
            cell = self._sheet.text(texts[place], **self._looks[worst])
            if self._comments < MOST_COMMENTS:
                self._comments += 1
                cell.comment = comment("\n".join(_sentences(own)))
            row[place + 2] = cell
        self._sheet.append_cells(row)

    def _by_place(self, problems: Sequence[Problem]) -> dict[int, list[Problem]]:
        """Problems by the places of the columns that they name."""
        found: dict[int, list[Problem]] = {}
        for problem in problems:
            for place in self._places_of(problem.column):
                found.setdefault(place, []).append(problem)
        return found

    def _places_of(self, column: str) -> set[int]:
        """A problem names a header, or several; or fields, where a position is read from two columns."""
        if column in self._places:
            return {self._places[column]}
        named = {part.strip() for part in column.replace("、", ",").split(",")}
        places = {place for header, place in self._places.items() if header in named}
        for field in named & BY_FIELD.keys():
            known = {self._mapping.get(field, ""), *BY_FIELD[field].aliases}
            places |= {
                place for header, place in self._places.items() if header in known or header.lower() in known
            }
        return places


def _sentences(problems: Iterable[Problem]) -> list[str]:
    return [_sentence(problem) for problem in problems]


def _sentence(problem: Problem) -> str:
    named = {"lon, lat": _("经度、纬度"), "geometry": _("位置")}.get(problem.column, problem.column)
    column = f"{named}:" if named else ""
    allowed = _("应为:%(allowed)s") % {"allowed": problem.allowed} if problem.allowed else ""
    return f"{severity_word(problem.severity)}:{column}{problem.sentence}{allowed}"


def _shown(text: str) -> str:
    """What a cell holds, cut where it cannot hold more; a cut cell is marked as one."""
    most = LONGEST_CELL - 1000  # an apostrophe and escapes may be added
    return text if len(text) <= most else text[:most] + _CUT


def _about(table: Table, problems: Sequence[Problem], whole: Annotated) -> list[tuple[str, str]]:
    of_file = [problem for problem in problems if problem.row is None]
    errors = sum(problem.severity is Severity.ERROR for problem in problems)
    lines = [
        (severity_word(problem.severity), _sentence(problem)) for problem in of_file[:_MOST_FILE_PROBLEMS]
    ]
    lines += [
        (_("文件"), table.name),
        (_("结果"), _("%(errors)d 个错误,%(warnings)d 个提示;%(marked)d 行有问题。")
         % {"errors": errors, "warnings": len(problems) - errors, "marked": whole.marked}),
        (_("怎么改"), _("第一列写明每一行的问题,有问题的格子有粗框(错误)或虚线框(提示)。"
                     "用第一列的筛选可以只看有问题的行。")),
        (_("改好以后"), _("直接上传这个文件:前面两列不读,不用删;不要的行请整行删除。")),
    ]  # fmt: skip
    if not whole.is_whole:
        lines.append(
            (
                _("只有一部分"),
                _("原文件超过 %(most)d 行,这里只有有问题的行;请对照行号改原文件。") % {"most": MOST_ROWS},
            )
        )
    lines += [(_("读取"), note) for note in table.notes]
    return lines
