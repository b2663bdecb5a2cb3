"""Where lines and areas are: which of a million shapes a tile has to draw, the largest first.

Pure numpy. A shape is its id, a version and its bounding box in the quantised Web Mercator steps of
``maps.pointindex.morton``. It *enters* at the zoom from which the larger side of its box is at least four
pixels long in a tile that is drawn 512 pixels wide; below that nobody could see what it is.

Shapes that enter at one zoom make a band. Within a band all boxes are about the same size (a factor of
two), so the band is kept like points, by the Morton code of the box's north-west corner, and a tile asks for
the corners in its rectangle grown by the band's largest box: a few contiguous ranges, then an exact test. A
tile looks at the bands up to its own zoom only: at a low zoom there are few such shapes, at a high zoom the
tile is small, and the bands come in order of size, so that a reader who stops early has seen the largest.

Changes since a build lie beside the bands as a small table, with the ids that no longer hold in them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from maps.pointindex.morton import BITS, TOP, Rect, Rows, UInt32, UInt64, cover, encode, expand, quantise
from maps.tiles import MAX_ZOOM, TileId

Int64 = NDArray[np.int64]

#: A shape is worth drawing when its larger side is a 128th of a tile: 4 pixels of 512.
_WORTH_BITS: Final = 7
#: Bands up to this size are simply looked through.
_SCAN_ROWS: Final = 2_048
#: Fold the changes in when there are more of them than this share of the shapes, and than the floor.
_FOLD_SHARE: Final = 0.02
_FOLD_FLOOR: Final = 1_000
#: Shapes are handed out so many at a time, then twice as many, and so on.
_CHUNK: Final = 1_024


class Boxes:
    """Shapes on their way into an index.

    ``ids``: unique integers. ``bounds``: degrees WGS-84, shape (n, 4): min_lon, min_lat, max_lon, max_lat.
    ``versions``: integers that grow when a shape changes. Raises ValueError when the lengths differ, for a
    box that is not finite or inside the world, and for one whose edges are the wrong way round.
    """

    __slots__ = ("bounds", "ids", "versions")

    def __init__(self, ids: ArrayLike, bounds: ArrayLike, versions: ArrayLike) -> None:
        self.ids: Int64 = np.asarray(ids, dtype=np.int64)
        self.bounds: NDArray[np.float64] = np.asarray(bounds, dtype=np.float64).reshape(-1, 4)
        self.versions: Int64 = np.asarray(versions, dtype=np.int64)
        if not len(self.ids) == len(self.bounds) == len(self.versions):
            raise ValueError("Ids, bounds and versions of shapes must be equally many.")
        west, south, east, north = self.bounds.T
        # NaN fails every comparison, so that it is caught as well.
        sound = (west >= -180) & (east <= 180) & (south >= -90) & (north <= 90)
        sound &= (west <= east) & (south <= north)
        if not sound.all():
            row = int(np.argmin(sound))
            raise ValueError(f"The box of shape {self.ids[row]}, {self.bounds[row].tolist()}, is none.")


class Found(NamedTuple):
    """Some shapes of one band, the largest first: ``ids`` and ``versions`` belong together."""

    ids: Int64
    versions: Int64


@dataclass(frozen=True, eq=False)
class _Table:
    """Columns of shapes: steps of the four edges, all inclusive, and the zoom at which each enters."""

    ids: Int64
    versions: Int64
    x0: UInt32
    y0: UInt32
    x1: UInt32
    y1: UInt32

    @classmethod
    def of(cls, boxes: Boxes) -> Self:
        west, south, east, north = boxes.bounds.T
        x0, y0 = quantise(west, north)
        x1, y1 = quantise(east, south)
        return cls(boxes.ids, boxes.versions, x0, y0, x1, y1)

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: NDArray[np.signedinteger] | NDArray[np.bool_]) -> Self:
        return type(self)(
            self.ids[rows], self.versions[rows], self.x0[rows], self.y0[rows], self.x1[rows], self.y1[rows]
        )

    def joined(self, other: Self) -> Self:
        return type(self)(
            np.concatenate([self.ids, other.ids]),
            np.concatenate([self.versions, other.versions]),
            np.concatenate([self.x0, other.x0]),
            np.concatenate([self.y0, other.y0]),
            np.concatenate([self.x1, other.x1]),
            np.concatenate([self.y1, other.y1]),
        )

    @cached_property
    def sides(self) -> UInt32:
        """The larger side of each box, in steps."""
        found: UInt32 = np.maximum(self.x1 - self.x0, self.y1 - self.y0)
        return found

    @cached_property
    def enters(self) -> NDArray[np.int8]:
        """The first zoom at which each is worth drawing; above ``MAX_ZOOM`` never."""
        # frexp gives the exponent exactly: side lies in [2 ** (exponent - 1), 2 ** exponent).
        exponents = np.frexp(np.maximum(self.sides, 1).astype(np.float64))[1]
        zooms = BITS - _WORTH_BITS + 1 - exponents
        found: NDArray[np.int8] = np.clip(zooms, 0, MAX_ZOOM + 1).astype(np.int8)
        return found

    def by_size(self) -> NDArray[np.signedinteger]:
        """Rows from the largest to the smallest, equal ones by id."""
        return np.lexsort((self.ids, -self.sides.astype(np.int64)))

    def touching(self, rect: Rect) -> NDArray[np.bool_]:
        in_x = (self.x1 >= rect.x0) & (self.x0 <= rect.x1)
        found: NDArray[np.bool_] = in_x & (self.y1 >= rect.y0) & (self.y0 <= rect.y1)
        return found


@dataclass(frozen=True, eq=False)
class _Band:
    """Shapes that enter at one zoom, by the Morton code of their north-west corner.

    ``places``: of each its place in order of size, the largest first, equal ones by id. ``reach``: the
    largest side in the band, in steps.
    """

    table: _Table
    codes: UInt64
    places: NDArray[np.int32]
    reach: int

    @classmethod
    def of(cls, table: _Table) -> Self:
        codes = encode(table.x0, table.y0)
        order = np.argsort(codes, kind="stable")
        sorted_table = table.take(order)
        places = np.empty(len(table), dtype=np.int32)
        places[sorted_table.by_size()] = np.arange(len(table), dtype=np.int32)
        return cls(sorted_table, codes[order], places, int(table.sides.max()))

    def touching(self, rect: Rect) -> NDArray[np.signedinteger]:
        """Rows in no particular order."""
        if len(self.table) <= _SCAN_ROWS:
            return np.flatnonzero(self.table.touching(rect))
        grown = Rect(max(0, rect.x0 - self.reach), max(0, rect.y0 - self.reach), rect.x1, rect.y1)
        cells = cover(grown)
        rows: Rows = expand(
            np.searchsorted(self.codes, cells.first).astype(np.int64),
            np.searchsorted(self.codes, cells.last, side="right").astype(np.int64),
        )
        return rows[self.table.take(rows).touching(rect)]

    def largest_first(self, rows: NDArray[np.signedinteger]) -> Iterator[NDArray[np.signedinteger]]:
        """Rows in order of size, some at a time: who stops early has not paid for sorting the rest."""
        rest, places, some = rows, self.places[rows], _CHUNK
        while len(rest) > some:
            cut = np.argpartition(places, some)
            first, later = cut[:some], cut[some:]
            yield rest[first][np.argsort(places[first])]
            rest, places, some = rest[later], places[later], some * 2
        yield rest[np.argsort(places)]


class ShapeIndex:
    """Immutable; a change makes a new index that shares the bands. Safe to use from several threads.

    ``boxes``: every shape. Raises ValueError for ids that occur twice.
    """

    def __init__(self, boxes: Boxes) -> None:
        if len(np.unique(boxes.ids)) != len(boxes.ids):
            raise ValueError("An id of the shapes occurs twice.")
        self._set(_bands(_Table.of(boxes)), _NOTHING, _NO_IDS)

    def _set(self, bands: dict[int, _Band], delta: _Table, hidden: Int64) -> None:
        self._bands, self._delta, self._hidden = bands, delta, hidden

    def __len__(self) -> int:
        return len(self._all())

    def with_changes(self, upserts: Boxes, deletes: ArrayLike = ()) -> "ShapeIndex":
        """A new index with shapes put in (or replaced by id) and ids taken out; unknown ids are ignored.

        An id in both is put in. Raises ValueError for ids that occur twice.
        """
        if len(np.unique(upserts.ids)) != len(upserts.ids):
            raise ValueError("An id of the shapes occurs twice.")
        gone = np.union1d(upserts.ids, np.asarray(deletes, dtype=np.int64))
        kept = self._delta.take(~np.isin(self._delta.ids, gone))
        changed = ShapeIndex.__new__(ShapeIndex)
        changed._set(self._bands, kept.joined(_Table.of(upserts)), np.union1d(self._hidden, gone))
        size = sum(len(band.table) for band in self._bands.values())
        if len(changed._hidden) > max(_FOLD_FLOOR, _FOLD_SHARE * size):
            changed._set(_bands(changed._all()), _NOTHING, _NO_IDS)
        return changed

    def in_tile(self, tile: TileId, buffer: float = 0.0) -> Iterator[Found]:
        """Shapes worth drawing at the tile's zoom whose box touches the tile, the band of the largest first.

        What has changed since the index was built comes before the rest of its band.

        ``buffer``: how far round the tile to look, as a share of its side.
        """
        size = 1 << (BITS - tile.z)
        around = int(size * buffer)
        rect = Rect(
            max(0, tile.x * size - around),
            max(0, tile.y * size - around),
            min(TOP, (tile.x + 1) * size - 1 + around),
            min(TOP, (tile.y + 1) * size - 1 + around),
        )
        fresh = self._delta.take(self._delta.touching(rect))
        for zoom in range(tile.z + 1):
            young = fresh.take(fresh.enters == zoom)
            if len(young):
                order = young.by_size()
                yield Found(young.ids[order], young.versions[order])
            band = self._bands.get(zoom)
            if band is None:
                continue
            rows = band.touching(rect)
            if len(self._hidden):
                rows = rows[~np.isin(band.table.ids[rows], self._hidden)]
            if len(rows):
                for some in band.largest_first(rows):
                    yield Found(band.table.ids[some], band.table.versions[some])

    def _all(self) -> _Table:
        table = self._delta
        for band in self._bands.values():
            table = table.joined(band.table.take(~np.isin(band.table.ids, self._hidden)))
        return table


def _bands(table: _Table) -> dict[int, _Band]:
    zooms = np.unique(table.enters).tolist()
    return {zoom: _Band.of(table.take(table.enters == zoom)) for zoom in zooms}


_NO_IDS: Int64 = np.zeros(0, dtype=np.int64)
_NOTHING = _Table.of(Boxes([], np.zeros((0, 4)), []))
