"""The page of one district. Public: no user is read, no cookie set."""

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from projects.addresses import with_query
from projects.exchange.districttables import TITLES
from projects.pages.caching import public_page
from projects.pages.clocking import clock_context
from projects.pages.context import is_large
from projects.pages.districtcharts import district_charts
from projects.pages.districtmap import borders_notice, district_map
from projects.pages.districtwords import (
    AskedYear,
    area_or_404,
    asked_year,
    kept_words,
    local_name,
    withheld,
)
from projects.pages.mapsettings import map_settings
from projects.pages.refusing import refused
from projects.readmodels.clocks import CLOCK_WORDS
from projects.readmodels.districtreport import DistrictReport, district_report
from projects.readmodels.districts import FORMULA
from projects.readmodels.lateness import why_late
from projects.readmodels.latesites import late_sites
from projects.readmodels.publiclights import of_area
from projects.readmodels.satisfaction import satisfaction_votes
from projects.readmodels.siteindex import Snapshot, snapshot
from projects.readmodels.sitequeries import FilterError, parse_whole
from projects.readmodels.vocabulary import Area
from projects.rules.vocabulary import DivisionLevel

LATE_PAGE = 10


@public_page
def district_page(request: HttpRequest, code: str) -> HttpResponse:
    """One area: what was promised, what is done, how it came about, what is late, how the others fare."""
    held = snapshot()
    area = area_or_404(code, held)
    try:
        asked = asked_year(request, held, area)
        figures = _figures(request, area, asked, held) if asked is not None else {}
    except FilterError as error:
        return refused(request, error)
    context: dict[str, object] = {
        "area": area,
        "crumbs": [
            (_("地图"), reverse("map")),
            (_("区县进展"), reverse("districts")),
            (local_name(area), ""),
        ],
        "page_map": district_map(area, held, label=_("这个区划的地图;同样的点位可以在“附近列表”里看。")),
        "borders_notice": borders_notice([area]),
        "map_settings": map_settings(large=is_large(request)),
        "children": _children(area, held),
        "map_link": f"{reverse('map')}?show=all&division={area.code}",
        "nearby_link": f"{reverse('nearby')}?show=all&division={area.code}",
        "withheld": withheld(held, area),
        **figures,
    }
    return render(request, "projects/district.html", context)


def _figures(request: HttpRequest, area: Area, asked: AskedYear, held: Snapshot) -> dict[str, object]:
    report = district_report(area, held=held, clocks=asked.clocks, programme=asked.programme)
    assert report is not None
    progress = report.progress
    indicators = [row for part in progress.categories for row in part.indicators]
    return {
        "programme": asked.programme,
        "asked": asked,
        "kept": kept_words(request, ("programme",)),
        **clock_context(request, asked.clocks, asked.programme, held),
        "report": report,
        "progress": progress,
        "changes": report.changes,
        "charts": district_charts(report),
        "with_sites": [
            (row, report.changes.categories.get(row.slug) if report.changes else None)
            for row in progress.categories
            if row.tally.sites
        ],
        "without_sites": [row for row in progress.categories if not row.tally.sites],
        "promised": sum(row.target is not None for row in indicators),
        "indicators": len(indicators),
        "by_category": [
            (part, [(row, _output_change(report, row.code)) for row in part.indicators])
            for part in progress.categories
        ],
        "stages": progress.by_stage.items(),
        "history": report.history[::-1],
        "votes": satisfaction_votes(
            asked.programme,
            as_of=asked.clocks.as_of,
            known_seq=asked.clocks.known_seq,
            divisions=progress.managers,
        ),
        "lights": of_area(asked.programme, area, asked.clocks, held),
        "formula": _(FORMULA),
        "late_link": f"{reverse('map')}?show=all&division={area.code}&light=red,yellow",
        **_late(request, report, held),
        **_downloads(request, area, asked, report),
    }


def _output_change(report: DistrictReport, code: str) -> object:
    return report.changes.indicators.get(code) if report.changes else None


def _late(request: HttpRequest, report: DistrictReport, held: Snapshot) -> dict[str, object]:
    page = parse_whole(request.GET, "page", default=1, low=1, high=100_000)
    progress = report.progress
    late = late_sites(progress, held=held, first=(page - 1) * LATE_PAGE, limit=LATE_PAGE)
    pages = max(1, -(-late.total // LATE_PAGE))
    reasons = progress.programme.publishes_reasons
    why = why_late(late.rows, report.clocks, shows_reasons=reasons) if late.rows else {}
    return {
        "late": late,
        "late_rows": [(row, why.get(row.row.pk)) for row in late.rows],
        "late_summary": _("第 %(page)d 页,共 %(pages)d 页") % {"page": page, "pages": pages},
        "next_url": _page_url(request, page + 1) if page < pages else "",
        "previous_url": _page_url(request, min(page - 1, pages)) if page > 1 else "",
    }


def _downloads(
    request: HttpRequest, area: Area, asked: AskedYear, report: DistrictReport
) -> dict[str, object]:
    words = request.GET.copy()
    for word in ("view", "page"):
        words.pop(word, None)
    csv, xlsx = (reverse(name, args=[area.code]) for name in ("district-csv", "district-xlsx"))
    shown = [
        key
        for key in TITLES
        if (key != "late" or report.progress.shows_lights) and (key != "changes" or report.changes)
    ]
    files = {}
    for key in shown:
        words["table"] = key
        files[key] = with_query(csv, words)
    words.pop("table", None)
    json = QueryDict(mutable=True)
    for word in sorted(CLOCK_WORDS & words.keys()):
        json[word] = words.get(word) or ""
    json["as_of"] = report.clocks.as_of.isoformat()
    return {
        "csv_link": with_query(csv, words),
        "xlsx_link": with_query(xlsx, words),
        "table_files": files,
        "table_titles": [(_(TITLES[key]), url) for key, url in files.items()],
        # The API speaks of the newest programme only.
        "json_link": with_query(reverse("api-progress", args=[area.code]), json)
        if asked.programme == asked.choices[0]
        else "",
    }


def _page_url(request: HttpRequest, page: int) -> str:
    words = request.GET.copy()
    words["page"] = str(page)
    return f"{with_query(request.path, words)}#late"


def _children(area: Area, held: Snapshot) -> list[Area]:
    """Counties and zones below a city or province, townships below a county; in the order of their codes."""
    levels = {DivisionLevel.COUNTY, DivisionLevel.ZONE}
    if area.level in levels:
        levels = {DivisionLevel.TOWNSHIP}
    return [
        row for row in held.vocabulary.areas if row.level in levels and area.left < row.left <= area.right
    ]
