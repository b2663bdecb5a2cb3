"""Many sites at once: what an import or the demo applies, all or nothing, in one short transaction."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from django.db import transaction
from django.utils.translation import gettext as _

from projects.actions import (
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
from projects.actions.errors import Invalid, NotAllowed
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
from projects.actions.sitewriting import departments_of, pairs_of, targets_of
from projects.models import Contribution, ImportBatch, LightSpan, PlanChange, Site, SiteReport, SiteState
from projects.models.bulk import fresh, insert_rows, number_rows
from projects.permissions.access import Access, Permission, Target, divisions_for, may, may_publish
from projects.rules.rollups import Movements
from projects.rules.vocabulary import Publication

#: Sites that are built and written together: the memory that a batch takes.
CHUNK: Final = 5_000
#: Ids or codes in one question.
_ASKED: Final = 2_000

Progress = Callable[[int], None]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class FileStamp:
    """Which file a batch came from; it becomes the ImportBatch row."""

    name: str
    sha256: str
    rows: int
    unchanged: int
    options: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What was written, and the run of change numbers that it took (0, 0 when nothing changed)."""

    created: int
    updated: int
    first_seq: int
    last_seq: int


@closing.correctable
def apply_site_drafts(
    *,
    access: Access,
    drafts: Sequence[SiteDraft] = (),
    updates: Sequence[SiteUpdate] = (),
    reason: str,
    publisher: Access | None = None,
    stamp: FileStamp | None = None,
    is_rehearsal: bool = False,
    on_progress: Progress | None = None,
) -> BatchResult:
    """Create and change sites in one transaction; one audit entry a site, one run of numbers.

    With `publisher`, a second person, the new sites are public at once: submitted by the actor, published by
    that person, who needs the right to publish every one of them. A rehearsal does everything, takes it back,
    and holds no numbers meanwhile.

    Raises NotAllowed before anything is written when a row lies outside the actor's divisions (or the
    publisher's), Invalid when a code is taken, Conflict when a site changed since it was read, PeriodClosed
    naming the first of the rows that took effect in a closed period.
    `on_progress` is told how many more sites are written.
    """
    _check_scope(access, drafts, updates)
    _check_publisher(publisher, access, drafts)
    tell = on_progress or (lambda count: None)
    numbering = ledger.rehearse if is_rehearsal else ledger.take
    # The sums are written by whoever holds the head: a rehearsal would keep everybody waiting for them.
    post = rollups.forget if is_rehearsal else rollups.post
    with transaction.atomic():
        _check_codes_free(drafts)
        judges = judges_by_indicator() if drafts or updates else {}
        closing.ask_each(sitedays.facts_of_drafts(drafts))
        # Subject rows are locked by id before the head is taken: one lock order everywhere.
        prepared = siteupdates.prepare(updates, access=access, judges=judges, reason=reason)
        total = len(drafts) + len(prepared)
        is_recorded = stamp is not None and not is_rehearsal
        result = BatchResult(0, 0, 0, 0)
        if total or is_recorded:
            movements = Movements()
            moved: rollups.Moved = frozenset()
            with numbering(total + is_recorded, actor_id=access.user_id) as numbers:
                for start in range(0, len(drafts), CHUNK):
                    chunk = drafts[start : start + CHUNK]
                    rewrite = _create_chunk(
                        chunk, numbers, numbers.first + start, judges, access, reason, publisher
                    )
                    rewrite.write(movements, superseded_seq=numbers.last)
                    moved |= post(movements, at_least=rollups.MOST)
                    tell(len(chunk))
                written = siteupdates.write(prepared, numbers, numbers.first + len(drafts), movements)
                for count in written:
                    moved |= post(movements, at_least=rollups.MOST)
                    tell(count)
                moved |= post(movements)
                # Once for all: the lights of indicators ask for the sums as the whole batch leaves them.
                subjectlights.follow_output(moved, seq=numbers.last, now=numbers.recorded_at)
                if total:
                    last = numbers.first + total - 1
                    result = BatchResult(len(drafts), len(updates), numbers.first, last)
                if stamp is not None and is_recorded:
                    record_batch(stamp, result, numbers, access, reason)
    return result


