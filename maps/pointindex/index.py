"""The point index: a base segment, a delta of newer rows, and the ids that no longer hold in the base."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from maps.pointindex.answers import Facets, Nearest, Points, TileAnswer
from maps.pointindex.counting import count_in_cover, histogram, histograms_in_cover
from maps.pointindex.filters import EVERYTHING, Filter
from maps.pointindex.morton import Rect, Rows, cover
from maps.pointindex.nearest import Origin, nearest_in_view
from maps.pointindex.pages import page_ids
from maps.pointindex.segment import Columns, Segment
from maps.pointindex.shapes import polygon_rows
from maps.pointindex.tile import answer_tile, take_points
from maps.pointindex.view import View
from maps.tiles import BBox, TileId

_NO_IDS = np.zeros(0, dtype=np.int64)


class PointIndex:
    """Points with categorical columns, and every question a map asks of them.

    Immutable: a change makes a new index that shares the base and what was worked out for it. Safe to use
    from several threads. ``base``: the bulk of the rows; ``delta``: newer rows with the same schema, which
    replace base rows of the same id; ``tombstones``: ids whose base rows are gone (those the base has not
    are ignored). Raises ValueError when the schemas differ.
    """

    def __init__(self, base: Segment, delta: Segment | None = None, tombstones: ArrayLike = ()) -> None:
        if delta is not None and delta.schema != base.schema:
            raise ValueError(f"The delta's schema {delta.schema} is not the base's, {base.schema}.")
        hidden = np.unique(np.asarray(tombstones, dtype=np.int64))
        if delta is not None:
            hidden = np.union1d(hidden, delta.ids)
        self._set(View(base).without(base.rows_of(hidden)), delta)

    def _set(self, base: View, delta: Segment | None) -> None:
        self._base = base
        self.delta = delta if delta is not None and len(delta) else None
        self._views = [base] if self.delta is None else [base, View(self.delta)]

    @classmethod
    def build(cls, rows: Columns, schema: dict[str, Any]) -> "PointIndex":
        """An index of one segment; see ``Segment.build``."""
        return cls(Segment.build(rows, schema))

    # ------------------------------------------------------------------------------- state and changes

    @property
    def base(self) -> Segment:
        """The base segment, dead rows included."""
        return self._base.segment

    @property
    def tombstones(self) -> NDArray[np.int64]:
        """Sorted ids whose rows in the base are deleted or replaced."""
        return np.sort(self.base.ids[self._base.dead].astype(np.int64))

    @property
    def delta_size(self) -> int:
        """Changes carried beside the base: when it nears a hundredth of the base, ``compact()`` pays."""
        return len(self._base.dead) + (len(self.delta) if self.delta is not None else 0)

    def __len__(self) -> int:
        return sum(len(view) for view in self._views)

    def with_changes(self, upserts: Columns | None = None, deletes: ArrayLike = ()) -> "PointIndex":
        """A new index with rows put in (or replaced by id) and ids taken out; unknown ids are ignored.

        An id in both is put in. Raises ValueError as ``Segment.build`` does.
        """
        fresh = None if upserts is None else Segment.build(upserts, self.base.schema)
        gone = np.unique(np.asarray(deletes, dtype=np.int64))
        if fresh is not None:
            gone = np.union1d(gone, fresh.ids)
        changed = PointIndex.__new__(PointIndex)
        changed._set(self._base.without(self.base.rows_of(gone)), _replace(self.delta, gone, fresh))
        return changed

    def compact(self) -> "PointIndex":
        """The same rows in one fresh base segment; itself when there is nothing to fold in."""
        if self.delta is None and not len(self._base.dead):
            return self
        alive = self.base if self._base.alive is None else _take(self.base, np.flatnonzero(self._base.alive))
        return PointIndex(alive if self.delta is None else _concatenate(alive, self.delta))

    def warm(self) -> None:
        """Work out now what the first unfiltered question would have to (some 8 ms per million rows)."""
        for view in self._views:
            view.selection(EVERYTHING)

    # ------------------------------------------------------------------------------- questions

    def count(self, which: Filter = EVERYTHING) -> int:
        """How many points pass."""
        return len(self) if which.is_empty else sum(view.selection(which).count for view in self._views)

    def tile(
        self,
        tile: TileId,
        which: Filter = EVERYTHING,
        *,
        cell_px: int = 64,
        cluster: bool = True,
        cap: int = 2000,
        mix: str | None = None,
        columns: Sequence[str] = (),
    ) -> TileAnswer:
        """The points of a tile, or clusters of them by cells of ``cell_px`` (a power of two, 4..256) of 256
        pixels.

        A cell with one point gives that point, with two or more a cluster. More than ``cap`` points come
        out as that many, spread evenly along Morton order, and ``truncated``. ``columns`` come along with
        the points; ``mix`` is a column of at most 256 values whose commonest three are told for each
        cluster.
        """
        return answer_tile(
            self._views, tile, which, cell_px=cell_px, cluster=cluster, cap=cap, mix=mix, columns=columns
        )

    def bbox(self, bbox: BBox, which: Filter = EVERYTHING) -> NDArray[np.int64]:
        """Sorted ids of the points in the box, edges included (to the quantised step: see ``Rect.of``)."""
        rect = Rect.of(bbox)
        cells = cover(rect)
        found = [view.segment.ids[view.rows_in_cover(cells, rect, which)] for view in self._views]
        return np.sort(np.concatenate(found).astype(np.int64))

    def count_bbox(self, bbox: BBox, which: Filter = EVERYTHING) -> int:
        """How many points pass in the box."""
        rect = Rect.of(bbox)
        cells = cover(rect)
        return sum(count_in_cover(view, cells, rect, which) for view in self._views)

    def ids_in_bbox(
        self,
        bbox: BBox,
        which: Filter = EVERYTHING,
        *,
        order: Literal["id", "-id"] = "id",
        after: int | None = None,
        limit: int = 100,
    ) -> NDArray[np.int64]:
        """A keyset page: the first ``limit`` ids in the box in ascending (``-id``: descending) order that
        come after the id ``after``.
        """
        if limit < 1:
            raise ValueError("A page has at least one row.")
        rect = Rect.of(bbox)
        if order not in ("id", "-id"):
            raise ValueError(f"A page is in the order of id or -id, not {order!r}.")
        sign = 1 if order == "id" else -1
        found = [page_ids(view, rect, which, sign, after, limit) for view in self._views]
        return np.sort(np.concatenate(found) * sign)[:limit] * sign

    def polygon(self, geometry: shapely.Geometry, which: Filter = EVERYTHING) -> NDArray[np.int64]:
        """Sorted ids of the points inside a polygon or multipolygon of degrees (one exactly on the edge is
        not).

        Raises ValueError for another kind of geometry and for an invalid one.
        """
        found = [view.segment.ids[rows] for view, rows in polygon_rows(self._views, geometry, which)]
        return np.sort(np.concatenate(found).astype(np.int64)) if found else _NO_IDS

    def nearest(
        self,
        lon: float,
        lat: float,
        k: int,
        which: Filter = EVERYTHING,
        *,
        bbox: BBox | None = None,
        max_distance_m: float | None = None,
    ) -> Nearest:
        """The ``k`` points nearest to a position by distance on the ellipsoid, nearest first, equal ones by
        id.

        Raises ValueError for k < 1 and for a position outside the world.
        """
        if k < 1:
            raise ValueError("nearest needs k of at least 1.")
        if not (abs(lon) <= 180 and abs(lat) <= 90):
            raise ValueError(f"({lon}, {lat}) is no position in the world.")
        limit = float("inf") if max_distance_m is None else float(max_distance_m)
        rect = None if bbox is None else Rect.of(bbox)
        origin = Origin.of(lon, lat)
        found = [nearest_in_view(view, origin, k, which, rect, limit) for view in self._views]
        ids, metres = np.concatenate([part[0] for part in found]), np.concatenate([part[1] for part in found])
        order = np.lexsort((ids, metres))[:k]
        return Nearest(ids[order], metres[order])

    def facets(
        self, which: Filter = EVERYTHING, *, columns: Sequence[str], bbox: BBox | None = None
    ) -> Facets:
        """Passing points by value of each of ``columns``, and their number."""
        names = list(columns)
        counts = {name: np.zeros(self._value_count(name), dtype=np.int64) for name in names}
        rect = None if bbox is None else Rect.of(bbox)
        cells = None if rect is None else cover(rect)
        total = 0
        for view in self._views:
            if rect is None or cells is None or view.lies_in(rect):
                total += len(view) if which.is_empty else view.selection(which).count
                part = {name: histogram(view, name, which) for name in names}
            else:
                number, part = histograms_in_cover(view, names, cells, rect, which)
                total += number
            for name, values in part.items():
                counts[name][: len(values)] += values
        return Facets(total, counts)

    def lookup(self, ids: ArrayLike, columns: Sequence[str] = (), which: Filter = EVERYTHING) -> Points:
        """The points of those of the ids that the index has and the filter passes, by ascending id."""
        wanted = np.unique(np.asarray(ids, dtype=np.int64))
        parts = []
        for view in self._views:
            rows = view.segment.rows_of(wanted)
            parts.append((view, rows[view.match(rows, which)]))
        points = take_points(parts, columns)
        order = np.argsort(points.ids)
        values = {name: column[order] for name, column in points.columns.items()}
        return Points(points.ids[order], points.lon[order], points.lat[order], values)

    def _value_count(self, name: str) -> int:
        return max(view.segment.value_count(name) for view in self._views)


def _take(segment: Segment, rows: Rows) -> Segment:
    columns = {name: column[rows] for name, column in segment.columns.items()}
    return Segment.from_quantised(segment.ids[rows], segment.x[rows], segment.y[rows], columns)


def _concatenate(one: Segment, two: Segment) -> Segment:
    columns = {name: np.concatenate([column, two.columns[name]]) for name, column in one.columns.items()}
    x, y = np.concatenate([one.x, two.x]), np.concatenate([one.y, two.y])
    return Segment.from_quantised(np.concatenate([one.ids, two.ids]), x, y, columns)


def _replace(delta: Segment | None, gone: NDArray[np.int64], fresh: Segment | None) -> Segment | None:
    """The delta without some ids and with fresh rows."""
    if delta is None or not len(delta):
        return fresh
    stay = np.ones(len(delta), dtype=np.bool_)
    stay[delta.rows_of(gone)] = False
    kept = delta if stay.all() else _take(delta, np.flatnonzero(stay))
    return kept if fresh is None else _concatenate(kept, fresh)
