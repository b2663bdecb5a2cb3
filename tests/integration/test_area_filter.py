"""The filter word `area` equals plain SQL on both databases, after any history, in every question."""

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
import shapely
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from maps.pointindex import Region
from maps.tiles import BBox, TileId
from projects.actions.areas import store_area
from projects.actions.publishing import withdraw_site
from projects.actions.sites import change_site, remove_site
from projects.models import Site, StoredArea
from projects.readmodels import areas, siteindex
from projects.readmodels.areas import area_region
from projects.readmodels.facets import facets
from projects.readmodels.indexfilters import compile_filter
from projects.readmodels.siteindex import snapshot
from projects.readmodels.sitelists import list_sites
from projects.readmodels.sitequeries import SiteFilter
from projects.readmodels.sitetiles import tile_json
from projects.rules.vocabulary import Publication, Stage
from tests.factories import World

pytestmark = pytest.mark.django_db

#: 海曙 is the square 121.5..121.6, 29.8..29.9; 鄞州 lies to its east.
WEST_HALF = shapely.box(121.5, 29.8, 121.55, 29.9)
RING = shapely.box(121.51, 29.81, 121.69, 29.89).difference(shapely.box(121.54, 29.84, 121.66, 29.86))
ISLANDS = shapely.MultiPolygon(
    [shapely.Point(121.53, 29.83).buffer(0.02), shapely.Point(121.64, 29.87).buffer(0.01)]
)
NOWHERE = shapely.box(10, 10, 11, 11)

PLACES = st.tuples(st.integers(1, 199), st.integers(1, 99)).map(
    # Off the polygons' edges by more than the index's steps.
    lambda at: (round(121.5 + at[0] * 0.001 + 0.0003, 6), round(29.8 + at[1] * 0.001 + 0.0003, 6))
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "add draft", "move", "stage", "remove", "withdraw", "forget", "ask"]),
        st.integers(0, 10_000),
        PLACES,
        st.sampled_from(list(Stage)),
    ),
    max_size=16,
)


def stored(world: World, shape: shapely.Geometry, name: str = "") -> str:
    return store_area(access=world.access("supervisor"), geometry=shape, name=name).area.public_id


def act(world: World, step: tuple[Any, ...]) -> None:
    what, number, (lon, lat), stage = step
    if what in ("add", "add draft"):
        publication = Publication.PUBLISHED if what == "add" else Publication.DRAFT
        county = "330203" if lon < 121.6 else "330212"
        world.site(county=county, lon=lon, lat=lat, publication=publication)
        return
    if what == "forget":
        siteindex.forget()
        return
    if what == "ask":
        facets(SiteFilter(areas=frozenset(StoredArea.objects.values_list("public_id", flat=True)[:1])))
        return
    sites = list(Site.objects.filter(deleted_seq__isnull=True).order_by("pk"))
    if not sites:
        return
    site = sites[number % len(sites)]
    admin = world.access("admin")
    key: dict[str, Any] = {"site_id": site.pk, "expected_version": site.version}
    if what == "move":
        change_site(access=admin, changes={"geometry": shapely.Point(lon, lat)}, **key)
    elif what == "stage":
        change_site(access=admin, changes={"stage": stage.value}, **key)
    elif what == "remove":
        remove_site(access=admin, reason="x", **key)
    elif what == "withdraw" and site.publication == "published":
        withdraw_site(access=world.access("publisher"), reason="x", **key)


def sql(wanted: SiteFilter, *, staff: bool) -> set[int]:
    """The oracle: the database's own `within` the stored polygon."""
    rows = Site.objects.filter(deleted_seq__isnull=True)
    if not staff:
        rows = rows.filter(publication="published")
    if wanted.stages:
        rows = rows.filter(stage__in=list(wanted.stages))
    if wanted.q:
        rows = rows.filter(name__contains=wanted.q)
    inside: set[int] = set()
    for area in StoredArea.objects.filter(public_id__in=wanted.areas):
        inside |= set(rows.filter(location__within=area.geom).values_list("pk", flat=True))
    if wanted.bbox is not None:
        west, south, east, north = wanted.bbox.as_tuple()
        boxed = {
            row.pk for row in rows if west <= row.location.x <= east and south <= row.location.y <= north
        }
        inside &= boxed
    return inside


