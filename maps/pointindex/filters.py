"""Filters: predicates joined by *and*, plus an optional set of ids.

A filter is immutable and hashable: two filters that select by the same rules are equal, so that what was
worked out for one serves the next request with the same words. The columns of the index are unsigned
integers; what a value means is the caller's business.
"""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Hashable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from maps.pointindex.morton import Mask, Rows

if TYPE_CHECKING:
    from maps.pointindex.segment import Segment

Column = NDArray[np.unsignedinteger[Any]]

# Up to so many runs of consecutive values, comparisons beat a look-up in a table.
_FEW_RUNS = 3


class Test(ABC):
    """One predicate over the rows of a segment. Two of one class with the same ``key`` are the same test."""

    __slots__ = ("columns", "key")
    __test__ = False  # not a test case, whatever pytest makes of the name

    columns: tuple[str, ...]
    key: Hashable

    @abstractmethod
    def of_rows(self, segment: "Segment", rows: Rows | slice) -> Mask:
        """Which of some rows pass; a slice has a start and a stop and no step."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Test) and type(self) is type(other) and self.key == other.key

    def __hash__(self) -> int:
        return hash((type(self), self.key))

    def __repr__(self) -> str:
        return f"{type(self).__name__}{self.key!r}"


class ColumnTest(Test):
    """A predicate over the values of some columns."""

    __slots__ = ()

    @abstractmethod
    def mask(self, *values: Column) -> Mask:
        """Which rows pass, given the columns' values row by row (in the order of ``columns``)."""

    def of_rows(self, segment: "Segment", rows: Rows | slice) -> Mask:
        return self.mask(*(segment.column(name)[rows] for name in self.columns))


def _run_mask(values: Column, low: int, high: int) -> Mask:
    """low <= values <= high, in as few passes as the range allows."""
    top = int(np.iinfo(values.dtype).max)
    if low > top or high < 0 or low > high:
        return np.zeros(len(values), dtype=np.bool_)
    low, high = max(low, 0), min(high, top)
    if low == high:
        equal: Mask = values == values.dtype.type(low)
        return equal
    if low == 0:
        return values <= values.dtype.type(high)
    if high == top:
        return values >= values.dtype.type(low)
    # Unsigned subtraction wraps: values below low become large, so that one comparison tests both ends.
    mask: Mask = (values - values.dtype.type(low)) <= values.dtype.type(high - low)
    return mask


class In(ColumnTest):
    """The column's value is one of ``allowed``: a collection of integers >= 0, or a bool array indexed by
    value.

    Raises ValueError for a negative value or one beyond 32 bits.
    """

    __slots__ = ("_runs", "_values")

    def __init__(self, column: str, allowed: Collection[int] | NDArray[np.bool_]) -> None:
        if isinstance(allowed, np.ndarray):
            if allowed.dtype != np.bool_ or allowed.ndim != 1:
                raise ValueError(
                    "In takes a one-dimensional bool array indexed by value, or a collection of integers."
                )
            values = np.flatnonzero(allowed)
        else:
            values = np.array(sorted(set(allowed)), dtype=np.int64)
        if len(values) and (values[0] < 0 or values[-1] >= 1 << 32):
            raise ValueError(f"In({column!r}) allows values from 0 to 4294967295 only.")
        breaks = np.flatnonzero(np.diff(values) > 1) + 1
        runs = [part for part in np.split(values, breaks) if len(part)]
        self.columns = (column,)
        self._runs = tuple((int(part[0]), int(part[-1])) for part in runs)
        self._values = values
        self.key = (column, self._runs)

    def mask(self, *values: Column) -> Mask:
        (column,) = values
        if len(self._runs) <= _FEW_RUNS:
            result = np.zeros(len(column), dtype=np.bool_)
            for low, high in self._runs:
                result |= _run_mask(column, low, high)
            return result
        if self._values[-1] >= 1 << 20:
            return np.isin(column, self._values)
        # The last entry is False and stands for every larger value: mode="clip" sends those there.
        table = np.zeros(int(self._values[-1]) + 2, dtype=np.bool_)
        table[self._values] = True
        return np.take(table, column, mode="clip")


class Between(ColumnTest):
    """low <= value <= high, both ends inclusive; an empty interval passes nothing."""

    __slots__ = ("_high", "_low")

    def __init__(self, column: str, low: int, high: int) -> None:
        self.columns = (column,)
        self._low, self._high = low, high
        self.key = (column, low, high)

    def mask(self, *values: Column) -> Mask:
        return _run_mask(values[0], self._low, self._high)


class Bits(ColumnTest):
    """All bits of ``required`` are set and none of ``forbidden`` is."""

    __slots__ = ("_care", "_wanted")

    def __init__(self, column: str, required: int, forbidden: int = 0) -> None:
        if required < 0 or forbidden < 0 or required & forbidden:
            raise ValueError("Bits takes bit masks >= 0 that do not overlap.")
        self.columns = (column,)
        self._care, self._wanted = required | forbidden, required
        self.key = (column, required, forbidden)

    def mask(self, *values: Column) -> Mask:
        (column,) = values
        top = int(np.iinfo(column.dtype).max)
        if self._wanted > top:
            return np.zeros(len(column), dtype=np.bool_)
        kind = column.dtype.type
        mask: Mask = (column & kind(self._care & top)) == kind(self._wanted)
        return mask


class Where(ColumnTest):
    """A rule over several columns: ``predicate(*values) -> bool array`` of the same length.

    ``key`` names the rule *and all its parameters*: two tests with the same columns and key count as the
    same test. The predicate gets unsigned columns: it must not rely on differences below zero.
    """

    __slots__ = ("_predicate",)

    def __init__(
        self, columns: Sequence[str], predicate: Callable[..., NDArray[np.bool_]], key: Hashable
    ) -> None:
        if not columns:
            raise ValueError("Where needs at least one column.")
        self.columns = tuple(columns)
        self._predicate = predicate
        self.key = (self.columns, key)

    def mask(self, *values: Column) -> Mask:
        result = np.asarray(self._predicate(*values))
        if result.dtype != np.bool_ or result.shape != values[0].shape:
            raise ValueError(f"The predicate {self.key!r} must return one bool per row.")
        return result


class Filter:
    """All ``tests`` pass and, when ``ids`` is given, the id is one of them. ``Filter()`` passes everything.

    ``ids``: any integers, in any order; kept sorted and unique, read-only.
    """

    __slots__ = ("ids", "key", "tests")

    def __init__(self, tests: Sequence[Test] = (), ids: ArrayLike | None = None) -> None:
        self.tests = tuple(tests)
        self.ids: NDArray[np.int64] | None = None
        digest = b""
        if ids is not None:
            self.ids = np.unique(np.asarray(ids, dtype=np.int64))
            self.ids.flags.writeable = False
            digest = hashlib.blake2b(self.ids.tobytes(), digest_size=16).digest()
        # Order does not matter to the outcome, but a set of tests is all the key needs.
        self.key: Hashable = (frozenset(self.tests), digest)

    @property
    def is_empty(self) -> bool:
        """Does it pass everything?"""
        return not self.tests and self.ids is None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Filter) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        among = "" if self.ids is None else f", ids={len(self.ids)}"
        return f"Filter({', '.join(map(repr, self.tests))}{among})"


EVERYTHING = Filter()
