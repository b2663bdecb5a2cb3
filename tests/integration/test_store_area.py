"""Storing a polygon: by whom, which ones, once only."""

import threading
from typing import Any

import numpy as np
import pytest
import shapely
from django.contrib.gis.geos import GEOSGeometry, MultiPolygon
from django.db import IntegrityError, connection, transaction

from projects.actions import areas
from projects.actions.areas import AreaRefused, TooManyToday, store_area
from projects.actions.chain import verify_chain
from projects.actions.errors import NotAllowed
from projects.models import AuditEntry, ChangeHead, Membership, StoredArea, recordguards
from projects.permissions.access import ANONYMOUS, Access
from projects.readmodels.invariants import broken_invariants
from projects.rules.vocabulary import Role
from tests.factories import World, anchor

pytestmark = pytest.mark.django_db

SQUARE = shapely.box(121.5, 29.8, 121.6, 29.9)


def seq() -> int:
    found = ChangeHead.objects.values_list("seq", flat=True).first()
    return found or 0


# ------------------------------------------------------------------------------------- the action


def test_a_polygon_is_stored_with_one_entry(world: World) -> None:
    before = seq()
    area, created = store_area(access=world.access("haishu"), geometry=SQUARE, name=" 老城 ")
    assert created
    assert (area.name, area.vertices, area.recorded_by) == ("老城", 5, world.users["haishu"])
    assert area.area_m2 == pytest.approx(9_665 * 11_086, rel=0.01)  # metres a tenth of a degree is here
    assert seq() == before + 1 == area.changed_seq
    entry = AuditEntry.objects.get(seq=area.changed_seq)
    assert (entry.action, entry.subject_id, entry.actor) == (
        "storedarea.add",
        str(area.pk),
        world.users["haishu"],
    )
    assert entry.payload["changed"]["public_id"] == [None, area.public_id]
    assert list(broken_invariants()) == []


@pytest.mark.parametrize(
    "same",
    [
        shapely.Polygon([(121.6, 29.9), (121.5, 29.9), (121.5, 29.8), (121.6, 29.8)]),
        shapely.Polygon([(121.5, 29.8), (121.5, 29.9), (121.6, 29.9), (121.6, 29.8)]),
        shapely.MultiPolygon([SQUARE]),
        shapely.Polygon([(121.5, 29.8, 7), (121.6, 29.8, 8), (121.6, 29.9, 9), (121.5, 29.9, 7)]),
        shapely.box(121.500000001, 29.8, 121.6, 29.900000004),
    ],
    ids=["another start", "the other way round", "multi", "heights", "within a centimetre"],
)
def test_the_same_polygon_is_one_row(world: World, same: shapely.Geometry) -> None:
    first = store_area(access=world.access("haishu"), geometry=SQUARE, name="甲").area
    before = seq()
    area, created = store_area(access=world.access("yinzhou"), geometry=same, name="乙")
    assert (area.pk, area.name, created) == (first.pk, "甲", False)
    assert seq() == before and StoredArea.objects.count() == 1


def test_the_id_follows_from_the_shape_alone(world: World) -> None:
    """A link survives a rebuilt database, so this very id is a contract."""
    area = store_area(access=world.access("admin"), geometry=SQUARE).area
    assert area.public_id == "mmygqrimcbaxqivu"


@pytest.mark.parametrize(
    "access", [ANONYMOUS, Access(user_id=1, grants=()), Access(user_id=1, is_active=False)], ids=str
)
def test_who_has_no_role_may_not(world: World, access: Access) -> None:
    before = seq()
    with pytest.raises(NotAllowed):
        store_area(access=access, geometry=SQUARE)
    assert (seq(), StoredArea.objects.count()) == (before, 0)


@pytest.mark.parametrize("role", Role)
def test_every_role_may(world: World, role: Role) -> None:
    user = world.users["stranger"]
    limits: dict[str, Any] = {"division": world.counties["330203"]} if role != Role.DEPARTMENT_EDITOR else {}
    if role == Role.DEPARTMENT_EDITOR:
        limits = {"department": world.departments["energy"]}
    Membership.objects.create(user=user, role=role.value, **limits)
    assert store_area(access=world.access("stranger"), geometry=SQUARE).created


def ring(*points: tuple[float, float]) -> shapely.Polygon:
    return shapely.Polygon(points)


def many(count: int) -> shapely.Polygon:
    turn = np.linspace(0, 2 * np.pi, count - 1, endpoint=False)
    return shapely.Polygon(np.column_stack([121.5 + 0.2 * np.cos(turn), 29.8 + 0.2 * np.sin(turn)]))


