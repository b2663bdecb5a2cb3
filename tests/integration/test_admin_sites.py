"""Editing a site in the admin: every write is an action, nothing typed is lost, a second person publishes."""

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from maps.datum import Datum, from_wgs84
from projects.actions.sites import change_site
from projects.models import AuditEntry, ChangeHead, Contribution, FacilityKind, Site
from projects.models.access import system_access
from projects.rules.vocabulary import Publication
from tests.factories import World
from tests.integration.adminforms import (
    LIST,
    edit_url,
    errors,
    form_of,
    new_site,
    opened,
)

pytestmark = pytest.mark.django_db


# -- adding -----------------------------------------------------------------------------------------------


def test_add_asks_for_the_kind_first(haishu: Client) -> None:
    body = haishu.get(f"{LIST}add/").content.decode()
    assert "助餐点" in body and "?kind_slug=road" in body


@pytest.mark.parametrize("datum", ["wgs84", "gcj02", "bd09"])
def test_add_with_typed_coordinates(world: World, haishu: Client, datum: str) -> None:
    x, y = from_wgs84(121.55, 29.85, Datum(datum))
    data = new_site(haishu, geometry_pairs=f"{x:.8f},{y:.8f}", geometry_datum=datum)
    data |= {"managed_by": str(world.counties["330203"].pk)}
    data |= {
        "contributions-0-indicator": str(world.indicators["03-meal"].pk),
        "contributions-0-quantity": "1",
    }
    assert haishu.post(f"{LIST}add/", data).status_code == 302
    site = Site.objects.get(code="NEW-1")
    assert (site.location.x, site.location.y) == pytest.approx((121.55, 29.85), abs=1e-6)
    assert site.source_datum == datum
    assert (site.source_x, site.source_y) == pytest.approx((x, y), abs=1e-7)
    assert site.located_in == site.managed_by == world.counties["330203"]
    assert site.publication == Publication.DRAFT
    assert site.contributions.get().indicator.code == "03-meal"
    assert site.states.count() == 1
    entry = AuditEntry.objects.get(subject_type="site", subject_id=str(site.pk))
    assert (entry.action, entry.actor) == ("site.add", world.users["haishu"])


@pytest.mark.parametrize(
    ("kind", "geometry"),
    [
        ("road", {"type": "LineString", "coordinates": [[121.52, 29.82], [121.56, 29.86]]}),
        (
            "farm-area",
            {
                "type": "Polygon",
                "coordinates": [[[121.52, 29.82], [121.56, 29.82], [121.56, 29.86], [121.52, 29.82]]],
            },
        ),
    ],
)
def test_add_drawn_line_and_polygon(haishu: Client, kind: str, geometry: dict[str, Any]) -> None:
    data = new_site(haishu, kind, geometry=json.dumps(geometry))
    assert haishu.post(f"{LIST}add/", data).status_code == 302
    site = Site.objects.get(code="NEW-1")
    assert site.geom.geom_type == geometry["type"]
    assert site.kind.slug == kind


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"geometry": ""}, "geometry"),
        ({"geometry": '{"type":"Point","coordinates":[NaN,1]}'}, "geometry"),
        ({"geometry": '{"type":"Point","coordinates":[29.85,121.55]}'}, "geometry"),
        ({"geometry": '{"type":"LineString","coordinates":[[121.5,29.8],[121.6,29.9]]}'}, "geometry"),
        ({"geometry_pairs": "130, 29.85"}, "geometry"),  # in the sea
        ({"geometry_pairs": "29.85, 121.55"}, "geometry"),
        ({"geometry_pairs": "121.55, 29.85", "geometry_datum": "mars"}, "geometry"),
        ({"geometry_pairs": "121.65, 29.85"}, "confirm_cross"),  # in 鄞州
        ({"geometry_pairs": "121.55, 29.795"}, "confirm_cross"),  # 560 m outside every border
        ({"geometry_pairs": "121.55, 29.85", "name": ""}, "name"),
        ({"geometry_pairs": "121.55, 29.85", "stage": "verified"}, "stage"),
    ],
)
def test_bad_places_are_refused_and_nothing_is_lost(
    haishu: Client, typed: dict[str, str], field: str
) -> None:
    before = ChangeHead.objects.values_list("seq", flat=True).first()
    data = {**new_site(haishu, address="路 9 号"), **typed}
    response = haishu.post(f"{LIST}add/", data)
    assert response.status_code == 200
    assert field in errors(response), errors(response)
    assert form_of(response.content.decode(), "site_form")["address"] == "路 9 号"
    assert form_of(response.content.decode(), "site_form")["geometry_pairs"] == typed.get(
        "geometry_pairs", ""
    )
    assert not Site.objects.filter(code="NEW-1").exists()
    assert ChangeHead.objects.values_list("seq", flat=True).first() == before


