"""At the site, on a phone: one report with photos and the device's position, and which site is nearest."""

import math
import uuid
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from django.contrib import admin as django_admin
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from maps.geometry import geodesic_distance_m
from projects.actions.errors import ActionError, Invalid
from projects.actions.photos import MOST
from projects.actions.rounddrafts import RoundRefused
from projects.actions.rounds import preview_round, report_round
from projects.actions.sitewriting import target_of
from projects.admin.base import ScopedAdmin
from projects.admin.correcting import asked_for, offer
from projects.admin.photouploads import ACCEPT
from projects.admin.roundform import STAGES, Typed, as_of_in, typed_rows
from projects.admin.roundlines import lines_of, with_typed
from projects.admin.scope import access_for
from projects.models import Site
from projects.permissions.access import Access, Permission, holds, may
from projects.readmodels.rounds import Month, due_sites, month_due, reported_in
from projects.readmodels.sitedetail import map_links

_NEAREST: Final = 20


def visit_view(admin: ScopedAdmin[Site], request: HttpRequest, object_id: int) -> HttpResponse:
    """The form of one site; a script is answered in JSON, so that a bad network costs nothing typed."""
    site = admin.get_object(request, str(object_id))
    access = access_for(request)
    if site is None:
        messages.warning(request, _("没有这个点位,或者它不在您的管理范围内。"))
        return HttpResponseRedirect(reverse("admin:index"))
    if not may(access, Permission.SITE_REPORT, target_of(site)):
        raise PermissionDenied
    if request.method != "POST":
        return _page(admin, request, access, site, None, {}, [])
    (typed,) = typed_rows(request, [site.pk])
    problems: list[str] = []
    is_conflict = False
    refused: dict[str, str] = dict(typed.errors)
    day = _month(request).day
    if not typed.errors:
        try:
            report_round(
                access=access,
                as_of=day,
                rows=[typed.row] if typed.row is not None else [],
                key=request.POST.get("key", "")[:36],
            )
        except RoundRefused as refusal:
            refused = dict(refusal.rows.get(site.pk, {}))
            is_conflict = bool(refusal.conflicts)
        except Invalid as refusal:
            problems = list(refusal.errors.values())
        except ActionError as refusal:
            shown = asked_for(request, refusal)
            if shown is None:
                return _done(request, site)
            problems = [str(shown)]
        except OperationalError:
            problems = [_("系统正忙,没有保存;您填的都在,请再按一次。")]
        else:
            messages.success(
                request, _("已保存“%(name)s”截至 %(day)s 的进度。") % {"name": site.name, "day": day}
            )
            return _done(request, site)
    if _is_script(request):
        return JsonResponse(
            # What takes more than a sentence beside a field is a page: a conflict, the offer of a correction.
            {
                "ok": False,
                "errors": refused,
                "problems": problems,
                "is_page": is_conflict or bool(offer(request)),
            }
        )
    return _page(admin, request, access, site, typed, refused, problems)


def _page(
    admin: ScopedAdmin[Site],
    request: HttpRequest,
    access: Access,
    site: Site,
    typed: Typed | None,
    refused: dict[str, str],
    problems: list[str],
) -> HttpResponse:
    month = _month(request)
    (line,) = lines_of(access, [site.pk], month)
    if typed is not None:
        rows = [] if typed.row is None else [typed.row]
        worked = preview_round(access=access, as_of=month.day, rows=rows)
        with_typed(request, [line], [typed], {site.pk: refused}, worked)
    percent = line.texts["percent"]
    context = {
        **admin.admin_site.each_context(request),
        "title": _("现场填报"),
        "subtitle": site.name,
        "opts": admin.opts,
        "site": site,
        "line": line,
        "month": month,
        "today": timezone.localdate(),
        "slider": percent or (f"{line.last.percent:f}" if line.last is not None else "0"),
        "stages": STAGES,
        "accept": ACCEPT,
        "most": MOST,
        "problems": problems,
        "key": request.POST.get("key", "")[:36] or str(uuid.uuid4()),
        "device": {
            name: request.POST.get(f"device_{name}", "")[:40] for name in ("lon", "lat", "accuracy", "at")
        },
        **offer(request),
    }
    return TemplateResponse(request, "admin/projects/site/visit.html", context)


def _month(request: HttpRequest) -> Month:
    """By default today; after the programme's period the day that its figures are about."""
    today, due = timezone.localdate(), month_due()
    is_over = due.programme is not None and today > due.programme.period_end
    return month_due(as_of_in(request.POST.get("day")) or (due.day if is_over else today))


def _done(request: HttpRequest, site: Site) -> HttpResponse:
    url = reverse("admin:projects_site_change", args=[site.pk])
    return JsonResponse({"ok": True, "url": url}) if _is_script(request) else HttpResponseRedirect(url)


def _is_script(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")


# -- which is nearest ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Near:
    """A site that is still to be reported this month, and how far it is; `route`: opens a map program."""

    site: Site
    metres: float
    route: str


def nearest_view(request: HttpRequest) -> HttpResponse:
    """Sites of the reader's own that are still to be reported, the nearest to a position first."""
    access = access_for(request)
    if not holds(access, Permission.SITE_REPORT):
        raise PermissionDenied
    lon, lat = _degrees(request, "lon", 180), _degrees(request, "lat", 90)
    context: dict[str, Any] = {
        **django_admin.site.each_context(request),
        "title": _("离我最近的待报点位"),
        "lon": request.GET.get("lon", "")[:20],
        "lat": request.GET.get("lat", "")[:20],
        "asked": lon is not None and lat is not None,
        "near": [] if lon is None or lat is None else nearest(access, lon, lat),
    }
    return TemplateResponse(request, "admin/round-nearest.html", context)


def nearest(access: Access, lon: float, lat: float) -> list[Near]:
    """The nearest by the ellipsoid, to their representative points; WGS-84 degrees."""
    month = month_due()
    rows = due_sites(access, Permission.SITE_REPORT, month).exclude(reported_in(month))
    places = [(pk, *location.coords) for pk, location in rows.order_by().values_list("pk", "location")]
    if not places:
        return []
    table = np.array(places, dtype=np.float64)
    metres = geodesic_distance_m(lon, lat, table[:, 1], table[:, 2])
    first = np.argsort(metres, kind="stable")[:_NEAREST]
    sites = Site.objects.select_related("kind").in_bulk([int(table[at, 0]) for at in first])
    return [
        Near(site, float(metres[at]), map_links(site.name, site.location.x, site.location.y).amap)
        for at in first
        for site in [sites[int(table[at, 0])]]
    ]


def _degrees(request: HttpRequest, name: str, most: float) -> float | None:
    try:
        value = float(request.GET.get(name, "")[:20])
    except ValueError:
        return None
    return value if math.isfinite(value) and abs(value) <= most else None
