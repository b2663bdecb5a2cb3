"""From the text of a cell to a value: numbers, dates, words, phones, as people type and Excel spoils them."""

import datetime as dt
import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final, TypeVar

from django.utils.translation import gettext as _

from projects.exchange.confined.limits import UNCALCULATED
from projects.exchange.problems import shortened
from projects.exchange.quoting import plain_cell as plain_cell
from projects.exchange.quoting import quoted as quoted
from projects.exchange.quoting import text_cell as text_cell
from projects.exchange.quoting import unquoted as unquoted
from projects.rules.vocabulary import Service, Stage

#: What people write for "nothing yet" in a date, a number or a text.
NOTHING_WORDS: Final = frozenset(
    {
        "/",
        "\\",
        "-",
        "--",
        "—",
        "——",
        "无",
        "暂无",
        "待定",
        "未定",
        "空",
        "n/a",
        "na",
        "null",
        "none",
        "nan",
        "tbd",
        "tba",
        "pns",
    }
)
#: What a cell says whose formula failed.
BROKEN_WORDS: Final = frozenset(
    {
        "#N/A",
        "#REF!",
        "#VALUE!",
        "#DIV/0!",
        "#NAME?",
        "#NULL!",
        "#NUM!",
        "#SPILL!",
        "#CALC!",
        "#FIELD!",
        "#BLOCKED!",
        "#GETTING_DATA",
        "#ERROR!",
    }
)
_NUMBER: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)
_SCIENTIFIC: Final = re.compile(r"\d(\.\d+)?[eE]\+?\d{1,3}", re.ASCII)
# As a spreadsheet writes it, and nobody else: 1.23E+10.
_DAMAGED: Final = re.compile(r"-?\d(\.\d+)?E\+\d{2,3}", re.ASCII)
#: Serial numbers of the years 2000 to 2049, in the 1900 system.
_SERIAL: Final = re.compile(r"3[6-9]\d{3}|4\d{4}|5[0-4]\d{3}")
_MONTH: Final = re.compile(r"(?:(?:19|20)\d\d[-./年])?\d{1,2}月?(?:份|初|中|底|末|上旬|中旬|下旬)?")
_DATE: Final = re.compile(
    r"(\d{4})(?:[-/.](\d{1,2})[-/.](\d{1,2})|年(\d{1,2})月(\d{1,2})日?|(\d{2})(\d{2}))", re.ASCII
)
_MIDNIGHT: Final = re.compile(r"[ T]0{1,2}:00(:00(\.0+)?)?$")
_PHONE: Final = re.compile(r"[0-9+() \-转,;/、*#]{3,40}")
_LINE_BREAK: Final = re.compile(r"\s*[\r\n\t\v\f\u0085\u2028\u2029]\s*")
#: What Unicode calls a control character (Cc).
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f]")
_LONGEST_NUMBER: Final = 40


class CellError(ValueError):
    """A cell that cannot be read: a sentence, and what is allowed there."""

    def __init__(self, sentence: str, allowed: str = "") -> None:
        super().__init__(sentence)
        self.allowed = allowed


@dataclass(frozen=True, slots=True)
class Parsed:
    """A value, and what a person should know about how it was read. `is_lost`: the cell says nothing usable,
    so a value that is there already stays."""

    value: object
    warning: str = ""
    is_lost: bool = False


Parser = Callable[[str], Parsed]


def is_nothing(text: str) -> bool:
    """Whether a cell says in words that there is nothing."""
    return unicodedata.normalize("NFKC", text).strip().lower() in NOTHING_WORDS


def refuse_broken(cell: str) -> None:
    """Raises CellError for a cell whose formula failed or was never worked out."""
    word = cell.strip()
    if word == UNCALCULATED:
        raise CellError(
            _("这一格是公式,文件里没有保存它的结果。"), _("用 Excel 或 WPS 打开、保存一次,或改成数值")
        )
    if word.upper() in BROKEN_WORDS:
        raise CellError(_("这一格是公式错误 %(found)s。") % {"found": word}, _("改正公式,或改成数值"))


