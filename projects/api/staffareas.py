"""POST /api/staff/v1/areas/: keep a drawn polygon, and say by which word to filter by it."""

import json
from typing import ClassVar

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_noop

from maps.drawnpolygon import read_polygon
from maps.geojson import GeoJSONError
from projects.actions.areas import MAX_VERTICES, AreaRefused, TooManyToday, store_area
from projects.actions.errors import NotAllowed
from projects.api.staff import Refused, StaffView, private_json


class AreaStore(StaffView):
    """A GeoJSON geometry, or a Feature whose `name` becomes the area's."""

    body_types: ClassVar = frozenset({"application/json", "application/geo+json"})
    #: Four times what the most vertices take when every number is written out in full.
    body_most: ClassVar = 1_000_000

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            drawn = read_polygon(request.body, max_vertices=MAX_VERTICES)
        except GeoJSONError as error:
            raise Refused(400, gettext_noop("%(problem)s。"), problem=error.message) from error
        try:
            area, created = store_area(access=self.access, geometry=drawn.geometry, name=drawn.name)
        except AreaRefused as refusal:
            raise Refused.saying(400, refusal.sentence) from refusal
        except TooManyToday as refusal:
            raise Refused.saying(429, refusal.sentence) from refusal
        except NotAllowed as refusal:
            raise Refused(403, gettext_noop("您没有权限。")) from refusal
        answer = json.dumps(
            {
                "id": area.public_id,
                "name": area.name,
                "vertices": area.vertices,
                "area_m2": area.area_m2,
                "created": created,
                "filter": f"area={area.public_id}",
                "url": f"/?area={area.public_id}",
                "api_url": f"/api/v1/areas/{area.public_id}/",
            },
            ensure_ascii=False,
        )
        return private_json(answer, status=201 if created else 200)
