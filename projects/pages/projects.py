"""The page of a project, of an indicator, and the list of a programme's projects. Public, no cookie."""

import csv
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from projects.addresses import with_query
from projects.exchange.values import text_cell
from projects.pages.caching import public_page
from projects.pages.clocking import clock_context
from projects.pages.context import is_large, keep_view
from projects.pages.mapsettings import map_settings
from projects.pages.refusing import refused
from projects.pages.subjectmap import subject_map
from projects.readmodels.clocks import Clocks, as_text, asked_clocks
from projects.readmodels.headline import public_programme
from projects.readmodels.matrix import FORMULA, MatrixRow, Place
from projects.readmodels.phases import counts_of
from projects.readmodels.projectlists import SHOWN
from projects.readmodels.projectlists import project_page as projects_of
from projects.readmodels.projects import (
    Subject,
    SubjectFigures,
    code_of_indicator,
    public_indicator,
    public_project,
    subject_figures,
)
from projects.readmodels.siteindex import Snapshot, snapshot
from projects.readmodels.sitequeries import FilterError, parse_whole, single
from projects.readmodels.timeline import timeline
from projects.rules.funding import to_digits
from projects.rules.phases import FORMULAS, Question

REPORTS_PAGE: Final = 20
PROJECTS_PAGE: Final = 50


@public_page
def project_page(request: HttpRequest, pk: int) -> HttpResponse:
    """A project. One of an unpublished programme and an unknown one are not found, alike."""
    held = snapshot()
    subject = public_project(pk, held)
    if subject is None:
        raise Http404
    return _page(request, subject, held)


@public_page
def indicator_page(request: HttpRequest, code: str) -> HttpResponse:
    """An indicator by its code; its number leads there."""
    held = snapshot()
    subject = public_indicator(code, held)
    if subject is not None:
        return _page(request, subject, held)
    known = code_of_indicator(int(code), held) if code.isdecimal() and len(code) < 10 else None
    if known is None or public_indicator(known, held) is None:
        raise Http404
    return HttpResponseRedirect(keep_view(reverse("indicator", args=[known]), is_large(request)))


@public_page
def project_matrix(request: HttpRequest, pk: int) -> HttpResponse:
    """The matrix of a project's page as CSV."""
    held = snapshot()
    return _matrix_csv(request, public_project(pk, held), held, f"project-{pk}")


@public_page
def indicator_matrix(request: HttpRequest, code: str) -> HttpResponse:
    """The matrix of an indicator's page as CSV."""
    held = snapshot()
    return _matrix_csv(request, public_indicator(code, held), held, f"indicator-{code}")


@public_page
def projects_page(request: HttpRequest, key: str) -> HttpResponse:
    """The projects that a programme names, with their phases counted."""
    held = snapshot()
    programme = public_programme(held, key)
    if programme is None or not programme.publishes_progress:
        raise Http404
    try:
        clocks = asked_clocks(request.GET, programme)
        show = _shown(request)
        after = parse_whole(request.GET, "after", default=0, low=0, high=2**62) or None
    except FilterError as error:
        return refused(request, error)
    found = projects_of(programme, clocks, held, show=show, after=after, limit=PROJECTS_PAGE)
    context = {
        "programme": programme,
        "crumbs": [*_crumbs(programme.key, _local(programme, "name")), (_("项目"), "")],
        "page": found,
        "as_of": clocks.as_of,
        **clock_context(request, clocks, programme, held),
        "counts": [(row, _(FORMULAS[row.question])) for row in found.counts],
        "shows": [
            (_("全部项目"), _with(request, show=None, after=None), show is None),
            *(
                (
                    _("有%(what)s阶段的") % {"what": _(each.term)},
                    _with(request, show=each.value, after=None),
                    show is each,
                )
                for each in SHOWN
            ),
        ],
        "next_url": _with(request, after=str(found.next_after)) if found.next_after else "",
        "json_link": reverse("api-phases", args=[programme.key]),
    }
    return render(request, "projects/projects.html", context)


def _shown(request: HttpRequest) -> Question | None:
    text = single(request.GET, "show")
    if not text:
        return None
    chosen = next((each for each in SHOWN if each.value == text), None)
    if chosen is None:
        raise FilterError("show", "参数“%(word)s”的值“%(value)s”不存在。", word="show", value=text[:60])
    return chosen


