"""The small tables that every question needs, read once per change: kinds, areas, programmes, indicators."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from django.utils.translation import gettext, override

from projects.models import Department, Division, FacilityKind, Indicator, Programme
from projects.rules.vocabulary import STAGE_ORDER, DivisionLevel, Light, Publication, Service, Word


@dataclass(frozen=True, slots=True)
class KindWords:
    """A facility kind as pages and the API name it."""

    pk: int
    number: int
    slug: str
    name_zh: str
    name_en: str
    icon: str
    colour: str
    geometry: str
    group_zh: str
    group_en: str
    attributes: tuple[Mapping[str, object], ...]


@dataclass(frozen=True, slots=True)
class Area:
    """A division with its interval in today's tree."""

    pk: int
    code: str
    name_zh: str
    name_en: str
    level: str
    left: int
    right: int


@dataclass(frozen=True, slots=True)
class ProgrammeWords:
    """A programme and what it publishes."""

    pk: int
    key: str
    name_zh: str
    name_en: str
    division_id: int
    period_start: dt.date
    cutoff: dt.date
    is_public: bool
    publishes_progress: bool
    publishes_lights: bool
    publishes_reasons: bool
    is_demo: bool
    year: int
    period_end: dt.date
    publishes_rankings: bool
    source: str
    #: See projects.models.Programme.rank.
    rank: tuple[bool, dt.date, str]
    publishes_satisfaction: bool

    @property
    def shows_lights(self) -> bool:
        """Whether the public may see its lights."""
        return self.is_public and self.publishes_lights


@dataclass(frozen=True, slots=True)
class IndicatorWords:
    """An indicator and everything by which its sites can be filtered."""

    pk: int
    code: str
    name_zh: str
    name_en: str
    unit_zh: str
    unit_en: str
    category_id: int
    category: str
    category_zh: str
    category_en: str
    category_number: int
    project_id: int | None
    programme_id: int
    parent_id: int | None
    departments: frozenset[int] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class FilterWords:
    """The values that exist of each filter word."""

    kinds: frozenset[str]
    categories: frozenset[str]
    indicators: frozenset[str]
    projects: frozenset[str]
    programmes: frozenset[str]
    departments: frozenset[str]
    divisions: frozenset[str]

    @classmethod
    def of(
        cls, words: "Vocabulary", indicators: Iterable[IndicatorWords], programmes: Iterable[str]
    ) -> "FilterWords":
        rows = list(indicators)
        return cls(
            frozenset(words.kind_by_slug),
            frozenset(row.category for row in rows),
            frozenset(row.code for row in rows),
            frozenset(str(row.project_id) for row in rows if row.project_id),
            frozenset(programmes),
            frozenset(words.department_ids),
            frozenset(words.area_by_code),
        )


@dataclass(frozen=True)
class Vocabulary:
    """A consistent reading of the small tables; immutable."""

    kinds: tuple[KindWords, ...]
    areas: tuple[Area, ...]
    programmes: Mapping[int, ProgrammeWords]
    indicators: Mapping[int, IndicatorWords]
    department_ids: Mapping[str, int]

    @cached_property
    def kind_by_slug(self) -> dict[str, KindWords]:
        return {kind.slug: kind for kind in self.kinds}

    @cached_property
    def kind_by_number(self) -> dict[int, KindWords]:
        return {kind.number: kind for kind in self.kinds}

    @cached_property
    def kind_by_pk(self) -> dict[int, KindWords]:
        return {kind.pk: kind for kind in self.kinds}

    @cached_property
    def area_by_code(self) -> dict[str, Area]:
        return {area.code: area for area in self.areas}

    @cached_property
    def area_by_pk(self) -> dict[int, Area]:
        return {area.pk: area for area in self.areas}

    @cached_property
    def counted_under(self) -> dict[int, str]:
        """By area, the code under which a map counts it: a township's county or zone, else its own."""
        found: dict[int, str] = {}
        above: list[Area] = []
        for area in sorted(self.areas, key=lambda other: (other.left, -other.right)):
            while above and above[-1].right < area.right:
                above.pop()
            own = area.level != DivisionLevel.TOWNSHIP or not above
            found[area.pk] = area.code if own else found[above[-1].pk]
            above.append(area)
        return found

    @cached_property
    def filter_words(self) -> "FilterWords":
        """What the public may filter by."""
        return FilterWords.of(
            self, self.public_indicators(), {row.key for row in self.programmes.values() if row.is_public}
        )

    @cached_property
    def staff_filter_words(self) -> "FilterWords":
        """What staff may filter by: unpublished programmes, too."""
        return FilterWords.of(self, self.indicators.values(), {row.key for row in self.programmes.values()})

    def within(self, area: Area) -> frozenset[int]:
        """Primary keys of an area and all below it."""
        return frozenset(other.pk for other in self.areas if area.left <= other.left <= area.right)

    def parent_of(self, area: Area) -> Area | None:
        """The smallest area that contains this one."""
        above = [other for other in self.areas if other.left < area.left and other.right >= area.right]
        return max(above, key=lambda other: other.left, default=None)

    def public_indicators(self) -> Iterable[IndicatorWords]:
        """Indicators of published programmes: the only ones that the public can filter or count by."""
        return [row for row in self.indicators.values() if self.programmes[row.programme_id].is_public]

    def governing(self, indicator_ids: Iterable[int]) -> ProgrammeWords | None:
        """Of the programmes that a site counts for, the one whose lights and progress speak of it."""
        found = {self.indicators[pk].programme_id for pk in indicator_ids if pk in self.indicators}
        return max((self.programmes[pk] for pk in found), key=lambda row: row.rank, default=None)


