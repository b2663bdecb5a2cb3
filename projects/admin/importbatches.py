"""Applied imports: what each read, wrote and undid; its file; undoing one as a batch of its own."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from projects.actions.errors import ActionError
from projects.admin.base import ScopedAdmin, history_line
from projects.admin.batches import batches_of, entries_of, site_ids_of
from projects.admin.correcting import asked_for, offer
from projects.admin.downloads import attachment
from projects.admin.importwords import batch_lines
from projects.admin.paging import KeyPage, Place
from projects.admin.scope import access_for
from projects.exchange.exporting import export_sites
from projects.models import AuditEntry, ImportBatch, Site, StagedImport
from projects.permissions.access import Access, Permission

_ENTRIES = 50


@admin.register(ImportBatch)
class ImportBatchAdmin(ScopedAdmin[ImportBatch]):
    """Who may import everywhere sees every batch; others their own."""

    see = Permission.IMPORT_RUN
    change_form_template = "admin/projects/importbatch/change_form.html"
    list_display = ["number", "file_name", "recorded_at", "recorded_by", "rows_read", "created_count",
                    "updated_count", "removed_count", "relation"]  # fmt: skip
    list_display_links = ["number", "file_name"]
    list_select_related = ["recorded_by", "undoes"]
    ordering = ["-pk"]
    by_key = True
    fields = ("number", "file_name", "recorded_at", "recorded_by", "rows_read", "created_count", "updated_count",
              "unchanged_count", "removed_count", "kept_count", "numbers", "file_sha256")  # fmt: skip
    readonly_fields = fields
    list_hint = gettext_lazy("已经写入的导入。打开一个批次可以看它写了什么,也可以撤销。")

    def rows(self, access: Access, permission: Permission) -> QuerySet[ImportBatch]:
        return batches_of(access)

    # -- list and page ------------------------------------------------------------------------------------

    @admin.display(description=gettext_lazy("批次"))
    def number(self, obj: ImportBatch) -> str:
        return _("第 %(number)s 批") % {"number": obj.pk}

    @admin.display(description=gettext_lazy("行数"))
    def rows_read(self, obj: ImportBatch) -> int:
        return int(obj.rows)

    @admin.display(description=gettext_lazy("变更序号"))
    def numbers(self, obj: ImportBatch) -> str:
        return "–" if obj.first_seq is None else f"{obj.first_seq} – {obj.last_seq}"

    @admin.display(description=gettext_lazy("撤销"))
    def relation(self, obj: ImportBatch) -> str:
        if obj.undoes_id is not None:
            return _("撤销第 %(number)s 批") % {"number": obj.undoes_id}
        undone = obj.undone_by.first()
        return "" if undone is None else _("已由第 %(number)s 批撤销") % {"number": undone.pk}

    def get_queryset(self, request: HttpRequest) -> QuerySet[ImportBatch]:
        return super().get_queryset(request).prefetch_related("undone_by")

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        context = dict(extra_context or {})
        batch = self.get_object(request, object_id)
        if batch is not None:
            context |= self._page(request, batch)
        return super().change_view(request, object_id, form_url, context)

    def _page(self, request: HttpRequest, batch: ImportBatch) -> dict[str, Any]:
        """What stands below the figures: how it was read, what it wrote, what it has to do with others."""
        access = access_for(request)
        page = KeyPage(
            entries_of(batch).filter(subject_type="site"), ["pk"], _ENTRIES, Place.of(request.GET)
        )
        words = {"args": [batch.pk]}
        undone = batch.undone_by.first()
        return {
            "option_lines": [] if batch.undoes_id else list(batch_lines(batch.options)),
            "page": page,
            "entries": entry_lines(access, page.rows),
            "relations": list(self._relations(batch, undone)),
            "sites_url": f"{reverse('admin:projects_site_changelist')}?batch={batch.pk}",
            "export_url": reverse("admin:projects_importbatch_export", **words),
            "file_url": None
            if file_of(access, batch) is None
            else reverse("admin:projects_importbatch_file", **words),
            "undo_url": None
            if undone or batch.undoes_id
            else reverse("admin:projects_importbatch_undo", **words),
        }

    def _relations(self, batch: ImportBatch, undone: ImportBatch | None) -> Any:
        for other, text in (
            (undone, _("这个批次已经撤销。")),
            (batch.undoes, _("这个批次是一次撤销。")),
        ):
            if other is not None:
                url = reverse("admin:projects_importbatch_change", args=[other.pk])
                yield {"text": text, "url": url, "label": self.number(other)}

    # -- files and undoing --------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:object_id>/file/", wrap(self.file_view), name="projects_importbatch_file"),
            path("<int:object_id>/export/", wrap(self.export_view), name="projects_importbatch_export"),
            path("<int:object_id>/undo/", wrap(self.undo_view), name="projects_importbatch_undo"),
            *super().get_urls(),
        ]

    def _mine(self, request: HttpRequest, object_id: int) -> ImportBatch:
        """One of theirs; of any other not a word is said."""
        batch = batches_of(access_for(request)).filter(pk=object_id).first()
        if batch is None:
            raise Http404
        return batch

    def file_view(self, request: HttpRequest, object_id: int) -> FileResponse:
        """The file as it was handed in."""
        staged = file_of(access_for(request), self._mine(request, object_id))
        if staged is None:
            raise Http404
        return attachment(staged.file_sha256, staged.file_name)

    def export_view(self, request: HttpRequest, object_id: int) -> FileResponse:
        """The sites of the batch as they are now, as import reads them back."""
        batch = self._mine(request, object_id)
        sites = Site.objects.visible_to(access_for(request)).filter(pk__in=site_ids_of(batch))
        with tempfile.TemporaryDirectory() as folder:
            written = Path(folder) / "batch.csv"
            export_sites(written, sites)
            file = written.open("rb")
        name = f"{Path(batch.file_name).stem}-{batch.pk}.csv"
        return FileResponse(file, as_attachment=True, filename=name, content_type="text/csv; charset=utf-8")
