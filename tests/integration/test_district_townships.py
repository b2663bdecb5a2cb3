"""A township's page works like a county's, and the townships sum to their county."""

import datetime as dt

import pytest
from django.test import Client

from projects.actions.divisions import save_division, set_parent
from projects.models.access import system_access
from projects.rules.vocabulary import DivisionLevel, Stage
from tests.factories import World
from tests.integration.test_district_pages import MAY, page, table_rows, text_of

pytestmark = pytest.mark.django_db

LONG_AGO = dt.date(2000, 1, 1)


@pytest.fixture
def towns(world: World) -> World:
    """Two townships in 海曙, one in 鄞州; two sites in the first, one in the others each."""
    access = system_access()
    for code, name in (("330203001", "南门街道"), ("330203002", "江厦街道"), ("330212001", "下应街道")):
        town = save_division(access=access, code=code, name_zh=name, level=DivisionLevel.TOWNSHIP)
        parent = world.counties[code[:6]]
        set_parent(access=access, child=town, parent=parent, valid_from=LONG_AGO)
        world.counties[code] = town
    world.add(
        world.planned(managed_by="330203001", stage=Stage.FINISHED, baseline_finish=MAY),
        world.planned(managed_by="330203001", name="南门的晚点", baseline_finish=MAY),
        world.planned(managed_by="330203002", stage=Stage.VERIFIED),
        world.planned(county="330212", managed_by="330212001"),
    )
    return world


def total(client: Client, code: str) -> list[str]:
    return table_rows(page(client, f"/districts/{code}/"), 'id="categories-title"')[-1][1:]


def test_a_township_lists_its_own_sites(client: Client, towns: World) -> None:
    html = page(client, "/districts/330203001/")
    assert total(client, "330203001") == ["2", "1", "50.0%", "2", "1", "1"]
    assert "落后的点位(1 个)" in text_of(html)
    assert "南门的晚点" in html
    assert total(client, "330203002")[:2] == ["1", "1"]
    assert "南门的晚点" not in page(client, "/districts/330203002/")


def test_a_township_is_compared_with_those_of_its_county(client: Client, towns: World) -> None:
    html = page(client, "/districts/330203001/")
    assert "同一区县的各街道乡镇" in text_of(html)
    rows = table_rows(html, 'id="comparison-title"')
    assert [row[:2] for row in rows[1:]] == [["南门街道 (本页)", "2"], ["江厦街道", "1"]]


def test_townships_sum_to_their_county_and_counties_to_the_city(client: Client, towns: World) -> None:
    def sums(*codes: str) -> list[int]:
        found = [total(client, code) for code in codes]
        return [sum(int(row[n]) for row in found) for n in (0, 1, 3, 4, 5)]

    assert sums("330203001", "330203002") == sums("330203") == [3, 2, 3, 1, 1]
    assert sums("330203", "330212") == sums("330200")


def test_a_county_leads_to_its_townships(client: Client, towns: World) -> None:
    html = page(client, "/districts/330203/?as_of=2024-06-30")
    assert 'href="/districts/330203001/?as_of=2024-06-30"' in html
    assert "/districts/330212001/" not in html


def test_files_of_a_township(client: Client, towns: World) -> None:
    response = client.get("/districts/330203001/figures.csv?table=total")
    assert response["Content-Disposition"] == 'attachment; filename="330203001_2024-06-30_total.csv"'
    body = b"".join(response.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert body.splitlines()[1].startswith("南门街道,2,1,50.0,2,100.0,1,0,1,330203001,2024-06-30,")
