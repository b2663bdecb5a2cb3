"""The pages of logging in: password, second step, a new phone for who needs one."""

import datetime as dt
from typing import TYPE_CHECKING, Any

import segno
from django.contrib import messages
from django.contrib.admin.forms import AdminAuthenticationForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from projects.actions.errors import Conflict, Invalid
from projects.actions.secondfactor import check_code, enrol
from projects.addresses import in_language
from projects.models import User
from projects.models.access import access_of
from projects.rules.codes import key_text, key_uri, new_key
from projects.rules.waiting import minutes_left
from projects.signin import kept as keeping
from projects.signin import known, lockout, pending, policy
from projects.signin.kept import KeptForm
from projects.signin.middleware import ended

if TYPE_CHECKING:
    from projects.admin.staffsite import StaffSite

LOCKED = 429


class PasswordForm(AdminAuthenticationForm):
    """The first step. It never says which of the two was wrong, nor whether there is such an account."""

    error_messages = {
        "invalid_login": gettext_lazy("用户名或密码不对。请注意大小写;密码忘了请找系统管理员重设。"),
        "inactive": gettext_lazy("用户名或密码不对。请注意大小写;密码忘了请找系统管理员重设。"),
    }


def login_view(site: "StaffSite", request: HttpRequest) -> HttpResponse:
    """The password. Whoever has, or needs, a second factor goes on to it; nobody else is asked."""
    wanted = next_address(request, request.POST.get("next") or request.GET.get("next", ""))
    if request.method == "GET" and site.has_permission(request):
        return HttpResponseRedirect(wanted)
    kept = keeping.opened(request.POST.get("kept", ""))
    if request.method != "POST":
        return login_page(site, request, PasswordForm(request), wanted=wanted, kept=kept)
    name = lockout.plain_name(request.POST.get("username", ""))
    if lockout.waits_until(request, name) is not None:
        return login_page(site, request, PasswordForm(request), wanted=wanted, kept=kept, name=name)
    form = PasswordForm(request, data=request.POST)
    if not form.is_valid():
        return login_page(site, request, form, wanted=wanted, kept=kept, name=name)
    user = form.get_user()
    assert isinstance(user, User)
    sealed = request.POST.get("kept", "") if kept is not None else ""
    if policy.asks_for_code(user) or policy.must_have_factor(user):
        pending.begin(request, user, next_address=wanted, kept=sealed)
        step = "admin:login_code" if policy.asks_for_code(user) else "admin:login_phone"
        return HttpResponseRedirect(reverse(step))
    response = HttpResponseRedirect(_enter(request, pending.Pending(user, wanted, sealed), factor=""))
    known.remember(request, response, user.username)
    return response


def login_page(
    site: "StaffSite",
    request: HttpRequest,
    form: PasswordForm,
    *,
    wanted: str,
    kept: KeptForm | None,
    name: str = "",
    status: int = 200,
) -> HttpResponse:
    """The first step's page; `kept`: what was typed in a form when the log-in had ended."""
    until = lockout.waits_until(request, name) if name else None
    context = {
        **_frame(site, request, _("登录")),
        "form": form,
        "next": wanted,
        "kept": kept,
        "minutes": None if until is None else minutes_left(until, timezone.now()),
        "has_no_role": request.user.is_authenticated,
        "has_ended": ended(request) is not None,
    }
    return TemplateResponse(request, "admin/login.html", context, status=status if until is None else LOCKED)


def code_view(site: "StaffSite", request: HttpRequest) -> HttpResponse:
    """The second step: a code of the phone, or a recovery code."""
    half = pending.current(request)
    if half is None:
        return HttpResponseRedirect(reverse("admin:login"))
    if request.method != "POST":
        return _code_page(site, request, "")
    if lockout.waits_until(request, half.user.username) is not None:
        return _code_page(site, request, "", half.user)
    now = timezone.now()
    answer = check_code(user=half.user, typed=request.POST.get("code", ""), now=now)
    if not answer.passed:
        if answer.wait_until is not None:
            return _code_page(site, request, too_many(answer.wait_until, now))
        lockout.failed(request, half.user.username)
        return _code_page(site, request, wrong_code(now, unreadable=answer.unreadable), half.user)
    if answer.used_recovery_code:
        messages.warning(
            request,
            _("您用掉了一个恢复码,还剩 %(count)d 个。手机丢了请在“两步登录”里更换手机。")
            % {"count": answer.codes_left},
        )
    factor = "recovery" if answer.used_recovery_code else "totp"
    response = HttpResponseRedirect(_enter(request, half, factor=factor))
    known.remember(request, response, half.user.username)
    return response


