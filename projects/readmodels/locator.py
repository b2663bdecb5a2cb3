"""In which division a position lies: the borders in force in one tree, asked for many positions at once.

The deepest level wins (a township before its county before its city); functional zones (功能区) are left out,
because what lies in one lies in a county too and is counted there. There is **no tolerance**: a position on a
border, or on the wrong side of a coarsely drawn one, belongs where the polygon says, and one just outside
every polygon (a pier, a beach) belongs nowhere. `nearest` says how far outside it is, so that a caller may
decide otherwise and say so. Load the city's own borders where that matters.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from types import MappingProxyType
from typing import Final

import numpy as np
import shapely
from django.db.models import Count, Max
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from maps.geometry import geodesic_distance_m
from projects.models import Boundary, ChangeHead
from projects.rules.vocabulary import DivisionLevel

Ids = NDArray[np.int64]
Degrees = NDArray[np.float64]

NOWHERE: Final = -1
#: The deeper, the higher; a level that is absent is never an answer.
DEPTH: Final[Mapping[str, int]] = MappingProxyType(
    {
        DivisionLevel.PROVINCE.value: 0,
        DivisionLevel.CITY.value: 1,
        DivisionLevel.COUNTY.value: 2,
        DivisionLevel.TOWNSHIP.value: 3,
    }
)


@dataclass(frozen=True, slots=True)
class Border:
    """One division's border (EPSG:4326)."""

    division_id: int
    code: str
    level: str
    geometry: BaseGeometry


class DivisionLocator:
    """Answers from borders handed over at the start; it never looks at the database again."""

    def __init__(self, borders: Sequence[Border]) -> None:
        # Of several that cover a position the last one here wins: deepest level, then the lowest code.
        known = sorted(
            (border for border in borders if border.level in DEPTH),
            key=lambda border: (-DEPTH[border.level], border.code),
            reverse=True,
        )
        self._ids: Ids = np.array([border.division_id for border in known], dtype=np.int64)
        # Whole multipolygons of islands have useless boxes; their parts have small ones.
        parts, owner = shapely.get_parts([border.geometry for border in known], return_index=True)
        self._owner: Ids = np.asarray(owner, dtype=np.int64)
        shapely.prepare(parts)
        self._tree = shapely.STRtree(parts)
        counties = np.array(
            [DEPTH[border.level] >= DEPTH[DivisionLevel.COUNTY.value] for border in known], bool
        )
        # A city's border runs along its counties': the county is the useful neighbour.
        chosen = counties[self._owner] if counties.any() else np.ones(len(parts), bool)
        self._near_parts, self._near_owner = parts[chosen], self._owner[chosen]
        self._near_tree = shapely.STRtree(self._near_parts)

    def __len__(self) -> int:
        return len(self._ids)

    def locate(self, lon: Degrees, lat: Degrees) -> Ids:
        """The division's id for each position (WGS-84 degrees, equal shapes, 1-d), or `NOWHERE`."""
        found = np.full(len(lon), NOWHERE, dtype=np.int64)
        if not len(self._ids) or not len(lon):
            return found
        asked, part = self._tree.query(shapely.points(lon, lat), predicate="intersects")
        best = np.full(len(lon), -1, dtype=np.int64)
        np.maximum.at(best, asked, self._owner[part])
        inside = best >= 0
        found[inside] = self._ids[best[inside]]
        return found

    def nearest(self, lon: Degrees, lat: Degrees) -> tuple[Ids, Degrees]:
        """The division with the nearest border, and metres to it (0 inside), for each position.

        Nearest is judged in degrees, measured on the ellipsoid: good for distances of a few kilometres.
        """
        ids = np.full(len(lon), NOWHERE, dtype=np.int64)
        metres = np.full(len(lon), np.inf)
        if not len(self._ids) or not len(lon):
            return ids, metres
        points = shapely.points(lon, lat)
        asked, part = self._near_tree.query_nearest(points)
        best = np.full(len(lon), -1, dtype=np.int64)
        np.maximum.at(best, asked, self._near_owner[part])
        ids = self._ids[best]
        nearest_part = np.zeros(len(lon), dtype=np.int64)
        nearest_part[asked] = part
        ends = shapely.get_point(shapely.shortest_line(self._near_parts[nearest_part], points), 0)
        return ids, geodesic_distance_m(shapely.get_x(ends), shapely.get_y(ends), lon, lat)


_lock = Lock()
_cached: tuple[tuple[object, ...], DivisionLocator] | None = None


def current_locator() -> DivisionLocator:
    """The locator of the borders now in force, built anew when any border changed since."""
    global _cached
    key = _borders_version()
    with _lock:
        if key is not None and _cached is not None and _cached[0] == key:
            return _cached[1]
    rows = Boundary.objects.newest().filter(division__deleted_seq__isnull=True).select_related("division")
    locator = DivisionLocator(
        [
            Border(
                row.division_id, row.division.code, row.division.level, shapely.from_wkb(bytes(row.geom.wkb))
            )
            for row in rows
        ]
    )
    if key is not None:
        with _lock:
            _cached = (key, locator)
    return locator


def _borders_version() -> tuple[object, ...] | None:
    """What changes whenever a border does; None while the database has no history to tell it by."""
    head = ChangeHead.objects.first()
    if head is None:
        return None
    facts = Boundary.objects.aggregate(seq=Max("changed_seq"), newest=Max("pk"), count=Count("pk"))
    return (head.epoch, *facts.values())
