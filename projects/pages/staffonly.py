"""Pages for members of staff: who asks, and that nobody keeps the answer."""

import functools
from collections.abc import Callable
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from projects.models.access import access_of
from projects.pages.caching import private
from projects.permissions.access import Access, Permission, holds

StaffAnswer = Callable[[HttpRequest, Access], HttpResponseBase]


def for_staff(permission: Permission) -> Callable[[StaffAnswer], Callable[[HttpRequest], HttpResponseBase]]:
    """GET and HEAD for whoever holds `permission` anywhere; the view narrows to what is theirs.

    A stranger is sent to the log-in and from there back to the very same address.
    """

    def wrap(view: StaffAnswer) -> Callable[[HttpRequest], HttpResponseBase]:
        @functools.wraps(view)
        def wrapped(request: HttpRequest) -> HttpResponseBase:
            return private(_admitted(request, permission, view))

        return wrapped

    return wrap


def _admitted(request: HttpRequest, permission: Permission, view: StaffAnswer) -> HttpResponseBase:
    if request.method not in ("GET", "HEAD"):
        return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
    if not request.user.is_authenticated:
        query = urlencode({"next": request.get_full_path()})
        return HttpResponseRedirect(f"{reverse('admin:login')}?{query}")
    access = access_of(request.user, timezone.localdate())
    if not (getattr(request.user, "is_staff", False) and holds(access, permission)):
        sentence = _("这个页面给督查和填报人员使用,您的账号没有相应角色;请联系系统管理员。")
        return render(request, "error.html", {"sentence": sentence, "status": 403}, status=403)
    return view(request, access)
