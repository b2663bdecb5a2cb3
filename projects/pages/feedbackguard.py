"""What keeps machines from sending feedback, without a cookie and without keeping who sent it.

A form carries a signed token: for which site it was opened, when, and under which reference it will be kept.
Who sends much from one address waits. The address itself is not kept: only a hash of it, under a salt that
lives in the cache alone and for a day. The cache is this process's (LocMemCache), so with several processes
that many times as much gets through; what one site takes on one day is counted in the database.
"""

import datetime as dt
import hashlib
import hmac
import ipaddress
import secrets
from dataclasses import dataclass
from typing import Final

from django.core import signing
from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone

from projects.rules.feedback import MOST_OF_ADDRESS, OPEN_FOR, REFERENCE_GROUPS, REFERENCE_LETTERS
from projects.signin.addresses import client_address

_SALT: Final = "projects.feedback"
_HOUR: Final = 3600
_DAY: Final = 24 * _HOUR


@dataclass(frozen=True, slots=True)
class Opened:
    """What a token says: the reference, and how many seconds ago the form was opened."""

    reference: str
    seconds: float


def new_token(public_id: str, now: dt.datetime | None = None) -> str:
    """For a form that is opened now."""
    reference = "-".join(
        "".join(secrets.choice(REFERENCE_LETTERS) for _letter in range(length)) for length in REFERENCE_GROUPS
    )
    return signing.dumps([public_id, reference, (now or timezone.now()).timestamp()], salt=_SALT)


def opened(token: str, public_id: str) -> Opened | None:
    """None for a token of another site, a forged one and one that is too old."""
    try:
        site, reference, at = signing.loads(token, salt=_SALT)
    except (signing.BadSignature, ValueError):
        return None
    seconds = timezone.now().timestamp() - float(at)
    if site != public_id or not 0 <= seconds <= OPEN_FOR:
        return None
    return Opened(str(reference), seconds)


def is_too_much(request: HttpRequest) -> bool:
    """Count this one, and say whether its address sends more than MOST_OF_ADDRESS an hour."""
    day = timezone.localdate().isoformat()
    salt = cache.get_or_set(f"feedback-salt:{day}", lambda: secrets.token_hex(32), _DAY)
    network = _network(client_address(request))
    digest = hmac.new(str(salt).encode(), network.encode(), hashlib.sha256).hexdigest()
    key = f"feedback:{day}:{digest}"
    cache.add(key, 0, _HOUR)
    try:
        return int(cache.incr(key)) > MOST_OF_ADDRESS
    except ValueError:  # it ran out between the two
        return False


def _network(address: str | None) -> str:
    """A household has one IPv4 address and a /64 of IPv6."""
    if address is None or ":" not in address:
        return address or ""
    return str(ipaddress.ip_network(f"{address.partition('%')[0]}/64", strict=False))
