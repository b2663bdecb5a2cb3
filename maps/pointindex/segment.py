"""Segments: immutable columns of points sorted by Morton code.

A row costs 8 bytes of position, 4 + 4 of id (8 + 4 where an id does not fit in 32 bits), half a byte of
directory, and the caller's columns.
"""

import re
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from maps.pointindex.filters import Column
from maps.pointindex.inside import RegionMasks
from maps.pointindex.morton import Mask, Rows, UInt32, UInt64, encode, quantise

Schema = Mapping[str, "np.dtype[Any]"]

# Every so many rows the directory holds a code; a search ends with a look at this many rows.
STRIDE = 16
_STEP = np.arange(STRIDE, dtype=np.int64)
_MAX_ROWS = (1 << 32) - 1
# More codes than this are searched by halving.
_MANY_CODES = 64
# So few ids are looked up one by one.
_FEW_IDS = 24
# What is kept of regions, per segment: an eighth of a byte a row each.
_REGION_BYTES = 16 << 20
_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
_UNSIGNED = (np.dtype(np.uint8), np.dtype(np.uint16), np.dtype(np.uint32))


def make_schema(columns: Mapping[str, Any]) -> dict[str, "np.dtype[Any]"]:
    """Check names (lower case identifiers) and types (8, 16 or 32 bits, unsigned). Raises ValueError."""
    schema = {}
    for name, kind in columns.items():
        if not _NAME.fullmatch(name):
            raise ValueError(
                f"Column name {name!r} must be a lower case identifier of at most 41 characters."
            )
        dtype = np.dtype(kind)
        if dtype not in _UNSIGNED:
            raise ValueError(f"Column {name!r} must be uint8, uint16 or uint32, not {dtype}.")
        schema[name] = dtype
    return schema


def _as_unsigned(name: str, values: ArrayLike, dtype: "np.dtype[Any]") -> Column:
    given = np.asarray(values)
    if given.dtype == dtype:
        return given
    if given.size and (not np.issubdtype(given.dtype, np.integer) and given.dtype != np.bool_):
        raise ValueError(f"Column {name!r} takes integers, not {given.dtype}.")
    if given.size and (int(given.min()) < 0 or int(given.max()) > int(np.iinfo(dtype).max)):
        raise ValueError(f"Column {name!r} takes values from 0 to {np.iinfo(dtype).max}.")
    return given.astype(dtype)


