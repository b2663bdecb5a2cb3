"""The tables of a district's page as files carry them, in the language that is active."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from projects.exchange.figuretables import (
    NO_TARGET,
    NOT_PUBLISHED,
    NOT_REPORTED,
    NOTHING,
    Cell,
    Table,
    amount,
    gap,
    local,
    percent,
    yes_no,
)
from projects.exchange.latetable import late_table
from projects.readmodels.changes import TallyChange
from projects.readmodels.clocks import as_text, recorded_moment
from projects.readmodels.districtreport import DistrictReport
from projects.readmodels.districts import FORMULA
from projects.readmodels.siteindex import Snapshot
from projects.readmodels.tallies import Tally

DEMO: Final = gettext_noop("本页的数字由演示点位算出,不是真实的完成情况。")
#: The tables in the order of the page, by the word of the address.
TITLES: Final = {
    "total": gettext_noop("总体情况"),
    "categories": gettext_noop("分类进度"),
    "changes": gettext_noop("比上月末"),
    "history": gettext_noop("逐月进度"),
    "comparison": gettext_noop("区划之间"),
    "indicators": gettext_noop("分项指标"),
    "funds": gettext_noop("资金"),
    "late": gettext_noop("落后的点位"),
}


def district_tables(
    report: DistrictReport, held: Snapshot, *, late_limit: int | None = None
) -> dict[str, Table]:
    """By key, in the order of the page. Late sites are there only where lights are public.

    `late_limit`: at most so many of them, with a note that says so.
    """
    makers: dict[str, Callable[[DistrictReport], Table | None]] = {
        "total": _total,
        "categories": _categories,
        "changes": _changes,
        "history": _history,
        "comparison": _comparison,
        "indicators": _indicators,
        "funds": _funds,
        "late": lambda given: late_table(given, held, title=_(TITLES["late"]), limit=late_limit),
    }
    made = {key: make(report) for key, make in makers.items()}
    found = {key: table for key, table in made.items() if table is not None}
    if report.progress.is_demo:
        said = f"{_('演示数据')} {_(DEMO)}"
        found = {
            # Money is never made up.
            key: table if key == "funds" else replace(table, notes=[*table.notes, said])
            for key, table in found.items()
        }
    return found


def explanation(report: DistrictReport, held: Snapshot, *, address: str) -> Table:
    """说明: what the figures are about, how they were made, and how to ask for the very same ones again."""
    progress = report.progress
    known = report.clocks.known_at or recorded_moment(held)
    rows: list[Sequence[Cell]] = [
        [_("区划"), f"{local(progress.area.name_zh, progress.area.name_en)} {progress.area.code}"],
        [
            _("年度"),
            f"{local(progress.programme.name_zh, progress.programme.name_en)} {progress.programme.key}",
        ],
        [_("截至日期(as_of)"), report.clocks.as_of],
        [_("已登记到(known_at)"), as_text(known) if known else NOTHING],
        [_("网址"), address],
        [_("算法"), _(FORMULA)],
        [
            _("两种数字"),
            _("点位统计和上报是两个数字,分开列,不相互替代。“其中”的指标已含在上一级里,不再相加。"),
        ],
        [
            _("没有数字时"),
            _("未上报、无目标、未公布都不是 0;“–”是没有可以相除或相比的数。百分数四舍五入到一位小数。"),
        ],
    ]
    if report.changes is not None:
        rows.append([_("比上月末"), _between(report.changes.since, report.changes.until)])
    if progress.is_demo:
        rows.append([_("演示数据"), _(DEMO)])
    # The catalogue's word for 说明 is that of a label.
    return Table("about", local("说明", "About"), [_("项"), _("内容")], rows)


def stamp(report: DistrictReport, held: Snapshot) -> list[tuple[str, str]]:
    """What every row of a single table carries."""
    known = report.clocks.known_at or recorded_moment(held)
    return [
        (_("区划代码"), report.progress.area.code),
        ("as_of", report.clocks.as_of.isoformat()),
        ("known_at", as_text(known) if known else NOTHING),
        (_("区划含演示数据"), yes_no(report.progress.is_demo)),
    ]


def _between(since: dt.date, until: dt.date) -> str:
    return _("%(until)s 的数字减去 %(since)s 的数字") % {
        "until": until.isoformat(),
        "since": since.isoformat(),
    }


def _tally_columns(report: DistrictReport) -> list[str]:
    names = [_("列入点位"), _("已完成"), _("完成率(%)"), _("应完成"), _("计划应完成率(%)"), _("逾期未完成")]
    names += [_("没有计划日期")]
    return [*names, _("黄灯、红灯")] if report.progress.shows_lights else names


def _tally_cells(tally: Tally, report: DistrictReport) -> list[Cell]:
    cells = [
        amount(tally.sites),
        amount(tally.finished),
        percent(tally.percent),
        amount(tally.due),
        percent(tally.planned_percent),
        amount(tally.overdue),
        amount(tally.unplanned),
    ]
    return [*cells, amount(tally.late)] if report.progress.shows_lights else cells


def _total(report: DistrictReport) -> Table:
    area = report.progress.area
    row = [local(area.name_zh, area.name_en), *_tally_cells(report.progress.tally, report)]
    return Table("total", _(TITLES["total"]), [_("区划"), *_tally_columns(report)], [row])


def _categories(report: DistrictReport) -> Table:
    rows: list[list[Cell]] = [
        [part.number, local(part.name_zh, part.name_en), *_tally_cells(part.tally, report)]
        for part in report.progress.categories
        if part.tally.sites
    ]
    rows.append([NOTHING, _("合计"), *_tally_cells(report.progress.tally, report)])
    columns = [_("序号"), _("类"), *_tally_columns(report)]
    note = _("一个点位可以算在两类里,合计只算一次。")
    return Table("categories", _(TITLES["categories"]), columns, rows, [note])


def _changes(report: DistrictReport) -> Table | None:
    changes = report.changes
    if changes is None:
        return None
    lights = report.progress.shows_lights
    columns = [
        _("序号"),
        _("类"),
        _("列入点位"),
        _("已完成"),
        _("完成率(百分点)"),
        _("应完成"),
        _("逾期未完成"),
    ]
    rows: list[list[Cell]] = [
        [
            part.number,
            local(part.name_zh, part.name_en),
            *_change_cells(changes.categories[part.slug], lights=lights),
        ]
        for part in report.progress.categories
        if part.tally.sites and part.slug in changes.categories
    ]
    rows.append([NOTHING, _("合计"), *_change_cells(changes.total, lights=lights)])
    return Table(
        "changes",
        _(TITLES["changes"]),
        [*columns, _("黄灯、红灯")] if lights else columns,
        rows,
        [_between(changes.since, changes.until)],
    )


def _change_cells(change: TallyChange, *, lights: bool) -> list[Cell]:
    cells = [
        amount(change.sites),
        amount(change.finished),
        percent(change.percent_pp),
        amount(change.due),
        amount(change.overdue),
    ]
    return [*cells, amount(change.late)] if lights else cells


def _history(report: DistrictReport) -> Table:
    rows = [[point.day, *_tally_cells(point.tally, report)] for point in report.history]
    return Table("history", _(TITLES["history"]), [_("截至"), *_tally_columns(report)], rows)


def _comparison(report: DistrictReport) -> Table:
    rows = [
        [row.area.code, local(row.area.name_zh, row.area.name_en), *_tally_cells(row.tally, report)]
        for row in report.peers
    ]
    note = _("按行政区划代码排列,不排名次。")
    columns = [_("区划代码"), _("区划"), *_tally_columns(report)]
    return Table("comparison", _(TITLES["comparison"]), columns, rows, [note])


def _indicators(report: DistrictReport) -> Table:
    columns = [
        _("序号"),
        _("类"),
        _("指标代码"),
        _("指标"),
        _("其中(属于)"),
        _("单位"),
        _("目标"),
        _("点位统计:已完成"),
        _("点位统计:列入"),
        _("上报"),
        _("完成率(%)"),
        _("演示数据"),
    ]
    rows = [
        [
            part.number,
            local(part.name_zh, part.name_en),
            row.code,
            local(row.name_zh, row.name_en),
            row.subset_of or NOTHING,
            local(row.unit_zh, row.unit_en),
            amount(row.target, gap(NO_TARGET)),
            amount(row.counted, _("不按点位计") if row.by_report else _("无点位")),
            amount(row.listed, _("不按点位计") if row.by_report else _("无点位")),
            amount(row.reported, gap(NOT_REPORTED)),
            percent(row.percent),
            yes_no(row.is_demo),
        ]
        for part in report.progress.categories
        for row in part.indicators
    ]
    return Table("indicators", _(TITLES["indicators"]), columns, rows)


def _funds(report: DistrictReport) -> Table:
    funds = report.funds
    columns = [
        _("名称"),
        _("资金来源"),
        _("类"),
        _("安排(元)"),
        _("使用(元)"),
        _("使用率(%)"),
        _("与序时比(百分点)"),
    ]
    unknown = gap(NOT_PUBLISHED)
    rows: list[list[Cell]] = [
        [
            line.name,
            _(line.source.term),
            local(line.category_zh, line.category_en) or NOTHING,
            amount(line.rate.arranged),
            amount(line.rate.used, unknown),
            percent(line.rate.percent, unknown if line.rate.used is None else NOTHING),
            percent(line.lead_pp),
        ]
        for line in funds.lines
    ]
    if not funds.lines:
        return Table("funds", _(TITLES["funds"]), columns, [[unknown, *[NOTHING] * (len(columns) - 1)]])
    total = funds.total
    rows.append(
        [
            _("合计"),
            NOTHING,
            NOTHING,
            amount(total.arranged),
            amount(total.used, unknown),
            percent(total.percent, unknown if total.used is None else NOTHING),
            percent(funds.total_lead_pp),
        ]
    )
    notes = []
    if funds.total_is_published:
        notes.append(_("%(n)s 笔的使用金额未公布;合计的使用金额取公布的总数。") % {"n": funds.missing})
    return Table("funds", _(TITLES["funds"]), columns, rows, notes)
