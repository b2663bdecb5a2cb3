"""Addresses of one page in its two languages. Used by pages and admin alike; knows no layer."""

from django.http import QueryDict

ENGLISH_PREFIX = "/en/"


def in_language(path: str, language: str) -> str:
    """The path of the same page in `zh-hans` (no prefix) or `en` (`/en/`)."""
    plain = "/" + path[len(ENGLISH_PREFIX) :] if path.startswith(ENGLISH_PREFIX) else path
    # A path of two slashes would be another host's address.
    plain = "/" + plain.lstrip("/\\")
    return ENGLISH_PREFIX + plain[1:] if language == "en" else plain


def with_query(path: str, query: QueryDict) -> str:
    path = "/" + path.lstrip("/\\")
    encoded = query.urlencode()
    return f"{path}?{encoded}" if encoded else path
