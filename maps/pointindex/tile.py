"""Tiles: clusters by cell, or points."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from maps.pointindex.answers import Cluster, Points, TileAnswer
from maps.pointindex.filters import Filter
from maps.pointindex.morton import Rows, UInt64, dequantise, tile_edges
from maps.pointindex.summary import Aggregate
from maps.pointindex.view import MIX_VALUES, View
from maps.tiles import TILE_PX, TileId

_MIX_SHOWN = 3
_SMALLEST_CELL_PX = 4

Parts = Sequence[tuple[View, Rows]]


def take_points(parts: Parts, columns: Sequence[str] = ()) -> Points:
    """Rows of several views as one table, in the order given."""
    segments = [(view.segment, rows) for view, rows in parts]
    lon, lat = dequantise(
        np.concatenate([segment.x[rows] for segment, rows in segments]),
        np.concatenate([segment.y[rows] for segment, rows in segments]),
    )
    ids = np.concatenate([segment.ids[rows] for segment, rows in segments]).astype(np.int64)
    values = {
        name: np.concatenate([segment.column(name)[rows] for segment, rows in segments]) for name in columns
    }
    return Points(ids, lon, lat, values)


def no_points(view: View, columns: Sequence[str] = ()) -> Points:
    """No rows."""
    values = {name: view.segment.column(name)[:0] for name in columns}
    return Points(np.zeros(0, np.int64), np.zeros(0), np.zeros(0), values)


def _bounds(view: View, edges: UInt64) -> Rows:
    """Where the cells of a tile begin in the view's rows, and where the last one ends."""
    rows = view.segment.search(edges)
    if edges[-1] == 0:  # the world's last cell ends where the codes do
        rows[-1] = len(view.segment)
    return rows


def _thin(parts: Parts, total: int, cap: int) -> Parts:
    """``cap`` of the rows, evenly spread over the views' Morton orders, so that no corner of the tile is
    left out.
    """
    chosen = (np.arange(cap, dtype=np.int64) * total) // cap
    kept, start = [], 0
    for view, rows in parts:
        mine = chosen[(chosen >= start) & (chosen < start + len(rows))] - start
        kept.append((view, np.sort(rows)[mine]))
        start += len(rows)
    return kept


def answer_tile(
    views: Sequence[View],
    tile: TileId,
    which: Filter,
    *,
    cell_px: int,
    cluster: bool,
    cap: int,
    mix: str | None,
    columns: Sequence[str],
) -> TileAnswer:
    """See ``PointIndex.tile``."""
    if cell_px & (cell_px - 1) or not _SMALLEST_CELL_PX <= cell_px <= TILE_PX:
        raise ValueError(f"A cell is {_SMALLEST_CELL_PX}, 8, 16 ... or {TILE_PX} pixels wide, not {cell_px}.")
    if cap < 0:
        raise ValueError("The cap on points is 0 or more.")
    if mix is not None and max(view.segment.value_count(mix) for view in views) > MIX_VALUES:
        raise ValueError(
            f"A mix is told of columns with values below {MIX_VALUES} only; {mix!r} has larger ones."
        )
    if not cluster:
        return _answer_points(views, tile, which, cap, columns)
    depth = (TILE_PX // cell_px).bit_length() - 1
    codes = tile_edges(tile, depth)
    bounds = [_bounds(view, codes) for view in views]
    sums: Aggregate | None = None
    counts: NDArray[np.int64] | None = None
    for view, edges in zip(views, bounds, strict=True):
        if edges[0] == edges[-1]:
            continue
        part, values = view.aggregate(edges, which, mix)
        sums = part if sums is None else sums.merge(part)
        if values is not None:
            counts = values if counts is None else _add(counts, values)
    if sums is None:
        return TileAnswer(0, (), no_points(views[0], columns), False)
    single = np.flatnonzero(sums.number == 1)
    parts = []
    if len(single):
        for view, edges in zip(views, bounds, strict=True):
            parts.append((view, view.rows_in(edges[single], edges[single + 1], which)))
    points = sum(len(rows) for _, rows in parts)
    shown = _thin(parts, points, cap) if points > cap else parts
    listed = take_points(shown, columns) if points else no_points(views[0], columns)
    return TileAnswer(int(sums.number.sum()), _clusters(sums, counts), listed, points > cap)


def _answer_points(
    views: Sequence[View], tile: TileId, which: Filter, cap: int, columns: Sequence[str]
) -> TileAnswer:
    parts = []
    codes = tile_edges(tile, 0)
    for view in views:
        edges = _bounds(view, codes)
        parts.append((view, view.rows_in(edges[:1], edges[1:], which)))
    total = sum(len(rows) for _, rows in parts)
    if not total:
        return TileAnswer(0, (), no_points(views[0], columns), False)
    shown = _thin(parts, total, cap) if total > cap else parts
    return TileAnswer(total, (), take_points(shown, columns), total > cap)


def _add(one: NDArray[np.int64], two: NDArray[np.int64]) -> NDArray[np.int64]:
    """The sum of two tables of counts, the narrower one filled with zeros."""
    wide, narrow = (one, two) if one.shape[1] >= two.shape[1] else (two, one)
    result = wide.copy()
    result[:, : narrow.shape[1]] += narrow
    return result


def _clusters(sums: Aggregate, counts: NDArray[np.int64] | None) -> tuple[Cluster, ...]:
    many = np.flatnonzero(sums.number > 1)
    if not len(many):
        return ()
    number = sums.number[many]
    # A sum stays below 2 ** 53 for two million members; beyond that the mean is off by less than a step.
    x = np.concatenate([sums.sum_x[many] / number, sums.min_x[many], sums.max_x[many]])
    y = np.concatenate([sums.sum_y[many] / number, sums.min_y[many], sums.max_y[many]])
    lon, lat = (part.reshape(3, -1) for part in dequantise(x, y))
    columns = [column.tolist() for column in (lon[0], lat[0], number, lon[1], lat[2], lon[2], lat[1])]
    mixes: list[tuple[tuple[int, int], ...]] = [()] * len(many)
    if counts is not None:
        mixes = _top(counts[many])
    return tuple(
        Cluster(x, y, n, (w, s, e, nn), top)
        for x, y, n, w, s, e, nn, top in zip(*columns, mixes, strict=True)
    )


def _top(counts: NDArray[np.int64]) -> list[tuple[tuple[int, int], ...]]:
    """The largest counts of each row as (value, count); equal counts by value."""
    # The stable sort of the negated counts keeps equal ones in the order of their values.
    order = np.argsort(-counts, axis=1, kind="stable")[:, :_MIX_SHOWN]
    found = np.take_along_axis(counts, order, axis=1)
    return [
        tuple((value, number) for value, number in zip(values, numbers, strict=True) if number)
        for values, numbers in zip(order.tolist(), found.tolist(), strict=True)
    ]
