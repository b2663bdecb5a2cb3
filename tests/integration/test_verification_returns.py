"""Returns, rework and re-visits, and what lights and figures say of them by both clocks."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from projects.actions.errors import ActionError, Invalid, NotAllowed, PeriodClosed
from projects.actions.sites import change_site
from projects.actions.verification import declare_rework
from projects.models import ChangeHead, LightSpan, Rework, Site
from projects.permissions.access import Permission
from projects.readmodels.clocks import Clocks
from projects.readmodels.sitefacts import site_records
from projects.readmodels.siteindex import snapshot
from projects.readmodels.tallies import board
from projects.readmodels.verifying import standing_of, to_rework, waiting_for
from projects.rules.vocabulary import Awaits, Service, SpotChecks, Stage
from tests.factories import CUTOFF, World
from tests.integration.closedcore import close
from tests.integration.verifying import (
    DEPARTMENT,
    RETURNED,
    REVISIT,
    SELF,
    UNUSABLE,
    USABLE,
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


def rework(world: World, site: Site, day: dt.date = LATER, who: str = "haishu") -> Rework:
    return declare_rework(
        access=world.access(who),
        site_id=site.pk,
        expected_version=Site.objects.get(pk=site.pk).version,
        done_on=day,
        note="已按要求整改",
    )


class TestReturns:
    def test_whoever_returned_it_may_look_again(self, people: World) -> None:
        """Writing a stage back is judging, not reporting."""
        site = finished(people)
        visit(people.access("haishu2"), site, SELF, RETURNED, stage_after=Stage.BUILDING)
        rework(people, site)
        visit(people.access("haishu2"), site, SELF, day=LATER)

    def test_a_return_says_why_and_until_when(self, people: World) -> None:
        site = finished(people)
        wrong: list[dict[str, Any]] = [{"reasons": " "}, {"working_days": 0}, {"working_days": 999}]
        for values in wrong:
            with pytest.raises(Invalid):
                visit(people.access("haishu2"), site, SELF, RETURNED, **{"reasons": "x", **values})
        # Ten working days after Friday 7 June 2024: Monday the 10th is 端午.
        row = visit(people.access("haishu2"), site, SELF, RETURNED, day=dt.date(2024, 6, 7))
        assert (row.deadline, row.deadline_is_provisional) == (dt.date(2024, 6, 24), False)
        assert waits(site) is Awaits.REWORK
        assert list(to_rework(people.access("haishu"), Permission.SITE_REPORT)) == [site]
        assert not to_rework(people.access("yinzhou"), Permission.SITE_REPORT).exists()

    def test_a_small_defect_leaves_it_finished(self, people: World) -> None:
        site = finished(people)
        visit(people.access("haishu2"), site, SELF, RETURNED)
        site.refresh_from_db()
        assert (site.stage, site.finished_on) == ("finished", dt.date(2024, 6, 1))
        assert counted(people, CUTOFF) == (1, 1)
        rework(people, site)
        assert waits(site) is Awaits.SELF_CHECK

    def test_taken_back_it_is_not_finished_from_that_day_on(self, people: World) -> None:
        """Both clocks: the days before the visit keep what they said, and what was known stays known."""
        site = finished(people, state_since=dt.date(2024, 1, 5))
        known = head()
        early = dt.date(2024, 6, 5)
        assert (counted(people, early), counted(people, CUTOFF)) == ((1, 1), (1, 1))
        visit(people.access("haishu2"), site, SELF, RETURNED, stage_after=Stage.BUILDING, percent=Decimal(40))
        site.refresh_from_db()
        assert (site.stage, site.finished_on, site.percent) == ("building", None, Decimal(40))
        assert (counted(people, early), counted(people, CUTOFF)) == ((1, 1), (1, 0))
        assert counted(people, CUTOFF, known) == (1, 1)
        # 40 of about 90 % planned on the cut-off: more than 30 points behind.
        assert (light_on(site, early), light_on(site, CUTOFF), site.light) == ("green", "red", "red")
        rework(people, site)
        site.refresh_from_db()
        assert (site.stage, site.finished_on, site.percent) == ("finished", LATER, Decimal(100))
        assert (counted(people, early), counted(people, dt.date(2024, 6, 15))) == ((1, 1), (1, 0))
        assert counted(people, CUTOFF) == (1, 1)
        assert (light_on(site, early), light_on(site, VISITED), light_on(site, CUTOFF)) == (
            "green", "red", "green"
        )  # fmt: skip
        # A return after the finish that was entered late: the bare date still says so.
        facts = site_records([site.pk])[site.pk].facts
        assert dt.date(2024, 6, 1) in {change.effective for change in facts.history}

    def test_the_finish_that_was_entered_late_keeps_its_light(self, people: World) -> None:
        site = people.add(people.planned())[0]
        change_site(
            access=people.access("haishu"),
            site_id=site.pk,
            expected_version=1,
            changes={"stage": "finished", "finished_on": dt.date(2024, 5, 20)},
            effective_on=dt.date(2024, 6, 1),
        )
        day = dt.date(2024, 5, 25)
        before = light_on(site, day)
        visit(people.access("haishu2"), site, SELF, RETURNED, stage_after=Stage.BUILDING)
        assert light_on(site, day) == before == "green"

    def test_the_editor_declares_it_complete_by_the_form(self, people: World) -> None:
        site = finished(people)
        visit(people.access("haishu2"), site, SELF, RETURNED, stage_after=Stage.BUILDING)
        change_site(
            access=people.access("haishu"),
            site_id=site.pk,
            expected_version=Site.objects.get(pk=site.pk).version,
            changes={"stage": "finished", "finished_on": LATER},
            effective_on=LATER,
        )
        assert waits(site) is Awaits.SELF_CHECK

    @pytest.mark.parametrize(
        ("day", "who", "error"),
        [
            (dt.date(2024, 6, 9), "haishu", Invalid),
            (dt.date(2999, 1, 1), "haishu", Invalid),
            (LATER, "yinzhou", NotAllowed),
            (LATER, "verifier", NotAllowed),
        ],
    )
    def test_who_declares_rework_and_when(
        self, people: World, day: dt.date, who: str, error: type[ActionError]
    ) -> None:
        site = finished(people)
        visit(people.access("haishu2"), site, SELF, RETURNED)
        with pytest.raises(error):
            rework(people, site, day, who)
        assert not Rework.objects.exists()

    def test_what_was_not_returned_needs_no_rework(self, people: World) -> None:
        with pytest.raises(Invalid, match="没有待整改"):
            rework(people, finished(people))

    @pytest.mark.parametrize(
        "values",
        [
            {"percent": Decimal(100)},
            {"percent": None},
            {"percent": Decimal("1.234")},
            {"stage_after": Stage.PLANNED},
        ],
    )
    def test_what_a_return_cannot_say(self, people: World, values: dict[str, Any]) -> None:
        site = finished(people)
        with pytest.raises(Invalid):
            visit(people.access("haishu2"), site, SELF, RETURNED, **{"stage_after": Stage.BUILDING, **values})
        assert Site.objects.get(pk=site.pk).stage == "finished"

    @pytest.mark.parametrize("day", [dt.date(2024, 5, 31), dt.date(2999, 1, 1)])
    def test_the_day_of_a_visit(self, people: World, day: dt.date) -> None:
        with pytest.raises(Invalid):
            visit(people.access("haishu2"), finished(people), SELF, day=day)

    def test_a_closed_period_takes_no_return_but_a_pass_of_no_figure(self, people: World) -> None:
        site = finished(people, finished_on=dt.date(2024, 5, 1))
        close(people)
        day = dt.date(2024, 5, 15)
        with pytest.raises(PeriodClosed):
            visit(people.access("haishu2"), site, SELF, RETURNED, day=day, stage_after=Stage.BUILDING)
        visit(people.access("haishu2"), site, SELF, day=day)
        # A return of today leaves the closed month as it was.
        visit(people.access("civil"), site, DEPARTMENT, RETURNED, stage_after=Stage.BUILDING)
        assert counted(people, dt.date(2024, 5, 31)) == (1, 1)


class TestRevisits:
    @pytest.fixture
    def accepted(self, people: World) -> Iterator[Site]:
        scheme(people, spot_checks=SpotChecks.NONE.value)
        yield through(people, finished(people, service=Service.OPEN), SELF, DEPARTMENT)

    def test_found_broken_it_is_out_of_service_and_to_be_mended(self, people: World, accepted: Site) -> None:
        row = visit(
            people.access("verifier"),
            accepted,
            REVISIT,
            UNUSABLE,
            LATER,
            service_after=Service.CLOSED_TEMPORARILY,
        )
        accepted.refresh_from_db()
        assert (accepted.stage, accepted.service, accepted.service_checked_on) == (
            "verified", "closed_temporarily", LATER
        )  # fmt: skip
        assert row.deadline is not None and waits(accepted) is Awaits.REWORK
        with pytest.raises(Invalid):
            visit(people.access("verifier2"), accepted, REVISIT, USABLE, LATER)
        rework(people, accepted)
        assert waits(accepted) is Awaits.REVISIT
        assert list(waiting_for(people.access("verifier2"), REVISIT)) == [accepted]
        visit(people.access("verifier2"), accepted, REVISIT, USABLE, LATER)
        accepted.refresh_from_db()
        assert (waits(accepted), accepted.service) == (Awaits.ACCEPTED, "open")

    def test_acceptance_can_be_revoked(self, people: World, accepted: Site) -> None:
        visit(people.access("verifier"), accepted, REVISIT, UNUSABLE, LATER, stage_after=Stage.FINISHED)
        accepted.refresh_from_db()
        assert (accepted.stage, accepted.verified_on, accepted.light) == ("finished", None, "green")
        assert light_on(accepted, VISITED) == "blue"
        rework(people, accepted)
        assert waits(accepted) is Awaits.SELF_CHECK

    def test_a_site_that_does_not_work_is_not_open(self, people: World, accepted: Site) -> None:
        for result, service in ((UNUSABLE, Service.OPEN), (USABLE, Service.CLOSED)):
            with pytest.raises(Invalid):
                visit(people.access("verifier"), accepted, REVISIT, result, LATER, service_after=service)

    def test_existing_stock_is_looked_at_too(self, people: World) -> None:
        stock = people.site()
        visit(people.access("verifier"), stock, REVISIT, USABLE)
        assert waits(stock) is Awaits.ACCEPTED
        with pytest.raises(Invalid):
            visit(people.access("admin"), stock, SELF)
