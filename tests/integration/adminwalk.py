"""Every address of staff, found by walking the patterns, and a person who opens them without a server.

A new address that is none of Django's own for a model must be declared here: a test fails until somebody has said
what is asked of it.
"""

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import Any, Final
from urllib.parse import unquote

from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.storage.base import BaseStorage
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404
from django.test import RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver, resolve

from projects.admin.scope import access_for
from projects.models import User
from projects.permissions.access import Access

#: What Django gives every ModelAdmin: whose rows they show follows from its `ScopedAdmin`.
GENERIC: Final = ("changelist", "add", "history", "delete", "change")

#: Everybody's: log-in, log-out, one's own password; words for scripts.
EVERYBODYS: Final = frozenset(
    {"login", "login_code", "login_phone", "logout", "password_change", "password_change_done", "jsi18n"}
)

#: The admin site's own. `autocomplete` has a test of its own for every field.
OF_THE_SITE: Final = frozenset(
    [
        "index", "autocomplete", "app_list", "round", "round-nearest", "round-preview",
        "two_factor", "two_factor_phone", "drafts", "discard_draft",
    ]
)  # fmt: skip

#: Addresses that our own `get_urls` add, and the words that their patterns ask for besides the object's key.
STEPS: Final = ("report", "reschedule", "submit", "publish", "withdraw", "nonsense")
OURS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "projects_site_locate": {},
    "projects_site_step": {"step": STEPS},
    "projects_site_tiles": {"z": ("8",), "x": ("214",), "y": ("106",)},
    "projects_site_at": {"public_id": ("abcdefghijkl",)},
    "projects_site_problems": {},
    "projects_site_problems_csv": {},
    "projects_site_changes": {},
    "projects_site_sheet": {},
    "projects_storedarea_locate": {},
    "projects_correctionrequest_decide": {},
    "projects_user_password": {},
    "projects_lightspan_divergence": {},
    "projects_site_export": {},
    "projects_site_template": {},
    "projects_site_verify": {},
    "projects_site_rework": {},
    "projects_site_visit": {},
    "projects_site_photos": {},
    "projects_site_photo": {"part": ("thumbnail", "picture", "original", "decide")},
    "projects_verification_desk": {},
    "projects_supervisionorder_issue": {},
    "projects_supervisionorder_print": {},
    "projects_supervisionorder_step": {"step": ("sign", "raise", "withdraw", "nonsense")},
    "projects_sample_draw": {},
    "projects_sample_accept": {},
    "projects_sample_frame": {},
    "projects_importbatch_file": {},
    "projects_importbatch_undo": {},
    "projects_stagedimport_upload": {},
    **{
        f"projects_stagedimport_{step}": {}
        for step in (
            "options",
            "check",
            "stop",
            "progress",
            "apply",
            "discard",
            "replace",
            "annotated",
            "file",
        )
    },
    "projects_user_second_factor": {},
    "projects_user_locked": {},
}

#: For staff outside the admin.
STAFF: Final = frozenset(
    [
        "supervision",
        "supervision-csv",
        "supervision-xlsx",
        "staff-areas",
        "staff-drafts",
        "staff-late",
        "staff-late-site",
        "staff-late-facets",
        "staff-late-tile",
        "staff-subjects",
        "staff-divergence",
    ]
)
#: Open to anybody: they take no user at all, so nothing depends on who asks.
PUBLIC: Final = frozenset(
    [
        "api-area",
        "api-divisions",
        "api-facets",
        "api-headline",
        "api-indicator-progress",
        "api-nearest",
        "api-phases",
        "api-progress",
        "api-project-progress",
        "api-schema",
        "api-shapes-json",
        "api-shapes-mvt",
        "api-site",
        "api-sites",
        "api-tile-json",
        "api-tile-mvt",
        "district",
        "district-csv",
        "district-xlsx",
        "districts",
        "favicon.ico",
        "feedback",
        "feedback-sent",
        "healthz",
        "indicator",
        "indicator-matrix",
        "map",
        "methodology",
        "nearby",
        "programme",
        "programme-figures",
        "programme-projects",
        "programmes",
        "project",
        "project-matrix",
        "public-photo",
        "robots",
        "site",
    ]
)


@dataclass(frozen=True)
class Address:
    """One address. `model`: whose admin it is part of; `keyed`: it names a row by its key."""

    name: str
    model: str
    path: str
    keyed: bool


@dataclass(frozen=True)
class Pattern:
    name: str
    route: str
    model: str


def patterns() -> list[Pattern]:
    """Every pattern of the admin."""
    found, _app, _namespace = admin.site.urls
    return [Pattern(name, f"/admin/{route}", _model_of(route)) for name, route in _walk(found, "")]


def undeclared() -> list[str]:
    """Patterns of the admin that nobody has said anything about."""
    known = EVERYBODYS | OF_THE_SITE | OURS.keys()
    generic = {
        f"projects_{model._meta.model_name}_{view}" for model in admin.site._registry for view in GENERIC
    }
    return [
        each.route
        for each in patterns()
        if each.name not in known | generic and not _is_redirect(each) and "(?P<url>" not in each.route
    ]


