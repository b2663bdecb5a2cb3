"""Filters of the supervisor's desk: sentences of the rules, their words, their figures."""

from decimal import Decimal

from django import template
from django.utils.translation import gettext

from maps.sentence import Sentence
from projects.readmodels.rulesentences import digits
from projects.rules.schedule import HUNDRED
from projects.rules.vocabulary import Word

register = template.Library()


@register.filter
def said(sentence: Sentence | None) -> str:
    """In the language of the page; empty for None."""
    return "" if sentence is None else sentence.translated(gettext)


@register.filter
def term(word: Word) -> str:
    """`Reason.BEHIND` -> 进度滞后."""
    return gettext(word.term)


@register.filter
def figure(value: Decimal | None) -> str:
    """At most two decimals, half away from zero; an en dash for None."""
    return "–" if value is None else digits(value)


@register.filter
def share(value: Decimal | None) -> str:
    """A share in percent: `0.4` -> `40`."""
    return "–" if value is None else digits(value * HUNDRED)
