"""Filters of the list of sites.

Each says twice what it means: for the point index, which answers the list, and for the database, which a step
for everything listed goes by. A test holds the two equal.
"""

from collections.abc import Sequence
from typing import Any, Final

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from projects.admin.batches import batch_of, site_ids_of
from projects.admin.listfilters import ManyFilter, Narrowing, SiteListFilter
from projects.admin.overview import QUESTIONS, REPORT_EVERY, Question, as_of
from projects.admin.scope import access_for, divisions_of
from projects.models import Contribution, Department, Division, FacilityKind, Indicator, Site
from projects.models.choices import PUBLICATIONS, SERVICES, STAGES
from projects.permissions.access import Permission
from projects.readmodels.dataproblems import problem_ids
from projects.readmodels.siteindex import Snapshot, snapshot
from projects.readmodels.sitequeries import SiteFilter
from projects.readmodels.staffsites import apart_test, light_test, page, staff_query
from projects.readmodels.vocabulary import IndicatorWords, KindWords
from projects.rules.dataproblems import Problem
from projects.rules.vocabulary import UNDER_WAY, Light, Publication, Service, Stage

_LIGHT_ORDER: Final = (Light.RED, Light.YELLOW, Light.GREEN, Light.BLUE, Light.NONE)
ANY_PROBLEM: Final = "any"
#: Sites that a step for everything listed can still be about.
_STEPPED: Final = 2_000
#: What a list of divisions offers; a city has some two hundred counties, streets and towns.
_MOST_DIVISIONS: Final = 400


class TodoFilter(SiteListFilter):
    title = _("待办")
    parameter_name = "todo"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(question.slug, question.label) for question in QUESTIONS]

    def _question(self) -> Question | None:
        return next((each for each in QUESTIONS if each.slug == self.value()), None)

    def narrow(self, held: Snapshot) -> Narrowing:
        question = self._question()
        if question is None:
            return Narrowing()
        query = question.asked(access_for(self.request), as_of(), held)
        return Narrowing(query.which.tests, query.rest)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Site]) -> QuerySet[Site]:
        question = self._question()
        if question is None:
            return queryset
        return queryset.filter(pk__in=question.rows(access_for(request), as_of()).values("pk"))


class LightFilter(ManyFilter):
    title = _("亮灯")
    parameter_name = "light"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(light.value, _(light.term)) for light in _LIGHT_ORDER]

    def narrowed(self, held: Snapshot) -> Narrowing:
        return Narrowing([light_test({Light(value) for value in self.values}, held)])

    def condition(self) -> Q:
        return Q(light__in=self.values)


class WordFilter(ManyFilter):
    """Some of a field's choices."""

    field: str
    choices_of_field: Sequence[tuple[Any, Any]]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(self.choices_of_field)

    def narrowed(self, held: Snapshot) -> Narrowing:
        return self.words(held, self.wanted())

    def wanted(self) -> SiteFilter:
        raise NotImplementedError

    def condition(self) -> Q:
        return Q(**{f"{self.field}__in": self.values})


class StageFilter(WordFilter):
    title = _("建设阶段")
    parameter_name = "stage"
    aliases = ("stage__exact",)
    field = "stage"
    choices_of_field = STAGES

    def wanted(self) -> SiteFilter:
        return SiteFilter(stages=frozenset(map(Stage, self.values)))


class ServiceFilter(WordFilter):
    title = _("服务状态")
    parameter_name = "service"
    aliases = ("service__exact",)
    field = "service"
    choices_of_field = SERVICES

    def wanted(self) -> SiteFilter:
        return SiteFilter(services=frozenset(map(Service, self.values)))


class PublicationFilter(WordFilter):
    title = _("发布状态")
    parameter_name = "publication"
    aliases = ("publication__exact",)
    field = "publication"
    choices_of_field = PUBLICATIONS

    def wanted(self) -> SiteFilter:
        return SiteFilter(publications=frozenset(map(Publication, self.values)))


class ManagedByFilter(ManyFilter):
    """Divisions with all below them, by who manages the site; the reader's own divisions only."""

    title = _("管理区划(区县、乡镇街道)")
    parameter_name = "managed_by"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        own = divisions_of(access_for(request), [Permission.SITE_VIEW_INTERNAL])
        # In the order of the tree: streets follow their county.
        rows = own.exclude(level="province").order_by("tree_left")[:_MOST_DIVISIONS]
        return [(row.code, row.name) for row in rows]

    def narrowed(self, held: Snapshot) -> Narrowing:
        # A division that is newer than the snapshot has no site in it yet.
        known = frozenset(self.values).intersection(held.vocabulary.area_by_code)
        return self.words(held, SiteFilter(managers=known)) if known else Narrowing(rest=Q(pk__in=[]))

    def condition(self) -> Q:
        wanted = Q(pk__in=[])
        for left, right in (
            Division.objects.live().filter(code__in=self.values).values_list("tree_left", "tree_right")
        ):
            wanted |= Q(managed_by__tree_left__gte=left, managed_by__tree_left__lte=right)
        return wanted


class KindFilter(ManyFilter):
    title = _("设施种类")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(kind.slug, _local(kind)) for kind in snapshot().vocabulary.kinds]

    def narrowed(self, held: Snapshot) -> Narrowing:
        known = frozenset(self.values).intersection(held.vocabulary.kind_by_slug)
        return self.words(held, SiteFilter(kinds=known)) if known else Narrowing(rest=Q(pk__in=[]))

    def condition(self) -> Q:
        return Q(kind__in=FacilityKind.objects.filter(slug__in=self.values, deleted_seq__isnull=True))