def test_cross_management_names_both_and_can_be_confirmed(world: World, haishu: Client) -> None:
    data = new_site(haishu, geometry_pairs="121.65, 29.85")
    (sentence,) = errors(haishu.post(f"{LIST}add/", data))["confirm_cross"]
    assert "鄞州区" in sentence and "海曙区" in sentence
    assert haishu.post(f"{LIST}add/", {**data, "confirm_cross": "on"}).status_code == 302
    site = Site.objects.get(code="NEW-1")
    assert (site.located_in.code, site.managed_by.code) == ("330212", "330203")
    # Once confirmed, saving something else does not ask again; moving it does.
    assert haishu.post(edit_url(site), {**opened(haishu, site), "name": "改名"}).status_code == 302
    moved = {**opened(haishu, site), "geometry_pairs": "121.66, 29.85"}
    assert "confirm_cross" in errors(haishu.post(edit_url(site), moved))


def test_a_taken_code_is_said_at_the_field(world: World, haishu: Client) -> None:
    site = world.site()
    response = haishu.post(f"{LIST}add/", new_site(haishu, geometry_pairs="121.55, 29.85", code=site.code))
    assert "code" in errors(response)


def test_attributes_of_the_kind(world: World, haishu: Client) -> None:
    FacilityKind.objects.filter(slug="meal-point").update(
        attributes=[
            {"key": "seats", "label_zh": "座位", "label_en": "Seats", "type": "integer", "unit": "个"}
        ]
    )
    data = new_site(haishu, geometry_pairs="121.55, 29.85", attribute_seats="40")
    assert haishu.post(f"{LIST}add/", data).status_code == 302
    site = Site.objects.get(code="NEW-1")
    assert site.attributes == {"seats": 40}
    assert "attribute_seats" in errors(
        haishu.post(edit_url(site), {**opened(haishu, site), "attribute_seats": "多"})
    )
    assert haishu.post(edit_url(site), {**opened(haishu, site), "attribute_seats": ""}).status_code == 302
    site.refresh_from_db()
    assert site.attributes == {}


# -- changing ---------------------------------------------------------------------------------------------


def test_saving_what_stands_there_writes_nothing(world: World, haishu: Client) -> None:
    site = world.add(world.planned(lon=121.5512345678, lat=29.8498765432))[0]
    before = ChangeHead.objects.values_list("seq", flat=True).get()
    assert haishu.post(edit_url(site), opened(haishu, site)).status_code == 302
    assert ChangeHead.objects.values_list("seq", flat=True).get() == before
    same = Site.objects.get(pk=site.pk)
    assert same.version == site.version and same.geom.equals_exact(site.geom)


def test_change_goes_through_the_action(world: World, haishu: Client) -> None:
    site = world.add(world.planned())[0]
    typed = {"stage": "finished", "finished_on_": "", "effective_on": "2024-05-20", "reason": "现场确认"}
    assert haishu.post(edit_url(site), {**opened(haishu, site), **typed}).status_code == 302
    site.refresh_from_db()
    assert (site.stage, site.version) == ("finished", 2)
    assert site.states.order_by("pk").last().effective_on == dt.date(2024, 5, 20)  # type: ignore[union-attr]
    entry = AuditEntry.objects.first()
    assert entry is not None
    assert entry.payload["reason"] == "现场确认"
    assert entry.payload["changed"]["stage"] == ["building", "finished"]
    history = haishu.get(f"{LIST}{site.pk}/history/").content.decode()
    assert "现场确认" in history and "建设中" in history and "已完工" in history


def test_contributions_are_part_of_the_same_change(world: World, haishu: Client) -> None:
    site = world.add(world.planned())[0]
    data = opened(haishu, site)
    data |= {"contributions-0-quantity": "2.5", "name": "改名"}
    seq = ChangeHead.objects.values_list("seq", flat=True).get()
    assert haishu.post(edit_url(site), data).status_code == 302
    assert Contribution.objects.get(site=site).quantity == Decimal("2.5")
    assert ChangeHead.objects.values_list("seq", flat=True).get() == seq + 1
    removed = {**opened(haishu, site), "contributions-0-DELETE": "on"}
    assert haishu.post(edit_url(site), removed).status_code == 302
    assert not Contribution.objects.filter(site=site).exists()


