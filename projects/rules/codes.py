"""Codes of the second step as people type them: six digits of the phone, or a recovery code from paper."""

import base64
import secrets
import unicodedata
from typing import Final
from urllib.parse import quote, urlencode

#: Without letters and digits that look alike on paper.
_ALPHABET: Final = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_GROUPS, _GROUP_LENGTH = 3, 4
RECOVERY_CODES: Final = 10
#: RFC 6238: what every authenticator app takes.
STEP_SECONDS: Final = 30
DIGITS: Final = 6
#: Steps of the clock, before and after, that are still taken.
TOLERANCE: Final = 1
KEY_BYTES: Final = 20


def typed_code(text: str) -> str:
    """What was meant: full-width digits, spaces and hyphens do not count, nor does the case."""
    plain = unicodedata.normalize("NFKC", text)
    return "".join(sign for sign in plain if sign.isalnum()).upper()[:64]


def is_totp(code: str) -> bool:
    """Whether it has the form of a code from the phone."""
    return len(code) == DIGITS and code.isascii() and code.isdigit()


def new_key() -> bytes:
    """A secret for a phone (160 bits, as RFC 4226 asks)."""
    return secrets.token_bytes(KEY_BYTES)


def key_text(key: bytes) -> str:
    """The secret in base32, in groups of four, to be typed by hand."""
    text = base64.b32encode(key).decode().rstrip("=")
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def key_uri(key: bytes, *, username: str, issuer: str) -> str:
    """What the QR code says (the Key Uri Format of authenticator apps); SHA-1, 6 digits and 30 s go without
    saying, and some apps refuse to be told."""
    words = {"secret": base64.b32encode(key).decode().rstrip("="), "issuer": issuer}
    return f"otpauth://totp/{quote(issuer)}:{quote(username)}?{urlencode(words, quote_via=quote)}"


def new_recovery_codes() -> list[str]:
    """Ten codes of 59 bits each, in groups to be read aloud."""
    return [
        "-".join(
            "".join(secrets.choice(_ALPHABET) for _sign in range(_GROUP_LENGTH)) for _group in range(_GROUPS)
        )
        for _code in range(RECOVERY_CODES)
    ]
