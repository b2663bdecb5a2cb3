"""Several sites to another stage or service: what would change and what not, before it is written.

Three pages in one: chosen in the list, the form; sent, the preview by name; confirmed, one action.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from projects.actions.batches import apply_site_drafts
from projects.actions.errors import ActionError
from projects.actions.siteupdates import Refusal, SiteUpdate, examine
from projects.admin.correcting import BUTTON, REASON, asked_for
from projects.admin.scope import access_for
from projects.admin.sitebulk import BULK_LIMIT
from projects.models import Site
from projects.models.choices import SERVICES, STAGES
from projects.permissions.access import Access, Permission, holds
from projects.rules.vocabulary import FINISHED, Stage

KEEP: Final = [("", gettext_lazy("不改"))]
#: What an editor picks: verified is what somebody else finds on the spot.
PICKED_STAGES: Final = [(value, label) for value, label in STAGES if value != Stage.VERIFIED]
_DATE: Final = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
_LONGEST: Final = BULK_LIMIT * 32


class ChangesForm(forms.Form):
    """What to change. `picked`: the sites as they were read, `key:version`, comma-separated."""

    picked = forms.CharField(widget=forms.HiddenInput, max_length=_LONGEST)
    back = forms.CharField(widget=forms.HiddenInput, max_length=2_000, required=False)
    stage = forms.ChoiceField(label=gettext_lazy("建设阶段"), choices=[*KEEP, *PICKED_STAGES], required=False)
    service = forms.ChoiceField(label=gettext_lazy("服务状态"), choices=[*KEEP, *SERVICES], required=False)
    effective_on = forms.DateField(
        label=gettext_lazy("变更生效日期"), widget=_DATE, help_text=gettext_lazy("从哪一天起;不能晚于今天。")
    )
    fill_dates = forms.BooleanField(
        label=gettext_lazy("实际开工、完工日期还空着的,填变更生效日期"), required=False, initial=True
    )
    reason = forms.CharField(
        label=gettext_lazy("原因"), max_length=300, help_text=gettext_lazy("写在每个点位的历史里。")
    )

    def clean_effective_on(self) -> dt.date:
        day: dt.date = self.cleaned_data["effective_on"]
        if day > timezone.localdate():
            raise forms.ValidationError(_("生效日期不能晚于今天。"))
        return day

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not cleaned.get("stage") and not cleaned.get("service"):
            raise forms.ValidationError(_("请选择要改成的建设阶段或服务状态。"))
        return cleaned


@dataclass(frozen=True, slots=True)
class Line:
    """One site of the preview: what it is, what it would be, or why not."""

    site: Site
    update: SiteUpdate
    stage: str
    service: str
    refusal: Refusal | None

    @property
    def changes_nothing(self) -> bool:
        return self.refusal is None and not self.update.changes


def first_page(request: HttpRequest, sites: QuerySet[Site], context: dict[str, Any]) -> HttpResponse | None:
    """The form for what was chosen in the list; None (and a message) when it is too much."""
    rows = list(sites.order_by("pk").values_list("pk", "version")[: BULK_LIMIT + 1])
    if len(rows) > BULK_LIMIT:
        messages.error(request, _("一次最多处理 %(limit)d 个点位,请缩小范围。") % {"limit": BULK_LIMIT})
        return None
    initial = {
        "picked": ",".join(f"{pk}:{version}" for pk, version in rows),
        "back": request.GET.urlencode()[:2_000],
        "effective_on": timezone.localdate(),
        "fill_dates": True,
    }
    form = ChangesForm(initial=initial)
    return _page(request, context, form, count=len(rows))


def changes_view(request: HttpRequest, context: dict[str, Any], list_url: str) -> HttpResponse:
    """The preview, and with `_apply` or `_rest` the change itself."""
    access = access_for(request)
    if not holds(access, Permission.SITE_CHANGE):
        raise PermissionDenied
    if request.method != "POST":
        messages.info(request, _("请先在列表里勾选点位,再选“改阶段或服务状态”。"))
        return HttpResponseRedirect(list_url)
    form = ChangesForm(request.POST)
    picked = read_picked(request.POST.get("picked", ""))
    if not form.is_valid() or not picked or "_again" in request.POST:
        return _page(request, context, form, count=len(picked))
    lines = look(access, picked, form.cleaned_data)
    back = f"{list_url}?{form.cleaned_data['back']}" if form.cleaned_data["back"] else list_url
    problem = ""
    if wanted := _wanted(request, lines):
        try:
            result = apply_site_drafts(
                access=access, updates=[line.update for line in wanted], reason=form.cleaned_data["reason"]
            )
        except ActionError as refusal:
            shown = asked_for(request, refusal)
            if shown is None:
                return HttpResponseRedirect(back)
            problem = _("没有写入任何数据。%(why)s") % {"why": shown}
            lines = look(access, picked, form.cleaned_data)
        except OperationalError:
            return TemplateResponse(request, "admin/busy.html", context, status=503)
        else:
            messages.success(request, _("已修改 %(count)d 个点位。") % {"count": result.updated})
            return HttpResponseRedirect(back)
    return _preview(request, context, form, lines, missing=len(picked) - len(lines), problem=problem)


def read_picked(text: str) -> dict[int, int]:
    """Versions by site, as `picked` says; nothing of what is not written so."""
    found: dict[int, int] = {}
    for part in text[:_LONGEST].split(","):
        key, _colon, version = part.partition(":")
        if all(each.isascii() and each.isdigit() and len(each) <= 18 for each in (key, version)):
            found[int(key)] = int(version)
        if len(found) == BULK_LIMIT:
            break
    return found


def look(access: Access, picked: dict[int, int], wanted: dict[str, Any]) -> list[Line]:
    """What would become of each of the sites that are the reader's to see."""
    rows = Site.objects.visible_to(access).filter(pk__in=picked).select_related("kind", "managed_by")
    sites = list(rows.defer("geom", "location").order_by("pk"))
    updates = {site.pk: _update(site, picked[site.pk], wanted) for site in sites}
    refused = examine([update for update in updates.values() if update.changes], access=access)
    stages, services = dict(STAGES), dict(SERVICES)
    return [
        Line(
            site,
            updates[site.pk],
            str(stages.get(wanted["stage"], "")),
            str(services.get(wanted["service"], "")),
            _refusal(site, updates[site.pk], refused),
        )
        for site in sites
    ]


