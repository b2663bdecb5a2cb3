"""The supervisor's desk: late and at-risk sites on the map and in a table, each light explained."""

import datetime as dt
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from django.http import (
    FileResponse,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    QueryDict,
    StreamingHttpResponse,
)
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from maps.tiles import BBox
from projects.addresses import with_query
from projects.exchange.latefiles import MOST_XLSX_ROWS, About, csv_lines, write_xlsx
from projects.pages.context import is_large
from projects.pages.mapquery import local_name
from projects.pages.staffonly import for_staff
from projects.pages.supervisionform import Desk, active_filters, desk_form
from projects.pages.supervisionmap import desk_map, desk_settings
from projects.permissions.access import Access, Permission, holds
from projects.readmodels.areas import areas_extent
from projects.readmodels.clocks import Clocks, as_text, recorded_moment
from projects.readmodels.latefacets import late_facets
from projects.readmodels.latequeries import (
    ALL,
    DEFAULT_DUE,
    LIST_WORDS,
    SORTS,
    Found,
    NoProgrammeError,
    Paging,
    find_late,
    late_page,
    ordered,
    read_late_query,
    read_paging,
)
from projects.readmodels.laterows import LateRow, late_rows
from projects.readmodels.mapview import area_extent, city_extent
from projects.readmodels.orders import open_orders_of
from projects.readmodels.siteindex import Snapshot, snapshot
from projects.readmodels.sitequeries import FilterError
from projects.rules.period import CITY_ZONE

PAGE_SIZE: Final = 50
_CHUNK: Final = 500
_OWN_WORDS: Final = LIST_WORDS | {"view"}
_DEFAULTS: Final = {"sort": SORTS[0], "show": ALL, "due": str(DEFAULT_DUE)}


@dataclass(frozen=True)
class Asked:
    """What an address asks for; `problem` says what of it could not be followed."""

    found: Found
    paging: Paging
    words: QueryDict
    problem: str = ""


@for_staff(Permission.SITE_VIEW_INTERNAL)
def supervision_page(request: HttpRequest, access: Access) -> HttpResponse:
    """A refused address is answered with its reason and the unfiltered list."""
    tidy = _tidy(request.GET)
    if tidy != request.GET:
        # As a form sends it: what is empty or the default anyway is no part of an address worth keeping.
        return HttpResponseRedirect(with_query(request.path, tidy))
    held = snapshot(fresh=True)
    try:
        asked = _read(request, access, held)
    except NoProgrammeError:
        return render(request, "projects/supervision.html", {"nothing": True})
    found, query = asked.found, asked.found.query
    page = late_page(found, asked.paging)
    counts = late_facets(found, held)
    form = desk_form(query, counts, asked.paging.sort, access, held)
    moment = recorded_moment(held)
    rows = late_rows(page.places.tolist(), found, access, held)
    orders = open_orders_of(access, [row.row.pk for row in rows])
    context = {
        "problem": asked.problem,
        "query": query,
        "counts": counts,
        "rows": rows,
        "orders": orders,
        "may_issue": holds(access, Permission.ORDER_ISSUE),
        "page": page,
        "form": form,
        "active": () if asked.problem else active_filters(query, form, asked.words, request.path),
        "links": _links(request.path, asked.words, form, page.newer, page.older),
        "pinned_url": _pinned(request.path, asked.words, query.clocks, moment),
        "recorded": query.clocks.known_at or moment,
        "is_past": query.clocks.as_of != query.programme.cutoff or query.clocks.known_at is not None,
        "most_xlsx_rows": MOST_XLSX_ROWS,
        "page_map": desk_map(_extent(found, held), chosen=next(iter(query.sites.divisions), "")),
        "map_settings": desk_settings(asked.words.urlencode(), large=is_large(request)),
        "username": request.user.get_username(),
    }
    return render(request, "projects/supervision.html", context, status=400 if asked.problem else 200)


