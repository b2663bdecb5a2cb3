"""A segment as a query sees it: without its dead rows, and with what was worked out for recent filters."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from maps.pointindex.filters import EVERYTHING, Filter
from maps.pointindex.morton import Cover, Mask, Rect, Rows, expand
from maps.pointindex.segment import Segment
from maps.pointindex.summary import (
    BLOCK,
    Aggregate,
    BlockSummary,
    aggregate_rows,
    block_histogram,
    histogram_rows,
    without_rows,
)

# Up to so many candidate rows are tested one by one; above that a filter's selection is worked out and kept.
DIRECT_ROWS = 8192
# A selection with at most so many rows, or one row in 32 (but never more than the limit), is kept as row
# numbers.
_SPARSE_ROWS = 4096
_SPARSE_SHARE = 32
_SPARSE_LIMIT = 1 << 16
# What is kept for filters, per view: so many selections and so many bytes.
_KEPT_SELECTIONS = 64
_KEPT_BYTES = 16 << 20
_REMEMBERED_FILTERS = 256
# Runs of at least so many neighbouring rows are read as slices, shorter ones gathered together.
_SLICE_ROWS = 2048
_CHUNK_ROWS = 1 << 16
# After more deaths than this, histograms by block are worked out again.
_PATCHED_DEATHS = 64
# Histograms by block are kept for columns of at most so many values.
MIX_VALUES = 256


# Aggregates by cell, and the counts by value (cells, values) when a column was asked for.
Sums = tuple[Aggregate, NDArray[np.int64] | None]


@dataclass(eq=False)
class Selection:
    """The rows of a view that a filter passes: as row numbers when there are few, else as sums by block."""

    count: int
    rows: Rows | None
    summary: BlockSummary | None
    seen_dead: int
    """How many of the view's deaths it knows of."""
    mixes: dict[tuple[str, int], NDArray[np.uint32]] = field(default_factory=dict)
    """Running totals by value, by column and rows to a block."""
    totals: dict[str, NDArray[np.int64]] = field(default_factory=dict)

    @property
    def nbytes(self) -> int:
        own = self.rows.nbytes if self.rows is not None else 0
        own += self.summary.nbytes if self.summary is not None else 0
        return own + sum(mix.nbytes for mix in self.mixes.values())


