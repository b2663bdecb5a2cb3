"""From the words of a filter to predicates over the index's columns. The only place that knows both."""

from collections.abc import Callable, Collection

import numpy as np
from django.db.models import Q
from numpy.typing import NDArray

from maps.pointindex import Bits, Filter, In, Test, Where
from projects.models import Site
from projects.readmodels.siteindex import Snapshot
from projects.readmodels.siteload import HAS_PLAN, NEVER, PUBLICATIONS, SERVICES, STAGES, day_number
from projects.readmodels.sitequeries import FilterError, SiteFilter
from projects.readmodels.vocabulary import IndicatorWords
from projects.rules.vocabulary import Light, Publication, Stage

#: A search that finds more than this many names is no search.
SEARCH_CAP = 5_000

_PUBLIC = In("publication", {PUBLICATIONS.index(Publication.PUBLISHED)})
LIGHT_COLUMNS = ("combo", "stage", "flags", "yellow_on", "red_on")
#: The order in which lights are numbered by `light_numbers`.
LIGHTS = (Light.NONE, Light.GREEN, Light.YELLOW, Light.RED, Light.BLUE)


def compile_filter(wanted: SiteFilter, held: Snapshot, *, staff: bool = False) -> Filter:
    """The index filter of a query. Unless `staff`, only published sites pass, whatever was asked.

    `bbox` is left to the operation. Raises FilterError when `q` finds too many names.
    """
    words = held.vocabulary
    tests: list[Test] = [] if staff else [_PUBLIC]
    if wanted.kinds:
        tests.append(In("kind", {words.kind_by_slug[slug].number for slug in wanted.kinds}))
    if wanted.stages:
        tests.append(In("stage", {STAGES.index(stage) for stage in wanted.stages}))
    if wanted.services:
        tests.append(In("service", {SERVICES.index(service) for service in wanted.services}))
    if wanted.divisions:
        tests.append(In("division", _areas(wanted.divisions, held)))
    if wanted.managers:
        tests.append(In("manager", _areas(wanted.managers, held)))
    if wanted.publications:
        tests.append(In("publication", {PUBLICATIONS.index(value) for value in wanted.publications}))
    for rule in _indicator_rules(wanted, held):
        tests.append(In("combo", _combos(held, rule, staff=staff)))
    if wanted.lights:
        tests.append(light_test(held, wanted.lights, staff=staff))
    ids = _search(wanted.q, staff=staff) if wanted.q else None
    return Filter(tests, ids)


def light_test(held: Snapshot, lights: Collection[Light], *, staff: bool) -> Test:
    """Sites whose light on their programme's cut-off is one of these."""
    cutoffs = cutoff_days(held, staff=staff)
    numbers = np.array(sorted(LIGHTS.index(light) for light in lights), dtype=np.uint8)

    def shines(*columns: NDArray[np.unsignedinteger]) -> NDArray[np.bool_]:
        return np.isin(light_numbers(cutoffs, *columns), numbers)

    return Where(LIGHT_COLUMNS, shines, ("light", held.etag, staff, tuple(numbers.tolist())))


def light_numbers(
    cutoffs: NDArray[np.uint16],
    combo: NDArray[np.unsignedinteger],
    stage: NDArray[np.unsignedinteger],
    flags: NDArray[np.unsignedinteger],
    yellow_on: NDArray[np.unsignedinteger],
    red_on: NDArray[np.unsignedinteger],
) -> NDArray[np.uint8]:
    """projects.rules.spans.light_from_cache over columns: positions in LIGHTS."""
    cutoff = cutoffs[combo]
    numbers = np.full(len(combo), LIGHTS.index(Light.GREEN), dtype=np.uint8)
    numbers[yellow_on <= cutoff] = LIGHTS.index(Light.YELLOW)
    numbers[red_on <= cutoff] = LIGHTS.index(Light.RED)
    numbers[stage == STAGES.index(Stage.FINISHED)] = LIGHTS.index(Light.GREEN)
    numbers[stage == STAGES.index(Stage.VERIFIED)] = LIGHTS.index(Light.BLUE)
    dark = np.isin(stage, [STAGES.index(Stage.SUSPENDED), STAGES.index(Stage.CANCELLED)])
    numbers[dark | ((flags & HAS_PLAN) == 0) | (cutoff == NEVER)] = LIGHTS.index(Light.NONE)
    return numbers


