"""Live rows beside the last that the chain says of each: changed, gone, put in, moved to another number."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from django.db.models import Exists, OuterRef, Q

from projects.actions.claims import RunningDigest
from projects.actions.claimstore import Claim, ClaimStore, Summary
from projects.models import Membership, User
from projects.models.audited import Audited, audited_models
from projects.models.rowdigests import RowDigest, all_rows

CHANGED: Final = "row-changed"
GONE: Final = "row-gone"
EXTRA: Final = "row-extra"
MOVED: Final = "row-moved"
MANY: Final = "rows-changed"
#: The row is from before entries proved rows, and no anchor has accepted it.
UNANCHORED: Final = "row-unanchored"


@dataclass(frozen=True, slots=True)
class RowFinding:
    """A row that the chain does not prove. `seq`: the last entry that speaks of it, or the number on it.

    `now` is the row as it is, None when it is gone. Of many rows at once `pk` is 0.
    """

    kind: str
    pk: int
    seq: int
    reason: str
    now: RowDigest | None = None

    @property
    def subject(self) -> str:
        """`site:17`, or `site` for many at once."""
        return f"{self.kind}:{self.pk}" if self.pk else self.kind


class RowsChecker:
    """Goes through every audited table once, by key; `rows` counts what it has seen."""

    def __init__(
        self, store: ClaimStore, *, is_anchored: bool, on_progress: Callable[[int], None] | None = None
    ) -> None:
        self.rows = 0
        self._store = store
        self._unclaimed = EXTRA if is_anchored else UNANCHORED
        self._tell = on_progress

    def findings(self) -> Iterator[RowFinding]:
        """Everything that is wrong, table by table."""
        for audited in audited_models().values():
            yield from self._table(audited)

    def _table(self, audited: Audited) -> Iterator[RowFinding]:
        summaries = {each.seq: each for each in self._store.summaries if each.kind == audited.kind}
        sums = {seq: RunningDigest() for seq, each in summaries.items() if each.sha256}
        restamped: Counter[int] = Counter()
        powerless = _powerless() if audited.kind == "user" else frozenset()
        claims = self._store.claims(audited.kind)
        claim = next(claims, None)
        for row in all_rows(audited):
            self._count()
            while claim is not None and claim.pk < row.pk:
                yield from _gone(audited, claim)
                claim = next(claims, None)
            if claim is None or claim.pk != row.pk:
                if row.changed_seq in sums:
                    sums[row.changed_seq].add(row)
                elif row.pk not in powerless:
                    yield RowFinding(audited.kind, row.pk, row.changed_seq or 0, self._unclaimed, row)
                continue
            if claim.digest != row.digest:
                reason = EXTRA if claim.digest is None else CHANGED
                yield RowFinding(audited.kind, row.pk, claim.seq, reason, row)
            elif audited.is_stamped and row.changed_seq != claim.stamp:
                if row.changed_seq in summaries and row.changed_seq > claim.seq:
                    restamped[row.changed_seq] += 1
                else:
                    yield RowFinding(audited.kind, row.pk, claim.seq, MOVED, row)
            claim = next(claims, None)
        while claim is not None:
            yield from _gone(audited, claim)
            claim = next(claims, None)
        yield from _summed(summaries, sums, restamped)

    def _count(self) -> None:
        self.rows += 1
        if self._tell is not None and self.rows % 1_000 == 0:
            self._tell(1_000)


def _gone(audited: Audited, claim: Claim) -> Iterator[RowFinding]:
    if claim.digest is not None:
        yield RowFinding(audited.kind, claim.pk, claim.seq, GONE)


def _summed(
    summaries: dict[int, Summary], sums: dict[int, RunningDigest], restamped: Counter[int]
) -> Iterator[RowFinding]:
    for seq, said in sorted(summaries.items()):
        if seq in sums:
            if (sums[seq].count, sums[seq].hexdigest()) != (said.count, said.sha256):
                yield RowFinding(said.kind, 0, seq, MANY)
        elif restamped[seq] > said.count:
            yield RowFinding(said.kind, 0, seq, MOVED)


def _powerless() -> frozenset[int]:
    """Accounts that nobody can use, without a role, such as the actor of commands: they need no entry."""
    roles = Membership.objects.filter(user_id=OuterRef("pk"))
    usable = Q(is_active=True) | Q(is_staff=True) | Q(is_superuser=True)
    return frozenset(User.objects.exclude(usable | Exists(roles)).values_list("pk", flat=True))
