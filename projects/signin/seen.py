"""When a log-in was last used: in a signed cookie of its own, so that reading writes nothing.

The cookie names the person, the session and the moment. It is renewed at most once a minute, by requests that
count as activity. Without it, with another session's, or with one that was altered, the log-in ends. It
outlives the session, to know whose half-filled form arrives after the end.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.crypto import constant_time_compare, salted_hmac

COOKIE: Final = "staff_seen"
_SALT: Final = "projects.signin.seen"
#: Seconds between two renewals.
RENEWED_AFTER: Final = 60
_KEPT_SECONDS: Final = 7 * 24 * 3600
#: A request with this header says by itself that nobody did anything (a page that asks how far an import is).
NO_ACTIVITY_HEADER: Final = "X-No-Activity"

View = TypeVar("View", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class Seen:
    """Who was seen in which session, and when (seconds since 1970)."""

    user_id: int
    session: str
    at: int


def no_activity(view: View) -> View:
    """Mark a view that pages ask by themselves: it does not keep a log-in alive."""
    view.counts_as_activity = False  # type: ignore[attr-defined]
    return view


def counts(request: HttpRequest, view: Callable[..., object]) -> bool:
    """Whether a request shows that somebody is there. A page may say that it does not, never that it does."""
    return getattr(view, "counts_as_activity", True) and NO_ACTIVITY_HEADER not in request.headers


def read(request: HttpRequest) -> Seen | None:
    """What the cookie says; None when it is not there or not ours."""
    try:
        found = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT)
        return Seen(int(found["u"]), str(found["s"]), int(found["t"]))
    except (signing.BadSignature, ValueError, TypeError, KeyError):
        return None


def session_mark(session_key: str | None) -> str:
    """A session's key, which must not stand in another cookie, as a keyed hash."""
    return salted_hmac(_SALT, session_key or "").hexdigest()[:20]


def is_current(seen: Seen | None, *, user_id: int, session_key: str | None, now: dt.datetime) -> bool:
    """Whether this very log-in was used within IDLE_MINUTES."""
    if not settings.IDLE_MINUTES:
        return True
    if seen is None or seen.user_id != user_id:
        return False
    if not constant_time_compare(seen.session, session_mark(session_key)):
        return False
    age = now.timestamp() - seen.at
    return -RENEWED_AFTER <= age <= settings.IDLE_MINUTES * 60


def renew(
    response: HttpResponseBase, *, user_id: int, session_key: str | None, now: dt.datetime
) -> None:  # fmt: skip
    """Say that the log-in was used now."""
    value = {"u": user_id, "s": session_mark(session_key), "t": int(now.timestamp())}
    response.set_cookie(
        COOKIE,
        signing.dumps(value, salt=_SALT),
        max_age=_KEPT_SECONDS,
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )


def forget(response: HttpResponseBase) -> None:
    """After a log-out that the person asked for."""
    response.delete_cookie(COOKIE, samesite="Lax")
