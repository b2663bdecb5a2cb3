"""A sentence of the rules: a Chinese template and its values, put into a language by who has one."""

from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from projects.rules.vocabulary import Light, Word


@dataclass(frozen=True, slots=True)
class Text:
    """Words that a policy brings itself, in Chinese and perhaps in English."""

    zh: str
    en: str = ""


Value: TypeAlias = str | int | Decimal | Word | Text


@dataclass(frozen=True, slots=True)
class Sentence:
    """`msgid` is a zh-hans template with `{name}` places. A Word among the values is translated by its term,
    a
    Decimal is printed as it is. `light`: the light that the sentence is about, drawn or named before it.
    """

    msgid: str
    values: tuple[tuple[str, Value], ...]
    light: Light | None = None

    def chinese(self) -> str:
        """In Chinese, a light first: for tests."""
        text = self.msgid.format(**{name: _chinese(value) for name, value in self.values})
        return text if self.light is None else f"{self.light.term}:{text}"


def say(msgid: str, **values: Value) -> Sentence:
    """A sentence. The msgid is marked by the caller (`_`), so that the catalogue finds it."""
    return Sentence(msgid, tuple(values.items()))


def lit(light: Light, msgid: str, **values: Value) -> Sentence:
    """When a light is given: pages draw it before the sentence."""
    return Sentence(msgid, tuple(values.items()), light)


def plain(value: Decimal) -> str:
    """`10.00` -> `10`, `12.50` -> `12.5`; never an exponent."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _chinese(value: Value) -> object:
    if isinstance(value, Word):
        return value.term
    if isinstance(value, Text):
        return value.zh
    return plain(value) if isinstance(value, Decimal) else value
