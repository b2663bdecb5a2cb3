"""The list of sites as staff work with it: whose rows, which filters, answered by the point index.

Everything that the index holds is decided there; what it does not hold (who submitted a site, when it was
last reported) is asked of the database for the candidates, newest first, and only for as many as a page
looks at.
Whoever shows the rows reads them through `Site.objects.visible_to` again.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from django.db.models import Q
from numpy.typing import NDArray

from maps.pointindex import Filter, In, Test, Where
from maps.tiles import BBox, TileId
from projects.models import Indicator, Site
from projects.permissions.access import Access, Permission, Scope, scopes_for
from projects.readmodels.indexfilters import compile_filter
from projects.readmodels.sitecolumns import LIGHTS, Numbers
from projects.readmodels.siteindex import Snapshot
from projects.readmodels.sitequeries import SiteFilter
from projects.rules.vocabulary import Light

#: Candidates that one page looks at in the database.
LOOKED_AT: Final = 2_000
#: Candidates that a map looks at in the database.
MAPPED: Final = 10_000
_WORLD: Final = BBox(-180.0, -90.0, 180.0, 90.0)


@dataclass(frozen=True, slots=True)
class StaffQuery:
    """What is listed: `which` by the index, `rest` by the database (None where the index says it all)."""

    which: Filter
    rest: Q | None = None


@dataclass(frozen=True, slots=True)
class IdPage:
    """Ids, newest first. `newer`, `older`: cursors of the neighbouring pages; None where there is none."""

    ids: tuple[int, ...]
    newer: int | None
    older: int | None


@dataclass(frozen=True, slots=True)
class Total:
    """How many there are; with `at_least` there may be more."""

    count: int
    at_least: bool = False


def staff_query(
    access: Access,
    permission: Permission,
    held: Snapshot,
    *,
    wanted: SiteFilter | None = None,
    tests: Iterable[Test] = (),
    ids: Collection[int] | None = None,
    rest: Q | None = None,
) -> StaffQuery:
    """The sites that may be treated so, narrowed by filter words, tests, ids and what only SQL knows."""
    words = compile_filter(wanted or SiteFilter(), held, staff=True)
    within = scope_test(access, permission, held)
    every = [*words.tests, *tests, *([] if within is None else [within])]
    return StaffQuery(Filter(every, None if ids is None else np.array(sorted(ids), dtype=np.int64)), rest)


def scope_test(access: Access, permission: Permission, held: Snapshot) -> Test | None:
    """`Site.objects.visible_to` as a test over the index's columns; None where every site is covered."""
    scopes = scopes_for(access, permission)
    if any(scope.divisions is None and scope.departments is None for scope in scopes):
        return None
    parts = [_tables(scope, held) for scope in scopes]

    def covered(managers: Numbers, standings: Numbers) -> NDArray[np.bool_]:
        found = np.zeros(len(managers), dtype=np.bool_)
        for areas, sets in parts:
            part = np.ones(len(managers), dtype=np.bool_)
            if areas is not None:
                part &= np.take(areas, managers, mode="clip")
            if sets is not None:
                part &= np.take(sets, standings, mode="clip")
            found |= part
        return found

    key = tuple(
        (None if areas is None else areas.tobytes(), None if sets is None else sets.tobytes())
        for areas, sets in parts
    )
    return Where(("manager", "standing"), covered, ("scope", key))


def light_test(lights: Collection[Light], held: Snapshot) -> Test:
    """Sites with one of these lights on the cut-off of the programme that governs them."""
    one = np.array([light in lights for light in LIGHTS])
    return In("standing", np.tile(one, len(held.codes.combos)))


def counting_test(held: Snapshot) -> Test:
    """Sites that count towards some indicator: no existing stock (存量)."""
    counts = np.array([bool(members) for members in held.codes.combos.keys])
    return In("standing", np.repeat(counts, len(LIGHTS)))


def apart_test(held: Snapshot) -> Test:
    """Sites that lie in one area and are managed by another, neither of which contains the other."""
    areas = [held.vocabulary.area_by_pk.get(pk) for pk in held.codes.areas.keys]
    # An area that is no more contains nothing and lies in nothing, and is apart from nothing.
    left = np.array([*(area.left if area else -1 for area in areas), -1], dtype=np.int64)
    right = np.array([*(area.right if area else -1 for area in areas), -1], dtype=np.int64)

    def lies_apart(divisions: Numbers, managers: Numbers) -> NDArray[np.bool_]:
        a, b = np.take(left, divisions, mode="clip"), np.take(left, managers, mode="clip")
        inside = (a >= b) & (a <= np.take(right, managers, mode="clip"))
        above = (b >= a) & (b <= np.take(right, divisions, mode="clip"))
        return (a >= 0) & (b >= 0) & ~inside & ~above

    return Where(("division", "manager"), lies_apart, ("apart", left.tobytes(), right.tobytes()))


