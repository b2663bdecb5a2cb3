"""/api/v1/programmes/{key}/headline/: what a programme's city published, and the money it stored."""

from typing import Any, ClassVar

from django.http import Http404, HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema

from projects.api import parameters as words
from projects.api import shapes
from projects.api.base import PublicView
from projects.api.features import number
from projects.readmodels.days import asked_day
from projects.readmodels.headline import Headline as Figures
from projects.readmodels.headline import Statement, headline, public_programme
from projects.rules.funding import FundRate


class Headline(PublicView):
    """Published statements word for word, and fund rates computed from the stored lines, each labelled."""

    filter_words: ClassVar = frozenset()
    own_words: ClassVar = frozenset({"as_of"})

    @extend_schema(
        operation_id="programmes_headline",
        summary="年度要点 / Headline of a programme",
        parameters=[words.AS_OF],
        responses={200: shapes.HEADLINE, **shapes.PROBLEMS, **shapes.NOT_FOUND},
    )
    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        self.check(request)
        programme = public_programme(self.held, key)
        if programme is None:
            raise Http404
        day = asked_day(request.GET, programme)
        if answer := self.unchanged(request):
            return answer
        found = headline(key, as_of=day, held=self.held)
        if found is None:
            raise Http404
        return self.answer(
            {
                "programme": found.programme.key,
                "name_zh": found.programme.name_zh,
                "name_en": found.programme.name_en,
                "as_of": found.as_of.isoformat(),
                "published": [_statement(row) for row in found.statements],
                "computed": {
                    "funds_planned_percent": number(found.planned_percent),
                    "funds": [{"source": row.source.value, **_rate(row.rate, found)} for row in found.funds],
                    "funds_total": {
                        **_rate(found.total, found),
                        # The sum as published, where not every source's use was.
                        "used_is_published": found.total_used_published,
                    },
                    "funds_rest": _rate(found.rest, found) if found.rest else None,
                    "missing": found.missing,
                    "formula": "used / arranged; schedule: closed months / months of the period",
                },
            }
        )


def _statement(row: Statement) -> dict[str, Any]:
    return {
        "key": row.key,
        "label_zh": row.label_zh,
        "label_en": row.label_en,
        "text": row.text,
        "value": number(row.value),
        "unit": row.unit,
        "qualifier": row.qualifier,
        "category": row.category,
        "indicator": row.indicator,
        "as_of": row.as_of.isoformat(),
        "source": row.source,
    }


def _rate(rate: FundRate, found: Figures) -> dict[str, Any]:
    """Money in yuan as text (exact), rates in percent; null where the use was not published."""
    percent, lead = rate.percent, rate.lead_pp(found.period, found.as_of)
    return {
        "arranged": f"{rate.arranged:.2f}",
        "used": None if rate.used is None else f"{rate.used:.2f}",
        "percent": None if percent is None else float(percent),
        "lead_pp": None if lead is None else float(lead),
    }
