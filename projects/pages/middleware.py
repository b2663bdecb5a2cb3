"""Language by path, and the headers that Django leaves to us."""

import logging
from collections.abc import Callable

from django.conf import settings
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from projects.pages import errors

logger = logging.getLogger(__name__)

Answer = Callable[[HttpRequest], HttpResponse]


class PathLanguageMiddleware:
    """`/en/...` is English, everything else zh-hans. Neither cookie nor Accept-Language is asked.

    So a page has one language per address, a shared cache needs no `Vary`, and a link shows the reader
    what its sender saw. (Django's own middleware adds `Vary: Accept-Language` to unprefixed pages.)
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        path = request.path_info
        language = "en" if path == "/en" or path.startswith("/en/") else settings.LANGUAGE_CODE
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        return response


class SecurityHeadersMiddleware:
    """What a page may use of the device: its position, when the person agrees, and nothing else."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault(
            "Permissions-Policy", "geolocation=(self), camera=(), microphone=(), payment=(), usb=()"
        )
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


class BusyMiddleware:
    """A database that does not answer in time is no fault of the page: say so, and that nothing was saved."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, OperationalError):
            return None
        logger.warning("the database did not answer: %s", request.path, exc_info=error)
        response = errors.busy(request)
        response["Retry-After"] = "10"
        response["Cache-Control"] = "no-store"
        return response
