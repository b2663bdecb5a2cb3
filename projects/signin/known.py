"""Browsers that got into an account before: a signed cookie. A guesser has none, so others' guesses slow
only unknown browsers down."""

from typing import Final

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

COOKIE: Final = "known_browser"
_SALT: Final = "projects.signin.known"
_SECONDS: Final = 180 * 24 * 3600
_MOST_NAMES: Final = 5


def is_known(request: HttpRequest, username: str) -> bool:
    """Whether somebody got into this account from this browser within half a year."""
    return _mark(username) in _read(request)


def remember(request: HttpRequest, response: HttpResponse, username: str) -> None:
    """Put the account at the head of the browser's list."""
    mark = _mark(username)
    names = [mark, *(each for each in _read(request) if each != mark)][:_MOST_NAMES]
    response.set_cookie(
        COOKIE,
        signing.dumps(names, salt=_SALT),
        max_age=_SECONDS,
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )


def _read(request: HttpRequest) -> list[str]:
    try:
        found = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=_SECONDS)
    except signing.BadSignature:
        return []
    return [str(each) for each in found] if isinstance(found, list) else []


def _mark(username: str) -> str:
    return salted_hmac(_SALT, username).hexdigest()[:16]
