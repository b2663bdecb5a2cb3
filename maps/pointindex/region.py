"""Which rows of a segment lie inside a polygon, at a cost that follows its border and not its area.

The rows are in Morton order, so a quadtree cell is a run of rows. A cell that no edge crosses is decided as
a whole; one with few rows is decided row by row, against the edges *of that cell* only. GEOS asks every
edge that a horizontal line crosses: for a comb of 5,000 teeth that is 40 microseconds a point.

Inside or outside is carried from cell to cell. Each cell has an anchor, a point whose answer is known; the
answer for another point of the cell is the anchor's, turned round by each edge that the way from the one to
the other crosses. The way runs along the anchor's meridian and then along the point's parallel. Where
rounding could matter (an edge within 1e-12 degrees of a turning point of the way), GEOS decides the point.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from maps.pointindex.morton import SIDE, Float64, Mask, Rect, Rows, cover, dequantise, encode, expand
from maps.tiles import BBox, from_unit

if TYPE_CHECKING:
    from maps.pointindex.segment import Segment

_ROOT_CELLS = 16
# A cell with more rows than this is cut in four: cutting costs as much as testing some of them would.
_LEAF_ROWS = 48
# Pairs of a point and an edge that are looked at together: their arrays stay in the cache.
_CHUNK_PAIRS = 1 << 16
# Degrees. Sixty times what rounding can add up to here.
_DOUBT = 1e-12
# Where anchors lie in their cells, as shares of width and height: nowhere that a person would draw an edge.
_ANCHORS = ((0.51803, 0.47717), (0.39119, 0.61253), (0.67391, 0.35879))

_Edges = NDArray[np.int64]


class _Paths(NamedTuple):
    """From anchors to points, one each, and the edges that each must be checked against."""

    anchor_x: Float64
    anchor_y: Float64
    x: Float64
    y: Float64
    """Degrees."""
    low: Rows
    high: Rows
    """Which of ``edges`` are the path's: low <= i < high."""
    edges: _Edges


class _Cells(NamedTuple):
    """Neighbouring quadtree cells of one size, in no particular order."""

    x0: NDArray[np.int64]
    y0: NDArray[np.int64]
    shift: int
    parent: NDArray[np.int64]

    def take(self, which: NDArray[Any]) -> "_Cells":
        return _Cells(self.x0[which], self.y0[which], self.shift, self.parent[which])

    def degrees(self) -> tuple[Float64, Float64, Float64, Float64]:
        """West, south, east, north."""
        size = 1 << self.shift
        west, north = from_unit(self.x0 / SIDE, self.y0 / SIDE)
        east, south = from_unit((self.x0 + size) / SIDE, (self.y0 + size) / SIDE)
        return west, south, east, north

    def rows(self, segment: "Segment") -> tuple[Rows, Rows]:
        first = encode(self.x0.astype(np.uint32), self.y0.astype(np.uint32))
        last = first + np.uint64((1 << (2 * self.shift)) - 1)
        return segment.search(first), segment.search(last, after=True)

    def quarters(self) -> "_Cells":
        half = 1 << (self.shift - 1)
        x0 = np.repeat(self.x0, 4) + np.tile([0, half, 0, half], len(self.x0))
        y0 = np.repeat(self.y0, 4) + np.tile([0, 0, half, half], len(self.y0))
        return _Cells(x0, y0, self.shift - 1, np.repeat(np.arange(len(self.x0)), 4))


class _Known(NamedTuple):
    """What is known of some cells: their anchors (degrees), whether those lie inside, and their edges."""

    anchor_x: Float64
    anchor_y: Float64
    inside: Mask
    low: Rows
    high: Rows
    edges: _Edges

    def take(self, which: NDArray[Any]) -> "_Known":
        return _Known(
            self.anchor_x[which],
            self.anchor_y[which],
            self.inside[which],
            self.low[which],
            self.high[which],
            self.edges,
        )


