"""Entries read from the first to the last: does each say what was hashed, and follow the one before?"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from django.db import connection
from django.utils.dateparse import parse_datetime

from projects.actions.claimstore import ClaimStore
from projects.actions.ledger import Entry, canonical
from projects.models import AuditEntry, ChangeHead
from projects.models.changes import GENESIS_HASH
from projects.models.plainrows import fetch
from projects.models.rowdigests import utc_text

_PAGE: Final = 10_000
#: What accepts rows that no other entry proves.
ANCHOR: Final = "chain.anchor"

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class EntriesReport:
    """How many entries are right, and the first one that is not with the reason (gap, link, content, head,
    checkpoint, cut). `until` is the last number among which the bad one is, where only that is known."""

    entries: int
    last_hash: str
    bad_seq: int | None = None
    until: int | None = None
    reason: str = ""
    #: Entries from before entries proved rows, and whether one has accepted the rows since.
    unproved: int = 0
    is_anchored: bool = False


def read_entries(
    store: ClaimStore | None,
    expected: Mapping[int, str],
    *,
    after: int = 0,
    start: str | None = None,
    on_progress: Progress | None = None,
) -> EntriesReport:
    """Recompute every hash after entry `after`; what entries say of rows goes into `store`.

    `expected`: hashes by number, as checkpoints have them. `start`: the hash of entry `after`, which is
    compared too.
    """
    previous, seq = (GENESIS_HASH if start is None else start), after
    unproved, is_anchored, trusted = 0, False, after

    def bad(at: int, reason: str, until: int | None = None) -> EntriesReport:
        return EntriesReport(seq - after, previous, at, until, reason, unproved, is_anchored)

    if after and not AuditEntry.objects.filter(seq=after, hash=previous).exists():
        return bad(after, "checkpoint")
    for page in _pages(after):
        for row in page:
            if row[0] != seq + 1:
                return bad(seq + 1, "gap")
            if row[8] != previous:
                return bad(row[0], "link")
            payload = _checked(row)
            if payload is None:
                return bad(row[0], "content")
            if row[0] in expected:
                if expected[row[0]] != row[9]:
                    return bad(trusted + 1, "checkpoint", row[0])
                trusted = row[0]
            previous, seq = row[9], row[0]
            rows = payload.get("rows")
            if rows is None:
                unproved += 1
            elif store is not None and not store.takes(seq, rows):
                return bad(seq, "content")
            is_anchored = is_anchored or row[3] == ANCHOR
        if on_progress is not None:
            on_progress(len(page))
    cut = max(expected, default=0)
    if cut > seq:
        return bad(seq + 1, "cut", cut)
    head = ChangeHead.objects.filter(id=1).first()
    at = (head.seq, head.entry_hash) if head else (0, GENESIS_HASH)
    if at != (seq, previous):
        return bad(min(at[0], seq) + 1, "head")
    return EntriesReport(seq - after, previous, None, None, "", unproved, is_anchored)


def _pages(after: int) -> Iterator[list[tuple[Any, ...]]]:
    """Plain tuples, some thousand at a time, by the primary key."""
    # An expression has no declared type, so that SQLite's driver does not parse moments.
    moment, payload = (
        ("recorded_at", "payload::text")
        if connection.vendor == "postgresql"
        else ("+recorded_at", "+payload")
    )
    columns = f"seq, {moment}, actor_id, action, subject_type, subject_id, division_id, {payload}"
    # One below the least possible: an entry that was given a number below 1 must be met.
    last = after or -(2**62)
    while True:
        page = fetch(
            f"SELECT {columns}, previous_hash, hash FROM projects_auditentry"
            f" WHERE seq > %s ORDER BY seq LIMIT {_PAGE}",
            [last],
        )
        if not page:
            return
        yield page
        last = page[-1][0]


def _checked(row: tuple[Any, ...]) -> dict[str, Any] | None:
    """The payload of an entry whose hash is right; None where it is not."""
    seq, recorded_at, actor_id, action, subject_type, subject_id, division_id, text, previous, digest = row
    try:
        payload = orjson.loads(text)
        written = fast_canonical(
            seq,
            utc_text(recorded_at),
            actor_id,
            action,
            subject_type,
            subject_id,
            division_id,
            payload,
            previous,
        )
        if hashlib.sha256(written).hexdigest() == digest and isinstance(payload, dict):
            return payload
    except (ValueError, TypeError):
        pass
    return _checked_slowly(row)


def fast_canonical(
    seq: int,
    recorded_at: str,
    actor_id: int | None,
    action: str,
    subject_type: str,
    subject_id: str,
    division_id: int | None,
    payload: Any,
    previous: str,
) -> bytes:
    """The bytes of `ledger.canonical`, in a fifth of the time. A test holds the two equal."""
    return orjson.dumps(
        {
            "seq": seq,
            "recorded_at": recorded_at,
            "actor": actor_id,
            "action": action,
            "subject_type": subject_type,
            "subject_id": subject_id,
            "division": division_id,
            "payload": payload,
            "previous": previous,
        },
        option=orjson.OPT_SORT_KEYS,
    )


def _checked_slowly(row: tuple[Any, ...]) -> dict[str, Any] | None:
    """By the ledger's own words before anybody is accused: orjson knows whole numbers to 64 bits only."""
    seq, recorded_at, actor_id, action, subject_type, subject_id, division_id, text, previous, digest = row
    try:
        payload = json.loads(text)
        moment = parse_datetime(utc_text(recorded_at))
        if moment is None or not isinstance(payload, dict):
            return None
        written = canonical(
            seq=seq,
            recorded_at=moment,
            actor_id=actor_id,
            entry=Entry(action, subject_type, subject_id, division_id, payload),
            previous_hash=previous,
        )
    except (ValueError, TypeError):
        return None
    return payload if hashlib.sha256(written).hexdigest() == digest else None
