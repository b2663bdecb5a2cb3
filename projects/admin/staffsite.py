"""The admin site: who gets in, what is registered, and the start page."""

from collections.abc import Iterable
from functools import update_wrapper
from typing import Any, Final, cast

from django.contrib import admin, messages
from django.core.exceptions import BadRequest, ImproperlyConfigured
from django.db import DataError
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, URLPattern, URLResolver, path, reverse
from django.utils import timezone, translation
from django.utils.cache import add_never_cache_headers
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

from projects.actions.formdrafts import forget_draft
from projects.addresses import in_language, with_query
from projects.admin import draftspage, secondfactor, signin
from projects.admin.scope import access_for
from projects.models import User
from projects.rules.waiting import minutes_left
from projects.signin import lockout, policy
from projects.signin.kept import kept_form

#: The menu: what is worked on daily first.
GROUPS: Final = (
    (
        _("点位与填报"),
        (
            "Site",
            "SiteReport",
            "PlanChange",
            "Verification",
            "Sample",
            "SupervisionOrder",
            "Feedback",
            "IndicatorReport",
            "FundingReport",
            "StagedImport",
            "ImportBatch",
            "LightSpan",
            "MonthResult",
            "StoredArea",
            "CorrectionRequest",
        ),
    ),
    (
        _("年度实事"),
        (
            "Programme",
            "Category",
            "Project",
            "Phase",
            "PhaseReport",
            "Indicator",
            "SatisfactionVote",
            "TargetStatement",
            "IndicatorPlan",
            "DivisionTarget",
            "PublishedFigure",
            "FundingLine",
            "FundingArrangement",
            "PeriodClosing",
            "VerificationScheme",
            "OrderScheme",
        ),
    ),
    (
        _("基础数据"),
        ("FacilityKind", "Checklist", "Division", "Boundary", "Department", "LagPolicy", "HolidayTable"),
    ),
    (_("人员与审计"), ("User", "AuditEntry")),
)


