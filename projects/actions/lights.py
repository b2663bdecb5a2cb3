"""Light spans are rewritten when a report, stage or plan changes; the replaced ones stay for `known_at`."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from projects.models import (
    Contribution,
    Indicator,
    LagPolicy,
    LightSpan,
    PlanChange,
    Programme,
    Site,
    SiteReport,
    SiteState,
)
from projects.models.bulk import fresh
from projects.models.sites import make_plan
from projects.querysets.sites import SiteQuerySet
from projects.rules.facts import ApprovedPlan, Report, SiteFacts, StageChange
from projects.rules.lights import light_at
from projects.rules.policy import Policy
from projects.rules.spans import Span, first_days, spans
from projects.rules.vocabulary import Light, Stage

_CHUNK = 2_000
#: What `project` sets on a site.
CACHED = ("light", "yellow_on", "red_on")

T = TypeVar("T", SiteReport, SiteState, PlanChange)


@dataclass(frozen=True, slots=True)
class Judge:
    """The policy under which a site is judged, and the programme's days."""

    policy_id: int
    policy: Policy
    period_end: dt.date
    cutoff: dt.date

    @classmethod
    def of(cls, programme: Programme) -> "Judge":
        row: LagPolicy = programme.policy
        return cls(row.pk, Policy.from_json(row.rules), programme.period_end, programme.cutoff)


#: Which programme governs a site that counts for several: see `Programme.rank`.
Rank: TypeAlias = tuple[bool, dt.date, str]
Judges: TypeAlias = Mapping[int, tuple[Rank, Judge]]


def judges_by_indicator() -> Judges:
    """For each indicator the judge of its programme, and the programme's rank."""
    judges = {
        programme.pk: (programme.rank, Judge.of(programme))
        for programme in Programme.objects.filter(deleted_seq__isnull=True).select_related("policy")
    }
    return {
        pk: judges[programme_id]
        for pk, programme_id in Indicator.objects.values_list("pk", "category__programme_id")
        if programme_id in judges
    }


def judge_for(indicator_ids: Iterable[int], judges: Judges) -> Judge | None:
    """The judge of the programme that governs the site; None for existing stock (存量)."""
    found = [judges[indicator_id] for indicator_id in indicator_ids if indicator_id in judges]
    return max(found, key=lambda pair: pair[0])[1] if found else None


def facts_of(
    site: Site,
    *,
    reports: Iterable[SiteReport],
    states: Iterable[SiteState],
    plan_changes: Iterable[PlanChange],
) -> SiteFacts:
    """What the rules need to know. A corrected row is left out: its correction speaks instead."""
    kept_reports = _without_corrected(reports)
    kept_changes = _without_corrected(plan_changes)
    approved = []
    for change in kept_changes:
        plan = make_plan(change.planned_start, change.planned_finish, change.milestones)
        if change.approval_number and plan is not None:
            approved.append(ApprovedPlan(change.effective_on, plan))
    baseline = site.baseline
    return SiteFacts(
        baseline=baseline,
        approved=tuple(approved) if baseline is not None else (),
        reports=tuple(Report(report.as_of, report.percent) for report in kept_reports),
        stages=tuple(
            StageChange(state.effective_on, Stage(state.stage)) for state in _without_corrected(states)
        ),
        started_on=site.started_on,
        finished_on=site.finished_on,
        verified_on=site.verified_on,
    )


def _without_corrected(rows: Iterable[T]) -> list[T]:
    kept = list(rows)
    replaced = {row.corrects_id for row in kept if row.corrects_id is not None}
    return [row for row in kept if row.pk is None or row.pk not in replaced]