BAD: dict[str, tuple[shapely.Geometry, str]] = {
    "bow tie": (ring((0, 0), (1, 1), (1, 0), (0, 1)), "自相交"),
    "hole outside": (
        shapely.Polygon(SQUARE.exterior, [shapely.box(10, 10, 11, 11).exterior]),
        "孔洞在外环之外",
    ),
    "hole twice": (
        shapely.Polygon(SQUARE.exterior, [shapely.box(121.52, 29.82, 121.53, 29.83).exterior] * 2),
        "图形无效",
    ),
    "shell twice": (shapely.MultiPolygon([SQUARE, SQUARE]), "图形无效"),
    "overlapping parts": (shapely.MultiPolygon([SQUARE, shapely.box(121.55, 29.85, 121.7, 30)]), "自相交"),
    "touches itself along a line": (ring((0, 0), (2, 0), (2, 2), (1, 2), (1, 1), (1, 2), (0, 2)), "图形无效"),
    "a point": (shapely.Point(1, 1), "Polygon"),
    "a line": (shapely.LineString([(0, 0), (1, 1)]), "Polygon"),
    "a collection": (shapely.GeometryCollection([SQUARE]), "Polygon"),
    "empty": (shapely.Polygon(), "没有图形"),
    "no parts": (shapely.MultiPolygon(), "没有图形"),
    "no area": (ring((0, 0), (1, 1), (2, 2)), "图形无效"),
    "smaller than it is rounded to": (shapely.box(0, 0, 1e-9, 1e-9), "图形无效"),
    "too large a number": (ring((0, 0), (1e308, 0), (1, 1)), "不在地球上"),
    "infinite": (ring((0, 0), (np.inf, 0), (1, 1)), "坐标"),
    "not a number": (ring((0, 0), (np.nan, 0), (1, 1)), "坐标"),
    "beyond the pole": (shapely.box(0, 80, 1, 91), "不在地球上"),
    "beyond the antimeridian": (shapely.box(179, 0, 181, 1), "不在地球上"),
    "across the antimeridian": (shapely.box(-179, 0, 179, 1), "180°"),
    "too many vertices": (many(100_001), "100001 个顶点,超过上限 3500"),
    "one vertex too many": (many(3_501), "3501 个顶点,超过上限 3500"),
}


@pytest.mark.parametrize(("shape", "said"), BAD.values(), ids=list(BAD))
def test_what_is_no_polygon_is_refused_with_a_reason(
    world: World, shape: shapely.Geometry, said: str
) -> None:
    before = seq()
    with pytest.raises(AreaRefused) as caught:
        store_area(access=world.access("admin"), geometry=shape)
    assert said in caught.value.errors["geom"]
    assert (seq(), StoredArea.objects.count()) == (before, 0)


def test_the_cut_at_the_antimeridian_is_taken(world: World) -> None:
    cut = shapely.MultiPolygon([shapely.box(179, 0, 180, 1), shapely.box(-180, 0, -179, 1)])
    assert store_area(access=world.access("admin"), geometry=cut).created
    assert store_area(access=world.access("admin"), geometry=many(3_500)).created


def test_nothing_is_asked_of_geos_before_the_vertices_are_counted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shapely, "is_valid_reason", None)
    monkeypatch.setattr(shapely, "normalize", None)
    with pytest.raises(AreaRefused, match="100001"):
        store_area(access=world.access("admin"), geometry=many(100_001))


@pytest.mark.parametrize("name", ["长" * 61, "a\x00b", "a\u202eb", "a\nb", "\ud800"])
def test_names_that_cannot_be(world: World, name: str) -> None:
    with pytest.raises(AreaRefused) as caught:
        store_area(access=world.access("admin"), geometry=SQUARE, name=name)
    assert list(caught.value.errors) == ["name"]


def test_a_day_holds_so_many_and_no_more(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(areas, "A_DAY", 3)
    for size in range(1, 4):
        store_area(access=world.access("haishu"), geometry=shapely.box(0, 0, size, size))
    with pytest.raises(TooManyToday, match="3"):
        store_area(access=world.access("haishu"), geometry=SQUARE)
    assert not store_area(access=world.access("haishu"), geometry=shapely.box(0, 0, 1, 1)).created
    assert store_area(access=world.access("yinzhou"), geometry=SQUARE).created, "another person's day"
    with recordguards.lifted(connection):
        StoredArea.objects.update(recorded_at="2024-01-01T00:00:00Z")
    assert store_area(access=world.access("haishu"), geometry=shapely.box(0, 0, 5, 5)).created, "another day"


def test_the_chain_holds(world: World) -> None:
    anchor()
    store_area(access=world.access("haishu"), geometry=SQUARE, name="甲")
    assert verify_chain().reason == ""


def multipolygon(wkt: str) -> MultiPolygon:
    geom = GEOSGeometry(wkt, srid=4326)
    assert isinstance(geom, MultiPolygon)
    return geom


@pytest.mark.parametrize(
    "wkt", ["MULTIPOLYGON(((0 0,200 0,200 1,0 0)))", "MULTIPOLYGON(((0 0,1 0,1 95,0 0)))"]
)
def test_the_database_refuses_what_lies_outside_the_world(world: World, wkt: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        StoredArea.objects.create(public_id="x", geom=multipolygon(wkt), vertices=4, area_m2=1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="one connection writes an in-memory database")
def test_the_same_polygon_posted_at_once_is_one_row(world: World) -> None:
    world.site()  # the head row is there: a database begins with more than areas
    access = world.access("admin")
    ready = threading.Barrier(6)
    results: list[Any] = []

    def post() -> None:
        try:
            ready.wait(10)
            results.append(store_area(access=access, geometry=SQUARE))
        except Exception as problem:
            results.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=post) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(result.created for result in results) == [False] * 5 + [True]
    assert StoredArea.objects.count() == 1
    assert AuditEntry.objects.filter(action="storedarea.add").count() == 1
