"""/api/staff/v1/: for members of staff who are logged in. Scoped, written by actions, kept by nobody."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext_noop
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request
from rest_framework.views import APIView

from maps.sentence import Sentence
from projects.api.problems import problem
from projects.models.access import access_of
from projects.permissions.access import Access


class Refused(Exception):
    """A request that cannot be followed. `template` is a zh-hans msgid; `params` fill it."""

    def __init__(self, status: int, template: str, **params: object) -> None:
        super().__init__(template)
        self.status, self.template, self.params = status, template, params

    @classmethod
    def saying(cls, status: int, sentence: Sentence) -> "Refused":
        return cls(status, sentence.template, **sentence.params)


class StaffView(APIView):
    """Takes the session of the admin's log-in, with its CSRF token (`X-CSRFToken`) for whatever writes."""

    authentication_classes = (SessionAuthentication,)
    permission_classes = ()
    http_method_names = ["get", "head", "post", "options"]

    access: Access

    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[Any, str]:
        return self.get_renderers()[0], "application/json"

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        user = request.user
        self.access = access_of(user, timezone.localdate())
        if not (self.access.grants and getattr(user, "is_staff", False)):
            raise Refused(403, gettext_noop("请先以工作人员身份登录管理后台。"))

    def handle_exception(self, exc: Exception) -> Any:
        if isinstance(exc, Refused):
            return problem(exc.status, exc.template, exc.params)
        return super().handle_exception(exc)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = super().dispatch(request, *args, **kwargs)
        response.headers["Cache-Control"] = "private, no-store"
        # Refusals are made for the public API, which is open to other sites. This one is not.
        del response.headers["Access-Control-Allow-Origin"]
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        return response

    def body(self, request: HttpRequest, *, types: frozenset[str], most: int) -> bytes:
        """The request's body, its type and size asked before it is read. Raises Refused."""
        found = (request.content_type or "").lower()
        if found not in types:
            raise Refused(
                415,
                gettext_noop("请以 %(wanted)s 发送,实际是 %(found)s。"),
                wanted=", ".join(sorted(types)),
                found=found[:60] or "-",
            )
        length = request.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit() and len(length) <= 18):
            raise Refused(411, gettext_noop("请用 Content-Length 说明内容的长度。"))
        if int(length) > most:
            raise Refused(
                413,
                gettext_noop("内容有 %(bytes)d 字节,超过上限 %(most)d;请先简化图形。"),
                bytes=int(length),
                most=most,
            )
        return request.read(int(length))


def private_json(text: str, *, status: int) -> HttpResponse:
    """An answer of the staff API; `StaffView` adds the headers."""
    return HttpResponse(text, status=status, content_type="application/json")
