"""How rows that are edited in place were at a change number, by undoing what the audit chain says came later.

Statements are append-only and need none of this. What has no dated row of its own (a programme's period, how
an indicator is counted, whose money a line is) is on the chain with its value before and after.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from projects.models import AuditEntry


@dataclass(frozen=True, slots=True)
class Past:
    """Of one kind of row at a number: which were not there yet, and the values that were different."""

    added_later: frozenset[int] = frozenset()
    values: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)

    def was(self, pk: int, name: str, now: Any) -> Any:
        """The audited value of a field then; `now` where nothing changed since."""
        return self.values.get(pk, {}).get(name, now)

    def day(self, pk: int, name: str, now: dt.date | None) -> dt.date | None:
        """A date then."""
        said = self.was(pk, name, now)
        return dt.date.fromisoformat(said) if isinstance(said, str) else said

    def decimal(self, pk: int, name: str, now: Decimal | None) -> Decimal | None:
        """A decimal then."""
        said = self.was(pk, name, now)
        return Decimal(said) if isinstance(said, str) else said


def past(subject_type: str, seq: int, newest: int) -> Past:
    """Rows of a model (its lower-case name) at `seq`, read at the number `newest`.

    Nothing is asked where nothing can have changed since.
    """
    if seq >= newest:
        return Past()
    added: set[int] = set()
    values: dict[int, dict[str, Any]] = {}
    later = AuditEntry.objects.filter(subject_type=subject_type, seq__gt=seq).order_by("-seq")
    for action, subject_id, payload in later.values_list("action", "subject_id", "payload"):
        pk = int(subject_id)
        if action == f"{subject_type}.add":
            added.add(pk)
        # From the newest back: what is written last is what was true first.
        for name, pair in payload.get("changed", {}).items():
            if isinstance(pair, list) and len(pair) == 2:
                values.setdefault(pk, {})[name] = pair[0]
    return Past(frozenset(added), values)
