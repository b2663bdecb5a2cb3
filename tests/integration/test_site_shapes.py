"""Tiles of lines and areas: right, fresh, closed to drafts, cheap on both databases, calm about bad input."""

import json
from typing import Any

import pyogrio
import pytest
import shapely
from django.db import connection
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from maps.pointindex import EVERYTHING
from maps.tiles import TileId
from projects.actions.publishing import withdraw_site
from projects.actions.sites import change_site, remove_site
from projects.api.answers import kept_answers
from projects.models import Site
from projects.readmodels import siteindex, siteshapes
from projects.readmodels.invariants import broken_invariants
from projects.readmodels.siteindex import snapshot
from projects.readmodels.siteshapes import shape_tile
from projects.rules.vocabulary import Light, Publication, Service, Stage
from tests.factories import World

pytestmark = pytest.mark.django_db

TILE = TileId.at(121.55, 29.85, 12)
ROAD = shapely.LineString([(121.54, 29.84), (121.55, 29.85), (121.56, 29.85)])
FARM = shapely.box(121.545, 29.845, 121.555, 29.853)


def address(tile: TileId, form: str = "json", query: str = "") -> str:
    return f"/api/v1/sites/shapes/{tile.z}/{tile.x}/{tile.y}.{form}{'?' if query else ''}{query}"


def get(client: Client, url: str, status: int = 200) -> Any:
    response = client.get(url)
    assert response.status_code == status, (url, response.content[:300])
    return json.loads(response.content)


def ids(client: Client, query: str = "", tile: TileId = TILE) -> set[str]:
    return {row[0] for row in get(client, address(tile, query=query))["shapes"]}


def road(world: World, **changes: Any) -> Site:
    return world.site(**{"kind": "road", "geometry": ROAD, **changes})


def walked(steps: list[int]) -> list[tuple[int, int]]:
    """From a first point and steps to points."""
    points, x, y = [], 0, 0
    for dx, dy in zip(steps[::2], steps[1::2], strict=True):
        x, y = x + dx, y + dy
        points.append((x, y))
    return points


# ------------------------------------------------------------------------------------------ what is answered


def test_a_road_and_a_farm_as_json(client: Client, world: World) -> None:
    line = road(world, stage=Stage.BUILDING, service=Service.UNKNOWN)
    farm = world.site(kind="farm-area", geometry=FARM)
    world.site()  # a point is no shape
    answer = get(client, address(TILE))
    assert answer["extent"] == 4096
    assert answer["truncated"] is False
    rows = {row[0]: row for row in answer["shapes"]}
    assert set(rows) == {line.public_id, farm.public_id}
    assert rows[line.public_id][1:5] == ["road", "building", "unknown", ""]
    (stroke,), rings = rows[line.public_id][5:]
    assert rings == []
    assert stroke[0] == 0
    assert len(walked(stroke[1:])) == 3
    (border,), (ring,) = rows[farm.public_id][5:]
    assert len(walked(ring)) == 4
    # The border is the ring, closed.
    assert set(walked(border[1:])) == set(walked(ring))


def test_positions_are_where_the_geometry_is(client: Client, world: World, tmp_path: Any) -> None:
    """GDAL reads the vector tile and places it by its address; shapely compares with the stored geometry."""
    site = world.site(kind="farm-area", geometry=FARM)
    tile = TileId.at(121.55, 29.85, 10)  # holds it whole: GDAL cuts at the tile's edge
    response = client.get(address(tile, "mvt"))
    assert response["Content-Type"] == "application/vnd.mapbox-vector-tile"
    path = tmp_path / str(tile.z) / str(tile.x) / f"{tile.y}.mvt"
    path.parent.mkdir(parents=True)
    path.write_bytes(response.content)
    meta, _ids, geometry, columns = pyogrio.raw.read(path, layer="shapes")
    table = dict(zip(meta["fields"], columns, strict=True))
    assert table["id"].tolist() == [site.public_id]
    assert table["kind"].tolist() == ["farm-area"]
    assert (table["stage"].tolist(), table["service"].tolist()) == (["finished"], ["open"])
    (read,) = shapely.from_wkb([bytes(wkb) for wkb in geometry])
    assert read.is_valid
    west, south, east, north = read.bounds
    per_degree = 40_075_016.7 / 360  # EPSG:3857, metres at the equator
    assert (west, east) == pytest.approx((121.545 * per_degree, 121.555 * per_degree), abs=20)
    assert north - south == pytest.approx(0.008 * per_degree / 0.8674, rel=0.03)


