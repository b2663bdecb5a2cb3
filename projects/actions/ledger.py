"""The one change sequence: take numbers, stamp rows, write hash-chained audit entries.

Whoever holds the head row may commit the next numbers, so an action takes them as late as it can and
after it has locked the rows that it changes. Numbers are gapless: a transaction that rolls back gives
its numbers back.
"""

import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias, Union

from django.db import connection, transaction
from django.utils import timezone

from projects.actions import approvals, claims
from projects.models import AuditEntry, ChangeHead
from projects.models.bulk import fresh, insert_rows
from projects.models.changes import GENESIS_HASH

#: What an entry's payload may hold. No floats: their text differs between databases; the hash is over text.

JSON: TypeAlias = Union[str, int, bool, Sequence["JSON"], Mapping[str, "JSON"], None]  # noqa: UP007


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the audit: what was done to which row, and the fields before and after."""

    action: str
    subject_type: str
    subject_id: str
    division_id: int | None = None
    payload: Mapping[str, JSON] = field(default_factory=dict)


def canonical(
    *,
    seq: int,
    recorded_at: dt.datetime,
    actor_id: int | None,
    entry: Entry,
    previous_hash: str,
) -> bytes:
    """The bytes that are hashed: JSON with sorted keys, UTC to the microsecond, no floats.

    Raises TypeError for a float or any other value that JSON would write in more than one way.
    """
    _refuse_floats(entry.payload)
    return json.dumps(
        {
            "seq": seq,
            "recorded_at": recorded_at.astimezone(dt.UTC).isoformat(timespec="microseconds"),
            "actor": actor_id,
            "action": entry.action,
            "subject_type": entry.subject_type,
            "subject_id": entry.subject_id,
            "division": entry.division_id,
            "payload": entry.payload,
            "previous": previous_hash,
        },
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
    ).encode()


#: What nearly every value is, and what is as it is in JSON. Asked first: asking an abstract class is slow.
PLAIN: Final = frozenset({str, int, bool, type(None)})


def _refuse_floats(value: JSON | Mapping[str, JSON]) -> None:
    if type(value) in PLAIN:
        return
    if isinstance(value, Mapping):
        for item in value.values():
            _refuse_floats(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _refuse_floats(item)
    elif not isinstance(value, str | int | None):
        raise TypeError(f"an audit payload holds text, whole numbers and lists of them, not {value!r}")


class Numbers:
    """A run of numbers that this transaction holds until it commits; of a rehearsal, that nobody holds."""

    def __init__(
        self,
        head: ChangeHead,
        count: int,
        actor_id: int | None,
        recorded_at: dt.datetime,
        *,
        is_rehearsal: bool = False,
    ) -> None:
        self._head = head
        self._is_rehearsal = is_rehearsal
        self._actor_id = actor_id
        self._written = 0
        self.recorded_at = recorded_at
        self.first = head.seq + 1
        self.last = head.seq + count
        self.count = count

    def write(self, entries: Sequence[Entry]) -> None:
        """Write the next entries, in order, one number each, when all rows of these numbers are written.

        Each carries the digests of the rows that were written under its number (`rows`); under an approval
        each carries both names.
        """
        if self._written + len(entries) > self.count:
            raise RuntimeError("more audit entries than numbers were taken")
        approval = approvals.current()
        if approval is not None:
            both = approval.names()
            entries = [replace(entry, payload={**entry.payload, **both}) for entry in entries]
        rows = []
        previous = self._head.entry_hash
        for entry in self._with_rows(entries):
            seq = self.first + self._written
            digest = hashlib.sha256(
                canonical(
                    seq=seq,
                    recorded_at=self.recorded_at,
                    actor_id=self._actor_id,
                    entry=entry,
                    previous_hash=previous,
                )
            ).hexdigest()
            rows.append(
                fresh(
                    AuditEntry,
                    seq=seq,
                    recorded_at=self.recorded_at,
                    actor_id=self._actor_id,
                    action=entry.action,
                    subject_type=entry.subject_type,
                    subject_id=entry.subject_id,
                    division_id=entry.division_id,
                    payload=entry.payload,
                    previous_hash=previous,
                    hash=digest,
                )
            )
            previous = digest
            self._written += 1
        if not self._is_rehearsal:
            insert_rows(rows)
        self._head.entry_hash = previous

    def _with_rows(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        if self._is_rehearsal or not entries:
            return entries
        proved = claims.rows_of(self.first + self._written, entries)
        return [
            replace(entry, payload={"rows": rows, **entry.payload})
            for entry, rows in zip(entries, proved, strict=True)
        ]

    def close(self) -> None:
        if self._written != self.count:
            raise RuntimeError(f"{self.count} numbers were taken, {self._written} audit entries written")
        if self._is_rehearsal:
            return
        self._head.seq = self.last
        self._head.recorded_at = self.recorded_at
        self._head.save(update_fields=["seq", "entry_hash", "recorded_at"])


def hold() -> None:
    """Keep all others from writing until the surrounding transaction ends; RuntimeError outside of one."""
    if not connection.in_atomic_block:
        raise RuntimeError("the head is held inside transaction.atomic()")
    list(ChangeHead.objects.select_for_update().filter(id=1))


@contextmanager
def take(count: int, *, actor_id: int | None) -> Iterator[Numbers]:
    """Hold the head row and the next `count` numbers until the surrounding transaction commits.

    Must run inside `transaction.atomic()`; raises RuntimeError otherwise, and when the block wrote
    fewer or more entries than it took numbers. On PostgreSQL a writer that waits longer than
    lock_timeout gets OperationalError, which the entry points turn into "busy, try again".
    """
    if not connection.in_atomic_block:
        raise RuntimeError("numbers are taken inside transaction.atomic()")
    head = ChangeHead.objects.select_for_update().filter(id=1).first()
    if head is None:
        # Two first actions at the same moment: the second waits here for the first one's row.
        first = ChangeHead(id=1, epoch=uuid.uuid4(), seq=0, entry_hash=GENESIS_HASH)
        ChangeHead.objects.bulk_create([first], ignore_conflicts=True)
        head = ChangeHead.objects.select_for_update().get(id=1)
    numbers = Numbers(head, count, actor_id, _moment(head))
    yield numbers
    numbers.close()


@contextmanager
def rehearse(count: int, *, actor_id: int | None) -> Iterator[Numbers]:
    """Numbers for a transaction that will be rolled back: everything but the entries is written, and the
    head row is not held, so that a long dry run keeps nobody waiting.

    Rolls back by itself at the end of the surrounding `transaction.atomic()`.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("a rehearsal is inside transaction.atomic()")
    head = ChangeHead.objects.filter(id=1).first() or ChangeHead(id=1, seq=0, entry_hash=GENESIS_HASH)
    numbers = Numbers(head, count, actor_id, _moment(head), is_rehearsal=True)
    yield numbers
    numbers.close()
    transaction.set_rollback(True)


def _moment(head: ChangeHead) -> dt.datetime:
    """Now, but never before the newest entry: a clock that was set back must not reorder what was known."""
    now = timezone.now()
    return now if head.recorded_at is None else max(now, head.recorded_at)


def as_json(value: object) -> JSON:
    """A field's value as an audit entry writes it: dates and decimals as text, geometry as EWKT."""
    if type(value) in PLAIN or isinstance(value, str | int):
        return value  # type: ignore[return-value]
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, dict | Mapping):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    return value.isoformat() if isinstance(value, dt.date | dt.datetime) else str(value)
