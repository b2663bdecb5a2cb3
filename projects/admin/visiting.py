"""The page of one visit, made for a phone at the site; and the page on which rework is declared done."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from projects.actions.drafts import VisitDraft
from projects.actions.errors import ActionError, Invalid
from projects.actions.photodrafts import PhotoDraft
from projects.actions.photos import MOST
from projects.actions.sitewriting import target_of
from projects.actions.verification import declare_rework, may_visit, verify_site
from projects.admin.base import ScopedAdmin
from projects.admin.correcting import asked_for, offer
from projects.admin.photouploads import ACCEPT, fix_in, photos_with_kept, seal
from projects.admin.scope import access_for
from projects.admin.sitephotos import shown
from projects.admin.visitforms import ITEM, ReworkForm, VisitForm
from projects.models import Checklist, Site
from projects.permissions.access import LEVEL_PERMISSIONS, Access, Permission, may
from projects.readmodels.photos import photos_of_sites
from projects.readmodels.verifying import Standing, checklist_of, standing_of
from projects.rules.verification import level_of, may_be_visited
from projects.rules.vocabulary import (
    Awaits,
    CheckLevel,
    CheckResult,
    PhotoPurpose,
    Service,
    Stage,
)

_SHOWN_PHOTOS: Final = 12


def levels_now(access: Access, site: Site, standing: Standing) -> list[CheckLevel]:
    """The levels on which this person may visit now, the awaited one first."""
    found = [
        level
        for level in CheckLevel
        if may_be_visited(level, standing.awaits, Stage(site.stage))
        and not may_visit(access, site, standing, level)
    ]
    return sorted(found, key=lambda level: level is not level_of(standing.awaits))


def site_context(access: Access, site: Site) -> dict[str, Any]:
    """What the site's own page shows of its verification."""
    standing = standing_of(site)
    return {
        "verifying": standing,
        "visit_levels": levels_now(access, site, standing),
        "may_rework": standing.awaits is Awaits.REWORK
        and may(access, Permission.SITE_REPORT, target_of(site)),
        "visits": site.verifications.select_related("recorded_by", "sample")[:24],
        "reworks": site.reworks.select_related("recorded_by")[:12],
    }


def visit_view(admin: ScopedAdmin[Site], request: HttpRequest, object_id: int) -> HttpResponse:
    """One visit: `?level=` or the level that is awaited."""
    site = admin.get_object(request, str(object_id))
    if site is None:
        return _elsewhere(request)
    access = access_for(request)
    standing = standing_of(site)
    level = _level(request, access, site, standing)
    if level is None:
        return _refused(admin, request, site, standing, _why_not(access, site, standing))
    checklist = checklist_of(site)
    if request.method == "POST" and request.POST.get("checklist"):
        # A list that changed meanwhile: what was answered stays answered.
        kept = request.POST["checklist"]
        known = kept.isascii() and kept.isdigit() and len(kept) <= 18
        checklist = (Checklist.objects.filter(pk=int(kept)).first() if known else None) or checklist
    items = checklist.read_items() if checklist is not None else ()
    data = request.POST if request.method == "POST" else None
    form = VisitForm(site, standing, level, items, data)
    salt = f"visit-photos:{request.user.pk}:{site.pk}"
    photos, wrong = photos_with_kept(request, salt, purpose=PhotoPurpose.VERIFICATION)
    if wrong:
        form.add_error(None, wrong)
    if request.method == "POST" and form.is_valid():
        answer = _record(admin, request, access, site, level, checklist, form, photos)
        if answer is not None:
            return answer
    context = {
        **admin.admin_site.each_context(request),
        "title": _("现场核验:%(level)s") % {"level": _(level.term)},
        "subtitle": site.name,
        "opts": admin.opts,
        "site": site,
        "standing": standing,
        "level": level,
        "form": form,
        "checklist": checklist,
        "reports": site.reports.standing().select_related("recorded_by").order_by("-as_of", "-pk")[:3],
        "photos": [
            shown(access, site, row)
            for row in photos_of_sites([site.pk]).get(site.pk, ())[:_SHOWN_PHOTOS]
            if not row.is_withdrawn
        ],
        "accept": ACCEPT,
        "most": MOST,
        "kept": seal(photos, salt) if photos else "",
        "kept_count": len(photos),
        "has_fix": fix_in(request) is not None,
        "place": {
            "lon": site.location.x,
            "lat": site.location.y,
            "far_m": standing.scheme.far_m,
        },
        **offer(request),
    }
    return TemplateResponse(request, "admin/projects/site/verify.html", context)


