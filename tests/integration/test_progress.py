"""A district's figures against plain SQL and against counting on one's fingers."""

import datetime as dt
import random

import pytest
from django.db import connection

from projects.actions.figures import broken_figures, rebuild_figures
from projects.actions.publishing import withdraw_site
from projects.actions.sites import change_site, remove_site
from projects.models import (
    Category,
    Indicator,
    IndicatorReport,
    Programme,
    Site,
    SiteState,
    TargetStatement,
)
from projects.models.access import system_access
from projects.readmodels.districts import DistrictProgress, district_progress, districts_overview
from projects.readmodels.indicators import IndicatorProgress
from projects.readmodels.latesites import late_sites
from projects.readmodels.siteindex import snapshot
from projects.rules.vocabulary import Publication, Stage
from tests.factories import COUNTIES, CUTOFF, START, World

pytestmark = pytest.mark.django_db

MARCH = dt.date(2024, 3, 31)
MAY = dt.date(2024, 5, 31)

#: What a district's row must be, said once more and differently: no groups, no ORM, one row a site.
ORACLE = """
WITH state AS (
    SELECT st.* FROM projects_sitestate st
    WHERE st.effective_on <= %(day)s AND NOT EXISTS (
        SELECT 1 FROM projects_sitestate later
        WHERE later.site_id = st.site_id AND later.effective_on <= %(day)s
          AND (later.effective_on > st.effective_on
               OR (later.effective_on = st.effective_on AND later.id > st.id)))
)
SELECT COUNT(*),
       SUM(CASE WHEN state.stage IN ('finished', 'verified') THEN 1 ELSE 0 END),
       SUM(CASE WHEN site.baseline_finish <= %(day)s THEN 1 ELSE 0 END),
       SUM(CASE WHEN site.baseline_finish <= %(day)s AND state.stage NOT IN ('finished', 'verified')
                THEN 1 ELSE 0 END),
       SUM(CASE WHEN site.baseline_finish IS NULL THEN 1 ELSE 0 END)
FROM state JOIN projects_site site ON site.id = state.site_id
WHERE site.publication = 'published' AND site.deleted_seq IS NULL AND state.stage <> 'cancelled'
  AND state.managed_by_id = %(manager)s
  AND EXISTS (SELECT 1 FROM projects_contribution c WHERE c.site_id = site.id)
"""


def progress(world: World, code: str = "330203", day: dt.date | None = None) -> DistrictProgress:
    held = snapshot(fresh=True)
    found = district_progress(held.vocabulary.area_by_code[code], held=held, as_of=day)
    assert found is not None
    return found


def indicators(found: DistrictProgress) -> dict[str, IndicatorProgress]:
    return {row.code: row for category in found.categories for row in category.indicators}


def oracle(world: World, code: str, day: dt.date) -> tuple[int, ...]:
    with connection.cursor() as cursor:
        cursor.execute(ORACLE, {"day": day, "manager": world.counties[code].pk})
        return tuple(int(value or 0) for value in cursor.fetchone())


def values(*found: object) -> tuple[object, ...]:
    """Figures side by side, whatever kind of number they are."""
    return found


def figures(found: DistrictProgress) -> tuple[int, ...]:
    tally = found.tally
    return tally.sites, tally.finished, tally.due, tally.overdue, tally.unplanned


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


def started_indicator(world: World) -> Indicator:
    """开工建设: done once work has begun."""
    category = Category.objects.create(
        programme=world.programme, number=11, slug="sewers", name_zh="截污纳管", name_en="Sewers"
    )
    row = Indicator.objects.create(
        category=category,
        code="11-zones",
        name_zh="“污水零直排区”开工",
        unit_zh="个",
        counting="sites",
        completion_type="construction_started",
    )
    world.indicators[row.code] = row
    return row