class IndicatorFilter(ManyFilter):
    """What counts for a subset (其中农村地区) counts for its whole, as everywhere."""

    title = _("指标")
    parameter_name = "indicator"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        words = snapshot().vocabulary
        rows = sorted(words.indicators.values(), key=lambda row: (row.category_number, row.code))
        return list({row.code: (row.code, _local(row)) for row in rows}.values())

    def narrowed(self, held: Snapshot) -> Narrowing:
        return self.words(held, SiteFilter(indicators=frozenset(self.values)))

    def condition(self) -> Q:
        codes = Q(code__in=self.values) | Q(subset_of__code__in=self.values)
        return _counts_for(Indicator.objects.filter(codes, deleted_seq__isnull=True))


class DepartmentFilter(ManyFilter):
    """Sites of the indicators that a department leads or supports."""

    title = _("责任部门")
    parameter_name = "department"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(row.code, row.name) for row in Department.objects.order_by("code")[:_MOST_DIVISIONS]]

    def narrowed(self, held: Snapshot) -> Narrowing:
        known = frozenset(self.values).intersection(held.vocabulary.department_ids)
        return self.words(held, SiteFilter(departments=known)) if known else Narrowing(rest=Q(pk__in=[]))

    def condition(self) -> Q:
        ids = frozenset(Department.objects.filter(code__in=self.values).values_list("pk", flat=True))
        return _counts_for(Indicator.objects.of_departments(ids))


def _counts_for(indicators: QuerySet[Indicator]) -> Q:
    own = Contribution.objects.filter(site=OuterRef("pk"), indicator__in=indicators.values("pk"))
    return Q(Exists(own))


def _local(row: KindWords | IndicatorWords) -> str:
    english = (get_language() or "").startswith("en")
    return (row.name_en if english else "") or row.name_zh


class ReportedFilter(ManyFilter):
    """Sites under way by how long ago their progress was reported, on the cut-off."""

    title = _("进度上报")
    parameter_name = "report"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("never", _("在建,从未报过")), ("month", _("在建,一个月未报"))]

    def narrowed(self, held: Snapshot) -> Narrowing:
        under_way = self.words(held, SiteFilter(stages=UNDER_WAY))
        return Narrowing(under_way.tests, self._since())

    def condition(self) -> Q:
        return self._since() & Q(stage__in=list(UNDER_WAY))

    def _since(self) -> Q:
        never = Q(reported_on__isnull=True)
        return never | Q(reported_on__lt=as_of() - REPORT_EVERY) if "month" in self.values else never


class ProblemFilter(ManyFilter):
    """Sites with doubtful data, by kind of doubt."""

    title = _("数据问题")
    parameter_name = "problem"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(ANY_PROBLEM, _("任何一种")), *((each.value, _(each.term)) for each in Problem)]

    def narrowed(self, held: Snapshot) -> Narrowing:
        return Narrowing(ids=self._ids(held).tolist())

    def condition(self) -> Q:
        # For a step of everything listed, which takes a few hundred at most.
        held = snapshot(fresh=True)
        query = staff_query(
            access_for(self.request), Permission.SITE_VIEW_INTERNAL, held, ids=self._ids(held)
        )
        return Q(pk__in=page(query, held, limit=_STEPPED).ids)

    def _ids(self, held: Snapshot) -> Any:
        wanted = [] if ANY_PROBLEM in self.values else [Problem(value) for value in self.values]
        return problem_ids(wanted, held, as_of())


class CrossFilter(SiteListFilter):
    title = _("跨区管理")
    parameter_name = "cross"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("1", _("位置与管理不在同一区划"))]

    def narrow(self, held: Snapshot) -> Narrowing:
        return Narrowing([apart_test(held)]) if self.value() == "1" else Narrowing()

    def queryset(self, request: HttpRequest, queryset: QuerySet[Site]) -> QuerySet[Site]:
        if self.value() != "1":
            return queryset
        inside = Q(
            located_in__tree_left__gte=F("managed_by__tree_left"),
            located_in__tree_left__lte=F("managed_by__tree_right"),
        )
        above = Q(
            managed_by__tree_left__gte=F("located_in__tree_left"),
            managed_by__tree_left__lte=F("located_in__tree_right"),
        )
        return queryset.exclude(inside | above)


class DemoFilter(SiteListFilter):
    title = _("演示数据")
    parameter_name = "is_demo__exact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("1", _("是")), ("0", _("否"))]

    def _condition(self) -> Q | None:
        return Q(is_demo=self.value() == "1") if self.value() in ("0", "1") else None

    def narrow(self, held: Snapshot) -> Narrowing:
        return Narrowing(rest=self._condition())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Site]) -> QuerySet[Site]:
        condition = self._condition()
        return queryset if condition is None else queryset.filter(condition)


class BatchFilter(SiteListFilter):
    """What one import wrote: no list of choices, an import's page leads here."""

    title = _("导入批次")
    parameter_name = "batch"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        value = self.used_parameters.get(self.parameter_name)
        return [(str(value), _("第 %(number)s 批") % {"number": str(value)[:18]})] if value else []

    def narrow(self, held: Snapshot) -> Narrowing:
        if not self.value():
            return Narrowing()
        batch = batch_of(access_for(self.request), self.value())
        return Narrowing(ids=[] if batch is None else list(site_ids_of(batch)))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Site]) -> QuerySet[Site]:
        if not self.value():
            return queryset
        batch = batch_of(access_for(request), self.value())
        return queryset.none() if batch is None else queryset.filter(pk__in=site_ids_of(batch))


SITE_FILTERS: Final = (
    BatchFilter,
    TodoFilter,
    LightFilter,
    ReportedFilter,
    StageFilter,
    KindFilter,
    ManagedByFilter,
    IndicatorFilter,
    DepartmentFilter,
    ServiceFilter,
    PublicationFilter,
    ProblemFilter,
    CrossFilter,
    DemoFilter,
)
