"""The photos of a site: what was handed in, what is to be said of it, and what is decided about it."""

from typing import Any, Final

from django.contrib import messages
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from projects.actions.errors import ActionError, Invalid
from projects.actions.photos import MOST, add_photos, decide_photo
from projects.actions.sitewriting import target_of
from projects.admin.base import ScopedAdmin
from projects.admin.photouploads import ACCEPT, photos_in, refusals
from projects.admin.scope import access_for
from projects.models import Photo, Site, storedfiles
from projects.permissions.access import Access, Permission, may
from projects.readmodels.photos import PhotoRow, photos_of_sites
from projects.rules.vocabulary import PhotoVerdict

_PARTS: Final = ("picture", "thumbnail", "original")
_EXTENSIONS: Final = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}


def photos_view(admin: ScopedAdmin[Site], request: HttpRequest, object_id: int) -> HttpResponse:
    """All photos of a site; adding some, for who may report its progress."""
    site = admin.get_object(request, str(object_id))
    if site is None:
        messages.warning(request, _("没有这个点位,或者它不在您的管理范围内。"))
        return HttpResponseRedirect(reverse("admin:index"))
    access = access_for(request)
    may_add = may(access, Permission.SITE_REPORT, target_of(site))
    problems: list[str] = []
    if request.method == "POST" and may_add:
        try:
            return _add(request, access, site)
        except Invalid as refused:
            problems = list(refusals(refused))
        except ActionError as refused:
            problems = [str(refused)]
        except OperationalError:
            return admin.busy(request)
    context = {
        **admin.admin_site.each_context(request),
        "title": _("现场照片"),
        "subtitle": site.name,
        "opts": admin.opts,
        "site": site,
        "photos": [shown(access, site, row) for row in photos_of_sites([site.pk]).get(site.pk, ())],
        "may_add": may_add,
        "problems": problems,
        "reports": site.reports.standing().order_by("-as_of", "-pk")[:6],
        "accept": ACCEPT,
        "most": MOST,
    }
    status = 403 if request.method == "POST" and not may_add else 200
    return TemplateResponse(request, "admin/projects/site/photos.html", context, status=status)


def _add(request: HttpRequest, access: Access, site: Site) -> HttpResponse:
    chosen = request.POST.get("report", "")
    added = add_photos(
        access=access,
        site_id=site.pk,
        photos=photos_in(request, caption=request.POST.get("caption", "")),
        report_id=int(chosen) if chosen.isascii() and chosen.isdigit() and len(chosen) < 18 else None,
    )
    messages.success(request, _("已保存 %(count)d 张照片。") % {"count": len(added)})
    return HttpResponseRedirect(reverse("admin:projects_site_photos", args=[site.pk]))


def shown(access: Access, site: Site, row: PhotoRow) -> dict[str, Any]:
    """A photo, and what the reader may see and decide of it (the action asks again)."""
    target = target_of(site)
    publishes = may(access, Permission.SITE_PUBLISH, target)
    own = row.recorded_by_id is not None and row.recorded_by_id == access.user_id
    works = may(access, Permission.SITE_REPORT, target) or may(access, Permission.SITE_VERIFY, target)
    verdicts = []
    if not row.is_withdrawn:
        if row.verdict is PhotoVerdict.PUBLIC and publishes:
            verdicts.append(PhotoVerdict.INTERNAL)
        if row.verdict is not PhotoVerdict.PUBLIC and publishes and not own:
            verdicts.append(PhotoVerdict.PUBLIC)
        if publishes or (own and works):
            verdicts.append(PhotoVerdict.WITHDRAWN)
    return {
        "row": row,
        "may_see_original": may(access, Permission.PHOTO_ORIGINAL, target),
        "verdicts": verdicts,
    }


def photo_view(
    admin: ScopedAdmin[Site], request: HttpRequest, object_id: int, photo_id: int, part: str
) -> HttpResponse:
    """One picture for who sees the site; the original for verifiers, supervisors and administrators.

    `part` "decide" takes a decision by POST.
    """
    site = admin.get_object(request, str(object_id))
    photo = Photo.objects.filter(pk=photo_id, site=site).first() if site is not None else None
    if site is None or photo is None:
        raise Http404
    if part == "decide":
        return _decide(admin, request, site, photo)
    if part not in _PARTS or request.method not in ("GET", "HEAD"):
        raise Http404
    is_original = part == "original"
    if is_original and not may(access_for(request), Permission.PHOTO_ORIGINAL, target_of(site)):
        raise Http404
    try:
        with storedfiles.open_file(str(getattr(photo, f"{part}_sha256"))) as file:
            data = file.read()
    except FileNotFoundError as problem:
        raise Http404 from problem
    mime = photo.original_type if is_original else "image/jpeg"
    name = f"{site.code}-{photo.pk}-{part}.{_EXTENSIONS.get(mime, 'bin')}"
    response = HttpResponse(data, content_type=mime)
    # An original is somebody else's file: it is saved, never opened as a page of this site.
    response.headers["Content-Disposition"] = _disposition("attachment" if is_original else "inline", name)
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _disposition(kind: str, name: str) -> str:
    safe = "".join(
        letter if letter.isascii() and (letter.isalnum() or letter in "-._") else "_" for letter in name
    )
    return f'{kind}; filename="{safe}"'


def _decide(admin: ScopedAdmin[Site], request: HttpRequest, site: Site, photo: Photo) -> HttpResponse:
    if request.method == "POST":
        try:
            verdict = PhotoVerdict(request.POST.get("verdict", ""))
        except ValueError:
            raise Http404 from None
        try:
            decide_photo(
                access=access_for(request),
                photo_id=photo.pk,
                verdict=verdict,
                reason=request.POST.get("reason", "")[:300],
            )
        except ActionError as refused:
            messages.error(request, str(refused))
        except OperationalError:
            return admin.busy(request)
        else:
            messages.success(request, _("已记录:%(verdict)s。") % {"verdict": _(verdict.term)})
    return HttpResponseRedirect(reverse("admin:projects_site_photos", args=[site.pk]))
