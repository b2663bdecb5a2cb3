"""The supervisor's list as files: CSV, streamed whatever its length, and XLSX up to a stated number of rows.

Every row says why; the head says of when the figures are, by which words they were chosen, and for whom.
"""

import csv
import datetime as dt
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import IO, Any, Final

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from projects.exchange.figuretables import plain_text
from projects.exchange.values import text_cell
from projects.readmodels.laterows import LateRow
from projects.rules.schedule import HUNDRED, Curve

#: XLSX is built as a whole before a byte of it can be sent: more rows than this are left to CSV.
MOST_XLSX_ROWS: Final = 20_000

Cell = str | int | Decimal | dt.date | None


@dataclass(frozen=True, slots=True)
class About:
    """What a file says of itself: label and text, line by line."""

    lines: tuple[tuple[str, str], ...]
    total: int


@dataclass(frozen=True, slots=True)
class Column:
    """A heading and what stands below it."""

    title: Promise
    width: int
    value: Callable[[LateRow], Cell]


def _name(thing: Any) -> str:
    english = (get_language() or "").startswith("en")
    return str((thing.name_en if english else thing.name_zh) or thing.name_zh)


def _start(plan: Curve | None) -> dt.date | None:
    return plan.start if plan else None


def _finish(plan: Curve | None) -> dt.date | None:
    return plan.finish if plan else None


def _points(value: Decimal | None) -> Decimal | None:
    return None if value is None else value.quantize(Decimal("0.01"), ROUND_HALF_UP)


def _reschedules(row: LateRow) -> str:
    return "; ".join(
        f"{each.effective_on}: {each.plan.start} – {each.plan.finish}, {each.reason}"
        f" [{each.approval_number or gettext('未批准')}]"
        for each in row.why.reschedules
    )


#: In the order of the sheet.
COLUMNS: Final = (
    Column(_("点位编码"), 14, lambda row: row.code),
    Column(_("名称"), 30, lambda row: row.row.name),
    Column(_("演示数据"), 8, lambda row: gettext("演示数据") if row.row.is_demo else ""),
    Column(_("设施种类"), 14, lambda row: _name(row.row.kind)),
    Column(_("指标"), 24, lambda row: "; ".join(_name(each) for each in row.indicators)),
    Column(_("所在区划"), 12, lambda row: _name(row.row.division)),
    Column(_("管理区划"), 12, lambda row: _name(row.managed_by)),
    Column(_("地址"), 30, lambda row: row.row.address),
    Column(_("经度"), 11, lambda row: Decimal(f"{row.row.lon:.6f}")),
    Column(_("纬度"), 11, lambda row: Decimal(f"{row.row.lat:.6f}")),
    Column(_("发布状态"), 9, lambda row: row.publication),
    Column(_("截至日期"), 11, lambda row: row.why.as_of),
    Column(_("滞后或临近"), 9, lambda row: gettext("滞后") if row.why.is_late else gettext("临近")),
    Column(_("灯"), 7, lambda row: gettext(row.why.light.term)),
    Column(_("原因"), 16, lambda row: gettext(row.why.reason.term)),
    Column(_("当日情况"), 40, lambda row: row.why.finding.translated(gettext)),
    Column(_("适用规则"), 40, lambda row: row.why.rule.translated(gettext) if row.why.rule else ""),
    Column(_("规则版本"), 18, lambda row: f"{_name(row.why.policy)} v{row.why.policy.version}"),
    Column(_("对照的计划"), 14, lambda row: gettext(row.why.against.term)),
    Column(_("建设阶段"), 9, lambda row: gettext(row.why.stage.term)),
    Column(_("计划进度 %"), 9, lambda row: _points(row.why.planned)),
    Column(_("上报进度 %"), 9, lambda row: _points(row.why.actual)),
    Column(_("上报截至"), 11, lambda row: row.why.reported_on),
    Column(_("落后(百分点)"), 10, lambda row: _points(row.why.lag_pp)),
    Column(
        _("比计划少 %"),
        10,
        lambda row: _points(None if row.why.relative_lag is None else row.why.relative_lag * HUNDRED),
    ),
    Column(_("基线开工日期"), 11, lambda row: _start(row.why.baseline)),
    Column(_("基线完工日期"), 11, lambda row: _finish(row.why.baseline)),
    Column(_("批准的开工日期"), 11, lambda row: _start(row.why.approved.plan if row.why.approved else None)),
    Column(_("批准的完工日期"), 11, lambda row: _finish(row.why.approved.plan if row.why.approved else None)),
    Column(_("批准文号"), 16, lambda row: row.why.approved.approval_number if row.why.approved else ""),
    Column(_("历次计划调整"), 40, _reschedules),
    Column(_("本灯起始日"), 11, lambda row: row.why.since),
    Column(_("连续滞后起始日"), 11, lambda row: row.why.late_since),
    Column(_("逾期天数"), 8, lambda row: row.why.overdue_days),
    Column(_("不再上报时下次变灯"), 11, lambda row: row.why.ahead.day if row.why.ahead else None),
    Column(_("下次变为"), 7, lambda row: gettext(row.why.ahead.light.term) if row.why.ahead else ""),
    Column(_("堵点卡点"), 40, lambda row: row.why.problem),
    Column(_("推进方案"), 40, lambda row: row.why.plan),
    Column(_("堵点卡点上报于"), 11, lambda row: row.why.said_on),
    Column(
        _("重算与存储一致"),
        8,
        lambda row: gettext("是") if row.why.agrees else gettext("否"),
    ),
)


def csv_lines(about: About, rows: Iterable[LateRow]) -> Iterator[str]:
    """A few kilobytes at a time; nothing is kept. The byte order mark tells Excel that it is UTF-8."""
    yield "\ufeff" + _line(["# " + "  |  ".join(f"{label} {text}" for label, text in about.lines)])
    yield _line([str(column.title) for column in COLUMNS])
    for row in rows:
        yield _line([_as_text(column.value(row)) for column in COLUMNS])


def _line(cells: Sequence[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()


def _as_text(value: Cell) -> str:
    return plain_text(value) if isinstance(value, str) else text_cell(value)


def write_xlsx(file: IO[bytes], about: About, rows: Iterable[LateRow]) -> None:
    """A sheet of rows and one that says what they are. `rows` must be at most MOST_XLSX_ROWS."""
    # Imported here: pages that only list need not load it.
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    sheet = book.create_sheet(gettext("滞后点位"))
    for number, column in enumerate(COLUMNS, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = column.width
    sheet.freeze_panes = "C2"

    def cell(of: Any, value: Cell, *, bold: bool = False) -> Any:
        made = WriteOnlyCell(of, value=plain_text(value) if isinstance(value, str) else value)
        if isinstance(value, str):
            made.data_type = "s"  # openpyxl takes a leading = for a formula
        if bold:
            made.font = Font(bold=True)
        return made

    sheet.append([cell(sheet, str(column.title), bold=True) for column in COLUMNS])
    for row in rows:
        sheet.append([cell(sheet, column.value(row)) for column in COLUMNS])
    if about.total > MOST_XLSX_ROWS:
        left_out = gettext("共 %(total)d 个点位,表格文件最多列 %(most)d 个;完整的名单请下载 CSV。")
        sheet.append([cell(sheet, left_out % {"total": about.total, "most": MOST_XLSX_ROWS}, bold=True)])
    notes = book.create_sheet(gettext("说明"))
    notes.column_dimensions["A"].width, notes.column_dimensions["B"].width = 18, 100
    for label, text in about.lines:
        notes.append([cell(notes, label, bold=True), cell(notes, text)])
    book.save(file)
