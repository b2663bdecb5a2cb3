"""Two people edit one row: what the other changed, beside what I typed. Nothing of either is lost."""

import datetime as dt
from collections.abc import Mapping, Sequence
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
    """One field that somebody else changed, or that I changed (`who` is empty then).

    `mine_kept`: I changed it, and what I typed is kept. `both`: the other did, too: somebody has to choose.
    """

    name: str
    label: str
    before: str
    now: str
    mine: str
    who: str
    when: dt.datetime | None
    mine_kept: bool
    both: bool = False
    #: "mine" or "theirs", once chosen on the page.
    chosen: str = ""


@dataclass(frozen=True, slots=True)
class Conflict:
    """What happened to a row since `seen_seq`. `entries`: who did what, whatever the fields."""

    differences: tuple[Difference, ...]
    entries: tuple[AuditEntry, ...]

    @property
    def taken(self) -> tuple[str, ...]:
        """Fields that I left alone: the form takes the other's value."""
        return tuple(row.name for row in self.differences if not row.mine_kept)

    @property
    def undecided(self) -> bool:
        return any(row.both and not row.chosen for row in self.differences)


def subject_entries(row: models.Model) -> models.QuerySet[AuditEntry]:
    """The row's history, newest first."""
    return AuditEntry.objects.filter(
        subject_type=str(row._meta.model_name), subject_id=str(row.pk)
    ).select_related("actor")


def conflict_of(
    row: models.Model, seen_seq: int, typed: Mapping[str, Any], stored: Mapping[str, Any] | None = None
) -> Conflict:
    """Compare what was recorded of `row` after `seen_seq` with `typed` (audited values of the form).

    `stored`: audited values of the row as it is, for fields that I alone changed; None: they are left out.
    """
    entries = list(subject_entries(row).filter(seq__gt=seen_seq).order_by("seq"))
    return compared(type(row), entries, typed, stored)


def compared(
    model: type[models.Model],
    entries: Sequence[AuditEntry],
    typed: Mapping[str, Any],
    stored: Mapping[str, Any] | None = None,
    chosen: Mapping[str, str] | None = None,
) -> Conflict:
    """`entries`: what was recorded since, in order. `chosen`: by field, what the person chose to keep."""
    differences = []
    theirs = changes_since(entries)
    for name, (before, now, entry) in theirs.items():
        # A field that is not on the form cannot have been typed: it counts as left alone.
        mine = as_json(typed[name]) if name in typed else before
        kept = mine not in (before, now) and name not in TAKEN_ANYWAY
        differences.append(
            Difference(
                name=name,
                label=field_label(model, name),
                before=readable(model, name, before),
                now=readable(model, name, now),
                mine=readable(model, name, mine),
                who=str(entry.actor or "–"),
                when=entry.recorded_at,
                mine_kept=kept,
                both=kept,
                chosen=(chosen or {}).get(name, ""),
            )
        )
    for name, value in typed.items():
        if stored is None or name in theirs or name not in stored or as_json(value) == as_json(stored[name]):
            continue
        now_text = readable(model, name, as_json(stored[name]))
        mine_text = readable(model, name, as_json(value))
        label = field_label(model, name)
        differences.append(Difference(name, label, now_text, now_text, mine_text, "", None, mine_kept=True))
    return Conflict(tuple(differences), tuple(entries))


def changes_since(entries: Sequence[AuditEntry]) -> dict[str, tuple[Any, Any, AuditEntry]]:
    """By field its value before the entries, after them, and the entry that changed it last."""
    changes: dict[str, tuple[Any, Any, AuditEntry]] = {}
    for entry in entries:
        for name, pair in entry.payload.get("changed", {}).items():
            first = changes[name][0] if name in changes else pair[0]
            changes[name] = (first, pair[1], entry)
    return changes