def read_vocabulary() -> Vocabulary:
    """Read the small tables (six queries)."""
    kinds = tuple(
        KindWords(
            kind.pk,
            kind.number,
            kind.slug,
            kind.name_zh,
            kind.name_en or kind.name_zh,
            kind.icon,
            kind.colour,
            kind.geometry,
            kind.group_zh,
            kind.group_en or kind.group_zh,
            tuple(kind.attributes),
        )
        for kind in FacilityKind.objects.filter(deleted_seq__isnull=True)
    )
    areas = tuple(
        Area(
            row.pk,
            row.code,
            row.name_zh,
            row.name_en or row.name_zh,
            row.level,
            row.tree_left,
            row.tree_right,
        )
        for row in Division.objects.live().order_by("code")
    )
    programmes = {
        row.pk: ProgrammeWords(
            row.pk,
            row.key,
            row.name_zh,
            row.name_en or row.name_zh,
            row.division_id,
            row.period_start,
            row.cutoff,
            row.publication == Publication.PUBLISHED,
            row.publishes_progress,
            row.publishes_lights,
            row.publishes_reasons,
            row.is_demo,
            row.year,
            row.period_end,
            row.publishes_rankings,
            row.source,
            row.rank,
            row.publishes_satisfaction,
        )
        for row in Programme.objects.filter(deleted_seq__isnull=True)
    }
    departments: dict[int, set[int]] = {}
    for indicator_id, department_id in Indicator.co_departments.through.objects.values_list(
        "indicator_id", "department_id"
    ):
        departments.setdefault(indicator_id, set()).add(department_id)
    indicators = {
        row.pk: IndicatorWords(
            row.pk,
            row.code,
            row.name_zh,
            row.name_en or row.name_zh,
            row.unit_zh,
            row.unit_en or row.unit_zh,
            row.category_id,
            row.category.slug,
            row.category.name_zh,
            row.category.name_en or row.category.name_zh,
            row.category.number,
            row.project_id,
            row.category.programme_id,
            row.subset_of_id,
            frozenset(
                departments.get(row.pk, set())
                | ({row.lead_department_id} if row.lead_department_id else set())
            ),
        )
        for row in Indicator.objects.filter(deleted_seq__isnull=True).select_related("category")
        if row.category.programme_id in programmes
    }
    return Vocabulary(
        kinds, areas, programmes, indicators, dict(Department.objects.values_list("code", "pk"))
    )


def map_vocabulary(language: str, vocabulary: Vocabulary) -> dict[str, object]:
    """Everything the map's script needs to name what the API answers, in one language."""
    english = language.startswith("en")

    def pick(zh: str, en: str) -> str:
        return en if english else zh

    with override(language):
        categories = {
            row.category: {
                "slug": row.category,
                "number": row.category_number,
                "name": pick(row.category_zh, row.category_en),
            }
            for row in vocabulary.public_indicators()
        }
        numbers = {row.category: row.category_number for row in vocabulary.indicators.values()}
        return {
            "kinds": [
                {
                    "slug": kind.slug,
                    "name": pick(kind.name_zh, kind.name_en),
                    "group": pick(kind.group_zh, kind.group_en),
                    "icon": kind.icon,
                    "colour": kind.colour,
                }
                for kind in vocabulary.kinds
            ],
            "categories": [categories[slug] for slug in sorted(categories, key=numbers.__getitem__)],
            "stages": _words(STAGE_ORDER),
            "services": _words(Service),
            "lights": _words(Light),
            "divisions": [
                {"code": area.code, "name": pick(area.name_zh, area.name_en), "level": area.level}
                for area in vocabulary.areas
                if area.level in (DivisionLevel.COUNTY, DivisionLevel.ZONE)
            ],
        }


def _words(words: Iterable[Word]) -> list[dict[str, str]]:
    return [{"value": word.value, "label": gettext(word.term)} for word in words]
