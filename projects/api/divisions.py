"""/api/v1/divisions/: areas with their borders, and a district's figures."""

from collections.abc import Mapping
from typing import Any, ClassVar

import shapely
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext, gettext_noop, override
from drf_spectacular.utils import extend_schema

from maps.geojson import geometry_to_mapping
from projects.api import parameters as words
from projects.api import shapes
from projects.api.base import PublicView
from projects.api.districtparts import history_and_change
from projects.api.features import GEOJSON, collection
from projects.models import Boundary
from projects.readmodels.clocks import CLOCK_WORDS, as_text, asked_clocks, recorded_moment
from projects.readmodels.districts import FORMULA, CategoryProgress, current_programme, district_progress
from projects.readmodels.plain import number
from projects.readmodels.publiclights import of_area, public_lights_json
from projects.readmodels.sitequeries import FilterError, single
from projects.readmodels.tallies import Tally
from projects.readmodels.vocabulary import Area
from projects.rules.vocabulary import DivisionLevel

#: What a border without a map review number carries wherever it is drawn.
UNREVIEWED = gettext_noop("示意,未经地图审核")


class DivisionList(PublicView):
    """Areas. A border is given only where it may be shown: with a map review number, or in demo mode."""

    filter_words: ClassVar = frozenset()
    own_words: ClassVar = frozenset({"level", "within"})

    @extend_schema(
        operation_id="divisions_list",
        summary="行政区划 / Divisions",
        parameters=[words.LEVEL, words.WITHIN],
        responses={(200, GEOJSON): shapes.DIVISIONS, **shapes.PROBLEMS},
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        self.check(request)
        areas = self._areas(request)
        if answer := self.unchanged(request):
            return answer
        borders = _borders(areas)
        return self.answer(
            collection([self._feature(area, borders.get(area.pk)) for area in areas]), content_type=GEOJSON
        )

    def _areas(self, request: HttpRequest) -> list[Area]:
        held = self.held.vocabulary
        levels = {part for value in request.GET.getlist("level") for part in value.split(",")}
        for level in levels:
            if level not in set(DivisionLevel):
                raise FilterError(
                    "level", "参数“%(word)s”的值“%(value)s”不存在。", word="level", value=level[:60]
                )
        within = single(request.GET, "within")
        if within is not None and within not in held.area_by_code:
            raise FilterError(
                "within", "参数“%(word)s”的值“%(value)s”不存在。", word="within", value=within[:60]
            )
        inside = held.within(held.area_by_code[within]) if within is not None else None
        return [
            area
            for area in held.areas
            if (not levels or area.level in levels) and (inside is None or area.pk in inside)
        ]

    def _feature(self, area: Area, border: Boundary | None) -> dict[str, Any]:
        parent = self.held.vocabulary.parent_of(area)
        properties: dict[str, Any] = {
            "code": area.code,
            "name_zh": area.name_zh,
            "name_en": area.name_en,
            "level": area.level,
            "parent": parent.code if parent else None,
            "source": border.source if border else None,
            "licence": border.licence if border else None,
            "review_number": (border.review_number or None) if border else None,
            "notice_zh": None,
            "notice_en": None,
        }
        if border is not None and not border.review_number:
            properties |= _both("notice", UNREVIEWED)
        return {
            "type": "Feature",
            "id": area.code,
            "geometry": _geometry(border) if border else None,
            "properties": properties,
        }


class DivisionProgress(PublicView):
    """What was promised in a district, what is done and what the plan expects, by category."""

    filter_words: ClassVar = frozenset()
    own_words: ClassVar = CLOCK_WORDS

    @extend_schema(
        operation_id="divisions_progress",
        summary="区县进度 / Progress of a division",
        parameters=[words.AS_OF, words.KNOWN_AT],
        responses={200: shapes.PROGRESS, **shapes.PROBLEMS, **shapes.NOT_FOUND},
    )
    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        self.check(request)
        area = self.held.vocabulary.area_by_code.get(code)
        programme = current_programme(self.held, area) if area else None
        if area is None or programme is None:
            raise Http404
        clocks = asked_clocks(request.GET, programme)
        if answer := self.unchanged(request):
            return answer
        progress = district_progress(area, held=self.held, clocks=clocks, programme=programme)
        if progress is None:
            raise Http404
        known = clocks.known_at or recorded_moment(self.held)
        return self.answer(
            {
                "division": {"code": area.code, "name_zh": area.name_zh, "name_en": area.name_en},
                "programme": progress.programme.key,
                "as_of": progress.as_of.isoformat(),
                "known_at": as_text(known) if known else None,
                "is_demo": progress.is_demo,
                **_tally(progress.tally),
                "by_stage": {stage: count for stage, count in progress.by_stage.items() if count},
                "categories": [_category(row) for row in progress.categories],
                **history_and_change(progress, self.held, _tally),
                **public_lights_json(of_area(programme, area, clocks, self.held)),
                **_both("formula", FORMULA),
            }
        )


def _tally(tally: Tally) -> dict[str, Any]:
    return {
        "sites": tally.sites,
        "finished": tally.finished,
        "due": tally.due,
        "overdue": tally.overdue,
        "unplanned": tally.unplanned,
        "percent": number(tally.percent),
        "planned_percent": number(tally.planned_percent),
        # None where lights are internal.
        "late": tally.late,
    }


def _both(name: str, template: str) -> dict[str, str]:
    """A sentence in both languages: `name_zh`, `name_en`."""
    with override("en"):
        english = gettext(template)
    return {f"{name}_zh": template, f"{name}_en": english}


def _category(row: CategoryProgress) -> Mapping[str, Any]:
    return {
        "slug": row.slug,
        "number": row.number,
        "name_zh": row.name_zh,
        "name_en": row.name_en,
        **_tally(row.tally),
        "indicators": [
            {
                "code": indicator.code,
                "name_zh": indicator.name_zh,
                "name_en": indicator.name_en,
                "unit_zh": indicator.unit_zh,
                "unit_en": indicator.unit_en,
                "target": number(indicator.target),
                "output": number(indicator.output),
                "counted": number(indicator.counted),
                "reported": number(indicator.reported),
                "listed": number(indicator.listed),
                "is_demo": indicator.is_demo,
                "subset_of": indicator.subset_of,
            }
            for indicator in row.indicators
        ],
    }


def _borders(areas: list[Area]) -> dict[int, Boundary]:
    rows = (
        Boundary.objects.newest()
        .showable(demo=settings.DEMO)
        .filter(division_id__in=[area.pk for area in areas])
    )
    return {row.division_id: row for row in rows}


def _geometry(border: Boundary) -> Mapping[str, Any]:
    geometry = shapely.from_wkb(bytes(border.geom.wkb))
    return geometry_to_mapping(geometry, precision=5)
