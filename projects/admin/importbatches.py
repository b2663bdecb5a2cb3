"""Applied imports: what each read, wrote and undid; its file; undoing one as a batch of its own."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.contrib import admin, messages
from django.db import OperationalError
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from projects.actions.errors import ActionError, PeriodClosed
from projects.actions.undoing import Undone, undo_batch
from projects.admin.base import ScopedAdmin, history_line
from projects.admin.batches import batches_of, entries_of
from projects.admin.clerkwords import clerk_words
from projects.admin.correcting import asked_for, offer
from projects.admin.downloads import attachment
from projects.admin.importwords import batch_lines
from projects.admin.paging import KeyPage, Place
from projects.admin.scope import access_for, reach
from projects.models import AuditEntry, ImportBatch, Site, StagedImport
from projects.models.storedfiles import path_of
from projects.permissions.access import Access, Permission

_ENTRIES: Final = 50
_SHOWN: Final = 200
#: Undone within one request; a larger batch takes minutes and is undone by the command.
_MOST_IN_PAGE: Final = 20_000
_LONGEST_REASON: Final = 200


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
    fields = ("number", "file_name", "recorded_at", "recorded_by", "rows_read", "created_count",
              "updated_count", "unchanged_count", "removed_count", "kept_count", "numbers",
              "file_sha256")  # fmt: skip
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
        page = KeyPage(entries_of(batch).filter(subject_type="site"), ["pk"], _ENTRIES, Place.of(request.GET))
        undone = batch.undone_by.first()
        return {
            "option_lines": [] if batch.undoes_id else list(batch_lines(batch.options)),
            "page": page,
            "entries": entry_lines(access, page.rows),
            "relations": list(self._relations(batch, undone)),
            "sites_url": f"{reverse('admin:projects_site_changelist')}?batch={batch.pk}",
            "export_url": f"{reverse('admin:projects_site_export')}?batch={batch.pk}",
            "file_url": None if file_of(access, batch) is None else self._address(batch, "file"),
            "undo_url": None if undone else self._address(batch, "undo"),
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

    def undo_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """What undoing would do, and doing it: with a reason, as a batch of its own."""
        batch = self._mine(request, object_id)
        access = access_for(request)
        reason = request.POST.get("reason", "").strip()[:_LONGEST_REASON]
        keep = bool(request.POST.get("keep_changed"))
        reason_problem, problem = "", ""
        if request.method == "POST" and not _is_large(batch):
            if not reason:
                reason_problem = _("请写明撤销原因。")
            else:
                try:
                    done = undo_batch(access=access, batch_id=batch.pk, reason=reason, keep_changed=keep)
                except ActionError as refused:
                    refusal = asked_for(request, refused)
                    if refusal is None:
                        return redirect(self._address(batch, "change"))
                    problem = clerk_words(str(refusal))
                except OperationalError:
                    return self.busy(request)
                else:
                    messages.success(request, _("已撤销。") + " ".join(undoing_words(done)))
                    undoing = done.batch_id or batch.pk
                    return redirect(reverse("admin:projects_importbatch_change", args=[undoing]))
        rehearsed = _rehearsed(access, batch)
        context = {
            **self.admin_site.each_context(request),
            "title": _("撤销第 %(number)d 批:%(name)s") % {"number": batch.pk, "name": batch.file_name},
            "opts": self.opts,
            "batch": batch,
            "batch_url": self._address(batch, "change"),
            "problem": problem or rehearsed.problem,
            "lines": rehearsed.lines,
            "kept": list(_known(access, rehearsed.kept)),
            "kept_count": len(rehearsed.kept),
            "keep_changed": keep,
            "possible": rehearsed.possible,
            "reason": reason,
            "reason_problem": reason_problem,
            **offer(request),
        }
        return TemplateResponse(request, "admin/projects/importbatch/undo.html", context)

    def _address(self, batch: ImportBatch, name: str) -> str:
        return reverse(f"admin:projects_importbatch_{name}", args=[batch.pk])


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What undoing would do. `kept`: codes of sites that somebody changed since."""

    lines: Sequence[str] = ()
    kept: Sequence[str] = ()
    problem: str = ""
    possible: bool = True


def _rehearsed(access: Access, batch: ImportBatch) -> Rehearsed:
    if _is_large(batch):
        sentence = _("这个批次超过 %(most)d 个点位,请系统管理员运行:manage.py undo_import --batch %(batch)d")
        return Rehearsed(problem=sentence % {"most": _MOST_IN_PAGE, "batch": batch.pk}, possible=False)
    try:
        found = undo_batch(
            access=access, batch_id=batch.pk, reason=_("预演"), keep_changed=True, is_rehearsal=True
        )
    except PeriodClosed as refused:
        # It may still be asked for as a correction.
        return Rehearsed(problem=str(refused))
    except ActionError as refused:
        return Rehearsed(problem=str(refused), possible=False)
    except OperationalError:
        return Rehearsed(problem=_("系统正忙,请稍后再试。"), possible=False)
    return Rehearsed(undoing_words(found), found.kept)


def _is_large(batch: ImportBatch) -> bool:
    return batch.created_count + batch.updated_count + batch.removed_count > _MOST_IN_PAGE


def undoing_words(done: Undone) -> list[str]:
    """What was or would be done, a sentence each; nothing about what does not happen."""
    sentences = [
        (done.removed, _("删除这个批次新增的 %(count)d 个点位(记录保留在历史中)。")),
        (done.changed_back, _("%(count)d 个点位改回导入以前的内容。")),
        (done.restored, _("恢复 %(count)d 个被移除的点位。")),
        (len(done.kept), _("%(count)d 个点位后来又有人改过,不动它们。")),
    ]
    return [text % {"count": count} for count, text in sentences if count] or [_("没有要改回的内容。")]


def _known(access: Access, codes: Sequence[str]) -> Iterator[dict[str, str]]:
    for site in Site.objects.visible_to(access).filter(code__in=codes[:_SHOWN]).order_by("code"):
        yield {
            "name": f"{site.name}({site.code})",
            "url": reverse("admin:projects_site_change", args=[site.pk]),
        }


def entry_lines(access: Access, entries: Sequence[AuditEntry]) -> Iterator[dict[str, Any]]:
    """Entries with the name of their site; of a site of others only the number."""
    ids = [int(entry.subject_id) for entry in entries]
    there = dict(Site.objects.visible_to(access).filter(pk__in=ids).values_list("pk", "name"))
    removed = Site.objects.filter(pk__in=ids, deleted_seq__isnull=False)
    theirs = reach(removed, access, Permission.SITE_VIEW_INTERNAL, division="managed_by")
    known = {**dict(theirs.values_list("pk", "name")), **there}
    for entry in entries:
        pk = int(entry.subject_id)
        seen = pk in known
        line = history_line(Site, entry)
        yield {
            "line": line if seen else {**line, "changes": [], "reason": ""},
            "name": known.get(pk, f"#{pk}"),
            "url": reverse("admin:projects_site_change", args=[pk]) if pk in there else "",
        }


def file_of(access: Access, batch: ImportBatch) -> StagedImport | None:
    """The file that the batch came from, when it was handed in here and is still kept."""
    staged = StagedImport.objects.visible_to(access).filter(batch=batch).first()
    return staged if staged is not None and path_of(staged.file_sha256).exists() else None
