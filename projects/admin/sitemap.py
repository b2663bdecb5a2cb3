"""The map beside the list of sites: exactly what the list finds, tile by tile, within the reader's scope."""

from collections.abc import Sequence
from typing import Any, Final

import orjson
from django.http import HttpRequest, HttpResponse
from django.templatetags.static import static
from django.utils import translation
from django.utils.translation import gettext as _

from maps.pagemap import DistrictOutlines, PageMap, ScaleBar, SiteTiles, ZoomButtons
from maps.tiles import BBox, TileError, TileId
from projects.admin.sitelist import SiteChangeList
from projects.models import Site
from projects.readmodels import staffsites
from projects.readmodels.mapview import city_extent, configured_basemap
from projects.readmodels.sitetiles import tile_json
from projects.readmodels.vocabulary import map_vocabulary

_COUNTIES: Final = "/api/v1/divisions/?level=county"
MAX_ZOOM: Final = 22
#: Around the points of a page, in degrees: a single place is shown with its streets.
_MARGIN: Final = 0.004


def list_map(changelist: SiteChangeList, tiles_url: str) -> PageMap:
    """Drawn around what the list finds. `tiles_url` has {z}, {x} and {y}."""
    extent = _extent(changelist)
    basemap = configured_basemap()
    page_map = PageMap(
        "list-map",
        location=((extent.min_lat + extent.max_lat) / 2, (extent.min_lon + extent.max_lon) / 2),
        zoom=10,
        label=_("列表中点位的地图。方向键移动,加号和减号缩放;同样的点位在表格里。"),
        basemap=basemap,
        bounds=((extent.min_lat, extent.min_lon), (extent.max_lat, extent.max_lon)),
        fit=True,
        zoom_snap=0.5 if basemap.name == "none" else 1,
    )
    DistrictOutlines(_COUNTIES).add_to(page_map)
    SiteTiles(tiles_url).add_to(page_map)
    ZoomButtons(_("放大"), _("缩小地图")).add_to(page_map)
    ScaleBar().add_to(page_map)
    return page_map


def list_map_settings(changelist: SiteChangeList, open_url: str) -> dict[str, object]:
    """What static/js/admin/site-list-map.js is told; `ListMapSettings` in static/js/types.js."""
    language = "en" if (translation.get_language() or "").startswith("en") else "zh-hans"
    return {
        "language": language,
        "messages": _messages(),
        "vocabulary": map_vocabulary(language, changelist.held.vocabulary),
        "query": changelist.get_query_string()[1:],
        "open": open_url,
        "sprites": {
            "kinds": static("vendor/icons/sprite.svg"),
            "ui": static("img/ui.svg"),
            "states": static("img/states.svg"),
        },
    }


def tile_answer(request: HttpRequest, changelist: SiteChangeList, z: int, x: int, y: int) -> HttpResponse:
    """The tile, kept by nobody; 400 for one that is none."""
    status, body = 200, {}
    try:
        tile = TileId(min(z, MAX_ZOOM), x, y)
        which = staffsites.resolved(changelist.staff_query, changelist.held)
        body = tile_json(changelist.held, tile, which, mix=True, staff=True)
    except TileError:
        status, body = 400, {"detail": _("没有这一块地图。")}
    answer = HttpResponse(orjson.dumps(body), status=status, content_type="application/json")
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _extent(changelist: SiteChangeList) -> BBox:
    """Of all that is found; where only the database knows all of it, of the rows of this page."""
    query, held = changelist.staff_query, changelist.held
    if query.rest is None:
        found = staffsites.extent(query.which, held)
    else:
        found = _around([site.lonlat for site in changelist.result_list if getattr(site, "lonlat", None)])
    if found is None:
        return city_extent(held)
    return BBox(
        max(-180.0, found.min_lon - _MARGIN),
        max(-85.0, found.min_lat - _MARGIN),
        min(180.0, found.max_lon + _MARGIN),
        min(85.0, found.max_lat + _MARGIN),
    )


def _around(places: Sequence[tuple[float, float]]) -> BBox | None:
    if not places:
        return None
    lons, lats = [lon for lon, _lat in places], [lat for _lon, lat in places]
    return BBox(min(lons), min(lats), max(lons), max(lats))


def place_of(site: Site) -> dict[str, Any] | None:
    """What a row says to the map."""
    where = getattr(site, "lonlat", None)
    return (
        None if where is None else {"id": site.public_id, "lon": f"{where[0]:.6f}", "lat": f"{where[1]:.6f}"}
    )


def _messages() -> dict[str, str]:
    """Every sentence that the script may say."""
    return {
        "places": _("%(n)s 处"),
        "mix": _("%(name)s %(n)s"),
        "in_place": _("这个位置有多处,请在表格里查看。"),
        "map_capped": _("这里点位太多,先合并显示。放大地图可看到每一处。"),
        "failed": _("没有取到数据"),
        "offline": _("网络已断开"),
        "elsewhere": _("这个点位不在表格的这一页。"),
        "open": _("打开这个点位"),
        "loading": _("正在加载…"),
    }
