"""No list reads a large table in full, on either database: the plans of the queries that addresses really run."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.test import Client

from projects.actions.sites import change_site
from projects.models import Boundary, Site
from projects.querysets.sites import SiteQuerySet
from projects.readmodels import siteindex
from projects.readmodels.dataproblems import problem_ids
from projects.readmodels.siteload import load_changed
from tests.factories import CUTOFF, World, make_world
from tests.integration.adminforms import client_of
from tests.integration.crowd import crowd
from tests.integration.plans import MOST_ROWS, faults, watched

pytestmark = pytest.mark.django_db

STOCK, LATE = 12_000, 200
ADMIN = "/admin/projects"
SITES = f"{ADMIN}/site/"
PUBLIC = (
    "/",
    "/?q=鄞州老站",
    "/?q=鄞州",
    "/?show=all&division=330203&light=red,yellow",
    "/nearby/?q=100777",
    "/nearby/?lon=121.55&lat=29.85",
    "/districts/",
    "/districts/330203/",
    "/districts/330203/?page=9",
    "/districts/330203/?as_of=2024-03-31",
    "/programmes/330200-2024/",
    "/indicators/03-meal/",
    "/indicators/03-meal/?as_of=2024-03-31",
    "/api/v1/sites/?limit=100",
    "/api/v1/sites/?limit=100&after=109000",
    "/api/v1/sites/?kind=meal-point&division=330212&service=open",
    "/api/v1/sites/?q=老站 100777",
    "/api/v1/sites/?q=没有这样的地方",
    "/api/v1/sites/?q=没有",
    "/api/v1/sites/?q=无",
    "/api/v1/sites/?light=red,yellow&indicator=03-meal",
    "/api/v1/sites/nearest/?lon=121.55&lat=29.85&limit=100",
    "/api/v1/sites/facets/?division=330203",
    "/api/v1/sites/tiles/11/1715/849.json",
    "/api/v1/divisions/",
    "/api/v1/divisions/330203/progress/",
    "/api/v1/programmes/330200-2024/headline/",
    "/sites/{public_id}/",
    "/api/v1/sites/{public_id}/",
)
STAFF = (
    "/admin/",
    SITES,
    f"{SITES}?after=109000",
    f"{SITES}?before=101000",
    *(f"{SITES}?todo={slug}" for slug in ("drafts", "publish", "late", "unreported")),
    f"{SITES}?light=red",
    f"{SITES}?stage=building,planned&problem=any",
    f"{SITES}problems/?reason=phone",
    f"{SITES}tiles/12/3429/1698.json?report=never",
    f"{SITES}?stage__exact=suspended",
    f"{SITES}?publication__exact=draft&o=1",
    f"{SITES}?kind=meal-point&managed_by=330203&service__exact=closed",
    f"{SITES}?cross=1",
    f"{SITES}?is_demo__exact=1",
    f"{SITES}?q=100777",
    f"{SITES}?q=没有",
    f"{ADMIN}/sitereport/",
    f"{ADMIN}/sitereport/?q=100777",
    f"{ADMIN}/sitereport/?as_of__gte=2024-06-01&as_of__lt=2024-07-01",
    f"{ADMIN}/planchange/",
    f"{ADMIN}/planchange/?q=没有",
    f"{SITES}{{late}}/change/",
    f"{SITES}{{late}}/history/",
    "/admin/autocomplete/?app_label=projects&model_name=sitereport&field_name=site&term=100777",
    "/admin/autocomplete/?app_label=projects&model_name=sitereport&field_name=site&term=",
    "/admin/autocomplete/?app_label=projects&model_name=sitereport&field_name=corrects&term=",
)
DESK = (
    "/supervision/",
    "/supervision/?show=late&division=330203&light=red&sort=gap",
    "/supervision/?due=366&show=risk",
    "/supervision/?q=100777",
    "/supervision/?as_of=2024-03-31",
    "/supervision/?known_at=2026-01-01",
    "/supervision/late.csv?limit=50&managed_by=330203",
    "/api/staff/v1/supervision/late/?reason=not_reported,far_behind",
    "/api/staff/v1/supervision/facets/",
    "/api/staff/v1/supervision/tiles/10/857/422.json",
)
AUDIT = (
    f"{ADMIN}/auditentry/",
    f"{ADMIN}/auditentry/?after=5000",
    f"{ADMIN}/auditentry/?subject_type=programme",
    f"{ADMIN}/auditentry/?q=100777",
    f"{ADMIN}/auditentry/?q=C100777",
)
ADDRESSES = [
    *(("public", address) for address in PUBLIC),
    *((role, address) for role in ("admin", "haishu", "energy") for address in STAFF),
    *((role, address) for role in ("supervisor", "haishu", "energy") for address in DESK),
    *((role, address) for role in ("admin", "supervisor") for address in AUDIT),
    ("admin", f"{ADMIN}/importbatch/"),
]


@dataclass
class Big:
    """The world with its crowd, and everybody logged in."""

    world: World
    clients: dict[str, Client]
    words: dict[str, Any]

    def get(self, role: str, address: str) -> Any:
        return self.clients[role].get(address.format(**self.words))


@pytest.fixture(scope="module")
def _rows(django_db_setup: None, django_db_blocker: Any) -> Iterator[Big]:
    with django_db_blocker.unblock(), transaction.atomic():
        world = make_world()
        crowd(world, stock=STOCK, targets=LATE)
        clients = {name: client_of(user) for name, user in world.users.items()} | {"public": Client()}
        late = Site.objects.filter(light="red", pk__gt=100_000).earliest("pk")
        assert Site.objects.count() > STOCK + LATE
        yield Big(world, clients, {"late": late.pk, "public_id": late.public_id})
        transaction.set_rollback(True)


@pytest.fixture
def big(_rows: Big) -> Big:
    # Building the index reads everything, once a process; what comes after must not.
    siteindex.snapshot(fresh=True)
    return _rows


@pytest.mark.parametrize(("role", "address"), ADDRESSES)
def test_nothing_large_is_read_in_full(big: Big, role: str, address: str) -> None:
    if address == "/admin/" or "problem" in address:
        # Judging every site's data reads everything once a process, too.
        problem_ids((), siteindex.snapshot(fresh=True), CUTOFF)
    with watched() as seen:
        answer = big.get(role, address)
        for _part in getattr(answer, "streaming_content", ()):
            pass
    assert answer.status_code in (200, 302, 400), answer.content[:200]
    assert not seen.faults, "\n".join(seen.faults)


def test_the_index_reads_what_changed_and_nothing_else(big: Big) -> None:
    held = siteindex.snapshot(fresh=True)
    site = Site.objects.get(pk=big.words["late"])
    change_site(
        access=big.world.access("admin"),
        site_id=site.pk,
        expected_version=site.version,
        changes={"phone": "0574"},
    )
    with watched() as seen:
        loaded = load_changed(held.seq, held.codes.copy())
    assert loaded.rows.ids.tolist() == [site.pk]
    assert seen.queries and not seen.faults, "\n".join(seen.faults)


@pytest.mark.parametrize(
    "bad",
    [
        lambda: Site.objects.live().filter(phone="x"),
        lambda: Site.objects.live().order_by("name")[:50],
        lambda: Site.objects.filter(name__icontains="没有"),
        lambda: Site.objects.filter(located_in__code=F("phone"))[:5],
    ],
)
def test_a_query_that_reads_everything_is_found(big: Big, bad: Any) -> None:
    rows: SiteQuerySet = bad()
    assert faults(*rows.values("pk").query.sql_with_params())


def test_counting_and_skipping_are_found(big: Big) -> None:
    with watched() as seen:
        Site.objects.live().count()
        list(Site.objects.order_by("-pk").values_list("pk")[STOCK - 50 : STOCK])
    assert len(seen.faults) >= 2
    assert MOST_ROWS < STOCK


def test_the_spatial_index_is_kept_in_a_cross_join(big: Big) -> None:
    """SpatiaLite's R*Tree stays first whatever the planner has been told of the tables (ANALYZE has run).

    The same question with JOIN is free to begin with another index: docs/decisions/0022 has the figures.
    """
    if connection.vendor != "sqlite":
        return
    west, south, east, north = 121.5, 29.8, 121.55, 29.85
    query = (
        "SELECT s.id FROM idx_projects_site_location i CROSS JOIN projects_site s ON s.id = i.pkid "
        f"WHERE i.xmin <= {east} AND i.xmax >= {west} AND i.ymin <= {north} AND i.ymax >= {south} "
        "AND s.light IN ('red', 'yellow') AND s.deleted_seq IS NULL ORDER BY s.light, s.id LIMIT 50"
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM sqlite_stat1")
        assert cursor.fetchone()[0] > 0
        cursor.execute(f"EXPLAIN QUERY PLAN {query}")
        first = str(cursor.fetchall()[0][3])
    assert first.startswith("SCAN i VIRTUAL TABLE INDEX 2"), first


def test_nothing_of_ours_leaves_a_box_to_the_database(big: Big) -> None:
    """GeoDjango's `within` reads every row on SpatiaLite: boxes are the point index's."""
    inside = Site.objects.filter(location__within=Boundary.objects.earliest("pk").geom)
    if connection.vendor == "sqlite":
        assert faults(*inside.values("pk").query.sql_with_params())
