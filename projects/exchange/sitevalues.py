"""A site as values by field, the same for every format that it is exported to.

Positions are WGS-84 degrees. Of attributes those are written that the kind has: import reads no others.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import shapely
from django.db.models import QuerySet
from shapely.geometry.base import BaseGeometry

from projects.exchange.columns import ATTRIBUTES, COLUMNS
from projects.exchange.workbooks import Value
from projects.models import FacilityKind, Site

FIELDS: Final = tuple(column.field for column in COLUMNS if column.is_exported)
#: Besides what import reads: where the geometry lies, which import finds out by itself, and what is made up.
EXTRA_FIELDS: Final = ("located_in", "is_demo")
#: For staff only: what lights say and how far the site is. Import does not read them either.
INTERNAL_FIELDS: Final = ("publication", "light", "percent", "reported_on")
_CHUNK: Final = 2000


@dataclass(frozen=True, slots=True)
class AttributeColumn:
    """An attribute of the kinds that are exported: its key, its name for people, its type."""

    key: str
    label: str
    type: str

    @property
    def field(self) -> str:
        return f"{ATTRIBUTES}{self.key}"


def attribute_columns(kinds: Iterable[FacilityKind]) -> list[AttributeColumn]:
    """Each key once, in the order of the kinds."""
    found: dict[str, AttributeColumn] = {}
    for kind in kinds:
        for item in kind.attributes:
            key = str(item["key"])
            label = str(item.get("label_zh") or key)
            found.setdefault(key, AttributeColumn(key, label, str(item.get("type", "text"))))
    return list(found.values())


def kinds_of(sites: "QuerySet[Site]") -> list[FacilityKind]:
    """The kinds of the sites."""
    return list(FacilityKind.objects.filter(pk__in=sites.order_by().values("kind_id")))


def in_order(sites: "QuerySet[Site]") -> Iterator[Site]:
    """The sites by their codes, a portion at a time."""
    rows = sites.select_related("kind", "located_in", "managed_by").order_by("code")
    return rows.iterator(chunk_size=_CHUNK)


def geometry_of(site: Site) -> BaseGeometry:
    return shapely.from_wkb(bytes(site.geom.wkb))


def values_of(site: Site) -> dict[str, Value]:
    """Field to value for every field above; codes for divisions, the slug for the kind."""
    values: dict[str, Value] = {
        "code": site.code,
        "kind": site.kind.slug,
        "lon": site.location.x,
        "lat": site.location.y,
        # All digits: what is rounded here would come back as a move.
        "wkt": ""
        if site.geom.geom_type == "Point"
        else shapely.to_wkt(geometry_of(site), rounding_precision=-1),
        "division": site.managed_by.code,
        "located_in": site.located_in.code,
        "is_demo": site.is_demo,
        "publication": site.publication,
        "light": site.light,
        "percent": site.percent,
        "reported_on": site.reported_on,
    }
    for column in COLUMNS:
        if column.is_exported and column.site_field:
            values[column.field] = getattr(site, column.site_field)
    return values


def attributes_of(site: Site) -> Mapping[str, Value]:
    """Key to value, only keys of the site's kind."""
    known = {str(item["key"]) for item in site.kind.attributes}
    return {key: value for key, value in site.attributes.items() if key in known}
