"""Rows written in bulk equal rows that Django writes one by one, and what a constraint refuses leaves nothing."""

import datetime as dt
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import pytest
import shapely
from django.contrib.gis.geos import GEOSGeometry
from django.db import DatabaseError, IntegrityError, connection, models, transaction
from django.utils import timezone

from maps.blobs import as_array, ewkb_of
from projects.actions import ledger
from projects.actions.chain import verify_chain
from projects.models import (
    AuditEntry,
    Contribution,
    LightSpan,
    PlanChange,
    Site,
    SiteReport,
    SiteState,
    recordguards,
)
from projects.models.bulk import FEW, fresh, insert_rows, number_rows, update_rows
from projects.models.guards import missing
from tests.factories import CUTOFF, START, World

pytestmark = pytest.mark.django_db

COUNT = FEW + 14

SHAPES = (
    shapely.Point(121.549792, 29.868336),
    shapely.LineString([(121.51, 29.81), (121.52, 29.82), (121.53, 29.815)]),
    shapely.Polygon(
        [(121.5, 29.8), (121.6, 29.8), (121.6, 29.9), (121.5, 29.9)],
        [[(121.51, 29.81), (121.52, 29.81), (121.52, 29.82)]],
    ),
    shapely.MultiLineString([[(121.51, 29.81), (121.52, 29.82)], [(121.53, 29.83), (121.54, 29.84)]]),
    shapely.MultiPolygon(
        [shapely.box(121.51, 29.81, 121.52, 29.82), shapely.box(121.53, 29.83, 121.54, 29.84)]
    ),
)


def make_site(world: World, number: int, prefix: str, *, as_bytes: bool) -> Site:
    """Every field filled in one row or another, none of them the same in all rows."""
    shape = SHAPES[number % len(SHAPES)]
    point = shape.representative_point()
    ewkb = [memoryview(b) for b in ewkb_of(as_array([shape, point]), 4326)]
    places: list[Any] = list(ewkb) if as_bytes else [GEOSGeometry(b) for b in ewkb]
    day = START + dt.timedelta(days=number)
    return Site(
        code=f"{prefix}{number:04d}",
        public_id=f"{prefix}{number:04d}",
        kind=world.kinds["meal-point"],
        name=f"点 {number} \\ \t\"'%s",
        address="" if number % 2 else "药行街\n1 号",
        geom=places[0],
        location=places[1],
        source_x=None if number % 3 else 1 / (number + 3),
        source_y=None if number % 3 else -1e-17,
        source_datum="gcj02",
        attributes={} if number % 2 else {"price": "8 元", "seats": number, "open": True, "none": None},
        opening_hours="全天",
        phone="0574-1",
        stage="finished",
        service="open",
        service_checked_on=day,
        located_in=world.counties["330203"],
        managed_by=world.counties["330212"],
        baseline_start=day,
        baseline_finish=day + dt.timedelta(days=40),
        baseline_milestones=[] if number % 2 else [[day.isoformat(), "50"]],
        planned_start=None,
        percent=None if number % 2 else Decimal("12.50") + number,
        reported_on=None if number % 2 else CUTOFF,
        light="green" if number % 2 else "none",
        publication="published",
        submitted_by=world.users["admin"],
        published_by=world.users["publisher"],
        is_demo=bool(number % 2),
        version=number + 1,
        created_at=dt.datetime(2024, 6, 30, 23, 59, 59, 123456 + number, dt.UTC),
        updated_at=dt.datetime(2024, 7, 1, tzinfo=dt.UTC),
        changed_seq=number,
    )


def stored(model: type[models.Model], skip: frozenset[str] = frozenset()) -> list[tuple[object, ...]]:
    """Every column as the database holds it: bytes of geometries and texts of numbers included."""
    fields = [f for f in model._meta.concrete_fields if f.attname not in skip]
    names = ", ".join(connection.ops.quote_name(str(f.column)) for f in fields)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {names} FROM {model._meta.db_table} ORDER BY {model._meta.pk.column}")
        return [tuple(row) for row in cursor.fetchall()]


