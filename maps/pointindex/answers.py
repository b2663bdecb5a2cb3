"""What the index answers with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Cluster:
    """Two or more points of one cell of a tile."""

    lon: float
    """Centre: the mean of the members' Web Mercator positions, in degrees."""
    lat: float
    count: int
    bounds: tuple[float, float, float, float]
    """The members' extent in degrees: min_lon, min_lat, max_lon, max_lat."""
    mix: tuple[tuple[int, int], ...]
    """The commonest values of the column asked for, at most three, as (value, members); empty when none
    was.
    """


@dataclass(frozen=True, eq=False, slots=True)
class Points:
    """Rows of the index, column by column, all of one length."""

    ids: NDArray[np.int64]
    lon: NDArray[np.float64]
    """Degrees, the middle of the quantised step (within 4.2e-8 of what was put in)."""
    lat: NDArray[np.float64]
    columns: Mapping[str, NDArray[Any]]

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, eq=False, slots=True)
class TileAnswer:
    """A tile: the members of ``clusters`` and the ``points`` add up to ``total`` unless ``truncated``."""

    total: int
    """Exact number of passing points in the tile."""
    clusters: tuple[Cluster, ...]
    points: Points
    truncated: bool
    """Fewer points are listed than there are."""


class Nearest(NamedTuple):
    """Nearest first; equal distances by id."""

    ids: NDArray[np.int64]
    distances_m: NDArray[np.float64]
    """Metres along the WGS-84 ellipsoid, from the quantised positions."""


@dataclass(frozen=True, eq=False, slots=True)
class Facets:
    """Counts by value: ``counts[column][value]``, as long as the column's largest value asks for."""

    total: int
    counts: Mapping[str, NDArray[np.int64]]
