"""Is the audit chain whole, is it the one that the checkpoints saw, and does it prove the rows?"""

import heapq
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from django.db import connection, transaction

from projects.actions.chainentries import read_entries
from projects.actions.chainrows import UNANCHORED, RowFinding, RowsChecker
from projects.actions.claimstore import ClaimStore
from projects.rules.checkpoints import Line, expected_hashes

#: Rows that are named one by one.
NAMED: Final = 20


@dataclass(frozen=True, slots=True)
class ChainReport:
    """How many entries were read, and the first one that is wrong with the reason; None when all is well.

    For a row that the chain does not prove `bad_seq` is the last entry that speaks of it and `subject` names
    it. `until`: the bad entry lies between `bad_seq` and this one.
    """

    entries: int
    bad_seq: int | None = None
    reason: str = ""
    until: int | None = None
    subject: str = ""
    #: Live rows that were compared, how many of them are not proved, and the first of those.
    rows: int = 0
    bad_rows: int = 0
    findings: tuple[RowFinding, ...] = ()
    #: Checkpoints that were compared.
    checkpoints: int = 0


def verify_chain(
    *,
    lines: Sequence[Line] = (),
    with_rows: bool = True,
    on_progress: Callable[[int], None] | None = None,
) -> ChainReport:
    """Recompute every hash, compare it with checkpoints whose signatures are right, then compare every row.

    Reasons: gap, link, content, head; checkpoint, cut; and those of projects.actions.chainrows. In one
    snapshot of the database, so that writers may go on.
    """
    expected = expected_hashes(lines)
    with _snapshot(), ClaimStore() as store:
        read = read_entries(store if with_rows else None, expected, on_progress=on_progress)
        if read.bad_seq is not None:
            return ChainReport(read.entries, read.bad_seq, read.reason, read.until, checkpoints=len(expected))
        if not with_rows:
            return ChainReport(read.entries, checkpoints=len(expected))
        is_proved = read.is_anchored or not read.unproved
        checker = RowsChecker(store, is_anchored=is_proved, on_progress=on_progress)
        count, first = _first(checker.findings())
    report = ChainReport(
        read.entries, rows=checker.rows, bad_rows=count, findings=first, checkpoints=len(expected)
    )
    if not first:
        return report
    worst = first[0]
    return ChainReport(
        read.entries,
        worst.seq,
        worst.reason,
        subject="" if worst.reason == UNANCHORED else worst.subject,
        rows=checker.rows,
        bad_rows=count,
        findings=first,
        checkpoints=len(expected),
    )


def _first(findings: Iterator[RowFinding]) -> tuple[int, tuple[RowFinding, ...]]:
    """How many, and the first by the entry that speaks of them."""
    count = 0

    def counted() -> Iterator[RowFinding]:
        nonlocal count
        for finding in findings:
            count += 1
            yield finding

    first = heapq.nsmallest(NAMED, counted(), key=lambda each: (each.seq, each.kind, each.pk))
    return count, tuple(first)


@contextmanager
def _snapshot() -> Iterator[None]:
    """One state of the database for all questions; a transaction that is open already is left as it is."""
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
    else:
        # Django begins IMMEDIATE, which would keep writers out; reading needs no lock.
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")
