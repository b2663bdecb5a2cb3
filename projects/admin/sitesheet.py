"""The sites of one list page as a table to type into: stage, service, hours and telephone of many at once.

Every row carries the change number at which it was read. A row that somebody else changed meanwhile is
compared field by field; the other rows are written, in one action, and nobody's typing is lost.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from projects.actions.batches import apply_site_drafts
from projects.actions.errors import ActionError
from projects.actions.ledger import as_json
from projects.actions.siteupdates import Refusal, SiteUpdate, examine
from projects.admin.conflicts import Conflict, changes_since, compared
from projects.admin.correcting import BUTTON, REASON, asked_for
from projects.admin.forms import CHOOSE
from projects.admin.scope import access_for
from projects.admin.sitechanges import PICKED_STAGES
from projects.models import AuditEntry, Site
from projects.models.choices import SERVICES, STAGES
from projects.permissions.access import Access, Permission, holds
from projects.querysets.sites import SiteQuerySet
from projects.rules.vocabulary import Stage

#: Rows of one table: what a list page has, and what a person still looks over.
MOST_ROWS: Final = 50
FIELDS: Final = ("stage", "service", "service_checked_on", "opening_hours", "phone")
_DATE: Final = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class RowForm(forms.Form):
    """One site. `seen`: the change number at which it was read; `at`: that a conflict was shown for."""

    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=10**18)
    at = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=10**18, required=False)
    stage = forms.ChoiceField(label=gettext_lazy("建设阶段"))
    service = forms.ChoiceField(label=gettext_lazy("服务状态"), choices=SERVICES)
    service_checked_on = forms.DateField(label=gettext_lazy("核实日期"), widget=_DATE, required=False)
    opening_hours = forms.CharField(label=gettext_lazy("开放时间"), max_length=200, required=False)
    phone = forms.CharField(label=gettext_lazy("电话"), max_length=40, required=False)

    def __init__(self, site: Site, data: Any = None) -> None:
        initial = {name: getattr(site, name) for name in FIELDS} | {"seen": site.changed_seq}
        super().__init__(data, prefix=prefix_of(site.pk), initial=initial)
        stage: Any = self.fields["stage"]
        stage.choices = STAGES if site.stage == Stage.VERIFIED else PICKED_STAGES
        for name in FIELDS:
            # The head of the column names the cell for the eye; this says whose cell it is.
            self.fields[name].widget.attrs["aria-label"] = f"{site.name}:{self.fields[name].label}"

    @property
    def cells(self) -> list[forms.BoundField]:
        return [self[name] for name in FIELDS]


class SheetForm(forms.Form):
    """What holds for all rows."""

    back = forms.CharField(widget=forms.HiddenInput, max_length=2_000, required=False)
    effective_on = forms.DateField(
        label=gettext_lazy("变更生效日期"),
        widget=_DATE,
        required=False,
        help_text=gettext_lazy("阶段或服务状态从哪一天起变更;留空为今天。"),
    )
    reason = forms.CharField(label=gettext_lazy("修改说明"), max_length=300, required=False)

    def clean_effective_on(self) -> dt.date | None:
        day: dt.date | None = self.cleaned_data["effective_on"]
        if day is not None and day > timezone.localdate():
            raise forms.ValidationError(_("生效日期不能晚于今天。"))
        return day


@dataclass(slots=True)
class Row:
    """One site with its form; what it would change, and what stands in the way."""

    site: Site
    form: RowForm
    changes: Mapping[str, object]
    conflict: Conflict | None = None
    refusal: Refusal | None = None

    @property
    def prefix(self) -> str:
        return f"{prefix_of(self.site.pk)}-"

    @property
    def stays(self) -> bool:
        """Whether it is shown again: there is something to decide or to mend."""
        return bool(self.form.errors) or self.conflict is not None or self.refusal is not None


def prefix_of(pk: int) -> str:
    return f"r{pk}"


def sheet_view(request: HttpRequest, context: dict[str, Any], list_url: str) -> HttpResponse:
    """The table of `?ids=`, and with a POST what is written of it."""
    access = access_for(request)
    if not holds(access, Permission.SITE_CHANGE):
        raise PermissionDenied
    sites = _sites(access, read_ids(request.GET.get("ids", "")))
    if not sites:
        messages.info(request, _("请先在列表里勾选您可以修改的点位,再选“批量编辑”。"))
        return HttpResponseRedirect(list_url)
    if request.method != "POST":
        about = SheetForm(initial={"back": request.GET.get("back", "")[:2_000]})
        rows = [Row(site, RowForm(site), {}) for site in sites]
        return _page(request, context, about, rows)
    about = SheetForm(request.POST)
    rows = _read(request, [site for site in sites if f"{prefix_of(site.pk)}-seen" in request.POST])
    if not about.is_valid():
        return _page(request, context, about, rows)
    back = f"{list_url}?{about.cleaned_data['back']}" if about.cleaned_data["back"] else list_url
    try:
        return _save(request, context, access, about, rows, back)
    except OperationalError:
        return TemplateResponse(request, "admin/busy.html", context, status=503)


def read_ids(text: str) -> list[int]:
    """Keys, comma-separated, each once; what is no key is left out."""
    parts = text[: MOST_ROWS * 20].split(",")
    keys = [int(part) for part in parts if part.isascii() and part.isdigit() and len(part) <= 18]
    return list(dict.fromkeys(keys))[:MOST_ROWS]


def _sites(access: Access, ids: Sequence[int]) -> list[Site]:
    """Those that may be changed, in the order asked for."""
    mine: SiteQuerySet = Site.objects.visible_to(access, Permission.SITE_CHANGE).filter(pk__in=ids)
    found = {site.pk: site for site in mine.select_related("kind", "managed_by").defer("geom", "location")}
    return [found[pk] for pk in ids if pk in found]


def _read(request: HttpRequest, sites: Sequence[Site]) -> list[Row]:
    """What was typed, compared with what was read and what is stored now."""
    forms_of = [(site, RowForm(site, request.POST)) for site in sites]
    valid = [(site, form) for site, form in forms_of if form.is_valid()]
    changed = [
        (site, form.cleaned_data["seen"])
        for site, form in valid
        if form.cleaned_data["seen"] != site.changed_seq
    ]
    later = _entries(changed)
    rows = []
    for site, form in forms_of:
        if form.errors:
            rows.append(Row(site, form, {}))
            continue
        rows.append(_row(request, site, form, later.get(site.pk, [])))
    return rows


def _entries(changed: Iterable[tuple[Site, int]]) -> dict[int, list[AuditEntry]]:
    """By site what was recorded of it since it was read."""
    seen = {site.pk: number for site, number in changed}
    if not seen:
        return {}
    found: dict[int, list[AuditEntry]] = {pk: [] for pk in seen}
    entries = AuditEntry.objects.filter(subject_type="site", subject_id__in=[str(pk) for pk in seen])
    for entry in entries.filter(seq__gt=min(seen.values())).select_related("actor").order_by("seq"):
        pk = int(entry.subject_id)
        if entry.seq > seen[pk]:
            found[pk].append(entry)
    return found


def _row(request: HttpRequest, site: Site, form: RowForm, later: list[AuditEntry]) -> Row:
    typed = {name: form.cleaned_data[name] for name in FIELDS}
    theirs = changes_since(later)
    stored = {name: as_json(getattr(site, name)) for name in FIELDS}
    read = {name: theirs[name][0] if name in theirs else stored[name] for name in FIELDS}
    mine = {name: value for name, value in typed.items() if as_json(value) != read[name]}
    if not mine or form.cleaned_data["seen"] == site.changed_seq:
        return Row(site, form, mine)
    chosen = {name: request.POST.get(f"{CHOOSE}{prefix_of(site.pk)}-{name}", "") for name in FIELDS}
    conflict = compared(Site, later, {**read, **mine}, stored, chosen)
    if form.cleaned_data["at"] == site.changed_seq and not conflict.undecided:
        kept = {
            name: value
            for name, value in mine.items()
            if chosen[name] != "theirs" and as_json(value) != stored[name]
        }
        return Row(site, form, kept)
    return Row(site, form, mine, conflict)


def _save(
    request: HttpRequest,
    context: dict[str, Any],
    access: Access,
    about: SheetForm,
    rows: list[Row],
    back: str,
) -> HttpResponse:
    """Write what is clear, in one action; show again what is not."""
    day = about.cleaned_data["effective_on"]
    updates = {
        row.site.pk: SiteUpdate(row.site.pk, row.site.version, row.changes, day)
        for row in rows
        if row.changes and not row.stays
    }
    for pk, refusal in examine(list(updates.values()), access=access).items():
        next(row for row in rows if row.site.pk == pk).refusal = refusal
    closed = {row.site.pk for row in rows if row.refusal is not None and row.refusal.is_closed}
    refused = {row.site.pk for row in rows if row.refusal is not None}
    wanted = [
        update
        for pk, update in updates.items()
        if pk not in refused or (pk in closed and BUTTON in request.POST)
    ]
    left = [row for row in rows if row.stays]
    if not wanted:
        if not left:
            messages.info(request, _("没有改动。"))
            return HttpResponseRedirect(back)
        return _page(request, context, about, left)
    try:
        apply_site_drafts(access=access, updates=wanted, reason=about.cleaned_data["reason"])
    except ActionError as problem:
        shown = asked_for(request, problem)
        if shown is None:
            return HttpResponseRedirect(back)
        # All or nothing: what was typed is all still there.
        return _page(request, context, about, rows, problem=_("没有写入任何数据。%(why)s") % {"why": shown})
    messages.success(request, _("已修改 %(count)d 个点位。") % {"count": len(wanted)})
    return _page(request, context, about, left) if left else HttpResponseRedirect(back)


def _page(
    request: HttpRequest, context: dict[str, Any], about: SheetForm, rows: Sequence[Row], problem: str = ""
) -> HttpResponse:
    for row in rows:
        if row.conflict is not None:
            # What is compared is the row as it is now: the choice counts for this state of it alone.
            held: Any = row.form.data
            data = held.copy()
            data[f"{row.prefix}at"] = str(row.site.changed_seq)
            row.form.data = data
    words = {
        "title": _("批量编辑"),
        "about": about,
        "rows": rows,
        "labels": [RowForm.base_fields[name].label for name in FIELDS],
        "conflicts": [row for row in rows if row.conflict is not None],
        "problem": problem,
        "offers_correction": any(row.refusal is not None and row.refusal.is_closed for row in rows),
        "typed_correction": request.POST.get(REASON, ""),
    }
    return TemplateResponse(request, "admin/projects/site/sheet.html", {**context, **words})
