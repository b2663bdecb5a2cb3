"""From a row's cells to its values, one problem for each cell that cannot be read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from django.utils.translation import gettext as _

from projects.exchange import values
from projects.exchange.columns import BY_FIELD, COLUMNS, ColumnMap
from projects.exchange.options import ImportOptions, KindRule, fill_template
from projects.exchange.problems import OptionError, Problem, Severity, shortened
from projects.exchange.tables import SourceRow
from projects.exchange.values import CellError, Parsed, Parser


@dataclass(frozen=True, slots=True)
class KindRef:
    """A facility kind as an import needs it; `attributes` is type by key."""

    id: int
    slug: str
    name_zh: str
    name_en: str = ""
    attributes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class RowValues:
    """What a row says. `fields`: model field to value, only columns that the file has and that could be read;
    `attributes`: None takes a value away."""

    number: int
    label: str
    code: str
    name: str
    kind: KindRef
    fields: Mapping[str, object]
    attributes: Mapping[str, object]
    quantity: object = None


class KindFinder:
    """Kinds by the words of a file, as `KindRule` says."""

    def __init__(self, rule: KindRule, kinds: Iterable[KindRef]) -> None:
        """Raises OptionError for a slug that does not exist."""
        self._by_slug = {kind.slug: kind for kind in kinds}
        self._column = rule.column
        if rule.slug:
            self._fixed: KindRef | None = self._known(rule.slug)
            self._words: dict[str, KindRef] = {}
            return
        self._fixed = None
        self._words = {word: self._known(slug) for word, slug in rule.words.items()}
        if not rule.words:
            for kind in self._by_slug.values():
                self._words |= {word: kind for word in (kind.slug, kind.name_zh, kind.name_en) if word}

    def _known(self, slug: str) -> KindRef:
        if slug not in self._by_slug:
            raise OptionError(
                _("没有设施种类 %(slug)s;可用:%(slugs)s。")
                % {"slug": slug, "slugs": "、".join(f"{k.slug}({k.name_zh})" for k in self._by_slug.values())}
            )
        return self._by_slug[slug]

    @property
    def possible(self) -> list[KindRef]:
        return [self._fixed] if self._fixed else list(self._words.values())

    def of(self, row: SourceRow, header: str) -> KindRef | Problem:
        if self._fixed is not None:
            return self._fixed
        word = row.cells.get(header, "").strip()
        if word in self._words:
            return self._words[word]
        return Problem(
            _("不认识设施种类“%(word)s”。") % {"word": shortened(word)} if word else _("没有填写设施种类。"),
            row=row.number,
            column=header,
            found=shortened(word),
            allowed="、".join(self._words),
        )


class RowReader:
    """Reads rows by one column map; every cell that cannot be read is a problem in `problems`."""

    def __init__(self, columns: ColumnMap, options: ImportOptions, kinds: Iterable[KindRef]) -> None:
        """Raises OptionError for a kind that does not exist and an attribute that no possible kind has."""
        self._columns = columns
        self._options = options
        self._kinds = KindFinder(options.kind, kinds)
        self._plain = [
            (column.site_field, columns.header_of[column.field], self._parser(column.field, column.parse))
            for column in COLUMNS
            if column.site_field and column.parse and column.field in columns and column.field != "name"
        ]
        self.problems: list[Problem] = []
        self._errors = 0
        for key in columns.attributes:
            if not any(key in kind.attributes for kind in self._kinds.possible):
                known = sorted({key for kind in self._kinds.possible for key in kind.attributes})
                raise OptionError(
                    _("所选设施种类没有属性 %(key)s;可用:%(known)s。")
                    % {"key": key, "known": "、".join(known) or _("无")}
                )

    def _parser(self, field: str, parse: Parser) -> Parser:
        """A column's own parser, or one that knows the file's words."""
        rule = self._options.words.get(field)
        return parse if rule is None else values.worded(rule.words, parse)

    def read(self, row: SourceRow) -> RowValues | None:
        """The row's values, or None when something in it is an error."""
        before = self._errors
        label = self.label(row)
        code = "" if self._options.code_column is None else self._cell(row, label, "code")
        name = self._name(row, label)
        kind = self._kinds.of(row, self._columns.label("kind"))
        if isinstance(kind, Problem):
            self._add(kind, label)
            return None
        fields: dict[str, object] = {}
        for site_field, header, parse in self._plain:
            parsed = self._parse(row, label, header, parse)
            if parsed is not None and not parsed.is_lost:
                fields[site_field] = parsed.value
        attributes = self._attributes(row, label, kind)
        quantity = self._cell(row, label, "quantity") if "quantity" in self._columns else None
        if self._errors > before:
            return None
        return RowValues(row.number, label, str(code), name, kind, fields, attributes, quantity)

    def taken_problems(self) -> list[Problem]:
        """The problems since this was last asked; they are forgotten."""
        taken, self.problems = self.problems, []
        return taken

    def stated(self, row: SourceRow) -> str | None:
        """The division as the row writes it; None when the file has no such column."""
        if "division" not in self._columns:
            return None
        return row.cells.get(self._columns.header_of["division"], "").strip()

    def code(self, row: SourceRow) -> str:
        """The code as the row writes it; empty when codes are generated."""
        return row.cells.get(self._options.code_column or "", "").strip()

    def label(self, row: SourceRow) -> str:
        """What a person calls the row: its name, else its code."""
        if self._options.name_template:
            return shortened(fill_template(self._options.name_template, row.cells))
        for name in ("name", "code"):
            cell = row.cells.get(self._columns.header_of.get(name, ""), "").strip()
            if cell:
                return shortened(cell)
        return ""

    def _name(self, row: SourceRow, label: str) -> str:
        if "name" in self._columns:
            return str(self._cell(row, label, "name") or "")
        filled = fill_template(self._options.name_template, row.cells)
        parsed = self._try(row, label, "--name-from", filled, values.text_of(200, required=True))
        return str(parsed.value) if parsed else ""

    def _cell(self, row: SourceRow, label: str, name: str) -> object:
        parse = BY_FIELD[name].parse
        assert parse is not None
        parsed = self._parse(row, label, self._columns.header_of[name], parse)
        return parsed.value if parsed else None

    def _parse(self, row: SourceRow, label: str, header: str, parse: Parser) -> Parsed | None:
        return self._try(row, label, header, row.cells.get(header, ""), parse)

    def _attributes(self, row: SourceRow, label: str, kind: KindRef) -> dict[str, object]:
        found: dict[str, object] = {}
        for key, header in self._columns.attributes.items():
            cell = row.cells.get(header, "")
            if key not in kind.attributes:
                if cell.strip():
                    problem = Problem(
                        _("设施种类 %(kind)s 没有属性 %(key)s。") % {"kind": kind.slug, "key": key},
                        row=row.number,
                        column=header,
                        found=shortened(cell),
                        allowed="、".join(kind.attributes),
                    )
                    self._add(problem, label)
                continue
            parsed = self._try(row, label, header, cell, values.attribute_of(kind.attributes[key]))
            if parsed is not None:
                found[key] = parsed.value
        return found

    def _try(self, row: SourceRow, label: str, column: str, cell: str, parse: Parser) -> Parsed | None:
        try:
            values.refuse_broken(cell)
            parsed = parse(cell)
        except CellError as error:
            self._add(
                Problem(str(error), row.number, column=column, found=shortened(cell), allowed=error.allowed),
                label,
            )
            return None
        if parsed.warning:
            self.problems.append(
                Problem(parsed.warning, row.number, label, column, shortened(cell), severity=Severity.WARNING)
            )
        return parsed

    def _add(self, problem: Problem, label: str) -> None:
        self._errors += 1
        self.problems.append(replace(problem, label=label))