def project(site: Site, facts: SiteFacts, judge: Judge | None) -> Sequence[Span]:
    """The site's spans; its light on the cut-off and its first days are set on the instance (not saved)."""
    if judge is None:
        site.yellow_on = site.red_on = None
        site.light = Light.NONE.value
        return ()
    found = spans(facts, judge.policy, judge.period_end)
    site.yellow_on, site.red_on = first_days(found, judge.cutoff)
    # Asked of the rules for that very day: what happened after the cut-off says nothing about it.
    site.light = light_at(facts, judge.policy, judge.cutoff).light.value
    return found


def span_rows(site: Site, found: Sequence[Span], judge: Judge, *, now: dt.datetime) -> list[LightSpan]:
    return [
        fresh(
            LightSpan,
            subject_key=f"site:{site.pk}",
            site_id=site.pk,
            policy_id=judge.policy_id,
            recorded_at=now,
            changed_seq=site.changed_seq,
            valid_from=span.valid_from,
            valid_to=span.valid_to,
            light=span.light.value,
            reason=span.reason.value,
            detail={"note": span.detail} if span.detail else {},
        )
        for span in found
    ]


def rewrite_site_spans(site: Site, judge: Judge | None, *, now: dt.datetime) -> None:
    """Replace what a change made untrue; spans that stand unchanged are left alone.

    The site's `CACHED` fields are set on the instance; the caller saves it.
    """
    facts = facts_of(
        site, reports=site.reports.all(), states=site.states.all(), plan_changes=site.plan_changes.all()
    )
    current = LightSpan.objects.filter(subject_key=f"site:{site.pk}", superseded_at__isnull=True)
    replaced, rows = respan(site, facts, judge, current, now=now)
    LightSpan.objects.filter(pk__in=replaced).update(superseded_at=now, superseded_seq=site.changed_seq)
    LightSpan.objects.bulk_create(rows)


def respan(
    site: Site, facts: SiteFacts, judge: Judge | None, current: Iterable[LightSpan], *, now: dt.datetime
) -> tuple[list[int], list[LightSpan]]:
    """Ids of the current spans that no longer hold, and the unsaved ones that take their place.

    The site's `CACHED` fields are set on the instance.
    """
    found = project(site, facts, judge)
    rows = span_rows(site, found, judge, now=now) if judge is not None else []
    standing = {_content(row) for row in rows}
    kept = set()
    replaced = []
    for old in current:
        if _content(old) in standing:
            kept.add(_content(old))
        else:
            replaced.append(old.pk)
    return replaced, [row for row in rows if _content(row) not in kept]


def _content(row: LightSpan) -> tuple[object, ...]:
    return (
        row.policy_id,
        row.valid_from,
        row.valid_to,
        row.light,
        row.reason,
        tuple(sorted(row.detail.items())),
    )


def rejudge(programme: Programme, *, changed_seq: int, now: dt.datetime) -> int:
    """Judge every site of a programme anew: its policy, period or cut-off changed. Returns how many changed.

    Under a number that the caller holds, the sites' rows being locked before it was taken.
    """
    judges = judges_by_indicator()
    changed = 0
    ids = list(sites_of(programme).values_list("pk", flat=True))
    for start in range(0, len(ids), _CHUNK):
        sites = Site.objects.filter(pk__in=ids[start : start + _CHUNK]).prefetch_related(
            "reports", "states", "plan_changes", "contributions"
        )
        touched = []
        for site in sites:
            before = [getattr(site, name) for name in CACHED]
            judge = judge_for((row.indicator_id for row in site.contributions.all()), judges)
            site.changed_seq = changed_seq
            rewrite_site_spans(site, judge, now=now)
            if before != [getattr(site, name) for name in CACHED]:
                touched.append(site)
        Site.objects.bulk_update(touched, [*CACHED, "changed_seq"], batch_size=200)
        changed += len(touched)
    return changed


def sites_of(programme: Programme) -> SiteQuerySet:
    """Live sites that count for a programme, by id."""
    counting = Contribution.objects.filter(indicator__category__programme=programme).values("site_id")
    return Site.objects.live().filter(pk__in=counting).order_by("pk")
