"""Where a table's header is, and which of its rows are none of its data: titles, sections, totals, notes.

Clerks' tables carry a title over all columns, a line with the unit and the day, names in two rows,
"一、海曙区" between the rows, signatures below. The rules are plain and few, what they did is said with row
numbers, and `header_row` overrules the first of them. A row that is left out has at most one filled cell, or
begins with a word for a total, or repeats the header, or numbers the columns, or consists of signatures.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from django.utils.translation import gettext as _

from projects.exchange.headers import clean_header
from projects.exchange.problems import UnreadableFile

Cells = Sequence[str]

#: Rows that are looked at before the header is decided.
LOOKED_AT: Final = 60
_DEEPEST_HEADER: Final = 3
_LONGEST_LABEL: Final = 60

_NUMBER: Final = re.compile(r"[-+]?[\d,]*\.?\d+([eE][-+]?\d+)?%?", re.ASCII)
_YEAR: Final = re.compile(r"(19|20)\d\d", re.ASCII)
_DATE: Final = re.compile(r"\d{4}[-/.年]\d{1,2}([-/.月]\d{1,2}日?)?( .*)?", re.ASCII)
_NUMERALS: Final = "一二三四五六七八九十百"
_SECTION: Final = re.compile(
    rf"[{_NUMERALS}]{{1,3}}\s*[、.,:]|\([{_NUMERALS}]{{1,3}}\)|第[{_NUMERALS}\d]{{1,3}}[部章节类批]"
)
_COUNTY: Final = re.compile(r"[\u4e00-\u9fff]{1,4}(?<![小社园校库厂院景片城街矿灾湖老新])[区县市]")
_TOTAL: Final = re.compile(r"(.{0,8}(合计|小计|总计|共计)|累计)([::(].*|[\d.]+.*)?")
_LABELLED: Final = re.compile(r"[\u4e00-\u9fff()\d]{1,12}\s*:.*")
_TITLE: Final = re.compile(
    r".{4,}(清单|一览表?|汇总表?|明细表?|统计表|台账|名单|情况表|登记表|调查表|表)(\(.*\))?"
)
_NOTE: Final = re.compile(
    r"(注|备注|说明|附注|附件|数据来源|资料来源|来源|填表|填报|制表|审核|复核|审批|报送|联系|负责|经办|单位|分管|盖章"
    r"|日期|时间|电话|统计|截至|截止)[^::]{0,8}:.*"
)
_NEXT_NOTE: Final = re.compile(r"\(?\d{1,2}\)?[.、).].+")
_ORDINAL: Final = frozenset({"序号", "序", "no", "no.", "#", "行号"})


class Skip(StrEnum):
    """Why a row is none of the data."""

    SECTION = "section"
    TOTAL = "total"
    NOTE = "note"
    REPEATED = "repeated"
    NUMBERING = "numbering"
    ONLY_NUMBER = "only number"


@dataclass(frozen=True, slots=True)
class Merge:
    """A merged range, rows as a spreadsheet numbers them, columns from 0, both ends included."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(slots=True)
