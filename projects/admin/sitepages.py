"""Pages of the admin of sites besides list and form: steps, look-ups, and what is done to several at once."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from projects.actions import publishing
from projects.actions.errors import ActionError, Invalid
from projects.admin import drafts
from projects.admin.correcting import asked_for, offer
from projects.admin.locating import located
from projects.admin.onesite import one_site_urls
from projects.admin.scope import access_for
from projects.admin.sitebulk import run_each
from projects.admin.sitechanges import changes_view, first_page
from projects.admin.sitecheck import what_to_check
from projects.admin.sitefiles import site_file_urls
from projects.admin.sitelist import SiteChangeList, SiteTileList
from projects.admin.sitemap import list_map, list_map_settings, tile_answer
from projects.admin.siteproblems import problems_file, problems_view
from projects.admin.sitesheet import MOST_ROWS, sheet_view
from projects.admin.sitesteps import BY_SLUG
from projects.models import Site
from projects.permissions.access import Permission

if TYPE_CHECKING:
    from projects.admin.base import ScopedAdmin

    _Base = ScopedAdmin[Site]
else:
    _Base = object


class SitePages(_Base):
    """Mixed into SiteAdmin, whose rows and rights these go by."""

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("locate/", wrap(self.locate_view), name="projects_site_locate"),
            path("tiles/<int:z>/<int:x>/<int:y>.json", wrap(self.tiles_view), name="projects_site_tiles"),
            path("at/<slug:public_id>/", wrap(self.at_view), name="projects_site_at"),
            path("problems/", wrap(self.problems_view), name="projects_site_problems"),
            path("problems.csv", wrap(self.problems_file), name="projects_site_problems_csv"),
            path("changes/", wrap(self.changes_view), name="projects_site_changes"),
            path("sheet/", wrap(self.sheet_view), name="projects_site_sheet"),
            path("<int:object_id>/step/<slug:step>/", wrap(self.step_view), name="projects_site_step"),
            *site_file_urls(self),
            *one_site_urls(self),
            *super().get_urls(),
        ]

    def locate_view(self, request: HttpRequest) -> JsonResponse:
        """For who may place a site: a typed pair on WGS-84, and where it lies."""
        if not (self.has_add_permission(request) or self.has_change_permission(request)):
            raise PermissionDenied
        return located(request)

    def step_view(self, request: HttpRequest, object_id: int, step: str) -> HttpResponse:
        """The page of one step, and the step itself."""
        site = self.get_object(request, str(object_id))
        wanted = BY_SLUG.get(step)
        if site is None or wanted is None:
            messages.warning(request, _("没有这个点位,或者它不在您的管理范围内。"))
            return HttpResponseRedirect(reverse("admin:index"))
        access = access_for(request)
        possible = wanted.possible(access, site)
        form = wanted.form(site, drafts.typed(request))
        if request.method == "POST" and form.is_valid():
            try:
                wanted.run(access, site, form.cleaned_data)
            except Invalid as refusal:
                for name, text in refusal.errors.items():
                    form.add_error(name if name in form.fields else None, text)
            except ActionError as refused:
                refusal_shown = asked_for(request, refused)
                if refusal_shown is None:
                    return HttpResponseRedirect(reverse("admin:projects_site_change", args=[site.pk]))
                form.add_error(None, str(refusal_shown))
            except OperationalError:
                return self.busy(request)
            else:
                messages.success(request, str(wanted.done))
                return HttpResponseRedirect(reverse("admin:projects_site_change", args=[site.pk]))
        context = {
            **self.admin_site.each_context(request),
            "title": wanted.label,
            "subtitle": site.name,
            "opts": self.opts,
            "site": site,
            "step": wanted,
            "possible": possible,
            "form": form,
            "draft": drafts.offer(request) if possible else None,
            "to_check": what_to_check(site) if possible and step == "publish" else None,
            **offer(request),
        }
        return TemplateResponse(
            request, "admin/projects/site/step.html", context, status=200 if possible else 403
        )

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        answer = super().changelist_view(request, extra_context)
        context = getattr(answer, "context_data", None)
        if context is not None and isinstance(context.get("cl"), SiteChangeList):
            listed: SiteChangeList = context["cl"]
            tiles = f"{self.list_url()}tiles/{{z}}/{{x}}/{{y}}.json"
            if self.has_change_permission(request) and listed.result_list:
                words = {"ids": ",".join(str(site.pk) for site in listed.result_list[:MOST_ROWS])}
                back = request.GET.urlencode()
                context["sheet_url"] = f"{self.list_url()}sheet/?{urlencode({**words, 'back': back})}"
            context["list_map"] = list_map(listed, tiles)
            context["list_map_settings"] = list_map_settings(listed, f"{self.list_url()}at/{{id}}/")
        return answer

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[SiteChangeList]:
        match = request.resolver_match
        tiles = match is not None and match.url_name == "projects_site_tiles"
        return SiteTileList if tiles else SiteChangeList

    def tiles_view(self, request: HttpRequest, z: int, x: int, y: int) -> HttpResponse:
        """A tile of what the list with the same words finds."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            listed = self.get_changelist_instance(request)
        except IncorrectLookupParameters as problem:
            raise SuspiciousOperation from problem
        assert isinstance(listed, SiteChangeList)
        return tile_answer(request, listed, z, x, y)

    def at_view(self, request: HttpRequest, public_id: str) -> HttpResponse:
        """From a point of the map to its site, for who may see it."""
        found = self.rows(access_for(request), self.see).filter(public_id=public_id)
        pk = found.values_list("pk", flat=True).first()
        if pk is None:
            messages.warning(request, _("没有这个点位,或者它不在您的管理范围内。"))
            return HttpResponseRedirect(self.list_url())
        return HttpResponseRedirect(reverse("admin:projects_site_change", args=[pk]))

    def problems_view(self, request: HttpRequest) -> HttpResponse:
        """Doubtful data of what one sees."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return problems_view(request, self._around(request))

    def problems_file(self, request: HttpRequest) -> HttpResponseBase:
        """The same as a file."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return problems_file(request)

    def changes_view(self, request: HttpRequest) -> HttpResponse:
        """Another stage or service for several: the preview, and the change."""
        return changes_view(request, self._around(request), self.list_url())

    def sheet_view(self, request: HttpRequest) -> HttpResponse:
        """Several sites as one table to type into."""
        return sheet_view(request, self._around(request), self.list_url())

    def _around(self, request: HttpRequest) -> dict[str, Any]:
        return {**self.admin_site.each_context(request), "opts": self.opts}

    # -- several at once --------------------------------------------------------------------------------

    @admin.action(description=gettext_lazy("改阶段或服务状态…"), permissions=["change"])
    def change_selected(self, request: HttpRequest, queryset: QuerySet[Site]) -> HttpResponse | None:
        return first_page(request, queryset, self._around(request))

    @admin.action(description=gettext_lazy("批量编辑(表格)…"), permissions=["change"])
    def edit_selected(self, request: HttpRequest, queryset: QuerySet[Site]) -> HttpResponse | None:
        # In the order of the list. The address keeps which sites: it can be opened again after a log-in.
        keys = list(queryset.order_by("-pk").values_list("pk", flat=True)[: MOST_ROWS + 1])
        if len(keys) > MOST_ROWS:
            messages.error(request, _("表格里一次最多 %(limit)d 个点位。") % {"limit": MOST_ROWS})
            return None
        words = {"ids": ",".join(map(str, keys)), "back": request.GET.urlencode()}
        return HttpResponseRedirect(f"{reverse('admin:projects_site_sheet')}?{urlencode(words)}")

    @admin.action(description=gettext_lazy("提交发布"), permissions=["submit"])
    def submit_selected(self, request: HttpRequest, queryset: QuerySet[Site]) -> None:
        run_each(request, queryset, BY_SLUG["submit"], publishing.submit_site)

    @admin.action(description=gettext_lazy("发布(须由提交人以外的人)"), permissions=["publish"])
    def publish_selected(self, request: HttpRequest, queryset: QuerySet[Site]) -> None:
        run_each(request, queryset, BY_SLUG["publish"], publishing.publish_site)

    def has_submit_permission(self, request: HttpRequest) -> bool:
        return self._may(request, Permission.SITE_SUBMIT, None)

    def has_publish_permission(self, request: HttpRequest) -> bool:
        return self._may(request, Permission.SITE_PUBLISH, None)
