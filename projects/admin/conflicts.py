"""Two people edit one row: what the other changed, beside what I typed. Nothing of either is lost."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db import models

from projects.actions.ledger import as_json
from projects.admin.readable import field_label, readable
from projects.models import AuditEntry

#: Fields that cannot be merged: the form goes on from the other's, and what I typed is shown beside it.
TAKEN_ANYWAY: Final = frozenset({"contributions"})


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that somebody else changed. `mine_kept`: I did too, and the form keeps what I typed."""

    name: str
    label: str
    before: str
    now: str
    mine: str
    who: str
    when: dt.datetime
    mine_kept: bool


@dataclass(frozen=True, slots=True)
class Conflict:
    """What happened to a row since `seen_seq`. `entries`: who did what, whatever the fields."""

    differences: tuple[Difference, ...]
    entries: tuple[AuditEntry, ...]

    @property
    def taken(self) -> tuple[str, ...]:
        """Fields that I left alone: the form takes the other's value."""
        return tuple(row.name for row in self.differences if not row.mine_kept)


def subject_entries(row: models.Model) -> models.QuerySet[AuditEntry]:
    """The row's history, newest first."""
    return AuditEntry.objects.filter(
        subject_type=str(row._meta.model_name), subject_id=str(row.pk)
    ).select_related("actor")


def conflict_of(row: models.Model, seen_seq: int, typed: Mapping[str, Any]) -> Conflict:
    """Compare what was recorded of `row` after `seen_seq` with `typed` (audited values of the form)."""
    entries = list(subject_entries(row).filter(seq__gt=seen_seq).order_by("seq"))
    changes: dict[str, tuple[Any, Any, AuditEntry]] = {}
    for entry in entries:
        for name, pair in entry.payload.get("changed", {}).items():
            first = changes[name][0] if name in changes else pair[0]
            changes[name] = (first, pair[1], entry)
    model = type(row)
    differences = []
    for name, (before, now, entry) in changes.items():
        # A field that is not on the form cannot have been typed: it counts as left alone.
        mine = as_json(typed[name]) if name in typed else before
        differences.append(
            Difference(
                name=name,
                label=field_label(model, name),
                before=readable(model, name, before),
                now=readable(model, name, now),
                mine=readable(model, name, mine),
                who=str(entry.actor or "–"),
                when=entry.recorded_at,
                mine_kept=mine not in (before, now) and name not in TAKEN_ANYWAY,
            )
        )
    return Conflict(tuple(differences), tuple(entries))
