"""The map, the list without a map, and the page of one site. Public: no user is read, no cookie set."""

from typing import Any, cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _

from maps.pagemap import PageMap
from projects.pages.caching import public_page
from projects.pages.citymap import city_map, site_map
from projects.pages.context import is_large
from projects.pages.mapquery import (
    ActiveFilter,
    Asked,
    active_filters,
    filter_form,
    next_page,
    nothing_asked,
    read_query,
    without,
)
from projects.pages.mapsettings import map_settings
from projects.pages.nearbyquery import NearbyForm, find_nearby
from projects.readmodels.areas import areas_extent
from projects.readmodels.mapview import area_extent, city_extent
from projects.readmodels.sitedetail import site_detail
from projects.readmodels.siteindex import Snapshot, snapshot
from projects.readmodels.sitelists import list_sites
from projects.readmodels.sitequeries import FilterError

PAGE_SIZE = 50


@public_page
def map_page(request: HttpRequest) -> HttpResponse:
    """The map. The HTML has the first sites and a form that works without a script."""
    held = snapshot()
    problem = ""
    try:
        asked = read_query(request.GET, held)
        page = list_sites(asked.sites, limit=PAGE_SIZE, after=asked.after, held=held)
    except FilterError as error:
        problem, asked = error.message(), nothing_asked(request.GET)
        page = list_sites(asked.sites, limit=PAGE_SIZE, held=held)
    settings = map_settings(large=is_large(request))
    form = filter_form(asked, cast(Any, settings["vocabulary"]), held)
    context = {
        "problem": problem,
        "asked": asked,
        "form": form,
        "active": () if problem else active_filters(asked, form, request.path),
        "page": page,
        "next_url": next_page(request.GET, request.path, page.next_after),
        "page_map": _map_of(asked, held),
        "map_settings": settings,
    }
    return render(request, "projects/map.html", context, status=400 if problem else 200)


def _map_of(asked: Asked, held: Snapshot) -> PageMap:
    """The city, or what the address asks for: stored areas, or one division."""
    chosen = next(iter(asked.sites.divisions), "")
    area = held.vocabulary.area_by_code.get(chosen) if len(asked.sites.divisions) == 1 else None
    drawn = areas_extent(asked.sites.areas)
    extent = drawn or (area_extent(held, area) if area is not None else None) or city_extent(held)
    return city_map(extent, chosen=chosen)


@public_page
def nearby(request: HttpRequest) -> HttpResponse:
    """The nearest sites as a list: from a position, from a named place, or of one county."""
    held = snapshot()
    problem = ""
    try:
        form = find_nearby(request.GET, held)
    except FilterError as error:
        problem, form = error.message(), NearbyForm.refused(request.GET, held)
    context = {
        "problem": problem,
        "form": form,
        "linked": [
            ActiveFilter(label, without(request.GET, request.path, word, value))
            for word, value, label in form.links
        ],
        "crumbs": [(_("地图"), "/en/" if translation.get_language() == "en" else "/"), (_("附近列表"), "")],
        "next_url": next_page(request.GET, request.path, form.page.next_after),
    }
    return render(request, "projects/nearby.html", context, status=400 if problem else 200)


@public_page
def site_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """Everything public of one site. A draft, a withdrawn and a removed one are not found, all alike."""
    detail = site_detail(public_id)
    if detail is None:
        raise Http404
    context = {
        "detail": detail,
        "row": detail.row,
        "page_map": site_map(detail),
        "map_settings": map_settings(large=is_large(request)),
        "crumbs": [(_("地图"), "/en/" if translation.get_language() == "en" else "/"), (detail.row.name, "")],
    }
    return render(request, "projects/site.html", context)
