"""A log-in that nobody uses ends; using it writes nothing."""

import datetime as dt
from collections.abc import Callable, Iterator

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from tests.factories import World
from tests.integration.loggingin import is_in, log_in

pytestmark = pytest.mark.django_db
NOON = dt.datetime(2026, 3, 2, 4, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture(autouse=True)
def clock(settings: Settings) -> Iterator[time_machine.Traveller]:
    settings.IDLE_MINUTES = 30
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.mark.parametrize(
    ("seconds", "goes_on"), [(1, True), (1799, True), (1800, True), (1801, False), (9999, False)]
)
def test_it_ends_after_thirty_minutes(
    world: World, clock: time_machine.Traveller, seconds: int, goes_on: bool
) -> None:
    client = log_in("haishu")
    clock.shift(seconds)
    assert is_in(client) is goes_on
    assert is_in(client) is goes_on and Session.objects.exists() is goes_on


def test_using_it_keeps_it_for_eight_hours_at_most(world: World, clock: time_machine.Traveller) -> None:
    client = log_in("haishu")
    for _quarter in range(31):
        clock.shift(15 * MINUTE)
        assert is_in(client)
    # Writing into the session (a message, a token) does not start the eight hours anew.
    session = client.session
    session["x"] = 1
    session.save()
    clock.shift(14 * MINUTE)
    assert is_in(client)
    clock.shift(MINUTE + dt.timedelta(seconds=1))
    assert not is_in(client)


def test_reading_writes_nothing(world: World, clock: time_machine.Traveller) -> None:
    site = world.site(county="330203")
    client = log_in("haishu")
    for path in ("/admin/", "/admin/projects/site/", f"/admin/projects/site/{site.pk}/change/", "/supervision/",
                 "/api/staff/v1/supervision/late/", "/admin/two-factor/", "/admin/drafts/"):  # fmt: skip
        clock.shift(10 * MINUTE)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert client.get(path).status_code == 200, path
        assert client.cookies["staff_seen"].value, path
        writes = [
            query["sql"]
            for query in asked
            if query["sql"].split()[0].upper() in ("INSERT", "UPDATE", "DELETE")
        ]
        assert writes == [], path


def test_the_cookie_is_renewed_once_a_minute(world: World, clock: time_machine.Traveller) -> None:
    client = log_in("haishu")
    clock.shift(59)
    assert "staff_seen" not in client.get("/admin/").cookies
    clock.shift(1)
    renewed = client.get("/admin/").cookies["staff_seen"]
    assert renewed["httponly"] and renewed["samesite"] == "Lax"
    assert "staff_seen" not in client.get("/admin/").cookies
    assert client.cookies["sessionid"].value not in renewed.value


def test_what_pages_ask_by_themselves_is_no_activity(world: World, clock: time_machine.Traveller) -> None:
    client = log_in("haishu")
    for _time in range(3):
        clock.shift(10 * MINUTE)
        asked = client.get("/api/staff/v1/drafts/?address=/admin/projects/site/1/change/")
        assert asked.status_code == 200 and "staff_seen" not in asked.cookies
        asked = client.get("/api/staff/v1/supervision/facets/", headers={"X-No-Activity": "1"})
        assert asked.status_code == 200 and "staff_seen" not in asked.cookies
    clock.shift(1)
    assert not is_in(client)


def test_several_tabs_are_one_log_in(world: World, clock: time_machine.Traveller) -> None:
    one = log_in("haishu")
    two = Client()
    two.cookies = one.cookies  # the same browser
    for tab in (one, two, one, two):
        clock.shift(20 * MINUTE)
        assert is_in(tab)


#: What somebody does to the cookie, given their own and another person's browser.
TAMPERING: dict[str, Callable[[Client, Client], object]] = {
    "removed": lambda mine, other: mine.cookies.pop("staff_seen"),
    "emptied": lambda mine, other: mine.cookies.__setitem__("staff_seen", ""),
    "altered": lambda mine, other: mine.cookies.__setitem__(
        "staff_seen", f"x{mine.cookies['staff_seen'].value[1:]}"
    ),
    "of another person": lambda mine, other: mine.cookies.__setitem__(
        "staff_seen", other.cookies["staff_seen"].value
    ),
}


@pytest.mark.parametrize("how", TAMPERING)
def test_tampering_logs_out(world: World, how: str) -> None:
    mine, other = log_in("haishu"), log_in("yinzhou")
    TAMPERING[how](mine, other)
    assert not is_in(mine) and is_in(other)


def test_a_cookie_belongs_to_one_session(world: World, clock: time_machine.Traveller) -> None:
    """A fresh cookie of the same person does not bring an idle session back."""
    old = log_in("haishu")
    clock.shift(31 * MINUTE)
    new = log_in("haishu")
    old.cookies["staff_seen"] = new.cookies["staff_seen"].value
    assert not is_in(old) and is_in(new)


def test_what_is_answered_after_the_end(world: World, clock: time_machine.Traveller) -> None:
    client = log_in("haishu")
    clock.shift(31 * MINUTE)
    page = client.get("/supervision/?light=red")
    assert page["Location"] == "/admin/login/?next=%2Fsupervision%2F%3Flight%3Dred"
    answer = client.get("/api/staff/v1/supervision/late/")
    assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")
    assert answer["WWW-Authenticate"] and "登录已过期" in answer.json()["detail"]
    client = log_in("haishu")
    assert "staff_seen" in client.post("/admin/logout/").cookies and client.cookies["staff_seen"].value == ""
    assert client.get("/api/staff/v1/supervision/late/").status_code == 403, "nobody is nobody's ended log-in"


def test_public_pages_know_nothing_of_it(world: World, clock: time_machine.Traveller) -> None:
    client = log_in("haishu")
    clock.shift(5 * MINUTE)
    page = client.get("/nearby/?lon=121.55&lat=29.85")
    assert not page.cookies and "Cookie" not in page.get("Vary", "") and "public" in page["Cache-Control"]
