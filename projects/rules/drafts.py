"""What of a half-filled form may be kept, and under which address.

A draft is what somebody typed and did not save. It holds no password, no token and no file: names that look
like one are left out here, whatever the page says.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import parse_qsl, urlencode

#: Bytes of a draft's text (UTF-8), and fields: more than the largest form that the application draws.
MOST_BYTES: Final = 256_000
MOST_FIELDS: Final = 5_000
#: Drafts of one person; the oldest go first.
MOST_DRAFTS: Final = 40
KEPT_DAYS: Final = 7
#: A form's draft is written at most once in so many seconds; when the page is left, sooner.
SAVE_SECONDS: Final = 20
LEAVING_SECONDS: Final = 2

#: The word in an address that asks for the form with its draft in it.
RESTORE: Final = "draft"
_LONGEST_ADDRESS: Final = 500
#: Where forms of staff are.
_ROOTS: Final = ("/admin/", "/supervision/")
#: Forms about passwords and codes, and addresses that are no forms: the start page, lists.
_NEVER: Final = re.compile(
    r"^/admin/(log(in|out)|password_change|two-factor|drafts|autocomplete|jsi18n)\b|/password/$"
    r"|^/admin/(projects/([a-z]+/)?)?$"
)
#: Words of an address that do not say which form it is.
_PASSING: Final = frozenset({RESTORE, "_changelist_filters", "_popup", "_to_field", "view"})
_SECRET: Final = re.compile(
    r"passw|passcode|passphrase|pwd|secret|csrf|token|(^|[-_])otp($|[-_])|one.?time|密码|口令|验证码",
    re.IGNORECASE,
)

Fields = tuple[tuple[str, str], ...]


class DraftTooLarge(ValueError):
    """More than a draft may hold."""


def is_secret(name: str) -> bool:
    """Whether a field of this name is never kept."""
    return bool(_SECRET.search(name))


def kept_fields(pairs: Iterable[tuple[str, str]]) -> Fields:
    """What of a form is kept, in its order: no secrets, and not which button was pressed (`_save`).

    Raises DraftTooLarge.
    """
    kept: list[tuple[str, str]] = []
    size = 0
    for name, value in pairs:
        if not name or name.startswith("_") or is_secret(name):
            continue
        size += len(name.encode(errors="replace")) + len(value.encode(errors="replace")) + 8
        kept.append((name, value))
        if size > MOST_BYTES or len(kept) > MOST_FIELDS:
            raise DraftTooLarge(f"more than {MOST_BYTES} bytes or {MOST_FIELDS} fields")
    return tuple(kept)


def left_out(names: Iterable[str]) -> tuple[str, ...]:
    """The fields that a person has to fill in again: what looks like a password. Not the form's own token."""
    return tuple(name for name in names if is_secret(name) and not name.startswith("csrf"))


def form_address(address: str) -> str | None:
    """The one name of a form: its path without the language, and the words that say which form it is.

    None where no draft is kept: another host, a page that is not for staff, a form about passwords or codes.
    """
    if len(address) > _LONGEST_ADDRESS or not address.startswith("/") or not address.isprintable():
        return None
    path, _question, query = address.partition("#")[0].partition("?")
    if "//" in path or "\\" in path or "/../" in f"{path}/" or "/./" in path:
        return None
    if path.startswith("/en/"):
        path = path.removeprefix("/en")
    if not path.startswith(_ROOTS) or _NEVER.search(path):
        return None
    words = [
        (name, value) for name, value in parse_qsl(query, keep_blank_values=True) if name not in _PASSING
    ]
    return f"{path}?{urlencode(words)}" if words else path


def value_of(fields: Sequence[tuple[str, str]], name: str) -> str:
    """The last value of a field, or nothing."""
    return next((value for known, value in reversed(fields) if known == name), "")
