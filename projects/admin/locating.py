"""Where a position lies, the borders to draw around it, and the look-up for the map editor."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from shapely.geometry.base import BaseGeometry

from maps.coordinatetext import CoordinateTextError
from maps.datum import CoordinateError
from maps.geojson import geometry_to_mapping
from maps.geometry import representative_point
from maps.widgets import read_pairs
from projects.models import Boundary, Division
from projects.readmodels.locator import NOWHERE, current_locator

#: A border on the editor is a help to the eye: 50 m off is fine, 100,000 vertices are not.
_TOLERANCE_DEG: Final = 0.0005
MAX_PAIRS_ASKED: Final = 200
#: Borders are coarse at the coast: a pier this far off may be confirmed, farther out it is in the sea.
OFFSHORE_M: Final = 2_000.0


@dataclass(frozen=True, slots=True)
class Found:
    """Where a position lies. `outside_m`: metres to the nearest border when it lies in none.

    `division` is then the nearest one, or None too far out.
    """

    division: Division | None
    outside_m: float = 0.0


def has_borders() -> bool:
    """Without borders nobody can say where a position lies."""
    return len(current_locator()) > 0


def find(lon: float, lat: float) -> Found:
    """The deepest division that holds a position (EPSG:4326); a pier off a shore gets the nearest one."""
    locator = current_locator()
    lons, lats = np.array([lon]), np.array([lat])
    division_id = int(locator.locate(lons, lats)[0])
    if division_id != NOWHERE:
        return Found(Division.objects.get(pk=division_id))
    ids, metres = locator.nearest(lons, lats)
    if int(ids[0]) == NOWHERE or metres[0] > OFFSHORE_M:
        return Found(None, float(metres[0]))
    return Found(Division.objects.get(pk=int(ids[0])), float(metres[0]))


def find_shape(geometry: BaseGeometry) -> Found:
    """Where a point, line or polygon belongs: where its representative point lies."""
    return find(*representative_point(geometry))


def same_place(one: Division, other: Division) -> bool:
    """Whether one holds the other: a street's site lies in its county too."""
    return _holds(one, other) or _holds(other, one)


def borders_of(divisions: Iterable[Division], chosen: Division | None) -> list[Mapping[str, object]]:
    """Borders as coarse GeoJSON for the editor: of the divisions, and of the chosen one or what holds it."""
    wanted = {division.pk: False for division in divisions}
    if chosen is not None:
        above = Boundary.objects.newest().filter(
            division__in=[chosen.pk, *Division.objects.above(chosen).values_list("pk", flat=True)]
        )
        nearest = above.select_related("division").order_by("-division__tree_left").first()
        if nearest is not None:
            wanted[nearest.division_id] = True
    rows = Boundary.objects.newest().filter(division__in=list(wanted)).select_related("division")
    found: list[Mapping[str, object]] = []
    for boundary in rows.order_by("division__code"):
        shape = shapely.simplify(shapely.from_wkb(bytes(boundary.geom.wkb)), _TOLERANCE_DEG)
        if not shape.is_empty:
            found.append(
                {
                    "name": boundary.division.name,
                    "chosen": wanted[boundary.division_id],
                    "geometry": geometry_to_mapping(shape, 4),
                }
            )
    return found


def located(request: HttpRequest) -> JsonResponse:
    """`?x=&y=&datum=` or `?text=` (pairs, one a line) `&datum=&order=lat`: WGS-84 and the division of each.

    400 with a sentence for what cannot be read; `other_order` when the pair is right the other way round.
    """
    words = request.GET
    text = words.get("text", "")
    if not text and "x" in words:
        text = f"{words.get('x', '')}, {words.get('y', '')}"
    try:
        read = read_pairs(text, datum=words.get("datum", ""), lat_first=words.get("order") == "lat")
    except CoordinateTextError as problem:
        return _refused(problem.message.translated(_), other_order=problem.other_order)
    except CoordinateError as problem:
        return _refused(problem.message.translated(_))
    except ValueError:
        return _refused(_("请声明坐标系。"))
    if not read:
        return _refused(_("请填写一对坐标,例如 121.55, 29.87。"))
    if len(read) > MAX_PAIRS_ASKED:
        return _refused(
            _("一次最多预览 %(limit)d 对坐标;直接保存没有这个限制。") % {"limit": MAX_PAIRS_ASKED}
        )
    found = find(*read[0][1])
    first = found.division if found.outside_m == 0 else None
    return JsonResponse(
        {
            "points": [[round(lon, 7), round(lat, 7)] for _source, (lon, lat) in read],
            "lon": round(read[0][1][0], 7),
            "lat": round(read[0][1][1], 7),
            "division": None if first is None else {"code": first.code, "name": first.name},
        }
    )


def _refused(message: str, *, other_order: bool = False) -> JsonResponse:
    return JsonResponse({"error": message, "other_order": other_order}, status=400)


def _holds(outer: Division, inner: Division) -> bool:
    return outer.tree_left <= inner.tree_left <= outer.tree_right