def indexed(keys: Sequence[int]) -> list[tuple[object, ...]]:
    """What the R*Trees hold for sites (SpatiaLite); nothing on PostgreSQL, which has no index to be wrong."""
    if connection.vendor == "postgresql":
        return []
    found: list[tuple[object, ...]] = []
    with connection.cursor() as cursor:
        for column in ("geom", "location"):
            cursor.execute(f"SELECT CheckSpatialIndex('projects_site', '{column}')")
            assert cursor.fetchone() == (1,)
            cursor.execute(
                f"SELECT xmin, xmax, ymin, ymax FROM idx_projects_site_{column} "
                f"WHERE pkid BETWEEN {keys[0]} AND {keys[-1]} ORDER BY pkid"
            )
            found += cursor.fetchall()
    return found


UNLIKE = frozenset({"id", "code", "public_id"})


@pytest.mark.parametrize("as_bytes", [True, False])
def test_sites_are_the_same_column_by_column(world: World, as_bytes: bool) -> None:
    ours = [make_site(world, n, "B", as_bytes=as_bytes) for n in range(COUNT)]
    insert_rows(ours)
    mine, index = stored(Site, UNLIKE), indexed([site.pk for site in ours])
    Site.objects.all().delete()
    theirs = Site.objects.bulk_create([make_site(world, n, "B", as_bytes=False) for n in range(COUNT)])
    assert mine == stored(Site, UNLIKE)
    assert index == indexed([site.pk for site in theirs])
    assert len(mine) == COUNT
    assert not ours[0]._state.adding
    assert [site.pk for site in ours] == list(range(ours[0].pk, ours[0].pk + COUNT))
    # The next row that Django writes gets a key of its own.
    assert make_and_save(world) > theirs[-1].pk


def make_and_save(world: World) -> int:
    site = make_site(world, 999, "S", as_bytes=False)
    site.save()
    return site.pk


def children(world: World, site_ids: Sequence[int]) -> list[tuple[type[models.Model], list[models.Model]]]:
    now = dt.datetime(2024, 6, 30, 12, 0, 0, 5, dt.UTC)
    said = {"recorded_at": now, "recorded_by_id": world.users["admin"].pk, "changed_seq": 5}
    county = world.counties["330203"].pk
    meal = world.indicators["03-meal"].pk
    return [
        (Contribution, [Contribution(site_id=pk, indicator_id=meal, quantity=Decimal("1.125")) for pk in site_ids]),
        (
            SiteState,
            [
                SiteState(
                    site_id=pk, effective_on=START, stage="building", service="unknown", located_in_id=county,
                    managed_by_id=county, contributions={str(meal): "1.000"}, **said,
                )
                for pk in site_ids
            ],
        ),
        (
            SiteReport,
            [SiteReport(site_id=pk, as_of=CUTOFF, percent=Decimal("33.3"), problem="堵", **said) for pk in site_ids],
        ),
        (
            PlanChange,
            [
                PlanChange(
                    site_id=pk, effective_on=START, planned_start=START, planned_finish=CUTOFF,
                    milestones=[["2024-03-01", "10"]], reason="因", **said,
                )
                for pk in site_ids
            ],
        ),
        (
            LightSpan,
            [
                LightSpan(
                    subject_key=f"site:{pk}", site_id=pk, policy=world.programme.policy, recorded_at=now,
                    valid_from=START, valid_to=CUTOFF, light="red", reason="x", detail={"note": "…"},
                )
                for pk in site_ids
            ],
        ),
    ]  # fmt: skip


def test_everything_that_hangs_on_a_site_is_the_same(world: World) -> None:
    sites = [make_site(world, n, "B", as_bytes=True) for n in range(COUNT)]
    insert_rows(sites)
    ids = [site.pk for site in sites]
    skip = frozenset({"id"})
    for model, rows in children(world, ids):
        insert_rows(rows)
        mine = stored(model, skip)
        with recordguards.lifted(connection):
            model._base_manager.all()._raw_delete(connection.alias)
        model._base_manager.bulk_create(dict(children(world, ids))[model])
        assert mine == stored(model, skip), model
        assert len(mine) == COUNT


def test_updates_are_the_same_column_by_column(world: World) -> None:
    sites = [make_site(world, n, "B", as_bytes=True) for n in range(COUNT)]
    insert_rows(sites)
    names = [f.attname for f in Site._meta.concrete_fields if f.attname not in UNLIKE]
    for site in sites:
        other = make_site(world, (site.changed_seq + 1) % COUNT, "X", as_bytes=True)
        site.__dict__.update({name: other.__dict__[name] for name in names})
    update_rows(sites, names)
    mine, index = stored(Site), indexed([site.pk for site in sites])
    for site in Site.objects.all():
        other = make_site(world, sites[site.pk - sites[0].pk].changed_seq, "X", as_bytes=False)
        for name in names:
            setattr(site, name, getattr(other, name))
        site.save()
    assert mine == stored(Site)
    assert index == indexed([site.pk for site in sites])