def cutoff_days(held: Snapshot, *, staff: bool) -> NDArray[np.uint16]:
    """By contribution set, the cut-off day of the programme that governs it; NEVER where no light may shine.

    For the public a light shines only where the programme is published and publishes lights.
    """
    key = ("cutoffs", staff)
    table = held.tables.get(key)
    if table is None:
        days = []
        for members in held.combos.sets:
            programme = held.vocabulary.governing(members)
            shown = programme is not None and (staff or (programme.is_public and programme.publishes_lights))
            days.append(day_number(programme.cutoff) if programme is not None and shown else NEVER)
        table = held.tables[key] = np.array(days, dtype=np.uint16)
    found: NDArray[np.uint16] = table
    return found


def hide_demo() -> Test:
    """Sites that are no demo data."""
    return Bits("flags", 0, 2)


def _areas(codes: Collection[str], held: Snapshot) -> set[int]:
    words = held.vocabulary
    return {pk for code in codes for pk in words.within(words.area_by_code[code])}


Rule = Callable[[IndicatorWords], bool]


def _indicator_rules(wanted: SiteFilter, held: Snapshot) -> list[tuple[str, Rule]]:
    """One rule a filter word; each must be met by one of the site's indicators."""
    words = held.vocabulary
    departments = {words.department_ids[code] for code in wanted.departments}
    rules: list[tuple[str, Rule]] = []
    if wanted.categories:
        rules.append((f"c{sorted(wanted.categories)}", lambda row: row.category in wanted.categories))
    if wanted.indicators:
        # What counts for a subset (其中农村地区) counts for its whole.
        codes = wanted.indicators
        rules.append(
            (
                f"i{sorted(codes)}",
                lambda row: (
                    row.code in codes
                    or (row.parent_id is not None and words.indicators[row.parent_id].code in codes)
                ),
            )
        )
    if wanted.projects:
        rules.append((f"j{sorted(wanted.projects)}", lambda row: row.project_id in wanted.projects))
    if wanted.programmes:
        rules.append(
            (
                f"p{sorted(wanted.programmes)}",
                lambda row: words.programmes[row.programme_id].key in wanted.programmes,
            )
        )
    if wanted.departments:
        rules.append((f"d{sorted(departments)}", lambda row: bool(row.departments & departments)))
    return rules


def _combos(held: Snapshot, named: tuple[str, Rule], *, staff: bool) -> NDArray[np.bool_]:
    name, rule = named
    words = held.vocabulary
    key = ("combos", staff, name)
    table = held.tables.get(key)
    if table is None:
        passing = {
            pk
            for pk, row in words.indicators.items()
            if (staff or words.programmes[row.programme_id].is_public) and rule(row)
        }
        table = np.array([not passing.isdisjoint(members) for members in held.combos.sets], dtype=np.bool_)
        if len(held.tables) < 500:
            held.tables[key] = table
    found: NDArray[np.bool_] = table
    return found


def _search(text: str, *, staff: bool) -> list[int]:
    """Ids of sites whose name or address (for staff also code) has every word of the text."""
    sites = Site.objects.live() if staff else Site.objects.public()
    for word in text.split():
        part = Q(name__icontains=word) | Q(address__icontains=word)
        sites = sites.filter(part | Q(code__iexact=word) if staff else part)
    ids = list(sites.order_by().values_list("pk", flat=True)[: SEARCH_CAP + 1])
    if len(ids) > SEARCH_CAP:
        raise FilterError(
            "q", "“%(text)s”找到的点位超过 %(most)d 个,请写得更具体些。", text=text, most=SEARCH_CAP
        )
    return ids
