"""The report of an import: every problem with its row, as CSV or XLSX; no cell of it is ever a formula."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from django.utils.translation import gettext as _

from projects.exchange.problems import OptionError, Problem, Severity
from projects.exchange.values import quoted

REPORT_SUFFIXES: Final = frozenset({".csv", ".xlsx"})
_XLSX_ROWS: Final = 1_000_000
_XLSX_CELL: Final = 32_000
_WIDTHS: Final = (8, 8, 28, 16, 32, 40, 80)


def check_report_path(path: Path) -> None:
    """Raises OptionError: another format, or a folder that is not there. Asked before the import begins."""
    if path.suffix.lower() not in REPORT_SUFFIXES:
        raise OptionError(_("--report 应是 .csv 或 .xlsx,实际是 %(name)s。") % {"name": path.name})
    if not path.parent.is_dir():
        raise OptionError(_("--report 的文件夹 %(folder)s 不存在。") % {"folder": path.parent})


def write_report(path: Path, problems: Sequence[Problem]) -> None:
    """One line a problem: row, severity, place, column, found, allowed, sentence."""
    header = [_("行"), _("级别"), _("点位"), _("列"), _("实际"), _("应为"), _("说明")]
    lines = [_line(problem) for problem in problems]
    if path.suffix.lower() == ".csv":
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(header)
            writer.writerows(lines)
        return
    _write_xlsx(path, header, lines[:_XLSX_ROWS])


def _line(problem: Problem) -> list[str | int]:
    words = (problem.label, problem.column, problem.found, problem.allowed, problem.sentence)
    return [problem.row or "", severity_word(problem.severity), *map(quoted, words)]


def severity_word(severity: Severity) -> str:
    return _("错误") if severity is Severity.ERROR else _("提示")


def _write_xlsx(path: Path, header: Sequence[str], lines: Sequence[Sequence[str | int]]) -> None:
    # Imported here: the command that only reads a CSV need not load it.
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    book = Workbook(write_only=True)
    sheet = book.create_sheet(_("导入问题"))
    for index, width in enumerate(_WIDTHS):
        sheet.column_dimensions["ABCDEFG"[index]].width = width
    sheet.freeze_panes = "A2"
    heads = []
    for text in header:
        cell = WriteOnlyCell(sheet, value=text)
        cell.font = Font(bold=True)
        heads.append(cell)
    sheet.append(heads)
    for line in lines:
        cells = []
        for value in line:
            cell = WriteOnlyCell(sheet, value=_printable(value))
            if isinstance(value, str):
                cell.data_type = "s"  # openpyxl takes a leading = for a formula
            cells.append(cell)
        sheet.append(cells)
    book.save(path)


def _printable(value: str | int) -> str | int:
    """XLSX (XML) holds no control characters."""
    if isinstance(value, int):
        return value
    return "".join(c for c in value[:_XLSX_CELL] if c >= " " or c in "\t\n")
