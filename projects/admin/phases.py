"""Phases of projects and what was reported of them: the city's own data, as projects are."""

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from projects.actions.phasereports import report_phase, save_phase
from projects.admin.base import ScopedAdmin
from projects.admin.scope import access_for
from projects.models import Phase, PhaseReport
from projects.permissions.access import Access, Permission
from projects.rules.phases import Meaning

_STANDING = ("planned_start", "planned_due", "started_on", "met_on", "budget", "estimate", "spent", "status")


def gap_words(gaps: dict[str, list[str]]) -> str:
    """The words that a file had in the place of values."""
    return "、".join(f"{name}: {word}({_(Meaning(meaning).term)})" for name, (meaning, word) in gaps.items())


@admin.register(Phase)
class PhaseAdmin(ScopedAdmin[Phase]):
    """What it is and its baseline are edited; how it stands is reported."""

    add = change = Permission.PROGRAMME_CHANGE
    list_display = ["name_zh", "owner", "baseline_due", "planned_due", "met_on", "budget", "spent", "status"]
    list_filter = ["programme"]
    search_fields = ["code", "name_zh", "project__name_zh", "project__code"]
    list_select_related = ["project", "indicator"]
    ordering = ["-pk"]
    by_key = True
    autocomplete_fields = ["project", "indicator"]
    fields = ("programme", "project", "indicator", "code", "name_zh", "name_en", "order", "currency",
              "baseline_start", "baseline_due", *_STANDING, "missing", "reported_on")  # fmt: skip
    readonly_fields = (*_STANDING, "missing", "reported_on")
    list_hint = gettext_lazy("项目的阶段:基线一经登记不再改变;日期和金额的变化在“阶段报告”里填报。")

    def get_readonly_fields(self, request: HttpRequest, obj: Phase | None = None) -> tuple[str, ...]:
        fixed: list[str] = []
        if obj is not None:
            fixed = ["programme", "code", "currency"]
            # Once known, a baseline date is never changed.
            fixed += [name for name in ("baseline_start", "baseline_due") if getattr(obj, name) is not None]
        return (*self.readonly_fields, *fixed)

    @admin.display(description=gettext_lazy("项目或指标"))
    def owner(self, obj: Phase) -> str:
        return str(obj.project or obj.indicator or "")

    @admin.display(description=gettext_lazy("缺项"))
    def missing(self, obj: Phase) -> str:
        return gap_words(obj.gaps) or "–"

    def write_row(self, request: HttpRequest, obj: Phase, form: ModelForm[Phase], reason: str) -> None:
        save_phase(access=access_for(request), row=obj, reason=reason)


@admin.register(PhaseReport)
class PhaseReportAdmin(ScopedAdmin[PhaseReport]):
    add = Permission.PROGRAMME_CHANGE
    list_display = ["phase", "as_of", "planned_due", "met_on", "spent", "status", "recorded_by"]
    search_fields = ["phase__code", "phase__name_zh"]
    list_select_related = ["phase", "recorded_by"]
    ordering = ["-pk"]
    by_key = True
    autocomplete_fields = ["phase", "corrects"]
    fields = ("phase", "as_of", *_STANDING, "corrects", "correction_reason")
    list_hint = gettext_lazy("每条写明到截至日期为止的全部情况,不修改、不删除;写错了就新增一条更正。")

    def rows(self, access: Access, permission: Permission) -> QuerySet[PhaseReport]:
        return super().rows(access, permission).select_related("phase", "recorded_by")

    def write_row(
        self, request: HttpRequest, obj: PhaseReport, form: ModelForm[PhaseReport], reason: str
    ) -> None:
        report_phase(access=access_for(request), row=obj, reason=reason)
