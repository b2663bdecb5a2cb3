"""Filters of the list of sites."""

from typing import Any

from django.contrib import admin
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from projects.admin.overview import QUESTIONS, as_of
from projects.admin.scope import access_for, divisions_of
from projects.models import Division, FacilityKind, Site
from projects.permissions.access import Permission
from projects.rules.vocabulary import Light

_LATE = (Light.RED.value, Light.YELLOW.value)


class TodoFilter(admin.SimpleListFilter):
    title = _("待办")
    parameter_name = "todo"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(question.slug, question.label) for question in QUESTIONS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Site]) -> QuerySet[Site]:
        question = next((each for each in QUESTIONS if each.slug == self.value()), None)
        if question is None:
            return queryset
        return queryset.filter(pk__in=question.rows(access_for(request), as_of()).values("pk"))


class LightFilter(admin.SimpleListFilter):
    title = _("亮灯")
    parameter_name = "light"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(value, _(Light(value).term)) for value in _LATE]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Site]) -> QuerySet[Site]:
        return queryset.filter(light=self.value()) if self.value() in _LATE else queryset


class ManagedByFilter(admin.SimpleListFilter):
    """A division with all below it, by who manages the site; the reader's own divisions only."""

    title = _("管理区划")
    parameter_name = "managed_by"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        own = divisions_of(access_for(request), [Permission.SITE_VIEW_INTERNAL])
        return [(row.code, row.name) for row in own.exclude(level="province").order_by("code")[:200]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Site]) -> QuerySet[Site]:
        chosen = Division.objects.filter(code=self.value()).first() if self.value() else None
        if chosen is None:
            return queryset
        return queryset.filter(
            managed_by__tree_left__gte=chosen.tree_left, managed_by__tree_left__lte=chosen.tree_right
        )


class KindFilter(admin.SimpleListFilter):
    title = _("设施种类")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(kind.slug, kind.name) for kind in FacilityKind.objects.filter(deleted_seq__isnull=True)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Site]) -> QuerySet[Site]:
        return queryset.filter(kind__slug=self.value()) if self.value() else queryset


class CrossFilter(admin.SimpleListFilter):
    title = _("跨区管理")
    parameter_name = "cross"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("1", _("位置与管理不在同一区划"))]

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
