"""The preview of a staged import in pages: what each row would do, in words, and what is wrong."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from projects.models import StagedImport, StagedProblem, StagedRow
from projects.rules.vocabulary import RowAction

#: Rows on a page at most.
MOST: Final = 200


@dataclass(frozen=True, slots=True)
class Change:
    """One field of a row: its name in the column table, its title, and both values as a person reads them."""

    field: str
    title: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """One row of the preview. `number` is the file's own; `changes` of a new site have no before."""

    number: int
    action: RowAction
    code: str
    label: str
    division: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class RowsPage:
    """`next`: what to ask for as `after`; None on the last page."""

    rows: tuple[PreviewRow, ...]
    next: int | None


@dataclass(frozen=True, slots=True)
class ProblemsPage:
    """As RowsPage, of problems; `after` counts problems."""

    problems: tuple[StagedProblem, ...]
    next: int | None


def rows_page(
    staged: StagedImport, action: RowAction | None = None, *, after: int = 0, limit: int = 50
) -> RowsPage:
    """Planned rows by their number in the file, those behind row `after` (keyset)."""
    raise NotImplementedError


def problems_page(
    staged: StagedImport, severity: str = "", *, after: int = 0, limit: int = 50
) -> ProblemsPage:
    """Problems by row, errors and warnings together or one of them; those behind the first `after`."""
    raise NotImplementedError


_ = (json, Iterable, Mapping, Any, StagedRow)
