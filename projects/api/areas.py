"""/api/v1/areas/{id}/: the shape that `area=` filters by, for whoever has its id."""

from typing import ClassVar

from django.http import Http404, HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema

from projects.api import shapes
from projects.api.base import PublicView
from projects.api.features import GEOJSON
from projects.readmodels.areas import area_shape

#: A week. The id follows from the shape, and neither changes.
MAX_AGE = 7 * 24 * 3600


class AreaDetail(PublicView):
    """A stored area as a Feature. There is no list: an id is known to whom it was given."""

    filter_words: ClassVar = frozenset()

    @extend_schema(
        operation_id="areas_detail",
        summary="划定范围 / A stored area",
        responses={(200, GEOJSON): shapes.AREA, **shapes.PROBLEMS, **shapes.NOT_FOUND},
    )
    def get(self, request: HttpRequest, area_id: str) -> HttpResponse:
        self.check(request)
        found = area_shape(area_id)
        if found is None:
            raise Http404
        return self.unchanged(request) or self.answer(
            {
                "type": "Feature",
                "id": found.public_id,
                "geometry": found.geometry,
                "properties": {
                    "name": found.name,
                    "vertices": found.vertices,
                    "area_m2": found.area_m2,
                    "filter": f"area={found.public_id}",
                },
            },
            content_type=GEOJSON,
        )

    @property
    def etag(self) -> str:
        return f'"{self.shape_version}-{self.kwargs["area_id"]}"'

    def cacheable(self, response: HttpResponse) -> HttpResponse:
        super().cacheable(response)
        response.headers["Cache-Control"] = f"public, max-age={MAX_AGE}, immutable"
        return response
