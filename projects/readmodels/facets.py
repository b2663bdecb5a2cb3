"""Counts of what a filter finds, by every word that it could be narrowed with."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from projects.readmodels.indexfilters import compile_filter, shown_lights
from projects.readmodels.sitecolumns import LIGHTS, SERVICES, STAGES, standing_counts, state_counts
from projects.readmodels.siteindex import Snapshot, snapshot
from projects.readmodels.sitequeries import SiteFilter

_COLUMNS = ("kind", "state", "division", "standing")

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Facets:
    """`by[word][value]` is the number of found sites with that value; zeros are left out.

    A site that counts for two categories is in both; the other words add up to `total`.
    """

    total: int
    by: Mapping[str, Mapping[str, int]]
    as_of: dt.date | None


def facets(wanted: SiteFilter, *, staff: bool = False, held: Snapshot | None = None) -> Facets:
    """Count. Lights are counted only where the public may see them. Raises FilterError."""
    held = held or snapshot(fresh=staff)
    which = compile_filter(wanted, held, staff=staff)
    found = held.index.facets(which, columns=_COLUMNS, bbox=wanted.bbox)
    kinds = held.vocabulary.kind_by_number
    services, stages = state_counts(found.counts["state"])
    standings = standing_counts(found.counts["standing"])
    by: dict[str, dict[str, int]] = {
        "kind": {kinds[n].slug: c for n, c in _present(found.counts["kind"]) if n in kinds},
        "stage": {STAGES[n].value: c for n, c in _present(stages)},
        "service": {SERVICES[n].value: c for n, c in _present(services)},
        "division": _by_division(found.counts["division"], held),
        "category": _by_category(standings.sum(axis=1), held, staff=staff),
        "light": _by_light(standings, held, staff=staff),
    }
    return Facets(found.total, by, cutoff(held, staff=staff))


def cutoff(held: Snapshot, *, staff: bool = False) -> dt.date | None:
    """The day that the figures are about: the newest visible programme's cut-off."""
    shown = [row for row in held.vocabulary.programmes.values() if staff or row.is_public]
    newest = max(shown, key=lambda row: row.rank, default=None)
    return newest.cutoff if newest else None


def _present(counts: Counts) -> list[tuple[int, int]]:
    values = np.flatnonzero(counts)
    return list(zip(values.tolist(), counts[values].tolist(), strict=True))


def _by_division(counts: Counts, held: Snapshot) -> dict[str, int]:
    """By county or zone: what lies in a township counts for its county. They add up to the total."""
    codes, areas = held.vocabulary.counted_under, held.codes.areas.keys
    found: dict[str, int] = {}
    for number, count in _present(counts):
        code = codes.get(areas[number])
        if code is not None:
            found[code] = found.get(code, 0) + count
    return found


def _by_category(counts: Counts, held: Snapshot, *, staff: bool) -> dict[str, int]:
    words, combos = held.vocabulary, held.codes.combos.keys
    found: dict[str, int] = {}
    for combo, count in _present(counts):
        slugs = {
            words.indicators[pk].category
            for pk in combos[combo]
            if pk in words.indicators
            and (staff or words.programmes[words.indicators[pk].programme_id].is_public)
        }
        for slug in slugs:
            found[slug] = found.get(slug, 0) + count
    return found


def _by_light(standings: Counts, held: Snapshot, *, staff: bool) -> dict[str, int]:
    programmes = held.vocabulary.programmes.values()
    if not staff and not any(row.is_public and row.publishes_lights for row in programmes):
        return {}
    shown = shown_lights(held, staff=staff)[: len(standings)]
    counts = np.bincount(shown.ravel(), weights=standings.ravel(), minlength=len(LIGHTS))
    return {LIGHTS[n].value: int(c) for n, c in _present(counts.astype(np.int64))}
