"""What the cells of a template let in: lists to choose from, days, numbers, lengths, with Chinese sentences.

A rule only guards typing; whatever is pasted or typed elsewhere is checked by the import all the same.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import gettext as _

from projects.exchange.columns import BY_FIELD, Shape
from projects.exchange.sitevalues import AttributeColumn
from projects.exchange.workbooks import Heading, Sheet

if TYPE_CHECKING:
    from openpyxl import Workbook

LISTS_SHEET: Final = "选项"
_LAST_ROW: Final = 1_048_576
#: 1900-01-01 and 2200-12-31 as Excel counts days.
_FIRST_DAY, _LAST_DAY = 1, 109_939
#: Longitudes and latitudes of China, generously; what lies outside is asked about, not refused.
_BOUNDS: Final = {"lon": (73, 136), "lat": (3, 54)}
_MOST: Final = 99_999_999_999


class Rules:
    """The rules of one sheet. `words`: what may be chosen, by field."""

    def __init__(self, sheet: Sheet, words: Mapping[str, Sequence[str]]) -> None:
        self._sheet = sheet
        self._words = dict(words)
        self._lists: dict[str, int] = {field: number for number, field in enumerate(self._words, start=1)}
        self._words["yes_no"] = ["是", "否"]
        self._lists["yes_no"] = len(self._lists) + 1

    def add(self, fields: Sequence[str], attributes: Sequence[AttributeColumn]) -> None:
        """A rule for every column that has one, in the order of the sheet."""
        for number, field in enumerate(fields, start=1):
            self._of_field(number, field)
        for number, column in enumerate(attributes, start=len(fields) + 1):
            if column.type == "boolean":
                self._choice(number, "yes_no", _("是或否"))
            elif column.type == "integer":
                self._put(number, _("0 或更大的整数"), type="whole", operator="between",
                          formula1="0", formula2="1000000000000")  # fmt: skip
            else:
                self._length(number, 500)

    def _of_field(self, number: int, field: str) -> None:
        column = BY_FIELD[field]
        if column.shape is Shape.WORD:
            self._choice(number, field, _("请从列表里选择"))
        elif column.shape is Shape.DATE:
            self._put(number, _("日期,例如 2024-06-30;没有就留空"), type="date", operator="between",
                      formula1=str(_FIRST_DAY), formula2=str(_LAST_DAY))  # fmt: skip
        elif field in _BOUNDS:
            low, high = _BOUNDS[field]
            sentence = _("%(title)s一般在 %(low)d 到 %(high)d 之间;经度和纬度是不是填反了?") % {
                "title": column.header,
                "low": low,
                "high": high,
            }
            self._put(number, sentence, style="warning", type="decimal", operator="between",
                      formula1=str(low), formula2=str(high))  # fmt: skip
        elif column.shape is Shape.NUMBER:
            self._put(number, _("大于 0 的数,至多三位小数"), type="decimal", operator="between",
                      formula1="0.001", formula2=str(_MOST))  # fmt: skip
        elif column.longest:
            self._length(number, column.longest)

    def _length(self, number: int, most: int) -> None:
        sentence = _("至多 %(limit)d 个字") % {"limit": most}
        self._put(number, sentence, type="textLength", operator="lessThanOrEqual", formula1=str(most))

    def _choice(self, number: int, words: str, sentence: str) -> None:
        from openpyxl.utils import get_column_letter

        column = get_column_letter(self._lists[words])
        # On a sheet of their own: a list in the rule itself holds 255 characters.
        where = f"'{LISTS_SHEET}'!${column}$1:${column}${len(self._words[words])}"
        self._put(number, sentence, type="list", formula1=where)

    def _put(self, number: int, sentence: str, *, style: str = "stop", **rule: Any) -> None:
        from openpyxl.utils import get_column_letter
        from openpyxl.worksheet.datavalidation import DataValidation

        made = DataValidation(
            allow_blank=True,
            showErrorMessage=True,
            errorStyle=style,
            errorTitle=self._sheet.headings[number - 1].title[:32],
            error=sentence[:255],
            **rule,
        )
        letter = get_column_letter(number)
        made.add(f"{letter}2:{letter}{_LAST_ROW}")
        self._sheet.raw.data_validations.append(made)

    def write_lists(self, book: "Workbook") -> None:
        """The sheet, hidden, with a column for each list."""
        columns = sorted(self._lists, key=self._lists.__getitem__)
        sheet = Sheet(book, LISTS_SHEET, [Heading("", 20) for _column in columns])
        longest = max(len(self._words[name]) for name in columns)
        for row in range(longest):
            sheet.append(self._words[name][row] if row < len(self._words[name]) else None for name in columns)
        sheet.raw.sheet_state = "hidden"
