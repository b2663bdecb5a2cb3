"""The public API: right answers, fails closed, refuses nonsense by name."""

import json
from typing import Any

import pytest
from django.test import Client

from projects.actions.publishing import withdraw_site
from projects.rules.vocabulary import Publication, Service, Stage
from tests.factories import World

pytestmark = pytest.mark.django_db


def get(client: Client, url: str, status: int = 200) -> Any:
    response = client.get(url)
    assert response.status_code == status, (url, response.content[:300])
    return json.loads(response.content)


def names(answer: Any) -> list[str]:
    return [feature["properties"]["name"] for feature in answer["features"]]


def test_list_pages_by_cursor(client: Client, world: World) -> None:
    world.add(*(world.draft(name=f"点 {n}") for n in range(5)))
    first = get(client, "/api/v1/sites/?limit=2")
    second = get(client, first["next"])
    third = get(client, second["next"])
    assert names(first) + names(second) + names(third) == [f"点 {n}" for n in range(5)]
    assert third["next"] is None
    assert first["total"] == 5


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("kind=meal-point", {"a", "b", "d"}),
        ("kind=meal-point,ev-charging", {"a", "b", "c", "d"}),
        ("kind=meal-point&kind=ev-charging", {"a", "b", "c", "d"}),
        ("category=charging", {"c"}),
        ("indicator=06-piles", {"c"}),
        ("indicator=06-piles-rural", {"c"}),
        ("department=civil", {"b"}),
        ("programme=330200-2024", {"b", "c"}),
        ("division=330212", {"d"}),
        ("division=330200", {"a", "b", "c", "d"}),
        ("stage=building", {"b"}),
        ("stage=building,finished", {"a", "b", "c", "d"}),
        ("service=closed", {"d"}),
        ("light=red", {"b"}),
        ("light=green", {"c"}),
        ("light=none", {"a", "d"}),
        ("q=乙", {"b"}),
        ("q=乙 海曙", {"b"}),
        ("bbox=121.6,29.8,121.7,29.9", {"d"}),
        ("kind=meal-point&stage=building&light=red", {"b"}),
    ],
)
def test_filters(client: Client, world: World, query: str, expected: set[str]) -> None:
    world.add(
        world.draft(name="a"),
        world.planned(name="b", address="海曙 乙路"),
        world.planned(
            name="c", kind="ev-charging", counts_for=(("06-piles-rural", 8),), stage=Stage.FINISHED
        ),
        world.draft(name="d", county="330212", service=Service.CLOSED),
    )
    assert set(names(get(client, f"/api/v1/sites/?{query}"))) == expected


@pytest.mark.parametrize("publication", [Publication.DRAFT, Publication.SUBMITTED, Publication.WITHDRAWN])
def test_unpublished_is_nowhere(client: Client, world: World, publication: Publication) -> None:
    site = world.site(name="秘密", publication=publication)
    assert get(client, "/api/v1/sites/")["features"] == []
    assert get(client, "/api/v1/sites/facets/")["total"] == 0
    assert get(client, "/api/v1/sites/nearest/?lon=121.55&lat=29.85")["features"] == []
    assert get(client, "/api/v1/sites/tiles/10/857/421.json")["total"] == 0
    assert get(client, "/api/v1/sites/?q=秘密")["features"] == []
    get(client, f"/api/v1/sites/{site.public_id}/", status=404)
    assert b"\xe7\xa7\x98" not in client.get("/api/v1/sites/tiles/15/27428/13503.mvt").content


def test_withdrawing_takes_it_off_at_once(client: Client, world: World) -> None:
    site = world.site()
    assert get(client, "/api/v1/sites/facets/")["total"] == 1
    withdraw_site(
        access=world.access("publisher"), site_id=site.pk, expected_version=site.version, reason="有误"
    )
    assert get(client, "/api/v1/sites/facets/")["total"] == 0


def test_lights_are_internal_until_published(client: Client, world: World) -> None:
    world.programme.publishes_lights = False
    world.programme.save()
    world.add(world.planned(name="b"))
    feature = get(client, "/api/v1/sites/")["features"][0]
    assert feature["properties"]["light"] is None
    assert get(client, "/api/v1/sites/facets/")["light"] == {}
    assert get(client, "/api/v1/sites/?light=red")["features"] == []


