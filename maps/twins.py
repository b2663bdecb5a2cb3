"""Positions that lie close to another one of the same key. Pure numpy, a second for a million positions."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_METRES_PER_DEGREE: Final = 111_320.0
#: A row is compared with at most so many of a neighbouring square: those are near one another already.
_COMPARED: Final = 32


def has_twin(
    lon: NDArray[np.float64], lat: NDArray[np.float64], key: NDArray[np.int64], metres: float
) -> NDArray[np.bool_]:
    """For each position (degrees, WGS-84) whether another with the same key lies within `metres`.

    On a plane at each latitude: good for distances of up to a few hundred metres, away from the poles and the
    date line. Rows with a negative key have no twin.
    """
    found = np.zeros(len(lon), dtype=np.bool_)
    rows = np.flatnonzero(key >= 0)
    if len(rows) < 2:
        return found
    # Alone with its key it has no twin: of most names there is one.
    _values, inverse, counts = np.unique(key[rows], return_inverse=True, return_counts=True)
    rows = rows[counts[inverse] > 1]
    if not len(rows):
        return found
    # Squares whose diagonal is the distance: whoever shares one is near enough.
    side = metres / np.sqrt(2.0)
    x = np.floor(lon[rows] * _METRES_PER_DEGREE * np.cos(np.radians(lat[rows])) / side).astype(np.int64)
    y = np.floor(lat[rows] * _METRES_PER_DEGREE / side).astype(np.int64)
    cells = _cells(key[rows], x, y)
    order = np.argsort(cells, kind="stable")
    ordered = cells[order]
    same = np.searchsorted(ordered, cells, "right") - np.searchsorted(ordered, cells, "left")
    near = same > 1
    for dx in range(-2, 3):
        for dy in range(-2, 3):
            if dx or dy:
                left = np.flatnonzero(~near)
                near[left] |= _near_in(rows, left, _cells(key[rows[left]], x[left] + dx, y[left] + dy),
                                       ordered, order, lon, lat, key, metres)  # fmt: skip
    found[rows[near]] = True
    return found


def _cells(key: NDArray[np.int64], x: NDArray[np.int64], y: NDArray[np.int64]) -> NDArray[np.int64]:
    """One number a square and key. Two may share one by chance: distances and keys are compared besides."""
    with np.errstate(over="ignore"):
        return (
            (key * np.int64(0x9E3779B97F4A7C1))
            ^ (x * np.int64(0x1F123BB5159))
            ^ (y * np.int64(0x27D4EB2F165))
        )


def _near_in(
    rows: NDArray[np.int64], left: NDArray[np.int64], wanted: NDArray[np.int64], ordered: NDArray[np.int64],
    order: NDArray[Any], lon: NDArray[np.float64], lat: NDArray[np.float64], key: NDArray[np.int64],
    metres: float,
) -> NDArray[np.bool_]:  # fmt: skip
    near = np.zeros(len(left), dtype=np.bool_)
    first = np.searchsorted(ordered, wanted, "left")
    count = np.minimum(np.searchsorted(ordered, wanted, "right") - first, _COMPARED)
    for step in range(int(count.max(initial=0))):
        here = np.flatnonzero((count > step) & ~near)
        mine, other = rows[left[here]], rows[order[first[here] + step]]
        dx = (lon[mine] - lon[other]) * np.cos(np.radians(lat[mine]))
        dy = lat[mine] - lat[other]
        close = np.hypot(dx, dy) * _METRES_PER_DEGREE <= metres
        near[here] = close & (key[mine] == key[other]) & (mine != other)
    return near