class StaffSite(admin.AdminSite):
    """Open to active staff with a membership in force.

    Django's permissions and superusers count for nothing.
    """

    site_header = _("身边民生实事 管理")
    site_title = _("民生实事管理")
    index_title = _("工作台")
    empty_value_display = "–"
    enable_nav_sidebar = True

    def register(
        self, model_or_iterable: type[Model] | Iterable[type[Model]], admin_class: Any = None, **options: Any
    ) -> None:
        """Only scoped admins of our own models. Those that other packages bring know no scope and stay out.

        Raises ImproperlyConfigured for an admin class of ours that is no ScopedAdmin.
        """
        from projects.admin.base import ScopedAdmin

        models = [model_or_iterable] if isinstance(model_or_iterable, type) else list(model_or_iterable)
        for model in models:
            if model._meta.app_label != "projects":
                continue
            if admin_class is None or not issubclass(admin_class, ScopedAdmin):
                raise ImproperlyConfigured(f"the admin of {model.__name__} must be a ScopedAdmin")
            super().register(model, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        return bool(user.is_active and getattr(user, "is_staff", False) and access_for(request).grants)

    def get_urls(self) -> list[URLResolver | URLPattern]:
        """Without `/r/` (view on site): it looks up any row of any table, whoever asks."""
        from projects.admin.rounds import preview_view, round_view
        from projects.admin.visits import nearest_view

        own = [
            path("round/", self.admin_view(round_view), name="round"),
            path("round/nearest/", self.admin_view(nearest_view), name="round-nearest"),
            path("round/preview/", self.admin_view(preview_view), name="round-preview"),
            path("login/code/", self.login_code, name="login_code"),
            path("login/phone/", self.login_phone, name="login_phone"),
            path("two-factor/", self.admin_view(self.two_factor), name="two_factor"),
            path("two-factor/phone/", self.admin_view(self.two_factor_phone), name="two_factor_phone"),
            path("drafts/", self.admin_view(self.own_drafts), name="drafts"),
            path("drafts/discard/", self.admin_view(draftspage.discard_view), name="discard_draft"),
        ]
        return [*own, *(url for url in super().get_urls() if getattr(url, "name", "") != "view_on_site")]

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Django's, which sends strangers to the log-in. What a person sent whose log-in had ended is kept
        there; what was saved leaves no draft behind. Marked, so that a system check finds an address
        without this door."""
        inner = super().admin_view(view, cacheable)

        def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            is_sent = request.method == "POST"
            kept = kept_form(request) if is_sent and not self.has_permission(request) else None
            if kept is not None:
                return self._ended(request, kept.return_address)
            try:
                response = inner(request, *args, **kwargs)
            except DataError as problem:
                # A NUL in a text, a number beyond every column: only forged requests get so far.
                raise BadRequest from problem
            if is_sent and response.status_code in (302, 303) and isinstance(request.user, User):
                forget_draft(user=request.user, address=request.get_full_path())
            return response

        guarded: Any = update_wrapper(wrapped, inner)
        guarded.asks_who = True
        return guarded

    def _ended(self, request: HttpRequest, wanted: str) -> HttpResponse:
        page = signin.login_page(
            self, request, signin.PasswordForm(request), wanted=wanted, kept=kept_form(request), status=403
        )
        add_never_cache_headers(page)
        return page

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return signin.login_view(self, request)

    @method_decorator(never_cache)
    def login_code(self, request: HttpRequest) -> HttpResponse:
        return signin.code_view(self, request)

    @method_decorator(never_cache)
    def login_phone(self, request: HttpRequest) -> HttpResponse:
        return signin.phone_view(self, request)

    def two_factor(self, request: HttpRequest) -> HttpResponse:
        return secondfactor.own_page(self, request)

    def two_factor_phone(self, request: HttpRequest) -> HttpResponse:
        return secondfactor.own_phone(self, request)

    def own_drafts(self, request: HttpRequest) -> HttpResponse:
        return draftspage.own_drafts(self, request)

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """It names who is signed in: Django lets caches keep it. And Django takes any number of guesses: here
        they count like those of a log-in, for a session may be left open or stolen.
        """
        name = request.user.get_username()
        until = lockout.waits_until(request, name) if request.method == "POST" else None
        if until is not None:
            request.method = "GET"
            words = {"minutes": minutes_left(until, timezone.now())}
            messages.error(request, str(_("输错次数太多,请 %(minutes)d 分钟后再试。")) % words)
        response = super().password_change(request, extra_context)
        if request.method == "POST" and isinstance(response, TemplateResponse):
            context = response.context_data or {}
            if "old_password" in context["form"].errors and request.POST.get("old_password"):
                lockout.failed(request, name)
        add_never_cache_headers(response)
        return response

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        from projects.admin.paging import CappedAutocomplete

        return cast(HttpResponse, CappedAutocomplete.as_view(admin_site=self)(request))

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """What may be opened, in the order of the work instead of the alphabet."""
        found = super().get_app_list(request, app_label)
        by_name = {model["object_name"]: (app, model) for app in found for model in app["models"]}
        groups = []
        for title, names in GROUPS:
            rows = [by_name.pop(name) for name in names if name in by_name]
            if rows:
                groups.append({**rows[0][0], "name": title, "models": [model for _app, model in rows]})
        groups += [{**app, "models": [model]} for app, model in by_name.values()]
        return groups

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        english = (translation.get_language() or "").startswith("en")
        try:
            home = reverse("map")
        except NoReverseMatch:
            home = "/"
        return {
            **super().each_context(request),
            "site_url": home,
            "language_url": with_query(
                in_language(request.path, "zh-hans" if english else "en"), request.GET
            ),
            "language_name": "中文" if english else "English",
            "language_code": "zh-Hans" if english else "en",
            "has_two_factor": policy.is_offered(),
        }

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        from projects.admin.overview import what_to_do

        day, tasks = what_to_do(access_for(request))
        words = {
            "tasks": (day, tasks),
            "due": [task for task in tasks if task.count],
            "done": [task for task in tasks if not task.count],
        }
        return super().index(request, {**words, **(extra_context or {})})
