"""Money arranged and used."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from projects.actions.programmes import save_funding_line
from projects.actions.records import line_target, report_funding
from projects.admin.base import ScopedAdmin
from projects.admin.scope import access_for, reach
from projects.models import FundingLine, FundingReport
from projects.permissions.access import Access, Permission, Target


@admin.register(FundingLine)
class FundingLineAdmin(ScopedAdmin[FundingLine]):
    add = change = Permission.PROGRAMME_CHANGE
    list_display = ["name", "programme", "source", "division", "arranged"]
    list_filter = ["source"]
    search_fields = ["name", "statement"]
    list_select_related = ["programme", "division"]
    fields = ["programme", "category", "indicator", "division", "source", "name", "arranged", "statement"]
    list_hint = gettext_lazy("谁安排了多少资金。金额单位为元。")

    def rows(self, access: Access, permission: Permission) -> QuerySet[FundingLine]:
        rows: Any = FundingLine.objects.filter(deleted_seq__isnull=True)
        return reach(rows, access, permission, division="division", indicator="indicator")  # type: ignore[return-value]

    def write_row(
        self, request: HttpRequest, obj: FundingLine, form: ModelForm[FundingLine], reason: str
    ) -> None:
        save_funding_line(access=access_for(request), row=obj, reason=reason)


@admin.register(FundingReport)
class FundingReportAdmin(ScopedAdmin[FundingReport]):
    add = Permission.FUNDING_REPORT
    list_display = ["line", "as_of", "used", "recorded_by"]
    search_fields = ["line__name"]
    list_select_related = ["line", "recorded_by"]
    fields = ["line", "as_of", "used", "corrects", "correction_reason"]
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
        report_funding(access=access_for(request), row=obj, reason=reason)
