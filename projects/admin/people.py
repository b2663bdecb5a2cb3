"""Users with their roles, and departments."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.forms import SetPasswordForm
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from projects.actions.errors import ActionError, Invalid
from projects.actions.people import may_manage, save_user, set_password
from projects.actions.rows import save_row
from projects.admin.base import ScopedAdmin
from projects.admin.forms import ScopedForm
from projects.admin.inlines import ScopedInline
from projects.admin.peoplelogins import locked_page, reset_page
from projects.admin.scope import access_for, is_unlimited, reach
from projects.models import Department, Membership, User
from projects.permissions.access import Access, Permission


@admin.register(Department)
class DepartmentAdmin(ScopedAdmin[Department]):
    add = change = Permission.PROGRAMME_CHANGE
    list_display = ["name_zh", "code", "name_en"]
    search_fields = ["name_zh", "name_en", "code"]
    fields = ["code", "name_zh", "name_en"]

    def write_row(self, request: HttpRequest, obj: Department, form: Any, reason: str) -> None:
        save_row(access=access_for(request), row=obj, permission=Permission.PROGRAMME_CHANGE, reason=reason)


class MembershipInline(ScopedInline[Membership, User]):
    model = Membership
    fields = ["role", "division", "department", "valid_from", "valid_to"]
    extra = 1
    verbose_name = gettext_lazy("角色")


class UserForm(ScopedForm):
    """Who somebody is; what they may do stands in the roles below. A new user gets a first password here."""

    password = forms.CharField(
        label=gettext_lazy("初始密码"),
        required=True,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("至少 10 个字符;请本人登录后修改。"),
    )

    class Meta:
        model = User
        fields = ["username", "last_name", "first_name", "email", "is_active", "is_staff"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is None:
            self.initial.setdefault("is_staff", True)

    def typed(self) -> dict[str, Any]:
        return {}


@admin.register(User)
class UserAdmin(ScopedAdmin[User]):
    see = Permission.MEMBERSHIP_CHANGE
    add = change = Permission.MEMBERSHIP_CHANGE
    form = UserForm
    list_display = ["username", "full_name", "roles", "is_active", "second_factor", "last_login"]
    list_filter = ["is_active", "memberships__role"]
    search_fields = ["username", "last_name", "first_name"]
    inlines = [MembershipInline]
    list_hint = gettext_lazy("能做什么只看角色:在哪个区划或部门、担任什么。停用账号不删除记录。")

    def rows(self, access: Access, permission: Permission) -> QuerySet[User]:
        if is_unlimited(access, permission):
            return User.objects.prefetch_related("memberships__division", "memberships__department")
        own: Any = reach(
            Membership.objects.all(), access, permission, division="division"
        )  # fmt: skip
        foreign = Membership.objects.exclude(pk__in=own.values("pk"))
        # Whoever also has a role elsewhere is not this administrator's to manage.
        return (
            User.objects.filter(pk__in=own.values("user"))
            .exclude(pk__in=foreign.values("user"))
            .prefetch_related("memberships__division", "memberships__department")
        )

    def _may(self, request: HttpRequest, permission: Permission | None, obj: User | None) -> bool:
        if obj is None or obj.pk is None or permission is None:
            return super()._may(request, permission, None)
        return may_manage(access_for(request), obj.memberships.all())

    def get_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        names = ["username", "last_name", "first_name", "email", "is_active", "is_staff"]
        if obj is None:
            return [*names, "password"]
        return [*names, "set_password_link", "second_factor_link", "last_login"]

    def get_form(
        self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        made = super().get_form(request, obj, change=change, **kwargs)
        if obj is not None:
            made.base_fields.pop("password", None)
        return made

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        return ["set_password_link", "second_factor_link", "last_login"]

    @admin.display(description=gettext_lazy("姓名"))
    def full_name(self, obj: User) -> str:
        return f"{obj.last_name}{obj.first_name}"

    @admin.display(description=gettext_lazy("角色"))
    def roles(self, obj: User) -> str:
        said = []
        for row in obj.memberships.all():
            where = row.division or row.department
            said.append(f"{row.get_role_display()}({where})" if where else str(row.get_role_display()))
        return ", ".join(said) or "–"

    @admin.display(description=gettext_lazy("密码"))
    def set_password_link(self, obj: User) -> Any:
        address = reverse("admin:projects_user_password", args=[obj.pk])
        return format_html('<a href="{}">{}</a>', address, _("设置新密码"))

    @admin.display(description=gettext_lazy("两步登录"), boolean=True, ordering="second_factor_since")
    def second_factor(self, obj: User) -> bool:
        return obj.second_factor_since is not None

    @admin.display(description=gettext_lazy("两步登录"))
    def second_factor_link(self, obj: User) -> Any:
        if obj.second_factor_since is None:
            return _("未启用")
        address = reverse("admin:projects_user_second_factor", args=[obj.pk])
        since = timezone.localtime(obj.second_factor_since)
        return format_html('{} · <a href="{}">{}</a>', f"{since:%Y-%m-%d %H:%M}", address, _("重置"))

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        memberships = []
        for formset in formsets:
            for row in formset.forms:
                data = getattr(row, "cleaned_data", {})
                if data.get("role") and not data.get("DELETE"):
                    memberships.append(row.instance)
        save_user(
            access=access_for(request),
            user=form.instance,
            memberships=memberships,
            password=form.cleaned_data.get("password"),
            reason=request.POST.get("reason", "").strip()[:300],
        )

    def write_row(self, request: HttpRequest, obj: User, form: Any, reason: str) -> None:
        """See save_related: a user is written together with the roles."""

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:user_id>/password/", wrap(self.password_view), name="projects_user_password"),
            path(
                "<int:user_id>/second-factor/",
                wrap(self.second_factor_view),
                name="projects_user_second_factor",
            ),
            path("locked/", wrap(self.locked_view), name="projects_user_locked"),
            *super().get_urls(),
        ]

    def password_view(self, request: HttpRequest, user_id: int) -> HttpResponse:
        """Give somebody a new password."""
        user = self.get_object(request, str(user_id))
        if user is None or not self.has_change_permission(request, user):
            raise PermissionDenied
        if user.pk == request.user.pk:
            # One's own takes the old one: a session that was left open or stolen must not do without it.
            return HttpResponseRedirect(reverse("admin:password_change"))
        form: Any = SetPasswordForm(user, request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            try:
                set_password(
                    access=access_for(request), user=user, password=form.cleaned_data["new_password1"]
                )
            except Invalid as refusal:
                form.add_error("new_password1", str(refusal))
            except ActionError as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, _("已设置新密码。"))
                return HttpResponseRedirect(reverse("admin:projects_user_change", args=[user.pk]))
        context = {
            **self.admin_site.each_context(request),
            "title": _("设置新密码"),
            "subtitle": user.username,
            "opts": self.opts,
            "form": form,
            "object": user,
        }
        return TemplateResponse(request, "admin/projects/user/password.html", context)

    def second_factor_view(self, request: HttpRequest, user_id: int) -> HttpResponse:
        """Take somebody's lost phone off the account."""
        user = self.get_object(request, str(user_id))
        if user is None or not self.has_change_permission(request, user):
            raise PermissionDenied
        return reset_page(self, request, user)

    def locked_view(self, request: HttpRequest) -> HttpResponse:
        """Whose account wrong passwords and codes have locked."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        return locked_page(self, request)
