"""Rounds of spot checks and re-visits: stated, drawn, followed district by district, recomputed."""

import csv
from collections import Counter
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from projects.actions.errors import ActionError, Invalid
from projects.actions.sampling import accept_rest, draw_sample, rest_count, state_seed
from projects.admin.base import ScopedAdmin
from projects.admin.correcting import asked_for, offer
from projects.admin.scope import access_for, is_unlimited
from projects.admin.sitesteps import DATE
from projects.exchange.values import quoted
from projects.models import Division, Programme, Sample, SampleFrame, Site
from projects.permissions.access import Access, Permission, Target, may
from projects.readmodels.samples import (
    checked_again,
    eligible,
    framed,
    round_of,
    seen_districts,
)
from projects.rules.sampling import draw, read_frame, sizes
from projects.rules.vocabulary import CheckLevel


class DrawForm(forms.Form):
    seed = forms.CharField(label=gettext_lazy("种子"), max_length=200, required=False)


class AcceptForm(forms.Form):
    on_day = forms.DateField(label=gettext_lazy("通过日期"), widget=DATE)


@admin.register(Sample)
class SampleAdmin(ScopedAdmin[Sample]):
    see = Permission.SAMPLE_VIEW
    add = Permission.SAMPLE_DRAW
    list_display = ["name", "programme", "level", "stated_at", "drawn_at", "frame_size", "drawn_count"]
    list_filter = ["level", "programme"]
    list_select_related = ["programme"]
    search_fields = ["name"]
    ordering = ["-pk"]
    fields = ["programme", "level", "name", "seed", "seed_source", "percent", "minimum", "maximum", "by_kind",
              "skips_visited", "due_on", "note"]  # fmt: skip
    list_hint = gettext_lazy("先声明种子和规则,再抽样;抽样框冻结存档,任何人都能用公布的种子重算。")
    change_form_template = "admin/projects/sample/change_form.html"

    def has_change_permission(self, request: HttpRequest, obj: Sample | None = None) -> bool:
        return False

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        newest = Programme.objects.filter(deleted_seq__isnull=True).order_by("-year", "key").first()
        given = super().get_changeform_initial_data(request)
        return given if newest is None else {"programme": newest.pk, **given}

    def write_row(self, request: HttpRequest, obj: Sample, form: ModelForm[Sample], reason: str) -> None:
        obj.pk = state_seed(access=access_for(request), row=obj, reason=reason).pk

    def response_add(self, request: HttpRequest, obj: Sample, post_url_continue: str | None = None) -> Any:
        messages.success(request, _("种子和规则已声明。核对下面的抽样框后抽样。"))
        return HttpResponseRedirect(reverse("admin:projects_sample_change", args=[obj.pk]))

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:object_id>/draw/", wrap(self.draw_view), name="projects_sample_draw"),
            path("<int:object_id>/accept/", wrap(self.accept_view), name="projects_sample_accept"),
            path("<int:object_id>/frame/", wrap(self.frame_view), name="projects_sample_frame"),
            *super().get_urls(),
        ]

    # -- one round --------------------------------------------------------------------------------------

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        sample = self.get_object(request, object_id)
        context = {**(extra_context or {}), "show_save": False}
        if sample is not None:
            context |= self._shown(access_for(request), sample)
        return super().change_view(request, object_id, form_url, context)

    def _shown(self, access: Access, sample: Sample) -> dict[str, Any]:
        may_draw = may(access, Permission.SAMPLE_DRAW, Target())
        frame = SampleFrame.objects.filter(sample=sample).first()
        sites = read_frame(frame.content) if frame is not None else ()
        if sample.drawn_at is None:
            return {
                "may_draw": may_draw,
                "preview": self._preview(access, sample),
                "draw_form": DrawForm(initial={"seed": sample.seed}),
            }
        is_check = sample.level == CheckLevel.SPOT_CHECK
        return {
            "round": round_of(sample, access, sites),
            "wrong": checked_again(sample),
            "rest": rest_count(sample) if may_draw and is_check and sample.accepted_at is None else 0,
            "accept_form": AcceptForm(initial={"on_day": timezone.localdate()}),
            "may_accept": may_draw and is_check and sample.accepted_at is None,
        }

    def _preview(self, access: Access, sample: Sample) -> list[dict[str, Any]]:
        """How many of each district would be drawn of the frame of this moment; nobody is chosen."""
        seen = seen_districts(access)
        counts = Counter(site.district for _pk, site in framed(eligible(sample)) if site.district in seen)
        chosen = sizes(counts, sample.recipe_for(sample.seed or "?"))
        names = {row.code: row.name for row in Division.objects.filter(code__in=counts)}
        return [
            {"name": names.get(code, code), "eligible": counts[code], "drawn": chosen[code]}
            for code in sorted(counts)
        ]

    def draw_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Draw it; the page of the round says what came of it."""
        sample = self._asked(request, object_id)
        if request.method == "POST":
            try:
                drawn = draw_sample(
                    access=access_for(request),
                    sample_id=sample.pk,
                    seed=request.POST.get("seed", "")[:200],
                )
            except ActionError as refusal:
                messages.error(request, str(refusal))
            except OperationalError:
                return self.busy(request)
            else:
                messages.success(
                    request,
                    _("已抽样:%(count)d 个点位中抽中 %(drawn)d 个。")
                    % {"count": drawn.frame_size, "drawn": drawn.drawn_count},
                )
        return self._page(sample)

    def accept_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Accept those that were not drawn."""
        sample = self._asked(request, object_id)
        if request.method != "POST":
            return self._page(sample)
        form = AcceptForm(request.POST)
        if form.is_valid():
            try:
                count = accept_rest(
                    access=access_for(request), sample_id=sample.pk, on_day=form.cleaned_data["on_day"]
                )
            except Invalid as refusal:
                form.add_error(None, str(refusal))
            except ActionError as refused:
                refusal_shown = asked_for(request, refused)
                if refusal_shown is None:
                    return self._page(sample)
                form.add_error(None, str(refusal_shown))
            except OperationalError:
                return self.busy(request)
            else:
                messages.success(request, _("%(count)d 个未抽中的点位已通过核验。") % {"count": count})
                return self._page(sample)
        context = {
            **self.admin_site.each_context(request),
            "title": _("未抽中的通过"),
            "subtitle": sample.name,
            "opts": self.opts,
            "sample": sample,
            "form": form,
            **offer(request),
        }
        return TemplateResponse(request, "admin/projects/sample/accept.html", context)

    def frame_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """The frozen frame with every number, to be recomputed; within one's own scope."""
        sample = self.get_object(request, str(object_id))
        if sample is None:
            return self._nowhere(request)
        frame = SampleFrame.objects.filter(sample=sample).first()
        if frame is None:
            messages.warning(request, _("这一轮还没有抽样。"))
            return self._page(sample)
        access = access_for(request)
        ranked = draw(read_frame(frame.content), sample.recipe)
        mine = None
        if not is_unlimited(access, Permission.SAMPLE_VIEW):
            mine = set(
                Site.objects.visible_to(access, Permission.SAMPLE_VIEW).values_list("public_id", flat=True)
            )
        response = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="sample-{sample.pk}-frame.csv"'
        response["Cache-Control"] = "private, no-store"
        writer = csv.writer(response, lineterminator="\r\n")
        writer.writerow(["district", "kind", "public_id", "sha256", "rank", "drawn"])
        for site, digest, rank, is_drawn in ranked:
            if mine is None or site.public_id in mine:
                cells = [site.district, site.kind, site.public_id, digest, str(rank), str(int(is_drawn))]
                writer.writerow([quoted(cell) for cell in cells])
        return response

    def _asked(self, request: HttpRequest, object_id: int) -> Sample:
        sample = self.get_object(request, str(object_id))
        if sample is None or not may(access_for(request), Permission.SAMPLE_DRAW, Target()):
            raise PermissionDenied
        return sample

    def _nowhere(self, request: HttpRequest) -> HttpResponse:
        messages.warning(request, _("没有这一轮抽样。"))
        return HttpResponseRedirect(reverse("admin:index"))

    def _page(self, sample: Sample) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:projects_sample_change", args=[sample.pk]))
