"""A columnar, read-only point index: every question a map asks of a million points, in about a millisecond.

Pure numpy and shapely; it knows nothing of what the points are. Points are rows of unsigned integer
columns, sorted by the Morton code of their quantised Web Mercator position (``morton``: also what
"position" and "in the box" mean exactly). Rows live in immutable segments (``segment``), kept in files that
processes share (``storage``); a ``PointIndex`` (``index``) lays a small delta and tombstones over a base,
and answers::

    index = PointIndex.build(Columns(ids, lon, lat, {"kind": kinds}), {"kind": np.uint8})
    answer = index.tile(TileId(10, 857, 421), Filter([In("kind", {3})]), mix="kind")
    ids, metres = index.nearest(121.55, 29.87, 10)
    newer = index.with_changes(upserts=rows, deletes=[17])
"""

from maps.pointindex.answers import Cluster, Facets, Nearest, Points, TileAnswer
from maps.pointindex.filters import EVERYTHING, Between, Bits, Filter, In, Test, Where
from maps.pointindex.index import PointIndex
from maps.pointindex.inside import Inside
from maps.pointindex.region import Region
from maps.pointindex.segment import Columns, Segment
from maps.pointindex.storage import CorruptIndex, StoredSegment, current, load, load_current, publish, save

__all__ = [
    "EVERYTHING",
    "Between",
    "Bits",
    "Cluster",
    "Columns",
    "CorruptIndex",
    "Facets",
    "Filter",
    "In",
    "Inside",
    "Nearest",
    "PointIndex",
    "Points",
    "Region",
    "Segment",
    "StoredSegment",
    "Test",
    "TileAnswer",
    "Where",
    "current",
    "load",
    "load_current",
    "publish",
    "save",
]
