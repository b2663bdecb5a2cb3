"""From the words of a filter to predicates over the index's columns. The only place that knows both."""

from collections.abc import Callable, Collection

import numpy as np
from django.db.models import Q
from numpy.typing import NDArray

from maps.pointindex import Filter, In, Test, Where
from projects.models import Site
from projects.readmodels.siteindex import Snapshot
from projects.readmodels.siteload import LIGHTS, PUBLICATIONS, SERVICES, STAGES
from projects.readmodels.sitequeries import FilterError, SiteFilter
from projects.readmodels.vocabulary import IndicatorWords
from projects.rules.vocabulary import Light, Publication

#: A search that finds more than this many names is no search.
SEARCH_CAP = 5_000

_PUBLIC = In("publication", {PUBLICATIONS.index(Publication.PUBLISHED)})
LIGHT_COLUMNS = ("combo", "light")


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
    lit = lit_combos(held, staff=staff)
    numbers = np.array(sorted(LIGHTS.index(light) for light in lights), dtype=np.uint8)

    def shines(*columns: NDArray[np.unsignedinteger]) -> NDArray[np.bool_]:
        return np.isin(shown_lights(lit, *columns), numbers)

    return Where(LIGHT_COLUMNS, shines, ("light", held.etag, staff, tuple(numbers.tolist())))


def shown_lights(
    lit: NDArray[np.bool_], combo: NDArray[np.unsignedinteger], light: NDArray[np.unsignedinteger]
) -> NDArray[np.unsignedinteger]:
    """Positions in LIGHTS; none where the light may not be shown."""
    return np.where(lit[combo], light, LIGHTS.index(Light.NONE))


def lit_combos(held: Snapshot, *, staff: bool) -> NDArray[np.bool_]:
    """By contribution set, whether its governing programme's lights may be shown to the reader."""
    key = ("lit", staff)
    table = held.tables.get(key)
    if table is None:
        governing = [held.vocabulary.governing(members) for members in held.combos.sets]
        table = held.tables[key] = np.array(
            [row is not None and (staff or row.shows_lights) for row in governing], dtype=np.bool_
        )
    found: NDArray[np.bool_] = table
    return found


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
