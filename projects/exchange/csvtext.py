"""From the bytes of a CSV file to records of text: encoding, delimiter, header, ragged rows.

Nothing is guessed silently: what was found is said in the `notes`. Bounded before it is parsed: the caller
checks the size, this module counts rows and cells.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final

from django.utils.translation import gettext as _

from projects.exchange.headers import named
from projects.exchange.problems import Problem, UnreadableFile, shortened
from projects.exchange.tableshape import LOOKED_AT, Layout, layout_of

MAX_COLUMNS: Final = 500
MAX_CELL_CHARACTERS: Final = 1_000_000
_BYTE_ORDER_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: In the order in which a tie is decided.
DELIMITERS: Final = (",", "\t", ";")
# Excel writes and reads this line to say which delimiter follows.
_SEP_LINE: Final = re.compile(r'"?sep=(.)"?\r?\n', re.IGNORECASE)
_CUT_OFF_BYTES: Final = 4
_DELIMITER_LINES: Final = 20
_SNIFFED: Final = 200_000


@dataclass(frozen=True, slots=True)
class Records:
    """The records of a text that was read through once, parsed again whenever they are asked for: a file of a
    million rows is a hundred megabytes of text and a gigabyte of cells.
    """

    text: str
    delimiter: str
    first: int
    headers: tuple[str, ...]
    count: int
    last_header: int
    left_out: frozenset[int]

    def __len__(self) -> int:
        return self.count

    def with_ragged(self) -> Iterator[tuple[int, list[str]]]:
        """The same and the ragged rows, each as long as it is."""
        for number, cells in _records(self.text, self.delimiter, first=self.first):
            if number > self.last_header and number not in self.left_out and any(map(str.strip, cells)):
                yield number, cells

    def __iter__(self) -> Iterator[tuple[int, tuple[str, ...]]]:
        """The number that a spreadsheet shows, and the cells; blank and ragged rows, the header and what is
        no data left out."""
        for number, cells in _records(self.text, self.delimiter, first=self.first):
            if number <= self.last_header or number in self.left_out or not any(map(str.strip, cells)):
                continue
            fitted = _fitted(cells, len(self.headers))
            if fitted is not None:
                yield number, fitted


@dataclass(frozen=True, slots=True)
class CsvText:
    """Header and records, every record as long as the header; `ragged` are the rows that were not."""

    headers: tuple[str, ...]
    records: Records
    ragged: tuple[Problem, ...]
    notes: tuple[str, ...]
    encoding: str
    layout: Layout


def decode(data: bytes, encoding: str | None = None) -> tuple[str, str]:
    """The text and the name of its encoding: `encoding` if given, else by mark, strict UTF-8, or GB18030.

    Raises UnreadableFile.
    """
    if encoding:
        try:
            # bytes.decode knows text encodings only: "zlib" and its like are refused.
            return data.decode(encoding).removeprefix("\ufeff"), codecs.lookup(encoding).name
        except (LookupError, ValueError) as problem:
            if isinstance(problem, UnicodeDecodeError):
                raise UnreadableFile(
                    _("文件不是 %(encoding)s 编码:第 %(place)d 个字节处读不出来。")
                    % {"encoding": encoding, "place": problem.start + 1}
                ) from problem
            raise UnreadableFile(
                _("不认识编码 %(encoding)s;常用的是 utf-8、gb18030、utf-16。") % {"encoding": encoding}
            ) from problem
    for mark, name in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            try:
                return data.decode(name), name
            except UnicodeDecodeError as problem:
                raise UnreadableFile(
                    _("文件开头标明是 %(encoding)s 编码,但在第 %(place)d 个字节处损坏;请重新导出。")
                    % {"encoding": name, "place": problem.start + 1}
                ) from problem
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError as problem:
        if problem.start >= len(data) - _CUT_OFF_BYTES and problem.reason == "unexpected end of data":
            raise UnreadableFile(_("文件不完整,最后一个字符被截断;请重新导出或重新上传。")) from problem
        try:
            return data.decode("gb18030"), "gb18030"
        except UnicodeDecodeError:
            raise UnreadableFile(
                _("认不出文件的编码:不是 UTF-8(第 %(place)d 个字节处),也不是 GB18030;请用 --encoding 声明。")
                % {"place": problem.start + 1}
            ) from problem


def read_csv(data: bytes, *, encoding: str | None, max_rows: int, header_row: int | None = None) -> CsvText:
    """Raises UnreadableFile for what spoils the whole file; ragged rows come back as problems."""
    text, name = decode(data, encoding)
    notes = [_("编码:%(name)s。") % {"name": name}]
    if name == "gb18030" and not encoding:
        notes[0] = _("编码:不是 UTF-8,按 GB18030(GBK)读取;如有乱码请用 --encoding 声明。")
    if "\x00" in text:
        line = text.count("\n", 0, text.index("\x00")) + 1
        raise UnreadableFile(
            _("第 %(line)d 行含有空字符(NUL):文件已损坏,或是 UTF-16(请用 --encoding utf-16-le)。")
            % {"line": line}
        )
    if not text.strip():
        raise UnreadableFile(_("文件是空的。"))
    if said := _SEP_LINE.match(text):
        delimiter, text = said[1], text[said.end() :]
    else:
        delimiter = sniff_delimiter(text)
    notes.append(_("分隔符:%(name)s。") % {"name": delimiter_name(delimiter)})
    first = 2 if said else 1
    blanks: list[int] = []
    records = _filled(_records(text, delimiter, first=first), blanks)
    head = _head(records, header_row)
    if not head:
        raise UnreadableFile(_("文件是空的。"))
    layout = layout_of(head, (), header_row)
    headers = named(layout.names)
    ragged: list[Problem] = []
    count = 0
    for number, cells in chain(head, records):
        if number <= layout.last or not layout.is_data(number, cells):
            continue
        if count + len(ragged) >= max_rows:
            raise UnreadableFile(
                _("文件超过 %(limit)d 行;请拆分后再导入,或用 --max-rows 放宽。") % {"limit": max_rows}
            )
        if _fitted(cells, len(headers)) is None:
            ragged.append(_ragged(number, len(cells), len(headers), cells))
        else:
            count += 1
    notes += layout.notes()
    if blank := sum(number > layout.last for number in blanks):
        notes.append(_("跳过了 %(count)d 个空行。") % {"count": blank})
    left_out = frozenset(number for numbers in layout.skipped.values() for number in numbers)
    whole = Records(text, delimiter, first, headers, count, layout.last, left_out)
    return CsvText(headers, whole, tuple(ragged), tuple(notes), name, layout)


def _filled(records: Iterator[tuple[int, list[str]]], blanks: list[int]) -> Iterator[tuple[int, list[str]]]:
    """The records with anything in them; the numbers of the others go to `blanks`."""
    for number, cells in records:
        if any(map(str.strip, cells)):
            yield number, cells
        else:
            blanks.append(number)


def _head(records: Iterator[tuple[int, list[str]]], header_row: int | None) -> list[tuple[int, list[str]]]:
    """The first records, as many as it takes to find the header."""
    head: list[tuple[int, list[str]]] = []
    for record in records:
        head.append(record)
        if len(head) >= LOOKED_AT and record[0] > (header_row or 0) + 2:
            break
    return head


def _fitted(cells: list[str], width: int) -> tuple[str, ...] | None:
    """The record as long as the header, without empty cells beyond it; None when it is ragged."""
    if len(cells) > width and not any(cell.strip() for cell in cells[width:]):
        cells = cells[:width]
    return tuple(cells) if len(cells) == width else None


def sniff_delimiter(text: str) -> str:
    """The delimiter that splits the first line that has any into the most columns; of equals comma, tab,
    semicolon. A title above the header has none."""
    for line in text[:_SNIFFED].splitlines()[:_DELIMITER_LINES]:
        bare = re.sub(r'"[^"]*"', "", line)
        best = max(DELIMITERS, key=bare.count)
        if best in bare:
            return best
    return DELIMITERS[0]


def delimiter_name(delimiter: str) -> str:
    names = {",": _("逗号"), "\t": _("制表符"), ";": _("分号")}
    return names.get(delimiter, repr(delimiter))


def _records(text: str, delimiter: str, *, first: int) -> Iterator[tuple[int, list[str]]]:
    """Records with the number a spreadsheet shows for them: a line break inside a cell starts no new row."""
    previous_limit = csv.field_size_limit(MAX_CELL_CHARACTERS)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = first - 1
    try:
        for number, cells in enumerate(reader, start=first):
            if len(cells) > MAX_COLUMNS:
                raise UnreadableFile(
                    _("第 %(row)d 行有 %(count)d 列,超过上限 %(limit)d;请检查分隔符。")
                    % {"row": number, "count": len(cells), "limit": MAX_COLUMNS}
                )
            yield number, cells
    except csv.Error as problem:
        raise UnreadableFile(_csv_problem(number + 1, reader.line_num, str(problem))) from problem
    finally:
        csv.field_size_limit(previous_limit)


def _csv_problem(row: int, line: int, reason: str) -> str:
    if "field larger" in reason:
        return _("第 %(row)d 行有一格过长,多半是引号没有成对;请检查。") % {"row": row}
    if "unexpected end" in reason:
        return _("第 %(row)d 行的引号到文件末尾都没有成对:文件不完整,或少了一个引号。") % {"row": row}
    return _("第 %(row)d 行(文件第 %(line)d 行)的引号或分隔符不合 CSV 格式;请重新导出。") % {
        "row": row,
        "line": line,
    }


def _ragged(row: int, found: int, expected: int, cells: list[str]) -> Problem:
    return Problem(
        _("第 %(row)d 行有 %(found)d 格,表头有 %(expected)d 列;请检查是否少了引号或分隔符。")
        % {"row": row, "found": found, "expected": expected},
        row=row,
        found=shortened(" | ".join(cells)),
        allowed=str(expected),
    )
