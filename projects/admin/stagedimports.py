"""The import of a spreadsheet in pages: hand it in, say how it is read, look at what it would change, write it.

One address a file (`…/change/`) shows the step that it is at, so that a reload, the browser's back button
and another window all come to the same page. Whoever did not hand the file in finds nothing here.
"""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from projects.actions.errors import ActionError, NotAllowed
from projects.admin import importoptions, importpreview, importprogress
from projects.admin.base import ScopedAdmin
from projects.admin.downloads import attachment
from projects.admin.importsteps import Frame, state_words, template_address
from projects.admin.scope import access_for
from projects.admin.uploads import bounded
from projects.exchange import staging, stagedwork
from projects.exchange.readers import MAX_MEGABYTES
from projects.exchange.stagedoptions import StagedOptions
from projects.exchange.stagedwork import Work
from projects.models import StagedImport
from projects.permissions.access import Access, Permission
from projects.rules.vocabulary import StagedState

_MEGABYTE = 1024 * 1024


def _limit() -> int:
    return MAX_MEGABYTES * _MEGABYTE


@admin.register(StagedImport)
class StagedImportAdmin(ScopedAdmin[StagedImport]):
    """One's own files; all of them for who may import for the whole city."""

    see = Permission.IMPORT_RUN
    change_list_template = "admin/projects/stagedimport/change_list.html"
    list_display = ["file_column", "state_column", "rows_column", "uploaded_at", "uploaded_by", "expires_at"]
    list_display_links = ["file_column"]
    list_select_related = ["uploaded_by", "batch"]
    ordering = ["-pk"]
    by_key = True

    def rows(self, access: Access, permission: Permission) -> QuerySet[StagedImport]:
        return StagedImport.objects.visible_to(access)

    def get_queryset(self, request: HttpRequest) -> QuerySet[StagedImport]:
        return super().get_queryset(request).exclude(state=StagedState.DISCARDED.value)

    # -- list -------------------------------------------------------------------------------------------

    @admin.display(description=gettext_lazy("文件"))
    def file_column(self, obj: StagedImport) -> str:
        return str(obj.file_name)

    @admin.display(description=gettext_lazy("进度"))
    def state_column(self, obj: StagedImport) -> str:
        return state_words(obj)

    @admin.display(description=gettext_lazy("行数"))
    def rows_column(self, obj: StagedImport) -> str:
        rows = obj.counts.get("rows", obj.description.get("row_count"))
        return "–" if rows is None else str(rows)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        context = {"title": _("导入表格"), "can_import": True, **Frame.upload_words("admin:projects_stagedimport_upload")}
        return super().changelist_view(request, {**context, **(extra_context or {})})

    # -- addresses ----------------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        def at(route: str, view: Callable[..., HttpResponse], name: str) -> URLPattern:
            return path(route, self.admin_site.admin_view(view), name=f"projects_stagedimport_{name}")

        def taking(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
            return bounded(_limit, self.too_large_view)(view)

        one = "<int:object_id>/"
        return [
            at("upload/", taking(self.upload_view), "upload"),
            at(f"{one}options/", self.options_view, "options"),
            at(f"{one}check/", self.check_view, "check"),
            at(f"{one}progress/", self.progress_view, "progress"),
            at(f"{one}apply/", self.apply_view, "apply"),
            at(f"{one}discard/", self.discard_view, "discard"),
            at(f"{one}replace/", taking(self.replace_view), "replace"),
            at(f"{one}annotated/", self.annotated_view, "annotated"),
            at(f"{one}file/", self.file_view, "file"),
            *super().get_urls(),
        ]
