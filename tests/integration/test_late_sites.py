"""The late sites of a district: which, in what order, with which dates, and who may know."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

import pytest

from projects.actions.drafts import PlanChangeDraft, ReportDraft
from projects.actions.programmes import save_programme
from projects.actions.reports import change_plan, report_site
from projects.models import Category, Indicator, Programme
from projects.models.access import system_access
from projects.readmodels.latesites import late_sites
from projects.readmodels.sitedetail import site_detail
from projects.readmodels.siteindex import snapshot
from projects.rules.vocabulary import Publication, Stage
from tests.factories import CUTOFF, START, World
from tests.integration.test_progress import MARCH, MAY, progress, values

pytestmark = pytest.mark.django_db


def _late(world: World, day: dt.date | None = None) -> Mapping[str, str]:
    return {row.row.name: row.light.value for row in late_sites(progress(world, day=day)).rows}


def test_late_sites_with_their_dates_and_reasons(world: World) -> None:
    world.add(
        world.planned(
            name="红", baseline_finish=MAY, reports=(ReportDraft(MARCH, Decimal(10), "缺人", "增派"),)
        ),
        world.planned(name="黄", reports=(ReportDraft(CUTOFF, Decimal(85)),)),
        world.planned(name="好", stage=Stage.FINISHED),
    )
    assert list(_late(world).items()) == [("红", "red"), ("黄", "yellow")]
    found = progress(world)
    assert found.tally.late == 2
    first = late_sites(found).rows[0]
    assert (first.baseline_finish, first.overdue_days, first.planned_finish) == (MAY, 30, None)
    assert values(first.percent, first.reported_on, first.problem, first.plan) == (10, MARCH, "缺人", "增派")
    assert [row.row.name for row in late_sites(found, first=1, limit=1).rows] == ["黄"]
    assert (late_sites(found, first=9).total, late_sites(found, first=9).rows) == (2, ())


def test_late_sites_show_the_plan_and_the_report_of_the_day(world: World) -> None:
    site = world.add(world.planned(baseline_finish=MARCH, reports=(ReportDraft(START, Decimal(5)),)))[0]
    access = system_access()
    for effective, finish, number in (
        (dt.date(2024, 5, 1), dt.date(2024, 10, 1), "甬 1 号"),
        (dt.date(2024, 6, 1), dt.date(2024, 12, 1), ""),  # without approval it changes nothing
    ):
        draft = PlanChangeDraft(effective, START, finish, "雨季", approval_number=number)
        change_plan(access=access, site_id=site.pk, change=draft)
    report_site(access=access, site_id=site.pk, report=ReportDraft(dt.date(2024, 6, 15), Decimal(20)))
    april, june = (
        late_sites(progress(world, day=day)).rows[0] for day in (dt.date(2024, 4, 30), dt.date(2024, 6, 30))
    )
    assert values(april.planned_finish, april.percent, april.overdue_days) == (None, 5, 30)
    assert values(june.planned_finish, june.percent, june.overdue_days) == (dt.date(2024, 10, 1), 20, 91)


def test_lights_are_internal_until_published(world: World) -> None:
    world.add(world.planned(baseline_finish=MAY, reports=(ReportDraft(MARCH, Decimal(1), "缺人"),)))
    assert progress(world).tally.late == 1
    # Published up to the cut-off: nobody was asked to report what came later.
    after = progress(world, day=dt.date(2024, 9, 30))
    assert (after.tally.late, late_sites(after).total) == (None, 0)
    world.programme.publishes_reasons = False
    save_programme(access=world.access("admin"), row=world.programme)
    assert late_sites(progress(world)).rows[0].problem == ""
    world.programme.refresh_from_db()
    world.programme.publishes_lights = False
    save_programme(access=world.access("admin"), row=world.programme)
    found = progress(world)
    assert (found.tally.late, found.shows_lights, late_sites(found).rows) == (None, False, ())
    assert [row.tally.late for row in found.categories] == [None, None]


@pytest.mark.parametrize(
    ("publication", "late"),
    # A published newer programme governs the light; next year's draft does not touch this year's.
    [(Publication.PUBLISHED, 0), (Publication.DRAFT, 1)],
)
def test_a_light_speaks_for_the_programme_that_governs_the_site(
    world: World, publication: Publication, late: int
) -> None:
    newer = Programme.objects.create(
        key="330200-2025",
        name_zh="2025",
        division=world.city,
        year=2025,
        period_start=dt.date(2025, 1, 1),
        period_end=dt.date(2025, 12, 31),
        cutoff=dt.date(2025, 6, 30),
        policy=world.programme.policy,
        publication=publication.value,
        publishes_progress=False,
    )
    category = Category.objects.create(programme=newer, number=1, slug="x", name_zh="x")
    other = Indicator.objects.create(
        category=category, code="x1", name_zh="x", unit_zh="个", counting="sites"
    )
    world.indicators["x1"] = other
    world.add(world.planned(baseline_finish=MAY, counts_for=(("03-meal", 1), ("x1", 1))))
    found = progress(world)
    assert found.programme.key == "330200-2024"
    assert (found.tally.sites, found.tally.late) == (1, late)


def test_without_public_progress_nobody_reads_what_holds_a_site_up(world: World) -> None:
    site = world.add(world.planned(baseline_finish=MAY, reports=(ReportDraft(MARCH, Decimal(1), "缺人"),)))[0]
    shown = site_detail(site.public_id, snapshot(fresh=True))
    assert shown is not None and shown.lag is not None and shown.lag.problem == "缺人"
    world.programme.publishes_progress = False
    save_programme(access=world.access("admin"), row=world.programme)
    kept = site_detail(site.public_id, snapshot(fresh=True))
    assert kept is not None and kept.lag is None
