"""The list of doubtful data: which of one's sites, why, and one click to where it is mended."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from projects.admin.overview import as_of
from projects.admin.paging import AFTER, BEFORE, Place
from projects.admin.scope import access_for, divisions_of
from projects.exchange.values import quoted
from projects.models import Site
from projects.permissions.access import Access, Permission, holds
from projects.readmodels import staffsites
from projects.readmodels.dataproblems import explained, problem_counts, problem_ids
from projects.readmodels.sentences import said
from projects.readmodels.siteindex import Snapshot, snapshot
from projects.readmodels.sitequeries import SiteFilter
from projects.rules.dataproblems import Problem

REASON: Final = "reason"
MANAGER: Final = "managed_by"
_PAGE: Final = 50
#: Rows of a file; whoever has more works through them by kind or district.
MOST_ROWS: Final = 20_000
_CHUNK: Final = 500


@dataclass(frozen=True, slots=True)
class Line:
    """One site and what is doubtful about it."""

    site: Site
    reasons: tuple[tuple[Problem, str], ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One kind of doubt: how many, whether it is chosen, and the address that turns it."""

    value: str
    label: str
    count: int
    chosen: bool
    url: str


def problems_query(
    access: Access, held: Snapshot, wanted: Sequence[Problem], manager: str = ""
) -> staffsites.StaffQuery:
    """Sites that somebody sees with one of these doubts (none named: any)."""
    managers = frozenset({manager}) if manager in held.vocabulary.area_by_code else frozenset[str]()
    return staffsites.staff_query(
        access,
        Permission.SITE_VIEW_INTERNAL,
        held,
        wanted=SiteFilter(managers=managers),
        ids=problem_ids(wanted, held, as_of()),
    )


def problems_view(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """A page of them, newest first."""
    access, held = access_for(request), snapshot(fresh=True)
    wanted, manager = _asked(request.GET)
    query = problems_query(access, held, wanted, manager)
    place = Place.of(request.GET)
    page = staffsites.page(query, held, limit=_PAGE, after=place.after, before=place.before)
    everything = problems_query(access, held, (), manager)
    counts = problem_counts(everything.which, held, as_of())
    own = (
        divisions_of(access, [Permission.SITE_VIEW_INTERNAL]).exclude(level="province").order_by("tree_left")
    )
    divisions = [(row.code, row.name) for row in own[:400]]
    words = {
        "title": _("数据问题"),
        "lines": list(_lines(access, page.ids, held)),
        "choices": [_choice(request.GET, problem, counts[problem], wanted) for problem in Problem],
        "chosen": [problem.value for problem in wanted],
        "divisions": divisions if len(divisions) > 1 else [],
        "manager": manager,
        "count": staffsites.total(query, held).count,
        "newer": _page_url(request.GET, BEFORE, page.newer),
        "older": _page_url(request.GET, AFTER, page.older),
        "file_url": f"{reverse('admin:projects_site_problems_csv')}?{_words(request.GET).urlencode()}",
        "most": MOST_ROWS,
        "day": as_of(),
        "may_change": holds(access, Permission.SITE_CHANGE),
    }
    return TemplateResponse(request, "admin/projects/site/problems.html", {**context, **words})


def problems_file(request: HttpRequest) -> HttpResponseBase:
    """The same list as CSV, row by row; no cell of it is a formula."""
    access, held = access_for(request), snapshot(fresh=True)
    wanted, manager = _asked(request.GET)
    query = problems_query(access, held, wanted, manager)
    ids = staffsites.page(query, held, limit=MOST_ROWS).ids
    home = request.build_absolute_uri(reverse("admin:projects_site_changelist"))
    answer = StreamingHttpResponse(_csv(access, ids, held, home), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="data-problems.csv"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _csv(access: Access, ids: Sequence[int], held: Snapshot, home: str) -> Iterator[str]:
    head = [_("点位编码"), _("名称"), _("设施种类"), _("管理区划"), _("问题"), _("说明"), _("网址")]
    # Spreadsheets take a file without this mark for another encoding.
    yield "\ufeff" + _csv_row(head)
    for start in range(0, len(ids), _CHUNK):
        for line in _lines(access, ids[start : start + _CHUNK], held):
            site = line.site
            kinds = "、".join(_(problem.term) for problem, _text in line.reasons)
            texts = " ".join(text for _problem, text in line.reasons)
            place = [site.code, site.name, str(site.kind), str(site.managed_by)]
            yield _csv_row([*place, kinds, texts, f"{home}{site.pk}/change/"])


def _csv_row(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow([quoted(cell) for cell in cells])
    return line.getvalue()


def _lines(access: Access, ids: Sequence[int], held: Snapshot) -> Iterator[Line]:
    """In the order of the ids, through the door that says whose rows these are."""
    rows = Site.objects.visible_to(access).filter(pk__in=ids).select_related("kind", "managed_by")
    sites = {site.pk: site for site in rows.defer("geom", "location")}
    found = explained(sites, held, as_of())
    for pk in ids:
        if pk in sites and found.get(pk):
            yield Line(sites[pk], tuple((problem, said(sentence)) for problem, sentence in found[pk]))


def _asked(query: QueryDict) -> tuple[list[Problem], str]:
    known = {problem.value for problem in Problem}
    values = [value for text in query.getlist(REASON)[:50] for value in text[:400].split(",")]
    return [Problem(value) for value in dict.fromkeys(values) if value in known], query.get(MANAGER, "")[:20]


def _words(query: QueryDict) -> QueryDict:
    """The words that narrow the list, without the place in it."""
    wanted, manager = _asked(query)
    words = QueryDict(mutable=True)
    words.setlist(REASON, [problem.value for problem in wanted])
    if manager:
        words[MANAGER] = manager
    return words


def _choice(query: QueryDict, problem: Problem, count: int, wanted: Sequence[Problem]) -> Choice:
    words = _words(query)
    others = [each.value for each in wanted if each is not problem]
    chosen = problem in wanted
    words.setlist(REASON, others if chosen else [*others, problem.value])
    return Choice(problem.value, _(problem.term), count, chosen, f"?{words.urlencode()}")


def _page_url(query: QueryDict, word: str, key: int | None) -> str:
    if key is None:
        return ""
    words = _words(query)
    words[word] = str(key)
    return f"?{words.urlencode()}"
