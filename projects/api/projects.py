"""/api/v1/indicators/{code}/progress/ and /api/v1/projects/{id}/progress/: the figures of those pages."""

from typing import Any, ClassVar

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext, override
from drf_spectacular.utils import extend_schema

from projects.api import parameters as words
from projects.api import shapes
from projects.api.base import PublicView
from projects.readmodels.clocks import CLOCK_WORDS, as_text, asked_clocks
from projects.readmodels.matrix import FORMULA, IndicatorMatrix, MatrixRow, Place
from projects.readmodels.phasefigures import row_as_json
from projects.readmodels.plain import money, number
from projects.readmodels.projects import (
    DepartmentName,
    FundLine,
    Subject,
    SubjectFigures,
    public_indicator,
    public_project,
    subject_figures,
)
from projects.rules.funding import FundRate


class _Progress(PublicView):
    """Figures of a project or an indicator on a day."""

    filter_words: ClassVar = frozenset()
    own_words: ClassVar = CLOCK_WORDS

    def progress(self, request: HttpRequest, subject: Subject | None) -> HttpResponse:
        self.check(request)
        if subject is None:
            raise Http404
        clocks = asked_clocks(request.GET, subject.programme)
        if answer := self.unchanged(request):
            return answer
        figures = subject_figures(subject, clocks, self.held)
        if figures is None:
            raise Http404
        return self.answer(_body(subject, figures))


class IndicatorProgressView(_Progress):
    """An indicator by district: target, counted, reported, rate; its subsets behind it."""

    @extend_schema(
        operation_id="indicators_progress",
        summary="指标进度 / Progress of an indicator",
        parameters=[words.AS_OF, words.KNOWN_AT],
        responses={200: shapes.SUBJECT, **shapes.PROBLEMS, **shapes.NOT_FOUND},
    )
    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        return self.progress(request, public_indicator(code, self.held))


class ProjectProgress(_Progress):
    """A project: its indicators by district, its funds and its phases."""

    @extend_schema(
        operation_id="projects_progress",
        summary="项目进度 / Progress of a project",
        parameters=[words.AS_OF, words.KNOWN_AT],
        responses={200: shapes.SUBJECT, **shapes.PROBLEMS, **shapes.NOT_FOUND},
    )
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.progress(request, public_project(pk, self.held) if 0 < pk < 2**31 else None)


def _body(subject: Subject, figures: SubjectFigures) -> dict[str, Any]:
    with override("en"):
        english = gettext(FORMULA)
    clocks = figures.clocks
    return {
        "kind": "project" if subject.is_project else "indicator",
        "id": subject.project_id if subject.is_project else None,
        "code": subject.code or None,
        "name_zh": subject.name_zh,
        "name_en": subject.name_en,
        "programme": subject.programme.key,
        "category": subject.category,
        "project": None if subject.is_project else subject.project_id,
        "completion_type": subject.completion_type.value,
        "due_date": subject.due_date.isoformat() if subject.due_date else None,
        "lead_department": _department(subject.lead) if subject.lead else None,
        "co_departments": [_department(row) for row in subject.supporting],
        "as_of": clocks.as_of.isoformat(),
        "known_at": as_text(clocks.known_at) if clocks.known_at else None,
        "is_demo": figures.is_demo,
        "indicators": [_matrix(row) for row in figures.matrices],
        "funds": [_fund(row) for row in figures.funds],
        "funds_total": _rate(figures.funds_total) if figures.funds_total else None,
        "published": [
            {
                "label_zh": row.label_zh,
                "label_en": row.label_en,
                "text": row.text,
                "as_of": row.as_of.isoformat(),
                "source": row.source,
            }
            for row in figures.statements
        ],
        "phases": [row_as_json(row) for row in figures.phases],
        "formula_zh": FORMULA,
        "formula_en": english,
    }


def _department(row: DepartmentName) -> dict[str, str]:
    return {"code": row.code, "name_zh": row.name_zh, "name_en": row.name_en}


def _matrix(matrix: IndicatorMatrix) -> dict[str, Any]:
    shown = matrix.total.figures
    return {
        "code": shown.code,
        "name_zh": shown.name_zh,
        "name_en": shown.name_en,
        "unit_zh": shown.unit_zh,
        "unit_en": shown.unit_en,
        "counting": shown.counting,
        "subset_of": shown.subset_of,
        "is_demo": matrix.is_demo,
        "districts_without_target": matrix.without_target,
        "districts_not_reported": matrix.not_reported,
        "matrix": [_row(row) for row in matrix.rows],
    }


def _row(row: MatrixRow) -> dict[str, Any]:
    """Amounts in the indicator's unit, rates in percent; null where there is none, `state` says why."""
    shown = row.figures
    district = row.area if row.place is Place.DISTRICT else None
    return {
        "place": row.place.value,
        "division": district.code if district else None,
        "name_zh": district.name_zh if district else row.place.term,
        "name_en": district.name_en if district else _english(row.place.term),
        "target": number(shown.target),
        "counted": number(shown.counted),
        "reported": number(shown.reported),
        "listed": number(shown.listed),
        "output": number(shown.output),
        "percent": number(row.percent),
        "percent_uncapped": number(row.output.uncapped),
        "state": row.state.value,
        "is_demo": shown.is_demo,
    }


def _english(term: str) -> str:
    with override("en"):
        return gettext(term)


def _fund(row: FundLine) -> dict[str, Any]:
    return {
        "name": row.name,
        "source": row.source.value,
        **_rate(row.rate),
        "as_of": row.as_of.isoformat() if row.as_of else None,
    }


def _rate(rate: FundRate) -> dict[str, Any]:
    """Yuan as text (exact); null where the use was not published."""
    return {
        "arranged": money(rate.arranged),
        "used": money(rate.used),
        "percent": None if rate.percent is None else float(rate.percent),
    }
