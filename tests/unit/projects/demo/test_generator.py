"""The synthetic sites: their totals, their marks, their places and their course."""

import datetime as dt
from collections import Counter, defaultdict
from decimal import Decimal
from functools import cache

import pytest
import shapely

from maps.geometry import geodesic_area_mu, geodesic_length_km
from projects.actions.drafts import SiteDraft
from projects.demo.catalogue import ningbo_2024
from projects.demo.generator import DEFAULT_SEED, DEFAULT_SITES, Keys, TooFewSitesError, generate
from projects.demo.places import County
from projects.exchange.packaged_borders import read_packaged
from projects.rules.facts import ApprovedPlan, Report, SiteFacts, StageChange
from projects.rules.lights import light_at
from projects.rules.policy import YINCHUAN_2025
from projects.rules.schedule import Milestone, Plan
from projects.rules.vocabulary import (
    FINISHED,
    STARTED,
    UNDER_WAY,
    CompletionType,
    Light,
    Publication,
    Service,
    Stage,
)

CATALOGUE = ningbo_2024()
CODES = list(CATALOGUE.indicators)
KEYS = Keys(
    kinds={row.slug: row.number for row in CATALOGUE.kinds},
    divisions={area.code: int(area.code) for area in read_packaged("330200").counties},
    indicators={code: number for number, code in enumerate(CODES)},
)


@cache
def counties() -> tuple[County, ...]:
    return tuple(
        County(area.code, area.name, area.border)
        for area in read_packaged("330200").counties
        if isinstance(area.border, shapely.Polygon | shapely.MultiPolygon)
    )


@cache
def demo(seed: int = DEFAULT_SEED, sites: int = DEFAULT_SITES) -> tuple[SiteDraft, ...]:
    batches = generate(counties(), CATALOGUE, KEYS, seed=seed, sites=sites)
    return tuple(draft for batch in batches for draft in batch)


def of_programme() -> list[SiteDraft]:
    return [draft for draft in demo() if draft.contributions]


def output(drafts: tuple[SiteDraft, ...]) -> dict[str, Decimal]:
    """Counted output by indicator; a subset's counts in its whole as well."""
    found: defaultdict[str, Decimal] = defaultdict(Decimal)
    for draft in drafts:
        for number, quantity in draft.contributions:
            row = CATALOGUE.indicators[CODES[number]]
            for code in filter(None, (row.code, row.subset_of)):
                kind = CATALOGUE.indicators[code].completion_type
                counts = STARTED if kind is CompletionType.CONSTRUCTION_STARTED else FINISHED
                if draft.stage in counts:
                    found[code] += quantity
    return found


@pytest.mark.parametrize("seed", [DEFAULT_SEED, 1, 2])
def test_finished_contributions_equal_the_published_counts(seed: int) -> None:
    found = output(demo(seed))
    published = {row.code: row.published.value for row in CATALOGUE.indicators.values() if row.kind}
    assert found == published


def test_larger_demos_keep_the_totals_and_begin_with_the_same_sites() -> None:
    large = demo(sites=DEFAULT_SITES + 21_000)
    assert len(large) == DEFAULT_SITES + 21_000
    assert large[:DEFAULT_SITES] == demo()
    assert output(large) == output(demo())


def test_the_same_seed_gives_the_same_sites_and_another_one_others() -> None:
    again = tuple(d for batch in generate(counties(), CATALOGUE, KEYS) for d in batch)
    assert again == demo()
    assert demo(seed=1)[:100] != demo()[:100]


def test_too_few_sites_are_refused_with_the_least_number() -> None:
    with pytest.raises(TooFewSitesError) as refused:
        list(generate(counties(), CATALOGUE, KEYS, sites=100))
    least = refused.value.least
    assert len([d for batch in generate(counties(), CATALOGUE, KEYS, sites=least) for d in batch]) == least


def test_every_site_is_marked_and_has_a_code_of_its_own() -> None:
    assert len({draft.code for draft in demo()}) == DEFAULT_SITES
    for draft in demo():
        assert draft.is_demo
        assert draft.name.endswith("(演示)") and len(draft.name) <= 200
        assert draft.address.endswith("(演示地址)")
        assert not draft.phone


