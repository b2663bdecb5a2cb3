"""The late sites of a district, each with its dates, its progress and what holds it up, as of a day."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import F

from projects.models import PlanChange, SiteReport, SiteStanding
from projects.readmodels.clocks import Clocks
from projects.readmodels.districts import DistrictProgress
from projects.readmodels.siteindex import Snapshot, snapshot
from projects.readmodels.sitelists import SiteRow, site_rows
from projects.readmodels.vocabulary import ProgrammeWords
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
    if progress.tally.late is None:
        return LatePage(0, ())
    late = late_standings(
        progress.programme, progress.clocks, held, managers=progress.managers, first=first, limit=limit
    )
    return LatePage(progress.tally.late, _rows(late, progress, held))


def late_standings(
    programme: ProgrammeWords,
    clocks: Clocks,
    held: Snapshot,
    *,
    managers: Collection[int] | None,
    first: int = 0,
    limit: int,
) -> list[SiteStanding]:
    """Public sites that were yellow or red on the day by what was known, whoever may see them: red before
    yellow, the longest overdue first."""
    known = held.seq if clocks.known_seq is None else clocks.known_seq
    rows = (
        SiteStanding.objects.known(known)
        .on(clocks.as_of)
        .late()
        .filter(judged_by_id=programme.pk, is_public=True)
        .exclude(stage=Stage.CANCELLED.value)
    )
    if managers is not None:
        rows = rows.filter(managed_by_id__in=managers)
    # Of the two words red comes first.
    ordered = rows.order_by("light", F("baseline_finish").asc(nulls_last=True), "site_id")
    return list(ordered[first : first + limit])


def _rows(
    late: Sequence[SiteStanding],
    progress: DistrictProgress,
    held: Snapshot,
) -> tuple[LateSite, ...]:
    ids = [row.site_id for row in late]
    standing = {row.site_id: row for row in late}
    plans = _plans(ids, progress.clocks)
    reports = _reports(ids, progress.clocks)
    reasons = progress.programme.publishes_reasons
    found = []
    for row in site_rows(ids, held):
        report, finish = reports.get(row.pk), standing[row.pk].baseline_finish
        found.append(
            LateSite(
                row,
                Light(standing[row.pk].light),
                Stage(standing[row.pk].stage),
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


def _plans(ids: Sequence[int], clocks: Clocks) -> dict[int, dt.date]:
    """Finish of the newest reschedule that was approved by the day."""
    rows = (
        PlanChange.objects.standing(clocks.known_seq)
        .filter(site_id__in=ids, effective_on__lte=clocks.as_of)
        .exclude(approval_number="")
        .order_by("effective_on", "pk")
    )
    return dict(rows.values_list("site_id", "planned_finish"))


def _reports(ids: Sequence[int], clocks: Clocks) -> dict[int, SiteReport]:
    """The newest report of each site by the day."""
    rows = SiteReport.objects.standing(clocks.known_seq).filter(site_id__in=ids, as_of__lte=clocks.as_of)
    return {row.site_id: row for row in rows.order_by("as_of", "pk")}
