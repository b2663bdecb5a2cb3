"""Many sites at once: what an import or the demo applies, all or nothing, in one short transaction."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Final

from django.db import transaction

from projects.actions import (
    batchscope,
    closing,
    ledger,
    rollups,
    sitedays,
    siterows,
    siteupdates,
    standings,
    subjectlights,
)
from projects.actions.drafts import SiteDraft
from projects.actions.lights import (
    Judges,
    facts_of,
    governing,
    in_order,
    judge_for,
    judges_by_indicator,
    project,
    span_rows,
    stretches_of,
)
from projects.actions.rows import entry_of
from projects.actions.siteupdates import SiteUpdate
from projects.actions.streams import Stream, streamed
from projects.models import Contribution, ImportBatch, LightSpan, PlanChange, SiteReport, SiteState
from projects.models.bulk import fresh, insert_rows, number_rows
from projects.permissions.access import Access
from projects.rules.rollups import Movements
from projects.rules.vocabulary import Publication

#: Ids or codes in one question.
_ASKED: Final = 2_000

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class FileStamp:
    """Which file a batch came from; it becomes the ImportBatch row."""

    name: str
    sha256: str
    rows: int
    unchanged: int
    options: Mapping[str, object] = field(default_factory=dict)
    undoes: int | None = None


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What was written, and the run of change numbers that it took (0, 0 when nothing changed); the batch, if
    a file was recorded. `removed` and `kept`: see ImportBatch."""

    created: int
    updated: int
    first_seq: int
    last_seq: int
    removed: int = 0
    kept: int = 0
    batch_id: int | None = None


#: Called with everything written, inside the transaction: what has to be committed with it.
Then = Callable[[BatchResult], None]


@closing.correctable
def apply_site_drafts(
    *,
    access: Access,
    drafts: Sequence[SiteDraft] | Stream[SiteDraft] = (),
    updates: Sequence[SiteUpdate] | Stream[SiteUpdate] = (),
    reason: str,
    publisher: Access | None = None,
    stamp: FileStamp | None = None,
    is_rehearsal: bool = False,
    on_progress: Progress | None = None,
    then: Then | None = None,
) -> BatchResult:
    """Create and change sites in one transaction; one audit entry a site, one run of numbers.

    With `publisher`, a second person, the new sites are public at once: submitted by the actor, published by
    that person, who needs the right to publish every one of them. A rehearsal does everything, takes it back,
    and holds no numbers meanwhile. Streams are gone through piece by piece: memory does not grow with them.

    Raises NotAllowed before anything is written when a row lies outside the actor's divisions (or the
    publisher's), Invalid when a code is taken, Conflict naming the sites that changed since they were read,
    PeriodClosed naming the first of the rows that took effect in a closed period.
    `on_progress` is told how many more sites are written.
    """
    added, changed = streamed(drafts), streamed(updates)
    total = len(added) + len(changed)
    is_recorded = stamp is not None and not is_rehearsal
    result = BatchResult(0, 0, 0, 0)
    with transaction.atomic():
        found = batchscope.survey(added)
        batchscope.check(access, publisher, found, added, changed)
        batchscope.check_codes(found, added)
        if found.indicators:
            closing.hold(closing.programmes_of(found.indicators))
            if closing.closed_through():
                closing.ask_each(
                    sitedays.facts_of_drafts(draft for drafts in added.chunks() for draft in drafts)
                )
        # Subject rows are locked by id before the head is taken: one lock order everywhere.
        if len(changed):
            siteupdates.lock(changed)
            siteupdates.ask(changed)
        if total or is_recorded:
            result = _write(
                added, changed, access, reason, publisher, stamp, is_rehearsal, on_progress or _tell_nobody
            )
        if then is not None:
            then(result)
    return result


def _write(
    added: Stream[SiteDraft],
    changed: Stream[SiteUpdate],
    access: Access,
    reason: str,
    publisher: Access | None,
    stamp: FileStamp | None,
    is_rehearsal: bool,
    tell: Progress,
) -> BatchResult:
    numbering = ledger.rehearse if is_rehearsal else ledger.take
    # The sums are written by whoever holds the head: a rehearsal would keep everybody waiting for them.
    post = rollups.forget if is_rehearsal else rollups.post
    total = len(added) + len(changed)
    is_recorded = stamp is not None and not is_rehearsal
    judges = judges_by_indicator() if total else {}
    prepared = _prepared(changed, access, judges, reason)
    movements = Movements()
    moved: rollups.Moved = frozenset()
    result = BatchResult(0, 0, 0, 0)
    with numbering(total + is_recorded, actor_id=access.user_id) as numbers:
        seq = numbers.first
        for drafts in added.chunks():
            rewrite = _create_chunk(drafts, numbers, seq, judges, access, reason, publisher)
            rewrite.write(movements, superseded_seq=numbers.last)
            moved |= post(movements, at_least=rollups.MOST)
            seq += len(drafts)
            tell(len(drafts))
        for rows in prepared:
            siteupdates.write(rows, numbers, seq, movements)
            moved |= post(movements, at_least=rollups.MOST)
            seq += len(rows)
            tell(len(rows))
        moved |= post(movements)
        # Once for all: the lights of indicators ask for the sums as the whole batch leaves them.
        subjectlights.follow_output(moved, seq=numbers.last, now=numbers.recorded_at)
        if total:
            result = BatchResult(len(added), len(changed), numbers.first, numbers.first + total - 1)
        if stamp is not None and is_recorded:
            batch = record_batch(stamp, result, numbers, access, reason)
            result = replace(result, batch_id=batch.pk)
    return result


