"""Text in cells that no spreadsheet runs, and back again: what every export writes and every import reads."""

import datetime as dt
import unicodedata
from decimal import Decimal
from typing import Final

#: With what Excel, WPS and LibreOffice begin a formula, in the forms that they fold into it; tabs and line
#: ends, with which a cell leaves its place when it is pasted.
_FORMULA_STARTS: Final = frozenset("=+-@\t\r\n＝＋－＠﹦﹢﹣﹫⁼⁺⁻₌₊₋−")
#: Letters and symbols without a picture; every other invisible character has a category that says so.
_BLANK: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")


def quoted(text: str) -> str:
    """Text for a cell of a CSV or XLSX file: what a spreadsheet could run as a formula gets an apostrophe.

    Also where its start stands behind spaces, invisible marks or apostrophes, which some programs drop.
    """
    return f"'{text}" if _may_run(text) else text


def unquoted(text: str) -> str:
    """The exact inverse of `quoted`: what a cell of a CSV or XLSX file says."""
    return text[1:] if text.startswith("'") and _may_run(text) else text


def _may_run(text: str) -> bool:
    """An apostrophe in front changes nothing about the answer; `unquoted` relies on it."""
    for character in text:
        if character in _FORMULA_STARTS:
            return True
        if character != "'" and not _is_unseen(character):
            return False
    return False


def _is_unseen(character: str) -> bool:
    """Spaces, marks, controls, variation selectors, what stands alone and shows nothing."""
    return unicodedata.category(character)[0] in "CZM" or character in _BLANK


def text_cell(value: object) -> str:
    """A value as the text of a CSV cell: only words can be formulas, a negative number stays one."""
    plain = plain_cell(value)
    return plain if isinstance(value, int | float | Decimal) else quoted(plain)


def plain_cell(value: object) -> str:
    """A value as the text that import reads, for a file that no spreadsheet opens."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case dt.date():
            return value.isoformat()
        case Decimal():
            return f"{value:f}"
        case int() | float():
            return repr(value)
        case _:
            return str(value)
