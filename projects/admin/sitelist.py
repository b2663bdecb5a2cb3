"""The list of sites: the point index finds and counts, the database gives the rows of one page."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import and_
from typing import Final

from django.contrib import messages
from django.contrib.admin.views.main import ERROR_FLAG, ORDER_VAR, SEARCH_VAR, ChangeList
from django.db.models import Q, QuerySet
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _

from projects.admin.listfilters import ManyFilter, SiteListFilter
from projects.admin.paging import KeysetChangeList
from projects.admin.scope import access_for
from projects.admin.sitefilters import SITE_FILTERS
from projects.models import Site
from projects.permissions.access import Access, Permission
from projects.readmodels import search, staffsites
from projects.readmodels.siteindex import Snapshot, snapshot

#: Filters of which several values may be chosen.
_MANY: Final = frozenset(
    name
    for each in SITE_FILTERS
    for name in (each.parameter_name, *getattr(each, "aliases", ()))
    if issubclass(each, ManyFilter)
)
_SHORT_GROUP: Final = 9
#: A search lists at most so many sites; the reader is asked for another word.
SEARCHED: Final = 5_000


@dataclass(frozen=True, slots=True)
class Chip:
    """One active filter: what it says, and the address without it."""

    label: str
    text: str
    without: str


@dataclass(frozen=True, slots=True)
class Group:
    """One filter as the form shows it: (value, label, chosen) of each choice."""

    name: str
    title: str
    choices: tuple[tuple[str, str, bool], ...]
    is_single: bool

    @property
    def chosen(self) -> int:
        return sum(choice[2] for choice in self.choices)

    @property
    def is_long(self) -> bool:
        return len(self.choices) > _SHORT_GROUP


class SiteChangeList(KeysetChangeList):
    """Newest first. Up to `list_max_show_all` sites can be put in another order, all on one page."""

    staff_query: staffsites.StaffQuery
    held: Snapshot

    def read(self, given: QueryDict) -> QueryDict:
        """Repeated values as one, so that every link of the page carries all of them."""
        words = given.copy()
        for name in words:
            values = words.getlist(name)
            if len(values) > 1 and name in _MANY:
                words[name] = ",".join(values)
        return words

    @cached_property
    def groups(self) -> list[Group]:
        """The filters, for the form."""
        found = []
        for spec in self._specs():
            chosen = set(spec.chosen)
            choices = [(str(value), str(label), str(value) in chosen) for value, label in spec.lookup_choices]
            is_single = not isinstance(spec, ManyFilter)
            found.append(Group(spec.parameter_name, str(spec.title), tuple(choices), is_single))
        return found

    @cached_property
    def chips(self) -> list[Chip]:
        """What the list is narrowed by, each with the link that takes it away."""
        found = []
        for spec in self._specs():
            labels = {str(value): str(label) for value, label in spec.lookup_choices}
            aliases = dict.fromkeys(getattr(spec, "aliases", ()))
            for value in spec.chosen:
                rest = ",".join(other for other in spec.chosen if other != value)
                changed = {**aliases, spec.parameter_name: rest or None}
                found.append(Chip(str(spec.title), labels.get(value, value), self.get_query_string(changed)))
        if self.query.strip():
            found.append(Chip(_("查找"), self.query, self.get_query_string({SEARCH_VAR: None})))
        return found

    @property
    def kept_words(self) -> list[tuple[str, str]]:
        """What the filter form carries along besides the filters."""
        return [
            (name, value) for name, value in self.params.items() if name in (SEARCH_VAR, ORDER_VAR) and value
        ]

    def _specs(self) -> list[SiteListFilter]:
        return [spec for spec in self.filter_specs if isinstance(spec, SiteListFilter)]

    def get_results(self, request: HttpRequest) -> None:
        held = snapshot(fresh=True)
        query = self._query(request, held)
        total = staffsites.total(query, held)
        few = not total.at_least and total.count <= self.list_max_show_all
        ordered = few and bool(self.params.get(ORDER_VAR))
        page = staffsites.page(
            query,
            held,
            limit=self.list_max_show_all if ordered else self.list_per_page,
            after=None if ordered else self.place.after,
            before=None if ordered else self.place.before,
        )
        self.staff_query, self.held = query, held
        rows = self.queryset_of_page(page.ids)
        order = ChangeList.get_ordering(self, request, rows) if ordered else ["-pk"]
        listed = list(rows.order_by(*order))
        self._place(listed, held)
        self.show_page(listed, page.newer, page.older)
        self.sortable_by = None if few else ()
        self.say_count(total.count, at_least=total.at_least)

    def _place(self, sites: Iterable[Site], held: Snapshot) -> None:
        """Where each lies, for the map beside the list: the index knows it, the row would be read whole."""
        rows = list(sites)
        points = held.index.lookup([site.pk for site in rows])
        where = dict(
            zip(points.ids.tolist(), zip(points.lon.tolist(), points.lat.tolist(), strict=True), strict=True)
        )
        for site in rows:
            site.lonlat = where.get(site.pk)  # type: ignore[attr-defined]

    def queryset_of_page(self, ids: Collection[int]) -> QuerySet[Site]:
        """Through the door that says whose rows these are, whatever the index says."""
        rows: QuerySet[Site] = self.apply_select_related(self.root_queryset.filter(pk__in=ids))
        return rows

    @property
    def listed_query(self) -> str:
        """The list's filters and search as a query string, without the page and the order."""
        return self.get_query_string(remove=[ORDER_VAR, ERROR_FLAG])

    def _query(self, request: HttpRequest, held: Snapshot) -> staffsites.StaffQuery:
        parts = [spec.narrow(held) for spec in self._specs()]
        rest = [part.rest for part in parts if part.rest is not None]
        return staffsites.staff_query(
            access_for(request),
            Permission.SITE_VIEW_INTERNAL,
            held,
            tests=[test for part in parts for test in part.tests],
            ids=self._ids(request, [part.ids for part in parts if part.ids is not None]),
            rest=reduce(and_, rest, Q()) if rest else None,
        )

    def _ids(self, request: HttpRequest, chosen: list[Collection[int]]) -> Collection[int] | None:
        """Ids that search and filters leave; None where none of them names any."""
        if self.query.strip():
            chosen = [*chosen, self._searched(request)]
        return set(chosen[0]).intersection(*chosen[1:]) if chosen else None

    def _searched(self, request: HttpRequest) -> list[int]:
        ids = search_sites(access_for(request), self.query, SEARCHED + 1)
        if len(ids) > SEARCHED:
            messages.warning(
                request,
                _("找到的点位超过 %(most)s 个,这里没有列全;请写得更具体些。") % {"most": f"{SEARCHED:,}"},
            )
        return ids[:SEARCHED]


class SiteTileList(SiteChangeList):
    """The same list for the map: which sites, and no page of them."""

    def get_results(self, request: HttpRequest) -> None:
        self.held = snapshot(fresh=True)
        self.staff_query = self._query(request, self.held)
        self.result_count, self.show_full_result_count, self.full_result_count = 0, False, None
        self.show_page([], None, None)


def search_sites(access: Access, text: str, limit: int) -> list[int]:
    """Ids of sites that somebody sees and whose name, address or code has every word."""
    words = search.words_of(text)
    return search.matching_ids(Site.objects.visible_to(access), words, limit=limit, codes=True)


def choosable(access: Access, rows: QuerySet[Site], text: str, limit: int) -> QuerySet[Site]:
    """For a look-up: the newest sites, or those that the text finds."""
    if text.strip():
        return rows.filter(pk__in=search_sites(access, text, limit))
    held = snapshot(fresh=True)
    query = staffsites.staff_query(access, Permission.SITE_VIEW_INTERNAL, held)
    return rows.filter(pk__in=staffsites.page(query, held, limit=limit).ids)
