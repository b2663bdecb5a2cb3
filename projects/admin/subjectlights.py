"""Lights and months of indicators, districts, projects and money, and reports beside counts: to be read.

On each programme's cut-off, as everywhere in the admin. What they follow from is worked on in other lists.
"""

import datetime as dt
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from projects.actions.indicatorplans import state_plan
from projects.admin.base import ScopedAdmin
from projects.admin.forms import ScopedForm
from projects.admin.milestones import PointsField
from projects.admin.scope import access_for, reach
from projects.models import IndicatorPlan, LightSpan, MonthResult, Programme
from projects.permissions.access import Access, Permission, holds
from projects.readmodels.clocks import Clocks
from projects.readmodels.divergences import divergences
from projects.readmodels.monthtables import MonthRow, month_tables
from projects.readmodels.sentences import in_words
from projects.readmodels.subjectlights import explained, named
from projects.rules.funding import to_digits
from projects.rules.period import ONE_DAY, month_end
from projects.rules.verdicts import Reason
from projects.rules.vocabulary import Light, Subject


class KindFilter(admin.SimpleListFilter):
    title = gettext_lazy("对象")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(kind.value, _(kind.term)) for kind in Subject if kind is not Subject.SITE]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        known = {kind.value for kind in Subject}
        return (
            queryset.filter(subject_key__startswith=f"{self.value()}:") if self.value() in known else queryset
        )


