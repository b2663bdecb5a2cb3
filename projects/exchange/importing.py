"""Planning an import: what a file would create, change and leave alone, and everything that is wrong with it.

Pure: the file has been read, and what the database knows comes in as a `World`. Nothing is written here; the
plan goes to projects.actions.batches.apply_site_drafts, all or nothing.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final

from django.utils.translation import gettext as _

from maps.crs import DeclarationError, parse_declared
from maps.datum import Datum
from projects.actions.drafts import SiteDraft
from projects.actions.siteupdates import SiteUpdate
from projects.exchange.codes import generated_codes, source_prefix
from projects.exchange.columns import FALLBACK_FIELDS, ColumnMap, match_columns
from projects.exchange.differences import ExistingSite, changes_of, draft_of, order_problem
from projects.exchange.dividing import Divided, Elsewhere, Locator, Stated, divide
from projects.exchange.gazetteer import Gazetteer
from projects.exchange.options import ImportOptions, template_columns
from projects.exchange.placing import Place, place_rows, raw_position
from projects.exchange.problems import OptionError, Problem, Severity, UnreadableFile
from projects.exchange.readers import Table
from projects.exchange.rows import KindRef, RowReader, RowValues
from projects.rules.vocabulary import Service

_ASKED: Final = 5_000
_SAME_PLACE: Final = 7  # decimals of a degree: a centimetre


@dataclass(frozen=True, slots=True)
class World:
    """What the database knows. `existing` answers by code (removed sites too); `codes_with_prefix` gives
    (code, name) of live sites; `may_manage` says whether the actor may keep sites of a division."""

    kinds: Sequence[KindRef]
    gazetteer: Gazetteer
    locator: Locator
    existing: Callable[[Sequence[str]], Mapping[str, ExistingSite]]
    codes_with_prefix: Callable[[str], Sequence[tuple[str, str]]]
    may_manage: Callable[[int], bool]
    elsewhere: Elsewhere
    today: dt.date
    indicator_id: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be written. With an error among `problems` nothing may be."""

    drafts: tuple[SiteDraft, ...]
    updates: tuple[SiteUpdate, ...]
    unchanged: int
    missing: tuple[tuple[str, str], ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]
    columns: ColumnMap = field(default_factory=lambda: ColumnMap({}))
    fallbacks: int = 0

    @property
    def errors(self) -> int:
        return sum(problem.severity is Severity.ERROR for problem in self.problems)

    @property
    def warnings(self) -> int:
        return len(self.problems) - self.errors


def plan_import(table: Table, options: ImportOptions, world: World) -> Plan:
    """Raises OptionError for options that do not fit the file, UnreadableFile for a contradicted datum."""
    _check_datum(table, options)
    columns = _columns(table, options)
    reader = RowReader(columns, options, world.kinds)
    rows: dict[int, RowValues] = {}
    raws = {}
    position_problems = []
    labels: dict[int, Stated] = {}
    for row in table.rows:
        read = reader.read(row)
        raw = raw_position(row, columns, table.has_geometry)
        labels[row.number] = Stated(reader.label(row), reader.stated(row))
        if isinstance(raw, Problem):
            position_problems.append(raw)
        else:
            raws[row.number] = raw
        if read is not None:
            rows[row.number] = read
    try:
        places, unplaced = place_rows(
            raws,
            options.datum,
            options.fallback_datum,
            fallback_columns=f"{columns.label('fallback_x')}, {columns.label('fallback_y')}",
        )
    except DeclarationError as problem:
        raise OptionError(problem.message.translated(_)) from problem
    divided, division_problems, notes = divide(
        places,
        labels,
        options=options,
        column=columns.label("division"),
        gazetteer=world.gazetteer,
        locator=world.locator,
        elsewhere=world.elsewhere,
        today=world.today,
    )
    problems = [*table.problems, *reader.problems, *division_problems]
    for unlabelled in (*position_problems, *unplaced.values()):
        assert unlabelled.row is not None
        problems.append(replace(unlabelled, label=labels[unlabelled.row].label))
    whole = {number: values for number, values in rows.items() if number in divided}
    comparison = _Comparison(columns, options, world)
    comparison.run(whole, places, divided)
    fallbacks = sum(places[number].raw.is_fallback for number in whole)
    if fallbacks:
        notes.append(
            _("有 %(count)d 行没有填写第一位置,用了后备位置(%(datum)s)。")
            % {"count": fallbacks, "datum": options.fallback_datum}
        )
    notes += _same_place_note([places[number] for number in whole])
    notes += _unknown_service_note(comparison.drafts)
    problems = sorted(
        [*problems, *comparison.problems],
        key=lambda problem: (problem.severity is not Severity.ERROR, problem.row or 0),
    )
    has_errors = any(problem.severity is Severity.ERROR for problem in problems)
    return Plan(
        tuple(comparison.drafts),
        tuple(comparison.updates),
        comparison.unchanged,
        # A row that could not be read is not missing.
        () if has_errors else tuple(comparison.missing),
        tuple(problems),
        tuple(notes),
        columns,
        fallbacks,
    )