class View:
    """A segment minus the rows that were deleted or replaced since it was built. Immutable but for its
    cache.
    """

    def __init__(self, segment: Segment, alive: Mask | None = None, dead: Rows | None = None) -> None:
        self.segment = segment
        self.alive = alive
        self.dead = np.zeros(0, dtype=np.int64) if dead is None else dead
        """Dead rows in the order in which they died: a kept selection catches up from where it stopped."""
        self._kept: OrderedDict[Filter, Selection] = OrderedDict()
        self._spent: OrderedDict[Filter, int] = OrderedDict()
        self._lock = Lock()

    def without(self, rows: Rows) -> "View":
        """The view with some more rows dead (rows that are dead already are ignored)."""
        if self.alive is not None:
            rows = rows[self.alive[rows]]
        if not len(rows):
            return self
        alive = np.ones(len(self.segment), dtype=np.bool_) if self.alive is None else self.alive.copy()
        alive[rows] = False
        view = View(self.segment, alive, np.concatenate([self.dead, rows]))
        with self._lock:
            view._kept = self._kept.copy()
        return view

    def __len__(self) -> int:
        return len(self.segment) - len(self.dead)

    # ------------------------------------------------------------------------------- rows one by one

    def mask_slice(self, low: int, high: int, which: Filter) -> Mask | None:
        """Which of the rows low <= r < high pass; None: all."""
        mask = None if self.alive is None else self.alive[low:high]
        for test in which.tests:
            found = test.of_rows(self.segment, slice(low, high))
            mask = found if mask is None else mask & found
        if which.ids is not None:
            found = np.isin(self.segment.ids[low:high], which.ids)
            mask = found if mask is None else mask & found
        return mask

    def match(self, rows: Rows, which: Filter) -> Mask:
        """Which of the given rows pass."""
        mask = self._passes(rows, which)
        return mask if self.alive is None else mask & self.alive[rows]

    # ------------------------------------------------------------------------------- selections

    def selection(self, which: Filter) -> Selection:
        """What the filter passes in the whole view; worked out on first use, then kept."""
        with self._lock:
            kept = self._kept.get(which)
            if kept is not None and kept.seen_dead == len(self.dead):
                self._kept.move_to_end(which)
                return kept
        kept = self._select(which) if kept is None else self._catch_up(kept, which)
        with self._lock:
            self._spent.pop(which, None)
            self._kept[which] = kept
            self._kept.move_to_end(which)
            size = sum(selection.nbytes for selection in self._kept.values())
            while len(self._kept) > 1 and (len(self._kept) > _KEPT_SELECTIONS or size > _KEPT_BYTES):
                _, dropped = self._kept.popitem(last=False)
                size -= dropped.nbytes
        return kept

    def _select(self, which: Filter) -> Selection:
        dead = len(self.dead)
        if which.ids is not None:
            rows = self.segment.rows_of(which.ids)
            rows = rows[self.match(rows, Filter(which.tests))]
            return Selection(len(rows), rows, None, dead)
        mask = self._full_mask(which)
        count = len(self.segment) if mask is None else int(np.count_nonzero(mask))
        few = min(max(_SPARSE_ROWS, len(self.segment) // _SPARSE_SHARE), _SPARSE_LIMIT)
        if mask is not None and not which.is_empty and count <= few:
            return Selection(count, np.flatnonzero(mask), None, dead)
        return Selection(count, None, BlockSummary.build(self.segment, mask), dead)

    def _full_mask(self, which: Filter) -> Mask | None:
        if which.is_empty:
            return self.alive
        mask = np.empty(len(self.segment), dtype=np.bool_)
        for low in range(0, len(mask), _CHUNK_ROWS):
            part = self.mask_slice(low, min(low + _CHUNK_ROWS, len(mask)), which)
            mask[low : low + _CHUNK_ROWS] = True if part is None else part
        return mask

    def _catch_up(self, old: Selection, which: Filter) -> Selection:
        """Take the rows that died since out of a selection."""
        dead, alive = len(self.dead), self.alive
        if old.rows is not None and alive is not None:
            rows = old.rows[alive[old.rows]]
            return Selection(len(rows), rows, None, dead)
        assert old.summary is not None  # a selection has rows or a summary
        died = self.dead[old.seen_dead :]
        blocks = np.unique(died // BLOCK)
        if len(blocks) * 2 > len(self.segment) // BLOCK:
            return self._select(which)
        summary = old.summary.patched(self.segment, blocks, lambda rows: self.match(rows, which))
        kept = Selection(int(summary.count[-1]), None, summary, dead)
        if len(died) <= _PATCHED_DEATHS:
            counted = died[self._passes(died, which)]
            kept.mixes = {
                (name, block): without_rows(running, self.segment.column(name), counted, block)
                for (name, block), running in list(old.mixes.items())
            }
            kept.totals = {
                name: total - np.bincount(self.segment.column(name)[counted], minlength=len(total))
                for name, total in list(old.totals.items())
            }
        return kept

    def _passes(self, rows: Rows, which: Filter) -> Mask:
        """Which of the given rows pass, dead or alive."""
        mask = np.ones(len(rows), dtype=np.bool_)
        for test in which.tests:
            mask &= test.of_rows(self.segment, rows)
        if which.ids is not None:
            mask &= np.isin(self.segment.ids[rows], which.ids)
        return mask

    # ------------------------------------------------------------------------------- ranges of rows

    def test_directly(self, candidates: int, which: Filter) -> bool:
        """Is it better to test so many candidates now than to work out (and keep) the filter's selection?

        Renting until the rent has reached half the price: a filter asked once costs what its tile holds,
        one that is asked again and again is worked out.
        """
        if which.ids is not None:
            return False
        if candidates <= DIRECT_ROWS:
            return True
        with self._lock:
            if which in self._kept:
                return False
            spent = self._spent.pop(which, 0) + candidates
            if which.is_empty or spent * 2 > len(self.segment):
                return False
            self._spent[which] = spent
            if len(self._spent) > _REMEMBERED_FILTERS:
                self._spent.popitem(last=False)
        return True

    def sparse_rows(self, candidates: int, which: Filter) -> Rows | None:
        """Row numbers of a selection with few rows, when looking at it beats testing the candidates."""
        if which.is_empty or self.test_directly(candidates, which):
            return None
        return self.selection(which).rows

    def pieces(self, low: Rows, high: Rows, which: Filter) -> Iterator[tuple[Rows | slice, Mask | None]]:
        """The passing rows of ascending ranges low <= r < high: (rows or slice, which of them; None: all)."""
        candidates = int((high - low).sum())
        if not candidates:
            return
        few = self.sparse_rows(candidates, which)
        if few is not None:
            start, stop = np.searchsorted(few, low), np.searchsorted(few, high)
            yield few[expand(start, stop)], None
            return
        low, high = joined(low, high)
        long = high - low >= _SLICE_ROWS
        for a, b in zip(low[long].tolist(), high[long].tolist(), strict=True):
            for part in range(a, b, _CHUNK_ROWS):
                end = min(part + _CHUNK_ROWS, b)
                yield slice(part, end), self.mask_slice(part, end, which)
        if not long.all():
            rows = expand(low[~long], high[~long])
            yield rows, self.match(rows, which)

    def rows_in(self, low: Rows, high: Rows, which: Filter) -> Rows:
        """The passing rows of ascending ranges, in no particular order."""
        found = []
        for rows, mask in self.pieces(low, high, which):
            if isinstance(rows, slice):
                found.append(
                    np.flatnonzero(mask) + rows.start
                    if mask is not None
                    else np.arange(rows.start, rows.stop)
                )
            else:
                found.append(rows if mask is None else rows[mask])
        return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)

    def rows_in_cover(self, cells: Cover, rect: Rect, which: Filter) -> Rows:
        """The passing rows in a rectangle, in no particular order."""
        low, high = self.ranges(cells)
        inside = self.rows_in(low[cells.inside], high[cells.inside], which)
        edge = self.rows_in(low[~cells.inside], high[~cells.inside], which)
        return np.concatenate([inside, edge[rect.holds(self.segment.x[edge], self.segment.y[edge])]])

    def ranges(self, cells: Cover) -> tuple[Rows, Rows]:
        """The rows of each cell of a cover: low <= r < high."""
        return self.segment.search(cells.first), self.segment.search(cells.last, after=True)

    # ------------------------------------------------------------------------------- sums over cells

    def aggregate(self, bounds: Rows, which: Filter, mix: str | None) -> Sums:
        """Aggregate the passing rows of neighbouring cells: cell i is bounds[i] <= r < bounds[i + 1].

        With ``mix``, the counts by value of that column come along, shape (cells, values).
        """
        low, high = int(bounds[0]), int(bounds[-1])
        if self.test_directly(high - low, which):
            mask = self.mask_slice(low, high, which)
            if mask is None:
                return self._aggregate_rows(np.arange(low, high), bounds - low, mix)
            rows = np.flatnonzero(mask) + low
            return self._aggregate_rows(rows, np.searchsorted(rows, bounds), mix)
        selection = self.selection(which)
        if selection.rows is not None:
            return self._aggregate_rows(selection.rows, np.searchsorted(selection.rows, bounds), mix)
        return self._aggregate_blocks(bounds, which, mix, selection)

    def _aggregate_rows(self, rows: Rows, splits: Rows, mix: str | None) -> Sums:
        sums = aggregate_rows(self.segment, rows, splits)
        if mix is None:
            return sums, None
        return sums, histogram_rows(self.segment.column(mix), rows, splits, self.segment.value_count(mix))

    def _aggregate_blocks(self, bounds: Rows, which: Filter, mix: str | None, selection: Selection) -> Sums:
        assert selection.summary is not None  # few rows were dealt with by the caller
        low, high = bounds[:-1], bounds[1:]
        first, last = -(-low // BLOCK), high // BLOCK
        # A cell is a head of rows, whole blocks, and a tail of rows; without a block's edge in it, one head.
        head_end = np.minimum(first * BLOCK, high)
        tail_start = np.maximum(last * BLOCK, head_end)
        starts, ends = np.column_stack([low, tail_start]).ravel(), np.column_stack([head_end, high]).ravel()
        rows = expand(starts, ends)
        splits = np.append(0, np.cumsum(ends - starts))[::2]
        if not which.is_empty or self.alive is not None:
            mask = self.match(rows, which)
            splits = np.append(0, np.cumsum(mask))[splits]
            rows = rows[mask]
        sums, counts = self._aggregate_rows(rows, splits, mix)
        sums = sums.merge(selection.summary.whole(first, last))
        if mix is not None and counts is not None:
            running = self.running(selection, which, mix, BLOCK)
            last = np.maximum(first, last)
            counts = counts + (running[last] - running[first])
        return sums, counts

    def running(self, selection: Selection, which: Filter, name: str, block: int) -> NDArray[np.uint32]:
        """Running totals of a selection by value of a column, every ``block`` rows; kept with it."""
        running = selection.mixes.get((name, block))
        if running is None:
            running = block_histogram(self.segment, name, self._full_mask(which), block)
            selection.mixes[name, block] = running
        return running

    # ------------------------------------------------------------------------------- counts

    def base_summary(self) -> BlockSummary:
        """The blocks of all living rows."""
        summary = self.selection(EVERYTHING).summary
        assert summary is not None  # everything is never kept as row numbers
        return summary

    def lies_in(self, rect: Rect) -> bool:
        """Are all living rows in the rectangle?"""
        if len(self.segment) <= DIRECT_ROWS:
            return False  # looking at the rows costs no more
        blocks = self.base_summary()
        in_x = int(blocks.min_x.min()) >= rect.x0 and int(blocks.max_x.max()) <= rect.x1
        return in_x and int(blocks.min_y.min()) >= rect.y0 and int(blocks.max_y.max()) <= rect.y1


def joined(low: Rows, high: Rows) -> tuple[Rows, Rows]:
    """Ascending ranges without the empty ones, neighbours joined."""
    some = high > low
    low, high = low[some], high[some]
    starts = np.append(True, low[1:] != high[:-1])[: len(low)]
    return low[starts], high[np.append(starts[1:], True)[: len(high)]]
