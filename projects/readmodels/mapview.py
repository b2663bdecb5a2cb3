"""Where the city's map looks: the extent of the divisions' borders.

An extent is no border: it may be used where the borders themselves may not be shown.
"""

from django.contrib.gis.db.models import Extent

from maps.tiles import BBox
from projects.models import Boundary
from projects.readmodels.siteindex import Snapshot

#: Ningbo, in degrees: what an empty database shows.
FALLBACK = BBox(120.87, 28.85, 122.27, 30.38)
_KEY = "mapview.city_extent"


def city_extent(held: Snapshot) -> BBox:
    """In degrees, WGS-84. Worked out once a snapshot."""
    known = held.tables.get(_KEY)
    if known is None:
        known = held.tables[_KEY] = _extent()
    assert isinstance(known, BBox)
    return known


def _extent() -> BBox:
    box = Boundary.objects.newest().aggregate(extent=Extent("geom"))["extent"]
    if box is None:
        return FALLBACK
    west, south, east, north = map(float, box)
    return BBox(west, south, east, north)