def test_filters_are_those_of_the_other_tiles(client: Client, world: World) -> None:
    line = road(world, name="通途路", stage=Stage.BUILDING)
    farm = world.site(kind="farm-area", geometry=FARM, name="稻田", service=Service.CLOSED)
    late = world.add(
        world.planned(kind="road", geometry=ROAD, name="晚", located_in_id=world.counties["330203"].pk)
    )[0]
    assert late.light == Light.RED
    for query, expected in (
        ("", {line, farm, late}),
        ("kind=road", {line, late}),
        ("kind=road,farm-area", {line, farm, late}),
        ("kind=meal-point", set()),
        ("stage=building", {line, late}),
        ("service=closed", {farm}),
        ("light=red", {late}),
        ("q=稻田", {farm}),
        ("division=330203", {line, farm, late}),
        ("division=330212", set()),
        ("category=elderly", {late}),
        ("kind=road&light=red", {late}),
    ):
        assert ids(client, query) == {site.public_id for site in expected}, query


@pytest.mark.parametrize("publication", [Publication.DRAFT, Publication.SUBMITTED, Publication.WITHDRAWN])
def test_unpublished_is_nowhere(client: Client, world: World, publication: Publication) -> None:
    road(world, publication=publication)
    assert ids(client) == set()
    assert client.get(address(TILE, "mvt")).content == b""


def test_too_small_to_see_comes_with_the_zoom(client: Client, world: World) -> None:
    """The road is 0.02 degrees long: four of 512 pixels from zoom 8 on."""
    site = road(world)
    seen = [z for z in range(23) if ids(client, tile=TileId.at(121.5451, 29.8451, z))]
    assert seen == list(range(8, 23))
    assert ids(client, tile=TileId.at(121.5451, 29.8451, 17)) == {site.public_id}


# ------------------------------------------------------------------------------------------ freshness


def test_an_edit_is_seen_on_the_next_look(client: Client, world: World) -> None:
    site = road(world)
    before = get(client, address(TILE))["shapes"][0][5]
    moved = shapely.LineString([(121.54, 29.84), (121.56, 29.84)])
    change_site(
        access=world.access("admin"), site_id=site.pk, expected_version=1, changes={"geometry": moved}
    )
    after = get(client, address(TILE))["shapes"][0][5]
    assert len(walked(before[0][1:])) == 3
    assert len(walked(after[0][1:])) == 2


def test_a_line_that_becomes_a_point_leaves_no_line(client: Client, world: World) -> None:
    site = road(world)
    assert ids(client) == {site.public_id}
    key: dict[str, Any] = {"access": world.access("admin"), "site_id": site.pk}
    change_site(expected_version=1, changes={"geometry": shapely.Point(121.55, 29.85)}, **key)
    assert ids(client) == set()
    assert Site.objects.get(pk=site.pk).dimension == 0
    change_site(expected_version=2, changes={"geometry": FARM}, **key)
    assert Site.objects.get(pk=site.pk).dimension == 2
    assert get(client, address(TILE))["shapes"][0][6] != []
    remove_site(access=world.access("admin"), site_id=site.pk, expected_version=3, reason="x")
    assert ids(client) == set()


