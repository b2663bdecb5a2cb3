"""Feedback of citizens: read by who handles that of the site, answered once."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from projects.actions.feedback import answer_feedback
from projects.actions.sitewriting import target_of
from projects.admin.base import ScopedAdmin, cut
from projects.admin.feedbacktasks import feedback_for
from projects.admin.forms import ScopedForm
from projects.admin.reports import of_sites_found
from projects.admin.scope import access_for
from projects.models import Feedback
from projects.permissions.access import Access, Permission, Target
from projects.rules.feedback import LONGEST_ANSWER
from projects.rules.vocabulary import FeedbackState, Publication

_SENT = ("site_link", "reference", "kind", "text", "contact", "language", "sent_at", "state")


class AnswerForm(ScopedForm):
    answer = forms.CharField(
        label=_("答复"),
        max_length=LONGEST_ANSWER,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5, "cols": 60}),
        help_text=_("发送反馈的人凭反馈编号可以看到。不要写个人信息。答复后不能再改。"),
    )
    is_abuse = forms.BooleanField(
        label=_("按滥用关闭,不答复"),
        required=False,
        help_text=_("广告、辱骂、与点位无关的内容。"),
    )

    class Meta:
        model = Feedback
        fields = ("answer",)


@admin.register(Feedback)
class FeedbackAdmin(ScopedAdmin[Feedback]):
    see = Permission.FEEDBACK_HANDLE
    change = Permission.FEEDBACK_HANDLE
    form = AnswerForm
    list_display = ["sent_at", "site", "kind", "beginning", "state", "answered_by"]
    list_display_links = ["sent_at", "site"]
    list_filter = ["state", "kind"]
    search_fields = ["reference"]
    search_help_text = _("反馈编号,或点位的名称、编码、地址")
    list_select_related = ["site", "answered_by"]
    ordering = ["-pk"]
    by_key = True
    list_hint = _(
        "市民在公开的点位页面上发来的反馈。核实后答复;答复凭反馈编号公开可查,联系方式只有您这里能看到。"
    )

    def rows(self, access: Access, permission: Permission) -> QuerySet[Feedback]:
        return feedback_for(access).select_related("site", "answered_by").order_by("-pk")

    def target(self, obj: Feedback) -> Target:
        return target_of(obj.site)

    def has_change_permission(self, request: HttpRequest, obj: Feedback | None = None) -> bool:
        is_open = obj is None or obj.state == FeedbackState.WAITING
        return is_open and super().has_change_permission(request, obj)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Feedback], search_term: str
    ) -> tuple[QuerySet[Feedback], bool]:
        """By the reference as it was read out, or by the site."""
        exact = queryset.filter(reference=cut(search_term).strip().lower())
        return (exact if exact.exists() else of_sites_found(request, queryset, search_term)), False

    def get_fields(self, request: HttpRequest, obj: Feedback | None = None) -> Any:
        if obj is not None and self.has_change_permission(request, obj):
            return (*_SENT, "answer", "is_abuse")
        return (*_SENT, "answer", "answered_by", "answered_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Feedback | None = None) -> Any:
        if obj is not None and self.has_change_permission(request, obj):
            return _SENT
        return (*_SENT, "answer", "answered_by", "answered_at")

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        page = super().render_change_form(request, context, *args, **kwargs)
        # A reason is part of the history in the audit chain, and feedback is outside of it.
        page.context_data["asks_reason"] = False
        return page

    def write_row(self, request: HttpRequest, obj: Feedback, form: Any, reason: str) -> None:
        answer_feedback(
            access=access_for(request),
            feedback_id=obj.pk,
            answer=form.cleaned_data["answer"],
            is_abuse=form.cleaned_data["is_abuse"],
        )

    @admin.display(description=_("反馈内容"))
    def beginning(self, obj: Feedback) -> str:
        return Truncator(obj.text).chars(40)

    @admin.display(description=_("点位"))
    def site_link(self, obj: Feedback) -> Any:
        inside = reverse("admin:projects_site_change", args=[obj.site_id])
        link = format_html('<a href="{}">{}</a>', inside, obj.site.name)
        if obj.site.publication != Publication.PUBLISHED:
            return link
        outside = reverse("site", args=[obj.site.public_id])
        return format_html('{} · <a href="{}">{}</a>', link, outside, _("公开页面"))