class Layout:
    """The header of a table. `titles`: filled rows above it; `names` as the file has them."""

    names: list[str]
    first: int
    last: int
    titles: list[int]
    rows: list[list[str]]
    skipped: dict[Skip, list[int]] = field(default_factory=dict)
    _wide: frozenset[tuple[int, int]] = frozenset()
    _in_notes: bool = False
    _beginnings: frozenset[str] = frozenset()

    @property
    def named(self) -> int:
        return sum(bool(name) for name in self.names)

    def is_data(self, number: int, cells: Cells) -> bool:
        """Whether a row below the header is data; one that is not is kept in mind with its reason. Rows must
        come in their order."""
        reason = self._reason(number, cells)
        self._in_notes = reason is Skip.NOTE
        if reason is None:
            return True
        self.skipped.setdefault(reason, []).append(number)
        return False

    def _reason(self, number: int, cells: Cells) -> Skip | None:
        # Asked of every row of a large file: what can be settled by one cell is, without looking at the rest.
        filled = (index for index, cell in enumerate(cells) if cell and not cell.isspace())
        column = next(filled, None)
        if column is None:
            return None
        first = _plain(cells[column])
        if "计" in first and _TOTAL.fullmatch(first.replace(" ", "")):
            return Skip.TOTAL
        if next(filled, None) is None:
            return self._lonely(number, column, first)
        if first in self._beginnings and self._repeats(cells):
            return Skip.REPEATED
        if number == self.last + 1 and _is_numbering([text for cell in cells if (text := _plain(cell))]):
            return Skip.NUMBERING
        if ":" in first and all(_NOTE.fullmatch(text) for cell in cells if (text := _plain(cell))):
            return Skip.NOTE
        return None

    def _lonely(self, number: int, column: int, text: str) -> Skip | None:
        """A row with one filled cell. Not every one is a section: a place without its position is a mistake
        that somebody must hear of."""
        if self.named < 2:
            return None
        if _NOTE.fullmatch(text) or (self._in_notes and _NEXT_NOTE.match(text)):
            return Skip.NOTE
        if (number, column) in self._wide or _SECTION.match(text) or _COUNTY.fullmatch(text):
            return Skip.SECTION
        name = self.names[column].lower() if column < len(self.names) else ""
        if name in _ORDINAL and text.isdecimal():
            return Skip.ONLY_NUMBER
        return None

    def _repeats(self, cells: Cells) -> bool:
        own = [clean_header(cell) for cell in cells]
        while own and not own[-1]:
            own.pop()
        return own in self.rows

    def notes(self) -> list[str]:
        """What was decided, for the person whose file it is."""
        said = []
        if self.titles or self.first != self.last:
            header = spans(range(self.first, self.last + 1))
            if self.titles:
                said.append(
                    _("第 %(titles)s 行是标题,第 %(header)s 行是表头。")
                    % {"titles": spans(self.titles), "header": header}
                )
            else:
                said.append(_("第 %(header)s 行是表头。") % {"header": header})
        sentences = {
            Skip.SECTION: _("跳过小节行 %(rows)s。"),
            Skip.TOTAL: _("合计行 %(rows)s 不导入。"),
            Skip.NOTE: _("说明和签名行 %(rows)s 不导入。"),
            Skip.REPEATED: _("跳过重复的表头 %(rows)s 行。"),
            Skip.NUMBERING: _("跳过栏次行 %(rows)s。"),
            Skip.ONLY_NUMBER: _("跳过只有序号的行 %(rows)s。"),
        }
        for reason, sentence in sentences.items():
            if rows := self.skipped.get(reason):
                said.append(sentence % {"rows": spans(rows)})
        return said


def layout_of(head: Sequence[tuple[int, Cells]], merges: Sequence[Merge], header_row: int | None) -> Layout:
    """Decide by the first filled rows of a table (number and cells of each).

    Raises UnreadableFile when `header_row` is none of them.
    """
    rows = [(number, [clean_header(cell) for cell in cells]) for number, cells in head]
    width = max((len(cells) for _number, cells in rows), default=0)
    rows = [(number, cells + [""] * (width - len(cells))) for number, cells in rows]
    if header_row is None:
        place = _header_place(rows)
    else:
        place = next((i for i, (number, _cells) in enumerate(rows) if number == header_row), -1)
        if place < 0:
            raise UnreadableFile(_("第 %(row)d 行是空的或不存在,不能作表头。") % {"row": header_row})
    first = place
    if header_row is not None and place and _has_second(rows[place - 1], rows[place], merges):
        first -= 1  # the lower one of two rows was named
    last = max(place, first)
    while last + 1 < len(rows) and last - first + 1 < _DEEPEST_HEADER:
        if not _has_second(rows[last], rows[last + 1], merges):
            break
        last += 1
    header = rows[first : last + 1]
    levels = [_spread(header, index, merges) for index in range(len(header))]
    wide = frozenset((merge.top, merge.left) for merge in merges if merge.right > merge.left)
    return Layout(
        names=_names(levels),
        first=header[0][0],
        last=header[-1][0],
        titles=[number for number, _cells in rows[:first]],
        rows=[_trimmed(cells) for _number, cells in header],
        _wide=wide,
        _beginnings=frozenset(_plain(next(filter(None, cells), "")) for _number, cells in header),
    )


def _header_place(rows: Sequence[tuple[int, list[str]]]) -> int:
    """The first row that is at least half as filled as the fullest, and no line of a title."""
    counts = [sum(map(bool, cells)) for _number, cells in rows]
    most = max(counts, default=0)
    if most < 2:
        return 0
    for place, (count, (_number, cells)) in enumerate(zip(counts, rows, strict=True)):
        filled = [_plain(cell) for cell in cells if cell]
        if count < 2 or count * 2 < most or _is_preamble(filled):
            continue
        if place == 0 or all(map(_is_label, filled)):
            return place
        return 0  # a row of data: there is no header below it
    return 0


def _is_preamble(filled: Sequence[str]) -> bool:
    """单位:个 | 制表日期:2024年6月30日, perhaps beside the title."""
    labelled = [bool(_LABELLED.fullmatch(text)) for text in filled]
    return any(labelled) and all(
        is_labelled or _TITLE.fullmatch(text) for is_labelled, text in zip(labelled, filled, strict=True)
    )


def _is_label(text: str) -> bool:
    if len(text) > _LONGEST_LABEL or "°" in text or text.startswith("http"):
        return False
    if _YEAR.fullmatch(text):
        return True
    return not (_NUMBER.fullmatch(text) or _DATE.fullmatch(text))


