"""Who sees lights and months of promises: staff by scope, in the admin and the API; the public fails closed."""

import datetime as dt

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.utils import translation

from projects.actions.programmes import save_programme
from projects.models import Indicator, LightSpan, MonthResult, Programme
from projects.models.access import access_of, system_access
from projects.readmodels.clocks import Clocks
from projects.readmodels.publiclights import PublicLights, of_area, of_programme, public_lights_json
from projects.readmodels.siteindex import snapshot
from projects.readmodels.subjectlights import subject_lights
from projects.rules.vocabulary import Subject
from tests.factories import CUTOFF, World
from tests.integration.adminforms import client_of
from tests.integration.promised import TENS, Promised, day

pytestmark = pytest.mark.django_db

API = "/api/staff/v1/supervision/"


@pytest.fixture
def here(world: World) -> Promised:
    """瓯海: two districts with a promise each that only 海曙 keeps up to April, the city with one, money."""
    found = Promised(world, "ouhai-2020")
    shows = found.indicator("shows")
    for county in ("330203", "330212", None):
        found.target(shows, "120", county)
        found.plan(shows, TENS, county)
    for on, amount in (("01-31", "10"), ("02-29", "20"), ("03-31", "25"), ("04-05", "30"), ("04-30", "40")):
        found.report(shows, on, amount)
    found.line("600", day("01-01"))
    return found


def seen(world: World, name: str, kind: Subject | None = None) -> set[str]:
    rows = subject_lights(
        world.programme.pk,
        Clocks(CUTOFF),
        access=access_of(world.users[name], CUTOFF),
        kinds=[kind] if kind else (),
    )
    return {row.subject.place or "" for row in rows}


def test_staff_see_what_their_role_reaches(here: Promised, world: World) -> None:
    assert seen(world, "supervisor") == {"330203", "330212", "330200", ""}
    assert seen(world, "haishu") == {"330203"}
    assert seen(world, "yinzhou", Subject.DIVISION) == {"330212"}
    assert seen(world, "energy") == set()  # another department's indicators
    assert seen(world, "stranger") == set()


def test_the_staff_api_is_scoped_and_strict(here: Promised, world: World) -> None:
    supervisor, haishu = client_of(world.users["supervisor"]), client_of(world.users["haishu"])
    answer = supervisor.get(f"{API}subjects/?as_of=2024-04-30&kind=division")
    assert answer.headers["Cache-Control"] == "private, no-store"
    body = answer.json()
    assert [(row["division"], row["light"]) for row in body["lights"]] == [
        ("330203", "green"),
        ("330212", "red"),
    ]
    march = body["months"][0]["months"][2]
    assert (march["month"], march["light"], march["made_good_on"]) == ("2024-03", "yellow", "2024-04-05")
    assert {row["division"] for row in haishu.get(f"{API}subjects/").json()["lights"]} == {"330203"}
    assert haishu.get(f"{API}subjects/?division=330212").json()["lights"] == []
    assert (
        haishu.get(f"{API}subjects/?light=yellow,red&indicator=shows").json()["lights"][0]["light"] == "red"
    )
    assert haishu.get(f"{API}divergence/").json()["rows"] == []
    assert Client().get(f"{API}subjects/").status_code == 403
    for wrong in ("colour=red", "kind=site2", "light=pink", "division=1", "indicator=x", "programme=x",
                  "as_of=2023-01-01", "known_at=2999-01-01"):  # fmt: skip
        refused = supervisor.get(f"{API}subjects/?{wrong}")
        assert refused.status_code == 400, wrong
        assert wrong.split("=")[0] in refused.json()["detail"] + str(refused.json()), wrong
    assert supervisor.get(f"{API}divergence/?kind=division").status_code == 400