def test_draft_programme_is_not_named(client: Client, world: World) -> None:
    world.programme.publication = Publication.DRAFT.value
    world.programme.save()
    world.add(world.planned(name="b"))
    assert get(client, "/api/v1/sites/facets/")["category"] == {}
    assert get(client, "/api/v1/sites/?category=elderly", status=400)["parameter"] == "category"
    assert get(client, "/api/v1/sites/?programme=330200-2024", status=400)["parameter"] == "programme"
    detail = get(
        client,
        get(client, "/api/v1/sites/")["features"][0]["properties"]["url"].replace(
            "/sites", "/api/v1/sites", 1
        ),
    )
    assert detail["properties"]["contributions"] == []


def test_nearest_is_nearest_first(client: Client, world: World) -> None:
    world.add(*(world.draft(name=str(n), lon=121.51 + n / 100) for n in range(5)))
    answer = get(client, "/api/v1/sites/nearest/?lon=121.531&lat=29.85&limit=3")
    assert names(answer) == ["2", "3", "1"]
    metres = [feature["properties"]["distance_m"] for feature in answer["features"]]
    assert metres == sorted(metres)
    assert metres[0] == pytest.approx(96.7, abs=0.5)  # 0.001 degrees of longitude at 29.85 N


def test_facets_add_up(client: Client, world: World) -> None:
    world.add(
        world.draft(),
        world.planned(),
        world.planned(county="330212", kind="ev-charging", counts_for=(("06-piles", 4), ("03-meal", 1))),
    )
    counts = get(client, "/api/v1/sites/facets/")
    assert counts["total"] == 3
    assert counts["kind"] == {"meal-point": 2, "ev-charging": 1}
    assert counts["category"] == {"elderly": 2, "charging": 1}
    assert counts["division"] == {"330203": 2, "330212": 1}
    assert sum(counts["light"].values()) == 3
    assert counts["as_of"] == "2024-06-30"


def test_tile_has_every_site_once(client: Client, world: World) -> None:
    world.add(*(world.draft(lon=121.51 + n / 500, lat=29.81 + n / 700) for n in range(40)))
    tile = get(client, "/api/v1/sites/tiles/8/214/105.json")
    assert tile["total"] == 40
    assert sum(cluster[2] for cluster in tile["clusters"]) + len(tile["points"]) == 40


def test_detail_has_attributes_plan_and_links(client: Client, world: World) -> None:
    site = world.add(world.planned(name="甲"))[0]
    body = get(client, f"/api/v1/sites/{site.public_id}/")
    properties = body["properties"]
    assert body["geometry"] == {"type": "Point", "coordinates": [121.55, 29.85]}
    assert properties["baseline"] == {"start": "2024-01-01", "finish": "2024-06-30"}
    assert properties["contributions"][0]["indicator"] == "03-meal"
    assert properties["light"] == "red"
    # 高德 wants GCJ-02: some 500 m away from WGS-84.
    assert "121.55%2C" not in properties["links"]["amap"]
    assert properties["links"]["geo"] == "geo:29.850000,121.550000"


@pytest.mark.parametrize(
    ("url", "parameter"),
    [
        ("/api/v1/sites/?bbox=nan,1e308,1,2", "bbox"),
        ("/api/v1/sites/?bbox=1,2,3", "bbox"),
        ("/api/v1/sites/?bbox=122,29,121,30", "bbox"),
        ("/api/v1/sites/?bbox=1,2,3,4&bbox=1,2,3,4", "bbox"),
        ("/api/v1/sites/?limit=1e9", "limit"),
        ("/api/v1/sites/?limit=0", "limit"),
        ("/api/v1/sites/?limit=1001", "limit"),
        ("/api/v1/sites/?limit=٣", "limit"),
        ("/api/v1/sites/?after=-1", "after"),
        ("/api/v1/sites/?kind=nothing", "kind"),
        ("/api/v1/sites/?stage=done", "stage"),
        ("/api/v1/sites/?light=purple", "light"),
        ("/api/v1/sites/?division=999999", "division"),
        ("/api/v1/sites/?publication=draft", "publication"),
        ("/api/v1/sites/?managed_by=330203", "managed_by"),
        ("/api/v1/sites/?colour=red", "colour"),
        ("/api/v1/sites/?q=%00", "q"),
        ("/api/v1/sites/?q=" + "长" * 61, "q"),
        ("/api/v1/sites/?kind=" + ",".join(f"k{n}" for n in range(101)), "kind"),
        ("/api/v1/sites/nearest/?lon=121.5", "lat"),
        ("/api/v1/sites/nearest/?lon=nan&lat=29", "lon"),
        ("/api/v1/sites/nearest/?lon=inf&lat=29", "lon"),
        ("/api/v1/sites/nearest/?lon=121&lat=91", "lat"),
        ("/api/v1/sites/nearest/?lon=121&lat=29&limit=101", "limit"),
        ("/api/v1/sites/tiles/99/0/0.json", "z/x/y"),
        ("/api/v1/sites/tiles/3/8/0.json", "z/x/y"),
        ("/api/v1/sites/tiles/3/0/-1.json", "z/x/y"),
        ("/api/v1/sites/tiles/3/0/0.json?bbox=1,2,3,4", "bbox"),
        ("/api/v1/sites/tiles/3/0/0.mvt?as_of=2024-01-01", "as_of"),
        ("/api/v1/sites/facets/?as_of=2024-01-01", "as_of"),
        ("/api/v1/divisions/?level=moon", "level"),
        ("/api/v1/divisions/?within=1", "within"),
        ("/api/v1/divisions/330203/progress/?as_of=yesterday", "as_of"),
    ],
)
def test_nonsense_is_refused_by_name(client: Client, world: World, url: str, parameter: str) -> None:
    response = client.get(url)
    assert response.status_code == 400, response.content[:200]
    assert response.headers["Content-Type"] == "application/problem+json"
    body = json.loads(response.content)
    assert body["parameter"] == parameter
    assert body["detail"] and body["detail_en"]


