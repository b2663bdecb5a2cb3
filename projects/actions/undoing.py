"""Undoing a batch as a new batch: what it added is removed, what it changed is as before, by its own entries.

A removed site keeps its row and its history, but gives its code and public number back: the usual reason to
undo is to import the same file again, rightly. The state records that the batch wrote are corrected, not
followed: figures of every day since are as if it had never been. Undoing an undo does it again.
"""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from django.db import transaction
from django.utils.translation import gettext as _

from projects.actions import closing, ledger, rollups, sitedays, siteupdates, subjectlights, undosites
from projects.actions.batches import BatchResult, FileStamp, record_batch
from projects.actions.errors import Conflict, Invalid, NotAllowed
from projects.actions.lights import judges_by_indicator
from projects.actions.streams import Listed
from projects.actions.undosites import ADDED, CHANGED, PUBLISHING, REMOVED, Step
from projects.models import AuditEntry, ImportBatch, Programme, Site
from projects.permissions.access import Access, Permission, Target, may
from projects.rules.rollups import Movements
from projects.rules.vocabulary import Publication

_PAGE: Final = 2_000
_NAMED: Final = 10


@dataclass(frozen=True, slots=True)
class Undone:
    """What was undone (or in a rehearsal would be). `kept`: codes that were left as they are."""

    removed: int
    restored: int
    changed_back: int
    kept: tuple[str, ...]
    batch_id: int | None = None


@closing.correctable
def undo_batch(
    *,
    access: Access,
    batch_id: int,
    reason: str,
    keep_changed: bool = False,
    is_rehearsal: bool = False,
    on_progress: Callable[[int], None] | None = None,
) -> Undone:
    """Take a batch's changes back, all or nothing, as a new batch that `undoes` it.

    Publishing what a batch brought is no change of it. Raises NotAllowed, Invalid for a second undoing and
    for a batch that is not of sites, Conflict naming the sites that somebody changed since (with
    `keep_changed` they stay as they are and the rest is undone), PeriodClosed.
    """
    if not reason.strip():
        raise Invalid({"reason": _("请写明撤销原因。")})
    with transaction.atomic():
        batch = _undoable(access, batch_id)
        _lock(batch)
        kept = _changed_since(batch)
        if kept and not keep_changed:
            raise _changed(list(kept.values()))
        _check_rights(batch, access, kept)
        _ask_closed(batch, kept)
        return _write(batch, access, reason, kept, is_rehearsal, on_progress or (lambda count: None))


def may_see(access: Access, batch: ImportBatch) -> bool:
    """One's own batches; every one for who may import for the whole city."""
    return may(access, Permission.IMPORT_RUN, Target()) or (
        access.user_id is not None and batch.recorded_by_id == access.user_id
    )


def _undoable(access: Access, batch_id: int) -> ImportBatch:
    batch = ImportBatch.objects.select_for_update().filter(pk=batch_id).first()
    if batch is None or not may_see(access, batch):
        raise NotAllowed(_("没有这个批次。"))
    done = ImportBatch.objects.filter(undoes=batch).first()
    if done is not None:
        raise Invalid(
            {"": _("批次 %(batch)d 已由批次 %(done)d 撤销。") % {"batch": batch.pk, "done": done.pk}}
        )
    entries = AuditEntry.objects.filter(seq__gte=batch.first_seq or 0, seq__lte=batch.last_seq or -1)
    if not entries.exists():
        raise Invalid({"": _("批次 %(batch)d 没有改动任何数据。") % {"batch": batch.pk}})
    if entries.exclude(action__in=[*ADDED, *REMOVED, CHANGED]).exists():
        raise Invalid({"": _("批次 %(batch)d 不是点位的导入,不能这样撤销。") % {"batch": batch.pk}})
    return batch


def _pages(batch: ImportBatch, kept: Container[int] = ()) -> Iterator[list[Step]]:
    """The batch's steps in their order, without those of sites that are kept."""
    after = (batch.first_seq or 0) - 1
    while True:
        found = list(
            AuditEntry.objects.filter(seq__gt=after, seq__lte=batch.last_seq or -1)
            .order_by("seq")
            .values_list("seq", "action", "subject_id", "payload")[:_PAGE]
        )
        if not found:
            return
        after = found[-1][0]
        yield [
            Step(seq, action, int(subject), payload)
            for seq, action, subject, payload in found
            if int(subject) not in kept
        ]


def _lock(batch: ImportBatch) -> None:
    """Every site of the batch, by id: one lock order everywhere."""
    ids = np.sort(
        np.fromiter((step.site_id for page in _pages(batch) for step in page), dtype=np.int64)
    ).tolist()
    for start in range(0, len(ids), _PAGE):
        rows = Site.objects.select_for_update().filter(pk__in=ids[start : start + _PAGE]).order_by("pk")
        list(rows.values_list("pk"))


