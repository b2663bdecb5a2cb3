"""The words in the address of the supervisor's desk: what is asked, which rows pass, and in what order."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Final

import numpy as np
from django.utils.translation import gettext_noop
from numpy.typing import NDArray

from maps.pointindex import Filter, Inside
from projects.models import Site
from projects.permissions.access import Access, Permission
from projects.readmodels import search
from projects.readmodels.areas import area_region
from projects.readmodels.clocks import CLOCK_WORDS, Clocks, asked_clocks
from projects.readmodels.indexfilters import SEARCH_CAP, indicator_rules
from projects.readmodels.lateboard import MOST_DAYS, REASONS, Board, Ints, board
from projects.readmodels.sitecolumns import LIGHT_NUMBERS, PUBLICATION_NUMBERS, STAGE_NUMBERS
from projects.readmodels.siteindex import Snapshot
from projects.readmodels.sitequeries import (
    FilterError,
    Query,
    SiteFilter,
    parse_filters,
    parse_whole,
    single,
    values_of,
)
from projects.readmodels.staffsites import scope_test
from projects.readmodels.vocabulary import ProgrammeWords
from projects.rules.lights import Reason
from projects.rules.vocabulary import Light

#: Filter words of sites that are asked here, too.
FILTER_WORDS: Final = frozenset(
    {
        "kind",
        "category",
        "indicator",
        "project",
        "programme",
        "department",
        "division",
        "managed_by",
        "stage",
        "light",
        "publication",
        "area",
        "q",
    }
)
OWN_WORDS: Final = frozenset({"show", "due", "reason"})
#: What orders and cuts a list, and changes nothing of what is counted.
LIST_WORDS: Final = frozenset({"sort", "after", "before", "limit"})

LATE, RISK, ALL = "late", "risk", "all"
SHOWS: Final = (ALL, LATE, RISK)
SORTS: Final = ("light", "overdue", "gap", "reported", "silent")
DEFAULT_DUE: Final = 30
_CURSOR: Final = re.compile(r"(-?\d{1,12})\.(-?\d{1,12})\.(\d{1,18})", re.ASCII)
_LATEST: Final = 10_000_000

Mask = NDArray[np.bool_]
Cursor = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class LateQuery:
    """What is asked: of which programme, as of when, `due` days ahead, which sites."""

    programme: ProgrammeWords
    clocks: Clocks
    sites: SiteFilter
    show: str = ALL
    due: int = DEFAULT_DUE
    reasons: frozenset[Reason] = frozenset()


@dataclass(frozen=True, slots=True)
class Paging:
    """How a list is ordered and where it goes on."""

    sort: str = SORTS[0]
    limit: int = 50
    after: Cursor | None = None
    before: Cursor | None = None


@dataclass(frozen=True, slots=True)
class LatePage:
    """Places in the board, in order. `newer`, `older`: cursors of the neighbouring pages; None at an end."""

    places: Ints
    total: int
    newer: str | None
    older: str | None


class NoProgrammeError(LookupError):
    """There is no programme at all, so nothing can be late."""


def read_late_query(query: Query, held: Snapshot, *, others: Collection[str] = ()) -> LateQuery:
    """Raises FilterError for an unknown word or a value that does not exist, NoProgrammeError."""
    sites = parse_filters(
        query,
        allowed=FILTER_WORDS,
        others={*OWN_WORDS, *CLOCK_WORDS, *others},
        vocabulary=held.vocabulary,
    )
    programme = _programme(sites, held)
    return LateQuery(
        programme,
        asked_clocks(query, programme),
        sites,
        _one_of(query, "show", SHOWS),
        parse_whole(query, "due", default=DEFAULT_DUE, low=0, high=MOST_DAYS),
        frozenset(map(Reason, _known_reasons(values_of(query, "reason")))),
    )


def read_paging(query: Query, *, limit: int = 50, most: int = 200) -> Paging:
    """Raises FilterError."""
    return Paging(
        _one_of(query, "sort", SORTS),
        parse_whole(query, "limit", default=limit, low=1, high=most),
        after := _cursor(query, "after"),
        None if after else _cursor(query, "before"),
    )


def default_programme(held: Snapshot) -> ProgrammeWords:
    """The published programme that is newest. Raises NoProgrammeError."""
    newest = max(held.vocabulary.programmes.values(), key=lambda row: row.rank, default=None)
    if newest is None:
        raise NoProgrammeError
    return newest


def _programme(sites: SiteFilter, held: Snapshot) -> ProgrammeWords:
    if len(sites.programmes) > 1:
        raise FilterError("programme", gettext_noop("参数“%(word)s”只能出现一次。"), word="programme")
    key = next(iter(sites.programmes), None)
    if key is None:
        return default_programme(held)
    return next(row for row in held.vocabulary.programmes.values() if row.key == key)


def _one_of(query: Query, word: str, allowed: Sequence[str]) -> str:
    """The first of `allowed` is the default."""
    value = single(query, word) or allowed[0]
    if value not in allowed:
        raise FilterError(
            word,
            gettext_noop("参数“%(word)s”的值“%(value)s”不存在;可用的有:%(allowed)s。"),
            word=word,
            value=value[:60],
            allowed=", ".join(allowed),
        )
    return value


def _known_reasons(values: Sequence[str]) -> Sequence[str]:
    known = frozenset(Reason)
    for value in values:
        if value not in known:
            raise FilterError(
                "reason",
                gettext_noop("参数“%(word)s”的值“%(value)s”不存在。"),
                word="reason",
                value=value[:60],
            )
    return values


def _cursor(query: Query, word: str) -> Cursor | None:
    text = single(query, word)
    if not text:
        return None
    found = _CURSOR.fullmatch(text)
    if found is None:
        raise FilterError(word, gettext_noop("参数“%(word)s”不是本系统给出的页码。"), word=word)
    return int(found[1]), int(found[2]), int(found[3])


# ------------------------------------------------------------------------------------------------ found


@dataclass(frozen=True, eq=False, slots=True)
class Found:
    """What an address finds: the board, and for each word which rows pass it. `scope` hides all others."""

    query: LateQuery
    board: Board
    scope: Mask
    masks: Mapping[str, Mask]

    @property
    def passing(self) -> Mask:
        return self.passing_but(None)

    def passing_but(self, word: str | None) -> Mask:
        """Rows that pass every word but this one."""
        return reduce(np.logical_and, (mask for key, mask in self.masks.items() if key != word), self.scope)

    @property
    def total(self) -> int:
        return int(self.passing.sum())


def find_late(query: LateQuery, access: Access, held: Snapshot) -> Found:
    """Only what `access` may see of internal sites; nothing for a stranger. Raises FilterError."""
    rows = board(query.programme, query.clocks, query.due, held)
    return Found(query, rows, _scope(rows, access, held), _masks(query, rows, access, held))


def _scope(rows: Board, access: Access, held: Snapshot) -> Mask:
    """Asked of the index, which knows who manages a site now and what it counts for now."""
    test = scope_test(access, Permission.SITE_VIEW_INTERNAL, held)
    which = Filter([] if test is None else [test])
    return _among(rows, held.index.lookup(rows.ids, which=which).ids)


def _among(rows: Board, ids: Collection[int] | NDArray[np.integer]) -> Mask:
    return np.isin(rows.ids, np.fromiter(ids, dtype=np.int64) if not isinstance(ids, np.ndarray) else ids)


def _masks(query: LateQuery, rows: Board, access: Access, held: Snapshot) -> dict[str, Mask]:
    words, sites = held.vocabulary, query.sites
    masks: dict[str, Mask] = {}
    if query.show != ALL:
        masks["show"] = rows.is_late if query.show == LATE else ~rows.is_late
    for word, column, wanted in (
        ("light", rows.light, {LIGHT_NUMBERS[light.value] for light in sites.lights}),
        ("reason", rows.reason, {REASONS.index(reason) for reason in query.reasons}),
        ("stage", rows.stage, {STAGE_NUMBERS[stage.value] for stage in sites.stages}),
        ("publication", rows.publication, {PUBLICATION_NUMBERS[each.value] for each in sites.publications}),
        ("kind", rows.kind, {words.kind_by_slug[slug].pk for slug in sites.kinds}),
        ("division", rows.division, _within(sites.divisions, held)),
        ("managed_by", rows.manager, _within(sites.managers, held)),
    ):
        if wanted:
            masks[word] = np.isin(column, list(wanted))
    for word, rule in indicator_rules(sites, held).items():
        passing = {pk for pk, row in words.indicators.items() if rule(row)}
        table = np.array([not passing.isdisjoint(members) for members in rows.combos], dtype=np.bool_)
        masks[word] = table[rows.combo] if len(rows) else np.zeros(0, dtype=np.bool_)
    # The programme is what the board is about.
    masks.pop("programme", None)
    if sites.areas:
        inside = Filter([Inside(sites.areas, area_region)])
        masks["area"] = _among(rows, held.index.lookup(rows.ids, which=inside).ids)
    if sites.q:
        masks["q"] = _among(rows, _searched(sites.q, access))
    return masks


def _within(codes: Collection[str], held: Snapshot) -> set[int]:
    words = held.vocabulary
    return {pk for code in codes for pk in words.within(words.area_by_code[code])}


def _searched(text: str, access: Access) -> list[int]:
    ids = search.matching_ids(
        Site.objects.visible_to(access), search.words_of(text), limit=SEARCH_CAP + 1, codes=True
    )
    if len(ids) > SEARCH_CAP:
        raise FilterError(
            "q",
            gettext_noop("“%(text)s”找到的点位超过 %(most)d 个,请写得更具体些。"),
            text=text,
            most=SEARCH_CAP,
        )
    return ids


# ------------------------------------------------------------------------------------------------ order


def ordered(found: Found, sort: str) -> tuple[Ints, Ints, Ints]:
    """Places in the board in the order of a sort, and the two keys of each place."""
    places = np.flatnonzero(found.passing).astype(np.int64)
    first, second = _keys(found.board, sort)
    order = np.lexsort((found.board.ids[places], second[places], first[places]))
    places = places[order]
    return places, first[places], second[places]


def _keys(rows: Board, sort: str) -> tuple[Ints, Ints]:
    red, yellow = LIGHT_NUMBERS[Light.RED.value], LIGHT_NUMBERS[Light.YELLOW.value]
    severity = np.where(rows.light == red, 0, np.where(rows.light == yellow, 1, 2)).astype(np.int64)
    finish = np.where(rows.finish == 0, _LATEST, rows.finish)
    match sort:
        case "overdue":
            return finish, severity
        case "gap":
            return -rows.gap, severity
        case "reported":
            return -rows.reported, severity
        case "silent":
            return rows.reported, severity
        case _:
            return severity, finish


def late_page(found: Found, paging: Paging) -> LatePage:
    """A page by key: a row that comes or goes meanwhile moves no other to another page's place."""
    places, first, second = ordered(found, paging.sort)
    ids = found.board.ids[places]

    def above(cursor: Cursor) -> int:
        """How many rows stand before a cursor, whether or not its own row is still there."""
        a, b, pk = cursor
        return int(((first < a) | ((first == a) & ((second < b) | ((second == b) & (ids < pk))))).sum())

    if paging.before is not None:
        end = above(paging.before)
        # As far up as it goes: the first page, and a whole one.
        start, end = (end - paging.limit, end) if end > paging.limit else (0, paging.limit)
    else:
        a, b, pk = paging.after or (0, 0, 0)
        start = 0 if paging.after is None else above((a, b, pk + 1))
        end = start + paging.limit

    def cursor(place: int) -> str:
        return f"{first[place]}.{second[place]}.{ids[place]}"

    end = min(end, len(places))
    return LatePage(
        places[start:end],
        len(places),
        cursor(start) if 0 < start < len(places) else None,
        cursor(end - 1) if end < len(places) else None,
    )
