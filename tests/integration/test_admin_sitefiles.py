"""Files of the list of sites: exactly what is listed, only of one's own, and templates to fill in."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from openpyxl import load_workbook

from projects.admin import sitefiles
from projects.models import Site
from projects.rules.vocabulary import Publication, Stage
from tests.factories import World

pytestmark = pytest.mark.django_db

EXPORT = "/admin/projects/site/export/"
TEMPLATE = "/admin/projects/site/template/"


def client_of(world: World, name: str) -> Client:
    client = Client()
    client.force_login(world.users[name], backend="django.contrib.auth.backends.ModelBackend")
    return client


def body(response: Any) -> bytes:
    assert response.status_code == 200, response.content.decode()
    assert "attachment" in response["Content-Disposition"]
    assert "no-store" in response["Cache-Control"] and "private" in response["Cache-Control"]
    return b"".join(response.streaming_content)


def codes_in(text: bytes) -> set[str]:
    assert text.startswith("\ufeff".encode())
    return {row["code"] for row in csv.DictReader(io.StringIO(text.decode("utf-8-sig"), newline=""))}


@pytest.fixture
def sites(world: World) -> list[Site]:
    return world.add(
        world.draft(name="=1+1 药行街"),
        world.draft(name="南门", publication=Publication.DRAFT),
        world.planned(name="在建的", stage=Stage.BUILDING),
        world.draft(name="别区点位", county="330212"),
    )


@pytest.mark.parametrize(
    ("who", "query", "wanted"),
    [
        ("haishu", "", {0, 1, 2}),
        ("supervisor", "", {0, 1, 2, 3}),
        ("supervisor", "managed_by=330212", {3}),
        ("haishu", "managed_by=330212", {0, 1, 2}),  # another district is no choice here
        ("haishu", "publication__exact=draft", {1}),
        ("haishu", "stage__exact=building&kind=meal-point", {2}),
        ("haishu", "q=药行街", {0}),
        ("haishu", "q=别区点位", set()),
        ("haishu", "q=南门&publication__exact=published", set()),
        ("energy", "", set()),
    ],
)
def test_what_is_listed_is_exported_and_no_more(
    sites: list[Site], world: World, who: str, query: str, wanted: set[int]
) -> None:
    client = client_of(world, who)
    found = codes_in(body(client.get(f"{EXPORT}?{query}&format=csv")))
    assert found == {sites[number].code for number in wanted}
    page = client.get(f"/admin/projects/site/?{query}").content.decode()
    assert all((site.code in page) is (site.code in found) for site in sites)
    if query:  # the button carries the filter
        assert f"{EXPORT}?" in page


def test_every_format_says_what_it_is(sites: list[Site], world: World, tmp_path: Path) -> None:
    client = client_of(world, "haishu")
    document = json.loads(body(client.get(f"{EXPORT}?format=geojson&publication__exact=draft")))
    assert document["about"]["filters"] == "发布状态:草稿" and document["about"]["exported_by"] == "haishu"
    assert document["features"][0]["properties"]["publication"] == "draft"
    package = body(client.get(f"{EXPORT}?format=gpkg"))
    assert package.startswith(b"SQLite format 3")
    workbook = load_workbook(io.BytesIO(body(client.get(f"{EXPORT}?format=xlsx&q=药行街"))))
    titles = [cell.value for cell in workbook["点位"][1]]
    assert {"发布状态", "亮灯", "形象进度(%)"} <= set(titles)
    assert workbook["点位"]["B2"].value == "'=1+1 药行街"
    assert "查找:药行街" in {row[1].value for row in workbook["说明"].iter_rows()}


def test_too_many_are_refused_with_the_command(
    sites: list[Site], world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = sitefiles.Format("xlsx", "Excel", "", 2, "x")
    monkeypatch.setattr(sitefiles, "FORMATS", (few,))
    monkeypatch.setattr(sitefiles, "_BY_NAME", {"xlsx": few})
    client = client_of(world, "haishu")
    response = client.get(f"{EXPORT}?format=xlsx")
    assert response.status_code == 400 and "一次至多 2 个点位" in response.content.decode()
    assert "export_sites" in response.content.decode()
    assert client.get(f"{EXPORT}?format=xlsx&publication__exact=draft").status_code == 200


@pytest.mark.parametrize("address", [EXPORT, TEMPLATE])
def test_only_asked_for_and_only_by_staff(sites: list[Site], world: World, address: str) -> None:
    assert client_of(world, "haishu").post(address).status_code == 405
    assert Client().get(f"{address}?format=csv&download=1").status_code == 302
    assert client_of(world, "stranger").get(f"{address}?format=csv&download=1").status_code == 302
    assert client_of(world, "haishu").get(f"{EXPORT}?format=exe").status_code == 400
    assert client_of(world, "haishu").get(f"{EXPORT}?name__regex=(a%2B)%2B$&format=csv").status_code in (
        302,
        400,
    )


def test_templates_of_ones_own_districts_and_indicators(world: World) -> None:
    page = client_of(world, "haishu").get(TEMPLATE).content.decode()
    assert "海曙区" in page and "鄞州区" not in page
    assert "indicator:03-meal" in page and "kind:meal-point" in page
    page = client_of(world, "energy").get(TEMPLATE).content.decode()
    assert "鄞州区" in page and "indicator:06-piles" in page
    assert "indicator:03-meal" not in page and "kind:" not in page
    page = client_of(world, "supervisor").get(TEMPLATE).content.decode()
    assert "没有可以填报" in page and "海曙区" not in page


def test_a_template_is_downloaded_without_a_script(sites: list[Site], world: World) -> None:
    client = client_of(world, "haishu")
    wish = {"division": "330203", "subject": "indicator:03-meal", "download": "1"}
    book = load_workbook(io.BytesIO(body(client.get(TEMPLATE, wish))))
    assert book["点位"].max_row == 1
    book = load_workbook(io.BytesIO(body(client.get(TEMPLATE, {**wish, "prefill": "1"}))))
    assert book["点位"]["A2"].value == sites[2].code and book["点位"].max_row == 2
    for change in ({"division": "330212"}, {"subject": "indicator:no-such"}, {"division": "\x00"}):
        response = client.get(TEMPLATE, {**wish, **change})
        assert response.status_code == 400 and "请选择列表里的" in response.content.decode()
        assert "鄞州区" not in response.content.decode()
