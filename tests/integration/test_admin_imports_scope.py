"""Handed-in files and batches are their owner's: what others find, and what nobody's file may show."""

import pytest
from django.test import Client

from projects.models import Site, StagedImport
from projects.rules.vocabulary import Publication
from tests.factories import World
from tests.integration.adminforms import client_of
from tests.integration.importing import history
from tests.integration.importpages import (
    GOOD,
    HEAD,
    LIST,
    applied,
    body,
    checked,
    hand_in,
    page_of,
)

pytestmark = pytest.mark.django_db

NAMES = (
    "change",
    "history",
    "options",
    "check",
    "progress",
    "apply",
    "discard",
    "replace",
    "annotated",
    "file",
)


def test_nobody_else_finds_anything(world: World, haishu: Client) -> None:
    staged = checked(haishu, GOOD)
    state = StagedImport.objects.values().get()
    for who in ("yinzhou", "energy", "supervisor", "publisher"):
        other = client_of(world.users[who])
        for name in NAMES:
            for answer in (other.get(page_of(staged, name)), other.post(page_of(staged, name), {"x": "1"})):
                assert answer.status_code in (302, 403, 404), (who, name)
                assert "places" not in body(answer), (who, name)
        assert "places" not in body(other.get(LIST))
    assert StagedImport.objects.values().get() == state
    assert client_of(world.users["admin"]).get(page_of(staged)).status_code == 200


@pytest.mark.parametrize("who", ["supervisor", "publisher"])
def test_who_may_not_import_has_no_menu(world: World, who: str) -> None:
    client = client_of(world.users[who])
    assert "stagedimport" not in body(client.get("/admin/"))
    assert client.get(LIST).status_code == 403
    assert hand_in(client, GOOD).status_code == 403
    assert not StagedImport.objects.exists()


def test_a_site_of_another_district_is_not_shown_by_its_code(world: World, haishu: Client) -> None:
    """A code that somebody guesses must not print what is recorded under it."""
    world.site(county="330212", code="YZ-1", name="外区机密点位", address="外区机密地址")
    staged = checked(haishu, HEAD + "YZ-1,我的名称,121.55,29.85,海曙区,我的地址\n")
    page = "".join(
        body(haishu.get(f"{page_of(staged)}?tab={tab}"))
        for tab in ("errors", "updates", "new", "notes", "missing")
    )
    assert "外区机密" not in page and "不在您的管理区划内" in page


def test_others_rows_are_refused_with_the_whole_file(haishu: Client) -> None:
    staged = checked(haishu, GOOD + "A9,外区点位,121.65,29.85,鄞州区,\n")
    assert "不在您的管理区划内" in body(haishu.get(page_of(staged)))
    before = history()
    haishu.post(page_of(staged, "apply"))
    assert history() == before


def test_a_batch_too_large_for_a_request_names_the_command(
    haishu: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projects.admin.importbatches._MOST_IN_PAGE", 1)
    address = f"/admin/projects/importbatch/{applied(haishu, GOOD).pk}/undo/"
    before = history()
    for answer in (haishu.get(address), haishu.post(address, {"reason": "x"})):
        assert "manage.py undo_import --batch" in body(answer)
    assert history() == before


def test_the_start_page_counts_what_waits(haishu: Client) -> None:
    def waiting() -> int:
        tasks = haishu.get("/admin/").context["tasks"][1]
        return int(next(task.count for task in tasks if task.url.endswith("/stagedimport/")))

    assert waiting() == 0
    staged = checked(haishu, GOOD)
    assert waiting() == 1
    haishu.post(page_of(staged, "apply"))
    assert waiting() == 0


def test_the_filter_by_batch_says_the_same_twice(world: World, haishu: Client) -> None:
    """The point index answers the list, the database a step for everything listed."""
    batch = applied(haishu, GOOD)
    world.site(county="330203", code="X9", name="别的点位", publication=Publication.DRAFT)
    page = body(haishu.get(f"/admin/projects/site/?batch={batch.pk}"))
    assert "药行街助餐点" in page and "别的点位" not in page
    everything = {"action": "submit_selected", "select_across": "1", "index": "0"}
    chosen = Site.objects.get(code="A1").pk
    haishu.post(f"/admin/projects/site/?batch={batch.pk}", {**everything, "_selected_action": [chosen]})
    assert set(Site.objects.filter(publication="submitted").values_list("code", flat=True)) == {"A1", "A2"}
    yinzhou = client_of(world.users["yinzhou"])
    assert "药行街" not in body(yinzhou.get(f"/admin/projects/site/?batch={batch.pk}"))
    assert yinzhou.get(f"/admin/projects/importbatch/{batch.pk}/undo/").status_code == 404
    assert yinzhou.get(f"/admin/projects/importbatch/{batch.pk}/file/").status_code == 404
