"""Planning an import in pieces: what a file would create, change, leave alone, and all that is wrong with it.

Pure: the file has been read, and what the database knows comes in as a `World`. A piece is planned, handed on
and forgotten; what has to be known across pieces (codes, places, former names) is kept small.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import islice
from typing import Final

from django.utils.translation import gettext as _

from maps.crs import DeclarationError
from projects.actions.drafts import SiteDraft
from projects.actions.siteupdates import SiteUpdate
from projects.exchange.codes import Coder, source_prefix
from projects.exchange.columnchoice import check_datum, choose_columns
from projects.exchange.columns import ColumnMap
from projects.exchange.differences import ExistingSite, changes_of, draft_of, order_problem
from projects.exchange.dividing import Divided, Elsewhere, Locator, Remarks, Stated, divide
from projects.exchange.gazetteer import Gazetteer
from projects.exchange.options import ImportOptions
from projects.exchange.placing import Place, place_rows, raw_position
from projects.exchange.problems import OptionError, Problem, Severity
from projects.exchange.readers import SourceRow, Table
from projects.exchange.rows import KindRef, RowReader, RowValues
from projects.exchange.seen import SharedSpots
from projects.rules.vocabulary import Service

#: Rows that are planned together: the memory that planning takes.
CHUNK: Final = 5_000


@dataclass(frozen=True, slots=True)
class World:
    """What the database knows. `existing` answers by code (removed sites too); `codes_with_prefix` gives
    (code, name) of live sites; `may_manage` says whether the actor may keep sites of a division."""

    kinds: Sequence[KindRef]
    gazetteer: Gazetteer
    locator: Locator
    existing: Callable[[Sequence[str]], Mapping[str, ExistingSite]]
    codes_with_prefix: Callable[[str], Iterable[tuple[str, str]]]
    may_manage: Callable[[int], bool]
    elsewhere: Elsewhere
    today: dt.date
    indicator_id: int | None = None


@dataclass(frozen=True, slots=True)
class PlannedDraft:
    """A row that would be a new site."""

    number: int
    label: str
    draft: SiteDraft


@dataclass(frozen=True, slots=True)
class PlannedUpdate:
    """A row that would change a site, and how that site is now."""

    number: int
    label: str
    update: SiteUpdate
    there: ExistingSite


@dataclass(slots=True)
class Piece:
    """What became of some rows."""

    rows: int = 0
    drafts: list[PlannedDraft] = field(default_factory=list)
    updates: list[PlannedUpdate] = field(default_factory=list)
    unchanged: int = 0
    problems: list[Problem] = field(default_factory=list)


class Planner:
    """Plans one file. `pieces` is gone through once; what it says of the whole file is known after."""

    def __init__(self, table: Table, options: ImportOptions, world: World) -> None:
        """Raises OptionError for options that do not fit the file, UnreadableFile for another datum in it."""
        check_datum(table, options)
        self.columns = choose_columns(table, options)
        self.created = self.updated = self.unchanged = 0
        self.errors = self.warnings = 0
        self.fallbacks = 0
        self.missing: tuple[tuple[str, str], ...] = ()
        self._unknown_service = 0
        self._table = table
        self._options = options
        self._world = world
        self._reader = RowReader(self.columns, options, world.kinds)
        self._remarks = Remarks()
        self._spots = SharedSpots()
        self._coder = Coder(
            options.source, is_generated=options.code_column is None, column=self.columns.label("code")
        )

    def pieces(self) -> Iterator[Piece]:
        """Rows in the order of the file. Problems of the file as a whole come with the last piece."""
        rows = iter(self._table.rows)
        first = list(self._table.problems)
        while chunk := list(islice(rows, CHUNK)):
            piece = self._plan(chunk)
            piece.problems[:0], first = first, []
            yield self._counted(piece)
        last = Piece(problems=[*first, *self._remarks.problems()])
        yield self._counted(last)
        if not self.errors and self._options.code_column is None:
            # A row that could not be read is not missing.
            of_source = self._world.codes_with_prefix(source_prefix(self._options.source))
            self.missing = tuple(pair for pair in of_source if not self._coder.has(pair[0]))

    def notes(self) -> list[str]:
        """What is worth knowing of the whole file."""
        notes = self._remarks.notes()
        if self.fallbacks:
            notes.append(
                _("有 %(count)d 行没有填写第一位置,用了后备位置(%(datum)s)。")
                % {"count": self.fallbacks, "datum": self._options.fallback_datum}
            )
        if shared := self._spots.shared:
            notes.append(_("有 %(count)d 行的坐标与另一行相同(照样导入)。") % {"count": shared})
        if self._unknown_service:
            notes.append(
                _(
                    "有 %(count)d 个新点位服务状态未知:地图缺省只显示“开放”的;"
                    "其余要选“全部”;确已开放请用 --service open。"
                )
                % {"count": self._unknown_service}
            )
        return notes

    def _counted(self, piece: Piece) -> Piece:
        self.created += len(piece.drafts)
        self.updated += len(piece.updates)
        self.unchanged += piece.unchanged
        errors = sum(problem.severity is Severity.ERROR for problem in piece.problems)
        self.errors += errors
        self.warnings += len(piece.problems) - errors
        self._unknown_service += sum(row.draft.service is Service.UNKNOWN for row in piece.drafts)
        return piece

    def _plan(self, chunk: Sequence[SourceRow]) -> Piece:
        columns, options = self.columns, self._options
        rows: dict[int, RowValues] = {}
        raws = {}
        problems: list[Problem] = []
        labels: dict[int, Stated] = {}
        for row in chunk:
            read = self._reader.read(row)
            raw = raw_position(row, columns, self._table.has_geometry)
            labels[row.number] = Stated(self._reader.label(row), self._reader.stated(row))
            if isinstance(raw, Problem):
                problems.append(raw)
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
        divided, division_problems = divide(
            places,
            labels,
            options=options,
            column=columns.label("division"),
            gazetteer=self._world.gazetteer,
            locator=self._world.locator,
            elsewhere=self._world.elsewhere,
            today=self._world.today,
            remarks=self._remarks,
        )
        piece = Piece(len(chunk), problems=[*self._reader.taken_problems(), *division_problems])
        for unlabelled in (*problems, *unplaced.values()):
            assert unlabelled.row is not None
            piece.problems.append(replace(unlabelled, label=labels[unlabelled.row].label))
        whole = {number: values for number, values in rows.items() if number in divided}
        unread = {
            row.number: (labels[row.number].label, self._reader.code(row))
            for row in chunk
            if row.number not in whole
        }
        codes, code_problems = self._coder.codes(whole, places, unread)
        piece.problems += code_problems
        _Comparison(columns, options, self._world, piece).run(whole, codes, places, divided)
        self.fallbacks += sum(places[number].raw.is_fallback for number in whole)
        if whole:
            self._spots.add(
                [places[number].lon for number in whole], [places[number].lat for number in whole]
            )
        return piece


@dataclass(slots=True)
class _Comparison:
    """Holds the rows that could be read against what is there."""

    columns: ColumnMap
    options: ImportOptions
    world: World
    piece: Piece

    def run(
        self,
        rows: Mapping[int, RowValues],
        codes: Mapping[int, str],
        places: Mapping[int, Place],
        divided: Mapping[int, Divided],
    ) -> None:
        existing = self.world.existing(sorted(set(codes.values())))
        for number, values in rows.items():
            code = codes[number]
            there = existing.get(code)
            if there is None:
                self._add(values, code, places[number], divided[number])
            elif there.is_removed:
                self._say(
                    values, code, _("编码 %(code)s 属于一个已删除的点位;请换一个编码。") % {"code": code}
                )
            elif not there.is_own:
                self._say(
                    values,
                    code,
                    _("编码 %(code)s 属于别处的一个点位,不在您的管理区划内;请换一个编码。") % {"code": code},
                )
            else:
                self._change(values, there, places[number], divided[number])

    def _add(self, values: RowValues, code: str, place: Place, divisions: Divided) -> None:
        pair = _contribution(values, self.world.indicator_id)
        draft, warnings = draft_of(values, code, place, divisions, self.options, pair)
        self._warn(values, code, warnings)
        self._check(values, code, None, {draft.managed_by_id})
        self.piece.drafts.append(PlannedDraft(values.number, values.label, draft))

    def _change(self, values: RowValues, there: ExistingSite, place: Place, divisions: Divided) -> None:
        pair = _contribution(values, self.world.indicator_id)
        changes, warnings = changes_of(values, there, place, divisions, self.options, pair)
        self._warn(values, there.code, warnings)
        if not changes:
            self.piece.unchanged += 1
            return
        # Handing a site over takes a right on both sides.
        after = divisions.managed_by if "managed_by_id" in changes else there.managed_by_id
        self._check(values, there.code, there, {there.managed_by_id, after})
        update = SiteUpdate(there.id, there.version, changes)
        self.piece.updates.append(PlannedUpdate(values.number, values.label, update, there))

    def _check(self, values: RowValues, code: str, there: ExistingSite | None, managed: set[int]) -> None:
        if disorder := order_problem(values, there):
            self._say(values, code, disorder)
        for division_id in sorted(managed):
            if not self.world.may_manage(division_id):
                division = self.world.gazetteer.by_id.get(division_id, "")
                sentence = _("%(division)s 不在您的管理区划内。") % {"division": division}
                is_there = there is not None and there.managed_by_id == division_id
                # A new site's code is not at fault: what put it into that division is.
                self._say(values, code, sentence, column="" if is_there else self._placed_by())

    def _warn(self, values: RowValues, code: str, sentences: Sequence[str]) -> None:
        for sentence in sentences:
            self._say(values, code, sentence, Severity.WARNING)

    def _placed_by(self) -> str:
        """The columns that a site's managing division comes from."""
        return self.columns.label("division") if self.options.division_from_column else "lon, lat"

    def _say(
        self,
        values: RowValues,
        code: str,
        sentence: str,
        severity: Severity = Severity.ERROR,
        *,
        column: str = "",
    ) -> None:
        """On the row's code, or on another column."""
        named, found = (column, "") if column else (self.columns.label("code"), code)
        self.piece.problems.append(
            Problem(sentence, values.number, values.label, named, found, severity=severity)
        )


def _contribution(values: RowValues, indicator_id: int | None) -> tuple[int, Decimal] | None:
    if indicator_id is None:
        return None
    return indicator_id, values.quantity if isinstance(values.quantity, Decimal) else Decimal(1)
