"""What every public address of the API shares: anonymous, strict words, cacheable, open to other sites."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, ClassVar

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import parse_etags
from rest_framework.views import APIView

from projects.api.answers import Answer, kept_answers
from projects.api.problems import problem_response
from projects.readmodels.siteindex import Snapshot, snapshot
from projects.readmodels.sitequeries import PUBLIC_WORDS, SiteFilter, check_words, parse_filters


class PublicView(APIView):
    """Reads the snapshot once, answers 304 where the client has this very state, refuses unknown words.

    `filter_words`: the filters of this address; `own_words`: its further parameters.

    The base class describes the address for OpenAPI. It does not answer: its request object, negotiation,
    authentication and throttling decide nothing at an anonymous address with one representation, and took
    a third of a tile's time.
    """

    authentication_classes = ()
    permission_classes = ()
    http_method_names = ["get", "head", "options"]
    filter_words: ClassVar[Collection[str]] = PUBLIC_WORDS
    own_words: ClassVar[Collection[str]] = ()
    content_type: ClassVar[str] = "application/json"
    #: Part of every ETag: an answer's shape may change with the code, not only with the data.
    shape_version: ClassVar[str] = "2"

    held: Snapshot
    get: Callable[..., HttpResponse]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "OPTIONS":
            response = HttpResponse(status=204, headers={"Allow": "GET, HEAD, OPTIONS"})
        else:
            try:
                response = self._answered(request, *args, **kwargs)
            except Exception as error:
                refused = problem_response(error, {})
                if refused is None:
                    raise
                response = refused
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return response

    def _answered(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            self.http_method_not_allowed(request)  # type: ignore[arg-type]  # raises, whatever it is given
        self.held = snapshot()
        key = (request.path, request.META.get("QUERY_STRING", ""))
        accepts = request.META.get("HTTP_ACCEPT_ENCODING", "")
        answer = kept_answers.get(self.held.etag, key)
        if answer is None:
            response = self.get(request, *args, **kwargs)
            if response.status_code != 200:
                return response
            answer = Answer(response.content, response["Content-Type"], accepts)
            kept_answers.put(self.held.etag, key, answer)
        elif (response_ := self.unchanged(request)) is not None:
            # It was answered before: its words have been checked.
            return response_
        return self.cacheable(answer.response(accepts))

    def wanted(self, request: HttpRequest) -> SiteFilter:
        """The filters of the query string. Raises FilterError."""
        return parse_filters(
            request.GET,
            allowed=self.filter_words,
            others=self.own_words,
            vocabulary=self.held.vocabulary,
        )

    def check(self, request: HttpRequest) -> None:
        """For addresses without filters. Raises FilterError."""
        check_words(request.GET, self.own_words)

    def unchanged(self, request: HttpRequest) -> HttpResponse | None:
        """304 when the client's copy is of this state; asked after the words have been checked."""
        sent = request.META.get("HTTP_IF_NONE_MATCH")
        if sent and self.etag in {tag.removeprefix("W/") for tag in parse_etags(sent)}:
            return self.cacheable(HttpResponse(status=304))
        return None

    @property
    def etag(self) -> str:
        return f'"{self.shape_version}-{self.held.etag}"'

    def answer(self, body: Mapping[str, object], *, content_type: str | None = None) -> HttpResponse:
        """A JSON answer; `dispatch` makes it cacheable."""
        return HttpResponse(orjson.dumps(body), content_type=content_type or self.content_type)

    def cacheable(self, response: HttpResponse) -> HttpResponse:
        response.headers["ETag"] = f"W/{self.etag}"
        response.headers["Cache-Control"] = settings.PUBLIC_CACHE_CONTROL
        return response