class Region:
    """A valid polygon or multipolygon of degrees, strictly inside which rows are looked for.

    Raises ValueError for another kind of geometry. Whether it is valid is for the caller to know: checking
    may cost more than anything here, and of an invalid one the answer means nothing.
    """

    def __init__(self, geometry: shapely.Geometry) -> None:
        if geometry.geom_type not in ("Polygon", "MultiPolygon"):
            raise ValueError(
                f"The index answers for polygons and multipolygons, not for a {geometry.geom_type}."
            )
        self.geometry = geometry
        pairs, ring = shapely.get_coordinates(
            shapely.get_rings(shapely.get_parts(geometry)), return_index=True
        )
        edge = (ring[1:] == ring[:-1]) & (pairs[1:] != pairs[:-1]).any(axis=1)
        start, end = pairs[:-1][edge], pairs[1:][edge]
        self._x1, self._y1 = np.ascontiguousarray(start.T)
        self._x2, self._y2 = np.ascontiguousarray(end.T)
        with np.errstate(divide="ignore", over="ignore"):
            self._east_per_north = (self._x2 - self._x1) / (self._y2 - self._y1)
            self._north_per_east = (self._y2 - self._y1) / (self._x2 - self._x1)

    @property
    def nbytes(self) -> int:
        """About the bytes of its numbers."""
        # Two numbers a vertex in the geometry, six beside it; rings close with a vertex of their own.
        return int(self._x1.nbytes) * 8

    def rect(self) -> Rect | None:
        """What it lies in; None when it is empty or beside the world."""
        if self.geometry.is_empty:
            return None
        west, south, east, north = (float(edge) for edge in self.geometry.bounds)
        if west > 180 or east < -180 or south > 90 or north < -90:
            return None
        return Rect.of(BBox(max(west, -180.0), max(south, -90.0), min(east, 180.0), min(north, 90.0)))

    # ------------------------------------------------------------------------------- rows

    def mask(self, segment: "Segment") -> Mask:
        """Which rows of a segment lie strictly inside (one exactly on the edge does not)."""
        inside = np.zeros(len(segment), dtype=np.bool_)
        rect = self.rect()
        if rect is None or not len(inside):
            return inside
        # One cell that holds everything, with its anchor where nothing is.
        none, edges = np.zeros(1, dtype=np.int64), np.arange(len(self._x1))
        known = _Known(
            np.array([-1000.0]),
            np.array([-1000.0]),
            np.zeros(1, dtype=np.bool_),
            none,
            none + len(edges),
            edges,
        )
        roots = cover(rect, _ROOT_CELLS)
        size = int(roots.boxes[0, 2] - roots.boxes[0, 0]) + 1
        cells = _Cells(
            roots.boxes[:, 0], roots.boxes[:, 1], size.bit_length() - 1, np.zeros(len(roots.first), np.int64)
        )
        while len(cells.x0):
            cells, known = self._settle(segment, cells, known, inside)
        return inside

    def _settle(
        self, segment: "Segment", cells: _Cells, parents: _Known, inside: Mask
    ) -> tuple[_Cells, _Known]:
        """Decide the rows of some cells; returns the quarters of those that are left, and what is known of
        the cells that these are quarters of.
        """
        low, high = cells.rows(segment)
        some = high > low
        cells, low, high = cells.take(some), low[some], high[some]
        known, undecided = self._know(cells, parents)
        for start, stop in zip(low[undecided].tolist(), high[undecided].tolist(), strict=True):
            inside[start:stop] = self._ask_geos(segment, np.arange(start, stop))
        free = known.low == known.high
        for start, stop in _joined(low, high, free & known.inside & ~undecided):
            inside[start:stop] = True
        few = (high - low <= _LEAF_ROWS) | (cells.shift == 0)
        leaf = ~free & ~undecided & few
        self._test_rows(segment, low[leaf], high[leaf], known.take(leaf), inside)
        split = ~free & ~undecided & ~few
        return cells.take(split).quarters() if split.any() else cells.take(split), known.take(split)

    def _know(self, cells: _Cells, parents: _Known) -> tuple[_Known, Mask]:
        """Anchors and edges of cells from those of the cells that they are part of; and for which of them
        no anchor could be decided beyond doubt.
        """
        west, south, east, north = cells.degrees()
        count = len(cells.x0)
        x, y = np.zeros(count), np.zeros(count)
        inside, open_ = np.zeros(count, dtype=np.bool_), np.ones(count, dtype=np.bool_)
        for across, up in _ANCHORS:
            which = np.flatnonzero(open_)
            if not len(which):
                break
            x[which] = west[which] + (east - west)[which] * across
            y[which] = south[which] + (north - south)[which] * up
            own = cells.parent[which]
            turned, doubtful = self._turned(
                _Paths(
                    parents.anchor_x[own],
                    parents.anchor_y[own],
                    x[which],
                    y[which],
                    parents.low[own],
                    parents.high[own],
                    parents.edges,
                )
            )
            inside[which] = parents.inside[own] ^ turned
            open_[which] = doubtful
        low, high, edges = self._edges_in(cells, parents, (west, south, east, north))
        return _Known(x, y, inside, low, high, edges), open_

    def _edges_in(
        self, cells: _Cells, parents: _Known, box: tuple[Float64, Float64, Float64, Float64]
    ) -> tuple[Rows, Rows, _Edges]:
        """The edges that touch each cell, out of those of the cell that it is part of."""
        west, south, east, north = box
        middle_x, middle_y = (west + east) / 2, (south + north) / 2
        half_x, half_y = (east - west) / 2 + _DOUBT, (north - south) / 2 + _DOUBT
        low, high = parents.low[cells.parent], parents.high[cells.parent]
        kept: list[_Edges] = []
        counts = np.zeros(len(cells.x0), dtype=np.int64)
        for first, last in _chunks(high - low):
            at = expand(low[first:last], high[first:last])
            cell = np.repeat(np.arange(first, last), (high - low)[first:last])
            edge = parents.edges[at]
            x1, y1 = self._x1[edge] - middle_x[cell], self._y1[edge] - middle_y[cell]
            x2, y2 = self._x2[edge] - middle_x[cell], self._y2[edge] - middle_y[cell]
            wide, tall = half_x[cell], half_y[cell]
            touches = (np.minimum(x1, x2) <= wide) & (np.maximum(x1, x2) >= -wide)
            touches &= (np.minimum(y1, y2) <= tall) & (np.maximum(y1, y2) >= -tall)
            # All corners on one side of the edge's line: it passes by.
            across = np.abs(x1 * y2 - x2 * y1) * (1 - 1e-9)
            touches &= across <= np.abs(x2 - x1) * tall + np.abs(y2 - y1) * wide
            kept.append(edge[touches])
            counts += np.bincount(cell[touches], minlength=len(counts))
        ends = np.cumsum(counts)
        return ends - counts, ends, np.concatenate(kept) if kept else np.zeros(0, dtype=np.int64)

    def _test_rows(self, segment: "Segment", low: Rows, high: Rows, known: _Known, inside: Mask) -> None:
        rows = expand(low, high)
        if not len(rows):
            return
        cell = np.repeat(np.arange(len(low)), high - low)
        x, y = dequantise(segment.x[rows], segment.y[rows])
        turned, doubtful = self._turned(
            _Paths(
                known.anchor_x[cell],
                known.anchor_y[cell],
                x,
                y,
                known.low[cell],
                known.high[cell],
                known.edges,
            )
        )
        inside[rows] = known.inside[cell] ^ turned
        unsure = rows[doubtful]
        inside[unsure] = self._ask_geos(segment, unsure)

    def _ask_geos(self, segment: "Segment", rows: Rows) -> Mask:
        if not len(rows):
            return np.zeros(0, dtype=np.bool_)
        shapely.prepare(self.geometry)
        found: Mask = shapely.contains_xy(self.geometry, *dequantise(segment.x[rows], segment.y[rows]))
        return found

    # ------------------------------------------------------------------------------- the way to a point

    def _turned(self, paths: _Paths) -> tuple[Mask, Mask]:
        """For each path, whether an odd number of edges crosses it, and whether rounding leaves doubt."""
        lengths = paths.high - paths.low
        odd = np.zeros(len(lengths), dtype=np.bool_)
        doubtful = np.zeros(len(lengths), dtype=np.bool_)
        for first, last in _chunks(lengths):
            edge = paths.edges[expand(paths.low[first:last], paths.high[first:last])]
            path = np.repeat(np.arange(first, last), lengths[first:last])
            crossed, near = self._crossed(paths, path, edge)
            odd[first:last] = np.bincount(path[crossed] - first, minlength=last - first) & 1
            doubtful[path[near]] = True
        return odd, doubtful

    def _crossed(self, paths: _Paths, path: Rows, edge: _Edges) -> tuple[Mask, Mask]:
        ax, y = paths.anchor_x[path], paths.y[path]
        x1, y1, x2, y2 = self._x1[edge], self._y1[edge], self._x2[edge], self._y2[edge]
        near = (np.abs(y1 - y) <= _DOUBT) | (np.abs(y2 - y) <= _DOUBT)
        near |= (np.abs(x1 - ax) <= _DOUBT) | (np.abs(x2 - ax) <= _DOUBT)
        crossed = np.zeros(len(edge), dtype=np.bool_)
        # Along the parallel, from the anchor's meridian to the point.
        at = np.flatnonzero((y1 > y) != (y2 > y))
        meets = x1[at] + (y[at] - y1[at]) * self._east_per_north[edge[at]]
        start, end = ax[at], paths.x[path[at]]
        crossed[at] = (meets > start) != (meets > end)
        near[at] |= (np.abs(meets - start) <= _DOUBT) | (np.abs(meets - end) <= _DOUBT)
        # Along the anchor's meridian, up to the parallel.
        at = np.flatnonzero((x1 > ax) != (x2 > ax))
        meets = y1[at] + (ax[at] - x1[at]) * self._north_per_east[edge[at]]
        start, end = paths.anchor_y[path[at]], y[at]
        crossed[at] ^= (meets > start) != (meets > end)
        near[at] |= (np.abs(meets - start) <= _DOUBT) | (np.abs(meets - end) <= _DOUBT)
        return crossed, near


def _chunks(lengths: Rows) -> Iterator[tuple[int, int]]:
    """Runs first <= i < last of some lengths that add up to about a chunk (a long one stands alone)."""
    total = np.cumsum(lengths)
    first = 0
    while first < len(lengths):
        done = int(total[first - 1]) if first else 0
        last = max(first + 1, int(np.searchsorted(total, done + _CHUNK_PAIRS, side="right")))
        yield first, last
        first = last


def _joined(low: Rows, high: Rows, which: Mask) -> Iterator[tuple[int, int]]:
    """The ranges chosen, neighbours made one."""
    low, high = low[which], high[which]
    order = np.argsort(low)
    low, high = low[order], high[order]
    begins = np.append(True, low[1:] != high[:-1]) if len(low) else np.zeros(0, dtype=np.bool_)
    ends = np.append(begins[1:], True) if len(low) else begins
    yield from zip(low[begins].tolist(), high[ends].tolist(), strict=True)