class MetFilter(admin.SimpleListFilter):
    title = gettext_lazy("结果")
    parameter_name = "met"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("1", _("完成")), ("0", _("未完成"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(met=self.value() == "1") if self.value() in ("0", "1") else queryset


class YearFilter(admin.SimpleListFilter):
    title = gettext_lazy("年度")
    parameter_name = "programme"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        rows = Programme.objects.filter(deleted_seq__isnull=True).order_by("-year", "key")
        return [(row.key, str(row)) for row in rows]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(programme__key=self.value()) if self.value() else queryset


class _SubjectColumns:
    """Columns that both lists have."""

    @admin.display(description=gettext_lazy("年度"), ordering="programme")
    def year(self, obj: LightSpan | MonthResult) -> str:
        return str(obj.programme)

    @admin.display(description=gettext_lazy("对象"), ordering="subject_key")
    def about(self, obj: LightSpan | MonthResult) -> str:
        found = named(obj)
        english = (translation.get_language() or "").startswith("en")
        return f"{_(found.kind.term)} · {found.name_en if english else found.name_zh}"

    @admin.display(description=gettext_lazy("区划"), ordering="division")
    def place(self, obj: LightSpan | MonthResult) -> str:
        return obj.division.name if obj.division is not None else _("全市")


_RELATED = ("programme", "indicator", "division", "project", "funding_line", "policy")


@admin.register(LightSpan)
class LightSpanAdmin(_SubjectColumns, ScopedAdmin[LightSpan]):
    list_display = ["about", "place", "lamp", "why", "begins", "ends", "year"]
    list_display_links = ["about"]
    list_filter = [KindFilter, "light", YearFilter]
    list_select_related = _RELATED
    ordering = ("subject_key",)
    fields = ("about", "place", "lamp", "why", "figures", "begins", "ends", "rule", "year")
    readonly_fields = fields
    change_list_template = "admin/projects/lightspan/change_list.html"
    list_hint = gettext_lazy(
        "指标、区县、项目和资金在数据截止日的灯。灯由报告、目标、计划和规则推算,不能直接改;点位的灯在点位列表。"
    )

    def rows(self, access: Access, permission: Permission) -> QuerySet[LightSpan]:
        return (
            LightSpan.objects.known()
            .visible_to(access, permission)
            .filter(valid_from__lte=F("programme__cutoff"), valid_to__gt=F("programme__cutoff"))
        )

    @admin.display(description=gettext_lazy("本灯起始日"), ordering="valid_from")
    def begins(self, obj: LightSpan) -> dt.date:
        return obj.valid_from

    @admin.display(description=gettext_lazy("到(不含)"), ordering="valid_to")
    def ends(self, obj: LightSpan) -> dt.date:
        return obj.valid_to

    @admin.display(description=gettext_lazy("灯"), ordering="light")
    def lamp(self, obj: LightSpan) -> str:
        return _(Light(obj.light).term)

    @admin.display(description=gettext_lazy("原因"))
    def why(self, obj: LightSpan) -> str:
        said = _(Reason(obj.reason).term)
        note = obj.detail.get("note", "")
        return f"{said}。{note}" if note else said

    @admin.display(description=gettext_lazy("规则"))
    def rule(self, obj: LightSpan) -> str:
        return str(obj.policy)

    @admin.display(description=gettext_lazy("计划与实际"))
    def figures(self, obj: LightSpan) -> str:
        assert obj.programme is not None
        verdict = explained(obj.subject_key, Clocks(obj.programme.cutoff))
        if verdict is None or verdict.planned is None:
            return "–"
        actual = _("未上报") if verdict.actual is None else f"{to_digits(verdict.actual)} %"
        return _("%(day)s:计划 %(planned)s %%,实际 %(actual)s") % {
            "day": obj.programme.cutoff,
            "planned": to_digits(verdict.planned),
            "actual": actual,
        }

    def get_urls(self) -> list[URLPattern]:
        compare = self.admin_site.admin_view(self.divergence_view)
        return [path("divergence/", compare, name="projects_lightspan_divergence"), *super().get_urls()]

    def divergence_view(self, request: HttpRequest) -> HttpResponse:
        """Reported beside counted progress, of what one may see."""
        access = access_for(request)
        if not holds(access, self.see):
            raise PermissionDenied
        programmes = Programme.objects.filter(deleted_seq__isnull=True).select_related("policy")
        found = [
            (row, divergences(row, Clocks(row.cutoff), access=access))
            for row in programmes.order_by("-year", "key")
        ]
        context = {
            **self.admin_site.each_context(request),
            "title": _("上报与点位统计对照"),
            "opts": self.opts,
            "found": [pair for pair in found if pair[1].rows],
        }
        return TemplateResponse(request, "admin/projects/lightspan/divergence.html", context)


@admin.register(MonthResult)
class MonthResultAdmin(_SubjectColumns, ScopedAdmin[MonthResult]):
    list_display = ["about", "place", "month_text", "result", "made_good", "lamp", "outputs", "year"]
    list_display_links = ["about"]
    list_filter = [KindFilter, MetFilter, YearFilter]
    list_select_related = _RELATED
    ordering = ("-year", "-month", "subject_key")
    fields = ("about", "place", "month_text", "result", "made_good", "lamp", "outputs", "shares", "year")
    readonly_fields = fields
    list_hint = gettext_lazy(
        "按月评定的规则:每个已结束的月份完成与否、何时补上,以及应采取的措施(书面说明、约谈等)。"
    )

    def rows(self, access: Access, permission: Permission) -> QuerySet[MonthResult]:
        """Months that are over on their programme's cut-off."""
        over = Q(pk__in=[])
        for pk, cutoff in Programme.objects.filter(deleted_seq__isnull=True).values_list("pk", "cutoff"):
            last = cutoff if cutoff == month_end(cutoff) else cutoff.replace(day=1) - ONE_DAY
            over |= Q(programme=pk) & (Q(year__lt=last.year) | Q(year=last.year, month__lte=last.month))
        return MonthResult.objects.known().visible_to(access, permission).filter(over)

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """With what each row of the page comes to, read for all of them at once."""
        found = super().get_changelist_instance(request)
        _tell(list(found.result_list))
        return found

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> MonthResult | None:
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            _tell([found])
        return found

    @admin.display(description=gettext_lazy("月份"), ordering="month")
    def month_text(self, obj: MonthResult) -> str:
        return f"{obj.year}-{obj.month:02d}"

    @admin.display(description=gettext_lazy("结果"), ordering="met")
    def result(self, obj: MonthResult) -> str:
        return _("完成") if obj.met else _("未完成")

    @admin.display(description=gettext_lazy("补上日期"))
    def made_good(self, obj: MonthResult) -> str:
        told = _told(obj)
        return told.made_good_on.isoformat() if told is not None and told.made_good_on else "–"

    @admin.display(description=gettext_lazy("灯"))
    def lamp(self, obj: MonthResult) -> str:
        told = _told(obj)
        return "–" if told is None else _(told.light.term)

    @admin.display(description=gettext_lazy("应采取的措施"))
    def outputs(self, obj: MonthResult) -> str:
        told = _told(obj)
        names = () if told is None else told.outputs
        return _("、").join(in_words(name) for name in names) or "–"

    @admin.display(description=gettext_lazy("构成"))
    def shares(self, obj: MonthResult) -> str:
        return _("%(parts)d 项中 %(short)d 项低于计划,%(unreported)d 项未上报") % {
            "parts": obj.parts,
            "short": obj.short,
            "unreported": obj.unreported,
        }


def _tell(rows: list[MonthResult]) -> None:
    """`told` of each row: its month as the read model says it."""
    by_programme: dict[int, tuple[dt.date, set[str]]] = {}
    for row in rows:
        if row.programme is not None:
            cutoff, keys = by_programme.setdefault(row.programme.pk, (row.programme.cutoff, set()))
            keys.add(row.subject_key)
    said: dict[tuple[str, dt.date], MonthRow] = {}
    for pk, (cutoff, keys) in by_programme.items():
        for table in month_tables(pk, Clocks(cutoff), access=None, subjects=keys):
            said |= {(table.subject.key, month.month): month for month in table.rows}
    for row in rows:
        row.told = said.get((row.subject_key, dt.date(row.year, row.month, 1)))  # type: ignore[attr-defined]


def _told(row: MonthResult) -> MonthRow | None:
    found: MonthRow | None = getattr(row, "told", None)
    return found


class IndicatorPlanForm(ScopedForm):
    points = PointsField(label=gettext_lazy("节点"))


@admin.register(IndicatorPlan)
class IndicatorPlanAdmin(ScopedAdmin[IndicatorPlan]):
    add = Permission.PROGRAMME_CHANGE
    form = IndicatorPlanForm
    list_display = [
        "indicator",
        "division",
        "effective_on",
        "unit",
        "approval_number",
        "source",
        "recorded_by",
    ]
    search_fields = ["indicator__name_zh", "indicator__code", "division__name_zh"]
    list_select_related = ["indicator", "division", "recorded_by"]
    autocomplete_fields = ["corrects"]
    fields = ["indicator", "division", "effective_on", "unit", "points", "approval_number", "source",
              "corrects", "correction_reason"]  # fmt: skip
    list_hint = gettext_lazy(
        "指标按月(或按节点)应完成多少。首份是基线;没有登记的按全年均衡推算。写错了就新增一条更正。"
    )

    def rows(self, access: Access, permission: Permission) -> QuerySet[IndicatorPlan]:
        rows: Any = IndicatorPlan.objects.select_related("indicator").order_by("-effective_on", "-pk")
        return reach(rows, access, permission, division="division", indicator="indicator")  # type: ignore[return-value]

    def write_row(self, request: HttpRequest, obj: IndicatorPlan, form: Any, reason: str) -> None:
        state_plan(access=access_for(request), row=obj, reason=reason)
