"""Undoing a batch as a new batch."""

from collections.abc import Callable
from dataclasses import dataclass

from projects.models import ImportBatch
from projects.permissions.access import Access


@dataclass(frozen=True, slots=True)
class Undone:
    """What was undone (or in a rehearsal would be). `kept`: codes that were left as they are."""

    removed: int
    restored: int
    changed_back: int
    kept: tuple[str, ...]
    batch: ImportBatch | None


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

    Raises NotAllowed, Invalid for a second undoing and for a batch that is not of sites, Conflict naming the
    sites that somebody changed since (unless they are kept), PeriodClosed.
    """
    raise NotImplementedError
