"""Maintained sums: mended by a command, filled after an upgrade, left alone by a rehearsal, asked by both clocks."""

import datetime as dt
import json
from decimal import Decimal
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.http import QueryDict
from django.test import Client

from projects.actions import rollups
from projects.actions.batches import apply_site_drafts
from projects.actions.divisions import set_parent
from projects.actions.errors import Invalid, NotAllowed
from projects.actions.figures import broken_figures, fill_after_migrate, rebuild_figures
from projects.actions.programmes import save_category, save_programme
from projects.actions.publishing import withdraw_site
from projects.actions.sites import change_site
from projects.models import (
    AuditEntry,
    Category,
    Division,
    DivisionParent,
    LightSpan,
    Programme,
    RollUp,
    RollUpStep,
    Site,
    SiteStanding,
    recordguards,
)
from projects.models.access import system_access
from projects.readmodels.clocks import Clocks, as_text, asked_clocks, recorded_moment
from projects.readmodels.districts import district_progress, districts_overview
from projects.readmodels.siteindex import snapshot
from projects.readmodels.sitequeries import FilterError
from projects.readmodels.tallies import board
from projects.rules.methodology import ANCHORS
from projects.rules.vocabulary import Light, Stage
from tests.factories import CUTOFF, START, World

pytestmark = pytest.mark.django_db

MARCH = dt.date(2024, 3, 31)
JULY = dt.date(2024, 7, 1)


def change(site: Site, on: dt.date, **changes: object) -> Site:
    site.refresh_from_db()
    return change_site(
        access=system_access(),
        site_id=site.pk,
        expected_version=site.version,
        changes=changes,
        effective_on=on,
        reason="test",
    )


def sites_on(world: World, day: dt.date, code: str | None = None) -> int:
    held = snapshot(fresh=True)
    programme = held.vocabulary.programmes[world.programme.pk]
    managers = None if code is None else {world.counties[code].pk}
    return board(programme, Clocks(day), held).tally(managers=managers).sites


class TestRebuilding:
    def test_a_wrong_sum_is_named_and_mended(self, world: World) -> None:
        world.add(world.planned(), world.planned(county="330212"))
        assert list(broken_figures()) == []
        RollUp.objects.filter(unit="category", day=CUTOFF, managed_by=world.counties["330203"]).update(
            sites=40
        )
        category = world.indicators["03-meal"].category_id
        named = [row.subject for row in broken_figures()]
        assert named == [f"330200-2024 2024-06-30 category:{category} 330203"]
        out = StringIO()
        with pytest.raises(SystemExit) as stopped:
            call_command("check_data", "--json", stdout=out)
        assert stopped.value.code == 1
        assert [json.loads(line)["invariant"] for line in out.getvalue().splitlines()] == ["rollups"]
        out = StringIO()
        with pytest.raises(SystemExit) as stopped:
            call_command("rebuild_figures", "--json", stdout=out)
        assert stopped.value.code == 1
        assert json.loads(out.getvalue())["cells"] == [
            {
                "programme": "330200-2024",
                "day": "2024-06-30",
                "unit": "category",
                "unit_id": category,
                "division": "330203",
            }
        ]
        assert list(broken_figures()) == []
        call_command("rebuild_figures", stdout=StringIO())

    def test_it_says_sites_and_sums_in_words(self, world: World) -> None:
        site = world.add(world.planned())[0]
        with recordguards.lifted(connection):
            SiteStanding.objects.filter(site=site).update(is_demo=True)
        out = StringIO()
        with pytest.raises(SystemExit):
            call_command("rebuild_figures", stdout=out)
        assert site.code in out.getvalue()
        assert "330200-2024" not in out.getvalue()  # the sums were right all the time

    def test_a_repainted_light_is_found_and_never_taken_over(self, world: World) -> None:
        """By SQL, and consistently: the light, the row that repeats it, and what figures count."""
        site = world.add(world.planned())[0]
        red_on = site.red_on
        with recordguards.lifted(connection):
            LightSpan.objects.filter(site=site, light="red").update(light="green")
            SiteStanding.objects.filter(site=site, light="red").update(light="green")
        Site.objects.filter(pk=site.pk).update(light="green", red_on=None)
        rollups.rebuild()
        assert [row.subject for row in broken_figures()] == [site.code]
        assert rebuild_figures(access=system_access()).sites == (site.code,)
        site.refresh_from_db()
        assert (site.light, site.red_on) == (Light.RED, red_on)
        assert list(broken_figures()) == []

    def test_it_takes_the_right(self, world: World) -> None:
        with pytest.raises(NotAllowed):
            rebuild_figures(access=world.access("haishu"))
        assert not AuditEntry.objects.filter(subject_type="figures").exists()


