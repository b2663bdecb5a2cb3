"""Points in polygons that are asked for once."""

from collections.abc import Iterator, Sequence

import numpy as np
import shapely

from maps.pointindex.filters import Filter
from maps.pointindex.morton import Rows
from maps.pointindex.region import Region
from maps.pointindex.view import View


def polygon_rows(
    views: Sequence[View], geometry: shapely.Geometry, which: Filter
) -> Iterator[tuple[View, Rows]]:
    """Rows of each view strictly inside a valid (multi)polygon of degrees, ascending."""
    region = Region(geometry)
    if not shapely.is_valid(geometry):
        raise ValueError(f"The polygon is not valid: {shapely.is_valid_reason(geometry)}.")
    for view in views:
        rows = np.flatnonzero(region.mask(view.segment))
        yield view, rows[view.match(rows, which)]
