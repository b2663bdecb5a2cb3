"""Points in polygons: whole cells where the polygon covers them, point by point along its edge only."""

from collections.abc import Iterator, Sequence

import numpy as np
import shapely

from maps.pointindex.filters import Filter
from maps.pointindex.morton import SIDE, Cover, Rect, Rows, cover, dequantise
from maps.pointindex.view import View
from maps.tiles import BBox, from_unit

_CELLS = 256


def polygon_rows(
    views: Sequence[View], geometry: shapely.Geometry, which: Filter
) -> Iterator[tuple[View, Rows]]:
    """Rows of each view strictly inside a valid (multi)polygon of degrees, in no particular order."""
    if geometry.geom_type not in ("Polygon", "MultiPolygon"):
        raise ValueError(f"The index answers for polygons and multipolygons, not for a {geometry.geom_type}.")
    if geometry.is_empty:
        return
    if not shapely.is_valid(geometry):
        raise ValueError(f"The polygon is not valid: {shapely.is_valid_reason(geometry)}.")
    west, south, east, north = (float(edge) for edge in geometry.bounds)
    if west > 180 or east < -180 or south > 90 or north < -90:
        return
    rect = Rect.of(BBox(max(west, -180.0), max(south, -90.0), min(east, 180.0), min(north, 90.0)))
    shapely.prepare(geometry)
    cells = _classify(cover(rect, _CELLS), geometry)
    for view in views:
        low, high = view.ranges(cells)
        inside = view.rows_in(low[cells.inside], high[cells.inside], which)
        edge = view.rows_in(low[~cells.inside], high[~cells.inside], which)
        lon, lat = dequantise(view.segment.x[edge], view.segment.y[edge])
        yield view, np.concatenate([inside, edge[shapely.contains_xy(geometry, lon, lat)]])


def _classify(cells: Cover, geometry: shapely.Geometry) -> Cover:
    """The cells that the polygon touches; ``inside`` says which it covers. Edges are straight in degrees,
    as cells' are, so this is exact.
    """
    west, north = from_unit(cells.boxes[:, 0] / SIDE, cells.boxes[:, 1] / SIDE)
    east, south = from_unit((cells.boxes[:, 2] + 1) / SIDE, (cells.boxes[:, 3] + 1) / SIDE)
    boxes = shapely.box(west, south, east, north)
    touched = shapely.intersects(geometry, boxes)
    inside = shapely.contains_properly(geometry, boxes[touched])
    return Cover(cells.first[touched], cells.last[touched], inside, cells.boxes[touched])
