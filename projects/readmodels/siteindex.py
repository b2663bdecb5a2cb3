"""Binds the point index to sites: built from the database, kept fresh by the change sequence.

One snapshot a process: a base segment (shared with other processes as mapped files) and what changed
since. The database stays the only truth; a snapshot of another epoch (a restored backup) is thrown away.
"""

import json
import logging
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.conf import settings

from maps.pointindex import CorruptIndex, PointIndex, load_current, publish
from projects.models import ChangeHead
from projects.readmodels.siteload import SCHEMA, Combos, load_all, load_changed
from projects.readmodels.vocabulary import Vocabulary, read_vocabulary

logger = logging.getLogger(__name__)

#: Fold the changes into a new base when there are more of them than this share of it, and than the floor.
_COMPACT_SHARE = 0.02
_COMPACT_FLOOR = 2_000

#: While one thread works, the public may be answered from a snapshot as old as this.
PUBLIC_MAX_STALE_SECONDS = 30.0


@dataclass(frozen=True, eq=False)
class Snapshot:
    """One consistent view of all sites: the index, what its numbers mean, and the change it reflects."""

    epoch: str
    seq: int
    index: PointIndex
    combos: Combos
    vocabulary: Vocabulary
    #: Worked out on first use and shared: tables by filter key (projects.readmodels.indexfilters).
    tables: dict[Any, Any] = field(default_factory=dict)

    @property
    def etag(self) -> str:
        """Changes when anything that the index knows may have changed."""
        return f"{self.epoch[:8]}-{self.seq}"


_lock = threading.Lock()
_current: Snapshot | None = None
_checked_at = 0.0


def snapshot(*, fresh: bool = False) -> Snapshot:
    """The snapshot to answer from. `fresh`: as of this very moment (staff); else at most a second old."""
    global _current, _checked_at
    now = time.monotonic()
    held = _current
    if held is not None and not fresh and held.epoch and now - _checked_at < settings.PUBLIC_CHECK_SECONDS:
        return held
    # The public goes on with what it has while somebody else brings it up to date; staff wait for it.
    stale = held is not None and held.epoch and not fresh and now - _checked_at < PUBLIC_MAX_STALE_SECONDS
    if not _lock.acquire(blocking=not stale):
        assert held is not None
        return held
    try:
        # Read before the rows: a change that commits in between is read twice, never missed.
        epoch, seq = _head()
        held = _current
        if held is None or not epoch or held.epoch != epoch or seq < held.seq:
            held = _load(epoch, seq)
        elif seq > held.seq:
            held = _advance(held, seq)
        _current, _checked_at = held, now
    finally:
        _lock.release()
    return held


def rebuild() -> Snapshot:
    """Build and publish anew from the database, whatever is on disk or in memory."""
    global _current, _checked_at
    with _lock:
        epoch, seq = _head()
        _current, _checked_at = _build(epoch, seq), time.monotonic()
        return _current


def forget() -> None:
    """Drop this process's snapshot (for tests)."""
    global _current
    with _lock:
        _current = None


def _head() -> tuple[str, int]:
    row = ChangeHead.objects.filter(id=1).values_list("epoch", "seq").first()
    return ("", 0) if row is None else (str(row[0]), row[1])


def _load(epoch: str, seq: int) -> Snapshot:
    """From the shared files where they belong to this history, else from the database."""
    if epoch:
        try:
            stored = load_current(settings.POINT_INDEX_DIR)
            if stored is not None:
                told = json.loads(stored.token)
                if told["epoch"] == epoch and told["seq"] <= seq and told["schema"] == _schema_words():
                    base = Snapshot(
                        epoch,
                        told["seq"],
                        PointIndex(stored.segment),
                        Combos(told["combos"]),
                        read_vocabulary(),
                    )
                    return base if told["seq"] == seq else _advance(base, seq)
        except (CorruptIndex, OSError, ValueError, KeyError, TypeError):
            # Foreign, torn or older files: they hold nothing that the database does not.
            pass
    return _build(epoch, seq)


def _build(epoch: str, seq: int) -> Snapshot:
    combos = Combos()
    index = PointIndex.build(load_all(combos), SCHEMA)
    built = Snapshot(epoch, seq, index, combos, read_vocabulary())
    _publish(built)
    return built


def _advance(held: Snapshot, seq: int) -> Snapshot:
    combos = held.combos.copy()
    changed = load_changed(held.seq, combos)
    index = held.index
    if len(changed.rows) or len(changed.gone):
        index = index.with_changes(changed.rows, changed.gone)
    moved = Snapshot(held.epoch, seq, index, combos, read_vocabulary())
    if index.delta_size > max(_COMPACT_FLOOR, _COMPACT_SHARE * len(index)):
        moved = Snapshot(held.epoch, seq, index.compact(), combos, moved.vocabulary)
        _publish(moved)
    return moved


def _publish(built: Snapshot) -> None:
    if not built.epoch:
        return
    token = json.dumps(
        {
            "epoch": built.epoch,
            "seq": built.seq,
            "schema": _schema_words(),
            "combos": built.combos.sets[1:],
        }
    )
    try:
        publish(built.index.base, settings.POINT_INDEX_DIR, token)
    except OSError:
        # A full or read-only disk costs the sharing, not the answer.
        logger.warning("the point index could not be written", exc_info=True)


def _schema_words() -> list[list[str]]:
    return [[name, np.dtype(dtype).str] for name, dtype in SCHEMA.items()]
