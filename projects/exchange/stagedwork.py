"""What a worker does with a staged import: check it, apply it. One at a time for each file.

Whoever begins draws a new `attempt` and writes under it: a worker that was believed dead and is not finds
that its attempt is over with its next write, which is then taken back. The lock of `stagedprogress` says who
lives.
"""

import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from typing import Final
from uuid import uuid4

from django.conf import settings
from django.db import IntegrityError, OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from projects.actions.batches import BatchResult, apply_site_drafts
from projects.actions.errors import ActionError, Conflict, Invalid, PeriodClosed
from projects.exchange.importjob import WRITE, reason_of, stamp_of
from projects.exchange.problems import OptionError
from projects.exchange.stagedcheck import OnProgress, Superseded, check_now
from projects.exchange.stagedoptions import StagedOptions
from projects.exchange.stagedprogress import (
    AlreadyRunning,
    Progress,
    is_running,
    progress_of,
    was_cut_off,
    working,
)
from projects.exchange.stagedrows import planned_drafts, planned_updates
from projects.exchange.staging import one
from projects.models import AuditEntry, ImportBatch, StagedImport, User
from projects.models.access import access_of
from projects.permissions.access import Access
from projects.rules.vocabulary import StagedState


class Work(StrEnum):
    """What `work_import` is asked to do."""

    CHECK = "check"
    APPLY = "apply"


#: What decides where a row belongs and what it may say: a plan made before a change of it is out of date.
_GROUND: Final = ("boundary", "division", "divisionparent", "divisionalias", "facilitykind", "indicator")
_STATE: Final = {Work.CHECK: StagedState.CHECKING, Work.APPLY: StagedState.APPLYING}
_MAY_CHECK: Final = (StagedState.UPLOADED, StagedState.CHECKED, StagedState.FAILED)


def start_worker(staged_id: int, work: Work, *, access: Access) -> None:
    """Begin in a process of its own (setting IMPORT_WORKER=process) or here and now (inline).

    The page polls `progress_of` and the row's `state`. Starting what is running already does nothing. Raises
    NotAllowed, and Invalid for a file without options or one that cannot be applied.
    """
    one(access, staged_id)
    try:
        attempt = begin(staged_id, work)
    except AlreadyRunning:
        return
    if settings.IMPORT_WORKER == "inline":
        # What it says is on the row, as it would be from a process.
        with suppress(ActionError, AlreadyRunning, Superseded):
            run(staged_id, work, attempt, access)
        return
    command = [
        sys.executable,
        str(settings.BASE_DIR / "manage.py"),
        "work_import",
        str(staged_id),
        work.value,
    ]
    command += ["--attempt", attempt, "--by", str(access.user_id)]
    with (settings.PRIVATE_FILES_DIR / "imports" / "worker.log").open("ab") as log:
        subprocess.Popen(
            command,
            cwd=settings.BASE_DIR,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # it goes on when the server is restarted
        )


def begin(staged_id: int, work: Work) -> str:
    """The attempt under which the work may be done, from now on the only one.

    Raises AlreadyRunning, and Invalid for what cannot be begun.
    """
    (settings.PRIVATE_FILES_DIR / "imports").mkdir(parents=True, exist_ok=True, mode=0o700)
    with transaction.atomic():
        staged = StagedImport.objects.select_for_update().get(pk=staged_id)
        if staged.state in _STATE.values():
            if not was_cut_off(staged):
                raise AlreadyRunning
            if work is Work.CHECK and staged.state == StagedState.APPLYING:
                staged.state = StagedState.CHECKED.value
        if work is Work.CHECK:
            if staged.state not in (*_MAY_CHECK, StagedState.CHECKING):
                raise Invalid({"": _("这个文件已经导入或放弃,不能再检查。")})
            if StagedOptions.from_json(staged.options).importing is None:
                raise Invalid({"": _("还没有说明怎样读这个文件:请先填写坐标系、设施种类和各列。")})
        elif not staged.can_apply:
            raise Invalid({"": _("这个文件还不能导入:请先检查,并改正全部错误。")})
        staged.state, staged.attempt = _STATE[work].value, uuid4().hex
        staged.worker_started_at, staged.error = timezone.now(), ""
        staged.save(update_fields=["state", "attempt", "worker_started_at", "error"])
        return staged.attempt


def run(
    staged_id: int,
    work: Work,
    attempt: str,
    access: Access,
    *,
    publisher: Access | None = None,
    on_progress: OnProgress | None = None,
) -> None:
    """Do what was begun. Raises what `check` and `apply` raise."""
    with working(staged_id, attempt) as teller:
        if work is Work.CHECK:
            staged = StagedImport.objects.select_related("uploaded_by").get(pk=staged_id)
            own = access_of(staged.uploaded_by, timezone.localdate())
            check_now(staged_id, attempt, own, teller, on_progress)
        else:
            _apply(staged_id, attempt, access, publisher, teller.begin, teller.advance, on_progress)


