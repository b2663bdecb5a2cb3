"""Where the city's map looks, and on what: the extent of its border, the basemap of the settings.

An extent is no border: it may be used where the borders themselves may not be shown.
"""

from django.conf import settings
from django.contrib.gis.db.models import Extent

from maps.basemaps import Basemap, BasemapSettings, basemap_for
from maps.tiles import BBox
from projects.models import Boundary
from projects.readmodels.siteindex import Snapshot
from projects.readmodels.vocabulary import Area

#: Mainland China, in degrees: what a database without borders shows.
FALLBACK = BBox(73.5, 18.0, 135.0, 53.5)
_KEY = "mapview.city_extent"


def configured_basemap() -> Basemap:
    """Raises BasemapError when the settings make no map."""
    return basemap_for(
        BasemapSettings(
            name=settings.BASEMAP,
            key=settings.TIANDITU_KEY,
            url=settings.BASEMAP_URL,
            attribution=settings.BASEMAP_ATTRIBUTION,
            review_number=settings.BASEMAP_REVIEW_NUMBER,
            datum=settings.BASEMAP_DATUM,
        )
    )


def city_extent(held: Snapshot) -> BBox:
    """Of the newest published programme's city, or of all borders; in degrees, WGS-84. Once a snapshot."""
    known = held.word_tables.get(_KEY)
    if known is None:
        known = held.word_tables[_KEY] = _extent(held)
    assert isinstance(known, BBox)
    return known


def area_extent(held: Snapshot, area: Area) -> BBox | None:
    """Of one area's border, or of those below it; None where there are none."""
    box = (
        Boundary.objects.newest()
        .filter(division_id__in=held.vocabulary.within(area))
        .aggregate(extent=Extent("geom"))["extent"]
    )
    return None if box is None else BBox(*map(float, box))


def _extent(held: Snapshot) -> BBox:
    borders = Boundary.objects.newest()
    words = held.vocabulary
    newest = max(
        (row for row in words.programmes.values() if row.is_public),
        key=lambda row: row.period_start,
        default=None,
    )
    # A second city's borders must not push the first one's map out to sea between them.
    city = None if newest is None else words.area_by_pk.get(newest.division_id)
    for chosen in (borders.filter(division_id__in=words.within(city)) if city else borders, borders):
        box = chosen.aggregate(extent=Extent("geom"))["extent"]
        if box is not None:
            return BBox(*map(float, box))
    return FALLBACK
