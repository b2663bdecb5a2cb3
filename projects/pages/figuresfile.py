"""The figures of a programme's page as a CSV file, streamed, safe to open in a spreadsheet. Public."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.translation import gettext as _

from projects.exchange.values import text_cell
from projects.pages.caching import public_page
from projects.pages.refusing import refused
from projects.readmodels.clocks import CLOCK_WORDS, as_text, asked_clocks
from projects.readmodels.funds import Funds
from projects.readmodels.headline import Headline, headline, public_programme
from projects.readmodels.headlinejson import FUNDS_FORMULA
from projects.readmodels.siteindex import snapshot
from projects.readmodels.sitequeries import FilterError, check_words
from projects.rules.funding import FundRate

#: A spreadsheet takes a CSV without it for the local encoding.
_MARK: Final = "\ufeff"
_YUAN: Final = "元"

Row = Sequence[object]


@public_page
def programme_figures(request: HttpRequest, key: str) -> HttpResponse:
    """Every figure of the page: published or computed, with its parts, its source or formula."""
    held = snapshot()
    programme = public_programme(held, key)
    if programme is None:
        raise Http404
    try:
        check_words(request.GET, CLOCK_WORDS | {"view"})
        clocks = asked_clocks(request.GET, programme)
    except FilterError as error:
        return refused(request, error)
    found = headline(key, clocks=clocks, held=held)
    if found is None:
        raise Http404
    name = f"{programme.key}-{found.as_of.isoformat()}.csv"
    response = StreamingHttpResponse(
        _lines(_rows(found)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
    response.headers["Cache-Control"] = settings.PUBLIC_CACHE_CONTROL
    return response  # type: ignore[return-value]  # a response like any other, in pieces


class _Line:
    """What `csv` writes into: the last line."""

    def write(self, text: str) -> str:
        return text


def _lines(rows: Iterable[Row]) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield _MARK
    for row in rows:
        yield writer.writerow([_cell(value) for value in row])


def _cell(value: object) -> str:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else text_cell(value)


def _rows(found: Headline) -> Iterator[Row]:
    """Numbers unrounded and in plain units; money in yuan. Empty: 未公布, 未上报 or 无目标, never 0."""
    yield [_("部分"), _("来历"), _("代码"), _("项目"), _("数值"), _("单位"), _("分子"), _("分母"), _("缺项"),
           _("演示数据"), _("原文"), _("来源或算式"), _("截至"), "known_at"]  # fmt: skip
    known = "" if found.known_at is None else as_text(found.known_at)
    for row in (*_statements(found), *_figures(found), *_funds(found.money), *_indicators(found)):
        yield [*row, found.as_of.isoformat(), known]


def _statements(found: Headline) -> Iterator[Row]:
    for row in found.statements:
        yield [_("公布"), _("公布"), row.key, row.label_zh, row.value, row.unit, None, None, None, "",
               row.text, row.source]  # fmt: skip


def _figures(found: Headline) -> Iterator[Row]:
    for row in found.means.figures:
        yield [_("进度"), _("计算"), row.key, _(row.label), row.value, row.unit, row.numerator,
               row.denominator, row.missing, _demo(row.is_demo), "", _(row.formula)]  # fmt: skip


def _funds(money: Funds) -> Iterator[Row]:
    named: list[tuple[str, str, FundRate, int]] = [
        (row.source.value, _(row.source.term), row.rate, row.rate.used is None) for row in money.rows
    ]
    named += [(row.area.code, row.area.name_zh, row.rate, row.rate.used is None) for row in money.by_division]
    if money.rest is not None:
        named.append(("rest", _("其余来源合起来(合计减去已知)"), money.rest, 0))
    named.append(("total", _("合计"), money.total, money.missing))
    for key, label, rate, missing in named if money.rows else ():
        given = (rate.used, rate.arranged, missing)
        parts = (
            ("arranged", _("安排"), rate.arranged, _YUAN, (None, None, None)),
            ("used", _("使用"), rate.used, _YUAN, (None, None, missing)),
            ("percent", _("使用率"), rate.percent, "%", given),
            ("lead", _("领先序时"), money.lead(rate), _("个百分点"), given),
        )
        for word, name, value, unit, sides in parts:
            yield [_("资金"), _("计算"), f"{key}.{word}", f"{label} {name}", value, unit, *sides, "", "",
                   _(FUNDS_FORMULA)]  # fmt: skip


def _indicators(found: Headline) -> Iterator[Row]:
    for row in (each for part in found.categories for each in part.indicators):
        demo = _demo(row.is_demo)
        for word, name, origin, value in (
            ("target", _("目标"), _("登记"), row.target),
            ("reported", _("上报"), _("上报"), row.reported),
            ("counted", _("点位统计"), _("计算"), row.counted),
        ):
            yield [_("指标"), origin, f"{row.code}.{word}", f"{row.name_zh} {name}", value, row.unit_zh,
                   None, None, int(value is None), demo, "", ""]  # fmt: skip


def _demo(is_demo: bool) -> str:
    return _("演示数据") if is_demo else ""