def test_the_admin_lists_are_scoped_and_only_read(here: Promised, world: World) -> None:
    supervisor, haishu = client_of(world.users["supervisor"]), client_of(world.users["haishu"])
    for name in ("lightspan", "monthresult"):
        page = supervisor.get(f"/admin/projects/{name}/").content.decode()
        assert "鄞州区" in page
        own = haishu.get(f"/admin/projects/{name}/").content.decode()
        assert "海曙区" in own
        assert "鄞州区" not in own
        assert haishu.get(f"/admin/projects/{name}/add/").status_code == 403
    months = haishu.get("/admin/projects/monthresult/?kind=division").content.decode()
    assert "2024-03" in months
    assert "2024-04-05" in months  # made good
    assert "2024-07" not in months  # not over by the cut-off
    theirs = LightSpan.objects.known().on(CUTOFF).filter(division=world.counties["330212"]).first()
    assert theirs is not None
    assert haishu.get(f"/admin/projects/lightspan/{theirs.pk}/change/").status_code == 302
    mine = LightSpan.objects.known().on(CUTOFF).get(subject_key=here.key(_shows()))
    detail = haishu.get(f"/admin/projects/lightspan/{mine.pk}/change/").content.decode()
    assert "计划 50.0 %,实际 33.3 %" in detail
    assert 'name="_save"' not in detail
    month = MonthResult.objects.known().get(subject_key=here.county_key(), month=3)
    assert "2024-04-05" in haishu.get(f"/admin/projects/monthresult/{month.pk}/change/").content.decode()
    for name in ("lightspan", "monthresult"):
        page = haishu.get(f"/admin/projects/{name}/?programme={world.programme.key}").content.decode()
        assert "Valid from" not in page
        assert "programme</" not in page and "以 programme" not in page
    english = haishu.get("/en/admin/projects/lightspan/?light__exact=red").content.decode()
    assert "Red" in english


def _shows() -> Indicator:
    return Indicator.objects.get(code="shows")


def test_the_list_of_differences_in_the_admin(world: World) -> None:
    here = Promised(world, "yinchuan-2025")
    piles = world.indicators["06-piles"]
    for county in ("330203", "330212"):
        here.target(piles, "1440", county)
        world.add(world.planned(kind="ev-charging", county=county, counts_for=(("06-piles", 1),)))
        here.report(piles, "06-30", None, county, percent="30")
    path = "/admin/projects/lightspan/divergence/"
    page = client_of(world.users["supervisor"]).get(path).content.decode()
    assert page.count("相差过大") == 2
    own = client_of(world.users["haishu"]).get(path).content.decode()
    assert own.count("相差过大") == 1
    assert "鄞州区" not in own
    assert client_of(world.users["stranger"]).get(path).status_code == 302


def test_the_public_sees_nothing_until_the_programme_says_so(here: Promised, world: World) -> None:
    shown = published(world)
    assert shown is not None
    assert shown.own is not None
    assert shown.own.light.value == "red"
    decisions: tuple[dict[str, object], ...] = (
        {"publishes_lights": False},
        {"publication": "draft"},
        {"cutoff": dt.date(2024, 6, 29)},  # what nobody was asked to report yet
    )
    for hidden in decisions:
        row = Programme.objects.get(pk=world.programme.pk)
        before = {name: getattr(row, name) for name in hidden}
        write(row, hidden)
        assert published(world) is None, hidden
        write(row, before)
    write(Programme.objects.get(pk=world.programme.pk), {"publishes_reasons": False})
    shown = published(world)
    assert shown is not None
    assert {row.reason for row in shown.rows} == {None}
    assert {row.reason for table in shown.months for row in table.rows} == {None}
    said = public_lights_json(shown)
    assert said["light"] == "red"
    assert "outputs" not in said["months"][0]["months"][0]
    assert public_lights_json(None) == {"light": None, "lights": None, "months": None}


def published(world: World) -> PublicLights | None:
    held = snapshot(fresh=True)
    programme = held.vocabulary.programmes[world.programme.pk]
    of_city = of_programme(programme, Clocks(CUTOFF))
    found = of_area(programme, held.vocabulary.area_by_code["330203"], Clocks(CUTOFF))
    assert (of_city is None) == (found is None)
    return found


def write(row: Programme, changes: dict[str, object]) -> None:
    row.refresh_from_db()
    for name, value in changes.items():
        setattr(row, name, value)
    save_programme(access=system_access(), row=row)


def test_the_parts_of_pages(here: Promised, world: World) -> None:
    shown = published(world)
    assert shown is not None
    with translation.override("zh-hans"):
        lights = render_to_string("projects/parts/subject-lights.html", {"lights": shown.rows, "label": "灯"})
        months = render_to_string(
            "projects/parts/month-table.html", {"table": shown.months[0], "label": "月"}
        )
        staff = render_to_string(
            "projects/parts/month-table.html", {"table": shown.months[0], "label": "月", "staff": True}
        )
    assert "light--red" in lights
    assert "当月任务未完成" in lights
    assert "2024-03" in months
    assert "2024-04-05" in months
    assert "应采取的措施" not in months
    assert "应采取的措施" in staff
