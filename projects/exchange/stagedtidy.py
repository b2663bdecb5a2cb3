"""Letting go of files that were handed in and never applied, and of plans that nobody looks at any more."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from projects.exchange.stagedprogress import forget_progress, is_running
from projects.exchange.staging import drop_plan, forget_unless_needed
from projects.models import StagedImport
from projects.rules.vocabulary import StagedState

#: What an upload that was cut off leaves behind is nobody's after so long.
_HALF_UPLOADED = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Tidied:
    """How many files were let go, how many applied ones lost their plan (they keep their file and their
    batch), and how many halves of uploads were removed."""

    removed: int
    plans: int
    halves: int


def tidy(days: int, *, is_rehearsal: bool = False) -> Tidied:
    """Remove what was handed in more than `days` ago. A file of an applied import is evidence: it stays."""
    before = timezone.now() - dt.timedelta(days=days)
    removed = plans = 0
    for staged in StagedImport.objects.filter(uploaded_at__lt=before).order_by("pk"):
        if is_running(staged):
            continue
        if staged.state == StagedState.APPLIED:
            has_plan = staged.planned.exists() or staged.problems.exists()
            plans += has_plan
            if has_plan and not is_rehearsal:
                with transaction.atomic():
                    drop_plan(staged)
                forget_progress(staged.pk)
            continue
        removed += 1
        if is_rehearsal:
            continue
        number = staged.pk
        with transaction.atomic():
            drop_plan(staged)
            staged.delete()
        forget_unless_needed(staged.file_sha256)
        forget_progress(number)
    return Tidied(removed, plans, _halves(is_rehearsal))


def _halves(is_rehearsal: bool) -> int:
    oldest = (timezone.now() - _HALF_UPLOADED).timestamp()
    count = 0
    for path in Path(settings.PRIVATE_FILES_DIR).glob("incoming-*"):
        if path.stat().st_mtime < oldest:
            count += 1
            if not is_rehearsal:
                path.unlink(missing_ok=True)
    return count