def check(staged_id: int, on_progress: OnProgress | None = None) -> StagedImport:
    """Read the file, plan every row and keep the plan; returns the row as it stands then.

    What is wrong with the file is in `StagedProblem`; a file that cannot be read at all is `failed`, with the
    reason in `error`. Rows are judged by what its uploader may do. Raises AlreadyRunning, Invalid.
    """
    attempt = begin(staged_id, Work.CHECK)
    uploader = User.objects.get(pk=StagedImport.objects.values_list("uploaded_by").get(pk=staged_id)[0])
    run(
        staged_id,
        Work.CHECK,
        attempt,
        access_of(uploader, timezone.localdate()),
        on_progress=on_progress,
    )
    return StagedImport.objects.get(pk=staged_id)


def apply(
    staged_id: int,
    access: Access,
    publisher: Access | None = None,
    on_progress: OnProgress | None = None,
) -> ImportBatch:
    """Write the plan, all or nothing, in one transaction. Applied already: the batch that it became.

    Raises NotAllowed, Invalid, Conflict naming the sites that changed since the check (then `needs_check` is
    set), PeriodClosed, AlreadyRunning. Nothing is written then.
    """
    staged = one(access, staged_id)
    if staged.state != StagedState.APPLIED:
        attempt = begin(staged_id, Work.APPLY)
        run(staged_id, Work.APPLY, attempt, access, publisher=publisher, on_progress=on_progress)
    batch = StagedImport.objects.select_related("batch").get(pk=staged_id).batch
    assert batch is not None
    return batch


def _apply(
    staged_id: int,
    attempt: str,
    access: Access,
    publisher: Access | None,
    tell_phase: Callable[[str, int | None], None],
    tell: Callable[[int], None],
    on_progress: OnProgress | None,
) -> None:
    staged = StagedImport.objects.get(pk=staged_id)
    if staged.attempt != attempt:
        raise Superseded
    counts = staged.counts
    total = int(counts["created"]) + int(counts["updated"])
    options = StagedOptions.from_json(staged.options).importing
    assert options is not None
    done = 0
    tell_phase(WRITE, total)

    def advance(count: int) -> None:
        nonlocal done
        done += count
        tell(count)
        if on_progress is not None:
            on_progress(WRITE, done, total)

    def finish(result: BatchResult) -> None:
        """With the rows, or not at all: whoever is killed after the commit has said so by it."""
        _refuse_old_ground(staged)
        written = StagedImport.objects.filter(
            pk=staged_id, attempt=attempt, state=StagedState.APPLYING.value
        ).update(state=StagedState.APPLIED.value, batch_id=result.batch_id, error="")
        if not written:
            raise Superseded

    try:
        _refuse_old_ground(staged)
        apply_site_drafts(
            access=access,
            drafts=planned_drafts(staged_id, int(counts["created"])),
            updates=planned_updates(staged_id, int(counts["updated"])),
            reason=reason_of(staged.file_name),
            publisher=publisher,
            stamp=stamp_of(
                staged.file_name,
                staged.content_sha256 or staged.file_sha256,
                int(counts["rows"]),
                int(counts["unchanged"]),
                staged.columns,
                options,
            ),
            on_progress=advance,
            then=finish,
        )
    except ActionError as refusal:
        _refused(staged_id, attempt, str(refusal), needs_check=not isinstance(refusal, PeriodClosed))
        raise
    except IntegrityError:
        _refused(
            staged_id, attempt, _("数据库拒绝了其中的数据,没有写入任何数据;请重新检查。"), needs_check=True
        )
        raise
    except OperationalError:
        _refused(staged_id, attempt, _("数据库正忙,没有写入任何数据;请稍后再试。"), needs_check=False)
        raise


def _refuse_old_ground(staged: StagedImport) -> None:
    """Raises Conflict when borders, divisions, kinds or indicators changed since the rows were planned."""
    later = AuditEntry.objects.filter(seq__gt=staged.planned_seq or 0, subject_type__in=_GROUND)
    if later.exists():
        raise Conflict(
            _("检查之后区划、设施种类或指标有改动,没有写入任何数据;请重新检查。"), current_version=0
        )


def _refused(staged_id: int, attempt: str, sentence: str, *, needs_check: bool) -> None:
    StagedImport.objects.filter(pk=staged_id, attempt=attempt).update(
        state=StagedState.CHECKED.value, error=sentence, needs_check=needs_check
    )


__all__ = [
    "AlreadyRunning",
    "OnProgress",
    "OptionError",
    "Progress",
    "Superseded",
    "Work",
    "apply",
    "begin",
    "check",
    "is_running",
    "progress_of",
    "run",
    "start_worker",
    "was_cut_off",
]
