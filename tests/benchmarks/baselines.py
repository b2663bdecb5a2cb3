"""What the usual ways of writing these addresses cost: a constant view, DRF, the ORM, ST_AsMVT.

Written as well as their kind allows: joins instead of N+1, no geometry that is not shown, no COUNT where a
page does not need one, the spatial index wherever the framework reaches it.
"""

import math
from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib.gis.db.models.functions import Distance
from django.contrib.gis.geos import Point, Polygon
from django.db import connection
from django.db.models import Count, F, FloatField, Func, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.http import HttpRequest, HttpResponse, JsonResponse
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ModelSerializer

from projects.models import Division, Site
from tests.benchmarks import sitesql

PAGE = 1000
NEAREST = 10
#: A degree of latitude at the equator, where it is shortest.
SHORTEST_DEGREE_M = 110_570


def constant(request: HttpRequest) -> HttpResponse:
    """The framework's own floor: what any answer costs through the same middleware and server."""
    return JsonResponse({"ok": True})


# --------------------------------------------------------------------------------------------- rows


def words_of(request: HttpRequest | Request) -> dict[str, str]:
    """The query words, each once."""
    query = request.GET if isinstance(request, HttpRequest) else request.query_params
    return {word: str(value) for word, value in query.items()}


def filtered(words: Mapping[str, str]) -> QuerySet[Site]:
    """Public sites that the words leave, as a GeoDjango programmer writes it."""
    sites = Site.objects.public()
    for word, column in (
        ("kind", "kind__slug"),
        ("stage", "stage"),
        ("service", "service"),
        ("light", "light"),
    ):
        if word in words:
            sites = sites.filter(**{f"{column}__in": words[word].split(",")})
    if "division" in words:
        reach = Q()
        for area in Division.objects.filter(code__in=words["division"].split(",")):
            reach |= Q(located_in__tree_left__gte=area.tree_left, located_in__tree_left__lte=area.tree_right)
        sites = sites.filter(reach)
    for part in words.get("q", "").split():
        sites = sites.filter(Q(name__icontains=part) | Q(address__icontains=part))
    if "bbox" in words:
        west, south, east, north = map(float, words["bbox"].split(","))
        box = Polygon.from_bbox((west, south, east, north))
        box.srid = 4326
        sites = sites.filter(location__contained=box)
        if connection.vendor == "postgresql":
            # Its boxes are 32-bit floats and let rows within a metre of the edge in.
            lon, lat = (
                Func("location", function=name, output_field=FloatField()) for name in ("ST_X", "ST_Y")
            )
            sites = sites.alias(lon=lon, lat=lat).filter(
                lon__gte=west, lon__lte=east, lat__gte=south, lat__lte=north
            )
    return sites


class SiteFeature(ModelSerializer[Site]):
    """A GeoJSON feature with the members of the application's own list."""

    class Meta:
        model = Site
        fields: ClassVar = [
            "name",
            "address",
            "stage",
            "service",
            "service_checked_on",
            "opening_hours",
            "phone",
            "percent",
            "reported_on",
            "light",
            "is_demo",
        ]

    def to_representation(self, instance: Site) -> dict[str, Any]:
        properties = super().to_representation(instance)
        kind, area = instance.kind, instance.located_in
        properties["kind"] = {
            "slug": kind.slug,
            "name_zh": kind.name_zh,
            "name_en": kind.name_en,
            "icon": kind.icon,
            "colour": kind.colour,
        }
        properties["division"] = {"code": area.code, "name_zh": area.name_zh, "name_en": area.name_en}
        return {
            "type": "Feature",
            "id": instance.public_id,
            "geometry": {"type": "Point", "coordinates": [instance.location.x, instance.location.y]},
            "properties": properties,
        }


def with_joins(sites: QuerySet[Site]) -> QuerySet[Site]:
    return sites.select_related("kind", "located_in").defer("geom", "attributes")


class SiteList(ListAPIView[Site]):
    """A page of GeoJSON in a box, by id; no COUNT."""

    serializer_class = SiteFeature

    def get_queryset(self) -> QuerySet[Site]:
        return with_joins(filtered(words_of(self.request))).order_by("id")[:PAGE]

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        features = self.get_serializer(self.get_queryset(), many=True).data
        return Response({"type": "FeatureCollection", "features": features})


class SiteDetail(RetrieveAPIView[Site]):
    """One site by its public id."""

    serializer_class = SiteFeature
    lookup_field = "public_id"

    def get_queryset(self) -> QuerySet[Site]:
        return with_joins(Site.objects.public())


class Pages(LimitOffsetPagination):
    """DRF's usual pages: COUNT for the total, OFFSET for the place."""

    default_limit = 100
    max_limit = PAGE


class LateList(ListAPIView[Site]):
    """A page of the late sites."""

    serializer_class = SiteFeature
    pagination_class = Pages

    def get_queryset(self) -> QuerySet[Site]:
        return with_joins(filtered(words_of(self.request))).order_by("id")


# ------------------------------------------------------------------------------------------ nearest


