"""Where each indicator belonged and how it was counted, as it was known at a change.

Indicators are edited in place, so what they said earlier is read from the audit chain. Without that a figure
asked for by `known_at` would change when an indicator's definition does.
"""

from typing import Final

from projects.models import Category, Indicator
from projects.readmodels.past import Past, past
from projects.rules.rollups import Definition, Definitions
from projects.rules.vocabulary import CompletionType, Counting

#: What decides where and how an indicator's sites are counted.
DEFINING = ("category_id", "project_id", "subset_of_id", "counting", "completion_type")
#: Above every number.
_AHEAD: Final = 2**63


def definitions(known_seq: int | None = None) -> Definitions:
    """Every indicator after the change `known_seq`; None: as they are now."""
    # Asked of the chain even at the newest number that is known: the rows may be newer still.
    then = past("indicator", known_seq, _AHEAD) if known_seq is not None else Past()
    programmes = dict(Category.objects.values_list("pk", "programme_id"))
    found = {}
    for pk, *values in Indicator.objects.values_list("pk", *DEFINING):
        if pk in then.added_later:
            continue
        category, project, whole, counting, completion = (
            then.was(pk, name, value) for name, value in zip(DEFINING, values, strict=True)
        )
        found[pk] = Definition(
            programmes[category],
            category,
            project,
            whole,
            Counting(counting),
            completion == CompletionType.CONSTRUCTION_STARTED,
        )
    return found
