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
