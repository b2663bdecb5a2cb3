"""What was promised: programmes, categories, projects, indicators, targets, figures as printed, kinds."""

import re
from typing import Any, Final

from django import forms
from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.forms.models import model_to_dict
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from projects.actions import programmes, records
from projects.admin.base import ScopedAdmin
from projects.admin.forms import ScopedForm
from projects.admin.scope import access_for
from projects.models import (
    Category,
    FacilityKind,
    Indicator,
    Programme,
    Project,
    PublishedFigure,
)
from projects.permissions.access import Access, Permission

_KEY: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_ATTRIBUTE_TYPES: Final = frozenset({"integer", "text"})


@admin.register(Programme)
class ProgrammeAdmin(ScopedAdmin[Programme]):
    add = change = Permission.PROGRAMME_CHANGE
    list_display = ["name_zh", "year", "division", "cutoff", "publication", "is_demo"]
    search_fields = ["name_zh", "key"]
    list_select_related = ["division"]
    fieldsets = [
        (None, {"fields": ["key", "name_zh", "name_en", "division", "year", "source"]}),
        (gettext_lazy("日期与规则"), {"fields": ["period_start", "period_end", "cutoff", "policy"]}),
        (
            gettext_lazy("对外公布什么"),
            {
                "fields": [
                    "publication",
                    "publishes_progress",
                    "publishes_lights",
                    "publishes_reasons",
                    "publishes_rankings",
                    "publishes_satisfaction",
                ],
                "description": gettext_lazy(
                    "亮灯、滞后原因、排名和满意度测评默认只供内部使用,勾选后市民可见。"
                ),
            },
        ),
    ]
    list_hint = gettext_lazy("一座城市一年一份民生实事清单。数据截止日决定各页数字截至哪一天。")

    def write_row(self, request: HttpRequest, obj: Programme, form: Any, reason: str) -> None:
        programmes.save_programme(access=access_for(request), row=obj, reason=reason)


@admin.register(Category)
class CategoryAdmin(ScopedAdmin[Category]):
    add = change = Permission.PROGRAMME_CHANGE
    list_display = ["name_zh", "number", "programme", "slug"]
    list_filter = ["programme__year"]
    search_fields = ["name_zh", "name_en", "slug"]
    list_select_related = ["programme"]
    fields = ["programme", "number", "name_zh", "name_en", "slug"]

    def write_row(self, request: HttpRequest, obj: Category, form: Any, reason: str) -> None:
        programmes.save_category(access=access_for(request), row=obj, reason=reason)


@admin.register(Project)
class ProjectAdmin(ScopedAdmin[Project]):
    add = change = Permission.PROGRAMME_CHANGE
    list_display = ["name_zh", "number", "code", "category", "completion_type", "lead_department"]
    search_fields = ["name_zh", "name_en", "code"]
    list_select_related = ["category", "lead_department"]
    fields = ["category", "number", "code", "name_zh", "name_en", "completion_type", "due_date", "weight",
              "lead_department", "co_departments"]  # fmt: skip
    list_hint = gettext_lazy("只登记来源中写明的项目,不自行编造这一层。")

    def write_row(self, request: HttpRequest, obj: Project, form: Any, reason: str) -> None:
        access = access_for(request)
        saved = programmes.save_project(access=access, row=obj, reason=reason)
        records.set_co_departments(access=access, row=saved, departments=form.cleaned_data["co_departments"])


@admin.register(Indicator)
class IndicatorAdmin(ScopedAdmin[Indicator]):
    add = change = Permission.PROGRAMME_CHANGE
    list_display = ["name_zh", "category", "target_words", "counting", "mappable", "lead_department"]
    list_filter = ["counting", "mappable"]
    search_fields = ["name_zh", "name_en", "code"]
    list_select_related = ["category", "lead_department"]
    fieldsets = [
        (None, {"fields": ["category", "project", "code", "order", "name_zh", "name_en"]}),
        (
            gettext_lazy("计数"),
            {"fields": ["unit_zh", "unit_en", "target", "counting", "completion_type", "subset_of"]},
        ),
        (gettext_lazy("地图与单位"), {"fields": ["mappable", "kind", "lead_department", "co_departments"]}),
    ]
    list_hint = gettext_lazy(
        "目标留空表示无目标,不是零。要改目标,请新增一条“目标登记”。“其中”指标不与所属指标相加。"
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Indicator | None = None) -> list[str]:
        return ["target"] if obj is not None else []

    @admin.display(description=gettext_lazy("目标"), ordering="target")
    def target_words(self, obj: Indicator) -> str:
        return _("无目标") if obj.target is None else f"{obj.target.normalize():f} {obj.unit_zh}"

    def write_row(self, request: HttpRequest, obj: Indicator, form: Any, reason: str) -> None:
        access = access_for(request)
        saved = programmes.save_indicator(access=access, row=obj, reason=reason)
        records.set_co_departments(access=access, row=saved, departments=form.cleaned_data["co_departments"])


