"""Counts in rectangles: whole blocks from their sums, rows one by one only where an edge passes."""

import numpy as np
from numpy.typing import NDArray

from maps.pointindex.filters import Column, Filter
from maps.pointindex.morton import Cover, Rect, Rows, expand
from maps.pointindex.summary import BLOCK, histogram_block
from maps.pointindex.view import Selection, View, joined

Histograms = dict[str, NDArray[np.int64]]

# A cover is cut finer along an edge that has more rows than this, and more than so many to a cell.
_EDGE_ROWS = 4096
_EDGE_ROWS_PER_CELL = 64
# The sixteen parts of a cell in Morton order: which part of its codes, how far east and south.
_PARTS = np.arange(16, dtype=np.uint64)
_EAST = np.array([0, 1, 0, 1, 2, 3, 2, 3, 0, 1, 0, 1, 2, 3, 2, 3])
_SOUTH = np.array([0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 3, 3, 2, 2, 3, 3])


def count_in_cover(view: View, cells: Cover, rect: Rect, which: Filter) -> int:
    """How many rows in a rectangle pass."""
    if view.lies_in(rect):
        return len(view) if which.is_empty else view.selection(which).count
    inside, edge = _narrowed(view, cells, rect)
    return _count(view, *inside, which) + len(_held(view, *edge, rect, which))


def histogram(view: View, name: str, which: Filter) -> NDArray[np.int64]:
    """Passing rows of the whole view by value of a column; kept with the filter's selection."""
    selection = view.selection(which)
    if name not in selection.totals:
        everything = np.array([0]), np.array([len(view.segment)])
        _, counts = _histograms(view, [name], *everything, which)
        selection.totals[name] = counts[name]
    return selection.totals[name]


def histograms_in_cover(
    view: View, names: list[str], cells: Cover, rect: Rect, which: Filter
) -> tuple[int, Histograms]:
    """Passing rows in a rectangle: how many, and by value of some columns."""
    inside, edge = _narrowed(view, cells, rect)
    total, counts = _histograms(view, names, *inside, which)
    rows = _held(view, *edge, rect, which)
    for name in names:
        counts[name] += np.bincount(view.segment.column(name)[rows], minlength=len(counts[name]))
    return total + len(rows), counts


Ranges = tuple[Rows, Rows]


def _narrowed(view: View, cells: Cover, rect: Rect) -> tuple[Ranges, Ranges]:
    """Ascending ranges of rows that lie wholly in the rectangle, and of rows near its edge.

    Cells that the edge crosses are cut in sixteen until their rows are few beside their number.
    """
    low, high = view.ranges(cells)
    edge = ~cells.inside
    inside = [(low[cells.inside], high[cells.inside])]
    low, high, first, boxes = low[edge], high[edge], cells.first[edge], cells.boxes[edge]
    span = cells.last[edge] - first + np.uint64(1)
    x0, y0, side = boxes[:, 0], boxes[:, 1], boxes[:, 2] - boxes[:, 0] + 1
    while int((high - low).sum()) > max(_EDGE_ROWS, _EDGE_ROWS_PER_CELL * len(low)) and side[0] >= 4:
        span, side = span >> np.uint64(4), side >> 2
        cuts = first[:, None] + span[:, None] * _PARTS
        middle = view.segment.search(cuts[:, 1:].ravel()).reshape(-1, 15)
        low = np.concatenate([low[:, None], middle], axis=1)
        high = np.concatenate([middle, high[:, None]], axis=1)
        x0 = x0[:, None] + side[:, None] * _EAST
        y0 = y0[:, None] + side[:, None] * _SOUTH
        x1, y1 = x0 + (side[:, None] - 1), y0 + (side[:, None] - 1)
        touches = (x0 <= rect.x1) & (x1 >= rect.x0) & (y0 <= rect.y1) & (y1 >= rect.y0) & (high > low)
        whole = touches & (x0 >= rect.x0) & (x1 <= rect.x1) & (y0 >= rect.y0) & (y1 <= rect.y1)
        inside.append((low[whole], high[whole]))
        keep = touches & ~whole
        parent = np.nonzero(keep)[0]
        low, high, first, x0, y0 = (part[keep] for part in (low, high, cuts, x0, y0))
        span, side = span[parent], side[parent]
    lows, highs = (np.concatenate(part) for part in zip(*inside, strict=True))
    order = np.argsort(lows)
    return joined(lows[order], highs[order]), joined(low, high)