def number(text: str) -> float:
    """A finite number; full-width digits and points count as the plain ones. Raises CellError."""
    refuse_broken(text)
    plain = unicodedata.normalize("NFKC", text).strip().replace("。", ".").replace("−", "-")
    if not plain:
        raise CellError(_("没有填写。"), _("一个数"))
    if len(plain) > _LONGEST_NUMBER or not _NUMBER.fullmatch(plain):
        raise CellError(_("“%(found)s”不是数。") % {"found": shortened(text)}, _("一个数,例如 121.549792"))
    value = float(plain)
    if not math.isfinite(value):
        raise CellError(_("“%(found)s”太大。") % {"found": shortened(text)}, _("一个数,例如 121.549792"))
    return value


def pair(text: str) -> tuple[float, float]:
    """Two numbers in one cell, apart by commas, semicolons or spaces of any kind, perhaps in brackets."""
    plain = unicodedata.normalize("NFKC", text).strip().strip("()[]{}【】")
    parts = [part for part in re.split(r"[,;、\s]+", plain) if part]
    if len(parts) != 2:
        raise CellError(
            _("“%(found)s”不是一对坐标。") % {"found": shortened(text)},
            _("两个数,用逗号分开,例如 121.55,29.87"),
        )
    return number(parts[0]), number(parts[1])


def text_of(limit: int, *, required: bool = False) -> Parser:
    """Text of at most `limit` characters on one line, without the spaces around it.

    Characters that nobody sees (a DEL, a bell) are left out with a warning.
    """

    def parse(cell: str) -> Parsed:
        value = _LINE_BREAK.sub(" ", cell).strip()
        warning = ""
        if _CONTROL.search(value):
            value = _CONTROL.sub("", value).strip()
            warning = _("去掉了看不见的控制字符。")
        if is_nothing(value):
            if required:
                raise CellError(_("“%(found)s”不是名称。") % {"found": value}, _("必填"))
            return Parsed("", _("“%(found)s”按没有填写处理。") % {"found": value})
        if required and not value:
            raise CellError(_("没有填写。"), _("必填"))
        if _DAMAGED.fullmatch(value):
            raise CellError(
                _("“%(found)s”已被表格软件改成了科学计数,原来的内容丢失了。") % {"found": value},
                _("原来的内容(把该列设为文本后重新导出)"),
            )
        if len(value) > limit:
            raise CellError(
                _("有 %(count)d 个字,太长。") % {"count": len(value)},
                _("至多 %(limit)d 个字") % {"limit": limit},
            )
        return Parsed(value, warning)

    return parse


def code(cell: str) -> Parsed:
    """A site's code. One that a spreadsheet turned into 1.23E+10 is lost for good, so it is refused."""
    if _CONTROL.search(cell.strip()):
        raise CellError(_("含有控制字符。"), _("普通文字"))
    if _SCIENTIFIC.fullmatch(cell.strip()):
        raise CellError(
            _("编码“%(found)s”已被表格软件改成了科学计数,原来的编码丢失了。") % {"found": cell.strip()},
            _("原来的编码(把该列设为文本后重新导出)"),
        )
    return Parsed(str(text_of(64, required=True)(cell).value))


def phone(cell: str) -> Parsed:
    """A phone number as printed; one damaged to 1.38E+10 is left out with a warning."""
    value = unicodedata.normalize("NFKC", cell).strip()
    if not value:
        return Parsed("")
    if is_nothing(value):
        return Parsed("", _("“%(found)s”按没有填写处理。") % {"found": value})
    if _SCIENTIFIC.fullmatch(value):
        return Parsed(
            "",
            _("电话“%(found)s”已被表格软件改成了科学计数,号码丢失了,没有导入;请把该列设为文本后重新导出。")
            % {"found": value},
            is_lost=True,
        )
    value = re.sub(r"\.0$", "", value)
    if not _PHONE.fullmatch(value):
        raise CellError(
            _("“%(found)s”不像电话号码。") % {"found": shortened(value)}, _("数字,例如 0574-12345")
        )
    return Parsed(value)


def _meant_day(plain: str) -> str:
    """A word on what is nearly a day: Excel's number of one, a month."""
    if _SERIAL.fullmatch(plain):
        day = dt.date(1899, 12, 30) + dt.timedelta(days=int(plain))
        return _("像是 Excel 的日期序号(%(day)s):请把这一列设为日期格式,或写成日期。") % {"day": day}
    if _MONTH.fullmatch(plain):
        return _("只写到月,请写到日(例如当月最后一天)。")
    return ""


