"""Whose lights follow what: output of sites, projects, divisions that move, plans, and what nobody is told."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from projects.actions.closing import close_period
from projects.actions.divisions import save_division, set_parent
from projects.actions.errors import Invalid, PeriodClosed
from projects.actions.figures import broken_subject_lights, rebuild_figures
from projects.actions.programmes import save_indicator, save_project
from projects.actions.publishing import withdraw_site
from projects.actions.sites import change_site, remove_site
from projects.models import (
    Category,
    ChangeHead,
    Indicator,
    LightSpan,
    MonthResult,
    Programme,
    Project,
    Site,
    recordguards,
)
from projects.models.access import system_access
from projects.readmodels.clocks import Clocks
from projects.readmodels.divergences import divergences
from projects.readmodels.subjectlights import explained
from projects.readmodels.subjects import of_project
from projects.rules.vocabulary import DivisionLevel, Stage
from tests.factories import World
from tests.integration.promised import TENS, Promised, check_gapless, command, day

pytestmark = pytest.mark.django_db

MARCH = dt.date(2024, 3, 1)


@pytest.fixture
def here(world: World) -> Promised:
    """三亚: any shortfall is yellow, more than half red. Meal points: 4 by the end of June, in 海曙 and the city."""
    found = Promised(world, "sanya-2022")
    for county in ("330203", None):
        found.target(world.indicators["03-meal"], "4", county)
        found.plan(world.indicators["03-meal"], [["2024-06-30", "4"]], county)
    return found


def finished(world: World, **changes: object) -> Site:
    """A meal point of 海曙, finished on 1 March."""
    given = {"counts_for": (("03-meal", 1),), "started_on": MARCH, "finished_on": MARCH, **changes}
    return world.site(**given)


def meal(here: Promised, county: str | None = "330203") -> str:
    return here.key(here.world.indicators["03-meal"], county)


def done(here: Promised, county: str | None = "330203") -> float | None:
    """Percent of the target by which the light of 30 June was judged."""
    verdict = explained(meal(here, county), Clocks(day("06-30")))
    assert verdict is not None
    return None if verdict.actual is None else float(verdict.actual)


def test_output_of_sites_is_followed_wherever_it_counts(here: Promised, world: World) -> None:
    assert here.says(meal(here), day("06-30")) == ("red", "not_reported")
    sites = [finished(world) for _ in range(2)]
    assert done(here) == done(here, None) == 50
    assert here.says(meal(here), day("06-30")) == ("yellow", "behind")  # exactly half is missing
    third = finished(world, finished_on=dt.date(2024, 4, 1))
    assert (done(here), done(here, None)) == (75, 75)
    # What another county finishes counts for the city alone.
    finished(world, county="330212")
    assert (done(here), done(here, None)) == (75, 100)
    assert here.says(meal(here, None), day("06-30")) == ("green", "completed")
    # Handed over, taken off the public pages, removed: everybody who counted it is judged anew.
    access = system_access()
    change_site(
        access=access,
        site_id=third.pk,
        expected_version=1,
        changes={"managed_by_id": world.counties["330212"].pk},
        effective_on=dt.date(2024, 5, 1),
    )
    assert here.says(meal(here), day("04-30"))[0] == "green"  # nothing is planned before the only point
    assert (done(here), done(here, None)) == (50, 100)
    withdraw_site(access=access, site_id=sites[0].pk, expected_version=1, reason="误发")
    assert (done(here), done(here, None)) == (25, 75)
    assert here.says(meal(here), day("06-30")) == ("red", "far_behind")
    remove_site(access=access, site_id=sites[1].pk, expected_version=1, reason="重复")
    assert (done(here), done(here, None)) == (0, 50)
    change_site(access=access, site_id=third.pk, expected_version=2, changes={"stage": Stage.SUSPENDED})
    assert list(broken_subject_lights()) == []
    check_gapless(day("01-01"), day("12-31"))


def test_a_subset_counts_in_its_whole(here: Promised, world: World) -> None:
    here.target(world.indicators["06-piles"], "10")
    here.target(world.indicators["06-piles-rural"], "4")
    finished(world, kind="ev-charging", counts_for=(("06-piles-rural", "3"),))
    whole, part = (here.key(world.indicators[code]) for code in ("06-piles", "06-piles-rural"))
    verdicts = [explained(key, Clocks(day("06-30"))) for key in (whole, part)]
    assert [verdict.actual for verdict in verdicts if verdict] == [30, 75]


def test_work_on_sites_is_a_start_though_none_is_finished(world: World) -> None:
    here = Promised(world, "yinchuan-2025")
    here.target(world.indicators["03-meal"], "4")
    world.add(world.planned(started_on=dt.date(2024, 2, 10), state_since=day("01-01")))
    assert here.says(meal(here), day("02-09")) == ("yellow", "not_started")
    assert here.says(meal(here), day("02-10")) == ("yellow", "behind")  # 0 of 4, 10.96 % were planned
    assert here.says(meal(here), day("04-30"))[1] == "far_behind"


def test_a_township_counts_for_its_county_from_the_day_on_which_it_belongs_to_it(
    here: Promised, world: World
) -> None:
    access = system_access()
    town = save_division(access=access, code="330212001", name_zh="某镇", level=DivisionLevel.TOWNSHIP)
    set_parent(access=access, child=town, parent=world.counties["330212"], valid_from=dt.date(2020, 1, 1))
    world.counties["330212001"] = town
    here.target(world.indicators["03-meal"], "4", "330212")
    finished(world, located_in_id=world.counties["330212"].pk, managed_by="330212001", county="330212")
    assert (done(here), done(here, "330212")) == (None, 25)
    set_parent(access=access, child=town, parent=world.counties["330203"], valid_from=dt.date(2024, 5, 1))
    before = [explained(meal(here, county), Clocks(day("04-30"))) for county in ("330203", "330212")]
    assert [verdict.actual for verdict in before if verdict] == [None, 25]
    assert (done(here), done(here, "330212")) == (25, 0)
    assert list(broken_subject_lights()) == []


def test_a_project_has_the_worst_light_of_its_indicators(world: World) -> None:
    here = Promised(world, "sanya-2022")
    project = save_project(
        access=system_access(),
        row=Project(category=Category.objects.get(slug="elderly"), number=1, name_zh="某项目"),
    )
    first, second = (here.indicator(code, project=project) for code in ("first", "second"))
    key = of_project(here.programme.pk, project.pk).key
    assert not LightSpan.objects.filter(subject_key=key).exists()  # nothing promised, nothing judged
    for indicator in (first, second):
        here.target(indicator, "100", None)
        here.plan(indicator, [["2024-06-30", "50"], ["2024-12-31", "100"]], None, "percent")
    here.report(first, "06-30", "50", None)
    here.report(second, "06-30", "40", None)
    assert here.says(key, day("06-30")) == ("yellow", "behind")
    assert here.light(key, day("06-30")).because == "second"
    here.report(first, "07-01", "10", None)
    assert here.light(key, day("07-01")).because == "first"
    assert here.says(key, day("07-01")) == ("red", "far_behind")
    # An indicator that leaves the project takes its light with it.
    first.refresh_from_db()
    first.project = None
    save_indicator(access=system_access(), row=first)
    assert here.says(key, day("07-01"))[0] == "yellow"
    here.judged_by("ouhai-2020")
    assert here.months(key, day("06-30")).rows[5].met is False
    assert list(broken_subject_lights()) == []


def test_subsets_are_not_added_to_their_whole_in_a_mean(world: World) -> None:
    here = Promised(world, "sanya-2022")
    whole = here.indicator("whole")
    part = here.indicator("part", subset_of=whole)
    for indicator in (whole, part):
        here.target(indicator, "120")
        here.plan(indicator, TENS)
    here.report(whole, "01-31", "10")
    assert here.months(here.county_key(), day("01-31")).rows[0].met is True  # the part would halve the mean
    here.judged_by("ouhai-2020")
    table = here.months(here.county_key(), day("01-31")).rows[0]
    assert (table.met, table.parts, table.short, table.unreported) == (False, 2, 1, 1)  # each of them


def test_another_policy_is_judged_at_once_and_the_old_one_is_remembered(here: Promised) -> None:
    key = meal(here)
    seq = LightSpan.objects.latest("changed_seq").changed_seq
    here.judged_by("tianjin-2022")
    assert here.says(key, day("06-30")) == ("none", "no_rule")
    then = explained(key, Clocks(day("06-30"), None, seq))
    assert then is not None
    assert (then.policy_key, then.light.value) == ("sanya-2022", "red")
    here.judged_by("nanjing-2016")
    assert MonthResult.objects.known().count() > 0
    here.judged_by("sanya-2022")
    assert not MonthResult.objects.known().filter(indicator__isnull=False).exists()


@pytest.mark.parametrize(
    ("points", "unit", "field"),
    [
        ([], "percent", "points"),
        ([["2024-06-30", "101"]], "percent", "points"),
        ([["2024-06-30", "-1"]], "percent", "points"),
        ([["2024-06-30", "50"], ["2024-05-31", "60"]], "percent", "points"),
        ([["2024-06-30", "50"], ["2024-07-31", "40"]], "percent", "points"),
        ([["2025-06-30", "50"]], "percent", "points"),
        ([["2024-06-31", "50"]], "percent", "points"),
        ([["2024-06-30", "NaN"]], "percent", "points"),
        ([["2024-06-30", "5"]], "amount", "points"),  # of a target of 4
    ],
)
def test_what_is_no_plan_is_refused(here: Promised, points: list[list[str]], unit: str, field: str) -> None:
    before = here.light(meal(here), day("06-30"))
    with pytest.raises(Invalid) as refused:
        here.plan(here.world.indicators["03-meal"], points, unit=unit, since="02-01", approval="1")
    assert field in refused.value.errors
    assert here.light(meal(here), day("06-30")) == before


def test_a_plan_in_amounts_needs_a_target_and_a_reschedule_comes_after_the_baseline(here: Promised) -> None:
    shows = here.indicator("shows")
    with pytest.raises(Invalid, match="先登记目标"):
        here.plan(shows, TENS)
    here.target(shows, "120")
    first = here.plan(shows, TENS, since="02-01")
    with pytest.raises(Invalid, match="更晚的日期"):
        here.plan(shows, TENS, since="01-01", approval="1")
    with pytest.raises(Invalid, match="更晚的日期"):
        here.plan(shows, TENS, since="02-01", approval="1")
    here.plan(shows, [["2024-12-31", "120"]], since="03-01", approval="1")
    with pytest.raises(Invalid, match="更晚的日期"):
        here.plan(shows, TENS, since="04-01", corrects=first)
    # Put right, the baseline is another one for all days.
    assert here.says(here.key(shows), day("01-31"))[0] == "red"
    here.plan(shows, [["2024-12-31", "120"]], since="01-15", corrects=first)
    assert here.says(here.key(shows), day("01-31"))[0] == "green"


def test_a_closed_period_keeps_its_plans(here: Promised) -> None:
    close_period(access=system_access(), programme=here.programme, through=day("03-31"))
    with pytest.raises(PeriodClosed):
        here.plan(here.world.indicators["03-meal"], TENS[:1], since="03-01", unit="percent", approval="1")
    here.plan(
        here.world.indicators["03-meal"], [["2024-06-30", "100"]], since="04-01", unit="percent", approval="1"
    )


def test_the_real_case_of_the_charging_stations(world: World) -> None:
    """1,440 planned, places still being chosen, none finished, reported progress 30 %."""
    here = Promised(world, "yinchuan-2025")
    piles = world.indicators["06-piles"]
    here.target(piles, "1440", None)
    world.add(world.planned(kind="ev-charging", stage=Stage.SITED, counts_for=(("06-piles", 1),)))
    here.report(piles, "06-30", None, None, percent="30")
    found = command("divergence", here.programme.key, day("06-30"))
    assert found["points"] == 20
    (row,) = found["rows"]
    assert (row["division"], row["target"], row["reported_percent"], row["counted"]) == (
        "330200",
        1440,
        30,
        0,
    )
    assert (row["counted_percent"], row["difference_pp"], row["flagged"]) == (0, 30, True)
    assert command("divergence", here.programme.key, day("06-29"))["rows"] == []
    # Before the report was recorded nobody knew of it; without a target there is nothing to compare.
    seq = ChangeHead.objects.get().seq
    programme = Programme.objects.select_related("policy").get(pk=here.programme.pk)
    here.target(piles, None, None)
    assert divergences(programme, Clocks(day("06-30"), None, seq)).rows[0].flagged
    now = divergences(programme, Clocks(day("06-30"))).rows[0]
    assert (now.difference, now.flagged, now.target) == (None, False, None)


def test_an_edit_costs_nothing_more_where_nothing_was_promised(world: World) -> None:
    site = world.add(world.planned())[0]
    asked_of_targets = []
    edits: tuple[dict[str, object], ...] = ({"name": "新名"}, {"stage": Stage.FINISHED})
    for version, changes in enumerate(edits, start=1):
        with CaptureQueriesContext(connection) as asked:
            change_site(
                access=system_access(),
                site_id=site.pk,
                expected_version=version,
                changes=changes,
                effective_on=dt.date(2024, 5, 1),
            )
        # Of every table the ledger asks what was written to it, in one question.
        texts = [query["sql"] for query in asked if not query["sql"].startswith("SELECT (SELECT COUNT(*)")]
        asked_of_targets.append(sum("targetstatement" in text for text in texts))
    assert asked_of_targets == [0, 1]


def test_rebuild_mends_what_was_tampered_with(here: Promised) -> None:
    with recordguards.lifted(connection):
        LightSpan.objects.known().filter(subject_key=meal(here)).update(reason="behind")
    found = rebuild_figures(access=system_access())
    assert found.subjects == (meal(here),)
    assert list(broken_subject_lights()) == []
    assert Indicator.objects.count() == 3
