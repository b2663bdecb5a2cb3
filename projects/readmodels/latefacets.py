"""How many late and at-risk sites an address would find with each value of each word."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from projects.readmodels.lateboard import REASONS, Board, Ints
from projects.readmodels.latequeries import LATE, RISK, Found
from projects.readmodels.sitecolumns import LIGHTS, PUBLICATIONS, STAGES
from projects.readmodels.siteindex import Snapshot
from projects.readmodels.vocabulary import IndicatorWords

Counts = dict[str, int]


@dataclass(frozen=True, slots=True)
class LateFacets:
    """`by[word][value]` counts rows that pass all the *other* words; zeros are left out.

    A site of two categories, indicators or departments is in both; a township's site also in its county.
    """

    total: int
    by: Mapping[str, Counts]


def late_facets(found: Found, held: Snapshot) -> LateFacets:
    """Counts by every word that the desk can be narrowed with."""
    rows, words = found.board, held.vocabulary
    departments = {pk: code for code, pk in words.department_ids.items()}
    kinds = {pk: kind.slug for pk, kind in words.kind_by_pk.items()}

    def by_column(word: str, column: Ints, name: Callable[[int], str | None]) -> Counts:
        values, counts = np.unique(column[found.passing_but(word)], return_counts=True)
        named = ((name(value), count) for value, count in zip(values.tolist(), counts.tolist(), strict=True))
        return {text: count for text, count in named if text is not None}

    def by_indicator(word: str, names: Callable[[IndicatorWords], Iterable[str]]) -> Counts:
        return _by_indicator(rows, found.passing_but(word), names, held)

    late = rows.is_late
    shown = found.passing_but("show")
    return LateFacets(
        found.total,
        {
            "show": {LATE: int((shown & late).sum()), RISK: int((shown & ~late).sum())},
            "light": by_column("light", rows.light, lambda n: LIGHTS[n].value),
            "reason": by_column("reason", rows.reason, lambda n: REASONS[n].value),
            "stage": by_column("stage", rows.stage, lambda n: STAGES[n].value),
            "publication": by_column("publication", rows.publication, lambda n: PUBLICATIONS[n].value),
            "kind": by_column("kind", rows.kind, kinds.get),
            "division": _by_area(rows.division[found.passing_but("division")], held),
            "managed_by": _by_area(rows.manager[found.passing_but("managed_by")], held),
            "category": by_indicator("category", lambda row: [row.category]),
            "indicator": by_indicator("indicator", lambda row: _with_whole(row, held)),
            "project": by_indicator(
                "project", lambda row: [str(row.project_id)] if row.project_id is not None else []
            ),
            "department": by_indicator(
                "department", lambda row: [departments[pk] for pk in row.departments if pk in departments]
            ),
        },
    )


def _by_area(column: Ints, held: Snapshot) -> Counts:
    """By county or zone with all that lies within, and by township."""
    words = held.vocabulary
    found: Counts = {}
    values, counts = np.unique(column, return_counts=True)
    for pk, count in zip(values.tolist(), counts.tolist(), strict=True):
        area = words.area_by_pk.get(pk)
        if area is None:
            continue
        for code in {area.code, words.counted_under[pk]}:
            found[code] = found.get(code, 0) + count
    return found


def _by_indicator(
    rows: Board,
    passing: NDArray[np.bool_],
    names: Callable[[IndicatorWords], Iterable[str]],
    held: Snapshot,
) -> Counts:
    found: Counts = {}
    indicators = held.vocabulary.indicators
    combos, counts = np.unique(rows.combo[passing], return_counts=True)
    for combo, count in zip(combos.tolist(), counts.tolist(), strict=True):
        # Once a site, however many of its indicators have the value.
        values = {name for pk in rows.combos[combo] if pk in indicators for name in names(indicators[pk])}
        for value in values:
            found[value] = found.get(value, 0) + count
    return found


def _with_whole(row: IndicatorWords, held: Snapshot) -> list[str]:
    """What counts for a subset (其中) counts for its whole."""
    whole = held.vocabulary.indicators.get(row.parent_id) if row.parent_id is not None else None
    return [row.code] if whole is None else [row.code, whole.code]
