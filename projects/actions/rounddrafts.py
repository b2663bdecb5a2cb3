"""One row of a monthly round, as the page hands it to the action."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from projects.actions.errors import Invalid
from projects.actions.photodrafts import PhotoDraft
from projects.rules.vocabulary import Stage


@dataclass(frozen=True, slots=True)
class RoundRow:
    """What is reported of one site; `version` is the one that was read. Percent 0..100.

    `stage`: building or finished, where it changed, since `stage_on`.
    """

    site_id: int
    version: int
    percent: Decimal
    problem: str = ""
    plan: str = ""
    stage: Stage | None = None
    stage_on: dt.date | None = None
    photos: tuple[PhotoDraft, ...] = ()


class RoundRefused(Invalid):
    """Some rows cannot be: nothing was written. `rows`: by site, by field, a sentence ("" is the whole row).

    `conflicts`: sites that somebody else changed or reported since the page was read.
    """

    def __init__(
        self, rows: Mapping[int, Mapping[str, str]], conflicts: frozenset[int], names: Mapping[int, str]
    ) -> None:
        self.rows = {pk: dict(errors) for pk, errors in rows.items()}
        self.conflicts = conflicts
        super().__init__(
            {str(pk): f"{names.get(pk, pk)}:{' '.join(errors.values())}" for pk, errors in rows.items()}
        )