def _check_datum(table: Table, options: ImportOptions) -> None:
    """A file that names a system other than the declared one is refused: one of the two is wrong."""
    if table.declared_crs is None:
        return
    try:
        own: object = parse_declared(table.declared_crs)
    except DeclarationError:
        own = table.declared_crs
    same = {Datum.WGS84, Datum.CGCS2000}
    if own != options.datum and not (own in same and options.datum in same):
        sentence = _("文件自己写明坐标系是 %(own)s,而 --datum 声明的是 %(declared)s;请核对后只留一个。") % {
            "own": table.declared_crs,
            "declared": options.datum,
        }
        if options.datum in (Datum.GCJ02, Datum.BD09):
            sentence += _(
                "GIS 文件没有办法写明这种坐标系:坐标如确是从高德、腾讯或百度地图取的,"
                "请在 GIS 软件中把图层的坐标系去掉(设为未知)再导出。"
            )
        raise UnreadableFile(sentence)


def _columns(table: Table, options: ImportOptions) -> ColumnMap:
    explicit = dict(options.mapping)
    for name, column in (("code", options.code_column), ("kind", options.kind.column)):
        if column:
            if explicit.get(name, column) != column:
                raise OptionError(_("--map %(field)s 与另一个选项矛盾。") % {"field": name})
            explicit[name] = column
    for name, rule in options.words.items():
        if explicit.get(name, rule.column) != rule.column:
            raise OptionError(_("--map %(field)s 与另一个选项矛盾。") % {"field": name})
        explicit[name] = rule.column
    skip = {"code", "kind"}
    if options.name_template:
        skip.add("name")
        absent = [c for c in template_columns(options.name_template) if c not in table.headers]
        if absent:
            raise OptionError(
                _("--name-from 用了文件没有的列 %(column)s;它有:%(headers)s。")
                % {"column": absent[0], "headers": "、".join(table.headers)}
            )
    if not options.indicator:
        skip.add("quantity")
    columns = match_columns(table.headers, explicit, has_geometry=table.has_geometry, skip=skip)
    _check_fallback(columns, options)
    if "name" not in columns and not options.name_template:
        raise OptionError(
            _("不知道名称在哪一列:请用 --map name=列,或 --name-from '前缀 {列}'。文件有:%(headers)s。")
            % {"headers": "、".join(table.headers)}
        )
    if options.division_from_column and "division" not in columns:
        raise OptionError(_("--division-from column 需要知道哪一列是区划:请用 --map division=列。"))
    if "quantity" in columns and not options.indicator:
        raise OptionError(_("有了 --indicator 才能填写贡献量(quantity)。"))
    return columns


def _check_fallback(columns: ColumnMap, options: ImportOptions) -> None:
    """A second position is a pair and a datum, or nothing."""
    given = sorted(name for name in FALLBACK_FIELDS if name in columns)
    if len(given) == len(FALLBACK_FIELDS) and options.fallback_datum is not None:
        return
    if given or options.fallback_datum is not None:
        raise OptionError(
            _(
                "后备位置要三样一起给:--fallback-datum 坐标系、--map fallback_x=列、--map fallback_y=列;"
                "它的坐标系同样从不猜测。"
            )
        )