def test_no_contribution_is_entered_twice_on_the_way_from_subset_to_whole() -> None:
    wholes = {row.code: row.subset_of for row in CATALOGUE.indicators.values() if row.subset_of}
    for draft in of_programme():
        codes = {CODES[number] for number, _quantity in draft.contributions}
        assert not codes & {wholes[code] for code in codes & wholes.keys()}
        assert all(quantity > 0 for _number, quantity in draft.contributions)


def test_every_site_lies_in_the_county_that_it_says() -> None:
    borders = {KEYS.divisions[county.code]: county.border for county in counties()}
    by_county: defaultdict[int, list[shapely.Geometry]] = defaultdict(list)
    for draft in demo():
        by_county[draft.located_in_id].append(draft.geometry)
    assert by_county.keys() == borders.keys()
    for key, geometries in by_county.items():
        shapely.prepare(borders[key])
        assert shapely.covers(borders[key], geometries).all()


def test_a_few_sites_are_managed_by_another_county() -> None:
    moved = {
        (draft.located_in_id, draft.managed_by_id)
        for draft in demo()
        if draft.located_in_id != draft.managed_by_id
    }
    assert moved == {(330205, 330211)}


@pytest.mark.parametrize("code", ["05-road-defects", "05-rural-roads", "11-new-sewers", "11-renovated-pipes"])
def test_a_lines_length_is_its_quantity(code: str) -> None:
    lines = [
        draft for draft in demo() if draft.contributions and draft.contributions[0][0] == CODES.index(code)
    ]
    for draft in lines:
        quantity = draft.contributions[0][1]
        assert geodesic_length_km(draft.geometry) == pytest.approx(float(quantity), rel=0.005)
        assert draft.attributes["length"] == f"{quantity:.3f}"


def test_a_farm_areas_size_is_its_quantity() -> None:
    areas = [
        draft for draft in demo() if draft.geometry.geom_type == "Polygon" and "area" in draft.attributes
    ]
    assert len(areas) > 20
    for draft in areas:
        assert draft.geometry.is_valid
        assert geodesic_area_mu(draft.geometry) == pytest.approx(float(draft.contributions[0][1]), rel=0.005)


def test_charging_stations_have_four_to_twenty_piles_and_say_so() -> None:
    piles = {CODES.index("06-ev-piles"), CODES.index("06-ev-piles-rural")}
    stations = [draft for draft in of_programme() if draft.contributions[0][0] in piles]
    assert len(stations) > 300
    for draft in stations:
        assert 4 <= draft.contributions[0][1] <= 20
        assert draft.attributes["piles"] == draft.contributions[0][1]
        assert draft.attributes["fast"] + draft.attributes["slow"] == draft.attributes["piles"]  # type: ignore[operator]


def test_attributes_are_those_of_the_kind() -> None:
    known = {row.number: {attribute["key"] for attribute in row.attributes} for row in CATALOGUE.kinds}
    for draft in demo():
        assert set(draft.attributes) <= known[draft.kind_id], draft.code
        assert not any(isinstance(value, float) for value in draft.attributes.values())


def test_the_seven_schools_give_the_places_too() -> None:
    schools = [
        draft
        for draft in of_programme()
        if draft.contributions[0][0] == CODES.index("15-schools") and draft.stage in FINISHED
    ]
    assert [CODES[draft.contributions[1][0]] for draft in schools] == ["15-school-places"] * 7
    assert sum(draft.contributions[1][1] for draft in schools) == 9915


def test_guidance_centres_are_finished_in_seven_counties_and_sited_in_three() -> None:
    number = CODES.index("02-growth-centres-county")
    where = {
        draft.located_in_id: draft.stage in FINISHED
        for draft in of_programme()
        if draft.contributions[0][0] == number
    }
    assert {code for code, finished in where.items() if not finished} == {330211, 330225, 330226}
    assert len(where) == 10


