"""/api/v1/programmes/{key}/headline/: what a programme's city published, and what the stored rows give."""

from typing import ClassVar

from django.http import Http404, HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema

from projects.api import parameters as words
from projects.api import shapes
from projects.api.base import PublicView
from projects.readmodels.clocks import CLOCK_WORDS, asked_clocks
from projects.readmodels.headline import headline, public_programme
from projects.readmodels.headlinejson import answer as headline_json


class Headline(PublicView):
    """Published statements word for word, and figures computed from the stored rows, each labelled."""

    filter_words: ClassVar = frozenset()
    own_words: ClassVar = CLOCK_WORDS

    @extend_schema(
        operation_id="programmes_headline",
        summary="年度要点 / Headline of a programme",
        parameters=[words.AS_OF, words.KNOWN_AT],
        responses={200: shapes.HEADLINE, **shapes.PROBLEMS, **shapes.NOT_FOUND},
    )
    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        self.check(request)
        programme = public_programme(self.held, key)
        if programme is None:
            raise Http404
        clocks = asked_clocks(request.GET, programme)
        if answer := self.unchanged(request):
            return answer
        found = headline(key, clocks=clocks, held=self.held)
        if found is None:
            raise Http404
        return self.answer(headline_json(found, clocks))
