"""Sentences for people, written in the source language and still translatable.

The pure modules of this package import no Django, yet what they find wrong with a file ends up on a
page in two languages. A `Sentence` is a plain `str` (simplified Chinese) that remembers the template
and values it was made of, so a caller that knows the reader's language can say it again::

    problem.translated(django.utils.translation.gettext)
"""

from collections.abc import Callable
from typing import Any, Self


class Sentence(str):
    """A finished sentence together with its %-template (the gettext msgid) and its values."""

    template: str
    params: dict[str, Any]

    def __new__(cls, template: str, **params: Any) -> Self:
        self = super().__new__(cls, template % params if params else template)
        self.template = template
        self.params = params
        return self

    def translated(self, gettext: Callable[[str], str]) -> str:
        """Say it again by way of `gettext`, with the values that are sentences themselves said again too."""
        params = {
            name: value.translated(gettext) if isinstance(value, Sentence) else value
            for name, value in self.params.items()
        }
        return gettext(self.template) % params if params else gettext(self.template)


def gettext_noop(template: str, **params: Any) -> Sentence:
    """Mark `template` for the message catalogue and fill in `params`; translating is left to the caller.

    The name is the one that `makemessages` looks for.
    """
    return Sentence(template, **params)
