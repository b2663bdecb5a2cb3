"""The audit chain, to be read."""

from typing import Any, Final

from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from projects.admin.base import ScopedAdmin, cut, history_line
from projects.admin.scope import reach
from projects.models import AuditEntry, Site
from projects.permissions.access import Access, Permission
from projects.readmodels.checkpoints import CheckpointState, checkpoint_state

_LONGEST_NUMBER: Final = 18

_VERBS: Final[dict[str, str | Promise]] = {
    "add": gettext_lazy("新增"),
    "change": gettext_lazy("修改"),
    "remove": gettext_lazy("删除"),
    "report": gettext_lazy("报进度"),
    "reschedule": gettext_lazy("调整计划"),
    "submitted": gettext_lazy("提交发布"),
    "published": gettext_lazy("发布"),
    "withdrawn": gettext_lazy("撤回"),
    "move": gettext_lazy("调整隶属"),
    "departments": gettext_lazy("改配合单位"),
    "password": gettext_lazy("设置密码"),
    "anchor": gettext_lazy("补充证明"),
    "request": gettext_lazy("申请更正"),
    "approved": gettext_lazy("批准更正"),
    "refused": gettext_lazy("不批准更正"),
    "photo": gettext_lazy("添加照片"),
    "photo_decided": gettext_lazy("决定照片公开与否"),
    "verify": gettext_lazy("核验"),
    "rework": gettext_lazy("整改完成"),
    "accept": gettext_lazy("随抽查轮次通过"),
    "draw": gettext_lazy("抽样"),
    "issue": gettext_lazy("发督办单"),
    "sign": gettext_lazy("签收"),
    "start": gettext_lazy("开始办理"),
    "report_back": gettext_lazy("反馈办理结果"),
    "close": gettext_lazy("销号"),
    "return": gettext_lazy("退回重办"),
    "ask_extension": gettext_lazy("申请延期"),
    "grant": gettext_lazy("同意延期"),
    "refuse": gettext_lazy("不同意延期"),
    "raise": gettext_lazy("升级"),
    "withdraw": gettext_lazy("撤销督办单"),
    "rejudge": gettext_lazy("重新评灯"),
}


def action_label(action: str) -> str:
    """`site.published` -> 发布; an unknown verb is shown as it is recorded."""
    return str(_VERBS.get(action.rpartition(".")[2], action))


def newest_checkpoint() -> CheckpointState | None:
    """The newest checkpoint and how it stands, for the pages of the chain and of histories."""
    return checkpoint_state(settings.AUDIT_KEY_FILE.with_name(f"{settings.AUDIT_KEY_FILE.name}.pub"))


def subject_types() -> list[tuple[str, str]]:
    """What entries may be about, with its name; asked of the code, not of a million entries."""
    return sorted(
        (str(model._meta.model_name), str(model._meta.verbose_name))
        for model in apps.get_app_config("projects").get_models()
    )


class SubjectFilter(admin.SimpleListFilter):
    title = gettext_lazy("对象类型")
    parameter_name = "subject_type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return subject_types()

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        return queryset.filter(subject_type=self.value()) if self.value() else queryset


@admin.register(AuditEntry)
class AuditEntryAdmin(ScopedAdmin[AuditEntry]):
    see = Permission.AUDIT_VIEW
    list_display = ["seq", "recorded_at", "actor", "what", "subject", "division"]
    list_filter = [SubjectFilter]
    search_fields = ["seq"]
    search_help_text = gettext_lazy("变更序号、对象编号或点位编码")
    list_select_related = ["actor", "division"]
    ordering = ["-pk"]
    by_key = True
    fields = (
        "seq",
        "recorded_at",
        "actor",
        "what",
        "subject",
        "division",
        "changes",
        "previous_hash",
        "hash",
    )
    readonly_fields = fields
    list_hint = gettext_lazy("每一次写入都有一条记录,按顺序编号、前后相扣,不能修改。")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        shown = {"checkpoint": newest_checkpoint()}
        return super().changelist_view(request, {**shown, **(extra_context or {})})

    def rows(self, access: Access, permission: Permission) -> QuerySet[AuditEntry]:
        return reach(AuditEntry.objects.all(), access, permission, division="division")  # type: ignore[return-value]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AuditEntry], search_term: str
    ) -> tuple[QuerySet[AuditEntry], bool]:
        """By number, by the number of what was changed, by a site's code: exact, by an index each."""
        text = cut(search_term).strip()
        if not text:
            return queryset, False
        site = Site.objects.filter(code=text).values_list("pk", flat=True).first()
        wanted = Q(subject_type="site", subject_id=str(site)) if site is not None else Q(pk__in=[])
        if text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER:
            subjects = [name for name, _label in subject_types()]
            wanted |= Q(pk=int(text)) | Q(subject_type__in=subjects, subject_id=text)
        return queryset.filter(wanted), False

    @admin.display(description=gettext_lazy("动作"), ordering="action")
    def what(self, obj: AuditEntry) -> str:
        return action_label(obj.action)

    @admin.display(description=gettext_lazy("对象"))
    def subject(self, obj: AuditEntry) -> str:
        return f"{obj.subject_type} {obj.subject_id}"

    @admin.display(description=gettext_lazy("内容"))
    def changes(self, obj: AuditEntry) -> Any:
        model: Any = Site if obj.subject_type == "site" else AuditEntry
        for candidate in self.admin_site._registry:
            if candidate._meta.model_name == obj.subject_type:
                model = candidate
        line = history_line(model, obj)
        rows = [(each["label"], each["before"], each["after"]) for each in line["changes"]]
        if line["reason"]:
            rows.append((_("原因"), "", line["reason"]))
        return format_html_join("", "<div>{}:{} → {}</div>", rows) or "–"
