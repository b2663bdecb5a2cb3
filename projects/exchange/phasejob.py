"""One import of phases from file to database: read, plan, and (when nothing is wrong) apply at once."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _

from projects.actions.batches import FileStamp
from projects.actions.errors import ActionError
from projects.actions.phases import apply_phases
from projects.exchange.importjob import ImportOutcome, Status
from projects.exchange.phaseoptions import PhaseImportOptions
from projects.exchange.phaseplan import PhasePlan, plan_phases
from projects.exchange.phaseworld import PhaseWorld, load_phase_world
from projects.exchange.problems import OptionError, Problem, Severity, UnreadableFile
from projects.exchange.readers import TABLE_SUFFIXES, UnsupportedFormat, read_table
from projects.exchange.tables import Table
from projects.models import ImportBatch
from projects.permissions.access import Access


@dataclass(frozen=True, slots=True)
class PhaseOutcome(ImportOutcome):
    """As of sites, with what was done to projects and categories besides."""

    projects: int = 0
    categories: int = 0

    def as_dict(self) -> dict[str, object]:
        said = ImportOutcome.as_dict(self)
        for name in ("missing_sites", "fallbacks"):
            said.pop(name, None)
        return said | {
            "projects_created": self.projects,
            "categories_created": self.categories,
            "missing_phases": [{"code": code, "name": name} for code, name in self.missing],
        }


def run_phase_import(
    path: Path,
    options: PhaseImportOptions,
    *,
    programme: str,
    access: Access,
    today: dt.date,
    encoding: str | None,
    sheet: str | None = None,
    header_row: int | None = None,
    max_megabytes: int,
    max_rows: int,
    is_dry_run: bool = False,
    on_total: Callable[[int], None] = lambda total: None,
    on_progress: Callable[[int], None] = lambda count: None,
) -> PhaseOutcome:
    """Everything is read and checked outside the transaction. A dry run does all of it and takes it back.

    Raises OSError, UnsupportedFormat, OptionError: could not run. What is wrong with the file is in the
    outcome.
    """
    world = load_phase_world(programme, options.indicator, options.as_of)
    try:
        table = read_table(
            path,
            sheet=sheet,
            header_row=header_row,
            encoding=encoding,
            max_megabytes=max_megabytes,
            max_rows=max_rows,
        )
    except UnsupportedFormat:
        raise
    except UnreadableFile as problem:
        return PhaseOutcome(Status.REFUSED, problems=(Problem(str(problem)), *problem.problems))
    if table.has_geometry:
        raise OptionError(
            _("阶段从表格文件导入(%(suffixes)s)。") % {"suffixes": "、".join(sorted(TABLE_SUFFIXES))}
        )
    plan = plan_phases(table, options, world, today)
    problems = plan.problems
    batch: int | None = None
    if plan.writes and not _has_errors(problems):
        on_total(len(plan.drafts) + len(plan.updates))
        try:
            batch = _apply(table, options, plan, world, access, is_dry_run, on_progress)
        except ActionError as problem:
            problems = (Problem(str(problem)), *problems)
    return PhaseOutcome(
        _status(problems, plan, is_dry_run),
        table.row_count,
        len(plan.drafts),
        len(plan.updates),
        plan.unchanged,
        plan.missing,
        problems,
        (*table.notes, *_column_notes(table, plan), *plan.notes),
        batch,
        projects=len(plan.projects),
        categories=len(plan.categories),
    )


def _apply(
    table: Table,
    options: PhaseImportOptions,
    plan: PhasePlan,
    world: PhaseWorld,
    access: Access,
    is_dry_run: bool,
    on_progress: Callable[[int], None],
) -> int | None:
    result = apply_phases(
        access=access,
        programme_id=world.programme_id,
        reason=f"import_phases {table.name}"[:200],
        categories=plan.categories,
        projects=list(plan.projects.values()),
        project_updates=list(plan.project_updates.values()),
        drafts=plan.drafts,
        updates=plan.updates,
        stamp=FileStamp(
            name=table.name[:255],
            sha256=table.sha256,
            rows=table.row_count,
            unchanged=plan.unchanged,
            options={
                "what": "phases",
                "programme": world.key,
                "as_of": options.as_of.isoformat(),
                "project_from": list(options.project_from),
                "indicator": options.indicator,
                "category": options.category,
                "code": options.code or "generated",
                "currency": options.cells.currency,
                "columns": dict(plan.columns.header_of),
                "blanks": {word: meaning.value for word, meaning in options.cells.blanks.items()},
                "allow": sorted(options.allow),
                "numbers_duplicates": options.numbers_duplicates,
            },
        ),
        is_rehearsal=is_dry_run,
        on_progress=on_progress,
    )
    if is_dry_run:
        return None
    return ImportBatch.objects.filter(first_seq=result.first_seq).values_list("pk", flat=True).last()


def _has_errors(problems: tuple[Problem, ...]) -> bool:
    return any(problem.severity is Severity.ERROR for problem in problems)


def _status(problems: tuple[Problem, ...], plan: PhasePlan, is_dry_run: bool) -> Status:
    if _has_errors(problems):
        return Status.REFUSED
    if is_dry_run:
        return Status.CLEAN
    return Status.APPLIED if plan.writes else Status.UNCHANGED


def _column_notes(table: Table, plan: PhasePlan) -> list[str]:
    """Which header was taken for which field, and which were not read."""
    taken = [*plan.columns.header_of.items()]
    taken += [(f"attributes.{key}", header) for key, header in plan.columns.attributes.items()]
    notes = [_("列:%(pairs)s。") % {"pairs": ",".join(f"{field} ← {header}" for field, header in taken)}]
    used = {header for _field, header in taken}
    unused = [header for header in table.headers if header not in used]
    if unused:
        notes.append(_("没有作为字段读的列:%(headers)s。") % {"headers": "、".join(unused)})
    return notes
