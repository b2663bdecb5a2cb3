"""From a row's cells to what it says of one phase, one problem for each cell that cannot be read."""

import datetime as dt
import hashlib
from base64 import b32encode
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.utils.translation import gettext as _

from projects.exchange import values
from projects.exchange.options import fill_template
from projects.exchange.phasecells import UndeclaredWord, folded
from projects.exchange.phasecolumns import DATES, MONEY, PhaseColumns
from projects.exchange.phaseoptions import PhaseImportOptions
from projects.exchange.problems import Problem, Severity, shortened
from projects.exchange.tables import SourceRow
from projects.exchange.values import CellError
from projects.rules.phases import EMPTY, Gap, Meaning

_PERSON: Final = b"phase-import"
_LONGEST_KEY: Final = 120
_LONGEST_NAME: Final = 200
#: Pairs of dates of which the second may not lie before the first.
_ORDERED: Final = (
    ("baseline_start", "baseline_due"),
    ("planned_start", "planned_due"),
    ("started_on", "met_on"),
)


@dataclass(frozen=True, slots=True)
class RowSaid:
    """One row. `values`: dates and amounts that were read; `gaps`: why one is missing. Only columns that the
    file has are in either. `order` None: no such column.
    """

    number: int
    label: str
    code: str
    project: str
    project_name: str
    category: str
    name: str
    name_en: str
    order: int | None
    status: str | None
    currency: str
    values: Mapping[str, dt.date | Decimal]
    gaps: Mapping[str, Gap]
    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class KeyColumns:
    """Headers of the project's key, of the phase's code (empty: generated), of the category (or none)."""

    project: tuple[str, ...]
    code: tuple[str, ...]
    category: str = ""