def outside() -> set[str]:
    """Names of every pattern outside the admin."""
    return {each.name or str(each.pattern) for each in _leaves(get_resolver().url_patterns)}


def addresses(rows: Mapping[str, int], *, only: str = "") -> Iterator[Address]:
    """Every address, filled with the rows of one side; `only` "keyed" or "plain" halves."""
    for each in patterns():
        if each.name in EVERYBODYS or "(?P<url>" in each.route:
            continue
        route = each.route.replace("^(?P<app_label>projects)/$", "projects/")
        keyed = "<path:object_id>" in route or "<int:" in route
        if only and keyed != (only == "keyed"):
            continue
        for word in ("<path:object_id>", "<int:object_id>", "<int:user_id>"):
            route = route.replace(word, str(rows.get(each.model, 1)))
        route = route.replace("<int:photo_id>", str(rows.get("photo", 1)))
        for path in _filled(route, OURS.get(each.name, {})):
            assert "<" not in path and "^" not in path, path
            yield Address(each.name, each.model, path, keyed)


def _filled(route: str, words: Mapping[str, tuple[str, ...]]) -> list[str]:
    found = [route]
    for word, values in words.items():
        for kind in ("slug", "int", "str"):
            mark = f"<{kind}:{word}>"
            if mark in route:
                found = [path.replace(mark, value) for path in found for value in values]
    return found


def _walk(found: Any, prefix: str) -> Iterator[tuple[str, str]]:
    for each in found:
        route = prefix + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from _walk(each.url_patterns, route)
        elif isinstance(each, URLPattern):
            yield each.name or "", route


def _leaves(found: Any) -> Iterator[URLPattern]:
    for each in found:
        if isinstance(each, URLResolver):
            if getattr(each, "namespace", None) != "admin":
                yield from _leaves(each.url_patterns)
        else:
            yield each


def _model_of(route: str) -> str:
    return route.removeprefix("projects/").split("/")[0] if route.startswith("projects/") else ""


def _is_redirect(each: Pattern) -> bool:
    """Django's own: an address of old, `<pk>/`, which leads to `<pk>/change/`."""
    return not each.name and each.route.endswith("/<path:object_id>/")


class _Heard(BaseStorage):
    """Messages of one request."""

    def _get(self, *_args: Any, **_kwargs: Any) -> tuple[list[Any], bool]:
        return [], True

    def _store(self, *_args: Any, **_kwargs: Any) -> list[Any]:
        return []


@dataclass
class Answer:
    """What a person gets to see: status, where it leads, and every word, messages included."""

    status: int
    leads_to: str = ""
    text: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def tells(self, mark: str) -> bool:
        return (
            mark in self.text
            or mark in self.leads_to
            or any(mark in value for value in self.headers.values())
        )


class Walker:
    """Opens addresses as one person. No middleware: what keeps people apart must not depend on it."""

    def __init__(self, user: User | None) -> None:
        self._user = user
        self._access: Access | None = None
        self._factory = RequestFactory()

    def get(self, path: str) -> Answer:
        return self._answer(self._factory.get(path))

    def post(self, path: str, data: Mapping[str, Any]) -> Answer:
        return self._answer(self._factory.post(path, dict(data)))

    def _answer(self, request: Any) -> Answer:
        # As the session's backend has it: who is not active is nobody.
        known = self._user is not None and self._user.is_active
        request.user = self._user if known else AnonymousUser()
        # The same person in the same roles: asked of the database once, not at each address.
        self._access = request.staff_access = self._access or access_for(request)
        request.session = SessionStore()
        request._messages = _Heard(request)
        request._dont_enforce_csrf_checks = True
        try:
            request.resolver_match = match = resolve(request.path_info)
            response = match.func(request, *match.args, **match.kwargs)
            if hasattr(response, "render"):
                response = response.render()
        except Http404:
            return self._refusal(request, 404)
        except PermissionDenied as refusal:
            return self._refusal(request, 403, str(refusal))
        except SuspiciousOperation:
            return self._refusal(request, 400)
        return self._said(request, response)

    def _said(self, request: Any, response: Any) -> Answer:
        body = b"".join(response.streaming_content) if response.streaming else response.content
        where = unquote(response.get("Location", ""))
        return Answer(response.status_code, where, _read(body) + _heard(request), dict(response.items()))

    def _refusal(self, request: Any, status: int, text: str = "") -> Answer:
        return Answer(status, text=text + _heard(request))


def _heard(request: Any) -> str:
    return "\n".join(str(each.message) for each in request._messages._queued_messages)


def _read(body: bytes) -> str:
    """Every word of an answer: JSON without escapes, a workbook unpacked."""
    if body[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(body)) as book:
            return "\n".join(book.read(name).decode("utf-8", "replace") for name in book.namelist())
    text = body.decode("utf-8", "replace")
    if text[:1] in ("{", "["):
        return json.dumps(json.loads(text), ensure_ascii=False)
    return unescape(text)
