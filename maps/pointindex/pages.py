"""Keyset pages: the next so many ids in a rectangle, in the order of the ids."""

from bisect import bisect_left, bisect_right

import numpy as np
from numpy.typing import NDArray

from maps.pointindex.filters import Filter
from maps.pointindex.morton import Rect, cover
from maps.pointindex.view import DIRECT_ROWS, View


def page_ids(
    view: View, rect: Rect, which: Filter, sign: int, after: int | None, limit: int
) -> NDArray[np.int64]:
    """The first ids in a rectangle after ``after``, ascending for ``sign`` 1 and descending for -1.

    At least ``limit`` of them when there are, in no particular order.
    """
    cells = cover(rect)
    low, high = view.ranges(cells)
    candidates = int((high - low).sum())
    if not candidates:
        return np.zeros(0, dtype=np.int64)
    if candidates > DIRECT_ROWS and view.sparse_rows(candidates, which) is None:
        walked = _walk(view, rect, which, sign, after, limit, budget=candidates // 2)
        if walked is not None:
            return walked
    ids = view.segment.ids[view.rows_in_cover(cells, rect, which)].astype(np.int64)
    if after is not None:
        ids = ids[ids > after] if sign > 0 else ids[ids < after]
    return ids if len(ids) <= limit else np.partition(ids * sign, limit - 1)[:limit] * sign


def _walk(
    view: View, rect: Rect, which: Filter, sign: int, after: int | None, limit: int, budget: int
) -> NDArray[np.int64] | None:
    """Go through the ids in order until the page is full: quick where much of the index passes.

    None when ``budget`` rows were not enough.
    """
    segment, found, size = view.segment, [np.zeros(0, dtype=np.int64)], 4 * limit
    start, stop = 0, len(segment)
    if after is not None and sign > 0:
        start = bisect_right(segment.by_id, after, key=segment.ids.__getitem__)
    elif after is not None:
        stop = bisect_left(segment.by_id, after, key=segment.ids.__getitem__)
    while start < stop and limit > 0:
        if budget <= 0:
            return None
        a, b = (start, min(start + size, stop)) if sign > 0 else (max(start, stop - size), stop)
        rows = segment.by_id[a:b].astype(np.int64)
        rows = rows[rect.holds(segment.x[rows], segment.y[rows])]
        rows = rows[view.match(rows, which)]
        found.append(segment.ids[rows].astype(np.int64))
        start, stop = (b, stop) if sign > 0 else (start, a)
        budget, limit, size = budget - (b - a), limit - len(rows), size * 2
    return np.concatenate(found)
