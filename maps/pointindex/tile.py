"""Tiles: clusters by cell, or points."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from maps.pointindex.answers import Cluster, Points, TileAnswer
from maps.pointindex.filters import Filter
from maps.pointindex.morton import Rows, dequantise, tile_cells, tile_last
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


def _bounds(view: View, tile: TileId, depth: int) -> Rows:
    """Where the cells of a tile begin in the view's rows, and where the last one ends."""
    first = tile_cells(tile, depth)
    end = view.segment.search(tile_last(tile), after=True)
    return np.concatenate([view.segment.search(first), end])


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
    bounds = [_bounds(view, tile, depth) for view in views]
    sums = Aggregate.empty(1 << (2 * depth))
    counts: NDArray[np.int64] | None = None
    for view, edges in zip(views, bounds, strict=True):
        if edges[0] == edges[-1]:
            continue
        part, values = view.aggregate(edges, which, mix)
        sums = sums.merge(part)
        if values is not None:
            counts = values if counts is None else _add(counts, values)
    single = np.flatnonzero(sums.number == 1)
    parts = []
    for view, edges in zip(views, bounds, strict=True):
        rows = view.rows_in(edges[single], edges[single + 1], which)
        parts.append((view, rows))
    points = sum(len(rows) for _, rows in parts)
    shown = _thin(parts, points, cap) if points > cap else parts
    total = int(sums.number.sum())
    return TileAnswer(total, _clusters(sums, counts), take_points(shown, columns), points > cap)


def _answer_points(
    views: Sequence[View], tile: TileId, which: Filter, cap: int, columns: Sequence[str]
) -> TileAnswer:
    parts = []
    for view in views:
        edges = _bounds(view, tile, 0)
        parts.append((view, view.rows_in(edges[:1], edges[1:], which)))
    total = sum(len(rows) for _, rows in parts)
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
    lon, lat = dequantise(sums.sum_x[many] / number, sums.sum_y[many] / number)
    west, north = dequantise(sums.min_x[many], sums.min_y[many])
    east, south = dequantise(sums.max_x[many], sums.max_y[many])
    columns = [column.tolist() for column in (lon, lat, number, west, south, east, north)]
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
