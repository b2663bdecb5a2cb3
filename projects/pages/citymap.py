"""The maps that pages show, put together from maps.pagemap."""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from maps.pagemap import (
    AreaOutlines,
    DistrictOutlines,
    PageMap,
    ScaleBar,
    SiteGeometry,
    SiteShapes,
    SiteTiles,
    ZoomButtons,
)
from maps.tiles import BBox
from projects.pages.mapsettings import AREAS, COUNTIES, SHAPES, TILES
from projects.readmodels.mapview import configured_basemap
from projects.readmodels.sitedetail import SiteDetail
from projects.rules.vocabulary import FINISHED, Stage


def city_map(extent: BBox, *, chosen: str = "") -> PageMap:
    """The map page's map: the whole city, its counties, lines and areas, clusters and points."""
    page_map = PageMap(
        "map",
        location=((extent.min_lat + extent.max_lat) / 2, (extent.min_lon + extent.max_lon) / 2),
        zoom=9,
        label=_("民生实事地图。方向键移动,加号和减号缩放;同样的内容在列表里。"),
        basemap=configured_basemap(),
        bounds=((extent.min_lat, extent.min_lon), (extent.max_lat, extent.max_lon)),
        fit=True,
    )
    DistrictOutlines(COUNTIES, chosen=chosen).add_to(page_map)
    AreaOutlines(AREAS).add_to(page_map)
    SiteShapes(SHAPES).add_to(page_map)
    SiteTiles(TILES).add_to(page_map)
    add_controls(page_map)
    return page_map


def site_map(detail: SiteDetail) -> PageMap:
    """Where one site is."""
    row = detail.row
    page_map = PageMap(
        "site-map",
        location=(row.lat, row.lon),
        zoom=14,
        label=_("位置图"),
        basemap=configured_basemap(),
    )
    DistrictOutlines(COUNTIES).add_to(page_map)
    geometry: Mapping[str, object] = detail.geometry
    SiteGeometry(
        geometry,
        colour=row.kind.colour,
        icon=row.kind.icon,
        hollow=Stage(row.stage) not in FINISHED,
    ).add_to(page_map)
    add_controls(page_map)
    return page_map


def add_controls(page_map: PageMap) -> None:
    ZoomButtons(_("放大"), _("缩小地图")).add_to(page_map)
    ScaleBar().add_to(page_map)
