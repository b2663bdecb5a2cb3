"""The import of a spreadsheet in pages: hand it in, say how it is read, see what it would change, write it.

One address a file (`…/change/`) shows the step that it is at, so that a reload, the browser's back button
and another window all come to the same page. Whoever did not hand the file in finds nothing here.
"""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.db import OperationalError
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from projects.actions.errors import ActionError
from projects.admin import importoptions, importpreview, importsteps
from projects.admin.base import ScopedAdmin
from projects.admin.downloads import attachment
from projects.admin.importprogress import is_busy, is_cut_off, progress_words
from projects.admin.importsteps import address, list_address, state_words
from projects.admin.scope import access_for
from projects.admin.uploads import bounded
from projects.exchange import stagedwork, staging
from projects.exchange.stagedstop import stop_check
from projects.exchange.stagedwork import Work
from projects.models import StagedImport
from projects.permissions.access import Access, Permission, holds
from projects.rules.vocabulary import StagedState


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
        kept = super().get_queryset(request).exclude(state=StagedState.DISCARDED.value)
        return kept.prefetch_related("batch__undone_by")

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
        words = importsteps.upload_words(reverse("admin:projects_stagedimport_upload"))
        context = {"title": _("导入表格"), "can_import": self.has_module_permission(request), **words}
        return super().changelist_view(request, {**context, **(extra_context or {})})

    # -- addresses ----------------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        def at(route: str, view: Callable[..., HttpResponseBase], name: str) -> URLPattern:
            return path(route, self.admin_site.admin_view(view), name=f"projects_stagedimport_{name}")

        def taking(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
            return bounded(importsteps.most_bytes, self.too_large_view)(view)

        one = "<int:object_id>/"
        return [
            at("upload/", taking(self.upload_view), "upload"),
            at(f"{one}options/", self.options_view, "options"),
            at(f"{one}check/", self.check_view, "check"),
            at(f"{one}stop/", self.stop_view, "stop"),
            at(f"{one}progress/", self.progress_view, "progress"),
            at(f"{one}apply/", self.apply_view, "apply"),
            at(f"{one}discard/", self.discard_view, "discard"),
            at(f"{one}replace/", taking(self.replace_view), "replace"),
            at(f"{one}annotated/", self.annotated_view, "annotated"),
            at(f"{one}file/", self.file_view, "file"),
            *super().get_urls(),
        ]

    def _one(self, request: HttpRequest, object_id: int) -> StagedImport:
        """One of theirs; of any other not a word is said."""
        access = access_for(request)
        if not holds(access, Permission.IMPORT_RUN):
            raise PermissionDenied
        staged = StagedImport.objects.visible_to(access).select_related("uploaded_by").filter(pk=object_id)
        found = staged.first()
        if found is None:
            raise Http404
        return found

    # -- handing in ---------------------------------------------------------------------------------------

    def upload_view(self, request: HttpRequest) -> HttpResponse:
        """Keep the file and go on to how it is read."""
        access = access_for(request)
        if not holds(access, Permission.IMPORT_RUN):
            raise PermissionDenied
        if request.method != "POST":
            return redirect(list_address())
        staged = self._taken(request, access)
        return redirect(list_address() if staged is None else address(staged, "change"))

    def _taken(self, request: HttpRequest, access: Access) -> StagedImport | None:
        """The uploaded file, kept; None when there is none, with a message that says why."""
        file = request.FILES.get("file")
        if not isinstance(file, UploadedFile) or not file.size:
            messages.error(request, _("没有收到文件,或者文件是空的。请重新选择。"))
            return None
        try:
            return staging.upload(access, file.chunks(), file.name or "")
        except ActionError as refused:
            messages.error(request, str(refused))
        return None

    def too_large_view(self, request: HttpRequest, object_id: int | None = None) -> HttpResponse:
        """The request was larger than any file that is taken: nothing of it was looked at."""
        context = {
            **importsteps.page(request, None, "upload", _("文件太大")),
            "heading": _("文件太大"),
            "sentence": importsteps.too_large_words(),
            **importsteps.upload_words(request.path),
        }
        return TemplateResponse(request, "admin/projects/stagedimport/closed.html", context, status=413)

    def replace_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """The corrected file takes the place of this one: the same options, checked at once."""
        before = self._one(request, object_id)
        if request.method != "POST":
            return redirect(address(before, "change"))
        access = access_for(request)
        staged = self._taken(request, access)
        if staged is None:
            return redirect(address(before, "change"))
        if importoptions.take_over(access, staged, before):
            self._start(request, staged, Work.CHECK)
        if before.state != StagedState.APPLIED:
            try:
                staging.discard(access, before.pk)
            except ActionError:
                messages.warning(request, _("原来的文件还在处理,没有删去;在“导入表格”里可以找到。"))
        return redirect(address(staged, "change"))

    # -- the step that it is at ----------------------------------------------------------------------------

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        if not object_id.isascii() or not object_id.isdigit() or len(object_id) > 18:
            raise Http404
        staged = self._one(request, int(object_id))
        if is_busy(staged):
            return self._working_page(request, staged)
        if is_cut_off(staged):
            return self._cut_off_page(request, staged)
        match staged.state:
            case StagedState.CHECKED:
                return importpreview.preview_page(request, staged)
            case StagedState.APPLIED:
                return importpreview.done_page(request, staged)
            case StagedState.DISCARDED:
                sentence = _("这个文件已经放弃,或者过了保留期。要导入它,请重新上传。")
                return self._closed_page(request, staged, _("这个文件已不在"), sentence, status=410)
        return importoptions.options_page(request, staged)

    def options_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """How the file is read, also after a check."""
        staged = self._one(request, object_id)
        if is_busy(staged) or staged.state in (StagedState.APPLIED, StagedState.DISCARDED):
            return redirect(address(staged, "change"))
        if request.method == "POST" and "_discard" in request.POST:
            return self.discard_view(request, object_id)
        return importoptions.options_page(request, staged, start=self._start)

    def _working_page(self, request: HttpRequest, staged: StagedImport) -> HttpResponse:
        checking = staged.state == StagedState.CHECKING
        writing = staged.state == StagedState.APPLYING
        title = _("正在写入") if writing else _("正在检查")
        context = {
            **importsteps.page(request, staged, "done" if writing else "check", title),
            "progress": progress_words(staged),
            "progress_url": address(staged, "progress"),
            "stop_url": address(staged, "stop") if checking else "",
        }
        return TemplateResponse(request, "admin/projects/stagedimport/working.html", context)

    def _cut_off_page(self, request: HttpRequest, staged: StagedImport) -> HttpResponse:
        checking = staged.state == StagedState.CHECKING
        context = {
            **importsteps.page(request, staged, "check" if checking else "done", _("处理中断了")),
            "heading": _("检查中断了") if checking else _("写入中断了"),
            "sentence": _("服务器在处理时停了。什么都没有写入,文件和选项都还在,请再开始一次。"),
            "again_url": address(staged, "check" if checking else "apply"),
            "again_label": _("重新检查") if checking else _("再写入一次"),
        }
        return TemplateResponse(request, "admin/projects/stagedimport/closed.html", context)

    def _closed_page(
        self, request: HttpRequest, staged: StagedImport, heading: str, sentence: str, *, status: int
    ) -> HttpResponse:
        context = {
            **importsteps.page(request, staged, "upload", heading),
            "heading": heading,
            "sentence": sentence,
            **importsteps.upload_words(reverse("admin:projects_stagedimport_upload")),
        }
        return TemplateResponse(request, "admin/projects/stagedimport/closed.html", context, status=status)

    # -- working on it ------------------------------------------------------------------------------------

    def _start(self, request: HttpRequest, staged: StagedImport, work: Work) -> None:
        """Begin; why it cannot be begun is a message on the next page."""
        try:
            stagedwork.start_worker(staged.pk, work, access=access_for(request))
        except ActionError as refused:
            messages.error(request, str(refused))
        except OperationalError:
            messages.error(request, _("系统正忙,这一次没有开始。请稍后再试。"))

    def check_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        staged = self._one(request, object_id)
        if request.method == "POST" and not is_busy(staged):
            self._start(request, staged, Work.CHECK)
        return redirect(address(staged, "change"))

    def stop_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Let a check go: the options are there again."""
        staged = self._one(request, object_id)
        if request.method == "POST" and stop_check(access_for(request), staged.pk):
            messages.info(request, _("检查已停止,什么都没有写入。"))
        return redirect(address(staged, "change"))

    def progress_view(self, request: HttpRequest, object_id: int) -> JsonResponse:
        """For the page's script."""
        response = JsonResponse(progress_words(self._one(request, object_id)))
        response["Cache-Control"] = "private, no-store"
        return response

    def apply_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Write what the preview showed: not what another window has checked since."""
        staged = self._one(request, object_id)
        if request.method != "POST" or is_busy(staged) or staged.state == StagedState.APPLIED:
            return redirect(address(staged, "change"))
        seen = request.POST.get("checked", "")
        if seen and seen != importpreview.mark_of(staged):
            messages.warning(
                request, _("在另一个窗口里重新检查过,结果已经不同。请看过下面的结果再写入;这一次没有写入。")
            )
            return redirect(address(staged, "change"))
        self._start(request, staged, Work.APPLY)
        return redirect(address(staged, "change"))

    def discard_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        staged = self._one(request, object_id)
        if request.method != "POST":
            return redirect(address(staged, "change"))
        try:
            staging.discard(access_for(request), staged.pk)
        except ActionError as refused:
            messages.error(request, str(refused))
            return redirect(address(staged, "change"))
        messages.success(request, _("已放弃“%(name)s”,什么都没有写入。") % {"name": staged.file_name})
        return redirect(list_address())

    # -- files --------------------------------------------------------------------------------------------

    def annotated_view(self, request: HttpRequest, object_id: int) -> HttpResponseBase:
        """The person's own file, with what is wrong written into it."""
        return importpreview.annotated(request, self._one(request, object_id))

    def file_view(self, request: HttpRequest, object_id: int) -> FileResponse:
        staged = self._one(request, object_id)
        return attachment(staged.file_sha256, staged.file_name)
