"""Every list asks as many questions for sixty sites as for two hundred: no query for each row."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from projects.models import Site
from projects.readmodels import siteindex
from tests.factories import World
from tests.integration.adminforms import client_of
from tests.integration.crowd import crowd, multiply

pytestmark = pytest.mark.django_db

ADDRESSES = (
    ("public", "/"),
    ("public", "/?show=all&light=red"),
    ("public", "/nearby/"),
    ("public", "/districts/"),
    ("public", "/districts/330203/"),
    ("public", "/programmes/330200-2024/"),
    ("public", "/indicators/03-meal/"),
    ("public", "/programmes/330200-2024/projects/"),
    ("public", "/api/v1/indicators/03-meal/progress/"),
    ("public", "/api/v1/sites/?limit=1000"),
    ("public", "/api/v1/sites/?limit=1000&q=试点"),
    ("public", "/api/v1/sites/nearest/?lon=121.55&lat=29.85&limit=100"),
    ("public", "/api/v1/sites/facets/"),
    ("public", "/api/v1/sites/tiles/15/27447/13583.json"),
    ("public", "/api/v1/divisions/"),
    *(
        (who, address)
        for who in ("admin", "haishu", "energy")
        for address in (
            "/admin/",
            "/admin/projects/site/",
            "/admin/projects/site/?todo=unreported",
            "/admin/projects/site/?q=试点",
            "/admin/projects/site/?stage=building,planned&problem=any",
            "/admin/projects/site/problems/",
            "/admin/projects/site/tiles/12/3429/1698.json?report=never",
            "/admin/projects/sitereport/",
            "/admin/projects/planchange/",
            "/admin/autocomplete/?app_label=projects&model_name=sitereport&field_name=site&term=",
            "/supervision/",
            "/supervision/?as_of=2024-03-31&division=330203",
            "/api/staff/v1/supervision/late/?limit=200",
            "/api/staff/v1/supervision/tiles/15/27447/13583.json",
        )
    ),
    ("admin", "/admin/projects/auditentry/"),
)


def asked(client: Client, address: str) -> int:
    """Queries for the address once everything that is kept has been worked out."""
    siteindex.forget()
    client.get(address)
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(address)
    assert answer.status_code == 200, address
    return len(queries)


def test_a_sites_form_asks_few_questions(world: World) -> None:
    """It once asked 96: who may do what, again for every part of the page."""
    site = world.add(world.planned())[0]
    for who in ("haishu", "admin", "supervisor"):
        assert asked(client_of(world.users[who]), f"/admin/projects/site/{site.pk}/change/") <= 36


def test_no_query_for_each_row(world: World) -> None:
    crowd(world, stock=60, targets=60)
    clients = {name: client_of(user) for name, user in world.users.items()} | {"public": Client()}
    few = {key: asked(clients[key[0]], key[1]) for key in ADDRESSES}
    late = Site.objects.filter(light="red").earliest("pk")
    multiply(late, 140, first=200_000)
    many = {key: asked(clients[key[0]], key[1]) for key in ADDRESSES}
    assert Site.objects.filter(light="red").count() > 200
    assert many == few
