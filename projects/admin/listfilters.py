"""What a filter of the list of sites is made of: what it leaves of the index, and what of the database."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.contrib import admin
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest

from maps.pointindex import Test
from projects.admin.scope import access_for
from projects.models import Site
from projects.permissions.access import Permission
from projects.readmodels.siteindex import Snapshot
from projects.readmodels.sitequeries import SiteFilter
from projects.readmodels.staffsites import staff_query


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What a filter leaves: tests of the index, and what only the database knows."""

    tests: Sequence[Test] = ()
    rest: Q | None = None
    ids: Collection[int] | None = None


class SiteListFilter(admin.SimpleListFilter):
    """`narrow` for the index, `queryset` for the database; both leave everything while nothing is chosen."""

    parameter_name: str

    def __init__(self, request: HttpRequest, params: dict[str, Any], model: type[Model], model_admin: Any):
        super().__init__(request, params, model, model_admin)
        self.request = request

    def narrow(self, held: Snapshot) -> Narrowing:
        raise NotImplementedError

    @property
    def chosen(self) -> tuple[str, ...]:
        """The values that are in force."""
        value = self.value()
        known = {str(each) for each, _label in self.lookup_choices}
        return (str(value),) if value in known else ()

    def words(self, held: Snapshot, wanted: SiteFilter) -> Narrowing:
        """The tests of filter words."""
        query = staff_query(access_for(self.request), Permission.SITE_VIEW_INTERNAL, held, wanted=wanted)
        return Narrowing(query.which.tests)


class ManyFilter(SiteListFilter):
    """Several values at once, repeated in the address or separated by commas; one that is unknown is none.

    `aliases`: words of older addresses. Subclasses say what the values mean to the index and to SQL.
    """

    aliases: tuple[str, ...] = ()

    def __init__(
        self, request: HttpRequest, params: dict[str, Any], model: type[Model], model_admin: Any
    ) -> None:
        given: list[str] = []
        for name in (self.parameter_name, *self.aliases):
            given += params.pop(name, [])
        if given:
            params[self.parameter_name] = [",".join(given)]
        super().__init__(request, params, model, model_admin)

    @cached_property
    def values(self) -> tuple[str, ...]:
        known = {str(value) for value, _label in self.lookup_choices}
        asked = str(self.value() or "").split(",")
        return tuple(dict.fromkeys(value for value in asked if value in known))

    @property
    def chosen(self) -> tuple[str, ...]:
        return self.values

    def narrow(self, held: Snapshot) -> Narrowing:
        return self.narrowed(held) if self.values else Narrowing()

    def narrowed(self, held: Snapshot) -> Narrowing:
        raise NotImplementedError

    def queryset(self, request: HttpRequest, queryset: QuerySet[Site]) -> QuerySet[Site]:
        return queryset.filter(self.condition()) if self.values else queryset

    def condition(self) -> Q:
        raise NotImplementedError
