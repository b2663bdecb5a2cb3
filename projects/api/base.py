"""What every public address of the API shares: anonymous, strict words, cacheable, open to other sites."""

import json
from collections.abc import Collection, Mapping
from typing import Any, ClassVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import parse_etags
from rest_framework.request import Request
from rest_framework.views import APIView

from projects.readmodels.siteindex import Snapshot, snapshot
from projects.readmodels.sitequeries import PUBLIC_WORDS, SiteFilter, check_words, parse_filters

#: Part of every ETag: an answer's shape may change with the code, not only with the data.
_SHAPE = "1"


class PublicView(APIView):
    """Reads the snapshot once, answers 304 where the client has this very state, refuses unknown words.

    `filter_words`: the filters of this address; `own_words`: its further parameters.
    """

    authentication_classes = ()
    permission_classes = ()
    http_method_names = ["get", "head", "options"]
    filter_words: ClassVar[Collection[str]] = PUBLIC_WORDS
    own_words: ClassVar[Collection[str]] = ()
    content_type: ClassVar[str] = "application/json"

    held: Snapshot

    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[Any, str]:
        # One representation an address: an odd Accept header is no reason to refuse.
        return self.get_renderers()[0], self.content_type

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.held = snapshot()

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = super().dispatch(request, *args, **kwargs)
        response.headers.setdefault("Access-Control-Allow-Origin", "*")
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return response

    def wanted(self, request: Request) -> SiteFilter:
        """The filters of the query string. Raises FilterError."""
        return parse_filters(
            request.query_params,
            allowed=self.filter_words,
            others=self.own_words,
            vocabulary=self.held.vocabulary,
        )

    def check(self, request: Request) -> None:
        """For addresses without filters. Raises FilterError."""
        check_words(request.query_params, self.own_words)

    def unchanged(self, request: Request) -> HttpResponse | None:
        """304 when the client's copy is of this state; asked after the words have been checked."""
        sent = parse_etags(request.headers.get("If-None-Match", ""))
        if {tag.removeprefix("W/") for tag in sent} & {self.etag}:
            return self.cacheable(HttpResponse(status=304))
        return None

    @property
    def etag(self) -> str:
        return f'"{_SHAPE}-{self.held.etag}"'

    def answer(self, body: Mapping[str, object], *, content_type: str | None = None) -> HttpResponse:
        """A cacheable JSON answer."""
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        return self.cacheable(HttpResponse(text, content_type=content_type or self.content_type))

    def cacheable(self, response: HttpResponse) -> HttpResponse:
        response["ETag"] = f"W/{self.etag}"
        response["Cache-Control"] = (
            f"public, max-age={settings.PUBLIC_MAX_AGE}, stale-while-revalidate={settings.PUBLIC_STALE_AGE}"
        )
        return response
