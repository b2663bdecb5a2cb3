"""Wrong passwords and codes: django-axes counts them in the database, here is what follows.

Ten within 15 minutes at one account from one address lock that pair. Thirty at one account from all addresses
together leave browsers that never got in one try a minute: nobody is locked out from elsewhere, and a guess
that is spread over many machines is as slow as one.
"""

import datetime as dt
import unicodedata

from axes.helpers import get_cool_off
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.signals import user_login_failed
from django.db.models import Max, Sum
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from projects.models import User
from projects.rules.waiting import locked_until, paced_until
from projects.signin.addresses import client_address
from projects.signin.known import is_known

LONGEST_NAME = 150


def plain_name(typed: str) -> str:
    """A user name as Django's log-in form reads it."""
    return unicodedata.normalize("NFKC", typed).replace("\0", "").strip()[:LONGEST_NAME]


def waits_until(request: HttpRequest, username: str) -> dt.datetime | None:
    """When this browser may try this account again; None: now. The same for names that nobody has."""
    now, cool_off = timezone.now(), cool_off_time()
    tried = AccessAttempt.objects.filter(username=username, attempt_time__gt=now - cool_off)
    here = tried.filter(ip_address=client_address(request)).values_list(
        "failures_since_start", "attempt_time"
    )
    locked = locked_until(list(here), limit=settings.AXES_FAILURE_LIMIT, cool_off=cool_off, now=now)
    if locked is not None or is_known(request, username):
        return locked
    everywhere = tried.aggregate(failures=Sum("failures_since_start"), last=Max("attempt_time"))
    if not everywhere["failures"]:
        return None
    rows = [(int(everywhere["failures"]), everywhere["last"])]
    return paced_until(rows, limit=settings.ACCOUNT_FAILURE_LIMIT, cool_off=cool_off, now=now)


def failed(request: HttpRequest, username: str) -> None:
    """A wrong code counts like a wrong password."""
    user_login_failed.send(sender=__name__, credentials={"username": username}, request=request)


def failures_elsewhere(request: HttpRequest, username: str) -> int:
    """Failed tries at an account in the last 15 minutes from other addresses than this."""
    since = timezone.now() - cool_off_time()
    tried = AccessAttempt.objects.filter(username=username, attempt_time__gt=since)
    others = tried.exclude(ip_address=client_address(request)).aggregate(failures=Sum("failures_since_start"))
    return int(others["failures"] or 0)


def locked_accounts(users: list[User]) -> list[tuple[User, dt.datetime | None, int]]:
    """Of `users`, whose account is locked from some address (until when) or tried a lot; and how often."""
    now, cool_off = timezone.now(), cool_off_time()
    found: dict[str, dict[str | None, list[tuple[int, dt.datetime]]]] = {}
    names = [user.username for user in users]
    tried = AccessAttempt.objects.filter(username__in=names, attempt_time__gt=now - cool_off)
    for name, address, count, when in tried.values_list(
        "username", "ip_address", "failures_since_start", "attempt_time"
    ):
        found.setdefault(str(name), {}).setdefault(address, []).append((count, when))
    rows = []
    for user in users:
        by_address = found.get(user.username, {})
        ends = [
            locked_until(each, limit=settings.AXES_FAILURE_LIMIT, cool_off=cool_off, now=now)
            for each in by_address.values()
        ]
        until = max((end for end in ends if end is not None), default=None)
        failures = sum(count for each in by_address.values() for count, _when in each)
        if until is not None or failures >= settings.ACCOUNT_FAILURE_LIMIT:
            rows.append((user, until, failures))
    return rows


def cool_off_time() -> dt.timedelta:
    """How long a failure counts (AXES_COOLOFF_TIME)."""
    found = get_cool_off()
    return found if isinstance(found, dt.timedelta) else dt.timedelta(minutes=15)


def own_page(request: HttpRequest, response: HttpResponse, credentials: object = None) -> HttpResponse:
    """For axes: the log-in page says by itself that it is locked, and keeps what was typed."""
    return response
