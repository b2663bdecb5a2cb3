"""What an entry proves: the digest of every audited row that was written under its number.

The rows are read back from the database, so an action need not say what it wrote, a new model is in it by
itself, and what is hashed is what is stored. An entry's payload carries them as `rows`:

    {"site": {"17": "<digest>"}, "sitestate": {"41": "<digest>"}}

A row that the entry is about but did not stamp (a password, say) has the number on it besides:
`"<digest>@<number>"`.

Of more than `MANY` rows of one model under one number a payload holds the count alone where only derived
columns of them can have changed (all sites judged anew), and the count with one digest over all where the
rows are new for good (append-only).
"""

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final, Protocol

from django.db import connection

from projects.models.audited import Audited, audited_models
from projects.models.rowdigests import RowDigest, rows_with_keys, stamped_rows

MANY: Final = 1_000

#: By kind: digests by key, or a summary (`count`, and `sha256` for append-only rows).
Rows = dict[str, dict[str, Any]]


class About(Protocol):
    """What this module asks of an entry."""

    @property
    def subject_type(self) -> str: ...
    @property
    def subject_id(self) -> str: ...


class RunningDigest:
    """One digest over many rows, in the order of their keys."""

    def __init__(self) -> None:
        self.count = 0
        self._hash = hashlib.sha256()

    def add(self, row: RowDigest) -> None:
        """Take the next row in."""
        self.count += 1
        self._hash.update(f"{row.pk}:{row.digest}\n".encode())

    def hexdigest(self) -> str:
        """The digest over those taken in so far."""
        return self._hash.hexdigest()


def rows_of(first_seq: int, entries: Sequence[About]) -> list[Rows]:
    """For each entry, numbered from `first_seq` on, what was written under its number, and its subject.

    Inside the transaction that holds these numbers, after the rows were written.
    """
    found: list[Rows] = [{} for _entry in entries]
    last_seq = first_seq + len(entries) - 1
    for audited, count in _touched(first_seq, last_seq):
        if count <= MANY or len(entries) > 1:
            _note(found, audited, first_seq, last_seq)
        else:
            found[0][audited.kind] = _summary(audited, first_seq, count)
    _note_subjects(found, first_seq, entries)
    return found


def said_of(row: RowDigest, seq: int) -> str:
    """What entry `seq` says of a row: its digest, and the number on it where that is another one."""
    return row.digest if row.changed_seq in (None, seq) else f"{row.digest}@{row.changed_seq}"


def _touched(first: int, last: int) -> list[tuple[Audited, int]]:
    """Models that have rows under these numbers, and how many: one question."""
    stamped = _stamped()
    with connection.cursor() as cursor:
        cursor.execute(_counting(), [first, last] * len(stamped))
        counts = cursor.fetchone()
    return [(audited, count) for audited, count in zip(stamped, counts, strict=True) if count]


@cache
def _stamped() -> tuple[Audited, ...]:
    return tuple(audited for audited in audited_models().values() if audited.is_stamped)


@cache
def _counting() -> str:
    one = '(SELECT COUNT(*) FROM "{table}" WHERE changed_seq BETWEEN %s AND %s)'
    return "SELECT " + ", ".join(one.format(table=audited.table) for audited in _stamped())


def _note(found: list[Rows], audited: Audited, first: int, last: int) -> None:
    """The digests of a run; a number with more rows than fit an entry is summed up."""
    too_many = set()
    for row in stamped_rows(audited, first, last):
        assert row.changed_seq is not None
        at = row.changed_seq - first
        if at in too_many:
            continue
        rows = found[at].setdefault(audited.kind, {})
        rows[str(row.pk)] = row.digest
        if len(rows) > MANY:
            too_many.add(at)
    for at in too_many:
        with connection.cursor() as cursor:
            cursor.execute(f'SELECT COUNT(*) FROM "{audited.table}" WHERE changed_seq = %s', [first + at])
            found[at][audited.kind] = _summary(audited, first + at, cursor.fetchone()[0])


def _summary(audited: Audited, seq: int, count: int) -> dict[str, Any]:
    if not audited.is_append_only:
        return {"count": count}
    running = RunningDigest()
    for row in stamped_rows(audited, seq, seq):
        running.add(row)
    return {"count": running.count, "sha256": running.hexdigest()}


def _note_subjects(found: list[Rows], first_seq: int, entries: Sequence[About]) -> None:
    """What an entry is about is in it, whether or not it was stamped."""
    models = audited_models()
    waiting: dict[str, dict[int, list[int]]] = {}
    for at, entry in enumerate(entries):
        known: Mapping[str, Any] = found[at].get(entry.subject_type, {})
        if (
            entry.subject_type in models
            and entry.subject_id.isdecimal()
            and not ("count" in known or entry.subject_id in known)
        ):
            waiting.setdefault(entry.subject_type, {}).setdefault(int(entry.subject_id), []).append(at)
    for kind, places in waiting.items():
        for row in rows_with_keys(models[kind], places):
            for at in places[row.pk]:
                found[at].setdefault(kind, {})[str(row.pk)] = said_of(row, first_seq + at)
