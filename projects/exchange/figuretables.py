"""Tables of figures as files carry them: what a page prints, cell by cell, words where there is no figure.

A percentage is rounded as the page prints it, so that file and page are equal to the digit; what it was
divided from stands beside it. A gap is a word (未上报, 无目标, 未公布), never an empty cell and never 0.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, TypeAlias

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from projects.exchange.values import quoted
from projects.rules.funding import to_digits

Cell: TypeAlias = str | int | Decimal | dt.date
#: What stands where nothing was divided: no sites, no plan, no day to compare with.
NOTHING: Final = "–"
NOT_REPORTED: Final = gettext_noop("未上报")
NO_TARGET: Final = gettext_noop("无目标")
NOT_PUBLISHED: Final = gettext_noop("未公布")
#: What XML cannot carry, and what a cell has no use for.
_CONTROL: Final = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 127, 0xFFFE, 0xFFFF))
_LONGEST_TEXT: Final = 32_000


@dataclass(frozen=True)
class Table:
    """`key` names it in addresses, `title` on sheets; every row has a cell for each column.

    `rows` may be a stream: it is read once.
    """

    key: str
    title: str
    columns: Sequence[str]
    rows: Iterable[Sequence[Cell]]
    #: Sentences that belong to the table: what was left out, what a column means.
    notes: Sequence[str] = field(default_factory=tuple)


def plain_text(text: str) -> str:
    """Text that no spreadsheet runs: see `quoted`. Without control characters, which XML cannot carry."""
    return quoted(text.translate(_CONTROL)[:_LONGEST_TEXT])


def percent(value: Decimal | None, gap: str = NOTHING) -> Cell:
    """A share as the page prints it: one decimal, half away from zero."""
    return gap if value is None else Decimal(to_digits(value))


def amount(value: Decimal | int | None, gap: str = NOTHING) -> Cell:
    """A count or a quantity as it is."""
    if value is None:
        return gap
    number = Decimal(value)
    return int(number) if number == number.to_integral_value() else number.normalize()


def day(value: dt.date | None, gap: str = NOTHING) -> Cell:
    return gap if value is None else value


def local(chinese: str, english: str) -> str:
    """The name in the language that is active."""
    if (translation.get_language() or "").startswith("en"):
        return english or chinese
    return chinese or english


def gap(word: str) -> str:
    """One of the words above, in the language that is active."""
    return _(word)


def yes_no(value: bool) -> str:
    return _("是") if value else _("否")
