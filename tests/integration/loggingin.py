"""Logging in as a person does: password, code, and what a browser keeps of it."""

import datetime as dt
import re
from typing import Any

from django.test import Client
from django.utils import timezone
from django_otp.oath import TOTP

from projects.actions.secondfactor import enrol
from projects.models import User
from projects.models.access import access_of
from projects.rules.codes import new_key
from tests.factories import PASSWORD

LOGIN = "/admin/login/"
CODE = "/admin/login/code/"
PHONE = "/admin/login/phone/"


def code_of(key: bytes, moment: dt.datetime | None = None, *, steps: int = 0) -> str:
    """What the phone shows at a moment, or some steps of 30 seconds from it."""
    totp = TOTP(key, step=30, digits=6)
    totp.time = (moment or timezone.now()).timestamp() + 30 * steps
    return f"{totp.token():06d}"


def give_phone(user: User) -> tuple[bytes, list[str]]:
    """Enrol; the secret and the recovery codes. The code of two minutes ago was used for it."""
    key, then = new_key(), timezone.now() - dt.timedelta(minutes=2)
    codes = enrol(
        access=access_of(user, timezone.localdate()), user=user, key=key, typed=code_of(key, then), now=then
    )
    return key, codes


def first_step(client: Client, name: str, password: str = PASSWORD, **words: Any) -> Any:
    """Send the password; `REMOTE_ADDR=` and the like go into the request."""
    extra = {name_: words.pop(name_) for name_ in list(words) if name_.isupper()}
    return client.post(LOGIN, {"username": name, "password": password, **words}, **extra)


def log_in(name: str, key: bytes | None = None, **words: Any) -> Client:
    """A browser that is in."""
    client = Client()
    response = first_step(client, name, **words)
    assert response.status_code == 302, response.content.decode()
    if key is not None:
        assert response["Location"] == CODE
        response = client.post(CODE, {"code": code_of(key)})
        assert response.status_code == 302, response.content.decode()
    return client


def is_in(client: Client) -> bool:
    return bool(client.get("/admin/").status_code == 200)


def secret_on(page: Any) -> bytes:
    """The secret that a page shows to be typed by hand."""
    import base64

    text = re.search(r'class="signin__key">([A-Z2-7 ]+)<', page.content.decode())
    assert text is not None
    return base64.b32decode(text[1].replace(" ", ""))