def date(cell: str) -> Parsed:
    """A day: 2024-06-30, 2024/6/30, 2024.6.30, 2024年6月30日, 20240630; a midnight after it is dropped."""
    plain = _MIDNIGHT.sub("", unicodedata.normalize("NFKC", cell).strip())
    if not plain:
        return Parsed(None)
    if is_nothing(plain):
        return Parsed(None, _("“%(found)s”按没有填写处理。") % {"found": shortened(cell)})
    match = _DATE.fullmatch(plain)
    try:
        if match is None:
            raise ValueError
        year, month, day = (int(group) for group in match.groups() if group is not None)
        found = dt.date(year, month, day)
    except ValueError:
        raise CellError(
            _("“%(found)s”不是日期。") % {"found": shortened(cell)} + _meant_day(plain),
            _("例如 2024-06-30,或留空"),
        ) from None
    if not 1900 <= found.year <= 2200:
        raise CellError(_("“%(found)s”的年份不对。") % {"found": shortened(cell)}, "1900–2200")
    return Parsed(found)


def quantity(cell: str) -> Parsed:
    """A contribution: above 0, at most eleven digits and three decimals."""
    plain = unicodedata.normalize("NFKC", cell).strip().replace(",", "")
    if not plain:
        return Parsed(None)
    try:
        if not _NUMBER.fullmatch(plain):
            raise InvalidOperation
        value = Decimal(plain)
    except InvalidOperation:
        raise CellError(_("“%(found)s”不是数。") % {"found": shortened(cell)}, _("大于 0 的数")) from None
    if not 0 < value < Decimal(10) ** 11 or value != round(value, 3):
        raise CellError(_("“%(found)s”不能用。") % {"found": shortened(cell)}, _("大于 0 的数,至多三位小数"))
    return Parsed(value)


def stage(cell: str) -> Parsed:
    """A construction stage by its value or its Chinese term."""
    return Parsed(_word(cell, Stage))


def service(cell: str) -> Parsed:
    """Whether it can be used now, by value or Chinese term."""
    return Parsed(_word(cell, Service))


def worded(words: Mapping[str, str], parse: Parser) -> Parser:
    """A parser of a file's own words: each means one of ours, which `parse` reads. Empty says nothing."""

    def read(cell: str) -> Parsed:
        plain = cell.strip()
        if plain and plain not in words:
            raise CellError(_("“%(found)s”不是可用的词。") % {"found": shortened(plain)}, "、".join(words))
        return parse(words.get(plain, ""))

    return read


_Words = TypeVar("_Words", Stage, Service)


def _word(cell: str, words: type[_Words]) -> _Words | None:
    plain = cell.strip()
    if not plain:
        return None
    for word in words:
        if plain.lower() == word.value or plain == word.term:
            return word
    for word in words:
        if plain == _(word.term):
            return word
    raise CellError(
        _("“%(found)s”不是可用的词。") % {"found": shortened(plain)},
        "、".join(f"{word.value}({_(word.term)})" for word in words),
    )


def attribute_of(kind: str) -> Parser:
    """A facility's own field: `integer`, `boolean` or text. An empty cell is None."""

    def parse(cell: str) -> Parsed:
        plain = cell.strip()
        if not plain:
            return Parsed(None)
        if is_nothing(plain):
            return Parsed(None, _("“%(found)s”按没有填写处理。") % {"found": plain})
        if kind == "boolean":
            return Parsed(_yes_or_no(plain))
        if kind == "integer":
            return Parsed(_whole(plain))
        return Parsed(text_of(500)(cell).value)

    return parse


def _yes_or_no(text: str) -> bool:
    word = text.lower()
    if word in ("true", "1", "是", "有", "yes"):
        return True
    if word in ("false", "0", "否", "no"):
        return False
    raise CellError(_("“%(found)s”不是可用的词。") % {"found": shortened(text)}, _("是或否"))


def _whole(text: str) -> int:
    found = number(text)
    if found != int(found) or not 0 <= found <= 10**12:
        raise CellError(_("“%(found)s”不能用。") % {"found": shortened(text)}, _("0 或更大的整数"))
    return int(found)
