"""Half-way in: the password was right, the second step is to come. `request.user` is still nobody.

The session's key is new after each step, so a session that somebody planted never becomes a log-in.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from projects.models import User
from projects.models.sealing import seal, unseal
from projects.signin import seen
from projects.signin.middleware import FACTOR

_KEY: Final = "half_logged_in"
_PHONE: Final = "new_phone"
_SECONDS: Final = 10 * 60
_BACKEND: Final = "django.contrib.auth.backends.ModelBackend"


@dataclass(frozen=True, slots=True)
class Pending:
    """Who is half-way in, where they want to go, and what they had typed (sealed)."""

    user: User
    next: str
    kept: str


def begin(request: HttpRequest, user: User, *, next_address: str, kept: str) -> None:
    """After the right password: a new session that holds nothing but this, for ten minutes."""
    request.session.flush()
    request.session[_KEY] = {
        "user": user.pk,
        "hash": user.get_session_auth_hash(),
        "until": int(timezone.now().timestamp()) + _SECONDS,
        "next": next_address,
        "kept": kept,
    }
    request.session.set_expiry(_SECONDS)


def current(request: HttpRequest) -> Pending | None:
    """Who is half-way in; None when that is too long ago, or the account has changed since."""
    held = request.session.get(_KEY)
    if not isinstance(held, dict) or timezone.now().timestamp() > held["until"]:
        return None
    user = User.objects.filter(pk=held["user"], is_active=True, is_staff=True).first()
    if user is None or not constant_time_compare(user.get_session_auth_hash(), held["hash"]):
        return None
    return Pending(user, str(held["next"]), str(held["kept"]))


def complete(request: HttpRequest, user: User, *, factor: str) -> None:
    """Log in. The log-in ends eight hours from now, whatever is written into the session until then."""
    # Other tabs of the same person hold forms with the token of before: they stay good. For anybody else the
    # token changes, as Django has it.
    last = seen.read(request)
    token = request.META.get("CSRF_COOKIE") if last is not None and last.user_id == user.pk else None
    request.session.flush()
    login(request, user, backend=_BACKEND)
    if token is not None:
        request.META["CSRF_COOKIE"] = token
    if factor:
        request.session[FACTOR] = factor
    request.session.set_expiry(timezone.now() + dt.timedelta(seconds=settings.SESSION_COOKIE_AGE))
    request.staff_began = True  # type: ignore[attr-defined]


def offer_key(request: HttpRequest, key: bytes) -> None:
    """Keep a new phone's secret until its first code confirms it."""
    request.session[_PHONE] = seal(key.hex(), "new-phone")


def offered_key(request: HttpRequest) -> bytes | None:
    """The secret that was shown; None when none was."""
    text = unseal(str(request.session.get(_PHONE, "")), "new-phone", seconds=_SECONDS)
    return None if text is None else bytes.fromhex(text)


def forget_key(request: HttpRequest) -> None:
    request.session.pop(_PHONE, None)
