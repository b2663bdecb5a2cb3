"""Counts of a programme's sites on a day, by who manages them, by category and by stage."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from projects.models import Indicator
from projects.readmodels.progress import Group, LateStanding, groups, late_standings
from projects.readmodels.siteindex import Snapshot
from projects.readmodels.vocabulary import ProgrammeWords
from projects.rules.schedule import EXACT
from projects.rules.vocabulary import STAGE_ORDER, CompletionType

HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of sites. Percentages are None, never 0, where there is nothing to divide by.

    `due`: expected to be done by the baseline; `overdue`: those of them that are not done (a site finished
    early makes up for no late one); `unplanned`: without baseline dates, so never due. `late`: yellow or red,
    None where lights are not public.
    """

    sites: int = 0
    finished: int = 0
    due: int = 0
    overdue: int = 0
    unplanned: int = 0
    late: int | None = None
    is_demo: bool = False

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


@dataclass(frozen=True)
class Board:
    """All groups of a programme on a day, ready to be counted for any set of divisions.

    `by_start`: indicators of the kind 开工建设, done once work has begun.
    """

    groups: tuple[Group, ...]
    late: tuple[LateStanding, ...] | None
    by_start: frozenset[int]

    def tally(
        self, *, managers: Collection[int] | None = None, indicators: Collection[int] | None = None
    ) -> Tally:
        """Count what these divisions manage (None: everything) for these indicators (None: all)."""
        rows = [
            row
            for row in self.groups
            if row.counts
            and (managers is None or row.manager in managers)
            and (indicators is None or not row.quantities.keys().isdisjoint(indicators))
        ]
        return _count(rows, self.by_start, indicators, self._late(managers, indicators))

    def stages(self, managers: Collection[int] | None = None) -> Mapping[str, int]:
        """Sites by stage, cancelled ones too, in the one order of stages."""
        counts = dict.fromkeys(STAGE_ORDER, 0)
        for row in self.groups:
            if managers is None or row.manager in managers:
                counts[row.stage] += row.sites
        return {stage.value: count for stage, count in counts.items()}

    def managers(self) -> frozenset[int]:
        """Divisions that manage at least one site."""
        return frozenset(row.manager for row in self.groups)

    def _late(self, managers: Collection[int] | None, indicators: Collection[int] | None) -> int | None:
        if self.late is None:
            return None
        return sum(
            1
            for row in self.late
            if (managers is None or row.manager in managers)
            and (indicators is None or not row.indicators.isdisjoint(indicators))
        )


def board(programme: ProgrammeWords, day: dt.date, held: Snapshot) -> Board:
    """Two queries, or four when the day has not been asked for since the last change."""
    by_start = Indicator.objects.filter(
        category__programme_id=programme.pk,
        completion_type=CompletionType.CONSTRUCTION_STARTED.value,
    ).values_list("pk", flat=True)
    return Board(groups(programme, day, held), late_standings(programme, day, held), frozenset(by_start))


def begins(row: Group, by_start: Collection[int], indicators: Collection[int] | None = None) -> bool:
    """Everything that the site counts for (among `indicators`) is done once work has begun."""
    return all(pk in by_start for pk in row.quantities if indicators is None or pk in indicators)


def _count(
    rows: Iterable[Group], by_start: Collection[int], indicators: Collection[int] | None, late: int | None
) -> Tally:
    sites = finished = due = overdue = unplanned = 0
    demo = False
    for row in rows:
        start = begins(row, by_start, indicators)
        done, expected = row.is_done(by_start=start), row.is_due(by_start=start)
        sites += row.sites
        finished += row.sites * done
        due += row.sites * expected
        overdue += row.sites * (expected and not done)
        unplanned += row.sites * (not row.has_plan)
        demo = demo or row.is_demo
    return Tally(sites, finished, due, overdue, unplanned, late, demo)