def _prepared(
    changed: Stream[SiteUpdate], access: Access, judges: Judges, reason: str
) -> Iterator[list[siteupdates.Prepared]]:
    """What the updates write. The first piece is worked out here and now, before the head is held: of nearly
    every batch it is all there is. More than that is worked out piece by piece while it is being written, or
    memory would grow with the batch."""
    pieces = (
        siteupdates.prepare(chunk[start : start + _ASKED], access=access, judges=judges, reason=reason)
        for chunk in changed.chunks()
        for start in range(0, len(chunk), _ASKED)
    )
    first = next(pieces, None)
    return iter(()) if first is None else chain([first], pieces)


def _tell_nobody(count: int) -> None:
    pass


def record_batch(
    stamp: FileStamp, result: BatchResult, numbers: ledger.Numbers, access: Access, reason: str
) -> ImportBatch:
    """Write the file itself, under the last of the numbers: `result` took those before it."""
    batch = ImportBatch(
        file_name=stamp.name,
        file_sha256=stamp.sha256,
        options=dict(stamp.options),
        rows=stamp.rows,
        created_count=result.created,
        updated_count=result.updated,
        unchanged_count=stamp.unchanged,
        removed_count=result.removed,
        kept_count=result.kept,
        undoes_id=stamp.undoes,
        first_seq=result.first_seq or None,
        last_seq=result.last_seq or None,
        recorded_at=numbers.recorded_at,
        recorded_by_id=access.user_id,
        changed_seq=numbers.last,
    )
    batch.save()
    numbers.write([entry_of(batch, "add", {}, reason)])
    return batch


def _create_chunk(
    drafts: Sequence[SiteDraft],
    numbers: ledger.Numbers,
    first_seq: int,
    judges: Judges,
    access: Access,
    reason: str,
    publisher: Access | None,
) -> standings.Rewrite:
    """Write everything but what figures count, which is returned unsaved."""
    now = numbers.recorded_at
    contributions: list[Contribution] = []
    states: list[SiteState] = []
    reports: list[SiteReport] = []
    plans: list[PlanChange] = []
    lights: list[LightSpan] = []
    stood = standings.Rewrite()
    governs = governing(judges)
    sites = siterows.new_sites(drafts, now=now, first_seq=first_seq)
    number_rows(sites)
    for site, draft in zip(sites, drafts, strict=True):
        if publisher is not None:
            site.publication = Publication.PUBLISHED.value
            site.submitted_by_id, site.published_by_id = access.user_id, publisher.user_id
        own_states = siterows.initial_states(site, draft, now=now)
        own_reports = siterows.report_rows(site, draft, now=now, actor_id=access.user_id)
        own_plans = siterows.plan_change_rows(site, draft, now=now, actor_id=access.user_id)
        judge = judge_for((indicator_id for indicator_id, _quantity in draft.contributions), judges)
        if judge is not None:
            facts = facts_of(site, reports=own_reports, states=own_states, plan_changes=own_plans)
            ordered = in_order(own_states)
            spans = span_rows(
                site, project(site, facts, judge, stretches_of(ordered, judges, judge)), now=now
            )
            lights += spans
            timeline = standings.stood(site, ordered, standings.lit(spans), governs)
            stood.rows += standings.rows_of(site, timeline, now=now)
        contributions += [
            fresh(Contribution, site_id=site.pk, indicator_id=indicator_id, quantity=quantity)
            for indicator_id, quantity in draft.contributions
        ]
        states += own_states
        reports += own_reports
        plans += own_plans
    insert_rows(sites)
    insert_rows(contributions)
    insert_rows(states)
    insert_rows(reports)
    insert_rows(plans)
    insert_rows(lights)
    numbers.write(
        [
            ledger.Entry(
                action="site.add",
                subject_type="site",
                subject_id=str(site.pk),
                division_id=site.managed_by_id,
                payload={
                    "reason": reason,
                    "code": site.code,
                    **({} if publisher is None else {"published_by": publisher.user_id}),
                },
            )
            for site, draft in zip(sites, drafts, strict=True)
        ]
    )
    return stood