def _has_second(top: tuple[int, list[str]], below: tuple[int, list[str]], merges: Sequence[Merge]) -> bool:
    """Whether the row below belongs to the header: names under a name that stands over several columns."""
    (number, upper), (next_number, lower) = top, below
    filled = [text for text in lower if text]
    if next_number != number + 1 or not filled or not all(_is_label(_plain(text)) for text in filled):
        return False
    if any(
        merge.top <= number < merge.bottom and merge.bottom - merge.top < _DEEPEST_HEADER for merge in merges
    ):
        return any(
            merge.top == merge.bottom == number
            and merge.right > merge.left
            and any(lower[merge.left : merge.right + 1])
            for merge in merges
        ) or any(lower[column] and not upper[column] for column in range(len(lower)))
    groups = _groups(upper, lower)
    inside = {column for left, right in groups for column in range(left, right + 1)}
    return bool(groups) and all(column in inside for column, text in enumerate(lower) if text)


def _groups(upper: Sequence[str], lower: Sequence[str]) -> list[tuple[int, int]]:
    """Columns under one name: it is filled above the first of them, and all are filled below."""
    found = []
    for left, name in enumerate(upper):
        if not name or not lower[left]:
            continue
        right = left
        while right + 1 < len(upper) and not upper[right + 1] and lower[right + 1]:
            right += 1
        if right > left:
            found.append((left, right))
    return found


def _spread(header: Sequence[tuple[int, list[str]]], index: int, merges: Sequence[Merge]) -> list[str]:
    """One row of the header with the names of merged cells in all their columns."""
    number, cells = header[index]
    spread = list(cells)
    for merge in merges:
        if merge.top == number and merge.right > merge.left:
            for column in range(merge.left, min(merge.right + 1, len(spread))):
                spread[column] = spread[column] or cells[merge.left]
    if index + 1 < len(header):
        for left, right in _groups(cells, header[index + 1][1]):
            spread[left : right + 1] = [cells[left]] * (right + 1 - left)
    return spread


def _names(levels: Sequence[Sequence[str]]) -> list[str]:
    """The lowest name of each column; where two columns would be called the same, with those above it."""
    paths = [[text for text in column if text] for column in zip(*levels, strict=True)]
    lowest = [path[-1] if path else "" for path in paths]
    doubles = {name for name in lowest if name and lowest.count(name) > 1} if len(levels) > 1 else set()
    names = [
        " ".join(dict.fromkeys(path)) if name in doubles else name
        for path, name in zip(paths, lowest, strict=True)
    ]
    return _trimmed(names)


def _trimmed(cells: Sequence[str]) -> list[str]:
    kept = list(cells)
    while kept and not kept[-1]:
        kept.pop()
    return kept


def _is_numbering(filled: Sequence[str]) -> bool:
    """1 2 3 ... under the names, as forms of statistics have it; 甲 乙 may stand before."""
    numbers = [text.strip("()") for text in filled if text not in ("甲", "乙", "丙", "丁")]
    return len(numbers) >= 3 and numbers == [str(number) for number in range(1, len(numbers) + 1)]


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip()


def spans(rows: Sequence[int] | range, shown: int = 15) -> str:
    """Row numbers as a person writes them: 3、7–12、40."""
    parts: list[list[int]] = []
    for row in rows:
        if parts and row == parts[-1][1] + 1:
            parts[-1][1] = row
        else:
            parts.append([row, row])
    texts = [str(first) if first == last else f"{first}–{last}" for first, last in parts[:shown]]
    whole = "、".join(texts)
    return (
        whole if len(parts) <= shown else _("%(rows)s 等 %(count)d 行") % {"rows": whole, "count": len(rows)}
    )


class FillDown:
    """The content of cells that are merged downwards, for every row that they cover, as a person reads it."""

    def __init__(self, merges: Sequence[Merge], after: int) -> None:
        tall = (merge for merge in merges if merge.bottom > merge.top > after)
        self._coming = sorted(tall, key=lambda merge: merge.top, reverse=True)
        self._open: list[tuple[Merge, str]] = []
        self.columns: dict[int, int] = {}

    def fill(self, number: int, cells: list[str]) -> list[str]:
        """The row's cells, filled in place. Rows must come in their order."""
        if not self._coming and not self._open:
            return cells
        while self._coming and self._coming[-1].top <= number:
            merge = self._coming.pop()
            if merge.top == number and merge.left < len(cells) and cells[merge.left]:
                self._open.append((merge, cells[merge.left]))
        if not self._open:
            return cells
        self._open = [(merge, text) for merge, text in self._open if merge.bottom >= number]
        for merge, text in self._open:
            cells += [""] * (merge.left + 1 - len(cells))
            if not cells[merge.left]:
                cells[merge.left] = text
                self.columns[merge.left] = self.columns.get(merge.left, 0) + 1
        return cells
