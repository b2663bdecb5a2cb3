"""Where each indicator belonged and how it was counted, as it was known at a change.

Indicators are edited in place, so what they said earlier is read from the audit: every later change is taken
back. Without that a figure asked for by `known_at` would change when an indicator's definition does.
"""

from typing import Any

from projects.models import AuditEntry, Category, Indicator
from projects.rules.rollups import Definition, Definitions
from projects.rules.vocabulary import CompletionType, Counting

#: What decides where and how an indicator's sites are counted.
DEFINING = ("category_id", "project_id", "subset_of_id", "counting", "completion_type")


def definitions(known_seq: int | None = None) -> Definitions:
    """Every indicator after the change `known_seq`; None: as they are now."""
    rows: dict[int, dict[str, Any]] = {
        pk: dict(zip(DEFINING, values, strict=True))
        for pk, *values in Indicator.objects.values_list("pk", *DEFINING)
    }
    if known_seq is not None:
        _take_back(rows, known_seq)
    programmes = dict(Category.objects.values_list("pk", "programme_id"))
    return {
        pk: Definition(
            programmes[row["category_id"]],
            row["category_id"],
            row["project_id"],
            row["subset_of_id"],
            Counting(row["counting"]),
            row["completion_type"] == CompletionType.CONSTRUCTION_STARTED,
        )
        for pk, row in rows.items()
    }


def _take_back(rows: dict[int, dict[str, Any]], known_seq: int) -> None:
    """Undo what was recorded later, the newest first."""
    entries = AuditEntry.objects.filter(subject_type="indicator", seq__gt=known_seq).order_by("-seq")
    for action, subject_id, payload in entries.values_list("action", "subject_id", "payload"):
        pk = int(subject_id)
        if action == "indicator.add":
            rows.pop(pk, None)
            continue
        changed = payload.get("changed", {})
        for name in DEFINING:
            if pk in rows and name in changed:
                rows[pk][name] = changed[name][0]
