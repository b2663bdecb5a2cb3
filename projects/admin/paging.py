"""Lists of a million rows: pages by key. Nothing is counted through, no row is skipped over.

`?after=KEY` is the page below the row with that key, `?before=KEY` the one above it; without either it is the
newest. An address stays good: it names a row, not a number of rows to skip.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Generic, TypeVar

from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.contrib.admin.views.main import ChangeList
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.paginator import Paginator
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _

AFTER: Final = "after"
BEFORE: Final = "before"
#: Rows are counted up to here where no index says how many there are.
COUNTED: Final = 1_000
_LONGEST_KEY: Final = 18

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the list a page begins."""

    after: int | None = None
    before: int | None = None

    @classmethod
    def of(cls, query: QueryDict) -> "Place":
        """What is no key is no place: the list begins at its top."""
        after, before = _key(query.get(AFTER, "")), _key(query.get(BEFORE, ""))
        return cls(after, None if after is not None else before)


def _key(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_KEY else None


class KeysetChangeList(ChangeList):
    """A list in its admin's own order, paged by key."""

    previous_url = ""
    next_url = ""
    count_words = ""

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        self.place = Place.of(request.GET)
        given = request.GET
        # Not a filter: Django would look for a field of that name, and carry it into every link.
        words = self.read(given)
        for name in (AFTER, BEFORE):
            words.pop(name, None)
        request.GET = words  # type: ignore[assignment]
        try:
            super().__init__(request, *args, **kwargs)
        finally:
            request.GET = given

    def read(self, given: QueryDict) -> QueryDict:
        """The words of the address, changeable."""
        return given.copy()

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        # Every admin of such a list names its order; `?o=` is left to those that offer it.
        return list(self.model_admin.get_ordering(request))

    def get_results(self, request: HttpRequest) -> None:
        self.sortable_by = ()
        rows = KeyPage(
            self.queryset, self.get_ordering(request, self.queryset), self.list_per_page, self.place
        )
        self.show_page(rows.rows, rows.newer, rows.older)
        only_page = not (self.previous_url or self.next_url)
        counted = len(rows.rows) if only_page else self.queryset.order_by()[: COUNTED + 1].count()
        self.say_count(min(counted, COUNTED), at_least=counted > COUNTED)

    def show_page(self, rows: Sequence[Any], newer: int | None, older: int | None) -> None:
        """The rows, and the addresses of the neighbouring pages."""
        self.result_list = rows
        self.multi_page = self.can_show_all = self.show_full_result_count = False
        self.full_result_count = None
        self.show_admin_actions = True
        self.paginator = Paginator(rows, max(1, len(rows)))
        self.previous_url = "" if newer is None else self.get_query_string({BEFORE: newer})
        self.next_url = "" if older is None else self.get_query_string({AFTER: older})

    def say_count(self, count: int, *, at_least: bool) -> None:
        self.result_count = count
        words = _("%(count)s 条以上") if at_least else _("%(count)s 条")
        self.count_words = words % {"count": f"{count:,}"}

    @property
    def first_url(self) -> str:
        """The top of the list, with the same filters."""
        return self.get_query_string()


class KeyPage(Generic[M]):
    """One page of a query in an order that ends with the key; every column before it must hold no NULL.

    `newer`, `older`: keys at which the neighbouring pages begin; None where there is none.
    """

    def __init__(self, rows: QuerySet[M], ordering: Sequence[str], size: int, place: Place) -> None:
        self._ordering = [*ordering] if ordering[-1] in ("pk", "-pk") else [*ordering, "-pk"]
        self._source, self._size = rows, size
        found = self._read(place.before, backwards=True) if place.before is not None else None
        if found is not None and len(found) > size:
            self.rows = found[:size][::-1]
            self.newer, self.older = self.rows[0].pk, self.rows[-1].pk
            return
        # Above the top there is nothing: the first page, and a whole one.
        after = None if place.before is not None else place.after
        found = self._read(after, backwards=False)
        self.rows = found[:size]
        self.newer = None if after is None else (self.rows[0].pk if self.rows else after)
        self.older = self.rows[-1].pk if len(found) > size else None

    rows: list[M]
    newer: Any
    older: Any

    def _read(self, key: int | None, *, backwards: bool) -> list[M]:
        order = [_turned(name) for name in self._ordering] if backwards else self._ordering
        rows = self._source.order_by(*order)
        if key is not None:
            rows = rows.filter(self._beyond(key, order))
        return list(rows[: self._size + 1])

    def _beyond(self, key: int, order: Sequence[str]) -> Q:
        """What comes after the row with the key; everything where there is no such row.

        The first condition is the one that an index can use.
        """
        columns = [name.lstrip("-") for name in order]
        values = self._source.model._default_manager.filter(pk=key).values_list(*columns).first()
        if values is None:
            return Q()
        beyond, same = Q(), Q()
        for name, column, value in zip(order, columns, values, strict=True):
            side = "lt" if name.startswith("-") else "gt"
            beyond |= same & Q(**{f"{column}__{side}": value})
            same &= Q(**{column: value})
        if len(columns) == 1:
            return beyond
        side = "lte" if order[0].startswith("-") else "gte"
        return Q(**{f"{columns[0]}__{side}": values[0]}) & beyond


def _turned(name: str) -> str:
    return name.removeprefix("-") if name.startswith("-") else f"-{name}"


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Pages of what somebody types for: nobody goes through more than COUNTED of them."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows[:COUNTED].count())


class CappedAutocomplete(AutocompleteJsonView):
    """Django's look-up of a choice, without counting everything that could be chosen."""

    def get_paginator(self, *args: Any, **kwargs: Any) -> CappedPaginator:
        return CappedPaginator(*args, **kwargs)


class KeyedAutocomplete(AutocompleteSelect):
    """Django's, which answers with an error where the value that it shows again is no key at all."""

    def optgroups(self, name: str, value: Sequence[str], attrs: dict[str, Any] | None = None) -> Any:
        known = [each for each in value if not each or _is_key(each)]
        return super().optgroups(name, known, attrs)


def _is_key(text: object) -> bool:
    return str(text).isascii() and str(text).isdigit() and len(str(text)) <= _LONGEST_KEY
