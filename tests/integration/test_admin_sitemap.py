"""The map beside the list: the same sites as the table, whatever the filter, and nobody else's."""

from typing import Any

import pytest
from django.test import Client

from projects.models import Site
from projects.rules.vocabulary import Publication, Stage
from tests.factories import World
from tests.integration.adminforms import LIST, client_of

pytestmark = pytest.mark.django_db

#: The city's four counties, in one tile.
CITY = "6/53/26"
ONE_COUNTY = "15/27447/13535"


def tile(client: Client, words: str = "", at: str = CITY) -> dict[str, Any]:
    answer = client.get(f"{LIST}tiles/{at}.json?{words}")
    assert answer.status_code == 200, words
    assert "no-store" in answer.headers["Cache-Control"]
    found: dict[str, Any] = answer.json()
    return found


def test_the_map_shows_what_the_table_lists(world: World) -> None:
    world.add(
        *[world.planned(lon=121.51 + number / 100, publication=Publication.DRAFT) for number in range(3)],
        world.planned(county="330212"),
        world.draft(kind="ev-charging", county="330212", counts_for=(("06-piles", 1),)),
        world.draft(stage=Stage.SUSPENDED, name="停工点"),
    )
    for who in ("haishu", "energy", "supervisor"):
        client = client_of(world.users[who])
        for words in ("", "stage=building,suspended", "light=red", "todo=drafts", "report=never", "q=停工点"):
            listed = client.get(f"{LIST}?{words}").context["cl"].result_count
            assert tile(client, words)["total"] == listed, (who, words)


def test_a_point_leads_to_its_site_and_to_nobody_elses(world: World, haishu: Client) -> None:
    own, foreign = world.add(
        world.planned(lon=121.55, lat=29.85), world.planned(county="330212", name="外区点位")
    )
    points = tile(haishu, at=ONE_COUNTY)["points"]
    assert [point[2] for point in points] == [own.public_id] and points[0][6] == "red", (
        "the light is for staff"
    )
    assert haishu.get(f"{LIST}at/{own.public_id}/")["Location"] == f"{LIST}{own.pk}/change/"
    answer = haishu.get(f"{LIST}at/{foreign.public_id}/", follow=True)
    assert answer.redirect_chain[0][0] == LIST and "外区点位" not in answer.content.decode()


def test_an_address_that_is_no_tile_and_a_filter_that_is_none(world: World, haishu: Client) -> None:
    assert haishu.get(f"{LIST}tiles/3/99/0.json").status_code == 400
    assert haishu.get(f"{LIST}tiles/{CITY}.json?name__startswith=x").status_code == 400
    assert client_of(world.users["stranger"]).get(f"{LIST}tiles/{CITY}.json").status_code == 302


def test_the_page_says_what_it_is_narrowed_by(world: World, haishu: Client) -> None:
    site = world.site(stage=Stage.SUSPENDED)
    answer = haishu.get(f"{LIST}?stage=suspended&stage=building&kind=meal-point&q={site.name}")
    chips = [(chip.label, chip.text) for chip in answer.context["cl"].chips]
    assert ("建设阶段", "已暂停") in chips and ("查找", site.name) in chips and len(chips) == 4
    fewer = next(chip.without for chip in answer.context["cl"].chips if chip.text == "已暂停")
    kept = haishu.get(LIST + fewer).context["cl"]
    assert [chip.text for chip in kept.chips][:2] == ["建设中", "助餐点"]
    assert f'data-place="{site.public_id}"' in answer.content.decode()
    assert Site.objects.count() == 1
