"""Money arranged and used."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminDateWidget
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from projects.actions.programmes import save_funding_line
from projects.actions.promises import arrange_funds
from projects.actions.records import add_funding_report, line_target
from projects.admin.base import ScopedAdmin
from projects.admin.forms import ScopedForm
from projects.admin.scope import access_for, reach
from projects.models import FundingArrangement, FundingLine, FundingReport
from projects.permissions.access import Access, Permission, Target


class FundingLineForm(ScopedForm):
    effective_on = forms.DateField(
        label=gettext_lazy("生效日期"),
        required=False,
        widget=AdminDateWidget,
        help_text=gettext_lazy("从哪一天起安排这笔资金,留空为年度的第一天。"),
    )


@admin.register(FundingLine)
class FundingLineAdmin(ScopedAdmin[FundingLine]):
    add = change = Permission.PROGRAMME_CHANGE
    form = FundingLineForm
    list_display = ["name", "programme", "source", "division", "arranged"]
    list_filter = ["source"]
    search_fields = ["name", "statement"]
    list_select_related = ["programme", "division"]
    list_hint = gettext_lazy("谁安排了多少资金。金额单位为元。金额有变,请新增一条“资金安排登记”。")

    def get_fields(self, request: HttpRequest, obj: FundingLine | None = None) -> Any:
        first = ["programme", "category", "indicator", "division", "source", "name", "issued_on", "arranged"]
        return [*first, "statement"] if obj is not None else [*first, "effective_on", "statement"]

    def get_readonly_fields(self, request: HttpRequest, obj: FundingLine | None = None) -> list[str]:
        return ["arranged"] if obj is not None else []

    def rows(self, access: Access, permission: Permission) -> QuerySet[FundingLine]:
        rows: Any = FundingLine.objects.filter(deleted_seq__isnull=True)
        return reach(rows, access, permission, division="division", indicator="indicator")  # type: ignore[return-value]

    def write_row(
        self, request: HttpRequest, obj: FundingLine, form: ModelForm[FundingLine], reason: str
    ) -> None:
        save_funding_line(
            access=access_for(request),
            row=obj,
            effective_on=form.cleaned_data.get("effective_on"),
            reason=reason,
        )


@admin.register(FundingArrangement)
class FundingArrangementAdmin(ScopedAdmin[FundingArrangement]):
    add = Permission.PROGRAMME_CHANGE
    list_display = ["line", "effective_on", "arranged", "basis", "recorded_by"]
    search_fields = ["line__name", "basis"]
    list_select_related = ["line", "recorded_by"]
    autocomplete_fields = ["corrects"]
    fields = ["line", "effective_on", "arranged", "basis", "corrects", "correction_reason"]
    list_hint = gettext_lazy("一笔资金从哪一天起总共安排多少(元)、依据什么;以前的照旧保留。")

    def rows(self, access: Access, permission: Permission) -> QuerySet[FundingArrangement]:
        rows: Any = FundingArrangement.objects.select_related("line").order_by("-effective_on", "-pk")
        return reach(rows, access, permission, division="line__division", indicator="line__indicator")  # type: ignore[return-value]

    def write_row(
        self, request: HttpRequest, obj: FundingArrangement, form: ModelForm[FundingArrangement], reason: str
    ) -> None:
        arrange_funds(access=access_for(request), row=obj, reason=reason)


@admin.register(FundingReport)
class FundingReportAdmin(ScopedAdmin[FundingReport]):
    add = Permission.FUNDING_REPORT
    list_display = ["line", "as_of", "used", "recorded_by"]
    search_fields = ["line__name"]
    list_select_related = ["line", "recorded_by"]
    fields = ["line", "as_of", "used", "note", "corrects", "correction_reason"]
    autocomplete_fields = ["corrects"]
    list_hint = gettext_lazy("截至某日累计使用金额(元);写错了就新增一条更正。")

    def rows(self, access: Access, permission: Permission) -> QuerySet[FundingReport]:
        rows: Any = FundingReport.objects.order_by("-as_of", "-pk")
        return reach(rows, access, permission, division="line__division", indicator="line__indicator")  # type: ignore[return-value]

    def target(self, obj: FundingReport) -> Target:
        return line_target(obj.line)

    def choices_for(self, request: HttpRequest, related: Any) -> QuerySet[Any]:
        if related is FundingLine:
            rows: Any = FundingLine.objects.filter(deleted_seq__isnull=True)
            access = access_for(request)
            return reach(rows, access, Permission.FUNDING_REPORT, division="division", indicator="indicator")
        return super().choices_for(request, related)

    def write_row(
        self, request: HttpRequest, obj: FundingReport, form: ModelForm[FundingReport], reason: str
    ) -> None:
        add_funding_report(access=access_for(request), row=obj, reason=reason)
