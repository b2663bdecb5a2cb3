"""What waits for a verifier: which sites, how many, and how they lie to where the verifier stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Q

from maps.geometry import geodesic_distance_m
from projects.models import Division, Sample, SampledSite, Site, Verification
from projects.permissions.access import LEVEL_PERMISSIONS, Access, holds
from projects.querysets.sites import SiteQuerySet
from projects.readmodels.siteindex import snapshot
from projects.readmodels.sitequeries import SiteFilter
from projects.readmodels.staffsites import Total, counting_test, page, staff_query, total
from projects.readmodels.verifying import (
    asks_unchecked,
    condition,
    deadlines,
    not_mine,
    open_draws,
    waiting_for,
)
from projects.rules.vocabulary import CheckLevel, Stage

#: So many are put in order at most; who has more to do chooses a district first.
MOST: Final = 2_000


@dataclass(frozen=True, slots=True)
class Waiting:
    """One line of the desk. `distance_m`: metres from where the verifier stands, None without a position.

    `last`: the newest visit, where there was one.
    """

    site: Site
    distance_m: float | None
    last: Verification | None


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Within one district, of one sample."""

    division: Division | None = None
    sample: Sample | None = None

    def condition(self) -> Q:
        found = Q()
        if self.division is not None:
            found &= Q(
                managed_by__tree_left__gte=self.division.tree_left,
                managed_by__tree_left__lte=self.division.tree_right,
            )
        if self.sample is not None:
            found &= Q(pk__in=SampledSite.objects.filter(sample=self.sample).values("site"))
        return found


def levels_of(access: Access) -> list[CheckLevel]:
    """The levels on which somebody looks anywhere: for a menu."""
    return [level for level in CheckLevel if holds(access, LEVEL_PERMISSIONS[level])]


def waiting_total(access: Access, level: CheckLevel) -> Total:
    """How many sites wait for this person on a level."""
    if asks_unchecked(level):
        # Nothing is noted of what was never looked at: the index leaves the finished ones that count.
        held = snapshot(fresh=True)
        query = staff_query(
            access,
            LEVEL_PERMISSIONS[level],
            held,
            wanted=SiteFilter(stages=frozenset({Stage.FINISHED})),
            tests=[counting_test(held)],
            rest=condition(level) & not_mine(access.user_id),
        )
        return total(query, held)
    return Total(_rows(access, level, Narrowing()).count())


def waiting_ids(access: Access, level: CheckLevel, within: Narrowing) -> tuple[list[int], bool]:
    """Their ids, newest first, and whether there are more than MOST."""
    if asks_unchecked(level) and within.sample is None:
        held = snapshot(fresh=True)
        query = staff_query(
            access,
            LEVEL_PERMISSIONS[level],
            held,
            wanted=SiteFilter(stages=frozenset({Stage.FINISHED})),
            tests=[counting_test(held)],
            rest=condition(level) & not_mine(access.user_id) & within.condition(),
        )
        found = page(query, held, limit=MOST)
        return list(found.ids), found.older is not None
    ids = list(_rows(access, level, within).order_by("-pk").values_list("pk", flat=True)[: MOST + 1])
    return ids[:MOST], len(ids) > MOST


def in_order(ids: Sequence[int], at: tuple[float, float] | None) -> list[tuple[int, float | None]]:
    """The ids with their distance in metres from `at` (longitude, latitude), nearest first; as they come
    without one.
    """
    if at is None:
        return [(pk, None) for pk in ids]
    places = [
        (pk, location.x, location.y)
        for pk, location in Site.objects.filter(pk__in=ids).values_list("pk", "location")
    ]
    if not places:
        return []
    keys, lons, lats = zip(*places, strict=True)
    metres = geodesic_distance_m([at[0]] * len(keys), [at[1]] * len(keys), list(lons), list(lats))
    return sorted(
        zip(keys, (float(each) for each in metres), strict=True), key=lambda pair: (pair[1], pair[0])
    )


def waiting_rows(access: Access, ids: Sequence[tuple[int, float | None]]) -> list[Waiting]:
    """The lines of one page."""
    keys = [pk for pk, _distance in ids]
    sites = {
        site.pk: site
        for site in Site.objects.visible_to(access).filter(pk__in=keys).select_related("kind", "managed_by")
    }
    last: dict[int, Verification] = {}
    for row in Verification.objects.filter(site__in=keys).standing().order_by("pk"):
        last[row.site_id] = row
    return [Waiting(sites[pk], distance, last.get(pk)) for pk, distance in ids if pk in sites]


def returned_rows(access: Access, sites: SiteQuerySet) -> list[tuple[Site, Verification | None]]:
    """Returned sites with their return, the earliest deadline first; at most MOST."""
    rows = list(sites.select_related("kind", "managed_by").order_by("pk")[:MOST])
    due = deadlines([site.pk for site in rows])
    pairs = [(site, due.get(site.pk)) for site in rows]
    return sorted(
        pairs, key=lambda pair: (pair[1] is None, str(pair[1].deadline) if pair[1] else "", pair[0].pk)
    )


def samples_of(access: Access, level: CheckLevel) -> list[Sample]:
    """Drawn rounds of a level with something left to visit."""
    ids = open_draws(level).filter(sample__drawn_at__isnull=False).values("sample")
    return list(Sample.objects.filter(pk__in=ids).order_by("-pk"))


def _rows(access: Access, level: CheckLevel, within: Narrowing) -> SiteQuerySet:
    return waiting_for(access, level).filter(within.condition())
