"""The page on which a person says how a file is read: what the file is, what must be decided, the columns."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from projects.actions.errors import ActionError
from projects.actions.formdrafts import forget_draft
from projects.admin import drafts, importsteps
from projects.admin.clerkwords import clerk_words
from projects.admin.importfields import (
    COLUMN,
    DATUM_CHOICES,
    ENCODINGS,
    EPSG,
    KIND_BY_COLUMN,
    WORD,
    AttributeField,
    Vocabulary,
)
from projects.admin.importforms import FileFacts, OptionsForm
from projects.admin.importinitial import initial_of, named_datum, opened_as, system_choice
from projects.admin.importsteps import address
from projects.admin.importwords import datum_words
from projects.admin.scope import access_for, indicators_for
from projects.exchange import staging
from projects.exchange.options import read_datum
from projects.exchange.problems import OptionError
from projects.exchange.stagedoptions import StagedOptions
from projects.exchange.stagedwords import words_of
from projects.exchange.stagedwork import Work
from projects.models import FacilityKind, StagedImport
from projects.permissions.access import Access, Permission

Start = Callable[[HttpRequest, StagedImport, Work], None]

#: Rows of the file that are shown.
_SAMPLE: Final = 6
_LONGEST_CELL: Final = 60
_FORMATS: Final = {
    "csv": "CSV",
    "geojson": "GeoJSON",
    "xlsx": "Excel (xlsx)",
    "xls": "Excel (xls)",
    "ods": "ODS",
    "gpkg": "GeoPackage",
    "shapefile": "Shapefile",
}
_ENDINGS: Final = {
    "csv": {"csv", "tsv", "txt"},
    "geojson": {"geojson", "json"},
    "xlsx": {"xlsx", "xlsm"},
}
#: Fields under "more": folded away unless one of them is wrong.
_MORE: Final = (
    "tolerance",
    "stage",
    "service",
    "name_template",
    "source",
    "fallback_datum",
    "fallback_epsg",
    f"{COLUMN}fallback_x",
    f"{COLUMN}fallback_y",
)


class ReadingForm(forms.Form):
    """How the bytes become rows."""

    encoding = forms.ChoiceField(label=gettext_lazy("编码"), choices=ENCODINGS, required=False)
    sheet = forms.ChoiceField(label=gettext_lazy("工作表"), required=False)
    header_row = forms.IntegerField(
        label=gettext_lazy("表头在第几行"), required=False, min_value=1, max_value=1000
    )

    def __init__(self, staged: StagedImport, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind = str(staged.description.get("format") or _by_name(staged.file_name))
        sheets = staged.description.get("sheets") or []
        self._found = staged.description
        field: Any = self.fields["sheet"]
        field.choices = [("", _("自动选择"))] + [
            (sheet["name"], _("%(name)s(%(rows)d 行)") % {"name": sheet["name"], "rows": sheet["rows"]})
            for sheet in sheets
        ]
        if not sheets:
            del self.fields["sheet"]
        if kind in ("geojson", "gpkg", "shapefile", ""):
            del self.fields["header_row"]
        if kind in ("xlsx", "xls", "ods", "gpkg", ""):
            del self.fields["encoding"]

    def applied(self, options: StagedOptions) -> StagedOptions:
        """The same options, with the file opened as the form says. What was found without being told stays
        untold: a corrected file may have its sheet and its header elsewhere."""
        data = self.cleaned_data
        sheet, header_row = data.get("sheet") or None, data.get("header_row")
        if options.sheet is None and sheet == self._found.get("sheet"):
            sheet = None
        if options.header_row is None and header_row == self._found.get("header_row"):
            header_row = None
        return replace(options, encoding=data.get("encoding") or None, sheet=sheet, header_row=header_row)


@dataclass(frozen=True, slots=True)
class ErrorLine:
    """One thing that is not filled in, with the control that it is about."""

    id: str
    label: str
    text: str


def _by_name(file_name: str) -> str:
    """What a file that could not be read calls itself; an empty text for what is no table of ours."""
    suffixes = {suffix.lower().removeprefix(".") for suffix in PurePath(file_name).suffixes[-2:]}
    return next((kind for kind in ("csv", "geojson", "xlsx") if _ENDINGS[kind] & suffixes), "")


def options_page(request: HttpRequest, staged: StagedImport, start: Start | None = None) -> HttpResponse:
    """Shown; with `start` also answered: read again, or check."""
    if request.method == "POST" and start is not None:
        reading = ReadingForm(staged, request.POST)
        if "_read" in request.POST:
            return _read_again(request, staged, reading)
        form = _form(request, staged, request.POST)
        if form is not None and form.is_valid() and reading.is_valid():
            if _set(request, staged, reading.applied(replace(_stored(staged), importing=form.options()))):
                start(request, staged, Work.CHECK)
                assert request.user.is_authenticated
                # The same form is shown at the address of the import itself.
                forget_draft(user=request.user, address=address(staged, "change"))
            return redirect(address(staged, "change"))
        return _render(request, staged, form, reading)
    return _render(request, staged, _form(request, staged, drafts.typed(request)), _reading_form(staged))


def take_over(access: Access, staged: StagedImport, before: StagedImport) -> bool:
    """Give a corrected file the options of the one that it replaces; False when they must be looked at."""
    options = _stored(before)
    if options.importing is None:
        return False
    names = {
        *options.importing.mapping.values(),
        options.importing.code_column,
        options.importing.kind.column,
    }
    headers = {str(header) for header in staged.description.get("headers", [])}
    options = opened_as(options, staged, before, is_found=names - {None, ""} <= headers)
    try:
        staging.set_options(access, staged.pk, options)
    except (ActionError, OptionError):
        return False
    staged.refresh_from_db()
    headers |= {str(header) for header in staged.description.get("headers", [])}
    return names - {None, ""} <= headers


def _read_again(request: HttpRequest, staged: StagedImport, reading: ReadingForm) -> HttpResponse:
    """Open the file another way; what was typed besides stays on the page."""
    if reading.is_valid():
        _set(request, staged, replace(reading.applied(_stored(staged)), importing=None))
        staged.refresh_from_db()
    form = _form(request, staged)
    if form is not None:
        form.keep(request.POST)
    return _render(request, staged, form, reading, reading_open=True)


def _set(request: HttpRequest, staged: StagedImport, options: StagedOptions) -> bool:
    try:
        staging.set_options(access_for(request), staged.pk, options)
    except (ActionError, OptionError) as refused:
        messages.error(request, clerk_words(str(refused)))
        return False
    return True


def _stored(staged: StagedImport) -> StagedOptions:
    try:
        return StagedOptions.from_json(staged.options)
    except OptionError:
        return StagedOptions()


def _reading_form(staged: StagedImport) -> ReadingForm:
    options = _stored(staged)
    found = staged.description
    return ReadingForm(
        staged,
        initial={
            "encoding": options.encoding or "",
            "sheet": options.sheet or found.get("sheet") or "",
            "header_row": options.header_row or found.get("header_row"),
        },
    )


# -- the form of one file ----------------------------------------------------------------------------------


def _form(request: HttpRequest, staged: StagedImport, data: Any = None) -> OptionsForm | None:
    """None while the file cannot be read, or a sheet must be chosen first."""
    found = staged.description
    headers = [str(header) for header in found.get("headers", [])]
    if not headers:
        return None
    proposal = staging.propose(staged)
    options = proposal.options
    automatic = _("按表头自动对上")
    marks = dict.fromkeys(proposal.columns, automatic)
    if proposal.is_remembered and options.importing is not None:
        marks |= {name: _("上次这样对的") for name in options.importing.mapping}
    sample: Sequence[Sequence[str]] = found.get("sample") or []
    first: Sequence[str] = sample[0] if sample else ()
    facts = FileFacts(
        headers=headers,
        samples=dict(zip(headers, map(str, first), strict=False)),
        words_of=lambda header: words_of(staged, _stored(staged), header) if header in headers else None,
        has_geometry=bool(found.get("has_geometry")),
        marks=marks,
    )
    columns = {name: header for name, header in _proposed(proposal).items() if header in headers}
    initial = _initial(staged, proposal, columns)
    vocabulary = vocabulary_for(access_for(request))
    return OptionsForm(facts, vocabulary, data, initial=initial, auto_id="id_%s")


def _proposed(proposal: staging.Proposal) -> Mapping[str, str]:
    """Field to header. Who has left a column out before finds it left out again."""
    importing = proposal.options.importing
    return importing.mapping if importing is not None and importing.only_mapped else proposal.columns


def _initial(staged: StagedImport, proposal: staging.Proposal, columns: Mapping[str, str]) -> dict[str, Any]:
    """How the form stands when it is opened. A datum is filled in only when it was declared for this very
    file, by the person or by the file itself; what is remembered of another file waits to be confirmed."""
    initial: dict[str, Any] = {"division_from": "geometry", "source": staged.file_name}
    if proposal.options.importing is not None:
        initial = initial_of(proposal.options.importing, columns)
        if proposal.is_remembered:
            initial |= {"datum": "", "epsg": initial["epsg"]}
            if proposal.options.importing.code_column is not None:
                initial["source"] = staged.file_name
    else:
        initial |= {COLUMN + name: header for name, header in columns.items()}
        initial["code"] = columns.get("code", "")
        if "kind" in columns:
            initial["kind"] = KIND_BY_COLUMN
    declared = _declared(staged)
    if declared:
        initial["datum"], initial["epsg"] = declared
    return initial


def _declared(staged: StagedImport) -> tuple[str, str] | None:
    """The system that the file itself names, as the form says it."""
    text = staged.description.get("declared_crs")
    if not text:
        return None
    try:
        return system_choice(read_datum(str(text)))
    except OptionError:
        return None


def vocabulary_for(access: Access) -> Vocabulary:
    """Kinds and their attributes; the indicators that this person may contribute to."""
    kinds = list(FacilityKind.objects.filter(deleted_seq__isnull=True))
    attributes: dict[str, AttributeField] = {}
    for kind in kinds:
        for entry in kind.attributes:
            key = str(entry["key"])
            there = attributes.get(key)
            kinds_of = frozenset({kind.slug}) | (there.kinds if there else frozenset())
            attributes[key] = AttributeField(str(entry.get("label_zh") or key), kinds_of)
    words = {word: kind.slug for kind in kinds for word in (kind.slug, kind.name_zh, kind.name_en) if word}
    return Vocabulary(
        kinds=[(kind.slug, kind.name) for kind in kinds],
        indicators=[
            (row.code, f"{row.code} {row.name}")
            for row in indicators_for(access, [Permission.SITE_ADD]).order_by("code")
        ],
        attributes=attributes,
        kind_words=words,
    )


# -- the page ----------------------------------------------------------------------------------------------


def _render(
    request: HttpRequest,
    staged: StagedImport,
    form: OptionsForm | None,
    reading: ReadingForm,
    *,
    reading_open: bool = False,
) -> HttpResponse:
    found = staged.description
    wrong = set(form.errors) if form is not None and form.is_bound else set()
    notes = [clerk_words(str(note)) for note in found.get("notes", [])]
    context: dict[str, Any] = {
        **importsteps.page(request, staged, "options", _("这个文件怎样读")),
        "facts": list(_facts(staged)),
        "headers": found.get("headers", []),
        "sample": [
            [str(cell)[:_LONGEST_CELL] for cell in row] for row in (found.get("sample") or [])[:_SAMPLE]
        ],
        "notes": notes if found.get("headers") else [],
        "reading_problem": clerk_words(staged.error) or ("" if found.get("headers") else "".join(notes)),
        "reading": reading if reading.fields else None,
        "reading_open": reading_open or bool(staged.error) or bool(reading.errors) or form is None,
        "form": form,
        "draft": drafts.offer(request),
        "before": staging.said_before(staged, access_for(request)),
        "form_url": address(staged, "options"),
        "discard_url": address(staged, "discard"),
        **(importsteps.upload_words(address(staged, "replace")) if form is None else {}),
    }
    if form is not None:
        context |= {
            "error_lines": list(_error_lines(form)) if wrong else [],
            "datum_hint": _datum_hint(staged),
            "kind_line": form.kind_line(),
            "kind_open": form["kind"].value() == KIND_BY_COLUMN,
            "more_fields": [form[name] for name in _MORE],
            "more_open": bool(wrong & {*_MORE, "division_from"}),
        }
    return TemplateResponse(request, "admin/projects/stagedimport/options.html", context)


def _facts(staged: StagedImport) -> Iterator[tuple[str, str]]:
    found = staged.description
    yield _("文件"), f"{staged.file_name}({filesizeformat(staged.file_size)})"
    if found.get("format"):
        yield _("格式"), _FORMATS.get(str(found["format"]), str(found["format"]))
    if found.get("encoding"):
        yield _("编码"), str(found["encoding"])
    if found.get("sheet"):
        yield _("工作表"), str(found["sheet"])
    if found.get("row_count") is not None and found.get("headers"):
        yield _("行数"), f"{found['row_count']:,}"
    if found.get("declared_crs"):
        yield _("文件写明的坐标系"), datum_words(str(found["declared_crs"]))


def _datum_hint(staged: StagedImport) -> str:
    if _declared(staged) is not None:
        return _("文件自己写明了坐标系,已替您选好;不对的话说明文件有误,请先核对。")
    proposal = staging.propose(staged)
    importing = proposal.options.importing
    if not proposal.is_remembered or importing is None:
        return named_datum(staged.description.get("headers", []))
    choice, number = system_choice(importing.datum)
    label = f"EPSG:{number}" if choice == EPSG else str(dict(DATUM_CHOICES)[choice])
    return _("上次同样表头的文件,您选的是:%(datum)s。这一次也是吗?请点选一项确认。") % {"datum": label}


def _error_lines(form: OptionsForm) -> Iterator[ErrorLine]:
    for name, texts in form.errors.items():
        if name == NON_FIELD_ERRORS:
            continue
        control = form[name]
        place = f"id_{name}" if name in ("datum", "division_from") else control.id_for_label
        label = str(control.label)
        if name.startswith(WORD):
            label = _("“%(word)s”") % {"word": label}
        for text in texts:
            yield ErrorLine(place, label, str(text))