def test_handing_over_to_another_district_is_refused(world: World, haishu: Client) -> None:
    site = world.site()
    data = {**opened(haishu, site), "managed_by": str(world.counties["330212"].pk), "confirm_cross": "on"}
    assert "managed_by" in errors(haishu.post(edit_url(site), data))
    site.refresh_from_db()
    assert site.managed_by.code == "330203"


# -- two editors on one site --------------------------------------------------------------------------------


def test_conflict_shows_both_and_loses_nothing(world: World, haishu: Client, admin_client: Client) -> None:
    site = world.add(world.planned(name="原名", address="原址", phone="1"))[0]
    mine = opened(haishu, site)
    theirs = {**opened(admin_client, site), "name": "他改的名", "phone": "2"}
    assert admin_client.post(edit_url(site), theirs).status_code == 302

    # I changed name and address; the other name and phone.
    response = haishu.post(edit_url(site), {**mine, "name": "我改的名", "address": "我改的址"})
    assert response.status_code == 200
    body = response.content.decode()
    for text in ("原名", "他改的名", "我改的名", "我改的址", "admin"):
        assert text in body, text
    stored = Site.objects.get(pk=site.pk)
    assert (stored.name, stored.address, stored.phone) == ("他改的名", "原址", "2")
    by_name = {row.name: row for row in response.context["conflict"].differences}
    assert by_name["name"].mine_kept and not by_name["phone"].mine_kept
    assert (by_name["address"].who, by_name["address"].both) == ("", False), "mine alone, and said to be kept"

    # The form has what I typed, and the other's value where I had typed nothing; saving again keeps all of it.
    again = form_of(body, "site_form")
    assert (again["name"], again["address"], again["phone"]) == ("我改的名", "我改的址", "2")
    assert haishu.post(edit_url(site), {**again, "_save": "1"}).status_code == 302
    stored.refresh_from_db()
    assert (stored.name, stored.address, stored.phone) == ("我改的名", "我改的址", "2")


def test_conflict_on_place_and_contributions(world: World, haishu: Client) -> None:
    site = world.add(world.planned())[0]
    mine = opened(haishu, site)
    other = {**opened(haishu, site), "geometry_pairs": "121.56, 29.86", "contributions-0-quantity": "7"}
    assert haishu.post(edit_url(site), other).status_code == 302
    response = haishu.post(edit_url(site), {**mine, "name": "我改的名", "contributions-0-quantity": "9"})
    assert response.status_code == 200
    assert {row.name for row in response.context["conflict"].differences} >= {"geom", "contributions"}
    assert "助餐服务点 9" in response.content.decode()  # what I typed is shown
    again = form_of(response.content.decode(), "site_form")
    assert haishu.post(edit_url(site), {**again, "_save": "1"}).status_code == 302
    site.refresh_from_db()
    assert site.name == "我改的名"
    assert site.location.x == pytest.approx(121.56)
    assert Contribution.objects.get(site=site).quantity == 7


def test_conflict_between_form_and_lock(
    world: World, haishu: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody is faster after the form was found good: the action refuses, the form comes back."""
    site = world.add(world.planned())[0]
    data = {**opened(haishu, site), "name": "我改的名"}
    from projects.admin import sites as module

    def slow(**given: Any) -> Site:
        monkeypatch.setattr(module, "change_site", change_site)
        change_site(
            access=system_access(), site_id=site.pk, expected_version=site.version, changes={"phone": "119"}
        )
        return change_site(**given)

    monkeypatch.setattr(module, "change_site", slow)
    response = haishu.post(edit_url(site), data)
    assert response.status_code == 200
    assert form_of(response.content.decode(), "site_form")["name"] == "我改的名"
    assert Site.objects.get(pk=site.pk).name == site.name


@pytest.mark.parametrize("seen", ["", "abc", "-1", "9" * 30, "12345"])
def test_a_doctored_version_is_refused(world: World, haishu: Client, seen: str) -> None:
    site = world.site()
    response = haishu.post(edit_url(site), {**opened(haishu, site), "seen_seq": seen, "name": "改"})
    assert response.status_code == 200
    assert Site.objects.get(pk=site.pk).name == site.name


# -- steps ----------------------------------------------------------------------------------------------------
