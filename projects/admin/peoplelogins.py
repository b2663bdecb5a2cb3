"""What an administrator does about somebody else's log-in: a lost phone, a locked account."""

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from projects.actions.errors import ActionError
from projects.actions.lockouts import unlock
from projects.actions.secondfactor import reset_second_factor
from projects.admin.scope import access_for
from projects.models import User
from projects.signin.lockout import locked_accounts

if TYPE_CHECKING:
    from projects.admin.people import UserAdmin


def reset_page(page: "UserAdmin", request: HttpRequest, user: User) -> HttpResponse:
    """Reset somebody's second factor, with a reason. The caller has asked whether `user` is theirs."""
    problem = ""
    if request.method == "POST":
        try:
            reset_second_factor(access=access_for(request), user=user, reason=request.POST.get("reason", ""))
        except ActionError as refusal:
            problem = str(refusal)
        else:
            messages.success(request, _("已重置“%(name)s”的两步登录,原有登录已失效。") % {"name": user})
            return HttpResponseRedirect(reverse("admin:projects_user_change", args=[user.pk]))
    return _page(page, request, "second_factor.html", _("重置两步登录"), object=user, problem=problem)


def locked_page(page: "UserAdmin", request: HttpRequest) -> HttpResponse:
    """Locked accounts within reach; unlocking one."""
    if request.method == "POST":
        # get_object knows only whom this administrator manages.
        user = page.get_object(request, request.POST.get("user", ""))
        try:
            if user is not None:
                unlock(access=access_for(request), user=user, reason=request.POST.get("reason", ""))
                messages.success(request, _("已解锁“%(name)s”。") % {"name": user})
        except ActionError as refusal:
            messages.error(request, str(refusal))
        return HttpResponseRedirect(reverse("admin:projects_user_locked"))
    rows = locked_accounts(list(page.get_queryset(request)))
    return _page(page, request, "locked.html", _("被锁定的账号"), rows=rows)


def _page(page: "UserAdmin", request: HttpRequest, name: str, title: str, **context: Any) -> HttpResponse:
    return TemplateResponse(
        request,
        f"admin/projects/user/{name}",
        {**page.admin_site.each_context(request), "title": title, "opts": page.opts, **context},
    )