@admin.register(PublishedFigure)
class PublishedFigureAdmin(ScopedAdmin[PublishedFigure]):
    add = Permission.PROGRAMME_CHANGE
    list_display = ["label_zh", "text", "as_of", "programme", "source", "stands"]
    search_fields = ["label_zh", "label_en", "text", "key"]
    list_select_related = ["programme"]
    fields = ["programme", "category", "indicator", "key", "order", "label_zh", "label_en", "text", "value",
              "unit", "qualifier", "as_of", "source", "source_date", "corrects", "correction_reason",
              "withdrawn", "correct_it"]  # fmt: skip
    readonly_fields = ["correct_it"]
    list_hint = gettext_lazy("来源上怎么印就怎么登记:原文照录,不计算、不改动。登记错了,打开它再点“更正”。")

    def rows(self, access: Access, permission: Permission) -> QuerySet[PublishedFigure]:
        corrections = PublishedFigure.objects.filter(corrects_id=OuterRef("pk"))
        return super().rows(access, permission).annotate(is_corrected=Exists(corrections))

    @admin.display(description=gettext_lazy("有效"), boolean=True)
    def stands(self, obj: PublishedFigure) -> bool:
        return not (getattr(obj, "is_corrected", False) or obj.withdrawn)

    @admin.display(description=gettext_lazy("更正"))
    def correct_it(self, obj: PublishedFigure) -> Any:
        if obj._state.adding or getattr(obj, "is_corrected", False):
            return "–"
        address = reverse("admin:projects_publishedfigure_add")
        return format_html('<a href="{}?corrects={}">{}</a>', address, obj.pk, _("更正这个数字"))

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A correction starts from what is to be corrected."""
        number = request.GET.get("corrects", "")
        found = None
        if number.isascii() and number.isdigit() and len(number) < 18:
            found = PublishedFigure.objects.filter(pk=int(number)).first()
        if found is None:
            return super().get_changeform_initial_data(request)
        return {**model_to_dict(found), "corrects": found.pk, "correction_reason": "", "withdrawn": False}

    def write_row(self, request: HttpRequest, obj: PublishedFigure, form: Any, reason: str) -> None:
        programmes.save_published_figure(access=access_for(request), row=obj, reason=reason)


class FacilityKindForm(ScopedForm):
    def clean_attributes(self) -> list[dict[str, str]]:
        """A list of {key, label_zh, label_en, type, unit}: the site's form is made of it."""
        value = self.cleaned_data.get("attributes") or []
        if not isinstance(value, list):
            raise forms.ValidationError(_("属性应是列表。"))
        seen = set()
        for number, entry in enumerate(value, start=1):
            key = entry.get("key") if isinstance(entry, dict) else None
            if not isinstance(key, str) or not _KEY.fullmatch(key) or key in seen:
                raise forms.ValidationError(
                    _("第 %(number)d 项的 key 应是不重复的小写字母、数字和下划线。") % {"number": number}
                )
            seen.add(key)
            if not all(isinstance(item, str) for item in entry.values()) or not entry.get("label_zh"):
                raise forms.ValidationError(
                    _("第 %(number)d 项须有 label_zh,各值都是文字。") % {"number": number}
                )
            if entry.get("type", "text") not in _ATTRIBUTE_TYPES:
                raise forms.ValidationError(
                    _("第 %(number)d 项的 type 应是 integer 或 text。") % {"number": number}
                )
        return value


@admin.register(FacilityKind)
class FacilityKindAdmin(ScopedAdmin[FacilityKind]):
    add = change = Permission.PROGRAMME_CHANGE
    form = FacilityKindForm
    list_display = ["name_zh", "group_zh", "slug", "number", "geometry"]
    search_fields = ["name_zh", "name_en", "slug"]
    fields = ["slug", "number", "name_zh", "name_en", "group_zh", "group_en", "icon", "colour", "geometry",
              "attributes"]  # fmt: skip
    list_hint = gettext_lazy("市民要找的是什么:助餐点、充电桩、单村水站……")

    def get_readonly_fields(self, request: HttpRequest, obj: FacilityKind | None = None) -> list[str]:
        # The number is the kind's value in the point index, the geometry that of its sites.
        return ["slug", "number", "geometry"] if obj is not None else []

    def write_row(self, request: HttpRequest, obj: FacilityKind, form: Any, reason: str) -> None:
        programmes.save_kind(access=access_for(request), row=obj, reason=reason)
