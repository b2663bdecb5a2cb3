"""The basemaps that a map may stand on: none (default), 天地图, or any XYZ tile service.

A basemap never moves the data. One drawn in GCJ-02 says so in `datum`, and the page shifts the map's
projection (static/js/maps/crs.js), so that WGS-84 positions fall where its tiles show them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

#: Without it a tile service whose key is bound to a domain refuses the tiles.
REFERRER_POLICY: Final = "strict-origin-when-cross-origin"
DATUMS: Final = frozenset({"wgs84", "gcj02"})
TIANDITU_SUBDOMAINS: Final = "01234567"
_TIANDITU_URL: Final = (
    "https://t{{s}}.tianditu.gov.cn/{layer}_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER={layer}"
    "&STYLE=default&TILEMATRIXSET=w&FORMAT=tiles&TILEMATRIX={{z}}&TILEROW={{y}}&TILECOL={{x}}&tk={key}"
)


class BasemapError(ValueError):
    """The basemap's settings do not make a map; the text names the setting."""


@dataclass(frozen=True)
class TileSource:
    """One XYZ layer: Leaflet's URL template, its subdomains (one character each) and its last zoom level."""

    url: str
    subdomains: str = "abc"
    max_native_zoom: int = 18


@dataclass(frozen=True)
class Basemap:
    """Layers from the bottom up, and what must be said beside them (attribution and 审图号)."""

    name: str
    sources: tuple[TileSource, ...] = ()
    datum: str = "wgs84"
    attribution: str = ""
    review_number: str = ""

    @property
    def credit(self) -> str:
        """Plain text for the map's corner: attribution and map review number."""
        return " ".join(part for part in (self.attribution, self.review_number) if part)

    @property
    def hosts(self) -> tuple[str, ...]:
        """Origins that the content security policy must let images come from."""
        found = []
        for source in self.sources:
            for subdomain in source.subdomains if "{s}" in source.url else "_":
                parts = urlsplit(source.url.replace("{s}", subdomain))
                found.append(f"{parts.scheme}://{parts.netloc}")
        return tuple(dict.fromkeys(found))


@dataclass(frozen=True)
class BasemapSettings:
    """What an installation configures (BASEMAP, TIANDITU_KEY, BASEMAP_URL ...)."""

    name: str = "none"
    key: str = ""
    url: str = ""
    attribution: str = ""
    review_number: str = ""
    datum: str = "wgs84"


def no_basemap(_settings: BasemapSettings) -> Basemap:
    """District outlines and a calm background; nothing is asked of any other host."""
    return Basemap("none")


def tianditu(settings: BasemapSettings) -> Basemap:
    """天地图 vector tiles and their Chinese labels: CGCS2000, drawn as WGS-84. Needs a browser key."""
    if not settings.key:
        raise BasemapError("TIANDITU_KEY: the basemap tianditu needs a browser key")
    return Basemap(
        "tianditu",
        tuple(
            TileSource(_TIANDITU_URL.format(layer=layer, key=settings.key), TIANDITU_SUBDOMAINS)
            for layer in ("vec", "cva")
        ),
        attribution=settings.attribution or _("天地图"),
        # It changes with every edition of the map: the operator reads it off 天地图's own page.
        review_number=settings.review_number,
    )


def xyz(settings: BasemapSettings) -> Basemap:
    """Any service with {z}/{x}/{y} in its address. Its credit is the operator's to state."""
    if not all(mark in settings.url for mark in ("{z}", "{x}", "{y}")):
        raise BasemapError("BASEMAP_URL: write an address with {z}, {x} and {y}")
    if settings.datum not in DATUMS:
        raise BasemapError(f"BASEMAP_DATUM: one of {', '.join(sorted(DATUMS))}; found {settings.datum!r}")
    if not settings.attribution:
        raise BasemapError("BASEMAP_ATTRIBUTION: say whose map it is")
    return Basemap(
        "xyz", (TileSource(settings.url),), settings.datum, settings.attribution, settings.review_number
    )


#: To add a basemap: one function above, one line here, its name in config/settings.py, a row in the docs.
REGISTRY: Final[dict[str, Callable[[BasemapSettings], Basemap]]] = {
    "none": no_basemap,
    "tianditu": tianditu,
    "xyz": xyz,
}


def basemap_for(settings: BasemapSettings) -> Basemap:
    """Raises BasemapError for an unknown name or settings that make no map."""
    try:
        make = REGISTRY[settings.name]
    except KeyError:
        raise BasemapError(f"BASEMAP: one of {', '.join(REGISTRY)}; found {settings.name!r}") from None
    return make(settings)
