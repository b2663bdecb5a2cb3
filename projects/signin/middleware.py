"""Who asks: the user of a session that is complete, in use and not too old; otherwise nobody."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from asgiref.sync import sync_to_async
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.middleware import get_user
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from projects.models import User
from projects.signin import policy, seen

#: In the session: how the second step was passed ("totp", "recovery"; not there: not at all).
FACTOR: Final = "second_factor"

Answer = Callable[[HttpRequest], HttpResponse]


@dataclass(frozen=True, slots=True)
class Ended:
    """There was a log-in, and it ended by itself: whose."""

    user_id: int


def ended(request: HttpRequest) -> Ended | None:
    """Whose log-in this browser had that ended by itself; None for strangers and for who is logged in."""
    str(request.user.pk)  # the user is found out when first asked for
    return getattr(request, "staff_ended", None)


class StaffSessionMiddleware:
    """Behind AuthenticationMiddleware. Public pages never ask for the user: they cost nothing here."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.user = SimpleLazyObject(lambda: _admitted(request))  # type: ignore[assignment]

        async def auser() -> Any:
            return await sync_to_async(_admitted)(request)

        request.auser = auser
        response = self.get_response(request)
        _renew(request, response)
        return response

    def process_view(self, request: HttpRequest, view: Callable[..., object], args: Any, kwargs: Any) -> None:
        request.is_activity = seen.counts(request, view)  # type: ignore[attr-defined]


def _admitted(request: HttpRequest) -> User | AnonymousUser:
    user = get_user(request)
    if not isinstance(user, User):
        last = seen.read(request)
        if last is not None and SESSION_KEY not in request.session:
            request.staff_ended = Ended(last.user_id)  # type: ignore[attr-defined]
        return AnonymousUser()
    key, now = request.session.session_key, timezone.now()
    in_use = seen.is_current(seen.read(request), user_id=user.pk, session_key=key, now=now)
    if not in_use or not policy.is_enough(user, has_passed=bool(request.session.get(FACTOR))):
        request.session.flush()
        request.staff_ended = Ended(user.pk)  # type: ignore[attr-defined]
        return AnonymousUser()
    request.staff_session = key  # type: ignore[attr-defined]
    return user


def _renew(request: HttpRequest, response: HttpResponse) -> None:
    """Renew the cookie of a log-in that was used; take it away after a log-out."""
    admitted: str | None = getattr(request, "staff_session", None)
    began: bool = getattr(request, "staff_began", False)
    if admitted is None and not began:
        return
    if SESSION_KEY not in request.session:
        seen.forget(response)
        return
    now: dt.datetime = timezone.now()
    key = request.session.session_key
    last = seen.read(request)
    is_new = began or key != admitted or last is None
    is_due = last is None or now.timestamp() - last.at >= seen.RENEWED_AFTER
    if is_new or (is_due and getattr(request, "is_activity", True)):
        seen.renew(response, user_id=int(request.session[SESSION_KEY]), session_key=key, now=now)
