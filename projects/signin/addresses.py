"""From which address a request comes, also behind a proxy."""

import ipaddress
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_MOST_HOPS = 20


def client_address(request: HttpRequest) -> str | None:
    """The nearest address that is no proxy of ours (setting TRUSTED_PROXIES).

    X-Forwarded-For is read from its end, for only the last entries were written by proxies that we know: what
    a client puts before them counts for nothing.
    """
    nearest = _parsed(str(request.META.get("REMOTE_ADDR", "")))
    if nearest is None:
        return None
    trusted = _networks(tuple(settings.TRUSTED_PROXIES))
    hops = str(request.META.get("HTTP_X_FORWARDED_FOR", "")).split(",")[-_MOST_HOPS:]
    for hop in reversed(hops):
        if not any(nearest in network for network in trusted):
            break
        before = _parsed(hop)
        if before is None:
            break
        nearest = before
    return str(nearest)


def _parsed(text: str) -> Address | None:
    try:
        found = ipaddress.ip_address(text.strip())
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


@lru_cache(maxsize=8)
def _networks(given: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(each) for each in given)
