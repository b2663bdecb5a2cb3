"""The districts side by side: map, table, what is behind. Public: no user is read, no cookie set."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from projects.addresses import with_query
from projects.pages.caching import public_page
from projects.pages.clocking import clock_context
from projects.pages.context import is_large, keep_view
from projects.pages.districtmap import borders_notice, shaded_map
from projects.pages.districtwords import AskedYear, asked_year, kept_words, withheld
from projects.pages.mapsettings import map_settings
from projects.pages.refusing import refused
from projects.readmodels.changes import TallyChange
from projects.readmodels.districtreport import earlier_clocks
from projects.readmodels.districts import FORMULA, DistrictsOverview, districts_overview
from projects.readmodels.measures import (
    Column,
    Compared,
    Measure,
    Order,
    asked_measure,
    asked_order,
    columns_of,
    compared,
    in_order,
    measured,
    measures_of,
)
from projects.readmodels.shading import FINE_WIDTHS, Shading, shading, shading_of_changes
from projects.readmodels.siteindex import Snapshot, snapshot
from projects.readmodels.sitequeries import FilterError


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that another address would show."""

    label: str
    url: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a column: a link that sorts by it; `aria` says how it is sorted now, empty: not by it."""

    column: Column
    label: str
    url: str
    aria: str


@public_page
def districts_page(request: HttpRequest) -> HttpResponse:
    """Every county of the programme's city: shaded by a measure, sorted by a column."""
    held = snapshot()
    context: dict[str, object] = {"crumbs": [(_("地图"), reverse("map")), (_("区县进展"), "")]}
    try:
        asked = asked_year(request, held)
        if asked is None:
            context["withheld"] = withheld(held)
        else:
            context |= _figures(request, asked, held)
    except FilterError as error:
        return refused(request, error)
    return render(request, "projects/districts.html", context)


def _figures(request: HttpRequest, asked: AskedYear, held: Snapshot) -> dict[str, object]:
    programme = asked.programme
    now = districts_overview(held=held, clocks=asked.clocks, programme=programme)
    assert now is not None
    earlier = earlier_clocks(asked.clocks, programme)
    before = districts_overview(held=held, clocks=earlier, programme=programme) if earlier else None
    measures, columns = measures_of(now, before), columns_of(now, before)
    measure = asked_measure(request.GET, measures)
    order = asked_order(request.GET, columns, ranked=programme.publishes_rankings)
    rows = compared(now, before)
    classes = _classes(measure, [value for row in rows if (value := measured(measure, row)) is not None])
    notice = borders_notice([row.area for row in now.rows])
    return {
        "programme": programme,
        "asked": asked,
        "kept": kept_words(request, ("programme", "measure", "sort")),
        **clock_context(request, asked.clocks, programme, held),
        "overview": now,
        "since": earlier.as_of if earlier else None,
        "total_change": TallyChange.between(now.total, before.total) if before else None,
        "rows": in_order(rows, order),
        "order": order,
        "heads": [_head(request, column, order) for column in columns],
        "measure": measure,
        "measure_label": _(measure.term),
        "measures": [
            Choice(_(each.term), _url(request, "measure", each.value, "map"), each is measure)
            for each in measures
        ],
        "classes": _legend(classes, measure),
        "borders_notice": notice,
        "page_map": _map(request, now, rows, classes, measure, held) if notice is not None else None,
        "map_settings": map_settings(large=is_large(request)),
        "formula": _(FORMULA),
    }


def _head(request: HttpRequest, column: Column, order: Order) -> Head:
    """Sorting by a figure begins with the largest, by the code with the smallest; once more turns it."""
    chosen = column is order.column
    descending = not order.descending if chosen else column is not Column.CODE
    aria = ("descending" if order.descending else "ascending") if chosen else ""
    return Head(
        column, _(column.term), _url(request, "sort", Order(column, descending).word, "table-title"), aria
    )


def _url(request: HttpRequest, word: str, value: str, anchor: str) -> str:
    words = request.GET.copy()
    words[word] = value
    return f"{with_query(request.path, words)}#{anchor}"


def _classes(measure: Measure, values: Sequence[Decimal]) -> Shading:
    if measure is Measure.CHANGE:
        return shading_of_changes(values)
    if measure in (Measure.OVERDUE, Measure.LATE):
        return shading(values, FINE_WIDTHS)
    return shading(values)


def _legend(classes: Shading, measure: Measure) -> list[tuple[str, str]]:
    """Swatch and words of each class, the lowest first."""
    unit = _(" 个百分点") if measure is Measure.CHANGE else "%"
    return [
        *(
            (str(step), f"{_plain(low)}–{_plain(high)}{unit}")
            for step, (low, high) in enumerate(classes, start=1)
        ),
        ("none", _("无数据")),
    ]


def _plain(bound: Decimal | int) -> str:
    """A bound as people write it, with a real minus."""
    number = Decimal(bound)
    text = f"{abs(number):f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return f"−{text}" if number < 0 else text


def _map(
    request: HttpRequest,
    overview: DistrictsOverview,
    rows: Sequence[Compared],
    classes: Shading,
    measure: Measure,
    held: Snapshot,
) -> object:
    large = is_large(request)
    words = request.GET.copy()
    for word in ("measure", "sort", "view"):
        words.pop(word, None)
    return shaded_map(
        overview.city,
        held,
        shades={row.area.code: classes.step(measured(measure, row)) for row in rows},
        links={
            row.area.code: keep_view(with_query(reverse("district", args=[row.area.code]), words), large)
            for row in rows
        },
        label=_("各区县%(measure)s地图;同样的数字在下面的表里。") % {"measure": _(measure.term)},
    )
