"""Reading a year's holidays from a CSV file: date, 休 or 班, name. Every error says its row."""

import csv
import datetime as dt
import io
from collections.abc import Iterator
from typing import Final

from projects.rules.calendar import SpecialDay
from projects.rules.errors import RuleError
from projects.rules.errors import gettext_noop as _
from projects.rules.vocabulary import DayKind

HEADERS: Final = (("date", "日期"), ("kind", "类别"), ("name", "名称"))
KINDS: Final = {"休": DayKind.REST, "rest": DayKind.REST, "班": DayKind.WORK, "work": DayKind.WORK}
MAX_ROWS: Final = 400


def read_holidays(data: bytes, year: int) -> tuple[SpecialDay, ...]:
    """The days of a UTF-8 or GB18030 file whose first row is `date,kind,name` or `日期,类别,名称`.

    Raises RuleError that names the row: no date, another year, a kind that is neither 休 nor 班, a day twice.
    """
    rows = list(csv.reader(io.StringIO(_text(data), newline="")))
    header = tuple(cell.strip().lower() for cell in rows[0]) if rows else ()
    if len(header) < 2 or any(cell not in names for cell, names in zip(header, HEADERS, strict=False)):
        raise RuleError(_("第一行应为 date,kind,name 或 日期,类别,名称。"))
    if len(rows) > MAX_ROWS:
        raise RuleError(_("一年的节假日表不会超过 {most} 行。"), most=MAX_ROWS)
    found: dict[dt.date, int] = {}
    days = []
    for number, special in _days(rows):
        if special.day.year != year:
            raise RuleError(_("第 {row} 行:{day} 不在 {year} 年。"), row=number, day=special.day, year=year)
        if special.day in found:
            raise RuleError(
                _("第 {row} 行:{day} 在第 {first} 行已经有了。"),
                row=number,
                day=special.day,
                first=found[special.day],
            )
        found[special.day] = number
        days.append(special)
    return tuple(sorted(days))


def _days(rows: list[list[str]]) -> Iterator[tuple[int, SpecialDay]]:
    for number, row in enumerate(rows[1:], start=2):
        cells = [cell.strip() for cell in row]
        if not any(cells):
            continue
        day, kind, name, *_rest = [*cells, "", "", ""]
        try:
            date = dt.date.fromisoformat(day)
        except ValueError:
            raise RuleError(
                _("第 {row} 行:日期“{found}”应写作 2024-02-04。"), row=number, found=day[:40]
            ) from None
        if kind.lower() not in KINDS:
            raise RuleError(_("第 {row} 行:类别“{found}”应为 休 或 班。"), row=number, found=kind[:40])
        yield number, SpecialDay(date, KINDS[kind.lower()], name[:60])


def _text(data: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise RuleError(_("文件的编码既不是 UTF-8 也不是 GB18030。"))
