"""/api/staff/v1/: for members of staff who are logged in. Scoped, written by actions, kept by nobody."""

from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_noop
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from maps.sentence import Sentence
from projects.api.problems import problem, problem_response
from projects.models.access import access_of
from projects.permissions.access import Access
from projects.signin.middleware import ended


class Refused(Exception):
    """A request that cannot be followed. `template` is a zh-hans msgid; `params` fill it."""

    def __init__(self, status: int, template: str, **params: object) -> None:
        super().__init__(template)
        self.status, self.template, self.params = status, template, params

    @classmethod
    def saying(cls, status: int, sentence: Sentence) -> "Refused":
        return cls(status, sentence.template, **sentence.params)


def _nothing(_request: HttpRequest) -> HttpResponse:
    return HttpResponse()


class _TokenCheck(CsrfViewMiddleware):
    """Django's own check, which says why instead of answering with a page."""

    def _reject(self, request: HttpRequest, reason: str) -> Any:
        return reason


@method_decorator(csrf_exempt, name="dispatch")  # checked below, with a problem document for an answer
class StaffView(View):
    """Takes the session of the admin's log-in, and its CSRF token (`X-CSRFToken`) for whatever writes.

    `body_types`, `body_most`: what a POST may carry; asked of the headers before anything is read.
    """

    body_types: ClassVar[frozenset[str]] = frozenset({"application/json"})
    body_most: ClassVar[int] = 100_000

    access: Access

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            response = self._admitted(request, *args, **kwargs)
        except Refused as refusal:
            response = problem(refusal.status, refusal.template, refusal.params)
        except Exception as error:
            refused = problem_response(error, {})
            if refused is None:
                raise
            response = refused
        response.headers["Cache-Control"] = "private, no-store"
        if response.status_code == 401:
            # HTTP wants a scheme named; browsers ask for no password at one that they do not know.
            response.headers["WWW-Authenticate"] = 'Session realm="staff"'
        # Refusals are made for the public API, which is open to other sites. This one is not.
        response.headers.pop("Access-Control-Allow-Origin", None)
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        return response

    def _admitted(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = request.user
        self.access = access_of(user, timezone.localdate())
        if not (self.access.grants and getattr(user, "is_staff", False)):
            if ended(request) is not None:
                raise Refused(401, gettext_noop("登录已过期,请重新登录。"))
            raise Refused(403, gettext_noop("请先以工作人员身份登录管理后台。"))
        if request.method == "POST":
            # Before the token: looking for one among a form's fields would read the body.
            self._check_headers(request)
        if _TokenCheck(_nothing).process_view(request, _nothing, (), {}) is not None:
            raise Refused(403, gettext_noop("请求缺少 CSRF 令牌(X-CSRFToken),或令牌不对;请重新登录后再试。"))
        return super().dispatch(request, *args, **kwargs)

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = problem(405, gettext_noop("这个地址不接受 %(method)s。"), {"method": request.method or ""})
        taken = [name.upper() for name in self.http_method_names if hasattr(self, name)]
        response.headers["Allow"] = ", ".join(taken)
        return response

    def _check_headers(self, request: HttpRequest) -> None:
        found = (request.content_type or "").lower()
        if found not in self.body_types:
            raise Refused(
                415,
                gettext_noop("请以 %(wanted)s 发送,实际是 %(found)s。"),
                wanted=", ".join(sorted(self.body_types)),
                found=found[:60] or "-",
            )
        length = request.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit() and len(length) <= 18):
            raise Refused(411, gettext_noop("请用 Content-Length 说明内容的长度。"))
        if int(length) > self.body_most:
            raise Refused(
                413,
                gettext_noop("内容有 %(bytes)d 字节,超过上限 %(most)d;请先简化图形。"),
                bytes=int(length),
                most=self.body_most,
            )


def private_json(text: str, *, status: int) -> HttpResponse:
    """An answer of the staff API; `StaffView` adds the headers."""
    return HttpResponse(text, status=status, content_type="application/json")
