"""Files that staff send by a form: bounded before a byte is read, and never held in memory."""

from collections.abc import Callable
from typing import Any, Final

from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt, csrf_protect

#: What a form holds besides its file.
_REST_OF_FORM: Final = 256 * 1024
#: A body that is refused is still read up to here: a browser shows no answer before it has sent all.
_DRAINED: Final = 4
_PIECE: Final = 1024 * 1024

View = Callable[..., HttpResponse]


def bounded(limit: Callable[[], int], too_large: View) -> Callable[[View], View]:
    """A view that takes a file of at most `limit()` bytes; `too_large(request, ...)` answers to more.

    The length is what the request declares: the server reads no more of it than that. The token of the form
    is checked as everywhere, but after the length, and the file goes to disk as it comes.
    """

    def wrap(view: View) -> View:
        checked = csrf_protect(view)

        @csrf_exempt
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method == "POST":
                if declared_length(request) > limit() + _REST_OF_FORM:
                    _drain(request, limit() * _DRAINED)
                    return too_large(request, *args, **kwargs)
                request.upload_handlers = [TemporaryFileUploadHandler(request)]
            return checked(request, *args, **kwargs)

        return guarded

    return wrap


def declared_length(request: HttpRequest) -> int:
    """Bytes of the body as its header says."""
    text = request.META.get("CONTENT_LENGTH") or "0"
    return int(text) if text.isascii() and text.isdigit() else 0


def _drain(request: HttpRequest, most: int) -> None:
    if declared_length(request) > most:
        return
    while request.read(_PIECE):
        pass
