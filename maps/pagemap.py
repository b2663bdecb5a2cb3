"""The page's map, defined on the server with folium and drawn by static/js/maps/page-map.js.

folium describes the map: where it looks, how far it zooms, which layers and controls are its children.
Its own output is not used. `PageMap.html` is one `<div>` and one `<script type="application/json">`,
which a strict content security policy allows and a shared cache may keep.

Traps of folium that this module stands between:

* `JSCSSMixin.add_js_link` and `add_css_link` write to lists on the *class*: one page's link shows up on all
  later ones. Each map has lists of its own here, and nothing prints them.
* Element ids are random; HTML with them cannot be cached or compared. Ids are given by the caller.
* `Map(tiles=None, max_zoom=18)` drops `max_zoom` (it would go to the tile layer that is not there). It is
  kept in the configuration.
* `Map`'s template emits a viewport meta that forbids zooming, inline styles and inline scripts. None of its
  macros is rendered.
* folium writes popups and tooltips into JavaScript template literals, so user text in them would be code. No
  user text goes through folium: children accept addresses, numbers and GeoJSON, and all of it is JSON.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Final, Protocol, runtime_checkable

import folium
from branca.element import Element, Figure, MacroElement
from django.utils.html import format_html, json_script
from django.utils.safestring import SafeString
from jinja2 import Template

from maps.basemaps import REFERRER_POLICY, Basemap

Json = Any
#: Leaflet's own limit for this page: the tile API answers zoom 0 to 18.
MAX_ZOOM: Final = 18
MIN_ZOOM: Final = 3


@runtime_checkable
class Configured(Protocol):
    """A child of the map that knows how the browser is to draw it."""

    def page_config(self) -> dict[str, Json]: ...


class PageLayer(MacroElement):
    """A layer or control that the browser builds from JSON. `kind` picks the module that draws it."""

    kind: ClassVar[str]
    _template = Template("")

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = type(self).__name__

    def page_config(self) -> dict[str, Json]:
        raise NotImplementedError


class BasemapTiles(folium.TileLayer):
    """One tile layer of a basemap. The credit is shown as text, never as HTML."""

    kind = "tiles"

    def __init__(self, url: str, credit: str, subdomains: str, max_native_zoom: int) -> None:
        super().__init__(
            tiles=url,
            attr=credit,
            name="basemap",
            subdomains=subdomains,
            max_native_zoom=max_native_zoom,
            max_zoom=MAX_ZOOM,
            control=False,
        )

    def page_config(self) -> dict[str, Json]:
        return {
            "type": self.kind,
            "url": self.tiles,
            "attribution": self.options["attribution"],
            "subdomains": self.options["subdomains"],
            "maxNativeZoom": self.options["max_native_zoom"],
            "maxZoom": self.options["max_zoom"],
            "referrerPolicy": REFERRER_POLICY,
        }


class DistrictOutlines(PageLayer):
    """Borders from an address that answers GeoJSON with `code`, `name_*`, `review_number` and `notice_*`.

    `shades`: code -> step 1 (light) to 5 (dark) or 0 (no figure). `links`: code -> address of its page.
    `chosen`: the code that stands out. Features whose geometry is null are passed over.
    """

    kind = "districts"

    def __init__(
        self,
        url: str,
        *,
        shades: Mapping[str, int] | None = None,
        links: Mapping[str, str] | None = None,
        chosen: str = "",
    ) -> None:
        super().__init__()
        if shades is not None and not all(0 <= step <= 5 for step in shades.values()):
            raise ValueError("a shade is a step from 0 to 5")
        self.url, self.chosen = url, chosen
        self.shades, self.links = dict(shades or {}), dict(links or {})

    def page_config(self) -> dict[str, Json]:
        return {
            "type": self.kind,
            "url": self.url,
            "shades": self.shades,
            "links": self.links,
            "chosen": self.chosen,
        }


class SiteTiles(PageLayer):
    """Clusters and points, tile by tile; {z}, {x} and {y} are Web Mercator, whatever the basemap.

    `query`: fixed filter words, in the form of a query string; a page's own filters replace them.
    `points_from`: the first zoom level at which the server answers points only.
    """

    kind = "site-tiles"

    def __init__(self, url_template: str, *, query: str = "", points_from: int = 15) -> None:
        super().__init__()
        if not all(mark in url_template for mark in ("{z}", "{x}", "{y}")):
            raise ValueError("the address of the tiles needs {z}, {x} and {y}")
        self.url_template, self.query, self.points_from = url_template, query, points_from

    def page_config(self) -> dict[str, Json]:
        return {
            "type": self.kind,
            "url": self.url_template,
            "query": self.query,
            "pointsFrom": self.points_from,
        }


class SiteShapes(PageLayer):
    """Roads, sewers and areas as they run, tile by tile, below the points of `SiteTiles`.

    `query`: as in `SiteTiles`.
    """

    kind = "site-shapes"

    def __init__(self, url_template: str, *, query: str = "") -> None:
        super().__init__()
        if not all(mark in url_template for mark in ("{z}", "{x}", "{y}")):
            raise ValueError("the address of the tiles needs {z}, {x} and {y}")
        self.url_template, self.query = url_template, query

    def page_config(self) -> dict[str, Json]:
        return {"type": self.kind, "url": self.url_template, "query": self.query}


class SiteGeometry(PageLayer):
    """One site as it is: a GeoJSON geometry in EPSG:4326, its kind's colour (#rrggbb) and icon."""

    kind = "site-geometry"

    def __init__(self, geometry: Mapping[str, Json], *, colour: str, icon: str, hollow: bool = False) -> None:
        super().__init__()
        self.geometry, self.colour, self.icon, self.hollow = dict(geometry), colour, icon, hollow

    def page_config(self) -> dict[str, Json]:
        return {
            "type": self.kind,
            "geometry": self.geometry,
            "colour": self.colour,
            "icon": self.icon,
            "hollow": self.hollow,
        }


