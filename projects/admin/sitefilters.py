"""Filters of the list of sites.

Each says twice what it means: for the point index, which answers the list, and for the database, which a step
for everything listed goes by. A test holds the two equal.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.contrib import admin
from django.db.models import F, Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from maps.pointindex import Test
from projects.admin.batches import batch_of, site_ids_of
from projects.admin.overview import QUESTIONS, Question, as_of
from projects.admin.scope import access_for, divisions_of
from projects.models import Division, FacilityKind, Site
from projects.models.choices import PUBLICATIONS, SERVICES, STAGES
from projects.permissions.access import Permission
from projects.readmodels.siteindex import Snapshot
from projects.readmodels.sitequeries import SiteFilter
from projects.readmodels.staffsites import apart_test, light_test, staff_query
from projects.rules.vocabulary import Light, Publication, Service, Stage

_LATE: Final = (Light.RED.value, Light.YELLOW.value)


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What a filter leaves: tests of the index, what only the database knows, and sites by their ids."""

    tests: Sequence[Test] = ()
    rest: Q | None = None
    ids: Collection[int] | None = None


class SiteListFilter(admin.SimpleListFilter):
    """`narrow` for the index, `queryset` for the database; both leave everything while nothing is chosen."""

    def __init__(self, request: HttpRequest, params: dict[str, Any], model: type[Model], model_admin: Any):
        super().__init__(request, params, model, model_admin)
        self.request = request

    def narrow(self, held: Snapshot) -> Narrowing:
        raise NotImplementedError

    def words(self, held: Snapshot, wanted: SiteFilter) -> Narrowing:
        """The tests of filter words."""
        query = staff_query(access_for(self.request), Permission.SITE_VIEW_INTERNAL, held, wanted=wanted)
        return Narrowing(query.which.tests)


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


class LightFilter(SiteListFilter):
    title = _("亮灯")
    parameter_name = "light"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(value, _(Light(value).term)) for value in _LATE]

    def narrow(self, held: Snapshot) -> Narrowing:
        value = self.value()
        return Narrowing([light_test({Light(value)}, held)]) if value in _LATE else Narrowing()

    def queryset(self, request: HttpRequest, queryset: QuerySet[Site]) -> QuerySet[Site]:
        return queryset.filter(light=self.value()) if self.value() in _LATE else queryset


class WordFilter(SiteListFilter):
    """One of a field's choices."""

    field: str
    choices_of_field: Sequence[tuple[Any, Any]]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(self.choices_of_field)

    def narrow(self, held: Snapshot) -> Narrowing:
        value = self.value()
        if value not in dict(self.choices_of_field):
            return Narrowing()
        return self.words(held, self.wanted(str(value)))

    def wanted(self, value: str) -> SiteFilter:
        raise NotImplementedError

    def queryset(self, request: HttpRequest, queryset: QuerySet[Site]) -> QuerySet[Site]:
        value = self.value()
        return queryset.filter(**{self.field: value}) if value in dict(self.choices_of_field) else queryset


class StageFilter(WordFilter):
    title = _("建设阶段")
    parameter_name = "stage__exact"
    field = "stage"
    choices_of_field = STAGES

    def wanted(self, value: str) -> SiteFilter:
        return SiteFilter(stages=frozenset({Stage(value)}))


class ServiceFilter(WordFilter):
    title = _("服务状态")
    parameter_name = "service__exact"
    field = "service"
    choices_of_field = SERVICES

    def wanted(self, value: str) -> SiteFilter:
        return SiteFilter(services=frozenset({Service(value)}))


class PublicationFilter(WordFilter):
    title = _("发布状态")
    parameter_name = "publication__exact"
    field = "publication"
    choices_of_field = PUBLICATIONS

    def wanted(self, value: str) -> SiteFilter:
        return SiteFilter(publications=frozenset({Publication(value)}))


class ManagedByFilter(SiteListFilter):
    """A division with all below it, by who manages the site; the reader's own divisions only."""

    title = _("管理区划")
    parameter_name = "managed_by"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        own = divisions_of(access_for(request), [Permission.SITE_VIEW_INTERNAL])
        return [(row.code, row.name) for row in own.exclude(level="province").order_by("code")[:200]]

    def narrow(self, held: Snapshot) -> Narrowing:
        code = self.value()
        if code not in held.vocabulary.area_by_code:
            return Narrowing()
        return self.words(held, SiteFilter(managers=frozenset({str(code)})))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Site]) -> QuerySet[Site]:
        chosen = Division.objects.live().filter(code=self.value()).first() if self.value() else None
        if chosen is None:
            return queryset
        return queryset.filter(
            managed_by__tree_left__gte=chosen.tree_left, managed_by__tree_left__lte=chosen.tree_right
        )


class KindFilter(SiteListFilter):
    title = _("设施种类")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(kind.slug, kind.name) for kind in FacilityKind.objects.filter(deleted_seq__isnull=True)]

    def narrow(self, held: Snapshot) -> Narrowing:
        slug = self.value()
        if slug not in held.vocabulary.kind_by_slug:
            return Narrowing()
        return self.words(held, SiteFilter(kinds=frozenset({str(slug)})))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Site]) -> QuerySet[Site]:
        chosen = FacilityKind.objects.filter(slug=self.value(), deleted_seq__isnull=True)
        return queryset.filter(kind__in=chosen) if self.value() and chosen.exists() else queryset


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
    StageFilter,
    PublicationFilter,
    KindFilter,
    ManagedByFilter,
    ServiceFilter,
    CrossFilter,
    DemoFilter,
)
