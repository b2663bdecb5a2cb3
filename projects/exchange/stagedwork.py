"""What a worker does with a staged import: check it, apply it. One at a time for each file."""

from collections.abc import Callable
from enum import StrEnum

from projects.exchange.stagedprogress import (
    AlreadyRunning,
    Progress,
    is_running,
    progress_of,
    was_cut_off,
)
from projects.models import ImportBatch, StagedImport
from projects.permissions.access import Access

#: Told (phase, done, total or None): phases as in `stagedprogress`.
OnProgress = Callable[[str, int, int | None], None]


class Work(StrEnum):
    """What `work_import` is asked to do."""

    CHECK = "check"
    APPLY = "apply"


def start_worker(staged_id: int, work: Work, *, access: Access) -> None:
    """Begin in a process of its own (setting IMPORT_WORKER=process) or here and now (inline).

    The page polls `progress_of` and the row's `state`. Starting what is running already does nothing. Raises
    NotAllowed, and Invalid for a file without options or one that cannot be applied.
    """
    raise NotImplementedError


def check(staged_id: int, on_progress: OnProgress | None = None) -> StagedImport:
    """Read the file, plan every row and keep the plan; returns the row as it stands then.

    What is wrong with the file is in `StagedProblem`; a file that cannot be read at all is `failed`, with the
    reason in `error`. Raises AlreadyRunning.
    """
    raise NotImplementedError


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
    raise NotImplementedError


__all__ = [
    "AlreadyRunning",
    "OnProgress",
    "Progress",
    "Work",
    "apply",
    "check",
    "is_running",
    "progress_of",
    "start_worker",
    "was_cut_off",
]