@dataclass(slots=True)
class _Comparison:
    """Holds the rows that could be read against what is there."""

    columns: ColumnMap
    options: ImportOptions
    world: World
    drafts: list[SiteDraft] = field(default_factory=list)
    updates: list[SiteUpdate] = field(default_factory=list)
    unchanged: int = 0
    missing: list[tuple[str, str]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def run(
        self, rows: Mapping[int, RowValues], places: Mapping[int, Place], divided: Mapping[int, Divided]
    ) -> None:
        codes = self._codes(rows, places)
        numbers = list(rows)
        existing: Mapping[str, ExistingSite] = {}
        for index, number in enumerate(numbers):
            if index % _ASKED == 0:
                # What is there is asked for and forgotten in pieces: it weighs more than the file.
                asked = {codes[other] for other in numbers[index : index + _ASKED]}
                existing = self.world.existing(sorted(asked))
            values, code = rows[number], codes[number]
            there = existing.get(code)
            if there is None:
                self._add(values, code, places[number], divided[number])
            elif there.is_removed:
                self._say(
                    values, code, _("编码 %(code)s 属于一个已删除的点位;请换一个编码。") % {"code": code}
                )
            else:
                self._change(values, there, places[number], divided[number])
        if self.options.code_column is None:
            seen = set(codes.values())
            of_source = self.world.codes_with_prefix(source_prefix(self.options.source))
            self.missing = [pair for pair in of_source if pair[0] not in seen]

    def _codes(self, rows: Mapping[int, RowValues], places: Mapping[int, Place]) -> dict[int, str]:
        if self.options.code_column is None:
            codes, problems = generated_codes(rows, places, self.options.source)
        else:
            codes = {number: values.code for number, values in rows.items()}
            problems = _double_codes(rows, self.columns.label("code"))
        self.problems += problems
        return codes

    def _add(self, values: RowValues, code: str, place: Place, divisions: Divided) -> None:
        pair = _contribution(values, self.world.indicator_id)
        draft, warnings = draft_of(values, code, place, divisions, self.options, pair)
        self._warn(values, code, warnings)
        self._check(values, code, None, {draft.managed_by_id})
        self.drafts.append(draft)

    def _change(self, values: RowValues, there: ExistingSite, place: Place, divisions: Divided) -> None:
        pair = _contribution(values, self.world.indicator_id)
        changes, warnings = changes_of(values, there, place, divisions, self.options, pair)
        self._warn(values, there.code, warnings)
        if not changes:
            self.unchanged += 1
            return
        # Handing a site over takes a right on both sides.
        after = divisions.managed_by if "managed_by_id" in changes else there.managed_by_id
        self._check(values, there.code, there, {there.managed_by_id, after})
        self.updates.append(SiteUpdate(there.id, there.version, changes))

    def _check(self, values: RowValues, code: str, there: ExistingSite | None, managed: set[int]) -> None:
        if disorder := order_problem(values, there):
            self._say(values, code, disorder)
        for division_id in sorted(managed):
            if not self.world.may_manage(division_id):
                division = self.world.gazetteer.by_id.get(division_id, "")
                self._say(values, code, _("%(division)s 不在您的管理区划内。") % {"division": division})

    def _warn(self, values: RowValues, code: str, sentences: Sequence[str]) -> None:
        for sentence in sentences:
            self._say(values, code, sentence, Severity.WARNING)

    def _say(self, values: RowValues, code: str, sentence: str, severity: Severity = Severity.ERROR) -> None:
        self.problems.append(
            Problem(
                sentence, values.number, values.label, self.columns.label("code"), code, severity=severity
            )
        )


def _contribution(values: RowValues, indicator_id: int | None) -> tuple[int, Decimal] | None:
    if indicator_id is None:
        return None
    return indicator_id, values.quantity if isinstance(values.quantity, Decimal) else Decimal(1)


def _double_codes(rows: Mapping[int, RowValues], column: str) -> list[Problem]:
    first: dict[str, int] = {}
    problems = []
    for number, values in rows.items():
        if values.code in first:
            problems.append(
                Problem(
                    _("编码 %(code)s 与第 %(row)d 行相同。")
                    % {"code": values.code, "row": first[values.code]},
                    number,
                    values.label,
                    column,
                    values.code,
                    _("每行一个不同的编码"),
                )
            )
        first.setdefault(values.code, number)
    return problems


def _unknown_service_note(drafts: Sequence[SiteDraft]) -> list[str]:
    unknown = sum(draft.service is Service.UNKNOWN for draft in drafts)
    if not unknown:
        return []
    return [
        _(
            "有 %(count)d 个新点位服务状态未知:地图缺省只显示“开放”的;"
            "其余要选“全部”;确已开放请用 --service open。"
        )
        % {"count": unknown}
    ]


def _same_place_note(places: Sequence[Place]) -> list[str]:
    spots = Counter((round(place.lon, _SAME_PLACE), round(place.lat, _SAME_PLACE)) for place in places)
    shared = sum(count - 1 for count in spots.values())
    return [_("有 %(count)d 行的坐标与另一行相同(照样导入)。") % {"count": shared}] if shared else []
