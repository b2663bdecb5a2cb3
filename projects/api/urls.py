"""/api/v1/: public, anonymous, read-only."""

from django.urls import path, register_converter
from drf_spectacular.views import SpectacularJSONAPIView

from projects.api import areas, divisions, phases, programmes, projects, shapetiles, sites


class AnyWhole:
    """Digits with a sign: numbers out of range reach the view, which says so, instead of a bare 404."""

    regex = r"-?[0-9]{1,12}"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int) -> str:
        return str(value)


register_converter(AnyWhole, "whole")

urlpatterns = [
    path("schema/", SpectacularJSONAPIView.as_view(), name="api-schema"),
    path("sites/", sites.SiteList.as_view(), name="api-sites"),
    path("sites/nearest/", sites.Nearest.as_view(), name="api-nearest"),
    path("sites/facets/", sites.Facets.as_view(), name="api-facets"),
    path("sites/tiles/<whole:z>/<whole:x>/<whole:y>.json", sites.TileJson.as_view(), name="api-tile-json"),
    path("sites/tiles/<whole:z>/<whole:x>/<whole:y>.mvt", sites.TileMvt.as_view(), name="api-tile-mvt"),
    path(
        "sites/shapes/<whole:z>/<whole:x>/<whole:y>.json",
        shapetiles.ShapeTileJson.as_view(),
        name="api-shapes-json",
    ),
    path(
        "sites/shapes/<whole:z>/<whole:x>/<whole:y>.mvt",
        shapetiles.ShapeTileMvt.as_view(),
        name="api-shapes-mvt",
    ),
    path("sites/<slug:public_id>/", sites.SiteDetailView.as_view(), name="api-site"),
    path("areas/<slug:area_id>/", areas.AreaDetail.as_view(), name="api-area"),
    path("divisions/", divisions.DivisionList.as_view(), name="api-divisions"),
    path("divisions/<slug:code>/progress/", divisions.DivisionProgress.as_view(), name="api-progress"),
    path("programmes/<slug:key>/headline/", programmes.Headline.as_view(), name="api-headline"),
    path("programmes/<slug:key>/phases/", phases.PhaseList.as_view(), name="api-phases"),
    path("projects/<whole:pk>/progress/", projects.ProjectProgress.as_view(), name="api-project-progress"),
    path(
        "indicators/<slug:code>/progress/",
        projects.IndicatorProgressView.as_view(),
        name="api-indicator-progress",
    ),
]