def _update(site: Site, version: int, wanted: dict[str, Any]) -> SiteUpdate:
    changes: dict[str, object] = {
        name: wanted[name]
        for name in ("stage", "service")
        if wanted[name] and wanted[name] != getattr(site, name)
    }
    day: dt.date = wanted["effective_on"]
    if wanted["service"] and (site.service_checked_on is None or site.service_checked_on < day):
        changes["service_checked_on"] = day
    if wanted["fill_dates"] and "stage" in changes:
        if wanted["stage"] == Stage.BUILDING and site.started_on is None:
            changes["started_on"] = day
        if wanted["stage"] == Stage.FINISHED and site.finished_on is None:
            changes["finished_on"] = day
    return SiteUpdate(site.pk, version, changes, effective_on=day)


def _refusal(site: Site, update: SiteUpdate, refused: dict[int, Refusal]) -> Refusal | None:
    if site.stage == Stage.VERIFIED and "stage" in update.changes:
        return Refusal(_("已核验的点位不能成批改阶段,请打开它单独修改。"))
    if not _is_finished(update, site) and site.finished_on is not None and "stage" in update.changes:
        return Refusal(_("已填实际完工日期 %(day)s,请打开它单独修改。") % {"day": site.finished_on})
    return refused.get(site.pk)


def _is_finished(update: SiteUpdate, site: Site) -> bool:
    return update.changes.get("stage", site.stage) in FINISHED


def _wanted(request: HttpRequest, lines: Sequence[Line]) -> list[Line]:
    """The sites to write: all or none of them, unless the rest was asked for by its own button."""
    clear = [line for line in lines if line.refusal is None and line.update.changes]
    closed = [line for line in lines if line.refusal is not None and line.refusal.is_closed]
    others = [line for line in lines if line.refusal is not None and not line.refusal.is_closed]
    if BUTTON in request.POST and closed:
        return [*clear, *closed]
    if "_rest" in request.POST:
        return clear
    if "_apply" in request.POST and not closed and not others:
        return clear
    return []


def _page(request: HttpRequest, context: dict[str, Any], form: ChangesForm, *, count: int) -> HttpResponse:
    words = {"title": _("改阶段或服务状态"), "form": form, "count": count, "limit": BULK_LIMIT}
    return TemplateResponse(request, "admin/projects/site/changes.html", {**context, **words})


def _preview(
    request: HttpRequest, context: dict[str, Any], form: ChangesForm, lines: Iterable[Line], *, missing: int,
    problem: str,
) -> HttpResponse:  # fmt: skip
    rows = list(lines)
    words = {
        "title": _("改阶段或服务状态:核对"),
        "form": form,
        "clear": [line for line in rows if line.refusal is None and line.update.changes],
        "refused": [line for line in rows if line.refusal is not None],
        "same": [line for line in rows if line.changes_nothing],
        "missing": missing,
        "problem": problem,
        "offers_correction": any(line.refusal is not None and line.refusal.is_closed for line in rows),
        "typed_correction": request.POST.get(REASON, ""),
    }
    return TemplateResponse(request, "admin/projects/site/changes-preview.html", {**context, **words})
