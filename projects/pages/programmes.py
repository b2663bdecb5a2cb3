"""A year's programme: what was published word for word, and the money added up. Public, no cookie."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from projects.pages.caching import public_page
from projects.pages.context import is_large, keep_view
from projects.pages.districts import refused
from projects.readmodels.days import asked_day
from projects.readmodels.districts import CategoryProgress, district_progress, public_programmes
from projects.readmodels.headline import Headline, Statement, headline, public_programme
from projects.readmodels.indicators import IndicatorProgress
from projects.readmodels.siteindex import Snapshot, snapshot
from projects.readmodels.sitequeries import FilterError
from projects.readmodels.vocabulary import ProgrammeWords

#: Published statements about money, by their key; they stand beside the money that is added up here.
FUNDS = "funds-"


@dataclass(frozen=True, slots=True)
class IndicatorRow:
    """What was printed about an indicator (empty: 未公布), and what its sites and reports say."""

    figures: IndicatorProgress
    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class CategorySection:
    """A category with its indicators; `statements` speak of the category as a whole."""

    category: CategoryProgress
    statements: tuple[Statement, ...]
    rows: tuple[IndicatorRow, ...]

    @property
    def missing(self) -> int:
        """Indicators of which nothing was printed."""
        return sum(not row.statements for row in self.rows)


@public_page
def programmes_page(request: HttpRequest) -> HttpResponse:
    """To the newest public programme; where there is none, a page that says so."""
    rows = public_programmes(snapshot())
    if rows:
        return _to(request, rows[0])
    return render(request, "projects/programme.html", {"crumbs": _crumbs(_("年度实事"))})


@public_page
def programme_page(request: HttpRequest, key: str) -> HttpResponse:
    """The headline of a programme. A draft and an unknown one are not found, alike."""
    held = snapshot()
    programme = public_programme(held, key)
    if programme is None:
        return _by_year(request, key, held)
    context: dict[str, object] = {
        "programme": programme,
        "crumbs": _crumbs(_name(programme)),
        "others": [row for row in public_programmes(held) if row.pk != programme.pk],
    }
    try:
        found = headline(key, as_of=asked_day(request.GET, programme), held=held)
    except FilterError as error:
        return refused(request, error)
    if found is not None:
        context |= _figures(found, held)
    return render(request, "projects/programme.html", context)


def _figures(found: Headline, held: Snapshot) -> dict[str, object]:
    city = held.vocabulary.area_by_pk[found.programme.division_id]
    progress = district_progress(city, held=held, as_of=found.as_of, programme=found.programme)
    sections = _sections(found, progress.categories if progress else ())
    general = [row for row in found.statements if row.category is None]
    rows = [row.figures for section in sections for row in section.rows]
    return {
        "headline": found,
        "city": city,
        "json_link": f"{reverse('api-headline', args=[found.programme.key])}?as_of={found.as_of.isoformat()}",
        "general": [row for row in general if not row.key.startswith(FUNDS)],
        "fund_statements": [row for row in general if row.key.startswith(FUNDS)],
        "funds": [(row, row.rate.lead_pp(found.period, found.as_of)) for row in found.funds],
        "total_lead": found.total.lead_pp(found.period, found.as_of),
        "rest_lead": found.rest.lead_pp(found.period, found.as_of) if found.rest else None,
        "sections": sections,
        "missing": sum(section.missing for section in sections),
        "indicators": len(rows),
        "has_reported": any(row.reported is not None for row in rows),
        "has_demo": any(row.is_demo for row in rows),
        "has_counted": any(row.counted is not None and not row.is_demo for row in rows),
    }


def _sections(found: Headline, categories: Sequence[CategoryProgress]) -> list[CategorySection]:
    by_indicator: dict[str, list[Statement]] = {}
    for row in found.statements:
        if row.indicator is not None:
            by_indicator.setdefault(row.indicator, []).append(row)
    return [
        CategorySection(
            category,
            tuple(row for row in found.statements if row.category == category.slug and row.indicator is None),
            tuple(IndicatorRow(each, tuple(by_indicator.get(each.code, ()))) for each in category.indicators),
        )
        for category in categories
    ]


def _by_year(request: HttpRequest, key: str, held: Snapshot) -> HttpResponse:
    """A bare year leads to its programme where only one city has published one; several are listed."""
    rows = [row for row in public_programmes(held) if str(row.year) == key]
    if not rows:
        raise Http404
    if len(rows) == 1:
        return _to(request, rows[0])
    return render(request, "projects/programme.html", {"choice": rows, "crumbs": _crumbs(key)})


def _to(request: HttpRequest, programme: ProgrammeWords) -> HttpResponse:
    url = reverse("programme", args=[programme.key])
    return HttpResponseRedirect(keep_view(url, is_large(request)))


def _crumbs(last: str) -> list[tuple[str, str]]:
    return [(_("地图"), reverse("map")), (last, "")]


def _name(programme: ProgrammeWords) -> str:
    return programme.name_en if reverse("map").startswith("/en/") else programme.name_zh
