"""Divisions, who belongs to whom, and borders."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminDateWidget
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from projects.actions.divisions import save_division, set_parent
from projects.actions.errors import Invalid
from projects.actions.rows import save_row
from projects.admin.base import ScopedAdmin
from projects.admin.forms import ScopedForm
from projects.admin.scope import access_for, divisions_of
from projects.models import Boundary, Division, DivisionAlias, DivisionParent
from projects.permissions.access import Access, Permission, Target
from projects.rules.vocabulary import DivisionLevel


class DivisionForm(ScopedForm):
    """A division and, when it moves, its new parent from a day on."""

    parent = forms.ModelChoiceField(
        label=gettext_lazy("上级"), queryset=Division.objects.none(), required=False
    )
    parent_from = forms.DateField(
        label=gettext_lazy("隶属自"),
        required=False,
        widget=AdminDateWidget,
        help_text=gettext_lazy("改变上级时必填:从这一天起隶属新的上级,以前的隶属关系保留。"),
    )

    class Meta:
        model = Division
        fields = ["code", "name_zh", "name_en", "level", "valid_from", "valid_to"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "parent" in self.fields:
            field: Any = self.fields["parent"]
            field.queryset = Division.objects.live().exclude(pk=self.instance.pk)
            current = parent_of(self.instance) if self.instance.pk else None
            self.initial["parent"] = current.parent_id if current is not None else None

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        if "parent" in self.changed_data and cleaned.get("parent") and not cleaned.get("parent_from"):
            self.add_error("parent_from", _("请填写从哪一天起隶属新的上级。"))
        return cleaned


def parent_of(division: Division) -> DivisionParent | None:
    """Today's row."""
    return (
        DivisionParent.objects.filter(child=division, valid_to__isnull=True).select_related("parent").first()
    )


@admin.register(Division)
class DivisionAdmin(ScopedAdmin[Division]):
    add = change = Permission.DIVISION_CHANGE
    form = DivisionForm
    list_display = ["name_zh", "code", "level", "name_en"]
    list_filter = ["level"]
    search_fields = ["name_zh", "name_en", "code"]
    fields = ["code", "name_zh", "name_en", "level", "valid_from", "valid_to", "parent", "parent_from"]
    list_hint = gettext_lazy("隶属关系按日期保存,不从代码推断。")

    def rows(self, access: Access, permission: Permission) -> QuerySet[Division]:
        return divisions_of(access, [permission])

    def get_fields(self, request: HttpRequest, obj: Division | None = None) -> Any:
        if obj is not None and not self.has_change_permission(request, obj):
            return [
                "code",
                "name_zh",
                "name_en",
                "level",
                "valid_from",
                "valid_to",
                "parent_shown",
                "known_as",
            ]
        return self.fields

    def get_readonly_fields(self, request: HttpRequest, obj: Division | None = None) -> list[str]:
        return ["parent_shown", "known_as", *(["code"] if obj is not None else [])]

    @admin.display(description=gettext_lazy("上级"))
    def parent_shown(self, obj: Division) -> str:
        row = parent_of(obj)
        return str(row.parent) if row is not None else "–"

    @admin.display(description=gettext_lazy("曾用代码或名称"))
    def known_as(self, obj: Division) -> str:
        return ", ".join(DivisionAlias.objects.filter(division=obj).values_list("value", flat=True)) or "–"

    def write_row(self, request: HttpRequest, obj: Division, form: Any, reason: str) -> None:
        access = access_for(request)
        data = form.cleaned_data
        if obj._state.adding:
            if Division.objects.filter(code=obj.code).exists():
                raise Invalid({"code": _("这个区划代码已经存在。")})
            saved = save_division(
                access=access,
                code=obj.code,
                name_zh=obj.name_zh,
                name_en=obj.name_en,
                level=DivisionLevel(obj.level),
                valid_from=obj.valid_from,
                valid_to=obj.valid_to,
                reason=reason,
            )
            obj.pk = saved.pk
        else:
            saved = save_row(access=access, row=obj, permission=Permission.DIVISION_CHANGE, reason=reason)
        if "parent" in form.changed_data and data.get("parent"):
            since = data["parent_from"] or timezone.localdate()
            set_parent(access=access, child=saved, parent=data["parent"], valid_from=since, reason=reason)


@admin.register(Boundary)
class BoundaryAdmin(ScopedAdmin[Boundary]):
    """Borders come by `load_divisions`; here they get their source, licence and map review number."""

    change = Permission.DIVISION_CHANGE
    list_display = ["division", "source", "licence", "review_number", "valid_from", "valid_to"]
    search_fields = ["division__name_zh", "division__code", "source", "review_number"]
    list_select_related = ["division"]
    fields = [
        "division",
        "source",
        "licence",
        "review_number",
        "declared_datum",
        "valid_from",
        "valid_to",
        "size",
    ]
    readonly_fields = ["division", "declared_datum", "valid_from", "valid_to", "size"]
    list_hint = gettext_lazy("边界用 load_divisions 命令载入;在这里补登来源、许可和审图号。")

    def rows(self, access: Access, permission: Permission) -> QuerySet[Boundary]:
        own = divisions_of(access, [permission]).values("pk")
        return Boundary.objects.filter(deleted_seq__isnull=True, division__in=own).order_by(
            "division__code", "pk"
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Boundary]:
        rows = super().get_queryset(request)
        match = request.resolver_match
        listing = match is not None and str(match.url_name).endswith("_changelist")
        return rows.defer("geom") if listing else rows

    def target(self, obj: Boundary) -> Target:
        return Target()

    @admin.display(description=gettext_lazy("边界点数"))
    def size(self, obj: Boundary) -> int:
        return int(obj.geom.num_points)

    def write_row(self, request: HttpRequest, obj: Boundary, form: Any, reason: str) -> None:
        save_row(access=access_for(request), row=obj, permission=Permission.DIVISION_CHANGE, reason=reason)
