"""XLSX files written row by row: memory stays flat, every cell is text, a number or a day, none is a formula.

Text goes through `quoted` as in a CSV file: a cell stays harmless when its sheet is saved as CSV or copied
elsewhere, and import takes the apostrophe off again.
"""

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from projects.exchange.confined.limits import DATA_SHEET as DATA_SHEET
from projects.exchange.values import quoted

if TYPE_CHECKING:
    from openpyxl import Workbook

ABOUT_SHEET: Final = "说明"
#: More characters than a cell can hold are refused by Excel, which then "repairs" the file.
LONGEST_CELL: Final = 32_767
#: A row below the header for each of them is all that Excel opens.
MOST_ROWS: Final = 1_048_575
# What XML cannot carry, and what a reader would take for such an escape (ECMA-376, ST_Xstring).
_ESCAPED: Final = re.compile(r"[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
TEXT_FORMAT: Final = "@"
DATE_FORMAT: Final = "yyyy-mm-dd"
_HEADER_FILL: Final = "DCE6F1"
_LAST_COLUMN: Final = 16_384

Value = str | int | float | bool | dt.date | Decimal | None


@dataclass(frozen=True, slots=True)
class Heading:
    """A column: its header, its width in digits, and how its numbers look. Text is always text."""

    title: str
    width: int = 14
    number_format: str = "General"


def xml_text(text: str) -> str:
    """Text as XLSX stores it, so that the very same text is read again."""
    return _ESCAPED.sub(lambda match: f"_x{ord(match[0]):04X}_", text)


@contextmanager
def new_book() -> Iterator["Workbook"]:
    """An empty workbook that is written row by row; nothing of it stays behind when the block raises."""
    # Imported here: most of what runs wants no workbook.
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    book.properties.creator = ""
    try:
        yield book
    except BaseException:
        sheets: list[Any] = list(book.worksheets)
        for sheet in sheets:
            if sheet._rows is not None and not sheet.closed:
                sheet.close()
                sheet._writer.cleanup()
        raise


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """A file of the same suffix in a folder of its own beside `path`, moved there when the block is through.

    Nothing of it stays when the block raises, whatever other files a program made beside it.
    """
    with TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        temporary = Path(folder) / f"new{path.suffix}"
        yield temporary
        temporary.chmod(0o644)
        temporary.replace(path)


class Sheet:
    """A sheet whose rows are written as they come. Widths and the frozen header are said before the first."""

    def __init__(
        self,
        book: "Workbook",
        title: str,
        headings: Sequence[Heading],
        *,
        freeze: str = "",
        is_filled_in: bool = False,
    ) -> None:
        """`is_filled_in`: only the header is locked, and empty cells of text columns are text, too."""
        from openpyxl.cell import WriteOnlyCell
        from openpyxl.utils import get_column_letter

        self.raw: Any = book.create_sheet(title)
        self.headings = headings
        self.count = 0
        self._letter = get_column_letter
        for number, heading in enumerate(headings, start=1):
            self.raw.column_dimensions[get_column_letter(number)].width = heading.width
        if freeze:
            self.raw.freeze_panes = freeze
        # One cell of each look is written again and again: a row is on its way before the next one is made.
        self._texts, self._days, self._numbers = ([WriteOnlyCell(self.raw) for _ in headings] for _ in "abc")
        for heading, text, day, number_ in zip(headings, self._texts, self._days, self._numbers, strict=True):
            text.number_format, day.number_format = TEXT_FORMAT, DATE_FORMAT
            number_.number_format = heading.number_format
        if is_filled_in:
            self._open_for_filling_in()

    def head(self, notes: Sequence[str] = ()) -> None:
        """The header row; `notes` are comments on its cells, empty for none."""
        from openpyxl.styles import Alignment, Font, PatternFill

        looks = {
            "font": Font(bold=True),
            "fill": PatternFill("solid", fgColor=_HEADER_FILL),
            "alignment": Alignment(vertical="top", wrap_text=True),
        }
        cells = [self.text(heading.title, **looks) for heading in self.headings]
        for cell, note in zip(cells, notes, strict=False):
            if note:
                cell.comment = comment(note)
        self.raw.append(cells)

    def _open_for_filling_in(self) -> None:
        """Lock the header: no password, so that who must can lift it. Rows may be added and sorted."""
        from openpyxl.styles import Protection

        free = Protection(locked=False)
        for number, heading in enumerate(self.headings, start=1):
            column = self.raw.column_dimensions[self._letter(number)]
            column.protection = free
            column.number_format = heading.number_format
        # Notes of one's own beside the table; and a row can only be deleted when all of it is free.
        beyond = self.raw.column_dimensions[self._letter(len(self.headings) + 1)]
        beyond.min, beyond.max, beyond.protection = len(self.headings) + 1, _LAST_COLUMN, free
        for cell in (*self._texts, *self._days, *self._numbers):
            cell.protection = free
        lock = self.raw.protection
        lock.sheet = True
        lock.insertColumns = lock.deleteColumns = True
        lock.insertRows = lock.deleteRows = lock.sort = lock.autoFilter = False
        lock.formatCells = lock.formatColumns = lock.formatRows = False

    def text(self, text: str, **looks: Any) -> Any:
        """A cell of its own, with a font, fill, border, alignment, protection or comment."""
        from openpyxl.cell import WriteOnlyCell

        cell = WriteOnlyCell(self.raw)
        cell.number_format = TEXT_FORMAT
        for name, look in looks.items():
            setattr(cell, name, look)
        return _filled(cell, text)

    def append(self, values: Iterable[Value]) -> None:
        """One row of plain values, at most one for each heading; None leaves a cell empty."""
        self.raw.append([self._cell(number, value) for number, value in enumerate(values)])
        self.count += 1

    def append_cells(self, cells: Sequence[Any]) -> None:
        """One row of cells of their own (`text`, `number`), which may be more than there are headings."""
        self.raw.append(cells)
        self.count += 1

    def number(self, value: int) -> Any:
        """A cell of its own."""
        from openpyxl.cell import WriteOnlyCell

        return WriteOnlyCell(self.raw, value=value)

    def filter(self, *, header_row: int = 1) -> None:
        """Arrows on the header, over all rows that were written."""
        last = self._letter(len(self.headings))
        self.raw.auto_filter.ref = f"A{header_row}:{last}{max(header_row, header_row + self.count)}"

    def _cell(self, number: int, value: Value) -> Any:
        match value:
            case None | "":
                return None
            case bool():
                return _filled(self._texts[number], "是" if value else "否")
            case str():
                return _filled(self._texts[number], value)
            case dt.date():
                cell = self._days[number]
                cell._value, cell.data_type = value, "d"
                return cell
            case _:
                cell = self._numbers[number]
                # Written out here: openpyxl would round a float to 16 digits.
                cell._value = f"{value:f}" if isinstance(value, Decimal) else repr(value)
                cell.data_type = "n"
                return cell


def comment(text: str) -> Any:
    """A note on a cell, as large as its text."""
    from openpyxl.comments import Comment

    note = Comment(xml_text(text), "")
    note.width, note.height = 300, 40 + 20 * (1 + len(text) // 20)
    return note


def _filled(cell: Any, text: str) -> Any:
    """The cell with the text, past the setter: that one takes a leading = for a formula."""
    cell._value, cell.data_type = xml_text(quoted(text)), "s"
    return cell


def write_lines(book: "Workbook", title: str, lines: Iterable[tuple[str, str]]) -> None:
    """A sheet of two columns, what and how it is: for people, import does not look at it."""
    from openpyxl.styles import Alignment, Font

    sheet = Sheet(book, title, [Heading("", 18), Heading("", 100)])
    top = Alignment(vertical="top", wrap_text=True)
    for label, text in lines:
        sheet.raw.append(
            [
                sheet.text(label, font=Font(bold=True), alignment=top),
                sheet.text(text[:LONGEST_CELL], alignment=top),
            ]
        )
