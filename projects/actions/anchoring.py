"""Accepting rows that the chain does not prove: those from before entries proved rows, those that a migration
rewrote, those that somebody changed past the actions and that are to stay so. It is said in the chain itself.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from projects.actions import ledger
from projects.actions.chainentries import ANCHOR, read_entries
from projects.actions.chainrows import RowFinding, RowsChecker
from projects.actions.claims import said_of
from projects.actions.claimstore import ClaimStore
from projects.actions.errors import ActionError, Invalid, NotAllowed
from projects.permissions.access import Access, Permission, Target, may

#: Rows in one entry: some 45 kB.
ROWS_AN_ENTRY: Final = 500


class ChainBroken(ActionError):
    """The chain itself is wrong: what it does not prove is not accepted on top of that."""


@dataclass(slots=True)
class Accepted:
    """How many rows of each kind were accepted, by what was wrong with them."""

    rows: dict[str, dict[str, int]] = field(default_factory=dict)
    entries: int = 0

    @property
    def count(self) -> int:
        """All of them."""
        return sum(sum(each.values()) for each in self.rows.values())


def anchor_chain(
    *,
    access: Access,
    reason: str,
    is_rehearsal: bool = False,
    on_progress: Callable[[int], None] | None = None,
) -> Accepted:
    """Write entries (`chain.anchor`) with the digests of all rows that no entry proves as they are.

    Everything that is proved already is left alone. A rehearsal only counts. Nobody else writes meanwhile.
    Raises NotAllowed, Invalid without a reason, ChainBroken.
    """
    if not may(access, Permission.MEMBERSHIP_CHANGE, Target()):
        raise NotAllowed(_("只有全市的管理员可以接受未经证明的记录。"))
    if not reason.strip():
        raise Invalid({"reason": _("请写明原因。")})
    accepted = Accepted()
    with transaction.atomic(), ClaimStore() as store:
        ledger.hold()
        read = read_entries(store, {}, on_progress=on_progress)
        if read.bad_seq is not None:
            raise ChainBroken(
                _("审计链在第 %(seq)d 条出现问题,先要查清:请运行 manage.py verify_chain。")
                % {"seq": read.bad_seq}
            )
        checker = RowsChecker(store, is_anchored=True, on_progress=on_progress)
        # What was found is not read again while entries are written.
        found = _by_entry(checker.findings())
        for findings in found:
            _count(accepted, findings)
            if not is_rehearsal:
                _write(access, findings, reason)
            accepted.entries += 1
    return accepted


def _by_entry(findings: Iterator[RowFinding]) -> Iterator[list[RowFinding]]:
    while chunk := list(islice(findings, ROWS_AN_ENTRY)):
        yield chunk


def _count(accepted: Accepted, findings: list[RowFinding]) -> None:
    for finding in findings:
        kinds = accepted.rows.setdefault(finding.kind, {})
        kinds[finding.reason] = kinds.get(finding.reason, 0) + 1


def _write(access: Access, findings: list[RowFinding], reason: str) -> None:
    for finding in findings:
        if not finding.pk:
            raise ChainBroken(
                _("第 %(seq)d 条所证明的一批记录(%(kind)s)已不一致,不能这样接受。")
                % {"seq": finding.seq, "kind": finding.kind}
            )
    with ledger.take(1, actor_id=access.user_id) as numbers:
        rows: dict[str, dict[str, str | None]] = {}
        for finding in findings:
            # None: it is gone.
            said = None if finding.now is None else said_of(finding.now, numbers.first)
            rows.setdefault(finding.kind, {})[str(finding.pk)] = said
        payload: Mapping[str, ledger.JSON] = {"reason": reason, "rows": rows}
        numbers.write([ledger.Entry(ANCHOR, "chain", str(numbers.first), None, payload)])
