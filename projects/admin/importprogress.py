"""How far the work on a file is, as the waiting page shows it and asks again."""

import datetime as dt
from typing import Any, Final

from django.utils import timezone
from django.utils.translation import gettext as _

from projects.exchange.importjob import CHECK, READ, WRITE
from projects.exchange.stagedwork import Progress, is_running, progress_of, was_cut_off
from projects.models import StagedImport
from projects.rules.vocabulary import StagedState

#: The preview is kept: a phase between checking and writing.
STORE: Final = "store"
#: Which part of the whole bar each phase is, in percent: from, to.
_PARTS: Final = {
    StagedState.CHECKING: {READ: (0, 35), CHECK: (35, 85), STORE: (85, 100), WRITE: (85, 100)},
    StagedState.APPLYING: {READ: (0, 5), CHECK: (0, 5), STORE: (0, 5), WRITE: (5, 100)},
}
#: A process takes so long to start on a machine that has much to do: before that, nobody has been cut off.
_STARTING: Final = dt.timedelta(seconds=60)


def is_busy(staged: StagedImport) -> bool:
    """Whether somebody works on it, is about to, or has been told to stop and has not yet."""
    return is_running(staged) or (staged.state in _PARTS and not is_cut_off(staged))


def is_cut_off(staged: StagedImport) -> bool:
    """Whether the work ended half-way: nothing was written, and it may be begun again."""
    begun = staged.worker_started_at
    if not was_cut_off(staged) or (begun is not None and timezone.now() - begun < _STARTING):
        return False
    # It may have finished between the reading of the row and the look at its lock.
    staged.refresh_from_db()
    return was_cut_off(staged)


def progress_words(staged: StagedImport) -> dict[str, Any]:
    """What the page's script asks for; the page without a script shows the same."""
    progress = progress_of(staged)
    return {
        "state": staged.state,
        "busy": is_busy(staged),
        "percent": percent_of(staged, progress),
        "phase": _phase(staged, progress),
        "elapsed": _elapsed(staged),
    }


def percent_of(staged: StagedImport, progress: Progress) -> int:
    """0 to 100 over all phases: a bar that goes one way."""
    parts = _PARTS.get(StagedState(staged.state), {})
    if not progress.phase or progress.phase not in parts:
        return 0
    low, high = parts[progress.phase]
    return low + (high - low) * (progress.percent or 0) // 100


def _phase(staged: StagedImport, progress: Progress) -> str:
    words = {
        READ: _("正在读文件"),
        CHECK: _("正在逐行检查"),
        STORE: _("正在整理预览"),
        WRITE: _("正在写入"),
    }
    if staged.state not in _PARTS:
        return _("正在停止")
    text = words.get(progress.phase, _("正在开始"))
    if progress.total:
        text += _(":%(done)s / %(total)s") % {
            "done": f"{min(progress.done, progress.total):,}",
            "total": f"{progress.total:,}",
        }
    return text


def _elapsed(staged: StagedImport) -> str:
    if staged.worker_started_at is None:
        return ""
    seconds = max(0, int((timezone.now() - staged.worker_started_at).total_seconds()))
    return _("已用 %(minutes)d 分 %(seconds)02d 秒") % {"minutes": seconds // 60, "seconds": seconds % 60}
