"""The filter form of the supervisor's desk: every word with its values, their names and their counts."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from django.http import QueryDict
from django.utils.translation import get_language, gettext

from projects.models import Department, Project, StoredArea
from projects.pages.mapquery import ActiveFilter, Choice, area_label, local_name, without
from projects.permissions.access import Access
from projects.readmodels.areas import area_names
from projects.readmodels.latefacets import LateFacets
from projects.readmodels.latequeries import ALL, DEFAULT_DUE, LATE, RISK, SORTS, LateQuery
from projects.readmodels.siteindex import Snapshot
from projects.readmodels.vocabulary import Area, Vocabulary
from projects.rules.lights import Reason
from projects.rules.vocabulary import STAGE_ORDER, DivisionLevel, Light, Publication, Word

#: Own areas that the form offers; any other is reached by its id.
_OFFERED_AREAS = 20


@dataclass(frozen=True)
class Facet:
    """One word: its values, those without a site left out unless chosen."""

    word: str
    label: str
    choices: tuple[Choice, ...]

    @property
    def chosen(self) -> int:
        return sum(choice.chosen for choice in self.choices)


@dataclass(frozen=True)
class Desk:
    """Everything that the form shows. `shows` and `sorts` are links: they work at one touch."""

    facets: tuple[Facet, ...]
    shows: tuple[Choice, ...]
    sorts: tuple[Choice, ...]
    areas: tuple[Choice, ...]
    hidden: tuple[tuple[str, str], ...]
    dues: tuple[Choice, ...]
    programmes: tuple[Choice, ...]

    @property
    def chosen(self) -> int:
        return sum(facet.chosen for facet in self.facets) + sum(area.chosen for area in self.areas)


DUES = (0, 7, 14, 30, 60, 90)


def desk_form(query: LateQuery, counts: LateFacets, sort: str, access: Access, held: Snapshot) -> Desk:
    """Names in the language of the page."""
    sites = query.sites
    return Desk(
        facets=tuple(facet for facet in _facets(query, counts, held) if facet.choices),
        shows=tuple(
            Choice(value, label, query.show == value, count)
            for value, label, count in (
                (ALL, gettext("全部"), sum(counts.by["show"].values())),
                (LATE, gettext("滞后"), counts.by["show"][LATE]),
                (RISK, gettext("临近"), counts.by["show"][RISK]),
            )
        ),
        sorts=tuple(Choice(value, _sort_label(value), value == sort) for value in SORTS),
        areas=_areas(sites.areas, access),
        hidden=(("show", query.show),) if query.show != ALL else (),
        dues=tuple(
            Choice(
                str(days),
                gettext("%(days)d 天内") % {"days": days} if days else gettext("不看临近"),
                days == query.due,
            )
            for days in sorted({*DUES, query.due})
        ),
        programmes=tuple(
            Choice(row.key, local_name(row), row.key == query.programme.key)
            for row in sorted(held.vocabulary.programmes.values(), key=lambda row: row.rank, reverse=True)
        ),
    )


def _facets(query: LateQuery, counts: LateFacets, held: Snapshot) -> Iterable[Facet]:
    sites, words = query.sites, held.vocabulary

    def facet(word: str, label: str, names: Mapping[str, str], chosen: Iterable[str]) -> Facet:
        on, by = set(chosen), counts.by[word]
        found = [
            Choice(value, name, value in on, by.get(value, 0))
            for value, name in names.items()
            if value in by or value in on
        ]
        return Facet(word, label, tuple(found))

    yield facet("light", gettext("灯"), _terms(Light), sites.lights)
    yield facet("reason", gettext("原因"), _terms(Reason), query.reasons)
    yield facet("division", gettext("所在区划"), _areas_of(words), sites.divisions)
    yield facet("managed_by", gettext("管理区划"), _areas_of(words), sites.managers)
    yield facet(
        "category",
        gettext("实事类别"),
        {
            row.category: row.category_en if _english() else row.category_zh
            for row in sorted(words.indicators.values(), key=lambda row: row.category_number)
        },
        sites.categories,
    )
    indicators = {row.code: local_name(row) for row in words.indicators.values()}
    yield facet("indicator", gettext("指标"), indicators, sites.indicators)
    projects = Project.objects.in_bulk(map(int, counts.by["project"])) if counts.by["project"] else {}
    yield facet(
        "project",
        gettext("项目"),
        {str(pk): row.name for pk, row in projects.items()},
        map(str, sites.projects),
    )
    departments = {row.code: row.name for row in Department.objects.all()}
    yield facet("department", gettext("责任部门(牵头或配合)"), departments, sites.departments)
    kinds = {kind.slug: kind.name_en if _english() else kind.name_zh for kind in words.kinds}
    yield facet("kind", gettext("设施种类"), kinds, sites.kinds)
    yield facet("stage", gettext("建设阶段"), _terms(STAGE_ORDER), sites.stages)
    yield facet("publication", gettext("发布状态"), _terms(Publication), sites.publications)


def _english() -> bool:
    return (get_language() or "").startswith("en")


def _terms(words: Iterable[Word]) -> dict[str, str]:
    return {word.value: gettext(word.term) for word in words}


def _areas_of(words: Vocabulary) -> dict[str, str]:
    """Counties and zones, each with its townships after it."""
    name: Callable[[Area], str] = lambda area: area.name_en if _english() else area.name_zh  # noqa: E731
    return {
        area.code: f"– {name(area)}" if area.level == DivisionLevel.TOWNSHIP else name(area)
        for area in sorted(words.areas, key=lambda area: area.left)
        if area.level in (DivisionLevel.COUNTY, DivisionLevel.ZONE, DivisionLevel.TOWNSHIP)
    }


def _areas(chosen: Iterable[str], access: Access) -> tuple[Choice, ...]:
    """What is asked for, and what the person would find in their own list."""
    asked = area_names(list(chosen))
    own = dict(
        StoredArea.objects.visible_to(access)
        .order_by("-pk")
        .values_list("public_id", "name")[:_OFFERED_AREAS]
    )
    return tuple(
        Choice(public_id, name or area_label(public_id), public_id in asked)
        for public_id, name in {**asked, **own}.items()
    )


def _sort_label(sort: str) -> str:
    return {
        "light": gettext("按灯,红灯在前"),
        "overdue": gettext("逾期最久在前"),
        "gap": gettext("差距最大在前"),
        "reported": gettext("最近上报在前"),
        "silent": gettext("最久未上报在前"),
    }[sort]


def active_filters(query: LateQuery, desk: Desk, words: QueryDict, path: str) -> tuple[ActiveFilter, ...]:
    """Each filter that is on, with the address that has it off."""
    found = []
    if query.sites.q:
        found.append(ActiveFilter(f"“{query.sites.q}”", without(words, path, "q", None)))
    for facet in (*desk.facets, Facet("area", gettext("范围"), desk.areas)):
        found += [
            ActiveFilter(
                f"{facet.label}: {choice.label.removeprefix('– ')}",
                without(words, path, facet.word, choice.value),
            )
            for choice in facet.choices
            if choice.chosen
        ]
    return tuple(found)


def kept_words(query: LateQuery) -> tuple[tuple[str, str], ...]:
    """What a refused form would forget: words that the form shows elsewhere."""
    return (("due", str(query.due)),) if query.due != DEFAULT_DUE else ()