def _changed_since(batch: ImportBatch) -> dict[int, str]:
    """Sites that somebody changed after the batch, and those whose code another site has now: by id, with the
    code that they have or had."""
    found: dict[int, str] = {}
    for page in _pages(batch):
        by_id = {step.site_id: step for step in page}
        later = AuditEntry.objects.filter(
            subject_type="site", subject_id__in=[str(pk) for pk in by_id], seq__gt=batch.last_seq or 0
        ).exclude(action__in=PUBLISHING)
        touched = {int(subject) for subject in later.values_list("subject_id", flat=True).distinct()}
        codes = dict(Site.objects.filter(pk__in=touched).values_list("pk", "code"))
        found |= {pk: by_id[pk].code or codes[pk] for pk in sorted(touched)}
        wanted = {step.code: step.site_id for step in page if step.action in REMOVED}
        taken = Site.objects.filter(code__in=wanted).values_list("code", flat=True)
        found |= {wanted[code]: code for code in taken if wanted[code] not in found}
    return found


def _changed(codes: Sequence[str]) -> Conflict:
    said = "、".join(codes[:_NAMED]) + ("…" if len(codes) > _NAMED else "")
    return Conflict(
        _(
            "有 %(count)d 个点位在这批导入之后又有改动(%(codes)s),没有撤销任何数据;"
            "可以选择保留这些点位(--keep-changed),只撤销其余的。"
        )
        % {"count": len(codes), "codes": said},
        current_version=0,
    )


def _check_rights(batch: ImportBatch, access: Access, kept: Mapping[int, str]) -> None:
    outside: list[str] = []
    for page in _pages(batch, kept):
        outside += undosites.outside(access, page)
    if outside:
        raise NotAllowed(
            _(
                "有 %(count)d 个点位您无权这样改动(不在您的管理区划内,或已经发布、须由系统管理员移除),"
                "没有撤销任何数据。"
            )
            % {"count": len(outside)}
        )


def _ask_closed(batch: ImportBatch, kept: Mapping[int, str]) -> None:
    closing.hold(Programme.objects.values_list("pk", flat=True))
    if not closing.closed_through():
        return

    def facts() -> Iterator[sitedays.Fact]:
        for page in _pages(batch, kept):
            ids = [step.site_id for step in page if step.action != CHANGED]
            public = Site.objects.filter(pk__in=ids, publication=Publication.PUBLISHED.value)
            yield from sitedays.facts_of_sites(list(public.values_list("pk", flat=True)))
            yield from siteupdates.facts_of(Listed(undosites.updates_back(page)))

    closing.ask_each(facts())


def _write(
    batch: ImportBatch,
    access: Access,
    reason: str,
    kept: Mapping[int, str],
    is_rehearsal: bool,
    tell: Callable[[int], None],
) -> Undone:
    counts = dict.fromkeys(("removed", "restored", "changed_back"), 0)
    for page in _pages(batch, kept):
        for step in page:
            counts[step.kind] += 1
    total = sum(counts.values())
    if not total:
        raise Invalid({"": _("这批的点位后来都有改动,没有可以撤销的。")})
    codes = tuple(kept.values())
    numbering = ledger.rehearse if is_rehearsal else ledger.take
    post = rollups.forget if is_rehearsal else rollups.post
    judges = judges_by_indicator()
    movements = Movements()
    moved: rollups.Moved = frozenset()
    recorded: ImportBatch | None = None
    with numbering(total + (not is_rehearsal), actor_id=access.user_id) as numbers:
        seq = numbers.first
        for page in _pages(batch, kept):
            undosites.write(page, numbers, seq, judges, movements, access, reason)
            moved |= post(movements, at_least=rollups.MOST)
            seq += len(page)
            tell(len(page))
        moved |= post(movements)
        subjectlights.follow_output(moved, seq=numbers.last, now=numbers.recorded_at)
        if not is_rehearsal:
            result = BatchResult(
                counts["restored"],
                counts["changed_back"],
                numbers.first,
                numbers.first + total - 1,
                removed=counts["removed"],
                kept=len(codes),
            )
            recorded = record_batch(_stamp(batch, total + len(codes)), result, numbers, access, reason)
    return Undone(**counts, kept=codes, batch_id=None if recorded is None else recorded.pk)


def _stamp(batch: ImportBatch, rows: int) -> FileStamp:
    options: dict[str, Any] = {"undoes": batch.pk}
    return FileStamp(batch.file_name, batch.file_sha256, rows, 0, options, undoes=batch.pk)
