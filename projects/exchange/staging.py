"""Staged imports, for the pages: hand a file in, propose and set how it is read, let it go again.

    staged = upload(access, request.FILES["file"].chunks(), "公厕.xlsx")
    proposal = propose(staged)
    set_options(access, staged.pk, StagedOptions(importing=...))
    start_worker(staged.pk, Work.CHECK, access=access)    # the page polls progress_of(staged)
    rows_page(staged, RowAction.UPDATE), problems_page(staged)
    start_worker(staged.pk, Work.APPLY, access=access)
    actions.undoing.undo_batch(access=access, batch_id=..., reason=...)

`stagedwork` has the work, `stagedpages` what a preview shows. What `one` finds is visible to the person.
"""

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from projects.actions.errors import Invalid, NotAllowed
from projects.exchange.columns import ColumnMap, recognised
from projects.exchange.headers import clean_header
from projects.exchange.problems import OptionError, UnreadableFile
from projects.exchange.readers import MAX_MEGABYTES
from projects.exchange.stagedfile import describe_staged
from projects.exchange.stagedoptions import StagedOptions
from projects.exchange.stagedprogress import is_running
from projects.models import ColumnMemory, ImportBatch, Photo, StagedImport, StagedProblem, StagedRow
from projects.models.storedfiles import TooLarge, forget, path_of, store
from projects.permissions.access import Access, Permission, holds
from projects.rules.vocabulary import StagedState

#: Files that were not applied are kept so long.
KEPT_DAYS: Final = 30
_MEGABYTE: Final = 1024 * 1024
_LONGEST_NAME: Final = 120
#: What a person may still change.
_OPEN: Final = (
    StagedState.UPLOADED,
    StagedState.CHECKED,
    StagedState.FAILED,
    StagedState.CHECKING,
    StagedState.APPLYING,
)


@dataclass(frozen=True, slots=True)
class Proposal:
    """What to show first: what this person said of such a file last time (`is_remembered`), and the header
    that was recognised for each field. The datum and the kind are never guessed: without a memory
    `options.importing` is None."""

    options: StagedOptions
    headers: Sequence[str]
    columns: Mapping[str, str]
    is_remembered: bool


def upload(access: Access, chunks: Iterable[bytes], name: str) -> StagedImport:
    """Keep a file and say what it is. Raises NotAllowed, Invalid for one that is too large."""
    if not holds(access, Permission.IMPORT_RUN) or access.user_id is None:
        raise NotAllowed(_("您没有导入的权限。"))
    try:
        digest = store(chunks, max_bytes=MAX_MEGABYTES * _MEGABYTE)
    except TooLarge as problem:
        raise Invalid(
            {"file": _("文件超过上限 %(limit)d MB;请拆分后再导入。") % {"limit": MAX_MEGABYTES}}
        ) from problem
    staged = StagedImport(
        uploaded_by_id=access.user_id,
        file_name=plain_name(name),
        file_sha256=digest,
        file_size=path_of(digest).stat().st_size,
        expires_at=timezone.now() + dt.timedelta(days=KEPT_DAYS),
    )
    describe_again(staged)
    staged.save()
    return staged


def describe_again(staged: StagedImport) -> None:
    """Set (not save) what the readers say of the file, or why they cannot read it."""
    options = StagedOptions.from_json(staged.options)
    try:
        staged.description = describe_staged(staged, options)
    except UnreadableFile as problem:
        staged.description, staged.state, staged.error = {}, StagedState.FAILED.value, str(problem)
        return
    staged.state, staged.error = StagedState.UPLOADED.value, ""


def one(access: Access, staged_id: int) -> StagedImport:
    """Raises NotAllowed for one that is not there or not this person's to see."""
    staged = StagedImport.objects.visible_to(access).filter(pk=staged_id).first()
    if staged is None:
        raise NotAllowed(_("没有这个待导入的文件。"))
    return staged


def propose(staged: StagedImport) -> Proposal:
    """What to fill the form with: what was set, what is remembered, or what the headers say."""
    headers = headers_of(staged)
    recognised_columns: ColumnMap = recognised(
        headers, has_geometry=bool(staged.description.get("has_geometry"))
    )
    options = StagedOptions.from_json(staged.options)
    if options.importing is not None:
        return Proposal(options, headers, options.importing.mapping, is_remembered=False)
    memory = ColumnMemory.objects.filter(
        user_id=staged.uploaded_by_id, fingerprint=fingerprint(headers)
    ).first()
    if memory is not None:
        try:
            remembered = StagedOptions.from_json(memory.options)
        except OptionError:
            pass  # written by another release: ask again
        else:
            columns = {**recognised_columns.header_of}
            if remembered.importing is not None:
                columns |= remembered.importing.mapping
            return Proposal(remembered, headers, columns, is_remembered=True)
    return Proposal(options, headers, dict(recognised_columns.header_of), is_remembered=False)


def headers_of(staged: StagedImport) -> list[str]:
    """The file's columns, as the readers found them."""
    return [str(header) for header in staged.description.get("headers", [])]