class PhaseRowReader:
    """Reads rows; what is wrong is in `problems`, words that nothing declares are counted in `undeclared`."""

    def __init__(
        self, columns: PhaseColumns, keys: KeyColumns, options: PhaseImportOptions, today: dt.date
    ) -> None:
        self._columns, self._keys, self._options, self._today = columns, keys, options, today
        self.problems: list[Problem] = []
        self.undeclared: Counter[tuple[str, str]] = Counter()
        self.cut_names = 0
        self._errors = 0

    def read(self, row: SourceRow) -> RowSaid | None:
        """What the row says, or None when something in it is an error."""
        before = self._errors
        project = self._key(row, self._keys.project) if self._keys.project else ""
        name = self._text(row, "name")
        label = shortened(" · ".join(part for part in (project, name) if part))
        if self._keys.project and not project:
            self._error(row, label, "、".join(self._keys.project), _("标明项目的列都是空的。"))
        if not name:
            self._error(row, label, self._columns.header_of["name"], _("没有填写阶段名称。"))
        said: dict[str, dt.date | Decimal] = {}
        gaps: dict[str, Gap] = {}
        self._dates(row, label, said, gaps)
        self._money(row, label, said, gaps)
        status = self._text(row, "status", 100) if "status" in self._columns else None
        self._doubt_done(status, said, gaps)
        self._contradictions(row, label, said)
        code = self._code(row, label, project, name)
        category = self._category(row, label)
        order = self._order(row, label)
        currency = self._currency(row, label)
        if self._errors > before:
            return None
        return RowSaid(
            row.number,
            label,
            code,
            project,
            self._project_name(row),
            category,
            name,
            self._text(row, "name_en"),
            order,
            status,
            currency,
            said,
            gaps,
            {key: _plain(row.cells.get(header, "")) for key, header in self._columns.attributes.items()},
        )

    # -- keys and texts --------------------------------------------------------------------------------

    def _key(self, row: SourceRow, headers: tuple[str, ...]) -> str:
        parts = [_plain(row.cells.get(header, "")) for header in headers]
        return "" if not any(parts) else shortened_key(" | ".join(parts))

    def _code(self, row: SourceRow, label: str, project: str, name: str) -> str:
        if not self._keys.code:
            owner = project or f"indicator {self._options.indicator}"
            return "g" + _hash(f"{owner}\n{name}", 10)
        code = self._key(row, self._keys.code)
        if not code:
            self._error(row, label, "、".join(self._keys.code), _("阶段代码的列是空的。"))
        return code

    def _category(self, row: SourceRow, label: str) -> str:
        if not self._keys.category:
            return ""
        word = _plain(row.cells.get(self._keys.category, ""))
        if not word:
            self._error(row, label, self._keys.category, _("没有填写类。"))
        elif len(word) > _LONGEST_NAME:
            self._error(row, label, self._keys.category, _("有 %(count)d 个字,太长。") % {"count": len(word)})
        return word

    def _project_name(self, row: SourceRow) -> str:
        if "project" in self._columns:
            name = self._text(row, "project", 1_000)
        elif self._options.project_name:
            name = _plain(fill_template(self._options.project_name, row.cells))
        else:
            parts = (_plain(row.cells.get(header, "")) for header in self._keys.project)
            name = " ".join(part for part in parts if part)
        if len(name) > _LONGEST_NAME:
            self.cut_names += 1
            return name[: _LONGEST_NAME - 1] + "…"
        return name

    def _text(self, row: SourceRow, field: str, limit: int = _LONGEST_NAME) -> str:
        header = self._columns.header_of.get(field)
        if header is None:
            return ""
        text = _plain(row.cells.get(header, ""))
        try:
            values.refuse_broken(text)
        except CellError as error:
            self._cell_error(row, "", header, text, error)
        if len(text) > limit:
            sentence = _("有 %(count)d 个字,太长。") % {"count": len(text)}
            self._error(row, "", header, sentence, text, _("至多 %(limit)d 个字") % {"limit": limit})
            return text[:limit]
        return text

    def _order(self, row: SourceRow, label: str) -> int | None:
        header = self._columns.header_of.get("order")
        if header is None:
            return None
        cell = row.cells.get(header, "")
        try:
            return int(values.number(cell)) if cell.strip() else 0
        except (CellError, OverflowError):
            self._error(row, label, header, _("“%(found)s”不是整数。") % {"found": shortened(cell)}, cell)
            return None

    def _currency(self, row: SourceRow, label: str) -> str:
        header = self._columns.header_of.get("currency")
        code = _plain(row.cells.get(header, "")).upper() if header else ""
        if not code:
            return self._options.cells.currency
        if len(code) != 3 or not (code.isascii() and code.isalpha()):
            sentence = _("“%(found)s”不是币种代码。") % {"found": code}
            self._error(row, label, header or "", sentence, code, "CNY、USD…")
        return code

    # -- dates and money ----------------------------------------------------------------------------------

    def _dates(
        self, row: SourceRow, label: str, said: dict[str, dt.date | Decimal], gaps: dict[str, Gap]
    ) -> None:
        for field in DATES:
            header = self._columns.header_of.get(field)
            if header is None:
                continue
            cell = row.cells.get(header, "")
            try:
                value = self._options.cells.date(cell)
            except CellError as error:
                self._cell_error(row, label, header, cell, error)
                continue
            if isinstance(value, Gap):
                gaps[field] = value
            else:
                said[field] = value

    def _money(
        self, row: SourceRow, label: str, said: dict[str, dt.date | Decimal], gaps: dict[str, Gap]
    ) -> None:
        for field in MONEY:
            header = self._columns.header_of.get(field)
            if header is None:
                continue
            cell = row.cells.get(header, "")
            try:
                value, warning = self._options.cells.money(cell)
            except CellError as error:
                self._cell_error(row, label, header, cell, error)
                continue
            if warning:
                self._warn(row, label, header, warning, cell)
            if isinstance(value, Gap):
                gaps[field] = value
            else:
                said[field] = value

    def _doubt_done(
        self, status: str | None, said: Mapping[str, dt.date | Decimal], gaps: dict[str, Gap]
    ) -> None:
        """A status that says finished without a date: whether that was in time is not known."""
        is_done = bool(status) and folded(status or "") in self._options.done_words
        unsaid = gaps.get("met_on", EMPTY).meaning in (Meaning.EMPTY, Meaning.NOT_STARTED)
        if is_done and unsaid and "met_on" not in said:
            gaps["met_on"] = Gap(Meaning.UNKNOWN, status or "")

    def _contradictions(self, row: SourceRow, label: str, said: Mapping[str, dt.date | Decimal]) -> None:
        for first, last in _ORDERED:
            start, finish = said.get(first), said.get(last)
            if isinstance(start, dt.date) and isinstance(finish, dt.date) and finish < start:
                sentence = _("%(last)s %(finish)s 早于%(first)s %(start)s。") % {
                    "last": self._columns.header_of[last],
                    "finish": finish,
                    "first": self._columns.header_of[first],
                    "start": start,
                }
                self._contradiction(row, label, self._columns.header_of[last], "order", sentence)
        for field in ("started_on", "met_on"):
            day = said.get(field)
            if isinstance(day, dt.date) and day > self._today:
                sentence = _("实际日期 %(day)s 晚于今天。") % {"day": day}
                self._contradiction(row, label, self._columns.header_of[field], "future", sentence)

    def _contradiction(self, row: SourceRow, label: str, header: str, kind: str, sentence: str) -> None:
        if kind in self._options.allow:
            self._warn(row, label, header, sentence, row.cells.get(header, ""))
            return
        allowed = _("改正,或加 --allow %(kind)s 照原文收下") % {"kind": kind}
        self._error(row, label, header, sentence, row.cells.get(header, ""), allowed)

    # -- problems -----------------------------------------------------------------------------------------

    def _cell_error(self, row: SourceRow, label: str, header: str, cell: str, error: CellError) -> None:
        if isinstance(error, UndeclaredWord):
            self.undeclared[header, error.word] += 1
        self._error(row, label, header, str(error), cell, error.allowed)

    def _error(
        self, row: SourceRow, label: str, header: str, sentence: str, cell: str = "", allowed: str = ""
    ) -> None:
        self._errors += 1
        self.problems.append(Problem(sentence, row.number, label, header, shortened(cell), allowed))

    def _warn(self, row: SourceRow, label: str, header: str, sentence: str, cell: str) -> None:
        self.problems.append(
            Problem(sentence, row.number, label, header, shortened(cell), severity=Severity.WARNING)
        )


def shortened_key(text: str) -> str:
    """A key as it is stored: whole where it fits, else its beginning and its hash."""
    if len(text) <= _LONGEST_KEY:
        return text
    return f"{text[: _LONGEST_KEY - 18]}…{_hash(text, 10)}"


def _plain(cell: str) -> str:
    """Text on one line, without the spaces around it."""
    return " ".join(cell.split())


def _hash(text: str, size: int) -> str:
    digest = hashlib.blake2b(text.encode(), digest_size=size, person=_PERSON).digest()
    return b32encode(digest).decode().lower().rstrip("=")
