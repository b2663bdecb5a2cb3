"""The list of sites: the point index finds and counts, the database gives the rows of one page."""

from collections.abc import Collection
from functools import reduce
from operator import and_
from typing import Final

from django.contrib import messages
from django.contrib.admin.views.main import ERROR_FLAG, ORDER_VAR, ChangeList
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from projects.admin.paging import KeysetChangeList
from projects.admin.scope import access_for
from projects.admin.sitefilters import SiteListFilter
from projects.models import Site
from projects.permissions.access import Access, Permission
from projects.readmodels import search, staffsites
from projects.readmodels.siteindex import Snapshot, snapshot

#: A search lists at most so many sites; the reader is asked for another word.
SEARCHED: Final = 5_000


class SiteChangeList(KeysetChangeList):
    """Newest first. Up to `list_max_show_all` sites can be put in another order, all on one page."""

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
        rows = self.queryset_of_page(page.ids)
        order = ChangeList.get_ordering(self, request, rows) if ordered else ["-pk"]
        self.show_page(list(rows.order_by(*order)), page.newer, page.older)
        self.sortable_by = None if few else ()
        self.say_count(total.count, at_least=total.at_least)

    def queryset_of_page(self, ids: Collection[int]) -> QuerySet[Site]:
        """Through the door that says whose rows these are, whatever the index says."""
        rows: QuerySet[Site] = self.apply_select_related(self.root_queryset.filter(pk__in=ids))
        return rows

    @property
    def listed_query(self) -> str:
        """The list's filters and search as a query string, without the page and the order."""
        return self.get_query_string(remove=[ORDER_VAR, ERROR_FLAG])

    def _query(self, request: HttpRequest, held: Snapshot) -> staffsites.StaffQuery:
        parts = [spec.narrow(held) for spec in self.filter_specs if isinstance(spec, SiteListFilter)]
        rest = [part.rest for part in parts if part.rest is not None]
        return staffsites.staff_query(
            access_for(request),
            Permission.SITE_VIEW_INTERNAL,
            held,
            tests=[test for part in parts for test in part.tests],
            ids=self._searched(request) if self.query.strip() else None,
            rest=reduce(and_, rest, Q()) if rest else None,
        )

    def _searched(self, request: HttpRequest) -> list[int]:
        ids = search_sites(access_for(request), self.query, SEARCHED + 1)
        if len(ids) > SEARCHED:
            messages.warning(
                request,
                _("找到的点位超过 %(most)s 个,这里没有列全;请写得更具体些。") % {"most": f"{SEARCHED:,}"},
            )
        return ids[:SEARCHED]


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