@for_staff(Permission.SITE_VIEW_INTERNAL)
def supervision_csv(request: HttpRequest, access: Access) -> HttpResponseBase:
    """The whole filtered list, streamed."""
    told = _for_file(request, access)
    if isinstance(told, HttpResponse):
        return told
    about, rows, name = told
    response = StreamingHttpResponse(csv_lines(about, rows), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


@for_staff(Permission.SITE_VIEW_INTERNAL)
def supervision_xlsx(request: HttpRequest, access: Access) -> HttpResponseBase:
    """The first MOST_XLSX_ROWS of the filtered list; beyond them the sheet says so."""
    told = _for_file(request, access)
    if isinstance(told, HttpResponse):
        return told
    about, rows, name = told
    # The response closes it, which removes it.
    file = tempfile.TemporaryFile()  # noqa: SIM115
    write_xlsx(file, about, islice(rows, MOST_XLSX_ROWS))
    file.seek(0)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return FileResponse(file, as_attachment=True, filename=f"{name}.xlsx", content_type=kind)


def _tidy(words: QueryDict) -> QueryDict:
    kept = words.copy()
    for word, values in words.lists():
        said = [value for value in values if value.strip() and value != _DEFAULTS.get(word)]
        if said:
            kept.setlist(word, said)
        else:
            del kept[word]
    return kept


def _read(request: HttpRequest, access: Access, held: Snapshot) -> Asked:
    try:
        query = read_late_query(request.GET, held, others=_OWN_WORDS)
        paging = read_paging(request.GET, limit=PAGE_SIZE)
        return Asked(find_late(query, access, held), paging, request.GET)
    except FilterError as error:
        nothing = QueryDict("view=large" if is_large(request) else "")
        query = read_late_query(nothing, held, others=_OWN_WORDS)
        return Asked(find_late(query, access, held), Paging(limit=PAGE_SIZE), nothing, error.message())


def _links(
    path: str, words: QueryDict, form: Desk, newer: str | None, older: str | None
) -> dict[str, object]:
    """Addresses with one word changed and all the others kept."""
    return {
        "self": _address(path, words),
        "csv": _address(f"{path}late.csv", words),
        "xlsx": _address(f"{path}late.xlsx", words),
        "first": _address(path, words),
        "newer": _address(path, words, before=newer) if newer else "",
        "older": _address(path, words, after=older) if older else "",
        "shows": [(choice, _address(path, words, show=choice.value)) for choice in form.shows],
        "sorts": [(choice, _address(path, words, sort=choice.value)) for choice in form.sorts],
        "clear": _address(path, QueryDict("view=large" if words.get("view") else "")),
        "now": _address(path, words, as_of="", known_at=""),
    }


def _address(path: str, words: QueryDict, **changes: str | None) -> str:
    """`words` from the first page on, with some of them set, or taken out where they are empty."""
    changed = words.copy()
    for name in ("after", "before"):
        changed.pop(name, None)
    for name, value in changes.items():
        changed.pop(name, None)
        if value and value != _DEFAULTS.get(name):
            changed[name] = value
    encoded = changed.urlencode()
    return f"{path}?{encoded}" if encoded else path


def _pinned(path: str, words: QueryDict, clocks: Clocks, moment: dt.datetime | None) -> str:
    """The address that gives these very figures again, whatever is recorded later."""
    known = clocks.known_at or moment
    return _address(path, words, as_of=clocks.as_of.isoformat(), known_at=as_text(known) if known else "")


def _extent(found: Found, held: Snapshot) -> BBox:
    """Where the map looks: the stored areas, or the one division asked for, or the city."""
    sites = found.query.sites
    chosen = next(iter(sites.divisions), "")
    area = held.vocabulary.area_by_code.get(chosen) if len(sites.divisions) == 1 else None
    drawn = areas_extent(sites.areas)
    return drawn or (area_extent(held, area) if area is not None else None) or city_extent(held)


# ------------------------------------------------------------------------------------------------ files


def _for_file(request: HttpRequest, access: Access) -> HttpResponse | tuple[About, Iterator[LateRow], str]:
    """What the file says of itself, its rows, and its name; or the refusal of the address."""
    held = snapshot(fresh=True)
    try:
        asked = _read(request, access, held)
    except NoProgrammeError:
        return render(request, "projects/supervision.html", {"nothing": True}, status=404)
    if asked.problem:
        return render(request, "error.html", {"sentence": asked.problem, "status": 400}, status=400)
    # Rows are read while they are sent: what is recorded meanwhile must not mix into them.
    clocks = asked.found.query.clocks
    if clocks.known_seq is None:
        clocks = Clocks(clocks.as_of, recorded_moment(held), held.seq)
    found = replace(asked.found, query=replace(asked.found.query, clocks=clocks))
    about = _about(request, found, asked, clocks)
    return about, _rows(found, asked.paging.sort, access, held), f"late-{clocks.as_of.isoformat()}"


def _rows(found: Found, sort: str, access: Access, held: Snapshot) -> Iterator[LateRow]:
    places, _first, _second = ordered(found, sort)
    for start in range(0, len(places), _CHUNK):
        yield from late_rows(places[start : start + _CHUNK].tolist(), found, access, held)


def _about(request: HttpRequest, found: Found, asked: Asked, clocks: Clocks) -> About:
    known = clocks.known_at or timezone.now()
    words = [f"{word}={value}" for word, values in asked.words.lists() for value in values if word != "view"]
    return About(
        (
            (_("年度"), local_name(found.query.programme)),
            (_("数据截止"), clocks.as_of.isoformat()),
            (_("录入截止"), f"{known.astimezone(CITY_ZONE):%Y-%m-%d %H:%M:%S} (known_at={as_text(known)})"),
            (_("筛选"), " ".join(words) or _("无")),
            (_("点位数"), str(found.total)),
            (_("下载人"), request.user.get_username()),
            (_("知悉范围"), _("内部资料:含未公开的亮灯和原因,仅供本人权限范围内的工作使用,不得对外公布。")),
            (_("演示"), _("含演示数据") if found.query.programme.is_demo else _("无")),
        ),
        found.total,
    )
