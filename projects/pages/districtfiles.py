"""The figures of a district's page as CSV and XLSX. Public, kept by anybody, the same words as the page."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext_noop

from projects.exchange.districttables import district_tables, explanation, stamp
from projects.exchange.figurefiles import one_csv, whole_csv, workbook
from projects.exchange.figuretables import Table
from projects.exchange.latetable import WORKBOOK_LATE_SITES
from projects.pages.caching import public_page
from projects.pages.districtwords import (
    DISTRICT_WORDS,
    area_or_404,
    asked_year,
    lasting_address,
)
from projects.pages.refusing import refused
from projects.readmodels.districtreport import DistrictReport, district_report
from projects.readmodels.siteindex import Snapshot, snapshot
from projects.readmodels.sitequeries import FilterError, check_words, single

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a file is about; `address` is the page's."""

    held: Snapshot
    report: DistrictReport
    address: str

    def name(self, ending: str) -> str:
        """`330212_2024-06-30.csv`: which area, about which day."""
        day = self.report.clocks.as_of.isoformat()
        return f"{self.report.progress.area.code}_{day}{ending}"


@public_page
def district_csv(request: HttpRequest, code: str) -> HttpResponseBase:
    """Every table of the page one below the other, or the one that `table` names, row by row."""
    try:
        asked = _asked(request, code, {*DISTRICT_WORDS, "table"})
        tables = district_tables(asked.report, asked.held)
        key = _table(request, tables)
    except FilterError as error:
        return refused(request, error)
    lines: Iterator[bytes]
    if key:
        lines = one_csv(tables[key], stamp=stamp(asked.report, asked.held))
    else:
        about = explanation(asked.report, asked.held, address=asked.address)
        lines = whole_csv([about, *tables.values()])
    response = StreamingHttpResponse(lines, content_type=CSV)
    return _attached(response, asked.name(f"_{key}.csv" if key else ".csv"), asked.held)


@public_page
def district_xlsx(request: HttpRequest, code: str) -> HttpResponseBase:
    """A workbook: a sheet that explains, and one for each table of the page."""
    try:
        asked = _asked(request, code, DISTRICT_WORDS)
    except FilterError as error:
        return refused(request, error)
    tables = district_tables(asked.report, asked.held, late_limit=WORKBOOK_LATE_SITES)
    about = explanation(asked.report, asked.held, address=asked.address)
    response = HttpResponse(workbook([about, *tables.values()]), content_type=XLSX)
    return _attached(response, asked.name(".xlsx"), asked.held)


def _asked(request: HttpRequest, code: str, words: frozenset[str] | set[str]) -> Asked:
    """Raises FilterError as the page does, and for words that it does not know; Http404 without figures."""
    held = snapshot()
    area = area_or_404(code, held)
    check_words(request.GET, words)
    year = asked_year(request, held, area)
    if year is None:
        raise Http404
    report = district_report(area, held=held, clocks=year.clocks, programme=year.programme)
    if report is None:
        raise Http404
    page = reverse("district", args=[area.code])
    return Asked(held, report, lasting_address(request, page, year, held))


def _table(request: HttpRequest, tables: Mapping[str, Table]) -> str:
    """The table that the address names, or none. Raises FilterError, which names those that are there."""
    key = (single(request.GET, "table") or "").strip()
    if key and key not in tables:
        raise FilterError(
            "table",
            gettext_noop("没有名为“%(key)s”的表;可用的有:%(allowed)s。"),
            key=key[:60],
            allowed=", ".join(tables),
        )
    return key


def _attached(response: HttpResponseBase, name: str, held: Snapshot) -> HttpResponseBase:
    """To be saved under a name; the same until something is recorded."""
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["ETag"] = f'W/"{held.etag}"'
    return response
