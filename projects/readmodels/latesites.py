"""The late sites of a district, each with its dates, its progress and what holds it up, as of a day."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Exists, OuterRef

from projects.models import PlanChange, SiteReport
from projects.readmodels.districts import DistrictProgress
from projects.readmodels.progress import LateStanding, late_standings
from projects.readmodels.siteindex import Snapshot, snapshot
from projects.readmodels.sitelists import SiteRow, site_rows
from projects.rules.vocabulary import Light, Stage


@dataclass(frozen=True, slots=True)
class LateSite:
    """A late site. Everything but `row` (its name, kind and address) is about the day of the page.

    `planned_finish`: of the newest approved reschedule, None when there was none. `percent` 0..100, None when
    not reported. `overdue_days`: past the baseline's finish, 0 before it. `problem` and `plan` are empty
    where reasons are not published or none was given.
    """

    row: SiteRow
    light: Light
    stage: Stage
    baseline_finish: dt.date | None
    planned_finish: dt.date | None
    overdue_days: int
    percent: Decimal | None
    reported_on: dt.date | None
    problem: str
    plan: str


@dataclass(frozen=True, slots=True)
class LatePage:
    """One page of the list; `total` late sites altogether."""

    total: int
    rows: tuple[LateSite, ...]


def late_sites(
    progress: DistrictProgress, *, held: Snapshot | None = None, first: int = 0, limit: int = 20
) -> LatePage:
    """Red before yellow, the longest overdue first, `limit` of them from `first` on; empty where internal."""
    held = held or snapshot()
    everywhere = late_standings(progress.programme, progress.as_of, held) or ()
    late = [row for row in everywhere if progress.managers is None or row.manager in progress.managers]
    late.sort(key=lambda row: (row.light is not Light.RED, row.baseline_finish or dt.date.max, row.site_id))
    return LatePage(len(late), _rows(late[first : first + limit], progress, held))


def _rows(
    late: Sequence[LateStanding],
    progress: DistrictProgress,
    held: Snapshot,
) -> tuple[LateSite, ...]:
    ids = [row.site_id for row in late]
    standing = {row.site_id: row for row in late}
    plans = _plans(ids, progress.as_of)
    reports = _reports(ids, progress.as_of)
    reasons = progress.programme.publishes_reasons
    found = []
    for row in site_rows(ids, held):
        report, finish = reports.get(row.pk), standing[row.pk].baseline_finish
        found.append(
            LateSite(
                row,
                standing[row.pk].light,
                standing[row.pk].stage,
                finish,
                plans.get(row.pk),
                _days_past(finish, progress.as_of),
                report.percent if report else None,
                report.as_of if report else None,
                report.problem if report and reasons else "",
                report.plan if report and reasons else "",
            )
        )
    return tuple(found)


def _days_past(finish: dt.date | None, day: dt.date) -> int:
    return 0 if finish is None else max(0, (day - finish).days)


def _plans(ids: Sequence[int], day: dt.date) -> dict[int, dt.date]:
    """Finish of the newest reschedule that was approved by the day."""
    corrected = PlanChange.objects.filter(corrects_id=OuterRef("pk"))
    rows = (
        PlanChange.objects.filter(~Exists(corrected), site_id__in=ids, effective_on__lte=day)
        .exclude(approval_number="")
        .order_by("effective_on", "pk")
    )
    return dict(rows.values_list("site_id", "planned_finish"))


def _reports(ids: Sequence[int], day: dt.date) -> dict[int, SiteReport]:
    """The newest report of each site by the day."""
    corrected = SiteReport.objects.filter(corrects_id=OuterRef("pk"))
    rows = SiteReport.objects.filter(~Exists(corrected), site_id__in=ids, as_of__lte=day)
    return {row.site_id: row for row in rows.order_by("as_of", "pk")}
