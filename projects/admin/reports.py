"""What was reported of sites and indicators: lists to read, forms that append."""

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from projects.actions.drafts import ReportDraft
from projects.actions.records import indicator_target, report_indicator
from projects.actions.reports import report_site
from projects.actions.sitewriting import target_of
from projects.admin.base import ScopedAdmin, cut
from projects.admin.scope import access_for, is_unlimited, reach
from projects.admin.sitelist import SEARCHED, search_sites
from projects.models import IndicatorReport, PlanChange, Site, SiteReport
from projects.permissions.access import Access, Permission, Target


def of_visible_site(access: Access, permission: Permission) -> Q:
    """Asked of each row: a list of all sites that somebody sees would be made for every page."""
    if is_unlimited(access, permission):
        # The removed ones are the few, and have an index of their own.
        return ~Q(site_id__in=Site.objects.filter(deleted_seq__isnull=False).values("pk"))
    return Q(Exists(Site.objects.visible_to(access, permission).filter(pk=OuterRef("site_id"))))


def of_sites_found(request: HttpRequest, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
    """Rows of the sites that a search finds, whoever reports them."""
    if not cut(text).strip():
        return rows
    return rows.filter(site_id__in=search_sites(access_for(request), cut(text), SEARCHED))


@admin.register(SiteReport)
class SiteReportAdmin(ScopedAdmin[SiteReport]):
    add = Permission.SITE_REPORT
    list_display = ["site", "as_of", "percent", "problem", "recorded_by"]
    list_filter = ["as_of"]
    search_fields = ["site__name", "site__code"]
    search_help_text = gettext_lazy("按点位的名称、编码或地址查找")
    list_select_related = ["site", "recorded_by"]
    ordering = ["-as_of", "-pk"]
    by_key = True
    autocomplete_fields = ["site", "corrects"]
    fields = ["site", "as_of", "percent", "problem", "plan", "corrects", "correction_reason"]
    list_hint = gettext_lazy("每次填报一条,不修改、不删除;写错了就新增一条更正。")

    def rows(self, access: Access, permission: Permission) -> QuerySet[SiteReport]:
        # A choice is named by its site.
        return (
            SiteReport.objects.filter(of_visible_site(access, permission))
            .select_related("site", "recorded_by")
            .order_by("-as_of", "-pk")
        )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[SiteReport], search_term: str
    ) -> tuple[QuerySet[SiteReport], bool]:
        return of_sites_found(request, queryset, search_term), False

    def target(self, obj: SiteReport) -> Target:
        return target_of(obj.site)

    def write_row(
        self, request: HttpRequest, obj: SiteReport, form: ModelForm[SiteReport], reason: str
    ) -> None:
        saved = report_site(
            access=access_for(request),
            site_id=obj.site_id,
            report=ReportDraft(obj.as_of, obj.percent, obj.problem, obj.plan),
            corrects_id=obj.corrects_id,
            correction_reason=obj.correction_reason,
            asks_words=True,
        )
        obj.pk = saved.pk


@admin.register(PlanChange)
class PlanChangeAdmin(ScopedAdmin[PlanChange]):
    """Read here; recorded on the site's page."""

    list_display = ["site", "effective_on", "planned_start", "planned_finish", "reason", "approval_number"]
    search_fields = ["site__name", "site__code"]
    search_help_text = gettext_lazy("按点位的名称、编码或地址查找")
    list_select_related = ["site"]
    ordering = ["-effective_on", "-pk"]
    by_key = True
    fields = ("site", "effective_on", "planned_start", "planned_finish", "milestones", "reason",
              "approval_number", "recorded_at", "recorded_by")  # fmt: skip
    readonly_fields = fields
    list_hint = gettext_lazy("要调整计划,打开点位后点“调整计划”。")

    def rows(self, access: Access, permission: Permission) -> QuerySet[PlanChange]:
        return PlanChange.objects.filter(of_visible_site(access, permission)).order_by("-effective_on", "-pk")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[PlanChange], search_term: str
    ) -> tuple[QuerySet[PlanChange], bool]:
        return of_sites_found(request, queryset, search_term), False


@admin.register(IndicatorReport)
class IndicatorReportAdmin(ScopedAdmin[IndicatorReport]):
    add = Permission.INDICATOR_REPORT
    list_display = ["indicator", "division", "as_of", "actual", "percent", "recorded_by"]
    list_filter = ["as_of", "is_demo"]
    search_fields = ["indicator__name_zh", "indicator__code"]
    list_select_related = ["indicator", "division", "recorded_by"]
    autocomplete_fields = ["corrects"]
    fields = ["indicator", "division", "as_of", "actual", "percent", "problem", "plan", "corrects",
              "correction_reason"]  # fmt: skip
    list_hint = gettext_lazy("指标完成数按截至日期填报;写错了就新增一条更正。")

    def rows(self, access: Access, permission: Permission) -> QuerySet[IndicatorReport]:
        rows: Any = IndicatorReport.objects.order_by("-as_of", "-pk")
        return reach(rows, access, permission, division="division", indicator="indicator")  # type: ignore[return-value]

    def target(self, obj: IndicatorReport) -> Target:
        return indicator_target(obj.indicator_id, obj.division_id)

    def write_row(
        self, request: HttpRequest, obj: IndicatorReport, form: ModelForm[IndicatorReport], reason: str
    ) -> None:
        report_indicator(access=access_for(request), row=obj, reason=reason)
