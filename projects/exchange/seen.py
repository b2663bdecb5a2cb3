"""What came up earlier in a file, at sixteen bytes a key: a file is planned in pieces, and a million codes as
Python strings would outweigh everything else.
"""

from collections.abc import Iterable, Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
_NO: Numbers = np.empty(0, dtype=np.int64)


class SeenKeys:
    """Texts with the row each was first met in and how often. Two of a million different texts are taken for
    the same with a chance of one in 10 million (64 bits of BLAKE2)."""

    def __init__(self) -> None:
        self._keys, self._first, self._times = _NO, _NO, _NO

    def meet(self, rows: Sequence[tuple[int, str]]) -> list[tuple[int, int]]:
        """For each (row, text): the row that had the same text first (0: none) and how many had it before."""
        keys = _digests(text for _row, text in rows)
        places = np.searchsorted(self._keys, keys)
        found: list[tuple[int, int]] = []
        here: dict[int, list[int]] = {}
        for (row, _text), key, place in zip(rows, keys.tolist(), places.tolist(), strict=True):
            if key not in here:
                is_old = place < len(self._keys) and self._keys[place] == key
                here[key] = [int(self._first[place]), int(self._times[place])] if is_old else [0, 0]
            first, times = here[key]
            found.append((first, times))
            here[key] = [first or row, times + 1]
        self._merge(here)
        return found

    def __contains__(self, text: str) -> bool:
        (key,) = _digests([text]).tolist()
        place = int(np.searchsorted(self._keys, key))
        return place < len(self._keys) and bool(self._keys[place] == key)

    def _merge(self, here: dict[int, list[int]]) -> None:
        keys = np.array(sorted(here), dtype=np.int64)
        first = np.array([here[key][0] for key in keys.tolist()], dtype=np.int64)
        times = np.array([here[key][1] for key in keys.tolist()], dtype=np.int64)
        kept = np.isin(self._keys, keys, invert=True, assume_unique=True)
        self._keys = np.concatenate([self._keys[kept], keys])
        order = np.argsort(self._keys, kind="stable")
        self._keys = self._keys[order]
        self._first = np.concatenate([self._first[kept], first])[order]
        self._times = np.concatenate([self._times[kept], times])[order]


class SharedSpots:
    """How many positions equal an earlier one, to a ten-millionth of a degree (a centimetre)."""

    def __init__(self) -> None:
        self._spots = _NO
        self._count = 0

    def add(self, lons: Sequence[float], lats: Sequence[float]) -> None:
        """Degrees."""
        x = np.rint(np.asarray(lons, dtype=np.float64) * 1e7).astype(np.int64)
        y = np.rint(np.asarray(lats, dtype=np.float64) * 1e7).astype(np.int64)
        self._spots = np.union1d(self._spots, (x << 32) ^ (y & 0xFFFFFFFF))
        self._count += len(x)

    @property
    def shared(self) -> int:
        return self._count - len(self._spots)


def _digests(texts: Iterable[str]) -> Numbers:
    joined = b"".join(blake2b(text.encode(), digest_size=8).digest() for text in texts)
    return np.frombuffer(joined, dtype="<i8").astype(np.int64)
