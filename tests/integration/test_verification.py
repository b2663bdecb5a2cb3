"""Verifying a site: levels, people, position and list."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from projects.actions.checklists import load_checklists, save_checklist
from projects.actions.drafts import ReportDraft
from projects.actions.errors import Conflict, Invalid, NotAllowed
from projects.actions.reports import report_site
from projects.actions.sites import change_site
from projects.models import AuditEntry, ChangeHead, Checklist, LightSpan, Site, Verification
from projects.readmodels.clocks import Clocks
from projects.readmodels.siteindex import snapshot
from projects.readmodels.tallies import board
from projects.readmodels.verifying import standing_of, waiting_for
from projects.rules.vocabulary import Awaits, SpotChecks
from tests.factories import World, database_content
from tests.integration.verifying import (
    DEPARTMENT,
    PASSED,
    SELF,
    SPOT,
    UNREACHABLE,
    VISITED,
    add_people,
    finished,
    scheme,
    through,
    visit,
)

pytestmark = pytest.mark.django_db

LATER = dt.date(2024, 6, 20)


@pytest.fixture
def people(world: World) -> World:
    add_people(world)
    return world


def waits(site: Site) -> Awaits:
    return standing_of(Site.objects.get(pk=site.pk)).awaits


def light_on(site: Site, day: dt.date) -> str:
    """By the spans that hold now."""
    return LightSpan.objects.get(
        site=site, superseded_at__isnull=True, valid_from__lte=day, valid_to__gt=day
    ).light


def counted(world: World, day: dt.date, known_seq: int | None = None) -> tuple[int, int]:
    """(sites, completed) of the programme on a day, by what was known at a change."""
    programme = snapshot(fresh=True).vocabulary.programmes[world.programme.pk]
    tally = board(programme, Clocks(day, known_seq=known_seq), snapshot(fresh=True)).tally(managers=None)
    return tally.sites, tally.finished


def head() -> int:
    return ChangeHead.objects.get().seq


class TestTheLevels:
    def test_all_levels_one_after_the_other_make_it_verified(self, people: World) -> None:
        scheme(people, spot_checks=SpotChecks.ALL.value)
        site = finished(people)
        assert waits(site) is Awaits.SELF_CHECK
        for level, after in (
            (SELF, Awaits.DEPARTMENT_CHECK),
            (DEPARTMENT, Awaits.SPOT_CHECK),
            (SPOT, Awaits.ACCEPTED),
        ):
            assert Site.objects.get(pk=site.pk).stage == "finished"
            through(people, site, level)
            assert waits(site) is after
        site.refresh_from_db()
        assert (site.stage, site.verified_on, site.light) == ("verified", VISITED, "blue")
        assert light_on(site, VISITED - dt.timedelta(1)) == "green"
        assert [state.stage for state in site.states.all()][-1] == "verified"
        entry = AuditEntry.objects.order_by("seq").last()
        assert entry is not None and entry.action == "site.verify"
        assert entry.payload["changed"]["stage"] == ["finished", "verified"]

    def test_a_site_that_is_not_drawn_waits(self, people: World) -> None:
        site = through(people, finished(people), SELF, DEPARTMENT)
        assert waits(site) is Awaits.DRAW
        with pytest.raises(Invalid, match="待抽样"):
            visit(people.access("verifier"), site, SPOT)

    def test_without_spot_checks_the_department_accepts(self, people: World) -> None:
        scheme(people, spot_checks=SpotChecks.NONE.value)
        assert through(people, finished(people), SELF, DEPARTMENT).stage == "verified"

    @pytest.mark.parametrize("level", [DEPARTMENT, SPOT])
    def test_no_level_is_skipped(self, people: World, level: Any) -> None:
        site = finished(people)
        before = database_content()
        with pytest.raises(Invalid, match="待区县自查"):
            visit(people.access("civil" if level is DEPARTMENT else "verifier"), site, level)
        assert database_content() == before and not Verification.objects.exists()

    def test_nobody_there_leaves_it_waiting(self, people: World) -> None:
        site = finished(people)
        visit(people.access("haishu2"), site, SELF, UNREACHABLE)
        assert waits(site) is Awaits.SELF_CHECK
        # A visit in vain judged nothing: the same person comes again.
        visit(people.access("haishu2"), site, SELF, PASSED, day=LATER)
        assert waits(site) is Awaits.DEPARTMENT_CHECK

    def test_only_a_verification_says_verified(self, people: World) -> None:
        site = finished(people)
        for changes in ({"stage": "verified"}, {"verified_on": VISITED}):
            with pytest.raises(Invalid, match="核验人登记"):
                change_site(
                    access=people.access("haishu"), site_id=site.pk, expected_version=1, changes=changes
                )

    def test_somebody_was_faster(self, people: World) -> None:
        from projects.actions.drafts import VisitDraft
        from projects.actions.verification import verify_site

        site = finished(people)
        through(people, site, SELF)
        with pytest.raises(Conflict):
            verify_site(
                access=people.access("civil"),
                site_id=site.pk,
                expected_version=1,
                visit=VisitDraft(DEPARTMENT, PASSED, VISITED),
            )


class TestWho:
    @pytest.mark.parametrize(
        ("who", "level", "allowed"),
        [
            ("haishu2", SELF, True),
            ("yinzhou", SELF, False),
            ("civil", SELF, False),
            ("verifier", SELF, False),
            ("supervisor", SELF, False),
            ("publisher", SELF, False),
            ("stranger", SELF, False),
            ("admin", SELF, True),
            ("civil", DEPARTMENT, True),
            ("energy", DEPARTMENT, False),
            ("haishu2", DEPARTMENT, False),
            ("verifier", SPOT, True),
            ("verifier-yinzhou", SPOT, False),
            ("civil", SPOT, False),
            ("supervisor", SPOT, False),
        ],
    )
    def test_each_level_has_its_people(self, people: World, who: str, level: Any, allowed: bool) -> None:
        scheme(people, spot_checks=SpotChecks.ALL.value)
        site = finished(people)
        before = [SELF, DEPARTMENT, SPOT]
        through(people, site, *before[: before.index(level)])
        content = database_content()
        if allowed:
            visit(people.access(who), site, level)
            return
        with pytest.raises(NotAllowed):
            visit(people.access(who), site, level)
        assert database_content() == content

    def test_nobody_verifies_what_they_reported(self, people: World) -> None:
        site = people.add(people.planned())[0]
        editor = people.access("haishu")
        report_site(access=editor, site_id=site.pk, report=ReportDraft(dt.date(2024, 5, 1), Decimal(90)))
        change_site(
            access=people.access("haishu2"),
            site_id=site.pk,
            expected_version=2,
            changes={"stage": "finished", "finished_on": dt.date(2024, 6, 1)},
            effective_on=dt.date(2024, 6, 1),
        )
        # The one reported progress, the other declared it complete.
        for who in ("haishu", "haishu2"):
            with pytest.raises(NotAllowed, match="填报过"):
                visit(people.access(who), site, SELF)
            assert site.pk not in waiting_for(people.access(who), SELF).values_list("pk", flat=True)
        assert list(waiting_for(people.access("admin"), SELF)) == [site]

    def test_a_change_of_the_address_is_no_report(self, people: World) -> None:
        site = finished(people)
        change_site(
            access=people.access("haishu"), site_id=site.pk, expected_version=1, changes={"address": "新址"}
        )
        visit(people.access("haishu"), site, SELF)

    def test_nobody_looks_on_two_levels(self, people: World) -> None:
        scheme(people, spot_checks=SpotChecks.ALL.value)
        site = finished(people)
        visit(people.access("admin"), site, SELF)
        with pytest.raises(NotAllowed, match="另一级"):
            visit(people.access("admin"), site, DEPARTMENT)
        through(people, site, DEPARTMENT)
        with pytest.raises(NotAllowed, match="另一级"):
            visit(people.access("admin"), site, SPOT)


class TestOnTheSpot:
    def test_far_from_the_site_is_recorded_and_questioned(self, people: World) -> None:
        site = finished(people)
        # 0.01 degrees of latitude: 1.1 km.
        row = visit(people.access("haishu2"), site, SELF, lon=121.55, lat=29.86, accuracy_m=20.0)
        assert row.distance_m is not None and 1100 < row.distance_m < 1115 and row.is_far
        entry = AuditEntry.objects.order_by("seq").last()
        assert entry is not None and "29.86" not in str(entry.payload)

    def test_a_vague_position_is_no_reproach(self, people: World) -> None:
        row = visit(
            people.access("haishu2"), finished(people), SELF, lon=121.55, lat=29.86, accuracy_m=2000.0
        )
        assert not row.is_far

    @pytest.mark.parametrize("lon", [181.0, float("nan"), float("inf")])
    def test_a_position_of_this_world(self, people: World, lon: float) -> None:
        with pytest.raises(Invalid):
            visit(people.access("haishu2"), finished(people), SELF, lon=lon, lat=29.8)

    def test_the_list_of_its_kind_decides(self, people: World) -> None:
        assert load_checklists(access=people.access("admin")) == 4  # general, meal point, EV charging, road
        assert load_checklists(access=people.access("admin")) == 0
        site = finished(people)
        own = Checklist.objects.get(kind=site.kind)
        answers = {item.key: "yes" for item in own.read_items() if item.required}
        with pytest.raises(Invalid) as refused:
            visit(
                people.access("haishu2"), site, SELF, checklist_id=own.pk, answers={**answers, "serves": "no"}
            )
        assert set(refused.value.errors) == {"item_serves"}
        other = Checklist.objects.get(kind__slug="road")
        with pytest.raises(Invalid):
            visit(people.access("haishu2"), site, SELF, checklist_id=other.pk, answers={})
        general = Checklist.objects.get(kind__isnull=True)
        for easier in (None, general.pk, 10**9):
            with pytest.raises(Invalid):
                visit(people.access("haishu2"), site, SELF, checklist_id=easier)
        row = visit(people.access("haishu2"), site, SELF, checklist_id=own.pk, answers=answers)
        assert row.answers == answers

    def test_a_list_changes_by_versions(self, people: World) -> None:
        admin = people.access("admin")
        load_checklists(access=admin)
        old = Checklist.objects.get(kind__isnull=True)
        same = save_checklist(access=admin, row=Checklist(name_zh=old.name_zh, items=old.items))
        assert same == old
        new = save_checklist(access=admin, row=Checklist(name_zh=old.name_zh, items=old.items[:2]))
        assert new.version == 2
        site = finished(people)
        own = Checklist.objects.get(kind=site.kind)
        answers = {item.key: "yes" for item in own.read_items() if item.required}
        save_checklist(access=admin, row=Checklist(kind=site.kind, name_zh="二", items=old.items[:2]))
        row = visit(people.access("haishu2"), site, SELF, checklist_id=own.pk, answers=answers)
        assert row.checklist == own  # a form that was open when the list changed
        save_checklist(access=admin, row=Checklist(kind=site.kind, name_zh="三", items=old.items[:3]))
        with pytest.raises(Invalid):
            visit(people.access("civil"), site, DEPARTMENT, checklist_id=own.pk, answers=answers)
        with pytest.raises(Invalid):
            save_checklist(access=admin, row=Checklist(name_zh="x", items=[{"key": "?"}]))
        with pytest.raises(NotAllowed):
            save_checklist(access=people.access("haishu"), row=Checklist(name_zh="x", items=old.items))