@settings(max_examples=15)
@given(history=STEPS)
def test_every_question_equals_sql_after_any_history(world: World, history: list[tuple[Any, ...]]) -> None:
    ids = [stored(world, shape) for shape in (WEST_HALF, RING, ISLANDS, NOWHERE)]
    for step in history:
        act(world, step)
    west, ring, islands, nowhere = (SiteFilter(areas=frozenset({each})) for each in ids)
    wanted = (
        west,
        ring,
        nowhere,
        SiteFilter(areas=frozenset(ids)),
        replace(islands, stages=frozenset({Stage.FINISHED, Stage.BUILDING})),
        replace(west, q="1"),
        replace(ring, bbox=BBox(121.52, 29.82, 121.6, 29.9)),
    )
    for each in wanted:
        for staff in (False, True):
            expected = sql(each, staff=staff)
            page = list_sites(each, limit=500, staff=staff)
            assert ({row.pk for row in page.rows}, page.total) == (expected, len(expected))
            near = list_sites(each, limit=500, centre=(121.55, 29.85), staff=staff)
            assert {row.pk for row in near.rows} == expected
            counts = facets(each, staff=staff)
            stages = Counter(Site.objects.filter(pk__in=expected).values_list("stage", flat=True))
            assert (counts.total, dict(counts.by["stage"])) == (len(expected), dict(stages))
            if each.bbox is None and not staff:
                held = snapshot()
                tile = tile_json(held, TileId(0, 0, 0), compile_filter(each, held), mix=True)
                shown = sum(cluster[2] for cluster in tile["clusters"]) + len(tile["points"])
                assert shown == tile["total"] == len(expected)


