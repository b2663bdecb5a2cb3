"""Lag policies: versions as data. One in use is read only; a change is a new version."""

from typing import Any

from django.contrib import admin
from django.db.models import Max
from django.forms import ModelForm
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from projects.actions.programmes import save_policy
from projects.admin.base import ScopedAdmin
from projects.admin.scope import access_for
from projects.models import LagPolicy, LightSpan, Programme
from projects.permissions.access import Permission
from projects.readmodels.sentences import said
from projects.rules.errors import RuleError
from projects.rules.explain import divergence_sentence, policy_explained
from projects.rules.policy import Policy
from projects.rules.sentences import Sentence


@admin.register(LagPolicy)
class LagPolicyAdmin(ScopedAdmin[LagPolicy]):
    add = change = Permission.POLICY_CHANGE
    list_display = ["name_zh", "key", "version", "effective_from", "in_use"]
    search_fields = ["name_zh", "key", "source"]
    fields = [
        "key",
        "version",
        "name_zh",
        "name_en",
        "rules",
        "source",
        "effective_from",
        "explained",
        "in_use",
        "new_version",
    ]
    readonly_fields = ["explained", "in_use", "new_version"]
    list_hint = gettext_lazy("使用中的版本不能修改:另存为新版本,再在年度民生实事里选用它。")

    def has_change_permission(self, request: HttpRequest, obj: LagPolicy | None = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj is not None and is_used(obj))

    @admin.display(description=gettext_lazy("使用中"), boolean=True)
    def in_use(self, obj: LagPolicy) -> bool:
        return not obj._state.adding and is_used(obj)

    @admin.display(description=gettext_lazy("新版本"))
    def new_version(self, obj: LagPolicy) -> Any:
        if obj._state.adding:
            return "–"
        address = reverse("admin:projects_lagpolicy_add")
        return format_html('<a href="{}?from={}">{}</a>', address, obj.pk, _("以此为底稿另存新版本"))

    @admin.display(description=gettext_lazy("这条规则的意思"))
    def explained(self, obj: LagPolicy) -> Any:
        """The rules in sentences, as the methodology page says them."""
        try:
            policy = Policy.from_json(obj.rules)
        except (RuleError, TypeError):
            return _("保存以后,这里用文字写出每一档的界限。")
        parts = [
            (_("、").join(_(subject.term) for subject in part.subjects), part.sentences)
            for part in policy_explained(policy)
        ]
        parts.append((_("上报和统计差得多"), (divergence_sentence(policy.divergence),)))
        return format_html_join(
            "",
            "<h4>{}</h4><ul>{}</ul>",
            (
                (title, format_html_join("", "<li>{}</li>", ((in_words(each),) for each in sentences)))
                for title, sentences in parts
            ),
        )

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        source = request.GET.get("from", "")
        found = (
            LagPolicy.objects.filter(pk=int(source)).first()
            if source.isascii() and source.isdigit()
            else None
        )
        if found is None:
            return super().get_changeform_initial_data(request)
        newest = LagPolicy.objects.filter(key=found.key).aggregate(newest=Max("version"))["newest"]
        names = ("key", "name_zh", "name_en", "source", "effective_from")
        rules = {**found.rules, "version": newest + 1}
        return {**{name: getattr(found, name) for name in names}, "rules": rules, "version": newest + 1}

    def write_row(
        self, request: HttpRequest, obj: LagPolicy, form: ModelForm[LagPolicy], reason: str
    ) -> None:
        save_policy(access=access_for(request), row=obj, reason=reason)


def in_words(sentence: Sentence) -> str:
    """A sentence, and before it the light that it is about."""
    return said(sentence) if sentence.light is None else f"{_(sentence.light.term)}:{said(sentence)}"


def is_used(policy: LagPolicy) -> bool:
    """Whether a programme names it or a light was ever given by it."""
    return (
        Programme.objects.filter(policy=policy).exists() or LightSpan.objects.filter(policy=policy).exists()
    )