def _held(view: View, low: Rows, high: Rows, rect: Rect, which: Filter) -> Rows:
    """The passing rows of ascending ranges that lie in the rectangle."""
    rows = view.rows_in(low, high, which)
    return rows[rect.holds(view.segment.x[rows], view.segment.y[rows])]


def _count(view: View, low: Rows, high: Rows, which: Filter) -> int:
    candidates = int((high - low).sum())
    if which.is_empty and view.alive is None:
        return candidates
    if not view.test_directly(candidates, which):
        selection = view.selection(which)
        if selection.rows is not None:
            return int((np.searchsorted(selection.rows, high) - np.searchsorted(selection.rows, low)).sum())
        assert selection.summary is not None  # a selection has rows or a summary
        first, last, rest = _blocks_of(low, high, BLOCK)
        whole = selection.summary.count[last] - selection.summary.count[first]
        return int(whole.sum()) + int(np.count_nonzero(view.match(rest, which)))
    count = 0
    for rows, mask in view.pieces(low, high, which):
        size = rows.stop - rows.start if isinstance(rows, slice) else len(rows)
        count += size if mask is None else int(np.count_nonzero(mask))
    return count


def _histograms(view: View, names: list[str], low: Rows, high: Rows, which: Filter) -> tuple[int, Histograms]:
    if not view.test_directly(int((high - low).sum()), which):
        selection = view.selection(which)
        if selection.summary is not None:
            return _histograms_of_blocks(view, names, low, high, which, selection)
    counts = {name: np.zeros(view.segment.value_count(name), dtype=np.int64) for name in names}
    total = 0
    for rows, mask in view.pieces(low, high, which):
        size = rows.stop - rows.start if isinstance(rows, slice) else len(rows)
        total += size if mask is None else int(np.count_nonzero(mask))
        for name in names:
            values: Column = view.segment.column(name)[rows]
            values = values if mask is None else values[mask]
            counts[name] += np.bincount(values, minlength=len(counts[name]))
    return total, counts


def _histograms_of_blocks(
    view: View, names: list[str], low: Rows, high: Rows, which: Filter, selection: Selection
) -> tuple[int, Histograms]:
    assert selection.summary is not None  # the caller has looked
    block = histogram_block(len(view.segment))
    first, last, rest = _blocks_of(low, high, block)
    if not which.is_empty or view.alive is not None:
        rest = rest[view.match(rest, which)]
    running = selection.summary.count
    ends = [np.minimum(edge * (block // BLOCK), len(running) - 1) for edge in (first, last)]
    total = int((running[ends[1]] - running[ends[0]]).sum()) + len(rest)
    counts = {}
    for name in names:
        values = view.running(selection, which, name, block)
        whole = (values[last].astype(np.int64) - values[first]).sum(axis=0)
        counts[name] = whole + np.bincount(view.segment.column(name)[rest], minlength=len(whole))
    return total, counts


def _blocks_of(low: Rows, high: Rows, block: int) -> tuple[Rows, Rows, Rows]:
    """Of ranges of rows: the whole blocks (first <= b < last), and the rows beside them."""
    first = -(-low // block)
    last = np.maximum(first, high // block)
    head_end = np.minimum(first * block, high)
    tail_start = np.minimum(np.maximum(last * block, head_end), high)
    return first, last, np.concatenate([expand(low, head_end), expand(tail_start, high)])
