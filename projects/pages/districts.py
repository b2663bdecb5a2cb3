"""The districts side by side, and the page of one. Public: no user is read, no cookie set."""

from collections.abc import Sequence

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from projects.addresses import with_query
from projects.pages.caching import public_page
from projects.pages.context import is_large, keep_view
from projects.pages.districtmap import borders_notice, district_map, shaded_map
from projects.pages.mapsettings import map_settings
from projects.readmodels.days import asked_day
from projects.readmodels.districts import (
    FORMULA,
    DistrictRow,
    DistrictsOverview,
    current_programme,
    district_progress,
    districts_overview,
    governing_programmes,
)
from projects.readmodels.latesites import late_sites
from projects.readmodels.shading import Shading, shading
from projects.readmodels.siteindex import Snapshot, snapshot
from projects.readmodels.sitequeries import FilterError, parse_whole
from projects.readmodels.vocabulary import Area, ProgrammeWords
from projects.rules.vocabulary import DivisionLevel

LATE_PAGE = 10


@public_page
def districts_page(request: HttpRequest) -> HttpResponse:
    """Every county of the newest programme's city: map, table, what is behind."""
    held = snapshot()
    programme = current_programme(held)
    crumbs = [(_("地图"), reverse("map")), (_("区县进展"), "")]
    if programme is None:
        nothing = {"crumbs": crumbs, "withheld": _withheld(held)}
        return render(request, "projects/districts.html", nothing)
    try:
        day = asked_day(request.GET, programme)
    except FilterError as error:
        return refused(request, error)
    overview = districts_overview(held=held, as_of=day)
    assert overview is not None
    classes = shading([row.tally.percent for row in overview.rows if row.tally.percent is not None])
    notice = borders_notice([row.area for row in overview.rows])
    context: dict[str, object] = {
        "crumbs": crumbs,
        "programme": programme,
        "overview": overview,
        "rows": _ordered(overview),
        "past_cutoff": day > programme.cutoff,
        "classes": _legend(classes),
        "borders_notice": notice,
        "page_map": _overview_map(request, overview, classes, held) if notice is not None else None,
        "map_settings": map_settings(large=is_large(request)),
        "formula": _(FORMULA),
    }
    return render(request, "projects/districts.html", context)


@public_page
def district_page(request: HttpRequest, code: str) -> HttpResponse:
    """One area: its progress by category, its late sites, its map."""
    held = snapshot()
    area = held.vocabulary.area_by_code.get(code)
    if area is None:
        raise Http404
    programme = current_programme(held, area)
    context: dict[str, object] = {
        "area": area,
        "programme": programme,
        "crumbs": [
            (_("地图"), reverse("map")),
            (_("区县进展"), reverse("districts")),
            (_name(area), ""),
        ],
        "page_map": district_map(area, held, label=_("这个区划的地图;同样的点位可以在“附近列表”里看。")),
        "borders_notice": borders_notice([area]),
        "map_settings": map_settings(large=is_large(request)),
        "children": _children(area, held),
        "map_link": f"{reverse('map')}?show=all&division={area.code}",
        "nearby_link": f"{reverse('nearby')}?show=all&division={area.code}",
        "late_link": f"{reverse('map')}?show=all&division={area.code}&light=red,yellow",
        "formula": _(FORMULA),
        "withheld": _withheld(held, area),
    }
    if programme is not None:
        try:
            context |= _figures(request, area, programme, held)
        except FilterError as error:
            return refused(request, error)
    return render(request, "projects/district.html", context)


def refused(request: HttpRequest, error: FilterError) -> HttpResponse:
    """A bad word in the address: one sentence that says what is allowed."""
    context = {"sentence": error.message(), "status": 400}
    return render(request, "error.html", context, status=400)


def _figures(
    request: HttpRequest, area: Area, programme: ProgrammeWords, held: Snapshot
) -> dict[str, object]:
    day = asked_day(request.GET, programme)
    page = parse_whole(request.GET, "page", default=1, low=1, high=100_000)
    progress = district_progress(area, held=held, as_of=day, programme=programme)
    assert progress is not None
    late = late_sites(progress, held=held, first=(page - 1) * LATE_PAGE, limit=LATE_PAGE)
    pages = max(1, -(-late.total // LATE_PAGE))
    return {
        "progress": progress,
        "with_sites": [row for row in progress.categories if row.tally.sites],
        "without_sites": [row for row in progress.categories if not row.tally.sites],
        "stages": progress.by_stage.items(),
        "past_cutoff": day > programme.cutoff,
        "late": late,
        "json_link": f"{reverse('api-progress', args=[area.code])}?as_of={day.isoformat()}",
        "late_summary": _("第 %(page)d 页,共 %(pages)d 页") % {"page": page, "pages": pages},
        "next_url": _page_url(request, page + 1) if page < pages else "",
        "previous_url": _page_url(request, min(page - 1, pages)) if page > 1 else "",
    }


def _page_url(request: HttpRequest, page: int) -> str:
    words = request.GET.copy()
    words["page"] = str(page)
    return f"{with_query(request.path, words)}#late"


def _overview_map(
    request: HttpRequest, overview: DistrictsOverview, classes: Shading, held: Snapshot
) -> object:
    large = is_large(request)
    return shaded_map(
        overview.city,
        held,
        shades={row.area.code: classes.step(row.tally.percent) for row in overview.rows},
        links={
            row.area.code: keep_view(reverse("district", args=[row.area.code]), large)
            for row in overview.rows
        },
        label=_("各区县完成率地图;同样的数字在下面的表里。"),
    )


def _legend(classes: Shading) -> list[tuple[str, str]]:
    """Swatch and words of each class, the lowest first."""
    return [
        *((str(step), f"{low}%–{high}%") for step, (low, high) in enumerate(classes, start=1)),
        ("none", _("无数据")),
    ]


def _ordered(overview: DistrictsOverview) -> Sequence[tuple[int | None, DistrictRow]]:
    """By code, without places, unless the programme publishes rankings."""
    if not overview.programme.publishes_rankings:
        return [(None, row) for row in overview.rows]
    placed = [row for row in overview.rows if row.tally.percent is not None]
    percents = sorted((row.tally.percent for row in placed if row.tally.percent is not None), reverse=True)
    # Equal figures share a place; a district without figures has none.
    ranked: list[tuple[int | None, DistrictRow]] = [
        (percents.index(row.tally.percent) + 1, row) for row in placed if row.tally.percent is not None
    ]
    ranked.sort(key=lambda pair: (pair[0], pair[1].area.code))
    return ranked + [(None, row) for row in overview.rows if row.tally.percent is None]


def _children(area: Area, held: Snapshot) -> list[Area]:
    """Counties and zones below a city or province, in the order of their codes."""
    if area.level not in (DivisionLevel.CITY, DivisionLevel.PROVINCE):
        return []
    return [
        row
        for row in held.vocabulary.areas
        if row.level in (DivisionLevel.COUNTY, DivisionLevel.ZONE) and area.left < row.left <= area.right
    ]


def _withheld(held: Snapshot, area: Area | None = None) -> ProgrammeWords | None:
    """The newest published programme when none of them publishes its progress."""
    rows = governing_programmes(held, area)
    return rows[0] if rows and not any(row.publishes_progress for row in rows) else None


def _name(area: Area) -> str:
    return area.name_en if reverse("map").startswith("/en/") else area.name_zh
