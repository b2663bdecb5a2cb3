"""How each programme verifies, and what verifiers look at: the city's own data."""

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from projects.actions.checklists import save_checklist, save_scheme
from projects.admin.base import ScopedAdmin
from projects.admin.scope import access_for
from projects.models import Checklist, VerificationScheme
from projects.permissions.access import Permission


@admin.register(Checklist)
class ChecklistAdmin(ScopedAdmin[Checklist]):
    add = Permission.PROGRAMME_CHANGE
    list_display = ["name_zh", "kind", "version", "recorded_at", "recorded_by"]
    list_filter = ["kind"]
    list_select_related = ["kind", "recorded_by"]
    fields = ["kind", "name_zh", "items"]
    list_hint = gettext_lazy(
        "每次修改是一个新版本,以前的核验仍按当时的清单。附带的用命令 load_checklists 载入。"
    )

    def write_row(
        self, request: HttpRequest, obj: Checklist, form: ModelForm[Checklist], reason: str
    ) -> None:
        obj.pk = save_checklist(access=access_for(request), row=obj, reason=reason).pk


@admin.register(VerificationScheme)
class VerificationSchemeAdmin(ScopedAdmin[VerificationScheme]):
    add = change = Permission.PROGRAMME_CHANGE
    list_display = ["programme", "self_check", "department_check", "spot_checks", "far_m", "rework_days"]
    list_select_related = ["programme"]
    fields = ["programme", "self_check", "department_check", "spot_checks", "far_m", "rework_days", "note"]
    list_hint = gettext_lazy("没有登记的年度:区县自查、部门核查都做,市级抽样抽查。")

    def get_readonly_fields(self, request: HttpRequest, obj: VerificationScheme | None = None) -> list[str]:
        return ["programme"] if obj is not None else []

    def write_row(
        self,
        request: HttpRequest,
        obj: VerificationScheme,
        form: ModelForm[VerificationScheme],
        reason: str,
    ) -> None:
        save_scheme(access=access_for(request), row=obj, reason=reason)
