"""What the database itself refuses, whoever writes: both databases, past every form and action."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.gis.geos import GEOSGeometry, Point
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from projects.models import (
    Boundary,
    Contribution,
    DivisionParent,
    Indicator,
    LightSpan,
    Membership,
    MonthResult,
    Programme,
    Site,
    SiteReport,
)
from projects.models.guards import GUARDS, install, missing
from projects.models.spatialindexes import restore, unindexed
from tests.factories import START, World, square

pytestmark = pytest.mark.django_db

JULY = dt.date(2024, 7, 1)


def refused(write: Any) -> None:
    with pytest.raises((DatabaseError, ValueError)), transaction.atomic():
        write()


def span(world: World, site: Site, start: dt.date, end: dt.date, **more: Any) -> LightSpan:
    return LightSpan.objects.create(
        subject_key=f"site:{site.pk}",
        site=site,
        policy=world.programme.policy,
        recorded_at=timezone.now(),
        valid_from=start,
        valid_to=end,
        light="red",
        reason="x",
        **more,
    )


def test_all_guards_are_installed_and_installing_again_is_harmless(db: Any) -> None:
    assert missing(connection) == []
    install(connection)
    assert missing(connection) == []
    assert len({guard.name for guard in GUARDS}) == len(GUARDS)


def test_every_geometry_is_indexed_after_all_migrations_and_again_after_a_rebuilt_table(world: World) -> None:
    assert unindexed(connection) == []
    if connection.vendor != "sqlite":
        return
    world.site()
    with connection.cursor() as cursor:
        cursor.execute("SELECT DisableSpatialIndex('projects_site', 'location')")
        world.site()  # no trigger notes it
        assert unindexed(connection) == ["projects_site.location"]
        assert restore(connection) == ["projects_site.location"]
        cursor.execute("SELECT COUNT(*), CheckSpatialIndex('projects_site', 'location') FROM projects_site")
        assert cursor.fetchone() == (2, 1)
        world.site()
        cursor.execute("SELECT COUNT(*) FROM idx_projects_site_location")
        assert cursor.fetchone() == (3,)


def test_spans_of_one_subject_are_disjoint(world: World) -> None:
    site, other = world.site(), world.site()
    span(world, site, START, JULY)
    refused(lambda: span(world, site, JULY - dt.timedelta(1), dt.date(2024, 8, 1)))
    span(world, site, JULY, dt.date(2024, 8, 1))
    span(world, other, START, JULY)
    span(world, site, START, dt.date(2024, 12, 1), superseded_at=timezone.now(), superseded_seq=1)
    refused(
        lambda: LightSpan.objects.filter(site=site, superseded_at__isnull=False).update(
            superseded_at=None, superseded_seq=None
        )
    )


def test_one_parent_at_a_time(world: World) -> None:
    county = world.counties["330203"]
    refused(
        lambda: DivisionParent.objects.create(
            child=county, parent=world.counties["330212"], valid_from=dt.date(2010, 1, 1), valid_to=JULY
        )
    )
    DivisionParent.objects.filter(child=county).update(valid_to=JULY)
    DivisionParent.objects.create(child=county, parent=world.counties["330212"], valid_from=JULY)
    assert DivisionParent.objects.filter(child=county).count() == 2


def test_one_border_at_a_time(world: World) -> None:
    county = world.counties["330203"]
    refused(
        lambda: Boundary.objects.create(
            division=county,
            geom=square(121, 29),
            valid_from=JULY,
            valid_to=dt.date(2025, 1, 1),
            source="x",
            licence="x",
        )
    )


@pytest.mark.parametrize(
    "wkt",
    [
        "POINT(181 0)",
        "POINT(0 91)",
        "POINT(-180.1 0)",
        "POINT(1e9 29)",  # 1e308 never gets here: SpatiaLite ends the process (test_actions_sites refuses it)
        "LINESTRING(121 29, 121 -91)",
        "POLYGON((0 0, 200 0, 200 1, 0 0))",
    ],
)
def test_places_outside_the_world(world: World, wkt: str) -> None:
    site = world.site()
    refused(lambda: Site.objects.filter(pk=site.pk).update(geom=GEOSGeometry(wkt, srid=4326)))
    if wkt.startswith("POINT"):
        refused(lambda: Site.objects.filter(pk=site.pk).update(location=GEOSGeometry(wkt, srid=4326)))


@pytest.mark.parametrize("x", [float("nan"), float("inf"), float("-inf")])
def test_places_that_are_no_numbers(world: World, x: float) -> None:
    site = world.site()
    refused(lambda: Site.objects.filter(pk=site.pk).update(location=Point(x, 29.0, srid=4326)))


def test_percent_range(world: World) -> None:
    site = world.site()
    for percent in ("-0.01", "100.01"):
        refused(
            lambda value=percent: SiteReport.objects.create(site=site, as_of=JULY, percent=Decimal(value))
        )
        refused(lambda value=percent: Site.objects.filter(pk=site.pk).update(percent=value, reported_on=JULY))
    refused(lambda: Site.objects.filter(pk=site.pk).update(percent=5, reported_on=None))


def test_dates_in_order(world: World) -> None:
    site = world.site()
    earlier, later = dt.date(2024, 1, 1), dt.date(2024, 2, 1)
    for first, second in (
        ("baseline_start", "baseline_finish"),
        ("planned_start", "planned_finish"),
        ("started_on", "finished_on"),
    ):
        refused(lambda a=first, b=second: Site.objects.filter(pk=site.pk).update(**{a: later, b: earlier}))
    refused(lambda: Programme.objects.update(period_start=later, period_end=earlier))
    refused(lambda: span(world, site, later, earlier))


def test_a_subset_is_not_its_own_whole(world: World) -> None:
    whole = world.indicators["06-piles"]
    refused(lambda: Indicator.objects.filter(pk=whole.pk).update(subset_of=whole))


def test_one_contribution_a_pair_and_never_none(world: World) -> None:
    site = world.site(counts_for=(("03-meal", 1),))
    meal = world.indicators["03-meal"]
    refused(lambda: Contribution.objects.create(site=site, indicator=meal, quantity=1))
    refused(lambda: Contribution.objects.filter(site=site).update(quantity=0))


def test_targets_are_positive_or_absent(world: World) -> None:
    refused(lambda: Indicator.objects.update(target=0))


def test_a_correction_has_a_reason(world: World) -> None:
    site = world.site()
    first = SiteReport.objects.create(site=site, as_of=JULY, percent=1)
    refused(lambda: SiteReport.objects.create(site=site, as_of=JULY, percent=2, corrects=first))


def test_memberships_name_their_scope_and_come_once(world: World) -> None:
    user = world.users["stranger"]
    refused(lambda: Membership.objects.create(user=user, role="district_editor"))
    refused(lambda: Membership.objects.create(user=user, role="department_editor"))
    Membership.objects.create(user=user, role="supervisor")
    refused(lambda: Membership.objects.create(user=user, role="supervisor"))


def test_month_results(world: World) -> None:
    site = world.site()
    base = {
        "subject_key": f"site:{site.pk}",
        "site": site,
        "policy": world.programme.policy,
        "recorded_at": timezone.now(),
    }
    refused(lambda: MonthResult.objects.create(**base, year=2024, month=13, met=True))
    refused(lambda: MonthResult.objects.create(**base, year=2024, month=1, met=True, made_good_on=JULY))
    MonthResult.objects.create(**base, year=2024, month=1, met=False, made_good_on=JULY)
    refused(lambda: MonthResult.objects.create(**base, year=2024, month=1, met=True))
