"""Light spans are rewritten when a report, stage or plan changes; the replaced ones stay for `known_at`.

What figures count of a site (projects.actions.standings) is rewritten with them.
"""

import datetime as dt
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, TypeVar

from django.db.models import Q

from projects.actions import rollups, standings
from projects.models import (
    Contribution,
    Indicator,
    LagPolicy,
    LightSpan,
    PlanChange,
    Programme,
    Site,
    SiteReport,
    SiteStanding,
    SiteState,
)
from projects.models.bulk import fresh, insert_rows
from projects.models.sites import make_plan
from projects.querysets.sites import SiteQuerySet
from projects.rules.facts import ApprovedPlan, Report, SiteFacts, StageChange, former_of
from projects.rules.lights import light_at
from projects.rules.policy import Policy
from projects.rules.rollups import Movements
from projects.rules.spans import Span, first_days, spans
from projects.rules.standings import FOREVER
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
    programme_id: int

    @classmethod
    def of(cls, programme: Programme) -> "Judge":
        row: LagPolicy = programme.policy
        return cls(row.pk, Policy.from_json(row.rules), programme.period_end, programme.cutoff, programme.pk)


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


def judge_of(contributions: str, judges: Judges) -> Judge | None:
    """See `judge_for`; contributions as one text (projects.rules.standings.contributions_text)."""
    return judge_for(map(int, json.loads(contributions)), judges)


def facts_of(
    site: Site,
    *,
    reports: Iterable[SiteReport],
    states: Iterable[SiteState],
    plan_changes: Iterable[PlanChange],
) -> SiteFacts:
    """What the rules need to know. A corrected row is left out: its correction speaks instead."""
    kept_reports = without_corrected(reports)
    kept_changes = without_corrected(plan_changes)
    approved = []
    for change in kept_changes:
        plan = make_plan(change.planned_start, change.planned_finish, change.milestones)
        if change.approval_number and plan is not None:
            approved.append(ApprovedPlan(change.effective_on, plan))
    baseline = site.baseline
    kept_states = without_corrected(states)
    return SiteFacts(
        baseline=baseline,
        approved=tuple(approved) if baseline is not None else (),
        reports=tuple(Report(report.as_of, report.percent) for report in kept_reports),
        stages=tuple(StageChange(state.effective_on, Stage(state.stage)) for state in kept_states),
        started_on=site.started_on,
        finished_on=site.finished_on,
        verified_on=site.verified_on,
        former=former_of((state.former_finished_on, state.former_verified_on) for state in kept_states),
    )


def without_corrected(rows: Iterable[T]) -> list[T]:
    kept = list(rows)
    replaced = {row.corrects_id for row in kept if row.corrects_id is not None}
    return [row for row in kept if row.pk is None or row.pk not in replaced]


#: A light and whose it is.
Judged: TypeAlias = tuple[Span, Judge]

#: Who judges a site from which day on, ascending; the first one from the beginning of time.
Stretches: TypeAlias = Sequence[tuple[dt.date, Judge | None]]


def stretches_of(states: Iterable[SiteState], judges: Judges, judge: Judge | None) -> Stretches:
    """Each day has the judge of what the site counted for on it: joining or leaving a programme in August
    leaves June's lights as they were.

    `states` without corrected ones, in their order. On days on which it counted for nothing the next judge
    speaks; `judge`, that of today, after the last one.
    """
    found: dict[dt.date, Judge | None] = {}
    following = judge
    for state in reversed(list(states)):
        following = judge_of(standings.contributions_key(state), judges) or following
        found.setdefault(state.effective_on, following)
    steps: list[tuple[dt.date, Judge | None]] = []
    for day in sorted(found):
        if not steps or steps[-1][1] is not found[day]:
            steps.append((day, found[day]))
    first = steps[0][1] if steps else judge
    return [(dt.date.min, first), *steps[1:]]


def project(site: Site, facts: SiteFacts, judge: Judge | None, stretches: Stretches) -> Sequence[Judged]:
    """The site's spans; its light on the cut-off and its first days are set on the instance (not saved)."""
    found = list(_judged(facts, stretches))
    if judge is None:
        site.yellow_on = site.red_on = None
        site.light = Light.NONE.value
        return found
    site.yellow_on, site.red_on = first_days(tuple(span for span, _judge in found), judge.cutoff)
    # Asked of the rules for that very day: what happened after the cut-off says nothing about it.
    then = next(own for since, own in reversed(stretches) if since <= judge.cutoff)
    site.light = (light_at(facts, then.policy, judge.cutoff).light if then is not None else Light.NONE).value
    return found


def _judged(facts: SiteFacts, stretches: Stretches) -> Iterator[Judged]:
    ends = [*(since for since, _judge in stretches[1:]), FOREVER]
    for (since, judge), until in zip(stretches, ends, strict=True):
        if judge is None:
            continue
        for span in spans(facts, judge.policy, judge.period_end):
            begin, end = max(span.valid_from, since), min(span.valid_to, until)
            if begin < end:
                yield replace(span, valid_from=begin, valid_to=end), judge


def span_rows(site: Site, found: Iterable[Judged], *, now: dt.datetime) -> list[LightSpan]:
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
        for span, judge in found
    ]


def rewrite_site_spans(
    site: Site, judge: Judge | None, judges: Judges, movements: Movements, *, now: dt.datetime
) -> None:
    """Replace what a change made untrue; spans that stand unchanged are left alone.

    The site's `CACHED` fields are set on the instance; the caller saves it, and posts what moved.
    """
    lights = LightSpan.objects.filter(subject_key=f"site:{site.pk}", superseded_at__isnull=True)
    found = respan(
        site,
        judge,
        judges,
        Current(list(lights), standings.current_of([site.pk])),
        states=site.states.all(),
        now=now,
    )
    found.write(movements, now=now, superseded_seq=site.changed_seq)


