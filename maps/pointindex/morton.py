"""Quantised Web Mercator positions and their Morton (Z-order) codes.

A position is two unsigned 32-bit numbers, the world's width and height cut into 2**32 steps of 0.93 cm at
the equator. **The quantised position is the truth of the index**: what it returns is the middle of that
step (within 4.2e-8 degrees of the input), and a test of a box is done on steps. Latitudes beyond 85.0511
degrees are clamped.

The Morton code interleaves the bits (x in the even places, y in the odd ones), so that every tile and every
cell of the quadtree is one contiguous range of sorted codes.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from maps.tiles import BBox, TileId, from_unit, to_unit

BITS = 32
SIDE = 1 << BITS
TOP = SIDE - 1

UInt32 = NDArray[np.uint32]
UInt64 = NDArray[np.uint64]
Float64 = NDArray[np.float64]
Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]


def _spread_table() -> UInt64:
    """The 16-bit numbers with a zero bit put before each of their bits."""
    value = np.arange(1 << 16, dtype=np.uint64)
    for shift, keep in ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555)):
        value = (value | (value << np.uint64(shift))) & np.uint64(keep)
    return value


_SPREAD = _spread_table()
_LOW = np.uint32(0xFFFF)
_HALF = np.uint32(16)
_WORD = np.uint64(32)
_ONE = np.uint64(1)


def _spread(value: UInt32) -> UInt64:
    spread: UInt64 = _SPREAD[value & _LOW] | (_SPREAD[value >> _HALF] << _WORD)
    return spread


def encode(x: UInt32, y: UInt32) -> UInt64:
    """Morton codes of quantised positions, elementwise."""
    return _spread(x) | (_spread(y) << _ONE)


def quantise(lon: ArrayLike, lat: ArrayLike) -> tuple[UInt32, UInt32]:
    """Degrees to quantised (x, y), elementwise; always arrays of at least one dimension."""
    unit = to_unit(np.atleast_1d(lon), np.atleast_1d(lat))
    x = np.minimum(np.floor(unit.u * SIDE), TOP).astype(np.uint32)
    y = np.minimum(np.floor(unit.v * SIDE), TOP).astype(np.uint32)
    return x, y


def dequantise(x: NDArray[np.generic], y: NDArray[np.generic]) -> tuple[Float64, Float64]:
    """Quantised positions to (lon, lat) in degrees, the middle of their step; takes means of positions,
    too.
    """
    half = 0.5
    return from_unit((x.astype(np.float64) + half) / SIDE, (y.astype(np.float64) + half) / SIDE)


def expand(low: Rows, high: Rows) -> Rows:
    """All numbers of the ranges low <= n < high, one range after the other."""
    lengths = np.maximum(high - low, 0)
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    rows: Rows = np.arange(total, dtype=np.int64) + np.repeat(low - (ends - lengths), lengths)
    return rows


class Rect(NamedTuple):
    """A rectangle of quantised positions, all four edges inclusive."""

    x0: int
    y0: int
    x1: int
    y1: int

    @classmethod
    def of(cls, bbox: BBox) -> "Rect":
        """The steps that a box of degrees touches: no position inside the box is missed, and none more than
        one step (8.4e-8 degrees) outside it is let in."""
        x, y = quantise([bbox.min_lon, bbox.max_lon], [bbox.max_lat, bbox.min_lat])
        return cls(int(x[0]), int(y[0]), int(x[1]), int(y[1]))

    def holds(self, x: UInt32, y: UInt32) -> Mask:
        """Which positions lie in the rectangle."""
        # Unsigned subtraction wraps, so that one comparison tests both ends.
        in_x = (x - np.uint32(self.x0)) <= np.uint32(self.x1 - self.x0)
        return in_x & ((y - np.uint32(self.y0)) <= np.uint32(self.y1 - self.y0))


def tile_edges(tile: TileId, depth: int) -> UInt64:
    """First codes of the ``4 ** depth`` cells of a tile in Morton order, and the code after the last one's.

    After the world's last cell comes 0: its codes end where 64 bits do.
    """
    own = encode(np.array([tile.x], np.uint32), np.array([tile.y], np.uint32)) << np.uint64(2 * depth)
    cells: UInt64 = own + np.arange((1 << (2 * depth)) + 1).astype(np.uint64)
    shift = 2 * (BITS - tile.z - depth)
    return cells << np.uint64(shift) if shift < 64 else np.zeros(len(cells), np.uint64)


@dataclass(frozen=True, slots=True)
class Cover:
    """Quadtree cells that cover a rectangle, in Morton order.

    ``first`` and ``last`` are the codes of each cell (inclusive), ``inside`` tells which cells lie wholly
    in the rectangle, ``boxes`` are their quantised edges (x0, y0, x1, y1), shape (n, 4).
    """

    first: UInt64
    last: UInt64
    inside: Mask
    boxes: NDArray[np.int64]


def cover(rect: Rect, budget: int = 64) -> Cover:
    """Cover a rectangle with at most ``budget`` (>= 4) equal quadtree cells, as small as that allows."""
    shift = 0  # stays below 32: four cells of shift 31 are the world
    while ((rect.x1 >> shift) - (rect.x0 >> shift) + 1) * (
        (rect.y1 >> shift) - (rect.y0 >> shift) + 1
    ) > budget:
        shift += 1
    columns = np.arange(rect.x0 >> shift, (rect.x1 >> shift) + 1).astype(np.uint32)
    rows = np.arange(rect.y0 >> shift, (rect.y1 >> shift) + 1).astype(np.uint32)
    cell_x = np.tile(columns, len(rows))
    cell_y = np.repeat(rows, len(columns))
    codes = encode(cell_x, cell_y)
    order = np.argsort(codes)
    size = 1 << shift
    x0 = cell_x[order].astype(np.int64) << shift
    y0 = cell_y[order].astype(np.int64) << shift
    boxes = np.column_stack([x0, y0, x0 + (size - 1), y0 + (size - 1)])
    inside = (
        (boxes[:, 0] >= rect.x0)
        & (boxes[:, 1] >= rect.y0)
        & (boxes[:, 2] <= rect.x1)
        & (boxes[:, 3] <= rect.y1)
    )
    first = codes[order] << np.uint64(2 * shift)
    last = first + np.uint64((1 << (2 * shift)) - 1)
    return Cover(first, last, inside, boxes)
