"""What the rules need to know of some sites, by what had been recorded at a change: read for many at once."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet

from projects.models import PlanChange, Site, SiteReport, SiteState
from projects.models.sites import make_plan
from projects.rules.facts import ApprovedPlan, Report, SiteFacts, StageChange, former_of
from projects.rules.schedule import Plan
from projects.rules.vocabulary import Stage


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A report that stands: its day, percent 0..100, what holds the site up, and what is to be done."""

    as_of: dt.date
    percent: Decimal
    problem: str
    plan: str


@dataclass(frozen=True, slots=True)
class Reschedule:
    """A change of plan that stands. Without an approval number it changes nothing that is judged."""

    effective_on: dt.date
    plan: Plan
    reason: str
    approval_number: str


@dataclass(frozen=True, slots=True)
class SiteRecord:
    """Everything recorded of one site, each list by its day, the newest last."""

    facts: SiteFacts
    reports: tuple[ReportRow, ...]
    reschedules: tuple[Reschedule, ...]


def site_records(ids: Sequence[int], known_seq: int | None = None) -> dict[int, SiteRecord]:
    """The records of live sites, by id; five queries.

    The baseline and the bare dates of start, finish and verification carry no history: they are as they are
    now, whatever `known_seq` says.
    """
    reports: dict[int, list[ReportRow]] = {}
    for pk, *told in standing_rows(SiteReport, ids, known_seq, "as_of", "percent", "problem", "plan"):
        reports.setdefault(pk, []).append(ReportRow(*told))
    changes: dict[int, list[Reschedule]] = {}
    for pk, day, start, finish, milestones, reason, number in standing_rows(
        PlanChange,
        ids,
        known_seq,
        "effective_on",
        "planned_start",
        "planned_finish",
        "milestones",
        "reason",
        "approval_number",
    ):
        plan = make_plan(start, finish, milestones)
        assert plan is not None, "both dates are required"
        changes.setdefault(pk, []).append(Reschedule(day, plan, reason, number))
    stages: dict[int, list[StageChange]] = {}
    for pk, day, stage in standing_rows(SiteState, ids, known_seq, "effective_on", "stage"):
        stages.setdefault(pk, []).append(StageChange(day, Stage(stage)))
    former = _former(ids)
    rows = Site.objects.live().filter(pk__in=ids).order_by()
    return {
        pk: _record(
            make_plan(start, finish, milestones),
            dates,
            reports.get(pk, ()),
            changes.get(pk, ()),
            stages.get(pk, ()),
            former_of(former.get(pk, ())),
        )
        for pk, start, finish, milestones, *dates in rows.values_list(
            "pk",
            "baseline_start",
            "baseline_finish",
            "baseline_milestones",
            "started_on",
            "finished_on",
            "verified_on",
        )
    }


def _former(ids: Sequence[int]) -> dict[int, list[tuple[dt.date | None, dt.date | None]]]:
    """Bare dates that returns took back, by site: whatever `known_seq` says, as the bare dates themselves."""
    rows = SiteState.objects.filter(site_id__in=ids).filter(
        Q(former_finished_on__isnull=False) | Q(former_verified_on__isnull=False)
    )
    found: dict[int, list[tuple[dt.date | None, dt.date | None]]] = {}
    for pk, finished, verified in rows.order_by("pk").values_list(
        "site_id", "former_finished_on", "former_verified_on"
    ):
        found.setdefault(pk, []).append((finished, verified))
    return found


def approved_at(changes: Iterable[Reschedule], day: dt.date) -> Reschedule | None:
    """The newest approved change in force at the end of the day."""
    found = [row for row in changes if row.approval_number and row.effective_on <= day]
    return found[-1] if found else None


def _record(
    baseline: Plan | None,
    dates: Sequence[dt.date | None],
    reports: Iterable[ReportRow],
    changes: Iterable[Reschedule],
    stages: Iterable[StageChange],
    former: tuple[StageChange, ...],
) -> SiteRecord:
    said, moved = tuple(reports), tuple(changes)
    approved = [ApprovedPlan(row.effective_on, row.plan) for row in moved if row.approval_number]
    started, finished, verified = dates
    facts = SiteFacts(
        baseline=baseline,
        approved=tuple(approved) if baseline is not None else (),
        reports=tuple(Report(row.as_of, row.percent) for row in said),
        stages=tuple(stages),
        started_on=started,
        finished_on=finished,
        verified_on=verified,
        former=former,
    )
    return SiteRecord(facts, said, moved)


def standing_rows(
    model: type[SiteReport] | type[PlanChange] | type[SiteState],
    ids: Sequence[int],
    known_seq: int | None,
    day: str,
    *columns: str,
) -> Iterator[tuple[Any, ...]]:
    """(site id, day, columns ...) of the rows that nothing recorded by then corrects, by day and key.

    `standing()` of the querysets, decided here: a row is corrected by one of its own site, so everything is
    at hand, while SQLite looks for corrections through the whole table, for each row.
    """
    rows: QuerySet[Any, tuple[Any, ...]] = (
        model._default_manager.filter(site_id__in=ids)
        .order_by("site_id")
        .values_list("pk", "corrects_id", "changed_seq", "site_id", day, *columns)
    )
    known = [row for row in rows if known_seq is None or row[2] <= known_seq]
    replaced = {row[1] for row in known if row[1] is not None}
    known.sort(key=lambda row: (row[4], row[0]))
    return (row[3:] for row in known if row[0] not in replaced)
