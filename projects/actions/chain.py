"""Reading the audit chain back: does every entry still say what was hashed, and follow the one before?"""

import hashlib
from dataclasses import dataclass

from projects.actions.ledger import Entry, canonical
from projects.models import AuditEntry, ChangeHead
from projects.models.changes import GENESIS_HASH


@dataclass(frozen=True, slots=True)
class ChainReport:
    """How many entries were read, and the first one that is wrong with the reason; None when all is well."""

    entries: int
    bad_seq: int | None = None
    reason: str = ""


def verify_chain() -> ChainReport:
    """Recompute every hash from the first entry on. Reasons: gap, link, content, head."""
    previous, expected = GENESIS_HASH, 1
    for row in AuditEntry.objects.order_by("seq").iterator(chunk_size=5_000):
        if row.seq != expected:
            return ChainReport(expected - 1, expected, "gap")
        if row.previous_hash != previous:
            return ChainReport(expected - 1, row.seq, "link")
        told = Entry(row.action, row.subject_type, row.subject_id, row.division_id, row.payload)
        text = canonical(
            seq=row.seq,
            recorded_at=row.recorded_at,
            actor_id=row.actor_id,
            entry=told,
            previous_hash=previous,
        )
        if hashlib.sha256(text).hexdigest() != row.hash:
            return ChainReport(expected - 1, row.seq, "content")
        previous, expected = row.hash, expected + 1
    head = ChangeHead.objects.filter(id=1).first()
    at = (head.seq, head.entry_hash) if head else (0, GENESIS_HASH)
    if at != (expected - 1, previous):
        return ChainReport(expected - 1, min(at[0], expected - 1) + 1, "head")
    return ChainReport(expected - 1)