def page(
    query: StaffQuery, held: Snapshot, *, limit: int, after: int | None = None, before: int | None = None
) -> IdPage:
    """`limit` ids below the id `after`, or above `before`, or the newest.

    A page that looks at LOOKED_AT candidates in vain is short; its `older` goes on from there.
    """
    if before is not None:
        ids, more, _last = _walk(query, held, limit, before, newest_first=False)
        if more:
            ids.reverse()
            return IdPage(tuple(ids), ids[0] if ids else None, ids[-1] if ids else None)
        # As far up as it goes: the newest page, and a whole one.
        after = None
    ids, more, last = _walk(query, held, limit, after, newest_first=True)
    return IdPage(
        tuple(ids), None if after is None else (ids[0] if ids else after + 1), last if more else None
    )


def total(query: StaffQuery, held: Snapshot) -> Total:
    """Exact where the index says it all, or where there are at most LOOKED_AT candidates."""
    count = held.index.count(query.which)
    if query.rest is None:
        return Total(count)
    ids = _candidates(query, held, None, LOOKED_AT, newest_first=True)
    return Total(len(_passing(ids, query.rest)), at_least=count > LOOKED_AT)


def resolved(query: StaffQuery, held: Snapshot) -> Filter:
    """The query as the index alone can answer it, for maps: what the database says is asked of the newest
    MAPPED candidates."""
    if query.rest is None:
        return query.which
    ids = _candidates(query, held, None, MAPPED, newest_first=True)
    passing: set[int] = set()
    for start in range(0, len(ids), LOOKED_AT):
        passing |= _passing(ids[start : start + LOOKED_AT], query.rest)
    return Filter(query.which.tests, np.array(sorted(passing), dtype=np.int64))


def extent(which: Filter, held: Snapshot) -> BBox | None:
    """Of everything that passes, in degrees; None where nothing does."""
    answer = held.index.tile(TileId(0, 0, 0), which, cell_px=256)
    bounds = [cluster.bounds for cluster in answer.clusters]
    bounds += [(lon, lat, lon, lat) for lon, lat in zip(answer.points.lon, answer.points.lat, strict=True)]
    if not bounds:
        return None
    west, south, east, north = (np.array(side) for side in zip(*bounds, strict=True))
    return BBox(float(west.min()), float(south.min()), float(east.max()), float(north.max()))


def _tables(scope: Scope, held: Snapshot) -> tuple[NDArray[np.bool_] | None, NDArray[np.bool_] | None]:
    """Which managers and standings a scope covers. The last entry stands for numbers beyond the table."""
    areas = sets = None
    if scope.divisions is not None:
        areas = np.array([*(pk in scope.divisions for pk in held.codes.areas.keys), False])
    if scope.departments is not None:
        own = set(Indicator.objects.of_departments(scope.departments).values_list("pk", flat=True))
        passing = [not own.isdisjoint(members) for members in held.codes.combos.keys]
        sets = np.array([*np.repeat(passing, len(LIGHTS)).tolist(), False])
    return areas, sets


def _candidates(
    query: StaffQuery, held: Snapshot, start: int | None, limit: int, *, newest_first: bool
) -> list[int]:
    found = held.index.ids_in_bbox(
        _WORLD, query.which, order="-id" if newest_first else "id", after=start, limit=limit
    )
    ids: list[int] = found.tolist()
    return ids


def _walk(
    query: StaffQuery, held: Snapshot, limit: int, start: int | None, *, newest_first: bool
) -> tuple[list[int], bool, int | None]:
    """Ids, whether there may be more, and where to go on."""
    if query.rest is None:
        ids = _candidates(query, held, start, limit + 1, newest_first=newest_first)
        return ids[:limit], len(ids) > limit, ids[limit - 1] if len(ids) > limit else None
    seen = _candidates(query, held, start, LOOKED_AT, newest_first=newest_first)
    passing = _passing(seen, query.rest)
    ids = [pk for pk in seen if pk in passing]
    if len(ids) > limit:
        return ids[:limit], True, ids[limit - 1]
    more = len(seen) == LOOKED_AT
    return ids, more, seen[-1] if more else None


def _passing(ids: Sequence[int], rest: Q) -> set[int]:
    return set(Site.objects.live().filter(rest, pk__in=ids).order_by().values_list("pk", flat=True))
