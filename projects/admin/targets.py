"""Targets: what was stated, by its day; and the newest of each district, to be read."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from projects.actions.promises import set_target
from projects.admin.base import ScopedAdmin
from projects.admin.scope import access_for, reach
from projects.models import DivisionTarget, TargetStatement
from projects.permissions.access import Access, Permission


@admin.register(TargetStatement)
class TargetStatementAdmin(ScopedAdmin[TargetStatement]):
    add = Permission.PROGRAMME_CHANGE
    list_display = ["indicator", "division", "effective_on", "target_words", "source", "recorded_by"]
    search_fields = ["indicator__name_zh", "indicator__code", "division__name_zh"]
    list_select_related = ["indicator", "division", "recorded_by"]
    autocomplete_fields = ["corrects"]
    fields = ["indicator", "division", "effective_on", "target", "source", "corrects", "correction_reason"]
    list_hint = gettext_lazy("每次登记一条,写明从哪一天起、依据什么;以前的照旧保留。登记错了就新增一条更正。")

    def rows(self, access: Access, permission: Permission) -> QuerySet[TargetStatement]:
        rows: Any = TargetStatement.objects.select_related("indicator").order_by("-effective_on", "-pk")
        return reach(rows, access, permission, division="division", indicator="indicator")  # type: ignore[return-value]

    @admin.display(description=gettext_lazy("目标"), ordering="target")
    def target_words(self, obj: TargetStatement) -> str:
        return _("无目标") if obj.target is None else f"{obj.target.normalize():f} {obj.indicator.unit_zh}"

    def write_row(
        self, request: HttpRequest, obj: TargetStatement, form: ModelForm[TargetStatement], reason: str
    ) -> None:
        set_target(access=access_for(request), row=obj, reason=reason)


@admin.register(DivisionTarget)
class DivisionTargetAdmin(ScopedAdmin[DivisionTarget]):
    """Read here; stated as a `TargetStatement`."""

    list_display = ["indicator", "division", "target"]
    search_fields = ["indicator__name_zh", "indicator__code", "division__name_zh"]
    list_select_related = ["indicator", "division"]
    fields = ("indicator", "division", "target")
    readonly_fields = fields
    list_hint = gettext_lazy("一个指标分解到各区(县、市)的最新目标。要改,请新增一条“目标登记”。")

    def rows(self, access: Access, permission: Permission) -> QuerySet[DivisionTarget]:
        rows: Any = DivisionTarget.objects.filter(deleted_seq__isnull=True).order_by(
            "indicator", "division__code"
        )
        return reach(rows, access, permission, division="division", indicator="indicator")  # type: ignore[return-value]