class Columns:
    """Rows on their way into an index.

    ``ids``: unique integers (kept as int64). ``lon``, ``lat``: degrees, WGS-84, finite and inside the world.
    ``values``: the unsigned integer columns by name. All one-dimensional and of one length; anything else
    raises ValueError.
    """

    __slots__ = ("ids", "lat", "lon", "values")

    def __init__(
        self, ids: ArrayLike, lon: ArrayLike, lat: ArrayLike, values: Mapping[str, ArrayLike] | None = None
    ) -> None:
        self.ids: NDArray[np.int64] = np.asarray(ids, dtype=np.int64)
        self.lon: NDArray[np.float64] = np.asarray(lon, dtype=np.float64)
        self.lat: NDArray[np.float64] = np.asarray(lat, dtype=np.float64)
        self.values: dict[str, NDArray[Any]] = {
            name: np.asarray(column) for name, column in (values or {}).items()
        }
        if self.ids.ndim != 1:
            raise ValueError("The ids of an index must be one-dimensional.")
        for name, column in {"lon": self.lon, "lat": self.lat, **self.values}.items():
            if column.shape != self.ids.shape:
                raise ValueError(f"Column {name!r} has shape {column.shape}, the ids have {self.ids.shape}.")
        # NaN fails both comparisons, so that it is caught as well.
        inside = (np.abs(self.lon) <= 180) & (np.abs(self.lat) <= 90)
        if not inside.all():
            row = int(np.argmin(inside))
            where = f"({self.lon[row]}, {self.lat[row]})"
            raise ValueError(
                f"Row {row} (id {self.ids[row]}) lies at {where}, which is no position in the world."
            )

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, eq=False)
class Segment:
    """Sorted columns; build one with ``Segment.build`` and treat every array as read-only.

    ``x``, ``y``: quantised positions. ``ids``: int32 where they fit, else int64. ``by_id``: row numbers in
    ascending order of id. ``directory``: the Morton code of every 16th row.
    """

    ids: NDArray[np.signedinteger[Any]]
    x: UInt32
    y: UInt32
    by_id: UInt32
    directory: UInt64
    columns: Mapping[str, Column]

    @classmethod
    def build(cls, rows: Columns, schema: Mapping[str, Any]) -> Self:
        """Sort rows by Morton code, rows of one code by id; takes about 0.3 s a million.

        Raises ValueError for ids that occur twice, columns that are not exactly the schema's, values that
        do not fit.
        """
        checked = make_schema(schema)
        if set(rows.values) != set(checked):
            raise ValueError(
                f"The columns {sorted(rows.values)} are not those of the schema, {sorted(checked)}."
            )
        values = {name: _as_unsigned(name, rows.values[name], dtype) for name, dtype in checked.items()}
        x, y = quantise(rows.lon, rows.lat)
        return cls.from_quantised(rows.ids, x, y, values)

    @classmethod
    def from_quantised(cls, ids: NDArray[Any], x: UInt32, y: UInt32, columns: Mapping[str, Column]) -> Self:
        """As ``build``, from positions that are quantised already. Raises ValueError for ids that occur
        twice.
        """
        if len(ids) > _MAX_ROWS:
            raise ValueError(f"A segment holds at most {_MAX_ROWS} rows.")
        if len(ids) > 1 and not (ids[1:] > ids[:-1]).all():
            by_id = np.argsort(ids, kind="stable")
            ids, x, y = ids[by_id], x[by_id], y[by_id]
            columns = {name: column[by_id] for name, column in columns.items()}
            twice = np.flatnonzero(ids[1:] == ids[:-1])
            if len(twice):
                raise ValueError(f"Id {ids[twice[0]]} occurs twice.")
        codes = encode(x, y)
        order = np.argsort(codes, kind="stable")  # stable: rows of one code stay in the order of their ids
        rank = np.empty(len(ids), dtype=np.uint32)
        rank[order] = np.arange(len(ids), dtype=np.uint32)
        info = np.iinfo(np.int32)
        narrow = not len(ids) or (int(ids[0]) >= info.min and int(ids[-1]) <= info.max)
        segment = cls(
            ids=ids[order].astype(np.int32 if narrow else np.int64),
            x=x[order],
            y=y[order],
            by_id=rank,
            directory=codes[order[::STRIDE]],
            columns={name: column[order] for name, column in columns.items()},
        )
        for array in segment.arrays().values():
            array.flags.writeable = False
        return segment

    def __len__(self) -> int:
        return len(self.ids)

    def widened(self, schema: Mapping[str, Any]) -> "Segment":
        """The same rows with columns of other types. Raises ValueError for other columns and for values that
        do not fit.
        """
        checked = make_schema(schema)
        if set(checked) != set(self.columns):
            raise ValueError(f"The columns {sorted(self.columns)} are not those of {sorted(checked)}.")
        columns = {name: _as_unsigned(name, self.columns[name], dtype) for name, dtype in checked.items()}
        return replace(self, columns=columns)

    @cached_property
    def schema(self) -> dict[str, "np.dtype[Any]"]:
        """The names and types of the caller's columns."""
        return {name: column.dtype for name, column in self.columns.items()}

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays (shared between processes where they are mapped from files)."""
        return sum(array.nbytes for array in self.arrays().values())

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Every array by the name that it is stored under."""
        own = {"ids": self.ids, "x": self.x, "y": self.y, "by_id": self.by_id, "directory": self.directory}
        return {**own, **{f"column_{name}": column for name, column in self.columns.items()}}

    def column(self, name: str) -> Column:
        """The column of that name. Raises ValueError for an unknown one."""
        try:
            return self.columns[name]
        except KeyError:
            raise ValueError(f"The index has no column {name!r}, only {sorted(self.columns)}.") from None

    def value_count(self, name: str) -> int:
        """One more than the largest value of a column (0 when empty)."""
        known = self._value_counts
        if name not in known:
            column = self.column(name)
            known[name] = int(column.max()) + 1 if len(column) else 0
        return known[name]

    @cached_property
    def _value_counts(self) -> dict[str, int]:
        return {}

    @cached_property
    def regions(self) -> RegionMasks:
        """Which rows lie in the regions asked for lately."""
        return RegionMasks(_REGION_BYTES)

    def search(self, codes: UInt64, *, after: bool = False) -> Rows:
        """How many rows have a smaller code (``after``: smaller or equal), for each of ``codes``."""
        count = len(self.ids)
        if not count:
            return np.zeros(len(codes), dtype=np.int64)
        slot = np.searchsorted(self.directory, codes, side="right" if after else "left")
        start = np.maximum(slot - 1, 0) * STRIDE
        if len(codes) > _MANY_CODES:
            return self._bisect(codes, start, after=after)
        rows = start[:, None] + _STEP
        beyond = rows >= count
        rows[beyond] = count - 1
        found = encode(self.x[rows], self.y[rows])
        below: Mask = found <= codes[:, None] if after else found < codes[:, None]
        below &= ~beyond
        found_rows: Rows = start + np.count_nonzero(below, axis=1)
        return found_rows

    def _bisect(self, codes: UInt64, start: Rows, *, after: bool) -> Rows:
        """The end of a search for many codes: halving looks at 4 rows of a stride, not at all 16."""
        low, step = start - 1, STRIDE
        while step:
            # Every row up to `low` is smaller; is the one a step further on?
            rows = low + step
            near = np.minimum(rows, len(self.ids) - 1)
            found = encode(self.x[near], self.y[near])
            below = (found <= codes if after else found < codes) & (rows == near)
            low = np.where(below, rows, low)
            step >>= 1
        return low + 1

    def rows_of(self, ids: NDArray[np.int64]) -> Rows:
        """Rows of those of the ``ids`` (sorted, unique) that the segment has; ascending row numbers."""
        low = np.zeros(len(ids), dtype=np.int64)
        if not len(self.ids) or not len(ids):
            return low[:0]
        if len(ids) <= _FEW_IDS:
            places = [bisect_left(self.by_id, pk, key=self.ids.__getitem__) for pk in ids.tolist()]
            near = np.array([self.by_id[min(place, len(self.ids) - 1)] for place in places], dtype=np.int64)
            return np.sort(near[self.ids[near] == ids])
        high = np.full(len(ids), len(self.ids), dtype=np.int64)
        # A binary search for all ids at once, through by_id: the ids themselves are stored in Morton order
        # only.
        for _ in range(len(self.ids).bit_length()):
            middle = (low + high) >> 1
            smaller = self.ids[self.by_id[np.minimum(middle, len(self.ids) - 1)]] < ids
            smaller &= low < high
            low = np.where(smaller, middle + 1, low)
            high = np.where(smaller, high, middle)
        rows = self.by_id[np.minimum(low, len(self.ids) - 1)].astype(np.int64)
        return np.sort(rows[self.ids[rows] == ids])