def test_a_draft_never_shows_even_to_a_snapshot_that_is_behind(client: Client, world: World) -> None:
    """Withdrawn and redrawn since the snapshot: what was never public is not read from the database."""
    site = road(world)
    behind = snapshot()
    assert len(behind.index) == 1
    withdrawn = withdraw_site(
        access=world.access("publisher"), site_id=site.pk, expected_version=1, reason="x"
    )
    change_site(
        access=world.access("admin"),
        site_id=site.pk,
        expected_version=withdrawn.version,
        changes={"geometry": FARM},
    )
    assert shape_tile(behind, TILE, EVERYTHING).shapes == ()
    siteshapes.forget()
    assert shape_tile(behind, TILE, EVERYTHING).shapes == ()
    assert shape_tile(snapshot(), TILE, EVERYTHING).shapes == ()
    assert ids(client) == set()


GEOMETRIES = (
    ROAD,
    FARM,
    shapely.Point(121.55, 29.85),
    shapely.LineString([(121.5, 29.8), (121.6, 29.9)]),
    shapely.MultiLineString([[(121.51, 29.81), (121.52, 29.82)], [(121.58, 29.88), (121.59, 29.86)]]),
    shapely.box(121.5, 29.8, 121.6, 29.9),
)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["add", "redraw", "withdraw", "remove", "forget"]),
            st.integers(0, 1000),
            st.sampled_from(GEOMETRIES),
        ),
        max_size=10,
    ),
    st.integers(0, 3),
)
@settings(max_examples=25)
def test_equals_the_database_after_any_history(
    world: World, history: list[tuple[str, int, shapely.Geometry]], follow: int
) -> None:
    Site.objects.all().update(deleted_seq=1)
    siteindex.forget()
    siteshapes.forget()
    kept_answers.clear()
    admin, publisher = world.access("admin"), world.access("publisher")
    for what, number, geometry in history:
        sites = list(Site.objects.live().order_by("pk"))
        site = sites[number % len(sites)] if sites else None
        if what == "add":
            publication = Publication.PUBLISHED if number % 3 else Publication.DRAFT
            world.site(kind="road", geometry=geometry, publication=publication)
        elif what == "forget":
            siteshapes.forget()
        elif site is None:
            continue
        elif what == "redraw":
            change_site(
                access=admin,
                site_id=site.pk,
                expected_version=site.version,
                changes={"geometry": geometry},
            )
        elif what == "remove":
            remove_site(access=admin, site_id=site.pk, expected_version=site.version, reason="x")
        elif site.publication == Publication.PUBLISHED:
            withdraw_site(access=publisher, site_id=site.pk, expected_version=site.version, reason="x")
        if number % 4 == follow:  # some changes are seen one by one, some together
            Client().get(address(TILE))
    window = shapely.box(*TILE.bounds.as_tuple())
    expected = {
        site.public_id
        for site in Site.objects.public()
        if site.geom.geom_type != "Point"
        and shapely.intersects(shapely.from_wkb(bytes(site.geom.wkb)), window)
    }
    assert ids(Client()) == expected


# ------------------------------------------------------------------------------------------ limits and cost