def phone_view(site: "StaffSite", request: HttpRequest) -> HttpResponse:
    """For who needs a second factor and has none: nothing else can be reached before."""
    half = pending.current(request)
    if half is None or policy.asks_for_code(half.user):
        return HttpResponseRedirect(reverse("admin:login"))
    key = pending.offered_key(request)
    if key is None:
        key = new_key()
        pending.offer_key(request, key)
    if request.method != "POST":
        return phone_page(site, request, half.user, key)
    now = timezone.now()
    try:
        codes = enrol(
            access=access_of(half.user, timezone.localdate()),
            user=half.user,
            key=key,
            typed=request.POST.get("code", ""),
            now=now,
        )
    except Invalid:
        return phone_page(site, request, half.user, key, wrong_code(now))
    except Conflict as refusal:
        messages.error(request, str(refusal))
        return HttpResponseRedirect(reverse("admin:login"))
    response = codes_page(site, request, codes, _enter(request, half, factor="totp"))
    known.remember(request, response, half.user.username)
    return response


def phone_page(
    site: "StaffSite", request: HttpRequest, user: User, key: bytes, problem: str = ""
) -> HttpResponse:
    """The QR code, the secret as text, and the field for the first code."""
    uri = key_uri(key, username=user.username, issuer=str(_("身边民生实事")))
    context = {
        **_frame(site, request, _("设置两步登录")),
        "qr": segno.make(uri, error="m").png_data_uri(scale=5, border=4),
        "key": key_text(key),
        "account": user.username,
        "problem": problem,
    }
    return TemplateResponse(request, "admin/signin/phone.html", context)


def codes_page(site: "StaffSite", request: HttpRequest, codes: list[str], onwards: str) -> HttpResponse:
    """The recovery codes, this once."""
    context = {
        **_frame(site, request, _("恢复码")),
        "codes": codes,
        "onwards": onwards,
        "account": request.user.get_username(),
        "made_on": timezone.localdate(),
    }
    return TemplateResponse(request, "admin/signin/codes.html", context)


def wrong_code(now: dt.datetime, *, unreadable: bool = False) -> str:
    """What to do about a code that was not taken. Most often the phone's clock is wrong."""
    if unreadable:
        return _("系统换过密钥,手机上的验证码已失效。请系统管理员重置两步登录。")
    return _(
        "验证码不对、已过期或已用过。请等手机上换了新的验证码再输入;仍不行,"
        "请核对手机时间:服务器现在是 %(time)s。"
    ) % {"time": f"{timezone.localtime(now):%Y-%m-%d %H:%M:%S}"}


def too_many(until: dt.datetime, now: dt.datetime) -> str:
    """Somebody tried too often in a row."""
    seconds = max(1, int((until - now).total_seconds()))
    return _("连续输错,请等 %(seconds)d 秒再输入。") % {"seconds": seconds}


def next_address(request: HttpRequest, given: str) -> str:
    """Where to go after the log-in: an address of this site that is no log-in page; else the start page."""
    home = reverse("admin:index")
    if not given.startswith("/") or not url_has_allowed_host_and_scheme(given, allowed_hosts=None):
        return home
    login = in_language(reverse("admin:login"), "zh-hans")
    path = in_language(given.partition("?")[0], "zh-hans")
    return home if path.startswith((login, login.replace("login", "logout"))) else given


def _enter(request: HttpRequest, half: pending.Pending, *, factor: str) -> str:
    """Log in; the address to go on with. What the person had typed becomes their draft."""
    elsewhere = lockout.failures_elsewhere(request, half.user.username)
    pending.complete(request, half.user, factor=factor)
    if elsewhere:
        messages.warning(
            request,
            _("15 分钟内,别的地址用您的账号登录失败了 %(count)d 次。不是您本人的,请告诉系统管理员。")
            % {"count": elsewhere},
        )
    kept = keeping.opened(half.kept)
    if kept is None:
        return half.next
    if keeping.hand_over(kept, half.user, timezone.now()):
        return kept.return_address
    messages.warning(request, _("登录前填写的内容属于另一个账号,没有显示,也没有保存。"))
    return reverse("admin:index")


def _code_page(
    site: "StaffSite", request: HttpRequest, problem: str, user: User | None = None
) -> HttpResponse:
    until = None if user is None else lockout.waits_until(request, user.username)
    context = {
        **_frame(site, request, _("第二步")),
        "problem": "" if until is not None else problem,
        "minutes": None if until is None else minutes_left(until, timezone.now()),
    }
    return TemplateResponse(
        request, "admin/signin/code.html", context, status=200 if until is None else LOCKED
    )


def _frame(site: "StaffSite", request: HttpRequest, title: str) -> dict[str, Any]:
    return {**site.each_context(request), "title": title, "is_nav_sidebar_enabled": False}
