"""/api/v1/sites/: lists, detail, nearest, tiles, facets. Anonymous and public."""

from typing import Any, ClassVar

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_noop
from drf_spectacular.utils import extend_schema

from maps.pointindex import Filter
from maps.tiles import TileError, TileId
from projects.api import parameters as words
from projects.api import shapes
from projects.api.base import PublicView
from projects.api.features import GEOJSON, collection, detailed_feature, feature
from projects.readmodels.facets import facets
from projects.readmodels.indexfilters import compile_filter
from projects.readmodels.sitedetail import site_detail
from projects.readmodels.sitelists import list_sites
from projects.readmodels.sitequeries import (
    PUBLIC_WORDS,
    FilterError,
    parse_degrees,
    parse_whole,
)
from projects.readmodels.sitetiles import tile_json, tile_mvt

MAX_LIMIT = 1000
#: Tiles: the deepest zoom that is answered.
MAX_ZOOM = 22


class SiteList(PublicView):
    """Published sites, by id, in keyset pages."""

    own_words: ClassVar = frozenset({"after", "limit"})

    @extend_schema(
        operation_id="sites_list",
        summary="点位列表 / Sites",
        parameters=[*words.FILTERS, words.AFTER, words.LIMIT],
        responses={(200, GEOJSON): shapes.FEATURES, **shapes.PROBLEMS},
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        wanted = self.wanted(request)
        limit = parse_whole(request.GET, "limit", default=100, low=1, high=MAX_LIMIT)
        after = parse_whole(request.GET, "after", default=0, low=0, high=2**62)
        if answer := self.unchanged(request):
            return answer
        page = list_sites(wanted, limit=limit, after=after or None, held=self.held)
        return self.answer(
            collection(
                [feature(row) for row in page.rows],
                total=page.total,
                next=_next(request, page.next_after),
            ),
            content_type=GEOJSON,
        )


class SiteDetailView(PublicView):
    """One published site with everything public of it; 404 for a draft, as for one that never was."""

    filter_words: ClassVar = frozenset()

    @extend_schema(
        operation_id="sites_detail",
        summary="一个点位 / One site",
        responses={(200, GEOJSON): shapes.FEATURE, **shapes.PROBLEMS, **shapes.NOT_FOUND},
    )
    def get(self, request: HttpRequest, public_id: str) -> HttpResponse:
        self.check(request)
        detail = site_detail(public_id, self.held)
        if detail is None:
            raise Http404
        return self.unchanged(request) or self.answer(detailed_feature(detail), content_type=GEOJSON)


class Nearest(PublicView):
    """The nearest published sites to a position, nearest first, `distance_m` along the ellipsoid."""

    own_words: ClassVar = frozenset({"lon", "lat", "limit"})

    @extend_schema(
        operation_id="sites_nearest",
        summary="最近的点位 / Nearest sites",
        parameters=[words.LON, words.LAT, words.LIMIT_100, *words.FILTERS],
        responses={(200, GEOJSON): shapes.FEATURES, **shapes.PROBLEMS},
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        wanted = self.wanted(request)
        lon = parse_degrees(request.GET, "lon", limit=180)
        lat = parse_degrees(request.GET, "lat", limit=90)
        limit = parse_whole(request.GET, "limit", default=10, low=1, high=100)
        if answer := self.unchanged(request):
            return answer
        page = list_sites(wanted, limit=limit, centre=(lon, lat), held=self.held)
        return self.answer(
            collection([feature(row) for row in page.rows], total=page.total), content_type=GEOJSON
        )


class Facets(PublicView):
    """How many published sites a filter finds, by every word that could narrow it."""

    @extend_schema(
        operation_id="sites_facets",
        summary="计数 / Facet counts",
        parameters=[*words.FILTERS],
        responses={200: shapes.FACETS, **shapes.PROBLEMS},
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        wanted = self.wanted(request)
        if answer := self.unchanged(request):
            return answer
        counts = facets(wanted, held=self.held)
        as_of = counts.as_of.isoformat() if counts.as_of else None
        return self.answer({"total": counts.total, **counts.by, "as_of": as_of})


class Tile(PublicView):
    """Clusters (below zoom 15) or points of a Web Mercator tile."""

    filter_words: ClassVar = PUBLIC_WORDS - {"bbox"}

    def tile(self, request: HttpRequest, z: int, x: int, y: int) -> tuple[TileId, Filter, bool]:
        """The tile's address, the filter, and whether one kind alone is asked for. Raises FilterError."""
        try:
            tile = TileId(z, x, y)
            if z > MAX_ZOOM:
                raise FilterError("z", gettext_noop("缩放级别 z 须在 0 到 %(most)d 之间。"), most=MAX_ZOOM)
        except TileError as problem:
            sentence: Any = problem.args[0]
            raise FilterError("z/x/y", sentence.template, **sentence.params) from problem
        wanted = self.wanted(request)
        return tile, compile_filter(wanted, self.held), len(wanted.kinds) == 1


class TileJson(Tile):
    @extend_schema(
        operation_id="sites_tile_json",
        summary="地图瓦片(JSON) / Map tile (JSON)",
        parameters=[*words.TILE, *words.WITHOUT_BBOX],
        responses={200: shapes.TILE, **shapes.PROBLEMS},
    )
    def get(self, request: HttpRequest, z: int, x: int, y: int) -> HttpResponse:
        tile, which, one_kind = self.tile(request, z, x, y)
        return self.unchanged(request) or self.answer(tile_json(self.held, tile, which, mix=not one_kind))


class TileMvt(Tile):
    @extend_schema(
        operation_id="sites_tile_mvt",
        summary="地图瓦片(MVT) / Map tile (Mapbox Vector Tile 2.1)",
        parameters=[*words.TILE, *words.WITHOUT_BBOX],
        responses={(200, "application/vnd.mapbox-vector-tile"): bytes, **shapes.PROBLEMS},
    )
    def get(self, request: HttpRequest, z: int, x: int, y: int) -> HttpResponse:
        tile, which, _one_kind = self.tile(request, z, x, y)
        return self.unchanged(request) or HttpResponse(
            tile_mvt(self.held, tile, which), content_type="application/vnd.mapbox-vector-tile"
        )


def _next(request: HttpRequest, after: int | None) -> str | None:
    """The address of the next page, relative to the host: proxies may rename the host."""
    if after is None:
        return None
    query = request.GET.copy()
    query["after"] = str(after)
    return f"{request.path}?{query.urlencode()}"
