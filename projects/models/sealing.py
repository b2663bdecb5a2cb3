"""Text that the database, a cookie or a page carries but cannot read: sealed with a key made from SECRET_KEY.

Whoever has a copy of the database without `var/env` reads nothing of it. After a change of SECRET_KEY what
was sealed before opens while the old key stands in SECRET_KEY_FALLBACKS.
"""

import base64
import hmac

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.crypto import salted_hmac


def seal(text: str, purpose: str) -> str:
    """Encrypted and signed; opens for the same purpose only."""
    return _box(purpose).encrypt(text.encode("utf-8", "surrogatepass")).decode()


def unseal(sealed: str, purpose: str, *, seconds: int | None = None) -> str | None:
    """The text again; None when it was not sealed here for this purpose, or longer ago than `seconds`."""
    try:
        return _box(purpose).decrypt(sealed.encode(), ttl=seconds).decode("utf-8", "surrogatepass")
    except (InvalidToken, ValueError):
        return None


def fingerprint(text: str, purpose: str) -> str:
    """A keyed hash in hex, for what is only ever compared."""
    return _fingerprint(text, purpose, settings.SECRET_KEY)


def has_fingerprint(text: str, purpose: str, known: str) -> bool:
    """Whether `known` is this text's fingerprint, by today's key or one of before."""
    return any(hmac.compare_digest(_fingerprint(text, purpose, key), known) for key in _keys())


def _fingerprint(text: str, purpose: str, key: str) -> str:
    return salted_hmac(f"projects.fingerprint.{purpose}", text, secret=key, algorithm="sha256").hexdigest()


def _box(purpose: str) -> MultiFernet:
    return MultiFernet(
        [
            Fernet(
                base64.urlsafe_b64encode(
                    salted_hmac(f"projects.seal.{purpose}", b"", secret=key, algorithm="sha256").digest()
                )
            )
            for key in _keys()
        ]
    )


def _keys() -> list[str]:
    return [str(settings.SECRET_KEY), *(str(key) for key in settings.SECRET_KEY_FALLBACKS)]
