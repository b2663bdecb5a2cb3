"""Binds the point index to sites: built from the database, kept fresh by the change sequence.

One snapshot a process: a base segment, whose files all processes of a machine share, and over it what
changed since. The database stays the only truth: every look asks it for the newest change number, so any
number of processes and machines agree with it, and a snapshot of another epoch (a restored backup) is thrown
away. Folding the changes into a new base happens beside the requests; whoever folds publishes, and the others
take the new base over.
"""

import json
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import DatabaseError

from maps.pointindex import (
    CorruptIndex,
    PointIndex,
    Segment,
    StoredSegment,
    current,
    load,
    load_current,
    publish,
)
from maps.pointindex.locking import writer_lock
from projects.models import AuditEntry, ChangeHead
from projects.readmodels.sitecolumns import COLUMNS, Codes
from projects.readmodels.siteload import load_all, load_changed
from projects.readmodels.vocabulary import Vocabulary, read_vocabulary

logger = logging.getLogger(__name__)

#: Fold the changes into a new base when there are more of them than this share of it, and than the floor.
_COMPACT_SHARE = 0.01
_COMPACT_FLOOR = 2_000

#: While one thread works, or the database does not answer, the public may be answered from a snapshot as old
#: as this.
PUBLIC_MAX_STALE_SECONDS = 5.0

#: Entries about these leave the small tables as they were. Anything else has them read again.
_LEAVE_THE_WORDS = frozenset({"site", "user", "storedarea"})
#: More entries than this are not looked through.
_MANY_ENTRIES = 10_000


@dataclass(frozen=True, eq=False)
class Snapshot:
    """One consistent view of all sites: the index, what its numbers mean, and the change it reflects."""

    epoch: str
    seq: int
    index: PointIndex
    codes: Codes
    vocabulary: Vocabulary
    #: Worked out on first use and shared, for what depends on sites: gone with every change.
    tables: dict[Any, Any] = field(default_factory=dict)
    #: The same for what depends on the small tables and the codes alone: stays while only sites change.
    word_tables: dict[Any, Any] = field(default_factory=dict)

    @property
    def etag(self) -> str:
        """Changes when anything that the index knows may have changed."""
        return f"{self.epoch[:8]}-{self.seq}"


