"""Counts of a programme's sites by both clocks, by who manages them, unit and stage."""

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import ClassVar, Final

from projects.models import AuditEntry
from projects.readmodels.balances import balance, keeps
from projects.readmodels.clocks import Clocks
from projects.readmodels.definitions import definitions
from projects.readmodels.kept import Kept, while_it_stands
from projects.readmodels.siteindex import Snapshot
from projects.readmodels.standings import Group, cells_of, groups, moved_between
from projects.readmodels.vocabulary import ProgrammeWords
from projects.rules.rollups import EMPTY, THOUSANDTHS, Cell, Definitions, Measures, Unit, shares
from projects.rules.schedule import EXACT
from projects.rules.vocabulary import Light

HUNDRED = Decimal(100)
#: Days besides the cut-off whose boards one snapshot keeps: whoever walks through a year pays for it.
_KEPT_DAYS: Final = 24
#: So many changes that a snapshot has not seen yet are taken back one by one.
_FEW_CHANGES: Final = 5_000
#: What decides how sites are counted, besides the sites: after such a change nothing is taken back.
_DEFINING: Final = ("programme", "indicator", "category", "figures")
#: Answers for moments that are past: they never change.
_past: Kept[Mapping[Cell, Measures]] = Kept(64)


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of sites. Percentages are None, never 0, where there is nothing to divide by.

    `due`: expected to be done by the baseline; `overdue`: those of them that are not done (a site finished
    early makes up for no late one); `unplanned`: without baseline dates, so never due. `late`: yellow or red,
    None where lights are not public; `lights` then is None, too.
    """

    sites: int = 0
    finished: int = 0
    due: int = 0
    overdue: int = 0
    unplanned: int = 0
    late: int | None = None
    is_demo: bool = False
    lights: Mapping[Light, int] | None = field(default=None, hash=False)

    #: Names of the formulas: anchors of the methodology page. Numerators and denominators are below.
    formula: ClassVar[str] = "completion"
    planned_formula: ClassVar[str] = "due"
    late_formula: ClassVar[str] = "lights"

    @property
    def numerator(self) -> int:
        return self.finished

    @property
    def denominator(self) -> int:
        return self.sites

    @property
    def planned_numerator(self) -> int:
        return self.due

    @property
    def missing(self) -> int:
        """Parts that the planned share says nothing of: sites without baseline dates."""
        return self.unplanned

    @property
    def percent(self) -> Decimal | None:
        """完成率, 0..100."""
        return EXACT.divide(HUNDRED * self.finished, Decimal(self.sites)) if self.sites else None

    @property
    def planned_percent(self) -> Decimal | None:
        """Share of the sites that the baseline expects to be done by the day; None without any plan."""
        if self.sites == self.unplanned:
            return None
        return EXACT.divide(HUNDRED * self.due, Decimal(self.sites))


@dataclass(frozen=True, slots=True)
class Given:
    """What sites give to an indicator: all that are listed, and those that are done."""

    listed: Decimal
    done: Decimal
    is_demo: bool


@dataclass(frozen=True)
class Board:
    """All sums of a programme by both clocks, ready to be asked for any set of divisions.

    `definitions`: indicators as they were known. `stood`: the groups behind the sums, read when somebody asks
    for indicators that make up no unit. `shows_lights`: whether the public may see lights of this day.
    """

    programme: ProgrammeWords
    cells: Mapping[Cell, Measures]
    definitions: Definitions
    stood: Callable[[], tuple[Group, ...]]
    shows_lights: bool

    def tally(
        self, *, managers: Collection[int] | None = None, indicators: Collection[int] | None = None
    ) -> Tally:
        """Count what these divisions manage (None: everything) for these indicators (None: all).

        A site that counts for several of them is counted once. Of a single indicator what counts for its
        subsets is counted, too.
        """
        return tally_of(self.measures(managers=managers, indicators=indicators), lights=self.shows_lights)

    def measures(
        self, *, managers: Collection[int] | None = None, indicators: Collection[int] | None = None
    ) -> Measures:
        """The sums behind `tally`, lights included whoever may see them."""
        unit = self.unit_of(indicators)
        if unit is None:
            return self._measured(frozenset(indicators or ()), managers)
        return self.unit(*unit, managers=managers)

    def unit(self, unit: Unit, unit_id: int, *, managers: Collection[int] | None = None) -> Measures:
        """The sums of one unit: a category, a project, an indicator or the programme."""
        found = EMPTY
        for manager, measures in self._by_unit.get((unit, unit_id), {}).items():
            if managers is None or manager in managers:
                found = found.plus(measures)
        return found

    def stages(self, managers: Collection[int] | None = None) -> Mapping[str, int]:
        """Sites by stage, cancelled ones too, in the one order of stages."""
        return {stage.value: count for stage, count in self.measures(managers=managers).by_stage().items()}

    def managers(self) -> frozenset[int]:
        """Divisions that manage at least one site."""
        own = self._by_unit.get((Unit.PROGRAMME, self.programme.pk), {})
        return frozenset(pk for pk, row in own.items() if any(row.by_stage().values()))

    def given(self, indicator: int, *, managers: Collection[int] | None = None) -> Given | None:
        """What sites give to an indicator; None where none is listed."""
        found = self.unit(Unit.INDICATOR, indicator, managers=managers)
        if not found.sites:
            return None
        listed, done = Decimal(found.listed) / THOUSANDTHS, Decimal(found.output) / THOUSANDTHS
        return Given(listed, done, found.demo > 0)

    def unit_of(self, indicators: Collection[int] | None) -> tuple[Unit, int] | None:
        """The unit that these indicators make up; None where they make up none."""
        return self._units.get(None if indicators is None else frozenset(indicators))

    @property
    def by_start(self) -> frozenset[int]:
        """Indicators of the kind 开工建设, done once work has begun."""
        return frozenset(pk for pk, row in self.definitions.items() if row.by_start)

    @cached_property
    def _by_unit(self) -> dict[tuple[Unit, int], dict[int, Measures]]:
        found: dict[tuple[Unit, int], dict[int, Measures]] = {}
        for cell, measures in self.cells.items():
            found.setdefault((cell.unit, cell.unit_id), {})[cell.manager] = measures
        return found

    @cached_property
    def _units(self) -> dict[frozenset[int] | None, tuple[Unit, int]]:
        return units_of(self.programme, self.definitions)

    def _measured(self, indicators: frozenset[int], managers: Collection[int] | None) -> Measures:
        """Of indicators that make up no unit: as if they were a category of their own."""
        chosen = {
            pk: row
            for pk, row in self.definitions.items()
            if pk in indicators and row.programme == self.programme.pk
        }
        found = EMPTY
        for group in self.stood():
            if managers is not None and group.counted.managed_by not in managers:
                continue
            for cell, share in shares(group.counted, chosen):
                if cell.unit is Unit.PROGRAMME:
                    row = [0] * len(EMPTY)
                    for place, amount in share:
                        row[place] = group.sites * amount
                    found = found.plus(row)
        return found


def tally_of(found: Measures, *, lights: bool) -> Tally:
    """The sums as the public may see them."""
    return Tally(
        found.sites,
        found.done,
        found.due,
        found.overdue,
        found.unplanned,
        found.light_yellow + found.light_red if lights else None,
        found.demo > 0,
        found.by_light() if lights else None,
    )


def units_of(
    programme: ProgrammeWords, indicators: Definitions
) -> dict[frozenset[int] | None, tuple[Unit, int]]:
    """By the indicators that make it up, each unit of the programme; None: the programme as a whole."""
    parts: dict[tuple[Unit, int], set[int]] = {}
    for pk, row in indicators.items():
        if row.programme != programme.pk:
            continue
        parts.setdefault((Unit.CATEGORY, row.category), set()).add(pk)
        if row.project is not None:
            parts.setdefault((Unit.PROJECT, row.project), set()).add(pk)
        parts[Unit.INDICATOR, pk] = {pk}
    found: dict[frozenset[int] | None, tuple[Unit, int]] = {
        frozenset(pks): unit for unit, pks in parts.items()
    }
    return {**found, None: (Unit.PROGRAMME, programme.pk)}


def board(programme: ProgrammeWords, clocks: Clocks, held: Snapshot) -> Board:
    """The sums of a day by what `held` knows, or by what was known at an earlier change.

    Two queries whatever the number of sites, none when the day was asked for since the last change. A moment
    that is long past costs a read of every site's standing, once.
    """
    known = held.seq if clocks.known_seq is None else clocks.known_seq
    day = clocks.as_of
    indicators = _definitions(held, known)
    return Board(
        programme,
        _cells(programme, day, known, held, indicators),
        indicators,
        lambda: groups(day, known),
        may_show_lights(programme, day),
    )


def may_show_lights(programme: ProgrammeWords, day: dt.date) -> bool:
    """Lights are internal until the programme says otherwise, and published up to its cut-off: what nobody
    was asked to report yet is not late."""
    return programme.is_public and programme.publishes_lights and day <= programme.cutoff


def _definitions(held: Snapshot, known: int) -> Definitions:
    if known != held.seq:
        return definitions(known)
    if "definitions" not in held.word_tables:
        held.word_tables["definitions"] = definitions(known)
    found: Definitions = held.word_tables["definitions"]
    return found


def _cells(
    programme: ProgrammeWords, day: dt.date, known: int, held: Snapshot, indicators: Definitions
) -> Mapping[Cell, Measures]:
    if known < held.seq:
        return _past.get(
            (held.epoch, programme.pk, day, known), lambda: cells_at(programme, day, known, indicators)
        )
    return while_it_stands(
        held.tables,
        "board at the cut-off" if day == programme.cutoff else "board",
        # A moment may be later than what `held` has heard of.
        (programme.pk, day, known),
        lambda: cells_at(programme, day, known, indicators),
        _KEPT_DAYS,
    )


def cells_at(
    programme: ProgrammeWords, day: dt.date, known: int, indicators: Definitions
) -> Mapping[Cell, Measures]:
    """Every cell of the programme on the day as it was known after a change."""
    if keeps(programme, day):
        kept = balance(programme, day)
        if kept.seq <= known:
            return kept.cells
        back = taken_back(known, kept.seq, indicators, [day])
        if back is not None:
            return less(kept.cells, back[day], programme.pk)
    return cells_of(groups(day, known), indicators, programme.pk)


def taken_back(
    known: int, seq: int, indicators: Definitions, days: Collection[dt.date]
) -> dict[dt.date, dict[Cell, Measures]] | None:
    """What changes after `known`, up to `seq`, added to each day; None where that is not to be said cheaply:
    there were too many of them, or one of how sites are counted."""
    if seq - known > _FEW_CHANGES:
        return None
    if AuditEntry.objects.filter(subject_type__in=_DEFINING, seq__gt=known, seq__lte=seq).exists():
        return None
    found: dict[dt.date, dict[Cell, Measures]] = {day: {} for day in days}
    for cell, changes in moved_between(known, seq).by_cell(indicators).items():
        for day, cells in found.items():
            for moved, amounts in changes.items():
                if moved <= day:
                    cells[cell] = cells.get(cell, EMPTY).plus(amounts)
    return found


def less(
    cells: Mapping[Cell, Measures], back: Mapping[Cell, Measures], programme: int
) -> dict[Cell, Measures]:
    """The cells without what is taken back."""
    found = dict(cells)
    for cell, amounts in back.items():
        if cell.programme == programme:
            found[cell] = found.get(cell, EMPTY).plus([-amount for amount in amounts])
    return found