def fingerprint(headers: Iterable[str]) -> str:
    """The same for the same set of columns, whatever their order, case and spaces."""
    words = sorted({clean_header(header).casefold() for header in headers})
    return hashlib.sha256("\n".join(words).encode()).hexdigest()


def set_options(access: Access, staged_id: int, options: StagedOptions) -> StagedImport:
    """Say how the file is read: what was planned by other options is thrown away, and the answer is
    remembered for this person's next file with such columns.

    Another sheet, header row or encoding makes the file be described anew. Raises NotAllowed, and Invalid
    while it is being worked on or when it was applied or discarded.
    """
    one(access, staged_id)
    with transaction.atomic():
        staged = _open(staged_id)
        before = StagedOptions.from_json(staged.options)
        staged.options = options.as_json()
        staged.attempt = ""  # what a worker that is believed dead still writes is refused
        staged.counts, staged.notes, staged.columns, staged.planned_seq = {}, [], {}, None
        staged.needs_check, staged.error, staged.state = False, "", StagedState.UPLOADED.value
        drop_plan(staged)
        if (before.sheet, before.header_row, before.encoding) != (
            options.sheet,
            options.header_row,
            options.encoding,
        ):
            describe_again(staged)
        staged.save()
        if options.importing is not None:
            ColumnMemory.objects.update_or_create(
                user_id=staged.uploaded_by_id,
                fingerprint=fingerprint(headers_of(staged)),
                defaults={"options": options.as_json(), "used_at": timezone.now()},
            )
    return staged


def discard(access: Access, staged_id: int) -> None:
    """Let a file go: its plan and, when nothing else refers to it, its content.

    Raises NotAllowed, and Invalid when it was applied already or is being applied.
    """
    one(access, staged_id)
    with transaction.atomic():
        staged = _open(staged_id)
        staged.state, staged.attempt, staged.error = StagedState.DISCARDED.value, "", ""
        drop_plan(staged)
        staged.save()
    forget_unless_needed(staged.file_sha256)


def drop_plan(staged: StagedImport) -> None:
    """Remove what was planned, in two statements: there may be a hundred thousand rows."""
    for rows in (StagedRow.objects.filter(staged=staged), StagedProblem.objects.filter(staged=staged)):
        rows._raw_delete(rows.db)


def forget_unless_needed(digest: str) -> None:
    """Remove a stored file that no open import, no batch and no photo refers to: what was applied is
    evidence, and so is a photo, whatever name somebody hands its bytes in under."""
    is_photo = Q(original_sha256=digest) | Q(picture_sha256=digest) | Q(thumbnail_sha256=digest)
    needed = (
        StagedImport.objects.filter(file_sha256=digest).exclude(state=StagedState.DISCARDED).exists()
        or ImportBatch.objects.filter(file_sha256=digest).exists()
        or Photo.objects.filter(is_photo).exists()
    )
    if not needed:
        forget(digest)


def imported_before(staged: StagedImport) -> ImportBatch | None:
    """The newest batch that the very same content came in with, other than this one's own."""
    digests = {staged.file_sha256, staged.content_sha256} - {""}
    return (
        ImportBatch.objects.filter(file_sha256__in=digests, undoes__isnull=True)
        .exclude(pk=staged.batch_id or 0)
        .select_related("recorded_by")
        .order_by("-pk")
        .first()
    )


def said_before(staged: StagedImport) -> str:
    """One sentence about `imported_before`, or an empty text."""
    batch = imported_before(staged)
    if batch is None:
        return ""
    said = _("这个文件已作为批次 %(batch)d 导入(%(day)s,%(who)s)。") % {
        "batch": batch.pk,
        "day": timezone.localtime(batch.recorded_at).date(),
        "who": batch.recorded_by or _("系统"),
    }
    undoing = batch.undoing
    if undoing is not None and not batch.is_in_effect:
        said += _("该批次已由批次 %(batch)d 撤销。") % {"batch": undoing.pk}
    return said


def plain_name(name: str) -> str:
    """A file's own name without folders, control characters and excess; its ending stays."""
    bare = PurePath(name.replace("\\", "/")).name
    bare = "".join(c for c in bare if c.isprintable()).strip() or _("未命名")
    if len(bare) <= _LONGEST_NAME:
        return bare
    ending = "".join(PurePath(bare).suffixes[-2:])[-16:]
    return bare[: _LONGEST_NAME - len(ending)] + ending


def _open(staged_id: int) -> StagedImport:
    """The row, locked, if a person may still change it."""
    staged = StagedImport.objects.select_for_update().get(pk=staged_id)
    if staged.state not in _OPEN:
        raise Invalid({"": _("这个文件已经导入或放弃,不能再改。")})
    if is_running(staged):
        raise Invalid({"": _("正在处理这个文件,请等它结束。")})
    return staged


__all__ = [
    "KEPT_DAYS",
    "Proposal",
    "StagedOptions",
    "discard",
    "imported_before",
    "one",
    "plain_name",
    "propose",
    "said_before",
    "set_options",
    "upload",
]