def test_dates_are_in_order_and_nothing_happened_after_the_cutoff() -> None:
    for draft in demo():
        happened = (draft.started_on, draft.finished_on, draft.verified_on)
        days = [day for day in happened if day is not None]
        assert days == sorted(days) and all(day <= CATALOGUE.cutoff for day in days), draft.code
        assert draft.service_checked_on is None or draft.service_checked_on <= CATALOGUE.cutoff
        if draft.finished_on is not None and draft.service_checked_on is not None:
            assert draft.service_checked_on >= draft.finished_on
        if draft.baseline_start is not None and draft.baseline_finish is not None:
            assert (
                CATALOGUE.period_start
                <= draft.baseline_start
                <= draft.baseline_finish
                <= CATALOGUE.period_end
            )
        assert draft.state_since is None or draft.state_since <= CATALOGUE.cutoff
        for change in draft.plan_changes:
            assert change.planned_start <= change.planned_finish and change.reason
            assert change.effective_on <= CATALOGUE.cutoff


def test_reports_rise_month_by_month_and_end_where_the_stage_says() -> None:
    for draft in of_programme():
        days = [report.as_of for report in draft.reports]
        percents = [report.percent for report in draft.reports]
        assert days == sorted(set(days)) and percents == sorted(percents), draft.code
        assert all(day <= CATALOGUE.cutoff for day in days)
        assert (percents[-1:] == [Decimal(100)]) == (draft.stage in FINISHED)


def test_stages_and_services_are_all_there_and_stock_has_no_plan() -> None:
    assert {draft.stage for draft in demo()} == set(Stage)
    assert {draft.service for draft in demo()} == set(Service)
    assert {draft.publication for draft in demo()} == {Publication.PUBLISHED, Publication.DRAFT}
    assert sum(draft.publication is Publication.DRAFT for draft in demo()) < 25
    for draft in demo():
        assert (draft.baseline_start is None) == (not draft.contributions)
        if draft.stage in UNDER_WAY:
            assert draft.service is Service.UNKNOWN


def test_about_an_eighth_comes_on_top_of_what_is_finished() -> None:
    stages = Counter(draft.stage in FINISHED for draft in of_programme())
    assert 0.10 < stages[False] / stages[True] < 0.16


def test_the_lights_of_the_cutoff_day_are_a_realistic_mix() -> None:
    lights = Counter(_light(draft) for draft in of_programme() if draft.stage in UNDER_WAY)
    total = lights.total()
    assert 0.4 < lights[Light.GREEN] / total < 0.65
    assert 0.15 < lights[Light.YELLOW] / total < 0.35
    assert 0.12 < lights[Light.RED] / total < 0.32
    late = [draft for draft in of_programme() if _light(draft) is Light.RED]
    assert any(report.problem and report.plan for draft in late for report in draft.reports)


def test_some_reschedules_are_approved_and_some_are_not() -> None:
    numbers = [change.approval_number for draft in of_programme() for change in draft.plan_changes]
    approved = [number for number in numbers if number]
    assert len(approved) == len(set(approved)) > 20
    assert len(numbers) - len(approved) > 20


def test_central_counties_are_the_densest_and_towns_are_unequal() -> None:
    area = {KEYS.divisions[county.code]: county.border.area for county in counties()}
    count = Counter(draft.located_in_id for draft in demo())
    density = {key: count[key] / area[key] for key in area}
    assert min(density[code] for code in (330203, 330205, 330212)) > max(
        density[code] for code in (330213, 330225, 330226, 330281)
    )
    towns = sorted(Counter(draft.address for draft in demo()).values(), reverse=True)
    assert sum(towns[: len(towns) // 10]) > 0.35 * sum(towns)


def _light(draft: SiteDraft) -> Light:
    assert draft.baseline_start is not None and draft.baseline_finish is not None
    points = tuple(Milestone(day, percent) for day, percent in draft.baseline_milestones)
    facts = SiteFacts(
        baseline=Plan(draft.baseline_start, draft.baseline_finish, points),
        approved=tuple(
            ApprovedPlan(change.effective_on, Plan(change.planned_start, change.planned_finish))
            for change in draft.plan_changes
            if change.approval_number
        ),
        reports=tuple(Report(report.as_of, report.percent) for report in draft.reports),
        stages=(
            (StageChange(draft.state_since, draft.stage),)
            if draft.state_since is not None
            and draft.stage in (Stage.SITED, Stage.SUSPENDED, Stage.CANCELLED)
            else ()
        ),
        started_on=draft.started_on,
        finished_on=draft.finished_on,
        verified_on=draft.verified_on,
    )
    return light_at(facts, YINCHUAN_2025, dt.date(2024, 6, 30)).light