def test_the_base_is_looked_at_once_whatever_is_edited(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.add(*(world.draft() for _ in range(5)))
    area = stored(world, WEST_HALF.union(shapely.box(121.55, 29.8, 121.6, 29.9)))
    looked: list[int] = []
    honest = Region.mask

    def counted(self: Region, segment: Any) -> Any:
        looked.append(len(segment))
        return honest(self, segment)

    monkeypatch.setattr(Region, "mask", counted)
    wanted = SiteFilter(areas=frozenset({area}))
    assert facets(wanted).total == 5
    for number in range(1, 4):
        world.site()
        assert facets(wanted).total == 5 + number
        assert list_sites(wanted, limit=3).total == 5 + number
    assert looked == [5, 1, 2, 3], "the base once, and after each edit the few rows beside it"


def test_shapes_kept_ready_are_limited(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(areas, "_KEPT_BYTES", 2_000)
    ids = [stored(world, shapely.Point(121.5, 29.8).buffer(0.01 * size)) for size in range(1, 6)]
    for each in ids:
        area_region(each)
    assert sum(region.nbytes for region in areas._kept.values()) <= 6_000
    assert area_region(ids[0]).geometry.is_valid
    with pytest.raises(LookupError):
        area_region("nosucharea")


# ------------------------------------------------------------------------------------- over HTTP


def get(client: Client, url: str, status: int = 200) -> Any:
    response = client.get(url)
    assert response.status_code == status, (url, response.content[:300])
    return json.loads(response.content)


def test_every_address_takes_the_word(client: Client, world: World) -> None:
    world.add(
        world.draft(name="西", lon=121.52, lat=29.85),
        world.draft(name="东", lon=121.58, lat=29.85, kind="ev-charging"),
        world.draft(name="鄞", county="330212", lon=121.64, lat=29.87),
        world.draft(name="秘密", lon=121.53, lat=29.85, publication=Publication.DRAFT),
    )
    west, islands = stored(world, WEST_HALF), stored(world, ISLANDS)
    for query, expected in (
        (f"area={west}", {"西"}),
        (f"area={west},{islands}", {"西", "鄞"}),
        (f"area={west}&area={islands}", {"西", "鄞"}),
        (f"area={west}&kind=ev-charging", set()),
        (f"area={west}&area={islands}&division=330212", {"鄞"}),
        (f"area={west}&q=东", set()),
    ):
        found = get(client, f"/api/v1/sites/?{query}")
        assert {row["properties"]["name"] for row in found["features"]} == expected
        assert found["total"] == len(expected)
        near = get(client, f"/api/v1/sites/nearest/?lon=121.5&lat=29.8&{query}")
        assert {row["properties"]["name"] for row in near["features"]} == expected
        assert get(client, f"/api/v1/sites/facets/?{query}")["total"] == len(expected)
        assert get(client, f"/api/v1/sites/tiles/0/0/0.json?{query}")["total"] == len(expected)
        assert client.get(f"/api/v1/sites/tiles/0/0/0.mvt?{query}").status_code == 200


@pytest.mark.parametrize(
    "value",
    [
        "nosucharea",
        "x" * 5_000,
        "'; DROP TABLE",
        "%00",
        "../../etc",
        "０１２",
        "NaN",
        "1e308",
        "-1",
        "ABCDEFGHIJKLMNOP",
    ],
)
@pytest.mark.parametrize("address", ["sites/", "sites/facets/", "sites/nearest/", "sites/tiles/0/0/0.json"])
def test_an_unknown_id_is_named(client: Client, world: World, address: str, value: str) -> None:
    where = {"lon": "121", "lat": "29"} if "nearest" in address else {}
    response = client.get(f"/api/v1/{address}", {"area": value, **where})
    assert response.status_code == 400
    assert response.json()["parameter"] == "area"


def test_too_many_areas_are_refused(client: Client, world: World, django_assert_max_num_queries: Any) -> None:
    world.site()
    snapshot()
    many = "&".join(f"area=a{number}" for number in range(4_000))
    with django_assert_max_num_queries(3):
        for query in (many, "area=" + ",".join(f"a{number}" for number in range(11))):
            answer = get(client, f"/api/v1/sites/facets/?{query}", status=400)
            assert answer["parameter"] == "area"
    assert "10" in answer["detail"]
    more = "&".join(f"area=a{number}" for number in range(10_000))
    assert client.get(f"/api/v1/sites/facets/?{more}").status_code == 400


def test_openapi_knows_the_word(client: Client, world: World) -> None:
    schema = get(client, "/api/v1/schema/")
    paths = {path for path in schema["paths"] if path.startswith("/api/v1/sites/")}
    for path in paths - {"/api/v1/sites/{public_id}/"}:
        names = {word["name"] for word in schema["paths"][path]["get"]["parameters"]}
        assert "area" in names, path
    assert "/api/v1/areas/{area_id}/" in schema["paths"]
    assert not any("staff" in path for path in schema["paths"])


# ------------------------------------------------------------------------------------- pages


def test_the_map_shows_the_area_and_a_way_out(client: Client, world: World) -> None:
    world.add(world.draft(name="西", lon=121.52, lat=29.85), world.draft(name="东", lon=121.58, lat=29.85))
    area = stored(world, WEST_HALF, name="西半 <b>")
    body = client.get(f"/?area={area}&q=西").content.decode()
    assert "西半 &lt;b&gt;" in body and "西半 <b>" not in body
    assert 'href="/?q=%E8%A5%BF"' in body, "the chip's link has the area off and the rest on"
    assert f'name="area"\n                   value="{area}"' in body
    config = json.loads(body.split('id="map-config" type="application/json">')[1].split("</script>")[0])
    assert {"type": "area-outlines", "url": "/api/v1/areas/{id}/"} in config["layers"]
    assert config["bounds"] == [[29.8, 121.5], [29.9, 121.55]], "it opens on the area"
    nameless = stored(world, ISLANDS)
    assert f"划定范围 {nameless[:4]}" in client.get(f"/?area={nameless}").content.decode()
    assert client.get("/?area=nosucharea").status_code == 400


def test_the_list_without_a_map_takes_it(client: Client, world: World) -> None:
    world.add(
        world.draft(name="西边点", lon=121.52, lat=29.85), world.draft(name="东边点", lon=121.58, lat=29.85)
    )
    area = stored(world, WEST_HALF, name="西半")
    body = client.get(f"/nearby/?area={area}&lon=121.55&lat=29.85").content.decode()
    assert "西边点" in body and "东边点" not in body
    assert f'<input type="hidden" name="area" value="{area}">' in body
    assert 'href="/nearby/?lon=121.55&amp;lat=29.85"' in body
    assert client.get("/nearby/?area=nosucharea").status_code == 400