@pytest.mark.parametrize(
    "url",
    [
        "/api/v1/nothing/",
        "/api/v1/sites/zzzzzzzz/",
        "/api/v1/divisions/999999/progress/",
        "/api/v1/programmes/1/headline/",
    ],
)
def test_not_found_is_a_problem_document(client: Client, world: World, url: str) -> None:
    response = client.get(url)
    assert response.status_code == 404
    assert response.headers["Content-Type"] == "application/problem+json"


def test_answers_are_cacheable_and_change_with_the_data(client: Client, world: World) -> None:
    world.add(world.draft())
    response = client.get("/api/v1/sites/facets/")
    assert "Cookie" not in response.headers.get("Vary", "")
    assert response.headers["Cache-Control"].startswith("public, max-age=30")
    assert not response.cookies
    tag = response.headers["ETag"]
    assert client.get("/api/v1/sites/facets/", headers={"If-None-Match": tag}).status_code == 304
    world.add(world.draft())
    assert client.get("/api/v1/sites/facets/", headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_read_only(client: Client, world: World, method: str) -> None:
    assert getattr(client, method)("/api/v1/sites/").status_code == 405


def test_schema_lists_each_address_and_its_own_words(client: Client, world: World) -> None:
    schema = get(client, "/api/v1/schema/")
    assert set(schema["paths"]) >= {
        "/api/v1/sites/",
        "/api/v1/sites/{public_id}/",
        "/api/v1/sites/nearest/",
        "/api/v1/sites/facets/",
        "/api/v1/sites/tiles/{z}/{x}/{y}.json",
        "/api/v1/sites/tiles/{z}/{x}/{y}.mvt",
        "/api/v1/divisions/",
        "/api/v1/divisions/{code}/progress/",
        "/api/v1/programmes/{key}/headline/",
    }
    words = {
        row["name"] for row in schema["paths"]["/api/v1/sites/tiles/{z}/{x}/{y}.json"]["get"]["parameters"]
    }
    assert "bbox" not in words
    assert {"z", "x", "y", "kind", "light"} <= words


def test_ten_thousand_filters_are_a_problem_document(client: Client, world: World) -> None:
    for word in ("kind=x", "stage=planned", "a=1"):
        response = client.get("/api/v1/sites/tiles/1/1/0.json?" + "&".join([word] * 10_000))
        assert response.status_code == 400
        assert response["Content-Type"] == "application/problem+json"
        assert "5000" in response.json()["detail_en"]


def test_every_refusal_is_said_in_both_languages(
    client: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projects.readmodels.indexfilters.SEARCH_CAP", 1)
    world.add(world.draft(name="甲站"), world.draft(name="乙站"))
    for url in ("/api/v1/sites/?q=站", "/api/v1/sites/tiles/23/0/0.json", "/api/v1/sites/shapes/23/0/0.mvt"):
        body = get(client, url, status=400)
        assert body["detail"] != body["detail_en"]
        assert body["detail_en"].replace("“站”", "").isascii()
