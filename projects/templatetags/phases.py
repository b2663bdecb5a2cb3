"""Words of phases as pages print them."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from projects.readmodels.phases import PhaseState
from projects.rules.phases import PhaseFacts, Question, Why

register = template.Library()


@register.filter
def question_label(value: Question) -> str:
    """`late` -> 逾期未完成."""
    return _(value.term)


@register.filter
def why_label(value: Why) -> str:
    """`no_due` -> 没有应完成日期."""
    return _(value.term)


@register.filter
def state_label(value: PhaseState) -> str:
    """`met` -> 已完成."""
    return _(value.term)


@register.filter
def gap(facts: PhaseFacts, names: str) -> SafeString:
    """Why a date or an amount is missing, with the word as printed: `PNS(未开工)`; an en dash for nothing."""
    found = next((facts.gaps[name] for name in names.split(",") if name in facts.gaps), None)
    if found is None or not found.word:
        return format_html('<span class="missing">{}</span>', "–")
    return format_html('<span class="missing">{}({})</span>', found.word, _(found.meaning.term))
