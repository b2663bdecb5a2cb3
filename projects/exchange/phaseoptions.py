"""How a file of phases is to be read, as the command line says it."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from django.utils.translation import gettext as _

from projects.exchange.phasecells import CellReader, date_pattern, folded
from projects.exchange.problems import OptionError
from projects.rules.phases import Meaning

ALLOWED: Final = frozenset({"order", "future", "negative"})
UNITS: Final[Mapping[str, Decimal]] = MappingProxyType(
    {
        "1": Decimal(1),
        "元": Decimal(1),
        "千元": Decimal(1_000),
        "thousand": Decimal(1_000),
        "万元": Decimal(10_000),
        "百万元": Decimal(1_000_000),
        "million": Decimal(1_000_000),
        "亿元": Decimal(100_000_000),
    }
)
_MEANINGS: Final = {
    **{meaning.value: meaning for meaning in Meaning if meaning is not Meaning.EMPTY},
    **{meaning.term: meaning for meaning in Meaning if meaning is not Meaning.EMPTY},
}


@dataclass(frozen=True, slots=True)
class PhaseImportOptions:
    """`project_from`: columns that together name the project, or empty when all belong to `indicator`.

    `code`: columns of the phase's code; empty: generated from project and phase. `category`: as given.
    `as_of`: the day that the file speaks of. `allow`: contradictions that are taken with a warning.
    `done_words`: status words that mean finished, folded: such a row without a date is not known to be late.
    """

    as_of: dt.date
    cells: CellReader
    mapping: Mapping[str, str] = field(default_factory=dict)
    project_from: Sequence[str] = ()
    project_name: str = ""
    indicator: str = ""
    category: str = ""
    code: str = ""
    numbers_duplicates: bool = False
    allow: frozenset[str] = frozenset()
    done_words: frozenset[str] = frozenset()


def read_blanks(items: Sequence[str]) -> dict[str, Meaning]:
    """`WORD[,WORD...]=meaning`, each word folded. Raises OptionError."""
    blanks: dict[str, Meaning] = {}
    for item in items:
        words, equals, meaning = item.rpartition("=")
        wanted = meaning.strip().lower().replace(" ", "_").replace("-", "_")
        if not equals or wanted not in _MEANINGS or not words.strip(" ,"):
            raise OptionError(
                _(
                    "--blank 应写成 词[,词…]=含义,实际是“%(item)s”;含义:not_started(未开工)、"
                    "not_applicable(不适用)、unknown(不详)。"
                )
                % {"item": item}
            )
        # A word may have a comma in it: the whole is one, too.
        for word in dict.fromkeys([*words.split(","), words]):
            key = folded(word)
            if not key:
                continue
            if blanks.get(key, _MEANINGS[wanted]) is not _MEANINGS[wanted]:
                raise OptionError(_("--blank 给“%(word)s”说了两种含义。") % {"word": word.strip()})
            blanks[key] = _MEANINGS[wanted]
    return blanks


def read_cells(
    blanks: Sequence[str], formats: Sequence[str], currency: str, unit: str, allow: frozenset[str]
) -> CellReader:
    """Raises OptionError."""
    code = currency.strip().upper()
    if not re.fullmatch(r"[A-Z]{3}", code):
        raise OptionError(
            _("--currency 应是三个字母的币种代码,例如 CNY、USD,实际是“%(text)s”。") % {"text": currency}
        )
    if unit not in UNITS:
        raise OptionError(
            _("--money-unit 可用:%(units)s,实际是“%(text)s”。") % {"units": "、".join(UNITS), "text": unit}
        )
    return CellReader(
        read_blanks(blanks),
        tuple(date_pattern(text) for text in formats),
        code,
        UNITS[unit],
        "negative" in allow,
    )


def read_allow(items: Sequence[str]) -> frozenset[str]:
    """Words of ALLOWED, apart by commas or repeated. Raises OptionError."""
    words = {word.strip() for item in items for word in item.split(",") if word.strip()}
    for word in sorted(words - ALLOWED):
        raise OptionError(
            _("--allow 可用:order(完成早于开工)、future(实际日期在将来)、negative(负数),实际是“%(word)s”。")
            % {"word": word}
        )
    return frozenset(words)


def read_done_words(items: Sequence[str]) -> frozenset[str]:
    """Status words, folded."""
    return frozenset(folded(word) for item in items for word in item.split(",") if word.strip())
