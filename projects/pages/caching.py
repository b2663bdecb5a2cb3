"""Public pages may be kept by anybody: no cookie, no user, an ETag of the data's state."""

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

P = ParamSpec("P")
Answer = TypeVar("Answer", bound=HttpResponseBase)


def public_page(
    view: Callable[Concatenate[HttpRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """GET and HEAD only; sets Cache-Control on good answers. ConditionalGetMiddleware adds the ETag."""

    @functools.wraps(view)
    def wrapped(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if request.method not in ("GET", "HEAD"):
            return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
        response = view(request, *args, **kwargs)
        if response.status_code == 200:
            response.headers.setdefault("Cache-Control", settings.PUBLIC_CACHE_CONTROL)
        return response

    # functools.wraps gives the wrapper the view's keyword names, which the checker takes for a difference.
    return cast("Callable[Concatenate[HttpRequest, P], HttpResponseBase]", wrapped)


def private(response: Answer) -> Answer:
    """For whatever shows a person: nobody keeps it."""
    response.headers["Cache-Control"] = "private, no-store"
    return response


__all__ = ["private", "public_page"]