class AreaOutlines(PageLayer):
    """Outlines of the areas that the page filters by, each from an address with {id} that answers GeoJSON.

    Which ones is in the page's own address.
    """

    kind = "area-outlines"

    def __init__(self, url_template: str) -> None:
        super().__init__()
        if "{id}" not in url_template:
            raise ValueError("the address of an area needs {id}")
        self.url_template = url_template

    def page_config(self) -> dict[str, Json]:
        return {"type": self.kind, "url": self.url_template}


class ScaleBar(PageLayer):
    """Metres and kilometres, bottom left."""

    kind = "scale"

    def page_config(self) -> dict[str, Json]:
        return {"type": self.kind}


class ZoomButtons(PageLayer):
    """Plus and minus; `labels` are their accessible names."""

    kind = "zoom"

    def __init__(self, zoom_in: str, zoom_out: str) -> None:
        super().__init__()
        self.labels = (zoom_in, zoom_out)

    def page_config(self) -> dict[str, Json]:
        return {"type": self.kind, "zoomIn": self.labels[0], "zoomOut": self.labels[1]}


class PageMap(folium.Map):
    """A Leaflet map of the page. `html` is what the template prints.

    `element_id`: the id of the `<div>`; the configuration's is `<element_id>-config`.
    `location`: (latitude, longitude) in degrees, EPSG:4326, as folium has it.
    `bounds`: ((south, west), (north, east)): the view cannot leave it by far. `label`: the accessible name.
    `fit`: start with `bounds` in view instead of `location` and `zoom`.
    `zoom_snap`: zoom levels are multiples of it; a map without tiles may stand between two levels.
    """

    def __init__(
        self,
        element_id: str,
        *,
        location: tuple[float, float],
        zoom: int,
        label: str,
        basemap: Basemap,
        bounds: tuple[tuple[float, float], tuple[float, float]] | None = None,
        min_zoom: int = MIN_ZOOM,
        max_zoom: int = MAX_ZOOM,
        fit: bool = False,
        zoom_snap: float = 1,
    ) -> None:
        super().__init__(location=location, zoom_start=zoom, tiles=None, zoom_control=False)
        self._id = element_id
        self.default_js: list[tuple[str, str]] = []
        self.default_css: list[tuple[str, str]] = []
        self.element_id, self.label, self.basemap = element_id, label, basemap
        self.bounds, self.min_zoom, self.max_zoom, self.fit = bounds, min_zoom, max_zoom, fit
        self.zoom_snap = zoom_snap
        for source in basemap.sources:
            self.add_child(
                BasemapTiles(source.url, basemap.credit or "-", source.subdomains, source.max_native_zoom)
            )

    def page_config(self) -> dict[str, Json]:
        """The whole map as JSON. Layers in the order in which they were added."""
        return {
            "center": list(self.location),
            "zoom": self.options["zoom"],
            "minZoom": self.min_zoom,
            "maxZoom": self.max_zoom,
            "bounds": [list(corner) for corner in self.bounds] if self.bounds else None,
            "fit": self.fit,
            "zoomSnap": self.zoom_snap,
            "label": self.label,
            "datum": self.basemap.datum,
            "basemap": self.basemap.name,
            "layers": [
                child.page_config() for child in self._children.values() if isinstance(child, Configured)
            ],
        }

    @property
    def html(self) -> SafeString:
        """The `<div>` and its configuration. JSON is escaped for HTML: `</script>` in it ends nothing."""
        return format_html(
            '<div class="page-map" id="{}" data-page-map></div>\n{}',
            self.element_id,
            json_script(self.page_config(), f"{self.element_id}-config"),
        )

    def render(self, **_kwargs: object) -> str:
        """Put only `html` into folium's figure: no header, no script, no link of folium's own."""
        figure = self.get_root()
        if isinstance(figure, Figure):
            figure.html.add_child(Element(self.html), name=self.element_id)
        return self.html