def by_distance(sites: QuerySet[Site], lon: float, lat: float) -> QuerySet[Any]:
    """Nearest first, metres on the ellipsoid."""
    here = Point(lon, lat, srid=4326)
    return sites.annotate(metres=Distance("location", here, spheroid=True)).order_by("metres", "id")


def nearest(request: HttpRequest) -> JsonResponse:
    """The ten nearest as the ORM's documentation does it: every distance, then the smallest ten."""
    words = words_of(request)
    found = by_distance(filtered(words), *_place(words))
    rows = found.values_list("public_id", "name", "metres")[:NEAREST]
    return JsonResponse({"sites": [(key, name, _metres(far)) for key, name, far in rows]})


class NearestList(ListAPIView[Site]):
    """The ten nearest as GeoJSON with the help of the spatial index: the best that a DRF view can do."""

    serializer_class = SiteFeature

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        words = words_of(request)
        lon, lat = _place(words)
        sites = with_joins(filtered(words))
        find = _nearest_by_tree if connection.vendor == "postgresql" else _nearest_by_boxes
        features = self.get_serializer(find(sites, lon, lat), many=True).data
        return Response({"type": "FeatureCollection", "features": features})


def _nearest_by_tree(sites: QuerySet[Site], lon: float, lat: float) -> list[Any]:
    """PostGIS: the GiST index walks outwards in degrees; the box round its first ten holds the true ten."""
    here = RawSQL("projects_site.location <-> ST_SetSRID(ST_MakePoint(%s, %s), 4326)", (lon, lat))
    close = sites.order_by(here).values_list("pk", flat=True)[:NEAREST]
    first = list(by_distance(sites.filter(pk__in=list(close)), lon, lat))
    if len(first) < NEAREST:
        return first
    tall = _metres(first[-1].metres) / SHORTEST_DEGREE_M + 1e-6
    half = tall / max(math.cos(math.radians(min(abs(lat) + tall, 90.0))), 0.01)
    box = Polygon.from_bbox((lon - half, lat - tall, lon + half, lat + tall))
    box.srid = 4326
    return list(by_distance(sites.filter(location__bboverlaps=box), lon, lat)[:NEAREST])


def _nearest_by_boxes(sites: QuerySet[Site], lon: float, lat: float) -> list[Any]:
    """SpatiaLite: a box of the R*Tree that doubles until the circle inside it holds enough."""
    half = 0.005
    while True:
        shrunk = max(math.cos(math.radians(lat)), 0.01)
        tall = half * shrunk  # as many metres north as `half` is east
        box = (
            "SELECT pkid FROM idx_projects_site_location"
            " WHERE xmax >= %s AND xmin <= %s AND ymax >= %s AND ymin <= %s"
        )
        inside = RawSQL(box, (lon - half, lon + half, lat - tall, lat + tall))
        found = list(by_distance(sites.filter(pk__in=inside), lon, lat)[:NEAREST])
        reach = half * shrunk * SHORTEST_DEGREE_M
        if half > 180 or (len(found) == NEAREST and _metres(found[-1].metres) <= reach):
            return found
        half *= 2


def _metres(distance: Any) -> float:
    return float(getattr(distance, "m", distance))


def _place(words: Mapping[str, str]) -> tuple[float, float]:
    return float(words["lon"]), float(words["lat"])


# ------------------------------------------------------------------------------------------- counts


def facets(request: HttpRequest) -> JsonResponse:
    """The application's facets by GROUP BY: one statement a word."""
    sites = filtered(words_of(request)).order_by()
    by: dict[str, Any] = {"total": sites.count()}
    for word, column in (
        ("kind", "kind__slug"),
        ("stage", "stage"),
        ("service", "service"),
        ("division", "located_in__code"),
        ("light", "light"),
        ("category", "contributions__indicator__category__slug"),
    ):
        counted = sites.values(value=F(column)).annotate(number=Count("pk", distinct=word == "category"))
        by[word] = {row["value"]: row["number"] for row in counted if row["value"] is not None}
    return JsonResponse(by)


# -------------------------------------------------------------------------------------------- tiles


def mvt(request: HttpRequest, z: int, x: int, y: int) -> HttpResponse:
    """ST_AsMVT straight from a Django view. `cap`: leave out rows above so many, as tipg does at 10,000."""
    words = words_of(request)
    cap = words.pop("cap", None)
    condition = sitesql.where(words)
    statement = f"""
        WITH tile AS (SELECT ST_TileEnvelope(%s, %s, %s) AS box),
        found AS (
            SELECT s.public_id AS id, k.slug AS kind, s.stage, s.service, s.light,
                   ST_AsMVTGeom(ST_Transform(s.location, 3857), tile.box, 4096, 0, true) AS geom
            FROM {sitesql.TABLES}, tile
            WHERE s.location && ST_Transform(tile.box, 4326) AND {condition.sql}
            {"LIMIT " + str(int(cap)) if cap else ""}
        )
        SELECT ST_AsMVT(found, 'sites', 4096, 'geom') FROM found"""
    ((tile,),) = sitesql.rows(statement, (z, x, y, *condition.parameters))
    return HttpResponse(bytes(tile), content_type="application/vnd.mapbox-vector-tile")