def rework_view(admin: ScopedAdmin[Site], request: HttpRequest, object_id: int) -> HttpResponse:
    """What a return asked for was done: declared complete again."""
    site = admin.get_object(request, str(object_id))
    if site is None:
        return _elsewhere(request)
    access = access_for(request)
    standing = standing_of(site)
    if not may(access, Permission.SITE_REPORT, target_of(site)):
        return _refused(admin, request, site, standing, _("整改由负责填报这个点位的人申报。"))
    if standing.returned is None:
        return _refused(admin, request, site, standing, _("这个点位没有待整改的退回。"))
    form = ReworkForm(site, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            declare_rework(
                access=access,
                site_id=site.pk,
                expected_version=form.cleaned_data["version"],
                done_on=form.cleaned_data["done_on"],
                note=form.cleaned_data["note"],
            )
        except ActionError as refused:
            if _shown(request, form, refused):
                return _to_site(site)
        except OperationalError:
            return admin.busy(request)
        else:
            messages.success(request, _("已申报整改完成,重新进入核验。"))
            return _to_site(site)
    context = {
        **admin.admin_site.each_context(request),
        "title": _("整改完成"),
        "subtitle": site.name,
        "opts": admin.opts,
        "site": site,
        "returned": standing.returned,
        "today": timezone.localdate(),
        "form": form,
        **offer(request),
    }
    return TemplateResponse(request, "admin/projects/site/rework.html", context)


def _record(
    admin: ScopedAdmin[Site],
    request: HttpRequest,
    access: Access,
    site: Site,
    level: CheckLevel,
    checklist: Checklist | None,
    form: VisitForm,
    photos: list[PhotoDraft],
) -> HttpResponse | None:
    """The answer of a visit that was recorded; None: the form again, with what was wrong."""
    data = form.cleaned_data
    try:
        row = verify_site(
            access=access,
            site_id=site.pk,
            expected_version=data["version"],
            visit=_draft(request, level, checklist, data),
            photos=photos,
        )
    except ActionError as refused:
        return _to_site(site) if _shown(request, form, refused) else None
    except OperationalError:
        return admin.busy(request)
    said = _("已记录:%(level)s,%(result)s。") % {
        "level": _(level.term),
        "result": row.get_result_display(),
    }
    if row.deadline is not None:
        said += _("整改期限 %(day)s。") % {"day": row.deadline}
    messages.success(request, f"{site.name}:{said}")
    if row.is_far and row.distance_m is not None:
        messages.warning(
            request,
            _("您提交时离点位约 %(metres)d 米,已记录在案;确在现场的,请核对点位坐标。")
            % {"metres": round(row.distance_m)},
        )
    return HttpResponseRedirect(f"{reverse('admin:projects_verification_desk')}?level={level.value}")


def _draft(
    request: HttpRequest, level: CheckLevel, checklist: Checklist | None, data: Mapping[str, Any]
) -> VisitDraft:
    fix = fix_in(request)
    result = CheckResult(data["result"])
    day: dt.date = data["visited_on"]
    return VisitDraft(
        level,
        result,
        day,
        reasons=data["reasons"],
        working_days=data["working_days"],
        lon=None if fix is None else fix.lon,
        lat=None if fix is None else fix.lat,
        accuracy_m=None if fix is None else fix.accuracy_m,
        checklist_id=None if checklist is None else checklist.pk,
        answers={
            name.removeprefix(ITEM): value
            for name, value in data.items()
            if name.startswith(ITEM) and isinstance(value, str)
        },
        stage_after=Stage(data["stage_after"]) if data.get("stage_after") else None,
        percent=data["percent"],
        service_after=Service(data["service_after"]) if data.get("service_after") else None,
    )


def _shown(request: HttpRequest, form: forms.Form, refused: ActionError) -> bool:
    """Put a refusal on the form; True when it was asked for as a correction and that was recorded."""
    if isinstance(refused, Invalid):
        for name, text in refused.errors.items():
            form.add_error(name if name in form.fields else None, text)
        return False
    refusal = asked_for(request, refused)
    if refusal is None:
        return True
    form.add_error(None, str(refusal))
    return False


def _level(request: HttpRequest, access: Access, site: Site, standing: Standing) -> CheckLevel | None:
    """The level that was asked for, if it may be done now; else the first that may."""
    allowed = levels_now(access, site, standing)
    wanted = request.POST.get("level") or request.GET.get("level") or ""
    if wanted:
        return next((level for level in allowed if level.value == wanted), None)
    return allowed[0] if allowed else None


def _why_not(access: Access, site: Site, standing: Standing) -> str:
    level = level_of(standing.awaits)
    if level is not None and may(access, LEVEL_PERMISSIONS[level], target_of(site)):
        why = may_visit(access, site, standing, level)
        if why:
            return why
    return _("现在不能核验:这个点位%(state)s,或者这一级不由您核验。") % {"state": _(standing.awaits.term)}


def _refused(
    admin: ScopedAdmin[Site], request: HttpRequest, site: Site, standing: Standing, why: str
) -> HttpResponse:
    context = {
        **admin.admin_site.each_context(request),
        "title": _("现场核验"),
        "subtitle": site.name,
        "opts": admin.opts,
        "site": site,
        "standing": standing,
        "why": why,
    }
    return TemplateResponse(request, "admin/projects/site/no-visit.html", context, status=403)


def _elsewhere(request: HttpRequest) -> HttpResponse:
    messages.warning(request, _("没有这个点位,或者它不在您的管理范围内。"))
    return HttpResponseRedirect(reverse("admin:index"))


def _to_site(site: Site) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:projects_site_change", args=[site.pk]))