def record_batch(
    stamp: FileStamp, result: BatchResult, numbers: ledger.Numbers, access: Access, reason: str
) -> None:
    """Write the file itself, under the last of the numbers: `result` took those before it."""
    batch = ImportBatch(
        file_name=stamp.name,
        file_sha256=stamp.sha256,
        options=dict(stamp.options),
        rows=stamp.rows,
        created_count=result.created,
        updated_count=result.updated,
        unchanged_count=stamp.unchanged,
        first_seq=result.first_seq or None,
        last_seq=result.last_seq or None,
        recorded_at=numbers.recorded_at,
        recorded_by_id=access.user_id,
        changed_seq=numbers.last,
    )
    batch.save()
    numbers.write([entry_of(batch, "add", {}, reason)])


def _check_scope(access: Access, drafts: Sequence[SiteDraft], updates: Sequence[SiteUpdate]) -> None:
    """Every row must be the actor's, before the first one is written."""
    allowed = divisions_for(access, Permission.SITE_ADD)
    outside: list[str] = []
    if allowed is not None:
        targets: dict[tuple[int, tuple[int, ...]], list[Target]] = {}
        for draft in drafts:
            key = (draft.managed_by_id, tuple(pk for pk, _quantity in draft.contributions))
            if key not in targets:
                targets[key] = targets_of(*key)
            if not all(may(access, Permission.SITE_ADD, target) for target in targets[key]):
                outside.append(draft.code)
    if updates:
        for ids in _chunks([update.site_id for update in updates]):
            theirs = Site.objects.live().filter(pk__in=ids)
            mine = Site.objects.visible_to(access, Permission.SITE_CHANGE).filter(pk__in=ids)
            outside += theirs.exclude(pk__in=mine.values("pk")).values_list("code", flat=True)
        moved = divisions_for(access, Permission.SITE_CHANGE)
        if moved is not None:
            # Handing a site over takes a right on both sides.
            outside += [
                str(update.site_id)
                for update in updates
                if "managed_by_id" in update.changes and update.changes["managed_by_id"] not in moved
            ]
            outside += _counting_elsewhere(access, updates)
    if outside:
        raise NotAllowed(
            _("有 %(count)d 个点位不在您的管理区划内(例如 %(code)s),没有写入任何数据。")
            % {"count": len(outside), "code": outside[0]}
        )


def _counting_elsewhere(access: Access, updates: Sequence[SiteUpdate]) -> Iterator[str]:
    """Sites that would enter or leave the figures of an indicator that is not the actor's."""
    touching = {update.site_id: update for update in updates if "contributions" in update.changes}
    allowed: dict[tuple[int, int], bool] = {}
    for ids in _chunks(list(touching)):
        for site in Site.objects.filter(pk__in=ids).prefetch_related("contributions"):
            changes = touching[site.pk].changes
            had = {(row.indicator_id, row.quantity) for row in site.contributions.all()}
            division = changes.get("managed_by_id", site.managed_by_id)
            assert isinstance(division, int)
            for indicator_id, _quantity in set(pairs_of(changes["contributions"])) ^ had:
                cell = (division, indicator_id)
                if cell not in allowed:
                    target = Target(division, departments_of([indicator_id]))
                    allowed[cell] = may(access, Permission.SITE_CHANGE, target)
                if not allowed[cell]:
                    yield site.code
                    break


def _check_publisher(publisher: Access | None, access: Access, drafts: Sequence[SiteDraft]) -> None:
    """Publishing takes a second person with the right to publish each of these sites; demo data does not."""
    if publisher is None:
        if any(draft.publication is Publication.PUBLISHED and not draft.is_demo for draft in drafts):
            raise NotAllowed(_("发布须由提交人以外、有发布权限的人进行。"))
        return
    kinds = {(draft.managed_by_id, tuple(pk for pk, _quantity in draft.contributions)) for draft in drafts}
    for division_id, indicators in sorted(kinds):
        if not may_publish(publisher, access.user_id, Target(division_id, departments_of(indicators))):
            raise NotAllowed(_("发布须由提交人以外、有发布权限的人进行。"))


def _check_codes_free(drafts: Sequence[SiteDraft]) -> None:
    codes = [draft.code for draft in drafts]
    if len(set(codes)) != len(codes):
        seen: set[str] = set()
        double = next(code for code in codes if code in seen or seen.add(code))  # type: ignore[func-returns-value]
        raise Invalid({"code": _("点位编码 %(code)s 出现了两次。") % {"code": double}})
    for chunk in _chunks(codes):
        taken = Site.objects.filter(code__in=chunk).values_list("code", flat=True).first()
        if taken is not None:
            raise Invalid({"code": _("点位编码 %(code)s 已经存在。") % {"code": taken}})


def _chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), _ASKED):
        yield values[start : start + _ASKED]


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
