"""The test of lying in one of some stored regions, answered from a bit a row that each segment keeps."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from maps.pointindex.filters import Test
from maps.pointindex.morton import Mask, Rows
from maps.pointindex.region import Region

if TYPE_CHECKING:
    from maps.pointindex.segment import Segment

Bits = NDArray[np.uint8]


class RegionMasks:
    """Which rows of one segment lie in each of the regions asked for lately, one bit a row.

    A segment never changes, so neither does a mask: an edit elsewhere leaves it as it is.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._kept: OrderedDict[str, Bits] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str) -> Bits | None:
        """The bits of a region, or None when they have to be worked out."""
        with self._lock:
            bits = self._kept.get(key)
            if bits is not None:
                self._kept.move_to_end(key)
            return bits

    def put(self, key: str, mask: Mask) -> Bits:
        """Keep a mask; those not asked for longest go while all together take more bytes than allowed."""
        bits = np.packbits(mask, bitorder="little")
        with self._lock:
            self._kept[key] = bits
            self._kept.move_to_end(key)
            size = sum(each.nbytes for each in self._kept.values())
            while len(self._kept) > 1 and size > self._limit:
                _, dropped = self._kept.popitem(last=False)
                size -= dropped.nbytes
        return bits


class Inside(Test):
    """The row lies strictly inside one of some regions.

    ``keys`` name them: the same key must always mean the same region. ``find`` gives the region of a key;
    it is asked only where a segment does not know the answer yet, so that a filter that is kept holds no
    geometry.
    """

    __slots__ = ("_find", "_keys")

    def __init__(self, keys: Collection[str], find: Callable[[str], Region]) -> None:
        self._keys = tuple(sorted(set(keys)))
        self._find = find
        self.columns = ()
        self.key = self._keys

    def of_rows(self, segment: "Segment", rows: Rows | slice) -> Mask:
        found = np.zeros(rows.stop - rows.start if isinstance(rows, slice) else len(rows), dtype=np.bool_)
        for key in self._keys:
            bits = segment.regions.get(key)
            if bits is None:
                bits = segment.regions.put(key, self._find(key).mask(segment))
            found |= bits_at(bits, rows)
        return found


def bits_at(bits: Bits, rows: Rows | slice) -> Mask:
    """The bits of some rows as a mask; a slice has a start and a stop and no step."""
    if isinstance(rows, slice):
        byte = rows.start >> 3
        part = np.unpackbits(bits[byte : (rows.stop + 7) >> 3], bitorder="little")
        return part[rows.start - byte * 8 : rows.stop - byte * 8].view(np.bool_)
    found: Mask = ((bits[rows >> 3] >> (rows & 7).astype(np.uint8)) & np.uint8(1)).view(np.bool_)
    return found
