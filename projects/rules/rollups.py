"""Roll-ups of sites: into which units a site goes, and what it adds to each.

A *unit* is what a figure is about: a programme as a whole, a category, a project, an indicator. A site is
counted once in each unit however often it contributes there. A contribution to a subset (其中) counts in its
whole, too. Everything is a whole number, so that sums are exact in any order: sites, and quantities in
thousandths of the indicator's unit.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import pairwise
from operator import add
from typing import Final, NamedTuple, TypeAlias

from projects.rules.errors import gettext_noop as _
from projects.rules.period import ONE_DAY, month_end
from projects.rules.standings import FOREVER, Counted, Standing
from projects.rules.vocabulary import FINISHED, STAGE_ORDER, Counting, Light, Stage, Word

THOUSANDTHS: Final = 1_000


class Unit(Word):
    """What a roll-up is about."""

    PROGRAMME = "programme", _("年度")
    CATEGORY = "category", _("类")
    PROJECT = "project", _("项目")
    INDICATOR = "indicator", _("指标")


class Measures(NamedTuple):
    """Whole numbers that are added up.

    `sites` to `demo` and the lights are of sites that are not cancelled; the stages are of all.
    `done`: finished or verified, for 开工建设 begun. `due`: expected to be done by the baseline; `overdue`:
    due and not done; `unplanned`: without baseline dates. `demo`: 演示数据. A site whose light another
    programme gives shines `light_none` here. `listed`, `output`: thousandths of what all sites / the done
    ones give to an indicator, 0 for other units.
    """

    sites: int = 0
    done: int = 0
    due: int = 0
    overdue: int = 0
    unplanned: int = 0
    demo: int = 0
    stage_planned: int = 0
    stage_sited: int = 0
    stage_building: int = 0
    stage_finished: int = 0
    stage_verified: int = 0
    stage_suspended: int = 0
    stage_cancelled: int = 0
    light_green: int = 0
    light_yellow: int = 0
    light_red: int = 0
    light_blue: int = 0
    light_none: int = 0
    listed: int = 0
    output: int = 0

    def plus(self, other: Sequence[int]) -> "Measures":
        return Measures(*map(add, self, other))

    def by_stage(self) -> dict[Stage, int]:
        """All sites by stage, in the one order of stages."""
        return {stage: getattr(self, f"stage_{stage.value}") for stage in STAGE_ORDER}

    def by_light(self) -> dict[Light, int]:
        """Sites that are not cancelled by light."""
        return {light: getattr(self, f"light_{light.value}") for light in Light}


EMPTY: Final = Measures()
_AT: Final = {name: place for place, name in enumerate(Measures._fields)}
_STAGE_AT: Final = {stage: _AT[f"stage_{stage.value}"] for stage in Stage}
_LIGHT_AT: Final = {light: _AT[f"light_{light.value}"] for light in Light}


class Cell(NamedTuple):
    """One unit of one programme as one division manages it."""

    programme: int
    unit: Unit
    unit_id: int
    manager: int


@dataclass(frozen=True, slots=True)
class Definition:
    """What an indicator belongs to and how it counts. `whole`: the indicator that it is a subset of."""

    programme: int
    category: int
    project: int | None
    whole: int | None
    counting: Counting
    by_start: bool


Definitions: TypeAlias = Mapping[int, Definition]
#: What one group of sites adds: (place in Measures, amount) pairs, nought left out.
Share: TypeAlias = tuple[tuple[int, int], ...]


def shares(counted: Counted, definitions: Definitions) -> tuple[tuple[Cell, Share], ...]:
    """What one site that stands so adds to each cell that it goes into."""
    given = quantities(counted.contributions, definitions)
    found: list[tuple[Cell, Share]] = []
    for programme in sorted({definitions[pk].programme for pk in given}):
        own = [pk for pk in given if definitions[pk].programme == programme]
        light = counted.light if counted.judged_by == programme else Light.NONE
        for unit, unit_id, by_start in _units(programme, own, definitions):
            cell = Cell(programme, unit, unit_id, counted.managed_by)
            found.append((cell, _share(counted, light, by_start=by_start)))
        for pk, amount in amounts({pk: given[pk] for pk in own}, definitions).items():
            cell = Cell(programme, Unit.INDICATOR, pk, counted.managed_by)
            by_start = definitions[pk].by_start
            found.append((cell, _share(counted, light, by_start=by_start, amount=amount)))
    return tuple(found)


def quantities(contributions: str, definitions: Definitions) -> dict[int, int]:
    """Thousandths by indicator, for those that are known (`contributions_text`)."""
    found = {}
    for text, quantity in json.loads(contributions).items():
        if (pk := int(text)) in definitions:
            found[pk] = int(Decimal(quantity) * THOUSANDTHS)
    return found


def amounts(given: Mapping[int, int], definitions: Definitions) -> dict[int, int]:
    """Thousandths that one site gives to each indicator and its whole.

    What counts for a subset is entered once, there, and counts in its whole as well. Counted as a site, it is
    one however often it is entered. What is only reported gets nothing from sites.
    """
    found: dict[int, int] = {}
    for pk, quantity in given.items():
        whole = definitions[pk].whole
        for each in (pk,) if whole is None or whole not in definitions else (pk, whole):
            counting = definitions[each].counting
            if counting is Counting.SITES:
                found[each] = THOUSANDTHS
            else:
                found[each] = found.get(each, 0) + (quantity if counting is Counting.QUANTITY else 0)
    return found


def _units(
    programme: int, indicators: Sequence[int], definitions: Definitions
) -> Iterator[tuple[Unit, int, bool]]:
    """Programme, categories and projects, and whether all that the site counts for there is 开工建设."""
    begun: dict[tuple[Unit, int], bool] = {}
    for pk in indicators:
        row = definitions[pk]
        keys = [(Unit.PROGRAMME, programme), (Unit.CATEGORY, row.category)]
        if row.project is not None:
            keys.append((Unit.PROJECT, row.project))
        for key in keys:
            begun[key] = begun.get(key, True) and row.by_start
    for (unit, unit_id), by_start in begun.items():
        yield unit, unit_id, by_start


def _share(counted: Counted, light: Light, *, by_start: bool, amount: int = 0) -> Share:
    stage = (_STAGE_AT[counted.stage], 1)
    if counted.stage is Stage.CANCELLED:
        # Promised no more: it is counted among the stages alone.
        return (stage,)
    done = counted.started if by_start else counted.stage in FINISHED
    due = counted.start_due if by_start else counted.finish_due
    pairs = (
        (_AT["sites"], 1),
        (_AT["done"], int(done)),
        (_AT["due"], int(due)),
        (_AT["overdue"], int(due and not done)),
        (_AT["unplanned"], int(not counted.has_plan)),
        (_AT["demo"], int(counted.is_demo)),
        stage,
        (_LIGHT_AT[light], 1),
        (_AT["listed"], amount),
        (_AT["output"], amount * done),
    )
    return tuple(pair for pair in pairs if pair[1])


def closing_days(start: date, cutoff: date, end: date) -> tuple[date, ...]:
    """Days whose balances are kept: the eve of the period, every month end in it, the cut-off, its end."""
    days = {start - ONE_DAY, cutoff, end}
    day = month_end(start)
    while day < end:
        days.add(day)
        day = month_end(day + ONE_DAY)
    return tuple(sorted(days))


@dataclass(slots=True)
class Movements:
    """What came and went, by day: the difference between two states of all timelines.

    Sites that are not public go into no figure.
    """

    net: dict[tuple[Counted, date], int] = field(default_factory=dict)

    def add(self, standings: Iterable[Standing], sign: int = 1) -> None:
        """`sign` -1: these hold no longer."""
        net = self.net
        for begin, end, counted in standings:
            if not counted.is_public:
                continue
            key = (counted, begin)
            net[key] = net.get(key, 0) + sign
            if end != FOREVER:
                key = (counted, end)
                net[key] = net.get(key, 0) - sign

    def by_cell(self, definitions: Definitions) -> dict[Cell, dict[date, list[int]]]:
        """The change of every cell's measures on every day; days may be there that change nothing."""
        known: dict[Counted, tuple[tuple[Cell, Share], ...]] = {}
        cells: dict[Cell, dict[date, list[int]]] = {}
        for (counted, day), count in self.net.items():
            if not count:
                continue
            if (own := known.get(counted)) is None:
                own = known[counted] = shares(counted, definitions)
            for cell, share in own:
                days = cells.setdefault(cell, {})
                if (row := days.get(day)) is None:
                    row = days[day] = [0] * len(EMPTY)
                for place, amount in share:
                    row[place] += count * amount
        return cells


class Posted(NamedTuple):
    """What is added to a cell's balance or step of a day."""

    cell: Cell
    day: date
    measures: tuple[int, ...]


def postings(
    days: Mapping[date, Sequence[int]], cell: Cell, closing: Sequence[date]
) -> tuple[list[Posted], list[Posted]]:
    """(balances, steps) that carry these changes of one cell.

    A balance is everything up to the end of its closing day. A step is the change of one day after the first
    closing day, up to the last: so any day between them is the balance of the last closing day and the steps
    since.
    """
    balances, steps = [], []
    ascending = sorted(days)
    total = EMPTY
    at = 0
    for before, closed in pairwise((date.min, *closing)):
        while at < len(ascending) and ascending[at] <= closed:
            day = ascending[at]
            change = tuple(days[day])
            if any(change):
                total = total.plus(change)
                if before is not date.min:
                    steps.append(Posted(cell, day, change))
            at += 1
        if any(total):
            balances.append(Posted(cell, closed, tuple(total)))
    return balances, steps
