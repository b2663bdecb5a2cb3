"""Filters of photos: what is said of them, in the language of the page."""

from django import template

from projects.readmodels.sentences import said as put
from projects.rules.sentences import Sentence

register = template.Library()


@register.filter
def sentence(given: Sentence) -> str:
    """A sentence of the rules in the language of the page."""
    return put(given)


@register.filter
def coordinates(pair: tuple[float, float] | None) -> str:
    """Longitude and latitude with five decimals (about a metre); an en dash for None. Never localised."""
    return "–" if pair is None else f"{pair[0]:.5f}, {pair[1]:.5f}"
