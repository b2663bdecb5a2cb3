"""From the words of a filter to predicates over the index's columns. The only place that knows both."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from django.utils.translation import gettext_noop
from numpy.typing import NDArray

from maps.pointindex import Filter, In, Inside, Test
from projects.models import Site
from projects.readmodels import search
from projects.readmodels.areas import area_region
from projects.readmodels.kept import Kept
from projects.readmodels.sitecolumns import LIGHTS, state_table
from projects.readmodels.siteindex import Snapshot
from projects.readmodels.sitequeries import FilterError, SiteFilter
from projects.readmodels.vocabulary import IndicatorWords, ProgrammeWords
from projects.rules.vocabulary import Light, Publication

#: A search that finds more than this many names is no search.
SEARCH_CAP = 5_000
#: Filters kept: predicates while the small tables stay as they are, searches while the sites do.
_KEPT_TESTS = 500
_KEPT_SEARCHES = 50


def compile_filter(wanted: SiteFilter, held: Snapshot, *, staff: bool = False) -> Filter:
    """The index filter of a query. Unless `staff`, only published sites pass, whatever was asked.

    `bbox` is left to the operation. Raises FilterError when `q` finds too many names.
    """
    # A box is the operation's, and what a search finds changes with the sites: neither is part of the tests.
    words = replace(wanted, q="", bbox=None)
    tests = _kept(held.word_tables, _KEPT_TESTS).get(
        (words, staff), lambda: tuple(_make_tests(words, held, staff=staff))
    )
    if not wanted.q:
        return Filter(tests)
    searches: Kept[Filter] = _kept(held.tables, _KEPT_SEARCHES)
    return searches.get((words, wanted.q, staff), lambda: Filter(tests, _search(wanted.q, staff=staff)))


def _kept(tables: dict[Any, Any], most: int) -> Kept[Any]:
    found: Kept[Any] = tables.setdefault("filters", Kept(most))
    return found


def _make_tests(wanted: SiteFilter, held: Snapshot, *, staff: bool) -> list[Test]:
    words = held.vocabulary
    tests: list[Test] = []
    states = state_table(wanted.publications, wanted.services, wanted.stages)
    if not staff:
        states &= state_table({Publication.PUBLISHED}, (), ())
    if not states.all():
        tests.append(In("state", states))
    if wanted.kinds:
        tests.append(In("kind", {words.kind_by_slug[slug].number for slug in wanted.kinds}))
    if wanted.divisions:
        tests.append(In("division", _areas(wanted.divisions, held)))
    if wanted.managers:
        tests.append(In("manager", _areas(wanted.managers, held)))
    rules = list(indicator_rules(wanted, held).values())
    if rules or wanted.lights:
        tests.append(In("standing", _standings(rules, wanted.lights, held, staff=staff)))
    if wanted.areas:
        tests.append(Inside(wanted.areas, area_region))
    return tests


def _standings(
    rules: Sequence["Rule"], lights: Collection[Light], held: Snapshot, *, staff: bool
) -> NDArray[np.bool_]:
    """Which standings pass: every rule met by one of the set's indicators, and one of the lights shown."""
    words = held.vocabulary
    table = np.ones((len(held.codes.combos), len(LIGHTS)), dtype=np.bool_)
    for rule in rules:
        passing = {
            pk
            for pk, row in words.indicators.items()
            if (staff or words.programmes[row.programme_id].is_public) and rule(row)
        }
        table &= np.array([not passing.isdisjoint(members) for members in held.codes.combos.keys])[:, None]
    if lights:
        shown = shown_lights(held, staff=staff)
        table &= np.isin(shown, [LIGHTS.index(light) for light in lights])
    return table.ravel()


def shown_lights(held: Snapshot, *, staff: bool) -> NDArray[np.uint8]:
    """By (set of indicators, light), the position in LIGHTS that the reader is shown.

    None where the programme that governs the set does not show its lights to the reader.
    """
    key = ("shown lights", staff)
    table = held.word_tables.get(key)
    if table is None:
        governing = governing_by_combo(held)
        lit = np.array([row is not None and (staff or row.shows_lights) for row in governing])
        lights = np.arange(len(LIGHTS), dtype=np.uint8)
        table = np.where(lit[:, None], lights, np.uint8(LIGHTS.index(Light.NONE)))
        held.word_tables[key] = table
    found: NDArray[np.uint8] = table
    return found


def governing_by_combo(held: Snapshot) -> Sequence[ProgrammeWords | None]:
    """By set of indicators, the programme whose lights and progress speak of the site; None for 存量."""
    key = "governing"
    rows = held.word_tables.get(key)
    if rows is None:
        rows = held.word_tables[key] = [
            held.vocabulary.governing(members) for members in held.codes.combos.keys
        ]
    found: list[ProgrammeWords | None] = rows
    return found


def _areas(codes: Collection[str], held: Snapshot) -> set[int]:
    words = held.vocabulary
    within = {pk for code in codes for pk in words.within(words.area_by_code[code])}
    return held.codes.areas.known(within)


Rule = Callable[[IndicatorWords], bool]


def indicator_rules(wanted: SiteFilter, held: Snapshot) -> dict[str, Rule]:
    """One rule a filter word; each must be met by one of the site's indicators."""
    words = held.vocabulary
    departments = {words.department_ids[code] for code in wanted.departments}
    rules: dict[str, Rule] = {}
    if wanted.categories:
        rules["category"] = lambda row: row.category in wanted.categories
    if wanted.indicators:
        # What counts for a subset (其中农村地区) counts for its whole.
        codes = wanted.indicators
        rules["indicator"] = lambda row: (
            row.code in codes or (row.parent_id is not None and words.indicators[row.parent_id].code in codes)
        )
    if wanted.projects:
        rules["project"] = lambda row: row.project_id in wanted.projects
    if wanted.programmes:
        rules["programme"] = lambda row: words.programmes[row.programme_id].key in wanted.programmes
    if wanted.departments:
        rules["department"] = lambda row: bool(row.departments & departments)
    return rules


def _search(text: str, *, staff: bool) -> list[int]:
    """Ids of sites whose name or address (for staff also code) has every word of the text."""
    sites = Site.objects.live() if staff else Site.objects.public()
    ids = search.matching_ids(sites, search.words_of(text), limit=SEARCH_CAP + 1, codes=staff)
    if len(ids) > SEARCH_CAP:
        raise FilterError(
            "q",
            gettext_noop("“%(text)s”找到的点位超过 %(most)d 个,请写得更具体些。"),
            text=text,
            most=SEARCH_CAP,
        )
    return ids
