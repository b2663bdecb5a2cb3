"""Satisfaction votes: a list to read, a form that appends."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from projects.actions.records import indicator_target
from projects.actions.satisfaction import record_vote
from projects.admin.base import ScopedAdmin
from projects.admin.scope import access_for, reach
from projects.models import SatisfactionVote
from projects.permissions.access import Access, Permission, Target


@admin.register(SatisfactionVote)
class SatisfactionVoteAdmin(ScopedAdmin[SatisfactionVote]):
    add = Permission.PROGRAMME_CHANGE
    list_display = ["held_on", "programme", "category", "division", "present", "satisfied", "grade"]
    list_filter = ["held_on"]
    list_select_related = ["programme", "category", "indicator", "division"]
    search_fields = ["programme__name_zh", "programme__key"]
    ordering = ["-held_on", "-pk"]
    autocomplete_fields = ["corrects"]
    fields = ["programme", "category", "indicator", "division", "held_on", "entitled", "present", "base",
              "satisfied", "basically_satisfied", "dissatisfied", "source", "corrects",
              "correction_reason"]  # fmt: skip
    list_hint = gettext_lazy("每次测评登记一条票数,等次由系统算出;写错了就新增一条更正。是否公开由年度决定。")

    def rows(self, access: Access, permission: Permission) -> QuerySet[SatisfactionVote]:
        rows: Any = SatisfactionVote.objects.order_by("-held_on", "-pk")
        return reach(rows, access, permission, division="division", indicator="indicator")  # type: ignore[return-value]

    def target(self, obj: SatisfactionVote) -> Target:
        return indicator_target(obj.indicator_id, obj.division_id)

    @admin.display(description=gettext_lazy("等次"))
    def grade(self, obj: SatisfactionVote) -> str:
        return _(obj.result.grade.term)

    def write_row(
        self, request: HttpRequest, obj: SatisfactionVote, form: ModelForm[SatisfactionVote], reason: str
    ) -> None:
        record_vote(access=access_for(request), row=obj, reason=reason)
