"""The words in the address of the map page, as filters, as chips, and as links to one filter less."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from projects.readmodels.areas import area_names
from projects.readmodels.facets import Facets, facets
from projects.readmodels.projectlists import project_names
from projects.readmodels.siteindex import Snapshot
from projects.readmodels.sitequeries import FilterError, SiteFilter, parse_filters, parse_whole, single
from projects.readmodels.vocabulary import IndicatorWords, ProgrammeWords
from projects.rules.vocabulary import UNDER_WAY, Service

#: Filter words that the page takes; `bbox` is the map's own business.
FILTER_WORDS: Final = frozenset(
    {
        "kind",
        "category",
        "indicator",
        "project",
        "programme",
        "department",
        "division",
        "stage",
        "service",
        "light",
        "area",
        "q",
        "bbox",
    }
)
OWN_WORDS: Final = frozenset({"show", "view", "after"})

OPEN, BUILDING, ALL = "open", "building", "all"
SHOWS: Final[tuple[tuple[str, Promise], ...]] = (
    (OPEN, _("现在可用")),
    (BUILDING, _("在建")),
    (ALL, _("全部")),
)


@dataclass(frozen=True)
class Asked:
    """What the address asks for. `show` is empty when stage or service are given outright."""

    sites: SiteFilter
    show: str
    after: int | None
    query: QueryDict


@dataclass(frozen=True)
class Choice:
    """One option of the form. `count` None: not told."""

    value: str
    label: str
    chosen: bool
    count: int | None = None
    icon: str = ""
    colour: str = ""


@dataclass(frozen=True)
class ActiveFilter:
    label: str
    url: str


def read_query(query: QueryDict, held: Snapshot) -> Asked:
    """Raises FilterError for a value that does not exist. Unknown words are passed over."""
    query = without_strangers(query, FILTER_WORDS | OWN_WORDS)
    sites = parse_filters(query, allowed=FILTER_WORDS, others=OWN_WORDS, vocabulary=held.vocabulary)
    show = single(query, "show") or OPEN
    if show not in {OPEN, BUILDING, ALL}:
        raise FilterError("show", "参数“%(word)s”的值“%(value)s”不存在。", word="show", value=show[:60])
    after = parse_whole(query, "after", default=0, low=0, high=2**62) or None
    if sites.stages or sites.services:
        return Asked(sites, "", after, query)
    return Asked(showing(sites, show), show, after, query)


def without_strangers(query: QueryDict, known: Collection[str]) -> QueryDict:
    """The query without words of others: chat programs and advertisers hang theirs on every shared link.

    The API refuses them, for a program's author should hear of a slip; a citizen's page must open.
    """
    kept = query.copy()
    for word in set(kept) - set(known):
        del kept[word]
    return kept


def showing(sites: SiteFilter, show: str) -> SiteFilter:
    """`open`: usable now; `building`: under way; `all`: whatever there is."""
    if show == OPEN:
        return replace(sites, services=frozenset({Service.OPEN}))
    if show == BUILDING:
        return replace(sites, stages=frozenset(UNDER_WAY))
    return sites


def nothing_asked(query: QueryDict) -> Asked:
    """What a page with a refused address shows."""
    return Asked(showing(SiteFilter(), OPEN), OPEN, None, query)


@dataclass(frozen=True)
class FilterForm:
    """Everything that the form shows, counted over the whole city under the other filters."""

    shows: tuple[Choice, ...]
    kinds: tuple[Choice, ...]
    categories: tuple[Choice, ...]
    divisions: tuple[Choice, ...]
    stages: tuple[Choice, ...]
    services: tuple[Choice, ...]
    lights: tuple[Choice, ...]
    linked: tuple[tuple[str, str, str], ...]
    more_chosen: int


def filter_form(asked: Asked, words: Mapping[str, list[dict[str, str]]], held: Snapshot) -> FilterForm:
    sites = asked.sites
    present = facets(SiteFilter(), held=held).by
    by_kind = facets(replace(sites, kinds=frozenset()), held=held).by["kind"]
    whole = facets(replace(sites, stages=frozenset(), services=frozenset()), held=held)
    explicit = not asked.show
    return FilterForm(
        shows=tuple(
            Choice(value, str(label), asked.show == value, show_count(whole, value)) for value, label in SHOWS
        ),
        kinds=tuple(
            Choice(
                row["slug"],
                row["name"],
                row["slug"] in sites.kinds,
                by_kind.get(row["slug"], 0),
                row["icon"],
                row["colour"],
            )
            for row in words["kinds"]
            if row["slug"] in present["kind"] or row["slug"] in sites.kinds
        ),
        categories=tuple(
            Choice(row["slug"], row["name"], row["slug"] in sites.categories) for row in words["categories"]
        ),
        divisions=tuple(
            Choice(row["code"], row["name"], row["code"] in sites.divisions) for row in words["divisions"]
        ),
        stages=_choices(words["stages"], sites.stages if explicit else (), whole.by["stage"]),
        services=_choices(words["services"], sites.services if explicit else (), whole.by["service"]),
        lights=_choices(words["lights"], sites.lights, {}) if present["light"] else (),
        linked=tuple(linked(sites, held)),
        more_chosen=len(sites.categories)
        + len(sites.divisions)
        + len(sites.lights)
        + (len(sites.stages) + len(sites.services) if explicit else 0),
    )


def show_count(found: Facets, show: str) -> int:
    if show == OPEN:
        return found.by["service"].get(Service.OPEN, 0)
    if show == BUILDING:
        return sum(found.by["stage"].get(stage, 0) for stage in UNDER_WAY)
    return found.total


def _choices(
    rows: Iterable[Mapping[str, str]], chosen: Iterable[str], counts: Mapping[str, int]
) -> tuple[Choice, ...]:
    on = set(chosen)
    return tuple(
        Choice(
            row["value"], row["label"], row["value"] in on, counts.get(row["value"], 0) if counts else None
        )
        for row in rows
    )


def linked(sites: SiteFilter, held: Snapshot) -> Iterable[tuple[str, str, str]]:
    """(word, value, label) of the filters that came by a link."""
    programmes = {row.key: local_name(row) for row in held.vocabulary.programmes.values()}
    indicators = {row.code: local_name(row) for row in held.vocabulary.indicators.values()}
    for key in sorted(sites.programmes):
        yield "programme", key, programmes.get(key, key)
    for code in sorted(sites.indicators):
        yield "indicator", code, indicators.get(code, code)
    for number, label in sorted(project_names(sites.projects).items()):
        yield "project", str(number), label
    for code in sorted(sites.departments):
        yield "department", code, code
    for area_id, name in sorted(area_names(sites.areas).items()):
        yield "area", area_id, name or area_label(area_id)


def area_label(area_id: str) -> str:
    """What a stored area without a name is called."""
    return gettext("划定范围 %(id)s") % {"id": area_id[:4]}


def local_name(row: ProgrammeWords | IndicatorWords) -> str:
    return row.name_en if get_language() == "en" else row.name_zh


def active_filters(asked: Asked, form: FilterForm, path: str) -> tuple[ActiveFilter, ...]:
    """Each filter that is on, with the address that has it off. The kinds show for themselves."""
    found = []
    for word, choices in (
        ("category", form.categories),
        ("division", form.divisions),
        ("stage", form.stages),
        ("service", form.services),
        ("light", form.lights),
    ):
        found += [
            ActiveFilter(choice.label, without(asked.query, path, word, choice.value))
            for choice in choices
            if choice.chosen
        ]
    found += [
        ActiveFilter(label, without(asked.query, path, word, value)) for word, value, label in form.linked
    ]
    if asked.sites.q:
        found.insert(0, ActiveFilter(f"“{asked.sites.q}”", without(asked.query, path, "q", None)))
    return tuple(found)


def without(query: QueryDict, path: str, word: str, value: str | None) -> str:
    """The address with one value (None: all values) of a word left out, and on its first page."""
    left = query.copy()
    kept = [
        part.strip()
        for each in query.getlist(word)
        for part in each.split(",")
        if value is not None and part.strip() != value
    ]
    left.setlist(word, kept)
    left.pop("after", None)
    encoded = left.urlencode()
    return f"{path}?{encoded}" if encoded else path


def next_page(query: QueryDict, path: str, after: int | None) -> str:
    if after is None:
        return ""
    on = query.copy()
    on["after"] = str(after)
    return f"{path}?{on.urlencode()}"