class SiteIndex:
    """One process's view. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: Snapshot | None = None
        self._checked_at = 0.0
        #: A base that was folded or taken over beside the requests, to go on with at the next look.
        self._prepared: _Base | None = None
        #: The published base that the snapshot stands on, and when the folder was last looked at.
        self._path: Any = None
        self._folder_seen = 0
        self._busy = False

    # ----------------------------------------------------------------------------------------- reading

    def snapshot(self, *, fresh: bool = False) -> Snapshot:
        """The snapshot to answer from. `fresh`: as of this very moment (staff); else at most a second old."""
        now = time.monotonic()
        held = self._held
        usable = held is not None and bool(held.epoch) and not fresh
        if held is not None and usable and now - self._checked_at < settings.PUBLIC_CHECK_SECONDS:
            return held
        # The public goes on with what it has while somebody else brings it up to date; staff wait for it.
        stale = usable and now - self._checked_at < PUBLIC_MAX_STALE_SECONDS
        if not self._lock.acquire(blocking=not stale):
            assert held is not None
            return held
        try:
            return self._look(now)
        except DatabaseError:
            if not stale or held is None:
                raise
            return held
        finally:
            self._lock.release()

    def rebuild(self) -> Snapshot:
        """Build and publish anew from the database, whatever is on disk or in memory."""
        with self._lock, writer_lock(settings.POINT_INDEX_DIR):
            epoch, seq = _head()
            self._prepared = None
            self._held, self._checked_at = self._build(epoch, seq), time.monotonic()
            return self._held

    def forget(self) -> None:
        """Drop what this process knows (for tests)."""
        with self._lock:
            self._held = self._prepared = self._path = None
            self._folder_seen = 0

    def _look(self, now: float) -> Snapshot:
        # Read before the rows: a change that commits in between is read twice, never missed.
        epoch, seq = _head()
        held = self._held
        if held is None or not epoch or held.epoch != epoch or seq < held.seq:
            held = self._load(epoch, seq)
        else:
            if seq > held.seq:
                held = _advance(held, seq, _words_after(held, seq))
            held = self._settle(held)
            self._keep_house(held)
        self._held, self._checked_at = held, now
        return held

    # -------------------------------------------------------------------------------- the first snapshot

    def _load(self, epoch: str, seq: int) -> Snapshot:
        """From the shared files where they belong to this history, else from the database."""
        self._prepared = None
        if (found := self._from_files(epoch, seq)) is not None:
            return found
        with writer_lock(settings.POINT_INDEX_DIR):
            # Somebody else may have built while this process waited for the lock.
            return self._from_files(epoch, seq) or self._build(epoch, seq)

    def _from_files(self, epoch: str, seq: int) -> Snapshot | None:
        self._folder_seen = _folder_time()
        base = _read_base(epoch, seq)
        if base is None:
            return None
        vocabulary = read_vocabulary()
        loaded = Snapshot(epoch, base.seq, PointIndex(base.segment), base.codes, vocabulary)
        self._path = base.path
        return loaded if base.seq == seq else _advance(loaded, seq, vocabulary)

    def _build(self, epoch: str, seq: int) -> Snapshot:
        vocabulary = read_vocabulary()
        codes = Codes.start(area.pk for area in sorted(vocabulary.areas, key=lambda area: area.left))
        rows = load_all(codes)
        segment = Segment.build(rows, codes.schema())
        del rows
        base = _publish(epoch, seq, segment, codes)
        self._path, self._folder_seen = base.path, _folder_time()
        return Snapshot(epoch, seq, PointIndex(base.segment), codes, vocabulary)

    # ------------------------------------------------------------------------------- beside the requests

    def _settle(self, held: Snapshot) -> Snapshot:
        """Go on from the base that was prepared beside the requests, if there is one."""
        base, self._prepared = self._prepared, None
        if base is None or base.epoch != held.epoch or base.seq > held.seq:
            return held
        self._path = base.path
        settled = Snapshot(
            held.epoch, base.seq, PointIndex(base.segment), base.codes, held.vocabulary, held.tables
        )
        return settled if base.seq == held.seq else _advance(settled, held.seq, held.vocabulary)

    def _keep_house(self, held: Snapshot) -> None:
        """Take over a base that another process published, or fold the changes when there are many."""
        if self._busy or not held.epoch:
            return
        seen = _folder_time()
        if seen != self._folder_seen:
            self._folder_seen = seen
            newest = current(settings.POINT_INDEX_DIR)
            if newest is not None and newest != self._path:
                self._beside(lambda: self._take_over(held))
                return
        if held.index.delta_size > max(_COMPACT_FLOOR, _COMPACT_SHARE * len(held.index)):
            self._beside(lambda: self._fold(held))

    def _beside(self, work: Callable[[], None]) -> None:
        """Run in a thread of its own, which never asks the database."""

        def run() -> None:
            try:
                work()
            except Exception:
                # The snapshot goes on without the new base; the next look tries again.
                logger.exception("the point index could not be renewed beside the requests")
            finally:
                self._busy = False

        self._busy = True
        if settings.POINT_INDEX_THREADS:
            threading.Thread(target=run, name="point-index", daemon=True).start()
        else:
            run()

    def _take_over(self, held: Snapshot) -> None:
        self._prepared = _read_base(held.epoch, held.seq)

    def _fold(self, held: Snapshot) -> None:
        with writer_lock(settings.POINT_INDEX_DIR, wait=False) as mine:
            if not mine:
                return  # another process is at it: its base will be taken over
            newest = current(settings.POINT_INDEX_DIR)
            if newest is not None and newest != self._path:
                self._prepared = _read_base(held.epoch, held.seq)
                if self._prepared is not None:
                    return
            self._prepared = _publish(held.epoch, held.seq, held.index.compact().base, held.codes)


@dataclass(frozen=True, eq=False, slots=True)
class _Base:
    """A base segment, where it is published (None: it could not be), and what its numbers mean."""

    epoch: str
    seq: int
    segment: Segment
    codes: Codes
    path: Any


def _head() -> tuple[str, int]:
    row = ChangeHead.objects.filter(id=1).values_list("epoch", "seq").first()
    return ("", 0) if row is None else (str(row[0]), row[1])


def _words_after(held: Snapshot, seq: int) -> Vocabulary:
    """The vocabulary after a change: the same one unless an entry is about more than sites."""
    if seq - held.seq > _MANY_ENTRIES:
        return read_vocabulary()
    subjects = set(
        AuditEntry.objects.filter(seq__gt=held.seq)
        .order_by()
        .values_list("subject_type", flat=True)
        .distinct()
    )
    return held.vocabulary if subjects <= _LEAVE_THE_WORDS else read_vocabulary()


def _advance(held: Snapshot, seq: int, vocabulary: Vocabulary) -> Snapshot:
    """Lay what changed since over the snapshot."""
    codes = held.codes.copy()
    changed = load_changed(held.seq, codes)
    index = held.index
    if not codes.fits(index.base.schema):
        # A number too large for its column: the base is laid out anew, wider.
        index = PointIndex(index.compact().base.widened(codes.schema()))
    if len(changed.rows) or len(changed.gone):
        index = index.with_changes(changed.rows, changed.gone)
    same_words = vocabulary is held.vocabulary and codes.size == held.codes.size
    return Snapshot(
        held.epoch,
        seq,
        index,
        codes,
        vocabulary,
        word_tables=held.word_tables if same_words else {},
    )


def _publish(epoch: str, seq: int, segment: Segment, codes: Codes) -> _Base:
    """Write a base for every process, and use the files instead of this process's own memory."""
    if epoch:
        token = json.dumps({"epoch": epoch, "seq": seq, **codes.as_json()})
        try:
            path = publish(segment, settings.POINT_INDEX_DIR, token)
            return _Base(epoch, seq, load(path, verify=False).segment, codes, path)
        except (CorruptIndex, OSError):
            # A full or read-only disk costs the sharing, not the answer.
            logger.warning("the point index could not be written", exc_info=True)
    return _Base(epoch, seq, segment, codes, None)


