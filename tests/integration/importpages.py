"""Going through the import's pages in tests, as a person does with forms."""

import re
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from projects.models import ImportBatch, StagedImport
from projects.rules.vocabulary import StagedState
from tests.integration.adminforms import form_of

LIST = "/admin/projects/stagedimport/"
HEAD = "编号,名称,经度,纬度,区县,地址\n"
GOOD = HEAD + "A1,药行街助餐点,121.55,29.85,海曙区,药行街 1 号\nA2,西门助餐点,121.551,29.851,海曙区,\n"
#: What a clerk chooses; the rest is matched by the headers.
CHOSEN = {"datum": "wgs84", "kind": "meal-point", "code": "编号"}


def hand_in(
    client: Client, content: str | bytes, name: str = "places.csv", at: str = f"{LIST}upload/"
) -> Any:
    data = content if isinstance(content, bytes) else content.encode()
    return client.post(at, {"file": SimpleUploadedFile(name, data)})


def newest() -> StagedImport:
    return StagedImport.objects.latest("pk")


def page_of(staged: StagedImport, name: str = "change") -> str:
    return f"{LIST}{staged.pk}/{name}/"


def body(response: Any) -> str:
    return str(response.content.decode())


def options_of(client: Client, staged: StagedImport) -> dict[str, str]:
    """The form as it stands on the page, sheet and header row included: a browser sends all of it."""
    return form_of(body(client.get(page_of(staged))))


def checked(client: Client, content: str | bytes, name: str = "places.csv", **chosen: str) -> StagedImport:
    """Handed in, said how it is read, checked."""
    assert hand_in(client, content, name).status_code == 302
    staged = newest()
    answer = client.post(
        page_of(staged, "options"), {**options_of(client, staged), **CHOSEN, **chosen, "_check": "1"}
    )
    assert answer.status_code == 302, body(answer)
    staged.refresh_from_db()
    assert staged.state == StagedState.CHECKED, (staged.state, staged.error)
    return staged


def applied(client: Client, content: str, name: str = "places.csv") -> ImportBatch:
    staged = checked(client, content, name)
    client.post(page_of(staged, "apply"))
    staged.refresh_from_db()
    assert staged.batch is not None, staged.error
    return staged.batch


def text_of(html: str) -> str:
    """What a person reads of a page, in one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())