def _page(request: HttpRequest, subject: Subject, held: Snapshot) -> HttpResponse:
    programme = subject.programme
    context: dict[str, Any] = {
        "subject": subject,
        "programme": programme,
        "crumbs": [*_crumbs(programme.key, _local(programme, "name")), (_local(subject, "name"), "")],
        "page_map": subject_map(subject, held) if subject.mappable else None,
        "map_settings": map_settings(large=is_large(request)),
        "map_link": f"{reverse('map')}?show=all&{subject.site_filter}",
        "nearby_link": f"{reverse('nearby')}?show=all&{subject.site_filter}",
        "formula": _(FORMULA),
    }
    try:
        clocks = asked_clocks(request.GET, programme)
        page = parse_whole(request.GET, "page", default=1, low=1, high=100_000)
    except FilterError as error:
        return refused(request, error)
    figures = subject_figures(subject, clocks, held)
    if figures is not None:
        context |= _figures(request, subject, figures, held, page)
    return render(request, "projects/subject.html", context)


def _figures(
    request: HttpRequest, subject: Subject, figures: SubjectFigures, held: Snapshot, page: int
) -> dict[str, Any]:
    clocks = figures.clocks
    reports = timeline(
        subject.programme,
        subject.indicators,
        clocks,
        held,
        first=(page - 1) * REPORTS_PAGE,
        limit=REPORTS_PAGE,
    )
    pages = max(1, -(-reports.total // REPORTS_PAGE))
    api, own = _addresses(subject)
    return {
        "figures": figures,
        "as_of": clocks.as_of,
        **clock_context(request, clocks, subject.programme, held),
        "phase_counts": counts_of(figures.phases),
        "reports": reports,
        "reports_summary": _("第 %(page)d 页,共 %(pages)d 页") % {"page": page, "pages": pages},
        "next_url": _with(request, page=str(page + 1), anchor="reports") if page < pages else "",
        "previous_url": _with(request, page=str(min(page - 1, pages)), anchor="reports") if page > 1 else "",
        "csv_link": own,
        "json_link": api,
    }


def _addresses(subject: Subject) -> tuple[str, str]:
    """Of the figures as JSON and of the matrix as CSV."""
    if subject.is_project:
        number = subject.project_id
        return reverse("api-project-progress", args=[number]), reverse("project-matrix", args=[number])
    return (
        reverse("api-indicator-progress", args=[subject.code]),
        reverse("indicator-matrix", args=[subject.code]),
    )


def _with(request: HttpRequest, *, anchor: str = "", **words: str | None) -> str:
    """This address with other words (None: without the word)."""
    query = request.GET.copy()
    for word, value in words.items():
        query.pop(word, None)
        if value is not None:
            query[word] = value
    return with_query(request.path, query) + (f"#{anchor}" if anchor else "")


def _matrix_csv(request: HttpRequest, subject: Subject | None, held: Snapshot, name: str) -> HttpResponse:
    if subject is None:
        raise Http404
    try:
        clocks = asked_clocks(request.GET, subject.programme)
    except FilterError as error:
        return refused(request, error)
    figures = subject_figures(subject, clocks, held)
    if figures is None:
        raise Http404
    response = HttpResponse(
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}-{clocks.as_of}.csv"'},
    )
    response.write("\ufeff")
    writer = csv.writer(response)
    writer.writerow(
        [
            _("指标代码"), _("指标"), _("单位"), _("区划代码"), _("区划"), _("目标"), _("点位统计"),
            _("上报"), _("完成数"), _("完成率(%)"), _("未封顶(%)"), _("说明"), _("演示数据"), _("截至日期"),
            _("录入截止"),
        ]
    )  # fmt: skip
    writer.writerows(_csv_rows(figures))
    return response


def _csv_rows(figures: SubjectFigures) -> Iterator[list[str]]:
    for each in figures.matrices:
        for row in each.rows:
            yield [text_cell(value) for value in _csv_row(row, figures.clocks)]


def _csv_row(row: MatrixRow, clocks: Clocks) -> list[str | Decimal | None]:
    shown = row.figures
    amounts = (shown.target, shown.counted, shown.reported, shown.output)
    rates = (row.percent, row.output.uncapped)
    return [
        shown.code,
        _local(shown, "name"),
        _local(shown, "unit"),
        row.area.code if row.area is not None and row.place is Place.DISTRICT else "",
        place_name(row),
        *(None if amount is None else amount.normalize() for amount in amounts),
        *(None if rate is None else Decimal(to_digits(rate, 2)) for rate in rates),
        _(row.state.term),
        _("是") if shown.is_demo else _("否"),
        clocks.as_of.isoformat(),
        as_text(clocks.known_at) if clocks.known_at else "",
    ]


def place_name(row: MatrixRow) -> str:
    """What a row of the matrix is called."""
    if row.place is Place.DISTRICT and row.area is not None:
        return _local(row.area, "name")
    return _(row.place.term)


def _crumbs(key: str, name: str) -> list[tuple[str, str]]:
    return [(_("地图"), reverse("map")), (name, reverse("programme", args=[key]))]


def _local(row: object, field: str) -> str:
    language = "en" if reverse("map").startswith("/en/") else "zh"
    return str(getattr(row, f"{field}_{language}"))
