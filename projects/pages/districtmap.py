"""The maps of the district pages, and what must be said beside a border."""

from collections.abc import Collection, Mapping

from django.conf import settings
from django.contrib.gis.db.models import Extent
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from maps.pagemap import DistrictOutlines, PageMap, SiteTiles
from maps.tiles import BBox
from projects.models import Boundary
from projects.pages.citymap import add_controls
from projects.pages.mapsettings import COUNTIES, TILES
from projects.readmodels.mapview import city_extent, configured_basemap
from projects.readmodels.siteindex import Snapshot
from projects.readmodels.vocabulary import Area

#: What a border without a map review number carries wherever it is drawn.
UNREVIEWED = gettext_noop("示意,未经地图审核")


def borders_notice(areas: Collection[Area]) -> str | None:
    """What stands beside the borders of these areas: review numbers (审图号) or that there are none.

    None when not one of the borders may be shown.
    """
    rows = list(
        Boundary.objects.newest()
        .showable(demo=settings.DEMO)
        .filter(division_id__in=[area.pk for area in areas])
        .order_by()
        .values_list("review_number", flat=True)
        .distinct()
    )
    if not rows:
        return None
    numbers = sorted(number for number in rows if number)
    return " ".join([*numbers, *([_(UNREVIEWED)] if "" in rows else [])])


def shaded_map(
    city: Area, held: Snapshot, *, shades: Mapping[str, int], links: Mapping[str, str], label: str
) -> PageMap:
    """The counties of a city, shaded; each leads to its page."""
    page_map = _map_of(city_extent(held), "districts-map", label, zoom_snap=0.1)
    DistrictOutlines(f"{COUNTIES},zone&within={city.code}", shades=shades, links=links).add_to(page_map)
    add_controls(page_map)
    return page_map


def district_map(area: Area, held: Snapshot, *, label: str) -> PageMap:
    """One area with the sites that lie in it."""
    page_map = _map_of(_extent(area, held), "district-map", label)
    DistrictOutlines(COUNTIES, chosen=area.code).add_to(page_map)
    SiteTiles(TILES, query=f"division={area.code}").add_to(page_map)
    add_controls(page_map)
    return page_map


def _map_of(extent: BBox, element_id: str, label: str, *, zoom_snap: float = 1) -> PageMap:
    return PageMap(
        element_id,
        location=((extent.min_lat + extent.max_lat) / 2, (extent.min_lon + extent.max_lon) / 2),
        zoom=9,
        label=label,
        basemap=configured_basemap(),
        bounds=((extent.min_lat, extent.min_lon), (extent.max_lat, extent.max_lon)),
        fit=True,
        zoom_snap=zoom_snap,
    )


def _extent(area: Area, held: Snapshot) -> BBox:
    """The border's extent is no border: it may be used where the border itself may not be shown."""
    box = Boundary.objects.newest().filter(division_id=area.pk).aggregate(extent=Extent("geom"))["extent"]
    if box is None:
        return city_extent(held)
    west, south, east, north = map(float, box)
    return BBox(west, south, east, north)