@dataclass(frozen=True, slots=True)
class Current:
    """What stands of one site: its lights and what figures count of it."""

    lights: Sequence[LightSpan] = ()
    standings: Sequence[SiteStanding] = ()


@dataclass(slots=True)
class Respan:
    """Ids of the current lights that no longer hold, the unsaved ones that take their place, and the same of
    what figures count."""

    ended: list[int]
    rows: list[LightSpan]
    standings: standings.Rewrite

    def extend(self, other: "Respan") -> None:
        self.ended += other.ended
        self.rows += other.rows
        self.standings.extend(other.standings)

    def stamp(self, *, changed_seq: int, now: dt.datetime) -> None:
        """Under which number, and when, the new rows are recorded."""
        for light in self.rows:
            light.changed_seq, light.recorded_at = changed_seq, now
        for row in self.standings.rows:
            row.changed_seq, row.recorded_at = changed_seq, now

    def write(self, movements: Movements, *, now: dt.datetime, superseded_seq: int) -> None:
        """Save all of it. `superseded_seq` is of the whole transaction: nothing is known between two of its
        numbers."""
        for start in range(0, len(self.ended), _CHUNK):
            LightSpan.objects.filter(pk__in=self.ended[start : start + _CHUNK]).update(
                superseded_at=now, superseded_seq=superseded_seq
            )
        insert_rows(self.rows)
        self.standings.write(movements, superseded_seq=superseded_seq)


def respan(
    site: Site,
    judge: Judge | None,
    judges: Judges,
    current: Current,
    *,
    states: Iterable[SiteState],
    now: dt.datetime,
    reports: Iterable[SiteReport] | None = None,
) -> Respan:
    """What has to change for the lights, and what figures count, to say what the site's rows say.

    `states` and `reports` (None: those that are stored) may hold an unsaved one. The site's `CACHED` fields
    are set on the instance.
    """
    states = list(states)
    told = site.reports.all() if reports is None else reports
    facts = facts_of(site, reports=told, states=states, plan_changes=site.plan_changes.all())
    standing = in_order(states)
    found = project(site, facts, judge, stretches_of(standing, judges, judge))
    rows = span_rows(site, found, now=now)
    wanted = {_content(row) for row in rows}
    kept = set()
    ended = []
    for old in current.lights:
        if _content(old) in wanted:
            kept.add(_content(old))
        else:
            ended.append(old.pk)
    timeline = standings.stood(site, standing, standings.lit(rows), governing(judges))
    return Respan(
        ended,
        [row for row in rows if _content(row) not in kept],
        standings.restand(site, timeline, current.standings, now=now),
    )


def in_order(states: Iterable[SiteState]) -> list[SiteState]:
    """Without corrected ones, in the order in which they hold; one that is not saved yet is the newest."""
    return sorted(without_corrected(states), key=lambda row: (row.effective_on, row.pk is None, row.pk or 0))


def governing(judges: Judges) -> Callable[[str], int | None]:
    """Which programme governs a site with these contributions; None for existing stock."""

    def programme(contributions: str) -> int | None:
        judge = judge_of(contributions, judges)
        return None if judge is None else judge.programme_id

    return programme


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

    Under a number that the caller holds, the sites' rows being locked before it was taken. The maintained
    sums of all programmes are made anew: the days that they are kept for may have moved.
    """
    judges = judges_by_indicator()
    unposted = Movements()
    changed = 0
    ids = list(sites_of(programme).values_list("pk", flat=True))
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK]
        sites = Site.objects.filter(pk__in=chunk).prefetch_related(
            "reports", "states", "plan_changes", "contributions"
        )
        current = current_by_site(chunk)
        touched = []
        for site in sites:
            before = [getattr(site, name) for name in CACHED]
            judge = judge_for((row.indicator_id for row in site.contributions.all()), judges)
            site.changed_seq = changed_seq
            found = respan(site, judge, judges, current[site.pk], states=site.states.all(), now=now)
            found.write(unposted, now=now, superseded_seq=changed_seq)
            if before != [getattr(site, name) for name in CACHED]:
                touched.append(site)
        Site.objects.bulk_update(touched, [*CACHED, "changed_seq"], batch_size=200)
        changed += len(touched)
        unposted.net.clear()
    rollups.rebuild()
    return changed


def current_by_site(ids: Sequence[int]) -> dict[int, Current]:
    """What stands of these sites, read at once."""
    lights: dict[int, list[LightSpan]] = {pk: [] for pk in ids}
    stood: dict[int, list[SiteStanding]] = {pk: [] for pk in ids}
    keys = [f"site:{pk}" for pk in ids]
    for span in LightSpan.objects.filter(subject_key__in=keys, superseded_at__isnull=True):
        assert span.site_id is not None
        lights[span.site_id].append(span)
    for row in standings.current_of(ids):
        stood[row.site_id].append(row)
    return {pk: Current(lights[pk], stood[pk]) for pk in ids}


def sites_of(programme: Programme) -> SiteQuerySet:
    """Live sites that count for a programme, or did on some day, by id."""
    counting = Contribution.objects.filter(indicator__category__programme=programme).values("site_id")
    counted = SiteStanding.objects.known().filter(judged_by=programme).values("site_id")
    return Site.objects.live().filter(Q(pk__in=counting) | Q(pk__in=counted)).order_by("pk")