@pytest.mark.parametrize("seed", range(4))
def test_every_district_equals_plain_sql(world: World, seed: int) -> None:
    chance = random.Random(seed)
    counties = [row[0] for row in COUNTIES]
    drafts = []
    for _ in range(60):
        start = START + dt.timedelta(days=chance.randrange(150))
        planned = chance.random() < 0.8
        drafts.append(
            world.draft(
                county=chance.choice(counties),
                managed_by=chance.choice(counties),
                stage=chance.choice(list(Stage)),
                publication=chance.choice(list(Publication)),
                baseline_start=start if planned else None,
                baseline_finish=start + dt.timedelta(days=chance.randrange(120)) if planned else None,
                state_since=START + dt.timedelta(days=chance.randrange(200)),
                counts_for=chance.choice(((), (("03-meal", 1),), (("03-meal", 1), ("06-piles", 8)))),
                is_demo=chance.random() < 0.5,
            )
        )
    sites = world.add(*drafts)
    for site in chance.sample(sites, 30):
        known = max(site.states.values_list("effective_on", flat=True))
        day = known + dt.timedelta(days=chance.randrange(150))
        moved = world.counties[chance.choice(counties)].pk
        change(site, day, stage=chance.choice(list(Stage)).value, managed_by_id=moved)
    for day in (START, MARCH, CUTOFF, dt.date(2024, 12, 31)):
        for code in counties:
            assert figures(progress(world, code, day)) == oracle(world, code, day), (code, day)
        held = snapshot(fresh=True)
        overview = districts_overview(held=held, as_of=day)
        assert overview is not None
        rows = [figures(progress(world, row.area.code, day)) for row in overview.rows]
        assert [row.area.code for row in overview.rows] == sorted(counties)
        assert figures(progress(world, "330200", day)) == tuple(map(sum, zip(*rows, strict=True)))


def test_early_sites_do_not_hide_overdue_ones(world: World) -> None:
    late_in_the_year = dt.date(2024, 12, 1)
    world.add(
        *(world.planned(stage=Stage.FINISHED, baseline_finish=late_in_the_year) for _ in range(3)),
        world.planned(baseline_finish=MAY),
    )
    tally = progress(world).tally
    assert (tally.sites, tally.finished, tally.due, tally.overdue) == (4, 3, 1, 1)
    assert values(tally.percent, tally.planned_percent) == (75, 25)


def test_verified_and_finished_are_done_and_counted_by_stage(world: World) -> None:
    world.add(
        world.planned(stage=Stage.FINISHED),
        world.planned(stage=Stage.VERIFIED),
        world.planned(stage=Stage.BUILDING),
        world.planned(stage=Stage.CANCELLED),
    )
    found = progress(world)
    assert (found.tally.sites, found.tally.finished) == (3, 2)
    assert {stage: n for stage, n in found.by_stage.items() if n} == {
        "building": 1,
        "finished": 1,
        "verified": 1,
        "cancelled": 1,
    }
    assert indicators(found)["03-meal"].listed == 3


def test_a_site_counts_where_it_is_managed(world: World) -> None:
    world.site(county="330203", managed_by="330212", counts_for=(("03-meal", 1),))
    assert progress(world, "330203").tally.sites == 0
    assert progress(world, "330212").tally.sites == 1


def test_what_the_city_manages_is_in_the_total_only(world: World) -> None:
    site = world.site(counts_for=(("03-meal", 1),))
    change(site, MARCH, managed_by_id=world.city.pk)
    overview = districts_overview(held=snapshot(fresh=True))
    assert overview is not None
    assert overview.elsewhere is not None
    assert (overview.elsewhere.sites, overview.total.sites) == (1, 1)
    assert [row.tally.sites for row in overview.rows] == [0, 0, 0, 0]


def test_a_subset_counts_once_in_its_whole(world: World) -> None:
    world.add(
        world.draft(kind="ev-charging", counts_for=(("06-piles", 10),)),
        world.draft(kind="ev-charging", counts_for=(("06-piles-rural", 4),)),
        world.planned(kind="ev-charging", counts_for=(("06-piles-rural", 2),)),
    )
    found = progress(world)
    whole, rural = indicators(found)["06-piles"], indicators(found)["06-piles-rural"]
    assert values(whole.counted, whole.listed) == (14, 16)
    assert values(rural.counted, rural.listed, rural.subset_of) == (4, 6, "06-piles")
    assert next(row for row in found.categories if row.slug == "charging").tally.sites == 3


