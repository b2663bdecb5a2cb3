"""The map of a project's or an indicator's sites."""

from django.utils.translation import gettext as _

from maps.pagemap import DistrictOutlines, PageMap, SiteShapes, SiteTiles
from projects.pages.citymap import add_controls
from projects.pages.mapsettings import COUNTIES, SHAPES, TILES
from projects.readmodels.mapview import city_extent, configured_basemap
from projects.readmodels.projects import Subject
from projects.readmodels.siteindex import Snapshot


def subject_map(subject: Subject, held: Snapshot) -> PageMap:
    """The whole city with the sites that count for it; what counts for a subset counts here as well."""
    extent = city_extent(held)
    page_map = PageMap(
        "subject-map",
        location=((extent.min_lat + extent.max_lat) / 2, (extent.min_lon + extent.max_lon) / 2),
        zoom=9,
        label=_("计入这里的点位的地图;同样的点位可以在列表里看。"),
        basemap=configured_basemap(),
        bounds=((extent.min_lat, extent.min_lon), (extent.max_lat, extent.max_lon)),
        fit=True,
    )
    DistrictOutlines(COUNTIES).add_to(page_map)
    SiteShapes(SHAPES, query=subject.site_filter).add_to(page_map)
    SiteTiles(TILES, query=subject.site_filter).add_to(page_map)
    add_controls(page_map)
    return page_map
