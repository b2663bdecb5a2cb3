"""Figures as pages print them: rounded half up for display only, by thousands, never a 0 for a gap."""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal

from django import template
from django.http import QueryDict
from django.template.context import Context
from django.utils.translation import gettext as _

from projects.readmodels import sentences
from projects.readmodels.claims import Comparison
from projects.readmodels.clocks import Clocks, as_text
from projects.readmodels.means import MeanFigure
from projects.rules.funding import to_digits
from projects.rules.period import CITY_ZONE
from projects.rules.sentences import Sentence, Text
from projects.rules.vocabulary import FundingSource, Word

register = template.Library()

_YI = Decimal(100_000_000)


@register.filter
def amount(value: Decimal | int | None) -> str:
    """`12500` -> `12,500`; `59.880` -> `59.88`; an en dash for None. At most three decimals."""
    if value is None:
        return "–"
    whole, dot, decimals = to_digits(Decimal(value), 3).partition(".")
    decimals = decimals.rstrip("0")
    return f"{int(whole):,}{dot if decimals else ''}{decimals}"


@register.filter
def share(value: Decimal | None) -> str:
    """A percentage with one decimal, as such figures are printed: 55.95 -> `56.0%`; an en dash for None."""
    return "–" if value is None else f"{to_digits(value)}%"


@register.filter
def yi(value: Decimal | None) -> str:
    """Yuan as 亿 with two decimals: 4016000000 -> `40.16`."""
    return "–" if value is None else f"{Decimal(to_digits(value / _YI, 2)):,}"


@register.filter
def lead(value: Decimal | None) -> str:
    """Percentage points ahead of schedule (> 0) or behind it."""
    if value is None:
        return "–"
    points = {"points": to_digits(abs(value))}
    if Decimal(to_digits(value)) == 0:
        return _("与序时持平")
    if value > 0:
        return _("超前 %(points)s 个百分点") % points
    return _("落后 %(points)s 个百分点") % points


@register.filter
def one_digit(value: Decimal) -> str:
    """`30.0`: percentage points."""
    return to_digits(value)


@register.filter
def moment(value: dt.datetime) -> str:
    """A moment of the city to the second: `2024-07-15 12:00:00`."""
    return f"{value.astimezone(CITY_ZONE):%Y-%m-%d %H:%M:%S}"


@register.filter
def claim_figure(value: Decimal, unit: str) -> str:
    """A computed figure beside a published one: with two decimals, counts as they are."""
    return _with_unit(to_digits(value, 2) if value != value.to_integral_value() else f"{value:.0f}", unit)


@register.filter
def claim_gap(compared: Comparison) -> str:
    """Computed minus published, as printed: `+0.6%`, `-2.8 个百分点`."""
    unit = compared.statement.unit
    # A difference of percentages is no percentage.
    return _with_unit(f"{compared.difference:+f}", "个百分点" if unit == "%" else unit)


def _with_unit(text: str, unit: str) -> str:
    """In the language of the page; a number that is counted needs no unit beside its claim."""
    match unit:
        case "%":
            return f"{text}%"
        case "个百分点":
            return _("%(n)s 个百分点") % {"n": text}
        case "亿元":
            return _("%(n)s 亿元") % {"n": text}
        case _:
            return text


@register.filter
def mean_figure(row: MeanFigure) -> str:
    """`77.7%`, `16 项`."""
    return share(row.value) if row.unit == "%" else f"{row.value:f} {_('项')}"


@register.simple_tag(takes_context=True)
def clocked(context: Context, url: str) -> str:
    """An address of another page of figures, about the same day and by the same knowledge as this one."""
    clocks: Clocks | None = context.get("clocks")
    path, hash_sign, fragment = url.partition("#")
    if clocks is not None and path.startswith("/"):
        path, _question, query = path.partition("?")
        words = QueryDict(query, mutable=True)
        words["as_of"] = clocks.as_of.isoformat()
        if clocks.known_at is not None:
            words["known_at"] = as_text(clocks.known_at)
        path = f"{path}?{words.urlencode()}"
    return f"{path}{hash_sign}{fragment}"


@register.filter
def fund_source(value: str) -> str:
    """`city` -> 市本级."""
    return _(FundingSource(value).term)


@register.filter
def said(sentence: Sentence) -> str:
    """A sentence of the rules, in the language of the page."""
    return sentences.said(sentence)


@register.filter
def in_words(text: Text) -> str:
    """What a policy says itself: in English on an English page, where it does."""
    return sentences.in_words(text)


@register.filter
def term(word: Word) -> str:
    """A word of the field by its standard term."""
    return _(word.term)


@register.filter
def terms(words: Iterable[Word]) -> str:
    """Several words as one heading."""
    return _("、").join(_(word.term) for word in words)