def test_a_site_of_two_categories_is_one_in_the_total(world: World) -> None:
    world.site(counts_for=(("03-meal", 1), ("06-piles", 8)))
    found = progress(world)
    assert [row.tally.sites for row in found.categories] == [1, 1]
    assert found.tally.sites == 1


@pytest.mark.parametrize(
    ("stage", "then", "done"),
    [
        (Stage.PLANNED, None, 0),
        (Stage.SITED, None, 0),
        (Stage.BUILDING, None, 1),
        (Stage.VERIFIED, None, 1),
        (Stage.BUILDING, Stage.SUSPENDED, 1),  # work has begun, whatever happened later
        (Stage.SITED, Stage.SUSPENDED, 0),
    ],
)
def test_construction_started(world: World, stage: Stage, then: Stage | None, done: int) -> None:
    started_indicator(world)
    site = world.site(
        stage=stage,
        baseline_start=MARCH,
        baseline_finish=dt.date(2024, 12, 31),
        counts_for=(("11-zones", 1),),
    )
    if then is not None:
        change(site, MAY, stage=then.value)
    found = progress(world)
    assert (found.tally.finished, found.tally.due, found.tally.overdue) == (done, 1, 1 - done)
    assert indicators(found)["11-zones"].counted == done
    assert progress(world, day=MARCH - dt.timedelta(days=1)).tally.due == 0


def test_started_and_finished_are_judged_by_category(world: World) -> None:
    started_indicator(world)
    world.add(world.planned(stage=Stage.BUILDING, counts_for=(("11-zones", 1), ("03-meal", 1))))
    found = progress(world)
    done = {row.slug: row.tally.finished for row in found.categories}
    assert done == {"elderly": 0, "charging": 0, "sewers": 1}
    assert found.tally.finished == 0


def test_a_past_day_is_answered_as_it_was(world: World) -> None:
    site = world.add(world.planned(stage=Stage.BUILDING))[0]
    change(site, MAY, stage=Stage.FINISHED.value)
    change(site, dt.date(2024, 7, 10), managed_by_id=world.counties["330212"].pk)
    change(site, dt.date(2024, 8, 1), contributions=[])
    assert [progress(world, day=day).tally.finished for day in (MARCH, MAY, CUTOFF)] == [0, 1, 1]
    assert progress(world, "330212", dt.date(2024, 7, 10)).tally.finished == 1
    assert progress(world, "330203", dt.date(2024, 7, 10)).tally.sites == 0
    # It counts for nothing any more, and still did in June.
    assert progress(world, "330212", dt.date(2024, 8, 1)).tally.sites == 0
    assert progress(world, "330203", CUTOFF).tally.sites == 1
    assert progress(world, day=START - dt.timedelta(days=1)).tally.sites == 0


def test_a_corrected_state_is_passed_over(world: World) -> None:
    site = world.site(stage=Stage.FINISHED, counts_for=(("03-meal", 1),))
    wrong = SiteState.objects.get(site=site, stage=Stage.FINISHED)
    SiteState.objects.create(
        site=site,
        effective_on=wrong.effective_on,
        stage=Stage.BUILDING,
        service=wrong.service,
        located_in=wrong.located_in,
        managed_by=wrong.managed_by,
        contributions=wrong.contributions,
        corrects=wrong,
        correction_reason="报早了",
    )
    # Written past the actions, so nobody has counted it yet.
    assert [row.subject for row in broken_figures()] == [site.code]
    assert rebuild_figures(access=system_access()).sites == (site.code,)
    assert not list(broken_figures())
    tally = progress(world).tally
    assert (tally.sites, tally.finished) == (1, 0)


def test_what_is_not_public_counts_nowhere(world: World) -> None:
    kept, withdrawn, removed, _draft = world.add(
        world.planned(),
        world.planned(),
        world.planned(),
        world.planned(publication=Publication.DRAFT),
    )
    assert progress(world).tally.sites == 3
    access = system_access()
    withdraw_site(access=access, site_id=withdrawn.pk, expected_version=withdrawn.version, reason="误")
    remove_site(access=access, site_id=removed.pk, expected_version=removed.version, reason="误")
    found = progress(world)
    assert found.tally.sites == 1
    assert [row.row.public_id for row in late_sites(found).rows] == [kept.public_id]


