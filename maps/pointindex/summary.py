"""Sums over blocks of 256 rows: what makes a count, a centre or an extent of a million rows cost
microseconds.

Rows are in Morton order, so a quadtree cell is some whole blocks plus at most two partial ones. Whole
blocks are answered from the sums, partial ones from their rows; nothing is approximate.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from maps.pointindex.filters import Column
from maps.pointindex.morton import TOP, Mask, Rows, UInt32, UInt64
from maps.pointindex.segment import Segment

BLOCK = 256
_BLOCK_STEP = np.arange(BLOCK, dtype=np.int64)
# Rows worked on at once: their temporary arrays stay in the processor's second-level cache.
_CHUNK_BLOCKS = 128
# A histogram by block has at most so many blocks.
_HISTOGRAM_BLOCKS = 2048

Matcher = Callable[[Rows], Mask]
_Number = TypeVar("_Number", bound=np.integer[Any])


class Aggregate(NamedTuple):
    """Per cell: the number of rows, the sums of x and y, and the extremes (``TOP`` and 0 for an empty
    cell).
    """

    number: NDArray[np.int64]
    sum_x: UInt64
    sum_y: UInt64
    min_x: UInt32
    max_x: UInt32
    min_y: UInt32
    max_y: UInt32

    @classmethod
    def empty(cls, cells: int) -> "Aggregate":
        low, high = np.full(cells, TOP, np.uint32), np.zeros(cells, np.uint32)
        none = np.zeros(cells, np.uint64)
        return cls(np.zeros(cells, np.int64), none, none, low, high, low, high)

    def merge(self, other: "Aggregate") -> "Aggregate":
        """Both together, cell by cell."""
        return Aggregate(
            self.number + other.number,
            self.sum_x + other.sum_x,
            self.sum_y + other.sum_y,
            np.minimum(self.min_x, other.min_x),
            np.maximum(self.max_x, other.max_x),
            np.minimum(self.min_y, other.min_y),
            np.maximum(self.max_y, other.max_y),
        )


def aggregate_rows(segment: Segment, rows: Rows, splits: Rows) -> Aggregate:
    """Aggregate ``rows``; cell i is ``rows[splits[i]:splits[i + 1]]``."""
    number = np.diff(splits)
    result = Aggregate.empty(len(number))
    filled = np.flatnonzero(number)
    if not len(filled):
        return result
    starts = splits[:-1][filled]
    used = rows[starts[0] : splits[-1]]
    starts = starts - starts[0]
    x, y = segment.x[used], segment.y[used]
    sum_x, sum_y = result.sum_x.copy(), result.sum_y.copy()
    sum_x[filled] = np.add.reduceat(x, starts, dtype=np.uint64)
    sum_y[filled] = np.add.reduceat(y, starts, dtype=np.uint64)
    extremes = [extreme.copy() for extreme in (result.min_x, result.max_x, result.min_y, result.max_y)]
    for extreme, reduce, values in zip(
        extremes, (np.minimum, np.maximum, np.minimum, np.maximum), (x, x, y, y), strict=True
    ):
        extreme[filled] = reduce.reduceat(values, starts)
    return Aggregate(number, sum_x, sum_y, *extremes)


def histogram_rows(column: Column, rows: Rows, splits: Rows, size: int) -> NDArray[np.int64]:
    """Counts by value, shape (cells, size); cells as in ``aggregate_rows``."""
    cells = len(splits) - 1
    owner = np.repeat(np.arange(cells, dtype=np.int64), np.diff(splits))
    values = column[rows[splits[0] : splits[-1]]]
    return np.bincount(owner * size + values, minlength=cells * size).reshape(cells, size)


def _prefix(values: NDArray[_Number]) -> NDArray[_Number]:
    """Sums of the first 0, 1, 2 ... entries along the first axis."""
    result = np.zeros((len(values) + 1, *values.shape[1:]), values.dtype)
    np.cumsum(values, axis=0, out=result[1:])
    return result


class BlockSummary:
    """Sums of the rows that a mask selects, by block of 256 rows.

    ``count``, ``sum_x``, ``sum_y`` are running totals (one entry more than blocks); the extremes are by
    block, with one neutral entry at the end, and neutral (``TOP``, 0) where a block has no selected row.
    """

    __slots__ = ("count", "max_x", "max_y", "min_x", "min_y", "sum_x", "sum_y")

    def __init__(self, blocks: Aggregate) -> None:
        self.count: NDArray[np.int64] = _prefix(blocks.number)
        self.sum_x: UInt64 = _prefix(blocks.sum_x)
        self.sum_y: UInt64 = _prefix(blocks.sum_y)
        self.min_x = np.append(blocks.min_x, np.uint32(TOP))
        self.max_x = np.append(blocks.max_x, np.uint32(0))
        self.min_y = np.append(blocks.min_y, np.uint32(TOP))
        self.max_y = np.append(blocks.max_y, np.uint32(0))

    @property
    def nbytes(self) -> int:
        return sum(getattr(self, name).nbytes for name in self.__slots__)

    @classmethod
    def build(cls, segment: Segment, mask: Mask | None) -> "BlockSummary":
        """Summarise the rows where ``mask`` is set (None: all)."""
        rows = len(segment)
        blocks = -(-rows // BLOCK)
        parts = []
        for first in range(0, blocks, _CHUNK_BLOCKS):
            a, b = first * BLOCK, min((first + _CHUNK_BLOCKS) * BLOCK, rows)
            parts.append(_summarise(segment.x[a:b], segment.y[a:b], None if mask is None else mask[a:b]))
        if not parts:
            return cls(Aggregate.empty(0))
        return cls(Aggregate(*(np.concatenate(column) for column in zip(*parts, strict=True))))

    def patched(self, segment: Segment, blocks: Rows, match: Matcher) -> "BlockSummary":
        """The same with some blocks worked out again; ``match`` says which rows count now."""
        rows = (blocks[:, None] * BLOCK + _BLOCK_STEP).ravel()
        rows = rows[rows < len(segment)]
        rows = rows[match(rows)]
        splits = np.append(np.searchsorted(rows, blocks * BLOCK), len(rows))
        fresh = aggregate_rows(segment, rows, splits)
        fields = [np.diff(self.count), np.diff(self.sum_x), np.diff(self.sum_y)]
        fields += [extreme[:-1].copy() for extreme in (self.min_x, self.max_x, self.min_y, self.max_y)]
        for old, new in zip(fields, fresh, strict=True):
            old[blocks] = new
        return BlockSummary(Aggregate(*fields))

    def whole(self, first: Rows, last: Rows) -> Aggregate:
        """Aggregate the blocks first <= b < last of each cell (none where first >= last)."""
        last = np.maximum(first, last)
        pairs = np.column_stack([first, last]).ravel()
        some = last > first

        def extreme(reduce: np.ufunc, values: UInt32, neutral: int) -> UInt32:
            found = reduce.reduceat(values, pairs)[::2]
            return np.where(some, found, np.uint32(neutral))

        return Aggregate(
            self.count[last] - self.count[first],
            self.sum_x[last] - self.sum_x[first],
            self.sum_y[last] - self.sum_y[first],
            extreme(np.minimum, self.min_x, TOP),
            extreme(np.maximum, self.max_x, 0),
            extreme(np.minimum, self.min_y, TOP),
            extreme(np.maximum, self.max_y, 0),
        )


def _count_by_block(mask: Mask) -> NDArray[np.int64]:
    """Set entries of each block of a mask whose length is a multiple of the block's."""
    # Eight flags are added at once as the bytes of a word; a byte reaches 32 at most.
    words = mask.view(np.uint64).reshape(-1, BLOCK // 8).sum(axis=1)
    counts: NDArray[np.int64] = words.view(np.uint8).reshape(-1, 8).sum(axis=1, dtype=np.int64)
    return counts


def _summarise(x: UInt32, y: UInt32, mask: Mask | None) -> Aggregate:
    """Aggregate consecutive blocks; the last one may be short."""
    short = -len(x) % BLOCK
    if mask is None and short:
        mask = np.ones(len(x), dtype=np.bool_)
    if short and mask is not None:
        x, y, mask = (np.concatenate([part, np.zeros(short, part.dtype)]) for part in (x, y, mask))
    x, y = x.reshape(-1, BLOCK), y.reshape(-1, BLOCK)
    if mask is None:
        count = np.full(len(x), BLOCK, dtype=np.int64)
        low_x, low_y = x, y
    else:
        count = _count_by_block(np.ascontiguousarray(mask))
        keep = mask.reshape(-1, BLOCK)
        drop = keep.astype(np.uint32) - np.uint32(1)  # 0 where selected, all bits where not
        low_x, low_y = x | drop, y | drop
        x, y = x & ~drop, y & ~drop
    return Aggregate(
        count,
        x.sum(axis=1, dtype=np.uint64),
        y.sum(axis=1, dtype=np.uint64),
        low_x.min(axis=1),
        x.max(axis=1),
        low_y.min(axis=1),
        y.max(axis=1),
    )


def histogram_block(rows: int) -> int:
    """Rows to a block of a histogram: so many that a histogram's size does not grow with the rows."""
    block = BLOCK
    while block * _HISTOGRAM_BLOCKS < rows:
        block *= 2
    return block


def block_histogram(segment: Segment, name: str, mask: Mask | None, block: int = BLOCK) -> NDArray[np.uint32]:
    """Running totals of the values of a column by block, shape (blocks + 1, values)."""
    column, size = segment.column(name), segment.value_count(name)
    blocks = -(-len(segment) // block)
    step = max(1, _CHUNK_BLOCKS * BLOCK // block)
    counts = np.zeros((blocks, size), dtype=np.uint32)
    for first in range(0, blocks, step):
        a, b = first * block, min((first + step) * block, len(segment))
        keys = (np.arange(b - a) // block) * size + column[a:b]
        if mask is not None:
            keys = keys[mask[a:b]]
        last = -(-b // block)
        counts[first:last] = np.bincount(keys, minlength=(last - first) * size).reshape(-1, size)
    return _prefix(counts)


def without_rows(running: NDArray[np.uint32], column: Column, rows: Rows, block: int) -> NDArray[np.uint32]:
    """A block histogram after some counted rows are gone."""
    fewer = running.copy()
    for place, value in zip((rows // block + 1).tolist(), column[rows].tolist(), strict=True):
        fewer[place:, value] -= 1
    return fewer
