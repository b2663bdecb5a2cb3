"""Error pages, or problem documents for the API: the one place that knows both."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_noop

from projects.api.problems import problem
from projects.pages import errors


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if _is_api(request):
        return problem(404, gettext_noop("没有这个地址,或它未公开。"))
    return errors.not_found(request)


def server_error(request: HttpRequest) -> HttpResponse:
    if _is_api(request):
        return problem(500, gettext_noop("系统出错了,已经记录下来。请稍后再试。"))
    return errors.server_error(request)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if _is_api(request):
        return problem(403, gettext_noop("您没有权限。"))
    return errors.forbidden(request)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if _is_api(request):
        return problem(400, gettext_noop("请求有误,请检查地址。"))
    return errors.bad_request(request)


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")
