"""The k nearest points of one view, exact on the ellipsoid.

A search in three steps. The neighbours in Morton order give k points at *some* distance; that radius leaves
few blocks of the index to look at, nearest first, and it shrinks on the way; the survivors are ranked by
their geodesic distance.

The first two steps measure on a sphere. Along any direction anywhere, a metre on the WGS-84 ellipsoid is
0.9944 to 1.0045 metres on the sphere of the mean radius (the extremes of both radii of curvature against
6,371,008.8 m), so the lengths of shortest paths differ by no more, and a radius widened by that ratio loses
nothing.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pyproj import Geod

from maps.pointindex.filters import Filter
from maps.pointindex.morton import SIDE, Float64, Mask, Rect, Rows, dequantise, encode, expand, quantise
from maps.pointindex.summary import BLOCK, BlockSummary
from maps.pointindex.view import View

_GEOD = Geod(ellps="WGS84")
_RADIUS = 6_371_008.8
_SHORTEST = 0.994
_LONGEST = 1.005
_WIDEN = _LONGEST / _SHORTEST
# Rounding of the spherical formula, worst near the antipode, in metres.
_SLACK = 0.2
_SEED_ROWS = 64
_SEED_LIMIT = 1 << 14
_FIRST_BLOCKS = 16


class Origin(NamedTuple):
    """Where the search starts: degrees and radians."""

    lon: float
    lat: float
    lam: float
    phi: float

    @classmethod
    def of(cls, lon: float, lat: float) -> "Origin":
        return cls(lon, lat, math.radians(lon), math.radians(lat))


def _sphere_m(origin: Origin, lon: Float64, lat: Float64) -> Float64:
    """Haversine distance in metres on the mean sphere."""
    phi = np.radians(lat)
    a = np.sin((phi - origin.phi) * 0.5) ** 2
    a += math.cos(origin.phi) * np.cos(phi) * np.sin((np.radians(lon) - origin.lam) * 0.5) ** 2
    metres: Float64 = (2.0 * _RADIUS) * np.arcsin(np.sqrt(np.minimum(a, 1.0)))
    return metres


def _box_distance_m(origin: Origin, west: Float64, south: Float64, east: Float64, north: Float64) -> Float64:
    """Spherical distance to the nearest point of boxes of degrees; 0 inside."""
    within = (west <= origin.lon) & (origin.lon <= east)
    to_west, to_east = np.abs(west - origin.lon), np.abs(east - origin.lon)
    apart = np.minimum(np.minimum(to_west, 360.0 - to_west), np.minimum(to_east, 360.0 - to_east))
    apart = np.where(within, 0.0, apart)
    # On the nearer side's meridian the distance has one minimum; beyond 90 degrees it lies towards the
    # poles and one of the corners is nearest.
    cosine = np.cos(np.radians(apart))
    with np.errstate(divide="ignore"):
        foot = np.degrees(np.arctan(math.tan(origin.phi) / np.maximum(cosine, 1e-12)))
    lon = origin.lon + apart
    near = _sphere_m(origin, lon, np.clip(foot, south, north))
    far = apart >= 90.0
    if far.any():
        corners = np.minimum(_sphere_m(origin, lon, south), _sphere_m(origin, lon, north))
        near = np.where(far, corners, near)
    return near


def _blocks_near(summary: BlockSummary, origin: Origin, radius: float, rect: Rect | None) -> Mask:
    """Blocks whose selected rows may lie within the radius (metres on the sphere): a coarse, cheap test."""
    mask: Mask = summary.min_x[:-1] <= summary.max_x[:-1]  # not those without selected rows
    angle = radius / _RADIUS
    if angle < 1.0:
        phi = origin.phi
        reach = math.degrees(angle) + 1e-7
        _, y = quantise([0.0, 0.0], [min(origin.lat + reach, 90.0), max(origin.lat - reach, -90.0)])
        mask &= (summary.max_y[:-1] >= y[0]) & (summary.min_y[:-1] <= y[1])
        if abs(phi) + angle < math.pi / 2 - 1e-6:
            # Half the width of a spherical cap, in degrees of longitude.
            half = math.degrees(math.asin(math.sin(angle) / math.cos(phi))) + 1e-7
            centre = (origin.lon + 180.0) / 360.0 * SIDE
            x0, x1 = math.floor(centre - half / 360.0 * SIDE), math.floor(centre + half / 360.0 * SIDE)
            if x0 >= 0 and x1 < SIDE:
                mask &= (summary.max_x[:-1] >= np.uint32(x0)) & (summary.min_x[:-1] <= np.uint32(x1))
            elif x1 - x0 < SIDE:  # across the antimeridian: west of the one end or east of the other
                start, end = np.uint32(x0 % SIDE), np.uint32(x1 % SIDE)
                mask &= (summary.max_x[:-1] >= start) | (summary.min_x[:-1] <= end)
    if rect is not None:
        mask &= (summary.max_x[:-1] >= np.uint32(rect.x0)) & (summary.min_x[:-1] <= np.uint32(rect.x1))
        mask &= (summary.max_y[:-1] >= np.uint32(rect.y0)) & (summary.min_y[:-1] <= np.uint32(rect.y1))
    return mask


class _Search:
    """One search in one view: the pool of candidates, and the radius (on the sphere) that still matters."""

    def __init__(
        self, view: View, origin: Origin, k: int, which: Filter, rect: Rect | None, limit_m: float
    ) -> None:
        self.view, self.origin, self.k, self.which, self.rect = view, origin, k, which, rect
        self.limit = limit_m / _SHORTEST + _SLACK
        self.radius = self.limit
        self.rows: Rows = np.zeros(0, dtype=np.int64)
        self.away: Float64 = np.zeros(0)

    def passing(self, rows: Rows) -> Rows:
        rows = rows[self.view.match(rows, self.which)]
        return self.in_rect(rows)

    def in_rect(self, rows: Rows) -> Rows:
        if self.rect is None:
            return rows
        return rows[self.rect.holds(self.view.segment.x[rows], self.view.segment.y[rows])]

    def measure(self, rows: Rows) -> Float64:
        return _sphere_m(self.origin, *dequantise(self.view.segment.x[rows], self.view.segment.y[rows]))

    def shrink(self, away: Float64) -> None:
        """Any k passing rows bound the distance of the k-th nearest."""
        if len(away) >= self.k:
            kth = float(np.partition(away, self.k - 1)[self.k - 1])
            self.radius = min(self.radius, kth * _WIDEN + _SLACK)

    def add(self, rows: Rows) -> None:
        away = self.measure(rows)
        near = away <= self.radius
        self.rows = np.concatenate([self.rows, rows[near]])
        self.away = np.concatenate([self.away, away[near]])
        self.shrink(self.away)

    def run(self) -> None:
        few = self.seed()
        if few is not None:
            self.add(self.in_rect(few))
            return
        summary = self.blocks()
        near = np.flatnonzero(_blocks_near(summary, self.origin, self.radius, self.rect))
        if not len(near):
            return
        west, north = dequantise(summary.min_x[near], summary.min_y[near])
        east, south = dequantise(summary.max_x[near], summary.max_y[near])
        bound = _box_distance_m(self.origin, west, south, east, north) - _SLACK
        order = np.argsort(bound)
        near, bound = near[order], bound[order]
        start, step = 0, _FIRST_BLOCKS
        while start < len(near) and bound[start] <= self.radius:
            stop = min(start + step, int(np.searchsorted(bound, self.radius, side="right")))
            low = near[start:stop] * BLOCK
            self.add(self.passing(expand(low, np.minimum(low + BLOCK, len(self.view.segment)))))
            start, step = stop, step * 2

    def blocks(self) -> BlockSummary:
        """The filter's own blocks when the seed had to work them out, else those of all rows."""
        return self.summary if self.summary is not None else self.view.base_summary()

    summary: BlockSummary | None = None

    def seed(self) -> Rows | None:
        """Set a first radius from neighbours in Morton order; or give all passing rows when few."""
        segment, width = self.view.segment, _SEED_ROWS
        if math.isfinite(self.limit) and self._few_blocks_within_limit():
            return None
        if self.which.ids is None:
            x, y = quantise(self.origin.lon, self.origin.lat)
            if self.rect is not None:  # start from the rectangle's nearest corner or edge
                x, y = np.clip(x, self.rect.x0, self.rect.x1), np.clip(y, self.rect.y0, self.rect.y1)
            (at,) = segment.search(encode(x.astype(np.uint32), y.astype(np.uint32))).tolist()
            while width <= _SEED_LIMIT:
                low, high = max(0, at - width), min(len(segment), at + width)
                rows = self.passing(np.arange(low, high))
                if high - low == len(segment):
                    return rows
                if len(rows) >= self.k:
                    self.shrink(self.measure(rows))
                    return None
                width *= 4
        selection = self.view.selection(self.which)
        self.summary = selection.summary
        return selection.rows

    def _few_blocks_within_limit(self) -> bool:
        if len(self.view.segment) <= _SEED_LIMIT:
            return False
        near = _blocks_near(self.view.base_summary(), self.origin, self.limit, self.rect)
        return int(np.count_nonzero(near)) <= _FIRST_BLOCKS

    def result(self) -> tuple[Rows, Float64]:
        """Rows within the radius and their geodesic distances, unordered; the true k nearest are among
        them.
        """
        rows = self.rows[self.away <= self.radius]
        return rows, geodesic_m(
            self.origin, *dequantise(self.view.segment.x[rows], self.view.segment.y[rows])
        )


def geodesic_m(origin: Origin, lon: Float64, lat: Float64) -> Float64:
    """Metres along the WGS-84 ellipsoid."""
    if not len(lon):
        return np.zeros(0)
    _, _, metres = _GEOD.inv(np.full(len(lon), origin.lon), np.full(len(lon), origin.lat), lon, lat)
    return np.asarray(metres, dtype=np.float64)


def nearest_in_view(
    view: View, origin: Origin, k: int, which: Filter, rect: Rect | None, limit_m: float
) -> tuple[NDArray[np.int64], Float64]:
    """(ids, metres) of candidates within ``limit_m`` that contain the view's k nearest; unordered."""
    if not len(view):
        return np.zeros(0, dtype=np.int64), np.zeros(0)
    search = _Search(view, origin, k, which, rect, limit_m)
    search.run()
    rows, metres = search.result()
    close = metres <= limit_m
    return view.segment.ids[rows[close]].astype(np.int64), metres[close]
