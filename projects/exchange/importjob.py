"""One import from file to database: read, plan, and (when nothing is wrong) apply in one transaction."""

import datetime as dt
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from django.utils.translation import gettext as _

from projects.actions.batches import FileStamp, apply_site_drafts
from projects.actions.errors import ActionError
from projects.exchange.catalogue import load_world, other_source_of
from projects.exchange.columns import ColumnMap
from projects.exchange.importing import Plan, plan_import
from projects.exchange.options import GENERATED, ImportOptions
from projects.exchange.problems import Problem, Severity, UnreadableFile
from projects.exchange.readers import Table, UnsupportedFormat, read_table
from projects.models import ImportBatch
from projects.permissions.access import Access


class Status(StrEnum):
    """How an import ended."""

    APPLIED = "applied"
    CLEAN = "clean"  # a dry run without errors
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class ImportOutcome:
    """What an import did, or in a dry run or with errors would have done."""

    status: Status
    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    missing: tuple[tuple[str, str], ...] = ()
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    batch: int | None = None
    fallbacks: int = 0

    def counts(self) -> dict[str, int]:
        """Rows, what became of them, and how many problems there are."""
        errors = sum(problem.severity is Severity.ERROR for problem in self.problems)
        return {
            "rows": self.rows,
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "missing": len(self.missing),
            "fallbacks": self.fallbacks,
            "errors": errors,
            "warnings": len(self.problems) - errors,
        }

    def as_dict(self) -> dict[str, object]:
        """The same for a machine; fields are only ever added."""
        return {
            "status": self.status.value,
            **self.counts(),
            "batch": self.batch,
            "notes": list(self.notes),
            "missing_sites": [{"code": code, "name": name} for code, name in self.missing],
            "problems": [asdict(problem) for problem in self.problems],
        }


def run_import(
    path: Path,
    options: ImportOptions,
    *,
    access: Access,
    today: dt.date,
    publisher: Access | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
    header_row: int | None = None,
    max_megabytes: int,
    max_rows: int,
    is_dry_run: bool = False,
    on_total: Callable[[int], None] = lambda total: None,
    on_progress: Callable[[int], None] = lambda count: None,
) -> ImportOutcome:
    """Everything is read and checked outside the transaction. A dry run does all of it and takes it back.

    Raises OSError, UnsupportedFormat, OptionError: could not run. What is wrong with the file is in the
    outcome.
    """
    try:
        table = read_table(
            path,
            sheet=sheet,
            header_row=header_row,
            encoding=encoding,
            degrees=options.in_degrees,
            max_megabytes=max_megabytes,
            max_rows=max_rows,
        )
        world = load_world(access, options.indicator, today)
        plan = plan_import(table, options, world)
    except UnsupportedFormat:
        raise
    except UnreadableFile as problem:
        return ImportOutcome(Status.REFUSED, problems=(Problem(str(problem)), *problem.problems))
    notes = (*table.notes, *_column_notes(table, plan.columns), *plan.notes)
    problems = plan.problems
    if options.code_column is None and (other := other_source_of(table.sha256, options.source)) is not None:
        problems = (_imported_under(other), *problems)
    batch: int | None = None
    if not any(problem.severity is Severity.ERROR for problem in problems) and (plan.drafts or plan.updates):
        on_total(len(plan.drafts) + len(plan.updates))
        try:
            batch = _apply(table, options, plan, access, publisher, is_dry_run, on_progress)
        except ActionError as problem:
            problems = (Problem(str(problem)), *problems)
    return ImportOutcome(
        _status(problems, plan, is_dry_run),
        table.row_count,
        len(plan.drafts),
        len(plan.updates),
        plan.unchanged,
        plan.missing,
        problems,
        notes,
        batch,
        plan.fallbacks,
    )


def _apply(
    table: Table,
    options: ImportOptions,
    plan: Plan,
    access: Access,
    publisher: Access | None,
    is_dry_run: bool,
    on_progress: Callable[[int], None],
) -> int | None:
    result = apply_site_drafts(
        access=access,
        drafts=plan.drafts,
        updates=plan.updates,
        reason=f"import_sites {table.name}"[:200],
        publisher=publisher,
        stamp=FileStamp(
            name=table.name[:255],
            sha256=table.sha256,
            rows=table.row_count,
            unchanged=plan.unchanged,
            options={
                "code": options.code_column or GENERATED,
                "source": options.source,
                "kind": options.kind.slug or options.kind.column,
                "kinds": dict(options.kind.words),
                "indicator": options.indicator,
                "datum": str(options.datum),
                **({"fallback_datum": str(options.fallback_datum)} if options.fallback_datum else {}),
                "columns": dict(plan.columns.header_of),
                "division_from": "column" if options.division_from_column else "geometry",
            },
        ),
        is_rehearsal=is_dry_run,
        on_progress=on_progress,
    )
    if is_dry_run:
        return None
    return ImportBatch.objects.filter(first_seq=result.first_seq).values_list("pk", flat=True).last()


def _status(problems: tuple[Problem, ...], plan: Plan, is_dry_run: bool) -> Status:
    if any(problem.severity is Severity.ERROR for problem in problems):
        return Status.REFUSED
    if is_dry_run:
        return Status.CLEAN
    return Status.APPLIED if plan.drafts or plan.updates else Status.UNCHANGED


def _column_notes(table: Table, columns: ColumnMap) -> list[str]:
    """Which header was taken for which field, and which were not read."""
    pairs = [f"{field} ← {header}" for field, header in columns.header_of.items()]
    notes = [_("列:%(pairs)s。") % {"pairs": ",".join(pairs)}] if pairs else []
    used = set(columns.header_of.values())
    unused = [header for header in table.headers if header not in used]
    if unused:
        notes.append(_("没有读的列:%(headers)s。") % {"headers": "、".join(unused)})
    return notes


def _imported_under(source: str) -> Problem:
    return Problem(
        _("同一个文件已经以来源“%(source)s”导入过;请加 --source '%(source)s',否则所有点位会重复。")
        % {"source": source}
    )