class TestUpgrade:
    def test_an_older_database_gets_its_figures_and_refuses_what_was_before(self, world: World) -> None:
        world.add(world.planned(), world.planned(county="330212"))
        held = snapshot(fresh=True)
        before = recorded_moment(held)
        assert before is not None
        kept = [list(model.objects.order_by("pk").values()) for model in (RollUp, RollUpStep)]
        with recordguards.lifted(connection):
            for model in (SiteStanding, RollUp, RollUpStep):
                model.objects.all().delete()
        fill_after_migrate(apps.get_app_config("projects"), "default")
        fill_after_migrate(apps.get_app_config("projects"), "default")
        assert AuditEntry.objects.filter(action="figures.fill").count() == 1
        assert list(broken_figures()) == []
        assert [
            [{**row, "id": 0} for row in model.objects.order_by("pk").values()]
            for model in (RollUp, RollUpStep)
        ] == [[{**row, "id": 0} for row in rows] for rows in kept]
        held = snapshot(fresh=True)
        programme = held.vocabulary.programmes[world.programme.pk]
        query = QueryDict(mutable=True)
        query["known_at"] = as_text(before)
        with pytest.raises(FilterError) as refused:
            asked_clocks(query, programme)
        assert refused.value.parameter == "known_at"
        now = recorded_moment(held)
        assert now is not None
        query["known_at"] = as_text(now)
        clocks = asked_clocks(query, programme)
        assert board(programme, clocks, held).tally().sites == 2

    def test_nothing_is_filled_without_sites_that_count(self, world: World) -> None:
        world.site()
        fill_after_migrate(apps.get_app_config("projects"), "default")
        assert not AuditEntry.objects.filter(subject_type="figures").exists()


def test_a_rehearsal_leaves_the_sums_alone(world: World) -> None:
    world.add(world.planned())
    before = list(RollUp.objects.order_by("pk").values())
    apply_site_drafts(
        access=system_access(),
        drafts=[world.planned()],
        reason="test",
        publisher=world.access("publisher"),
        is_rehearsal=True,
    )
    assert list(RollUp.objects.order_by("pk").values()) == before
    assert list(broken_figures()) == []


def test_late_sites_are_asked_for_in_the_words_of_their_index() -> None:
    """SQLite takes a partial index only where the text of the query has its condition."""
    index = next(row for row in SiteStanding._meta.indexes if row.name == "sitestanding_late")
    made = str(index.create_sql(SiteStanding, connection.schema_editor())).replace('"', "")
    condition = made.split(" WHERE ")[1].rstrip(";")
    assert condition == "light IN ('red', 'yellow')"
    assert f"projects_sitestanding.{condition}" in str(SiteStanding.objects.late().query)


def test_every_count_names_a_formula_that_is_explained(world: World) -> None:
    world.add(world.planned(), world.planned(stage=Stage.FINISHED), world.draft(counts_for=(("03-meal", 1),)))
    held = snapshot(fresh=True)
    tally = board(held.vocabulary.programmes[world.programme.pk], Clocks(CUTOFF), held).tally()
    assert {tally.formula, tally.planned_formula, tally.late_formula} <= set(ANCHORS)
    assert (tally.numerator, tally.denominator, tally.missing) == (2, 3, 1)
    assert (tally.planned_numerator, tally.planned_percent) == (tally.due, tally.due * 100 / Decimal(3))


def test_existing_stock_has_no_standing(world: World) -> None:
    world.add(world.draft(), world.planned())
    assert SiteStanding.objects.values("site").distinct().count() == 1


def test_leaving_a_programme_in_august_leaves_the_lights_of_june(world: World) -> None:
    site = world.add(world.planned())[0]
    red = LightSpan.objects.get(site=site, superseded_at=None, valid_from__lte=CUTOFF, valid_to__gt=CUTOFF)
    assert red.light == Light.RED
    change(site, dt.date(2024, 8, 1), contributions=[])
    held = snapshot(fresh=True)
    programme = held.vocabulary.programmes[world.programme.pk]
    assert board(programme, Clocks(CUTOFF), held).tally().late == 1
    assert board(programme, Clocks(dt.date(2024, 8, 1)), held).measures().light_red == 0
    assert list(broken_figures()) == []


