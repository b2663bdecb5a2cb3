"""Sentences of the rules in the language of the page."""

from decimal import Decimal

from django.utils.translation import get_language, gettext

from projects.rules.sentences import Sentence, Text, Value, plain
from projects.rules.vocabulary import Word


def said(sentence: Sentence) -> str:
    """The sentence in the language that is active; what a policy says in Chinese alone stays Chinese."""
    values = {name: _value(value) for name, value in sentence.values}
    return gettext(sentence.msgid).format(**values)


def in_words(text: Text) -> str:
    """A policy's own words: English on an English page where there are any."""
    return text.en if text.en and (get_language() or "").startswith("en") else text.zh


def _value(value: Value) -> object:
    if isinstance(value, Word):
        return gettext(value.term)
    if isinstance(value, Text):
        return in_words(value)
    return plain(value) if isinstance(value, Decimal) else value
