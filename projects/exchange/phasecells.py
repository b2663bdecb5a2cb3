"""Dates and money of a file of phases, strictly: a word in such a cell is declared, or it is an error.

A cell gives a value, or a `Gap` that says why there is none. Nothing is guessed: which number of `03/04/2024`
is the month is declared (--date-format), and so is what `PNS` or `/` means (--blank).
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from django.utils.translation import gettext as _

from projects.exchange.problems import OptionError, shortened
from projects.exchange.values import CellError
from projects.rules.phases import EMPTY, Gap, Meaning

_TIME: Final = re.compile(
    r"[T\s]+\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:\s*[AP]\.?M\.?)?(?:\s*(?:Z|[+-]\d{2}:?\d{2}))?$",
    re.IGNORECASE,
)
_ISO: Final = re.compile(
    r"(?P<y>\d{4})(?:-(?P<m>\d{1,2})-(?P<d>\d{1,2})|/(?P<m1>\d{1,2})/(?P<d1>\d{1,2})"
    r"|\.(?P<m2>\d{1,2})\.(?P<d2>\d{1,2})|年(?P<m3>\d{1,2})月(?P<d3>\d{1,2})日?)",
    re.ASCII,
)
_LIKE_A_DATE: Final = re.compile(r"\d+\s*[-/.年]\s*\d+|\d{6,8}")
_TOKENS: Final = re.compile(r"%Y|YYYY|yyyy|%m|MM|M|%-m|%d|DD|dd|D|%-d")
_PART_OF: Final = {
    **dict.fromkeys(("%Y", "YYYY", "yyyy"), "y"),
    **dict.fromkeys(("%m", "%-m", "MM", "M"), "m"),
    **dict.fromkeys(("%d", "%-d", "DD", "dd", "D"), "d"),
}
_SHORT: Final = {"mdy": "MM/DD/YYYY", "dmy": "DD/MM/YYYY", "ymd": "YYYY/MM/DD"}
_SIGNS: Final[Mapping[str, frozenset[str]]] = {
    "$": frozenset({"USD", "CAD", "AUD", "HKD", "SGD", "NZD", "TWD", "MXN"}),
    "¥": frozenset({"CNY", "JPY"}),
    "€": frozenset({"EUR"}),
    "£": frozenset({"GBP"}),
    "₩": frozenset({"KRW"}),
}
_AMOUNT: Final = re.compile(r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?|\.\d+", re.ASCII)
_EXPONENT: Final = re.compile(r"\d(?:\.\d+)?[eE][+]?\d{1,2}", re.ASCII)
#: Digits of an amount that are kept; see models.phases.
PLACES: Final = Decimal("0.0001")
MOST: Final = Decimal(10) ** 15


def folded(text: str) -> str:
    """A cell as words are compared: width, case and spaces do not count."""
    return " ".join(unicodedata.normalize("NFKC", text).split()).casefold()


def date_pattern(text: str) -> re.Pattern[str]:
    """`MM/DD/YYYY`, `%d.%m.%Y`, or `mdy`, `dmy`, `ymd` for slashes. A time after it is dropped.

    Raises OptionError.
    """
    plain = _SHORT.get(text.strip().lower(), text.strip())
    pattern, place, seen = "", 0, set()
    for token in _TOKENS.finditer(plain):
        part = _PART_OF[token[0]]
        if part in seen:
            break
        seen.add(part)
        pattern += re.escape(plain[place : token.start()])
        pattern += rf"(?P<{part}>\d{{4}})" if part == "y" else rf"(?P<{part}>\d{{1,2}})"
        place = token.end()
    if seen != {"y", "m", "d"}:
        raise OptionError(
            _("--date-format 应有四位的年、月、日,例如 MM/DD/YYYY 或 %%Y-%%m-%%d,实际是“%(text)s”。")
            % {"text": text}
        )
    return re.compile(pattern, re.ASCII)


@dataclass(frozen=True, slots=True)
class CellReader:
    """How the cells of one file are read. `blanks`: declared words, folded, and what they mean."""

    blanks: Mapping[str, Meaning] = field(default_factory=dict)
    formats: Sequence[re.Pattern[str]] = ()
    currency: str = "CNY"
    unit: Decimal = Decimal(1)
    takes_negative: bool = False

    def date(self, cell: str) -> dt.date | Gap:
        """Raises CellError."""
        said = self._said(cell)
        if said is not None:
            return said
        plain = _TIME.sub("", unicodedata.normalize("NFKC", cell).strip())
        for pattern in (*self.formats, _ISO):
            if match := pattern.fullmatch(plain):
                return _day(match, cell)
        if not _LIKE_A_DATE.search(plain):
            raise _undeclared(cell, _("日期"))
        raise CellError(
            _("“%(found)s”不是所声明格式的日期。") % {"found": shortened(cell)},
            _("--date-format 所说的格式(例如 MM/DD/YYYY),或 2024-06-30"),
        )

    def money(self, cell: str) -> tuple[Decimal | Gap, str]:
        """The amount in units of the currency, and what a person should know. Raises CellError."""
        said = self._said(cell)
        if said is not None:
            return said, ""
        plain = unicodedata.normalize("NFKC", cell).strip().replace("−", "-").replace("\u00a0", "")
        plain = plain.replace(" ", "")
        negative = plain.startswith("(") and plain.endswith(")")
        plain = plain.strip("()") if negative else plain
        if plain.startswith(("-", "+")):
            negative, plain = negative or plain[0] == "-", plain[1:]
        plain = self._without_sign(plain, cell)
        if plain.startswith("-"):
            negative, plain = True, plain[1:]
        warning = ""
        if _EXPONENT.fullmatch(plain):
            warning = _("“%(found)s”是科学记数,表格软件可能去掉了末位数字。") % {"found": shortened(cell)}
        elif not _AMOUNT.fullmatch(plain):
            if not re.search(r"\d", plain):
                raise _undeclared(cell, _("金额"))
            raise CellError(
                _("“%(found)s”不是金额。") % {"found": shortened(cell)}, _("一个数,例如 1,234,567.89")
            )
        amount = Decimal(plain.replace(",", "")) * self.unit
        if amount >= MOST:
            raise CellError(_("“%(found)s”太大。") % {"found": shortened(cell)}, f"< {MOST:,}")
        rounded = amount.quantize(PLACES, ROUND_HALF_UP)
        if rounded != amount:
            warning = _("“%(found)s”四舍五入到四位小数。") % {"found": shortened(cell)}
        if negative and rounded:
            return self._negative(cell)
        return rounded, warning

    def _negative(self, cell: str) -> tuple[Gap, str]:
        if not self.takes_negative:
            raise CellError(
                _("金额“%(found)s”是负数。") % {"found": shortened(cell)},
                _("0 或更大的数;确实如此请加 --allow negative(按不详处理)"),
            )
        said = _("负数“%(found)s”按不详处理。") % {"found": shortened(cell)}
        return Gap(Meaning.UNKNOWN, shortened(cell.strip(), 40)), said

    def _said(self, cell: str) -> Gap | None:
        """The gap that an empty cell or a declared word is."""
        word = folded(cell)
        if not word:
            return EMPTY
        meaning = self.blanks.get(word)
        return None if meaning is None else Gap(meaning, shortened(cell.strip(), 40))

    def _without_sign(self, plain: str, cell: str) -> str:
        for sign, currencies in _SIGNS.items():
            if plain.startswith(sign):
                if self.currency not in currencies:
                    raise CellError(
                        _("金额“%(found)s”的货币符号与 --currency %(currency)s 不符。")
                        % {"found": shortened(cell), "currency": self.currency},
                        _("用 --currency 声明文件的币种"),
                    )
                return plain[len(sign) :]
        return plain.removeprefix(self.currency)


def _day(match: re.Match[str], cell: str) -> dt.date:
    groups = {name: int(value) for name, value in match.groupdict().items() if value is not None}
    month = next(value for name, value in groups.items() if name.startswith("m"))
    day = next(value for name, value in groups.items() if name.startswith("d"))
    try:
        found = dt.date(groups["y"], month, day)
    except ValueError:
        raise CellError(
            _("“%(found)s”不是日历上的一天。") % {"found": shortened(cell)}, _("例如 2024-06-30")
        ) from None
    if not 1900 <= found.year <= 2200:
        raise CellError(_("“%(found)s”的年份不对。") % {"found": shortened(cell)}, "1900–2200")
    return found


class UndeclaredWord(CellError):
    """A word where a date or an amount should be, that no --blank declares."""

    def __init__(self, word: str, sentence: str, allowed: str) -> None:
        super().__init__(sentence, allowed)
        self.word = word


def _undeclared(cell: str, what: str) -> UndeclaredWord:
    word = shortened(cell.strip(), 40)
    return UndeclaredWord(
        word,
        _("“%(word)s”不是%(what)s,也没有声明是什么意思。") % {"word": word, "what": what},
        _("%(what)s,或用 --blank '%(word)s=not_started'(未开工)、=not_applicable(不适用)、=unknown(不详)声明")
        % {"what": what, "word": word},
    )