def _read_base(epoch: str, seq: int) -> _Base | None:
    """The published base, if it is whole and of this history and not ahead of it."""
    if not epoch:
        return None
    try:
        stored = load_current(settings.POINT_INDEX_DIR)
        return None if stored is None else _believe(stored, epoch, seq)
    except (CorruptIndex, OSError, ValueError, KeyError, TypeError):
        # Foreign, torn or older files: they hold nothing that the database does not.
        return None


def _believe(stored: StoredSegment, epoch: str, seq: int) -> _Base | None:
    told = json.loads(stored.token)
    codes = Codes.from_json(told)
    schema = stored.segment.schema
    if told["epoch"] != epoch or told["seq"] > seq or tuple(schema) != COLUMNS or not codes.fits(schema):
        return None
    return _Base(epoch, told["seq"], stored.segment, codes, stored.path)


def _folder_time() -> int:
    try:
        modified: int = settings.POINT_INDEX_DIR.stat().st_mtime_ns
    except OSError:
        return 0
    return modified


_own = SiteIndex()


def snapshot(*, fresh: bool = False) -> Snapshot:
    """This process's snapshot; see ``SiteIndex.snapshot``."""
    return _own.snapshot(fresh=fresh)


def rebuild() -> Snapshot:
    """See ``SiteIndex.rebuild``."""
    return _own.rebuild()


def forget() -> None:
    """See ``SiteIndex.forget``."""
    _own.forget()