def test_missing_figures_are_none_not_nought(world: World) -> None:
    world.site(county="330212", counts_for=(("03-meal", 1),))
    found = progress(world, "330203")
    assert (found.tally.percent, found.tally.planned_percent) == (None, None)
    meal = indicators(found)["03-meal"]
    assert (meal.counted, meal.listed, meal.reported, meal.target, meal.percent) == (None,) * 5


def test_no_plan_expects_nothing(world: World) -> None:
    world.site(counts_for=(("03-meal", 1),))
    tally = progress(world).tally
    assert (tally.sites, tally.due, tally.unplanned, tally.planned_percent) == (1, 0, 1, None)


def test_reported_and_counted_are_two_figures(world: World) -> None:
    world.add(*(world.draft(counts_for=(("03-meal", 1),)) for _ in range(2)))
    meal, haishu = world.indicators["03-meal"], world.counties["330203"]
    for day, actual in ((MARCH, 1), (MAY, 5), (dt.date(2024, 7, 31), 9)):
        IndicatorReport.objects.create(indicator=meal, division=haishu, as_of=day, actual=actual)
    IndicatorReport.objects.create(indicator=meal, division=None, as_of=MAY, actual=30)
    for division, target in ((haishu, 4), (None, 40)):
        TargetStatement.objects.create(
            indicator=meal, division=division, effective_on=START, target=target, source="x"
        )
    district, city = indicators(progress(world))["03-meal"], indicators(progress(world, "330200"))["03-meal"]
    assert values(district.counted, district.reported, district.target, district.percent) == (2, 5, 4, 50)
    assert values(city.counted, city.reported, city.target, city.percent) == (2, 30, 40, 5)
    assert indicators(progress(world, day=MARCH))["03-meal"].reported == 1


def test_more_than_promised_is_a_hundred_percent(world: World) -> None:
    world.add(*(world.draft(counts_for=(("03-meal", 1),)) for _ in range(3)))
    TargetStatement.objects.create(
        indicator=world.indicators["03-meal"],
        division=world.counties["330203"],
        effective_on=START,
        target=2,
        source="x",
    )
    assert indicators(progress(world))["03-meal"].percent == 100


def test_nothing_without_a_published_programme(world: World) -> None:
    world.add(world.planned())
    for changes in ({"publishes_progress": False}, {"publication": Publication.DRAFT.value}):
        Programme.objects.update(publishes_progress=True, publication=Publication.PUBLISHED.value)
        Programme.objects.update(**changes)
        change(Site.objects.get(), MAY, name=f"{changes}"[:60])
        held = snapshot(fresh=True)
        assert district_progress(held.vocabulary.area_by_code["330203"], held=held) is None
        assert districts_overview(held=held) is None


def test_behind_lists_categories_by_shortfall_and_districts_by_code(world: World) -> None:
    world.add(
        world.planned(county="330212", baseline_finish=MAY),
        *(
            world.planned(county="330212", kind="ev-charging", counts_for=(("06-piles", 4),))
            for _ in range(2)
        ),
        world.planned(county="330203", kind="ev-charging", counts_for=(("06-piles", 4),)),
    )
    overview = districts_overview(held=snapshot(fresh=True))
    assert overview is not None
    assert [(row.slug, row.tally.overdue) for row in overview.behind] == [("charging", 3), ("elderly", 1)]
    assert [(row.area.code, row.tally.overdue) for row in overview.behind[0].rows] == [
        ("330203", 1),
        ("330212", 2),
    ]


def test_demo_sites_mark_every_figure_that_they_are_in(world: World) -> None:
    world.add(
        world.draft(is_demo=True, counts_for=(("03-meal", 1),)), world.draft(counts_for=(("06-piles", 1),))
    )
    found = progress(world)
    assert found.is_demo
    assert {row.slug: row.tally.is_demo for row in found.categories} == {"elderly": True, "charging": False}
    marks = indicators(found)
    assert (marks["03-meal"].is_demo, marks["06-piles"].is_demo) == (True, False)