def test_a_full_tile_says_so_and_shows_the_largest(
    client: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [
        shapely.LineString([(121.54, 29.84 + n / 1000), (121.545 + n / 1000, 29.84 + n / 1000)])
        for n in range(9)
    ]
    sites = world.add(*(world.draft(kind="road", geometry=line) for line in lines))
    assert get(client, address(TILE))["truncated"] is False
    monkeypatch.setattr(siteshapes, "SHAPE_CAP", 4)
    kept_answers.clear()
    answer = get(client, address(TILE))
    assert answer["truncated"] is True
    assert [row[0] for row in answer["shapes"]] == [site.public_id for site in sites[:4:-1]]
    monkeypatch.setattr(siteshapes, "SHAPE_CAP", 100)
    monkeypatch.setattr(siteshapes, "VERTEX_CAP", 6)
    kept_answers.clear()
    assert len(get(client, address(TILE))["shapes"]) == 3


def test_a_second_look_asks_the_database_for_no_geometry(
    client: Client, world: World, django_assert_num_queries: Any
) -> None:
    road(world)
    first = get(client, address(TILE))
    held = snapshot()
    with django_assert_num_queries(0):
        again = shape_tile(held, TILE, EVERYTHING)
    assert [shape.public_id for shape in again.shapes] == [row[0] for row in first["shapes"]]


def test_what_is_kept_is_bounded() -> None:
    kept = siteshapes._Drawings(100)
    for number in range(20):
        kept.put((number, 1, 1), siteshapes._Kept(str(number), None))
        kept.get((0, 1, 1))
    assert [number for number in range(20) if kept.get((number, 1, 1))] == [0, 16, 17, 18, 19]


@pytest.mark.parametrize(
    "where",
    [siteshapes.SHAPES, f"{siteshapes.SHAPES} AND changed_seq > 5"],
)
def test_shapes_are_found_by_their_index(world: World, where: str) -> None:
    road(world)
    sql = f"SELECT id, changed_seq FROM projects_site WHERE {where}"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute(f"EXPLAIN {sql}")
        else:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        plan = " ".join(str(column) for row in cursor.fetchall() for column in row)
    assert "site_shape" in plan, plan


def test_check_data_finds_a_dimension_that_is_not_the_geometry(world: World) -> None:
    site = road(world)
    assert [row for row in broken_invariants() if row.invariant == "dimensions"] == []
    Site.objects.filter(pk=site.pk).update(dimension=0)
    assert [row.subject for row in broken_invariants() if row.invariant == "dimensions"] == [site.code]


# ------------------------------------------------------------------------------------------ bad input


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("/api/v1/sites/shapes/99/0/0.json", "z/x/y"),
        ("/api/v1/sites/shapes/5/32/0.json", "z/x/y"),
        ("/api/v1/sites/shapes/5/0/-1.mvt", "z/x/y"),
        ("/api/v1/sites/shapes/12/3431/1690.json?kind=nothing", "kind"),
        ("/api/v1/sites/shapes/12/3431/1690.json?bbox=1,2,3,4", "bbox"),
        ("/api/v1/sites/shapes/12/3431/1690.mvt?colour=red", "colour"),
    ],
)
def test_nonsense_is_refused_by_name(client: Client, world: World, url: str, word: str) -> None:
    problem = get(client, url, 400)
    assert problem["parameter"] == word
    assert problem["detail"]
    assert problem["detail_en"]


def test_the_same_state_is_not_sent_twice(client: Client, world: World) -> None:
    road(world)
    first = client.get(address(TILE))
    assert first["Cache-Control"].startswith("public, max-age=")
    assert first["Access-Control-Allow-Origin"] == "*"
    assert "Cookie" not in first.get("Vary", "")
    again = client.get(address(TILE), headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304
    road(world)
    assert client.get(address(TILE), headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_shapes_round_the_world_and_huge_ones(client: Client, world: World) -> None:
    random = [((n * 7919) % 1000 / 1e5, (n * 104729) % 1000 / 1e5) for n in range(100_000)]
    scribble = shapely.LineString(
        [(121.5 + n / 1e6 + dx, 29.8 + n / 1e6 + dy) for n, (dx, dy) in enumerate(random)]
    )
    for geometry in (
        scribble,
        shapely.MultiPolygon([shapely.box(179, -1, 180, 1), shapely.box(-180, -1, -179, 1)]),
        shapely.box(-180, -90, 180, 90),
        shapely.box(0, 86, 10, 90),
    ):
        road(world, geometry=geometry, lon=121.55)
    for tile in (TileId(0, 0, 0), TileId(6, 63, 31), TileId(6, 0, 32), TileId(3, 4, 0), TILE):
        assert len(get(client, address(tile))["shapes"]) >= 1
        assert client.get(address(tile, "mvt")).status_code == 200
    assert len(client.get(address(TILE)).content) < 400_000
