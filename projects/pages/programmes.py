"""A year's programme: what was published word for word, and what the stored rows give. Public, no cookie."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from projects.pages.caching import public_page
from projects.pages.clocking import clock_context
from projects.pages.context import is_large, keep_view
from projects.pages.refusing import refused
from projects.readmodels.claims import Comparison
from projects.readmodels.clocks import asked_clocks
from projects.readmodels.districts import CategoryProgress, public_programmes
from projects.readmodels.funds import Funds
from projects.readmodels.headline import Headline, headline, public_programme
from projects.readmodels.indicators import IndicatorProgress
from projects.readmodels.projectlists import project_count
from projects.readmodels.publiclights import of_programme
from projects.readmodels.satisfaction import satisfaction_votes
from projects.readmodels.siteindex import Snapshot, snapshot
from projects.readmodels.sitequeries import FilterError
from projects.readmodels.statements import Statement
from projects.readmodels.vocabulary import ProgrammeWords
from projects.rules.funding import FundRate
from projects.rules.schedule import EXACT, HUNDRED

#: Published statements about money, by their key; they stand beside the money that is added up here.
FUNDS = "funds-"


@dataclass(frozen=True, slots=True)
class Claim:
    """A published statement, and what the stored rows give for the same claim where they give anything."""

    statement: Statement
    compared: Comparison | None


@dataclass(frozen=True, slots=True)
class FundBar:
    """A row of the chart and of its table. `name`: a source, `rest` or `total`. Widths in 0..100 of the
    chart.

    `plan`: where the bar would end on schedule.
    """

    name: str
    rate: FundRate
    lead: Decimal | None
    width: Decimal
    used: Decimal | None
    plan: Decimal


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
        "project_count": project_count(programme.pk),
        "others": [row for row in public_programmes(held) if row.pk != programme.pk],
    }
    try:
        clocks = asked_clocks(request.GET, programme)
    except FilterError as error:
        return refused(request, error)
    found = headline(key, clocks=clocks, held=held)
    if found is not None:
        context |= clock_context(request, clocks, programme, held) | _figures(found, held)
        context["lights"] = of_programme(programme, clocks)
        context["votes"] = satisfaction_votes(programme, as_of=clocks.as_of, known_seq=clocks.known_seq)
    return render(request, "projects/programme.html", context)


def _figures(found: Headline, held: Snapshot) -> dict[str, object]:
    sections = _sections(found, found.categories)
    compared = {row.statement: row for row in found.comparisons}
    general = [Claim(row, compared.get(row)) for row in found.statements if row.category is None]
    rows = [row.figures for section in sections for row in section.rows]
    return {
        "headline": found,
        "city": held.vocabulary.area_by_pk[found.programme.division_id],
        "json_path": reverse("api-headline", args=[found.programme.key]),
        "csv_path": reverse("programme-figures", args=[found.programme.key]),
        "general": [claim for claim in general if not claim.statement.key.startswith(FUNDS)],
        "fund_claims": [claim for claim in general if claim.statement.key.startswith(FUNDS)],
        "corrected": [row for row in found.statements if row.corrects],
        "bars": _bars(found.money),
        "by_division": [(row, found.money.lead(row.rate)) for row in found.money.by_division],
        "sections": sections,
        "missing": sum(section.missing for section in sections),
        "indicators": len(rows),
        "has_reported": any(row.reported is not None for row in rows),
        "has_demo": any(row.is_demo for row in rows),
        "has_counted": any(row.counted is not None and not row.is_demo for row in rows),
    }


def _bars(money: Funds) -> list[FundBar]:
    """Sources, what follows for the rest, and the total; widths are shares of all that is arranged."""
    named = [(row.source.value, row.rate) for row in money.rows]
    if money.rest is not None:
        named.append(("rest", money.rest))
    whole = money.total.arranged
    bars = []
    for name, rate in [*named, ("total", money.total)] if money.rows else []:
        bars.append(
            FundBar(
                name,
                rate,
                money.lead(rate),
                _share(rate.arranged, whole),
                None if rate.used is None else _share(rate.used, whole),
                _share(rate.arranged, whole) * money.planned_percent / HUNDRED,
            )
        )
    return bars


def _share(part: Decimal, whole: Decimal) -> Decimal:
    return EXACT.divide(HUNDRED * part, whole) if whole else Decimal(0)


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
