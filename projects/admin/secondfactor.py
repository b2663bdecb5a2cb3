"""One's own page “两步登录”: the phone, the recovery codes, changing either."""

from typing import TYPE_CHECKING, cast

from django.contrib import messages
from django.contrib.auth import authenticate, update_session_auth_hash
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from projects.actions.errors import ActionError
from projects.actions.secondfactor import check_code, enrol, remove_second_factor, renew_recovery_codes
from projects.admin.scope import access_for
from projects.admin.signin import codes_page, phone_page, too_many, wrong_code
from projects.models import User
from projects.rules.codes import new_key
from projects.rules.waiting import minutes_left
from projects.signin import lockout, pending, policy
from projects.signin.middleware import FACTOR

if TYPE_CHECKING:
    from projects.admin.staffsite import StaffSite


def own_page(site: "StaffSite", request: HttpRequest) -> HttpResponse:
    """What is set up; every change takes the password, and the code where there is one."""
    user = cast(User, request.user)
    problem = ""
    if request.method == "POST" and policy.is_offered():
        wanted = request.POST.get("do", "")
        problem = _not_confirmed(request, user)
        if not problem and wanted == "phone":
            pending.offer_key(request, new_key())
            return HttpResponseRedirect(reverse("admin:two_factor_phone"))
        if not problem and wanted == "codes" and user.second_factor_since is not None:
            return codes_page(
                site, request, renew_recovery_codes(access=access_for(request), user=user), _here()
            )
        if not problem and wanted == "remove" and not policy.must_have_factor(user):
            remove_second_factor(access=access_for(request), user=user)
            _stay(request, user)
            messages.success(request, _("两步登录已停用,其他设备上的登录已失效。"))
            return HttpResponseRedirect(_here())
    context = {
        **site.each_context(request),
        "title": _("两步登录"),
        "since": user.second_factor_since,
        "codes_left": user.recovery_codes.count(),
        "is_offered": policy.is_offered(),
        "is_required": policy.must_have_factor(user),
        "problem": problem,
    }
    return TemplateResponse(request, "admin/signin/own.html", context)


def own_phone(site: "StaffSite", request: HttpRequest) -> HttpResponse:
    """Confirm the new phone; the old one, and log-ins elsewhere, end with that."""
    user = cast(User, request.user)
    key = pending.offered_key(request)
    if key is None:
        return HttpResponseRedirect(_here())
    if request.method != "POST":
        return phone_page(site, request, user, key)
    now = timezone.now()
    try:
        codes = enrol(
            access=access_for(request),
            user=user,
            key=key,
            typed=request.POST.get("code", ""),
            now=now,
            replaces=True,
        )
    except ActionError:
        return phone_page(site, request, user, key, wrong_code(now))
    pending.forget_key(request)
    _stay(request, user)
    return codes_page(site, request, codes, _here())


def _not_confirmed(request: HttpRequest, user: User) -> str:
    """Why the person at the keyboard is not shown to be the owner; '' when they are."""
    now = timezone.now()
    until = lockout.waits_until(request, user.username)
    if until is not None:
        return _("输错次数太多,请 %(minutes)d 分钟后再试。") % {"minutes": minutes_left(until, now)}
    if authenticate(request, username=user.username, password=request.POST.get("password", "")) != user:
        return _("密码不对。")
    if not policy.asks_for_code(user):
        return ""
    answer = check_code(user=user, typed=request.POST.get("code", ""), now=now)
    if answer.passed:
        return ""
    if answer.wait_until is not None:
        return too_many(answer.wait_until, now)
    lockout.failed(request, user.username)
    return wrong_code(now, unreadable=answer.unreadable)


def _stay(request: HttpRequest, user: User) -> None:
    """This log-in goes on, with the factor that was just shown or without one; all others end."""
    update_session_auth_hash(request, user)
    if user.second_factor_since is None:
        request.session.pop(FACTOR, None)
    else:
        request.session[FACTOR] = "totp"


def _here() -> str:
    return reverse("admin:two_factor")
