"""How far a worker is, and whether it lives: a small file beside the stored files, held by the worker's lock.

Not in the database: while an import is applied, SQLite lets nobody else write, and on PostgreSQL what the
worker writes in its own transaction is seen by nobody before it commits. The kernel gives the lock back
whatever way the worker ends, so a killed one is known to be dead at once, and no two work on one file.
"""

import datetime as dt
import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final

from django.conf import settings
from django.utils import timezone

from projects.models import StagedImport
from projects.rules.vocabulary import StagedState

#: Seconds between two words about progress.
_PAUSE: Final = 0.3
_TRIES: Final = 20
#: A process needs so long until it speaks.
_STARTING: Final = dt.timedelta(seconds=60)
_WORKING: Final = (StagedState.CHECKING, StagedState.APPLYING)


@dataclass(frozen=True, slots=True)
class Progress:
    """`phase`: read, check, write, or empty before the first word. `total` None: nobody knows yet."""

    phase: str = ""
    done: int = 0
    total: int | None = None
    is_running: bool = False

    @property
    def percent(self) -> int | None:
        """0 to 100 of this phase."""
        return None if not self.total else min(100, self.done * 100 // self.total)


def progress_of(staged: StagedImport) -> Progress:
    """What the page shows while it waits. In a working state without a running worker the work was cut off:
    nothing was done by halves, and it may be started again."""
    running = is_running(staged) or (staged.state in _WORKING and _is_starting(staged))
    said = _said(staged)
    if said is None:
        return Progress(is_running=running)
    return Progress(str(said["phase"]), int(said["done"]), said["total"], running)


def is_running(staged: StagedImport) -> bool:
    """Whether somebody holds the worker's lock of this file."""
    if staged.pk is None or not _path(staged.pk).exists():
        return False
    with _path(staged.pk).open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def was_cut_off(staged: StagedImport) -> bool:
    """Whether its worker died on the way."""
    return staged.state in _WORKING and not is_running(staged) and not _is_starting(staged)


def _is_starting(staged: StagedImport) -> bool:
    """Whether a worker was asked for that has not come to the lock yet."""
    if _said(staged) is not None or staged.worker_started_at is None:
        return False
    return timezone.now() - staged.worker_started_at < _STARTING


def _said(staged: StagedImport) -> dict[str, Any] | None:
    """The last word of this attempt's worker; None: it has not spoken yet."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        said: dict[str, Any] = json.loads(_path(staged.pk).read_text())
        if said["attempt"] == staged.attempt:
            return said
    return None


class AlreadyRunning(Exception):
    """Another worker has this file."""


class Teller:
    """The worker's pen."""

    def __init__(self, descriptor: int, attempt: str) -> None:
        self._descriptor = descriptor
        self._attempt = attempt
        self._phase, self._done = "", 0
        self._total: int | None = None
        self._next = 0.0

    def begin(self, phase: str, total: int | None) -> None:
        self._phase, self._done, self._total = phase, 0, total
        self._write()

    @property
    def done(self) -> int:
        return self._done

    @property
    def total(self) -> int | None:
        return self._total

    @property
    def phase(self) -> str:
        return self._phase

    def advance(self, count: int) -> None:
        self._done += count
        if monotonic() >= self._next:
            self._write()

    def _write(self) -> None:
        self._next = monotonic() + _PAUSE
        said: dict[str, Any] = {
            "attempt": self._attempt,
            "phase": self._phase,
            "done": self._done,
            "total": self._total,
        }
        # One write of a few bytes that are always as long: a reader never sees half of it.
        os.pwrite(self._descriptor, json.dumps(said).encode().ljust(200), 0)


@contextmanager
def working(staged_id: int, attempt: str) -> Iterator[Teller]:
    """Hold the worker's lock. Raises AlreadyRunning."""
    path = _path(staged_id)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock(descriptor)
        teller = Teller(descriptor, attempt)
        teller.begin("", None)
        yield teller
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> None:
    """Whoever only asks (`is_running`) holds it for a moment, too: try again for a second."""
    for attempt in range(_TRIES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            if attempt == _TRIES - 1:
                raise AlreadyRunning from problem
            sleep(1 / _TRIES)
        else:
            return


def forget_progress(staged_id: int) -> None:
    """Remove the file of an import that is over."""
    _path(staged_id).unlink(missing_ok=True)


def _path(staged_id: int) -> Path:
    return Path(settings.PRIVATE_FILES_DIR) / "imports" / f"{staged_id}.progress"
