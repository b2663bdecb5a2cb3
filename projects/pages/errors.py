"""What a person reads when something is not there or went wrong."""

from django.core.exceptions import TooManyFieldsSent
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _


def not_found(request: HttpRequest) -> HttpResponse:
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    return render(request, "500.html", status=500)


def forbidden(request: HttpRequest) -> HttpResponse:
    return _plain(request, 403, _("您没有权限打开这个页面。"))


def token_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without its token: opened before somebody else logged in here, or sent by another site."""
    return _plain(
        request,
        403,
        _(
            "表单的安全令牌不对,这次没有保存任何内容。多半是页面打开以后,在这个浏览器里换了账号或清除了数据。"
            "请退回上一页(您填写的内容还在),复制要紧的内容,刷新后再填。"
        ),
    )


def bad_request(request: HttpRequest) -> HttpResponse:
    try:
        request.GET  # noqa: B018
    except TooManyFieldsSent:
        # The page that says so reads the address, too.
        request.GET = QueryDict()
    return _plain(request, 400, _("请求有误,请检查地址。"))


def busy(request: HttpRequest) -> HttpResponse:
    return _plain(request, 503, _("系统正忙,这一次没有保存任何内容。请稍后再试。"))


def _plain(request: HttpRequest, status: int, sentence: str) -> HttpResponse:
    return render(request, "error.html", {"sentence": sentence, "status": status}, status=status)
