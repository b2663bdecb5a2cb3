"""Closed periods, and the corrections that wait for a second person."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from projects.actions.closing import close_period, next_month
from projects.actions.corrections import approve_correction, may_decide, refuse_correction
from projects.actions.errors import ActionError
from projects.admin.base import ScopedAdmin
from projects.admin.correcting import said
from projects.admin.scope import access_for
from projects.models import CorrectionRequest, PeriodClosing, Programme
from projects.permissions.access import Access, Permission, Target, may
from projects.rules.vocabulary import Decision


@admin.register(PeriodClosing)
class PeriodClosingAdmin(ScopedAdmin[PeriodClosing]):
    add = Permission.PERIOD_CLOSE
    list_display = ["programme", "through", "recorded_at", "recorded_by", "note"]
    list_select_related = ["programme", "recorded_by"]
    fields = ["programme", "through", "note"]
    list_hint = gettext_lazy(
        "关账之后,当月及以前的数据不能直接改;确需更正的提交申请,由另一人批准。关账不能撤销。"
    )

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        newest = Programme.objects.filter(deleted_seq__isnull=True).order_by("-year", "key").first()
        if newest is None:
            return super().get_changeform_initial_data(request)
        return {"programme": newest.pk, "through": next_month(newest)}

    def write_row(
        self, request: HttpRequest, obj: PeriodClosing, form: forms.ModelForm[PeriodClosing], reason: str
    ) -> None:
        saved = close_period(
            access=access_for(request), programme=obj.programme, through=obj.through, note=obj.note
        )
        obj.pk = saved.pk


class DecisionForm(forms.Form):
    note = forms.CharField(
        label=gettext_lazy("审批意见"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("不批准时须写明理由。"),
    )


@admin.register(CorrectionRequest)
class CorrectionRequestAdmin(ScopedAdmin[CorrectionRequest]):
    """One's own requests; for who may close periods, everybody's."""

    list_display = ["pk", "subject", "effective_on", "reason", "requested_by", "requested_at", "decision"]
    list_display_links = ["pk", "subject"]
    list_filter = ["decision"]
    list_select_related = ["requested_by"]
    search_fields = ["subject", "reason"]
    fields = ("subject", "programme", "closed_through", "effective_on", "reason", "requested_by",
              "requested_at", "decision", "decided_by", "decided_at", "note")  # fmt: skip
    readonly_fields = fields
    change_form_template = "admin/projects/correctionrequest/change_form.html"
    list_hint = gettext_lazy("对已关账期间的更正。批准后按申请的内容原样写入,审计记录里有申请人和审批人。")

    def rows(self, access: Access, permission: Permission) -> QuerySet[CorrectionRequest]:
        rows = CorrectionRequest.objects.order_by("-pk")
        if may(access, Permission.PERIOD_CLOSE, Target()):
            return rows
        return rows.filter(requested_by_id=access.user_id)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        row = self.get_object(request, object_id)
        context = dict(extra_context or {})
        if row is not None:
            context |= {
                "said": list(said(row.payload)),
                "may_decide": row.decision == Decision.WAITING and may_decide(access_for(request), row),
                "decision_form": DecisionForm(),
            }
        return super().change_view(request, object_id, form_url, context)

    def get_urls(self) -> list[URLPattern]:
        decide = self.admin_site.admin_view(self.decide_view)
        return [
            path("<int:object_id>/decide/", decide, name="projects_correctionrequest_decide"),
            *super().get_urls(),
        ]

    def decide_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Approve or refuse; the page says what came of it."""
        row = self.get_object(request, str(object_id))
        if row is None or not may_decide(access_for(request), row):
            raise PermissionDenied
        page = HttpResponseRedirect(reverse("admin:projects_correctionrequest_change", args=[row.pk]))
        if request.method != "POST":
            return page
        note = request.POST.get("note", "").strip()[:500]
        decide = approve_correction if "_approve" in request.POST else refuse_correction
        try:
            decided = decide(access=access_for(request), request_id=row.pk, note=note)
        except ActionError as refusal:
            messages.error(request, str(refusal))
        except OperationalError:
            return self.busy(request)
        else:
            done = _("已批准,更正已写入。") if decided.decision == Decision.APPROVED else _("已记为未批准。")
            messages.success(request, done)
        return page
