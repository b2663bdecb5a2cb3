"""Planning a whole import at once, for whoever wants all of it in hand; see `planner` for the pieces."""

from dataclasses import dataclass, field

from projects.actions.drafts import SiteDraft
from projects.actions.siteupdates import SiteUpdate
from projects.exchange.columns import ColumnMap
from projects.exchange.options import ImportOptions
from projects.exchange.planner import Planner, World
from projects.exchange.problems import Problem, Severity
from projects.exchange.readers import Table


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
    planner = Planner(table, options, world)
    drafts: list[SiteDraft] = []
    updates: list[SiteUpdate] = []
    problems: list[Problem] = []
    for piece in planner.pieces():
        drafts += [row.draft for row in piece.drafts]
        updates += [row.update for row in piece.updates]
        problems += piece.problems
    return Plan(
        tuple(drafts),
        tuple(updates),
        planner.unchanged,
        planner.missing,
        in_order(problems),
        tuple(planner.notes()),
        planner.columns,
        planner.fallbacks,
    )


def in_order(problems: list[Problem]) -> tuple[Problem, ...]:
    """Errors first, then by row; what speaks of the file before what speaks of a row."""
    return tuple(
        sorted(problems, key=lambda problem: (problem.severity is not Severity.ERROR, problem.row or 0))
    )


__all__ = ["Plan", "World", "in_order", "plan_import"]
