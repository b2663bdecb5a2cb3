"""What a checked file would change, in pages; and what became of it when it was written."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from typing import Any, Final
from urllib.parse import urlencode

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from projects.admin import importsteps
from projects.admin.clerkwords import clerk_column, clerk_words
from projects.admin.importsteps import address
from projects.admin.scope import access_for
from projects.exchange import staging
from projects.exchange.annotated import annotate_file
from projects.exchange.problems import Severity
from projects.exchange.stagedoptions import StagedOptions
from projects.exchange.stagedpages import PreviewRow, problems_of, problems_page, rows_page
from projects.models import Division, ImportBatch, Site, StagedImport, StagedRow
from projects.models.storedfiles import path_of
from projects.permissions.access import Access
from projects.rules.vocabulary import RowAction, StagedState

_ROWS: Final = 50
_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_LONGEST_NUMBER: Final = 12


@dataclass(frozen=True, slots=True)
class Tab:
    """One kind of finding. `counted`: its name in the counts of the check."""

    slug: str
    label: str | Promise
    counted: str
    tone: str


TABS: Final = (
    Tab("errors", gettext_lazy("错误"), "errors", "bad"),
    Tab("updates", gettext_lazy("更新"), "updated", "calm"),
    Tab("new", gettext_lazy("新增"), "created", "calm"),
    Tab("notes", gettext_lazy("提示"), "warnings", "work"),
    Tab("missing", gettext_lazy("以前导入过、这次没有"), "missing", "work"),
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The one sentence that a person looks for. `tone`: good, work or bad."""

    tone: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the preview as the page shows it; `url`: the site, when it is there and theirs to see;
    `map_url`: where a moved one comes to lie."""

    row: PreviewRow
    url: str
    map_url: str
    is_new: bool


def mark_of(staged: StagedImport) -> str:
    """Which check a preview shows: another one, and what was looked at is no longer what would be written."""
    return f"{staged.attempt}-{staged.planned_seq or 0}"


def preview_page(request: HttpRequest, staged: StagedImport) -> HttpResponse:
    """Counts, what would change, what is wrong; and the buttons that follow from them."""
    access = access_for(request)
    counts: Mapping[str, int] = staged.counts
    tab = _tab(request.GET.get("tab", ""), counts)
    context = {
        **importsteps.page(request, staged, "preview", _("检查结果:%(name)s") % {"name": staged.file_name}),
        **importsteps.upload_words(address(staged, "replace")),
        "verdict": _verdict(staged),
        "before": staging.said_before(staged, access_for(request)),
        "can_apply": staged.can_apply,
        "checked_mark": mark_of(staged),
        "apply_label": _apply_label(counts),
        "tabs": list(_tabs(tab, counts)),
        "tab": tab.slug,
        "tab_title": tab.label,
        "file_notes": [clerk_words(note) for note in staged.notes],
        "has_notes": bool(counts.get("warnings")),
        "unchanged": counts.get("unchanged", 0),
        **{f"{name}_url": address(staged, name) for name in ("apply", "options", "check", "discard", "file")},
        "annotated_url": address(staged, "annotated")
        if counts.get("errors") or counts.get("warnings")
        else "",
        **_lines(request, staged, access, tab),
    }
    return TemplateResponse(request, "admin/projects/stagedimport/preview.html", context)


def _tab(wanted: str, counts: Mapping[str, int]) -> Tab:
    """The one asked for, or the first that has something, worst first."""
    asked = next((tab for tab in TABS if tab.slug == wanted), None)
    return asked or next((tab for tab in TABS if counts.get(tab.counted)), TABS[1])


def _tabs(current: Tab, counts: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    for tab in TABS:
        count = counts.get(tab.counted, 0)
        yield {
            "label": tab.label,
            "count": f"{count:,}",
            "tone": tab.tone if count else "none",
            "url": f"?tab={tab.slug}",
            "current": tab is current,
        }


def _verdict(staged: StagedImport) -> Verdict:
    counts: Mapping[str, int] = staged.counts
    if staged.needs_check:
        return Verdict(
            "work",
            _("检查以后,系统里的数据变了"),
            clerk_words(staged.error) or _("请点“重新检查”,看过新的结果再写入。什么都没有写入。"),
        )
    if staged.errors:
        return Verdict(
            "bad",
            _("有 %(count)d 个错误,一行也没有写入") % {"count": staged.errors},
            _("下面列出每一处在第几行、哪一列、写的是什么、应为什么。改好文件再交一次,选项不用重填。"),
        )
    if staged.can_apply and staged.error:
        return Verdict("work", _("没有写入"), clerk_words(staged.error))
    if staged.can_apply:
        words = {
            "created": counts.get("created", 0),
            "updated": counts.get("updated", 0),
            "unchanged": counts.get("unchanged", 0),
        }
        return Verdict(
            "good",
            _("检查通过,还没有写入"),
            _("将新增 %(created)d 个、更新 %(updated)d 个点位,%(unchanged)d 个没有变化。看过以后点“写入”。")
            % words,
        )
    if not counts.get("unchanged"):
        return Verdict("bad", _("文件里没有一行数据"), _("只有表头。请填好以后再交一次,选项不用重填。"))
    return Verdict("good", _("与系统里的数据相同"), _("没有要写入的内容。"))


def _apply_label(counts: Mapping[str, int]) -> str:
    total = counts.get("created", 0) + counts.get("updated", 0)
    return _("写入这 %(count)d 个点位") % {"count": total}


# -- the lines of one tab ----------------------------------------------------------------------------------


def _lines(request: HttpRequest, staged: StagedImport, access: Access, tab: Tab) -> dict[str, Any]:
    after = _number(request.GET.get("after", ""))
    if tab.slug in ("errors", "notes"):
        severity = Severity.ERROR if tab.slug == "errors" else Severity.WARNING
        page = problems_page(staged, severity, after=after, limit=_ROWS)
        for problem in page.problems:
            problem.sentence = clerk_words(problem.sentence)
            problem.column = clerk_column(problem.column)
        return {"problems": page.problems, **_links(tab, after, page.next)}
    if tab.slug == "missing":
        return {"plain": list(_missing(staged, access)), **_links(tab, 0, None)}
    action = RowAction.UPDATE if tab.slug == "updates" else RowAction.CREATE
    districts = _districts(staged, action)
    chosen = _number(request.GET.get("district", ""))
    if chosen not in dict(districts):
        chosen = 0
    rows = rows_page(staged, action, after=after, limit=_ROWS, division_id=chosen or None)
    return {
        "changes": list(_changes(staged, rows.rows, access)),
        "districts": districts if len(districts) > 1 else [],
        "district": chosen,
        **_links(tab, after, rows.next, district=chosen),
    }


def _links(tab: Tab, after: int, following: int | None, district: int = 0) -> dict[str, str]:
    """Addresses of the first page and the next one."""
    words = {"tab": tab.slug, **({"district": district} if district else {})}
    return {
        "first_url": f"?{urlencode(words)}" if after else "",
        "older_url": "" if following is None else f"?{urlencode({**words, 'after': following})}",
    }


def _changes(staged: StagedImport, rows: Sequence[PreviewRow], access: Access) -> Iterator[Line]:
    codes = [row.code for row in rows if row.action is not RowAction.CREATE]
    known = dict(Site.objects.visible_to(access).filter(code__in=codes).values_list("code", "pk"))
    moves = _moves(staged, [row.number for row in rows if row.action is not RowAction.CREATE])
    for row in rows:
        pk = known.get(row.code)
        url = "" if pk is None else reverse("admin:projects_site_change", args=[pk])
        yield Line(row, url, moves.get(row.number, ""), row.action is RowAction.CREATE)


def _moves(staged: StagedImport, numbers: Sequence[int]) -> dict[int, str]:
    """Where the moved places of these rows come to lie, on the public map."""
    rows = StagedRow.objects.filter(staged=staged, number__in=numbers).values_list("number", "changes")
    found = {}
    for number, text in rows:
        spots = json.loads(text).get("geometry")
        if spots:
            lon, lat = spots[1][:2]
            found[number] = f"{reverse('map')}#17/{lat:.5f}/{lon:.5f}"
    return found


def _districts(staged: StagedImport, action: RowAction) -> list[tuple[int, str]]:
    """The divisions that the rows fall into, for the filter."""
    ids = StagedRow.objects.filter(staged=staged, action=action.value).order_by().values("managed_by")
    return [(row.pk, row.name) for row in Division.objects.filter(pk__in=ids).order_by("code")]


def _missing(staged: StagedImport, access: Access) -> Iterator[dict[str, str]]:
    """Sites that an earlier file of this source had: of those that this person sees."""
    codes = [str(code) for code, _name in staged.counts.get("missing_sites", [])]
    for site in Site.objects.visible_to(access).filter(code__in=codes).order_by("code"):
        yield {
            "code": site.code,
            "name": site.name,
            "url": reverse("admin:projects_site_change", args=[site.pk]),
        }


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER else 0


# -- written -----------------------------------------------------------------------------------------------


def done_page(request: HttpRequest, staged: StagedImport) -> HttpResponse:
    """The batch that it became, and what comes next."""
    batch: ImportBatch | None = staged.batch
    assert batch is not None  # a constraint: what is applied has its batch
    words = {"created": batch.created_count, "updated": batch.updated_count, "batch": batch.pk}
    context = {
        **importsteps.page(request, staged, "done", _("已写入:%(name)s") % {"name": staged.file_name}),
        "verdict": Verdict(
            "good",
            _("已写入(第 %(batch)d 批)") % words,
            _("新增 %(created)d 个、更新 %(updated)d 个点位。") % words,
        ),
        "batch": batch,
        "batch_url": reverse("admin:projects_importbatch_change", args=[batch.pk]),
        "undo_url": reverse("admin:projects_importbatch_undo", args=[batch.pk]),
        "sites_url": f"{reverse('admin:projects_site_changelist')}?batch={batch.pk}",
        "drafts": batch.created_count,
        "undone": batch.undone_by.first(),
    }
    return TemplateResponse(request, "admin/projects/stagedimport/done.html", context)


def annotated(request: HttpRequest, staged: StagedImport) -> HttpResponseBase:
    """The person's own file with what is wrong written into it, as a workbook to be put right."""
    if staged.state != StagedState.CHECKED:
        return redirect(address(staged, "change"))
    options = StagedOptions.from_json(staged.options)
    importing = options.importing
    with TemporaryDirectory() as folder:
        made = Path(folder) / "annotated.xlsx"
        annotate_file(
            path_of(staged.file_sha256),
            made,
            [replace(problem, sentence=clerk_words(problem.sentence)) for problem in problems_of(staged)],
            mapping=staged.columns,
            name=staged.file_name,
            sheet=options.sheet,
            header_row=options.header_row,
            encoding=options.encoding,
            degrees=importing is None or importing.in_degrees,
        )
        # The open file outlives its folder.
        file = made.open("rb")
    name = _("%(name)s-标注.xlsx") % {"name": PurePath(staged.file_name).stem}
    response = FileResponse(file, as_attachment=True, filename=name, content_type=_XLSX)
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response
