"""Counts of what a filter finds, by every word that it could be narrowed with."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from maps.pointindex import Filter
from projects.readmodels.indexfilters import compile_filter, light_test
from projects.readmodels.siteindex import Snapshot, snapshot
from projects.readmodels.siteload import SERVICES, STAGES
from projects.readmodels.sitequeries import SiteFilter
from projects.rules.vocabulary import DivisionLevel, Light


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
    found = held.index.facets(
        which, columns=["kind", "stage", "service", "division", "combo"], bbox=wanted.bbox
    )
    words = held.vocabulary
    counts = found.counts
    by: dict[str, dict[str, int]] = {
        "kind": {
            words.kind_by_number[n].slug: c for n, c in _present(counts["kind"]) if n in words.kind_by_number
        },
        "stage": {STAGES[n].value: c for n, c in _present(counts["stage"])},
        "service": {SERVICES[n].value: c for n, c in _present(counts["service"])},
        "division": _by_division(counts["division"], held),
        "category": _by_category(counts["combo"], held, staff=staff),
        "light": _by_light(wanted, which, held, staff=staff),
    }
    return Facets(found.total, by, cutoff(held, staff=staff))


def cutoff(held: Snapshot, *, staff: bool = False) -> dt.date | None:
    """The day that the figures are about: the newest visible programme's cut-off."""
    shown = [row for row in held.vocabulary.programmes.values() if staff or row.is_public]
    newest = max(shown, key=lambda row: row.rank, default=None)
    return newest.cutoff if newest else None


def _present(counts: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> list[tuple[int, int]]:
    return [(int(value), int(counts[value])) for value in np.flatnonzero(counts)]


def _by_division(counts: "np.ndarray[tuple[int], np.dtype[np.int64]]", held: Snapshot) -> dict[str, int]:
    """By county or zone: what lies in a township counts for its county. They add up to the total."""
    words = held.vocabulary
    found: dict[str, int] = {}
    for pk, count in _present(counts):
        area = words.area_by_pk.get(pk)
        if area is not None and area.level == DivisionLevel.TOWNSHIP:
            area = words.parent_of(area) or area
        if area is not None:
            found[area.code] = found.get(area.code, 0) + count
    return found


def _by_category(
    counts: "np.ndarray[tuple[int], np.dtype[np.int64]]", held: Snapshot, *, staff: bool
) -> dict[str, int]:
    words = held.vocabulary
    found: dict[str, int] = {}
    for combo, count in _present(counts):
        slugs = {
            words.indicators[pk].category
            for pk in held.combos.sets[combo]
            if pk in words.indicators
            and (staff or words.programmes[words.indicators[pk].programme_id].is_public)
        }
        for slug in slugs:
            found[slug] = found.get(slug, 0) + count
    return found


def _by_light(wanted: SiteFilter, which: Filter, held: Snapshot, *, staff: bool) -> dict[str, int]:
    if not staff and not any(
        row.is_public and row.publishes_lights for row in held.vocabulary.programmes.values()
    ):
        return {}
    found = {}
    for light in Light:
        narrowed = Filter((*which.tests, light_test(held, {light}, staff=staff)), which.ids)
        count = (
            held.index.count(narrowed)
            if wanted.bbox is None
            else held.index.count_bbox(wanted.bbox, narrowed)
        )
        if count:
            found[light.value] = count
    return found
