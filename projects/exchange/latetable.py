"""The late sites of a district as a table: as many as there are, read and written in portions."""

from collections.abc import Iterator
from typing import Final

from django.utils import translation
from django.utils.translation import gettext as _

from projects.exchange.figuretables import (
    NOT_REPORTED,
    NOTHING,
    Cell,
    Table,
    amount,
    day,
    gap,
    local,
    percent,
    yes_no,
)
from projects.readmodels.districtreport import DistrictReport
from projects.readmodels.lateness import Why, why_late
from projects.readmodels.latesites import LateSite, late_sites
from projects.readmodels.siteindex import Snapshot

_CHUNK: Final = 1_000
#: Late sites in one workbook; a workbook is built in memory. The CSV file has all of them.
WORKBOOK_LATE_SITES: Final = 5_000


def late_table(report: DistrictReport, held: Snapshot, *, title: str, limit: int | None) -> Table | None:
    """None where lights are not public. `limit`: at most so many sites, with a note that says so."""
    if not report.progress.shows_lights:
        return None
    total = late_sites(report.progress, held=held, limit=0).total
    reasons = report.progress.programme.publishes_reasons
    columns = [
        _("点位编号"),
        _("名称"),
        _("地址"),
        _("灯"),
        _("建设阶段"),
        _("形象进度(%)"),
        _("上报日期"),
        _("计划进度(%)"),
        _("差距(百分点)"),
        _("对照"),
        _("亮灯规则"),
        _("基线完工"),
        _("现行计划完工"),
        _("逾期天数"),
        *((_("亮灯原因"), _("堵点卡点"), _("推进方案")) if reasons else ()),
        _("演示数据"),
    ]
    most = total if limit is None else min(limit, total)
    notes = []
    if most < total:
        notes.append(
            _("落后的点位共 %(total)d 个,这里只有前 %(most)d 个;CSV 文件里有全部。")
            % {"total": total, "most": most}
        )
    # A streamed answer is written after the request's language has been put back.
    rows = _late_rows(report, held, most, language=translation.get_language() or "zh-hans")
    return Table("late", title, columns, rows, notes)


def _late_rows(report: DistrictReport, held: Snapshot, most: int, *, language: str) -> Iterator[list[Cell]]:
    reasons = report.progress.programme.publishes_reasons
    for first in range(0, most, _CHUNK):
        with translation.override(language):
            page = late_sites(report.progress, held=held, first=first, limit=min(_CHUNK, most - first))
            why = why_late(page.rows, report.clocks, shows_reasons=reasons)
            rows = [_late_row(row, why.get(row.row.pk), reasons=reasons) for row in page.rows]
        yield from rows


def _late_row(row: LateSite, why: Why | None, *, reasons: bool) -> list[Cell]:
    policy, against = NOTHING, NOTHING
    if why is not None:
        policy = f"{local(why.policy_zh, why.policy_en)} v{why.policy_version}"
        against = _("基线") if why.by_baseline else _("现行计划")
    texts: list[Cell] = []
    if reasons:
        reason = _(why.reason.term) if why is not None and why.reason is not None else NOTHING
        texts = [reason, row.problem or NOTHING, row.plan or NOTHING]
    return [
        row.row.public_id,
        row.row.name,
        row.row.address or NOTHING,
        _(row.light.term),
        _(row.stage.term),
        percent(row.percent, gap(NOT_REPORTED)),
        day(row.reported_on, gap(NOT_REPORTED)),
        percent(why.planned if why else None),
        percent(why.gap_pp if why else None),
        against,
        policy,
        day(row.baseline_finish, NOTHING),
        day(row.planned_finish, _("同基线")),
        amount(row.overdue_days),
        *texts,
        yes_no(row.row.is_demo),
    ]