def test_a_row_that_is_gone_is_not_updated_in_silence(world: World) -> None:
    sites = [make_site(world, n, "B", as_bytes=True) for n in range(3)]
    insert_rows(sites)
    Site.objects.filter(pk=sites[1].pk).delete()
    sites[0].name = "新"
    with pytest.raises(RuntimeError, match="1 rows of Site are gone"):
        update_rows(sites, ["name"])
    assert not Site.objects.filter(name="新").exists()


def test_fresh_equals_the_model(world: World) -> None:
    for model in (Site, SiteState, LightSpan, AuditEntry):
        ours, theirs = fresh(model), model()
        names = {f.attname for f in model._meta.concrete_fields}
        assert ours.__dict__.keys() == theirs.__dict__.keys()
        for name in names - {"created_at", "updated_at", "recorded_at"}:
            assert getattr(ours, name) == getattr(theirs, name)
        assert ours._state.adding and ours._state.fields_cache == {}
    assert fresh(Site).attributes is not fresh(Site).attributes
    assert abs(fresh(SiteState).recorded_at - timezone.now()) < dt.timedelta(minutes=1)


def outside(site: Site) -> None:
    site.__dict__["geom"] = memoryview(ewkb_of(as_array([shapely.Point(181, 0)]), 4326)[0])


def no_number(site: Site) -> None:
    site.__dict__["location"] = memoryview(ewkb_of(as_array([shapely.Point(float("inf"), 0)]), 4326)[0])


def no_point(site: Site) -> None:
    site.__dict__["location"] = memoryview(ewkb_of(as_array([shapely.LineString([(0, 0), (1, 1)])]), 4326)[0])


def taken_code(site: Site) -> None:
    site.code = "B0000"


def no_name(site: Site) -> None:
    site.name = ""


def percent_without_day(site: Site) -> None:
    site.percent, site.reported_on = Decimal(5), None


def no_such_kind(site: Site) -> None:
    site.kind_id = 10**6


@pytest.mark.parametrize(
    "spoil", [outside, no_number, no_point, taken_code, no_name, percent_without_day, no_such_kind]
)
def test_one_bad_row_and_none_is_written(world: World, spoil: Callable[[Site], None]) -> None:
    good = [make_site(world, n, "G", as_bytes=True) for n in range(COUNT)]
    insert_rows(good)
    before = stored(Site), indexed([site.pk for site in good])
    bad = [make_site(world, n, "B", as_bytes=True) for n in range(COUNT)]
    spoil(bad[-1])
    with pytest.raises((DatabaseError, ValueError)) as refused, transaction.atomic():
        insert_rows(bad)
        connection.check_constraints()
    assert refused.value
    assert (stored(Site), indexed([site.pk for site in good])) == before
    assert missing(connection) == []
    # All triggers are back: what Django writes is indexed again.
    pk = make_and_save(world)
    indexed([good[0].pk, pk])


def test_overlapping_spans_are_refused(world: World) -> None:
    sites = [make_site(world, n, "B", as_bytes=True) for n in range(COUNT)]
    insert_rows(sites)
    spans: Any = dict(children(world, [site.pk for site in sites]))[LightSpan]
    spans[-1].subject_key = spans[0].subject_key
    spans[-1].valid_from = START + dt.timedelta(days=3)
    with pytest.raises(IntegrityError):
        insert_rows(spans)
    assert not LightSpan.objects.exists()


def test_keys_are_known_before_the_rows_are_written(world: World) -> None:
    sites = [make_site(world, n, "B", as_bytes=True) for n in range(COUNT)]
    number_rows(sites)
    keys = [site.pk for site in sites]
    assert len(set(keys)) == COUNT
    insert_rows(sites)
    assert list(Site.objects.values_list("pk", flat=True)) == keys


def test_a_long_run_of_audit_entries_is_a_whole_chain(world: World) -> None:
    entries = [ledger.Entry("x", "site", str(n), None, {"text": "中\\n\t", "n": n}) for n in range(COUNT)]
    with transaction.atomic(), ledger.take(COUNT, actor_id=None) as numbers:
        numbers.write(entries)
    report = verify_chain(with_rows=False)
    assert (report.bad_seq, report.entries) == (None, COUNT)