def test_another_policy_judges_sites_that_counted_earlier(world: World) -> None:
    site = world.add(world.planned())[0]
    change(site, dt.date(2024, 8, 1), contributions=[])
    row = Programme.objects.get(pk=world.programme.pk)
    row.cutoff = MARCH
    save_programme(access=system_access(), row=row)
    assert AuditEntry.objects.filter(action="programme.rejudge").count() == 1
    assert list(broken_figures()) == []


def test_a_category_with_indicators_stays_in_its_year(world: World) -> None:
    other = Programme.objects.create(
        key="330200-2025",
        name_zh="2025",
        division=world.city,
        year=2025,
        period_start=dt.date(2025, 1, 1),
        period_end=dt.date(2025, 12, 31),
        cutoff=dt.date(2025, 6, 30),
        policy=world.programme.policy,
    )
    category = Category.objects.get(slug="elderly")
    category.programme = other
    with pytest.raises(Invalid) as refused:
        save_category(access=system_access(), row=category)
    assert set(refused.value.errors) == {"programme"}


class TestDatedTree:
    @pytest.fixture
    def merged(self, world: World) -> Division:
        """镇海 became a part of 鄞州 in July; its townships went with it."""
        town = Division.objects.create(code="330211001", name_zh="招宝山街道", level="township")
        DivisionParent.objects.create(
            child=town, parent=world.counties["330211"], valid_from=dt.date(2000, 1, 1)
        )
        world.counties[town.code] = town
        world.add(world.planned(managed_by=town.code), world.planned(county="330212"))
        set_parent(access=system_access(), child=town, parent=world.counties["330212"], valid_from=JULY)
        return town

    @pytest.mark.parametrize(("day", "old", "new"), [(CUTOFF, 1, 1), (JULY, 0, 2)])
    def test_a_day_has_the_tree_of_the_day(
        self, world: World, merged: Division, day: dt.date, old: int, new: int
    ) -> None:
        held = snapshot(fresh=True)
        overview = districts_overview(held=held, as_of=day)
        assert overview is not None
        rows = {row.area.code: row.tally.sites for row in overview.rows}
        assert (rows["330211"], rows["330212"]) == (old, new)
        assert sum(rows.values()) == overview.total.sites == 2
        area = held.vocabulary.area_by_code["330211"]
        progress = district_progress(area, held=held, as_of=day)
        assert progress is not None
        assert progress.tally.sites == old


class TestKnownAt:
    URL = "/api/v1/divisions/330203/progress/"

    def test_the_same_pair_gives_the_same_answer(self, world: World, client: Client) -> None:
        site = world.add(world.planned(), world.planned())[0]
        first = client.get(self.URL).json()
        assert first["sites"] == 2
        change(site, MARCH, stage=Stage.FINISHED.value)
        site.refresh_from_db()
        withdraw_site(access=system_access(), site_id=site.pk, expected_version=site.version, reason="误")
        now = client.get(self.URL).json()
        assert (now["sites"], now["finished"]) == (1, 0)
        again = client.get(self.URL, {"known_at": first["known_at"]}).json()
        assert again == first
        assert client.get(self.URL, {"known_at": now["known_at"]}).json() == now

    def test_a_moment_to_come_is_refused(self, world: World, client: Client) -> None:
        world.add(world.planned())
        answer = client.get(self.URL, {"known_at": "2999-01-01"})
        assert answer.status_code == 400
        assert "known_at" in answer.json()["detail"]

    def test_what_is_unpublished_is_not_there(self, world: World, client: Client) -> None:
        world.add(world.planned())
        moment = client.get(self.URL).json()["known_at"]
        row = Programme.objects.get(pk=world.programme.pk)
        row.publishes_progress = False
        save_programme(access=system_access(), row=row)
        assert client.get(self.URL, {"known_at": moment}).status_code == 404

    def test_before_the_first_change_there_was_nothing(self, world: World, client: Client) -> None:
        world.add(world.planned())
        answer = client.get(self.URL, {"known_at": "2020-01-01", "as_of": START.isoformat()}).json()
        assert (answer["sites"], answer["percent"]) == (0, None)
