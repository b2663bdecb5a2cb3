"""/api/v1/programmes/{key}/phases/: the phases of a programme's projects, judged on a day."""

from typing import Any, ClassVar

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import urlencode
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema

from projects.api import parameters as words
from projects.api import shapes
from projects.api.base import PublicView
from projects.readmodels.clocks import CLOCK_WORDS, as_text, asked_clocks
from projects.readmodels.headline import public_programme
from projects.readmodels.phasefigures import count_as_json, row_as_json
from projects.readmodels.phases import kept_table
from projects.readmodels.sitequeries import FilterError, parse_whole
from projects.rules.phases import Question

STATUS = OpenApiParameter(
    "status",
    OpenApiTypes.STR,
    many=True,
    enum=[question.value for question in Question],
    description="只要这些阶段,重复为“或” / only phases that this holds for; repeat for or",
)


class PhaseList(PublicView):
    """Phases with planned and actual dates and money, in pages; the counts of all of them with each page."""

    filter_words: ClassVar = frozenset()
    own_words: ClassVar = frozenset({*CLOCK_WORDS, "status", "after", "limit"})

    @extend_schema(
        operation_id="programmes_phases",
        summary="阶段 / Phases of a programme",
        parameters=[words.AS_OF, words.KNOWN_AT, STATUS, words.AFTER, words.LIMIT],
        responses={200: shapes.PHASES, **shapes.PROBLEMS, **shapes.NOT_FOUND},
    )
    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        self.check(request)
        programme = public_programme(self.held, key)
        if programme is None or not programme.publishes_progress:
            raise Http404
        clocks = asked_clocks(request.GET, programme)
        chosen = _statuses(request)
        after = parse_whole(request.GET, "after", default=0, low=0, high=2**62)
        limit = parse_whole(request.GET, "limit", default=100, low=1, high=1_000)
        if answer := self.unchanged(request):
            return answer
        table = kept_table(programme.pk, clocks, self.held)
        rows = [row for row in table.rows if not chosen or any(row.holds(each) for each in chosen)]
        rest = [row for row in rows if row.pk > after]
        page = rest[:limit]
        body: dict[str, Any] = {
            "programme": programme.key,
            "as_of": clocks.as_of.isoformat(),
            "known_at": as_text(clocks.known_at) if clocks.known_at else None,
            "policy": {"key": table.policy.key, "version": table.policy.version},
            "phases": len(table.rows),
            "total": len(rows),
            "counts": {row.question.value: count_as_json(row) for row in table.counts},
            "rows": [row_as_json(row) for row in page],
            "next": None,
        }
        if len(rest) > limit:
            query = request.GET.copy()
            query["after"] = str(page[-1].pk)
            body["next"] = f"{request.path}?{urlencode(query.lists(), doseq=True)}"
        return self.answer(body)


def _statuses(request: HttpRequest) -> list[Question]:
    given = [part for text in request.GET.getlist("status") for part in text.split(",") if part]
    known = {question.value: question for question in Question}
    for text in given:
        if text not in known:
            raise FilterError(
                "status", "参数“%(word)s”的值“%(value)s”不存在。", word="status", value=text[:60]
            )
    return [known[text] for text in dict.fromkeys(given)]
