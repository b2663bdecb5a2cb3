"""One import from file to database: read, plan, and (when nothing is wrong) apply in one transaction."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeVar

from django.utils.translation import gettext as _

from projects.actions.batches import FileStamp, apply_site_drafts
from projects.actions.errors import ActionError
from projects.actions.streams import CHUNK, Stream
from projects.exchange.catalogue import load_world, other_source_of
from projects.exchange.columns import ColumnMap
from projects.exchange.importing import in_order
from projects.exchange.options import GENERATED, ImportOptions
from projects.exchange.planner import Planner
from projects.exchange.planspool import Spool
from projects.exchange.problems import Problem, Severity, UnreadableFile
from projects.exchange.readers import Table, UnsupportedFormat, read_table
from projects.permissions.access import Access

T = TypeVar("T")

#: The parts of an import that a bar shows, in their order.
READ: Final = "read"
CHECK: Final = "check"
WRITE: Final = "write"


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
    on_phase: Callable[[str, int | None], None] = lambda phase, total: None,
    on_progress: Callable[[int], None] = lambda count: None,
) -> ImportOutcome:
    """Everything is read and checked outside the transaction. A dry run does all of it and takes it back.

    Raises OSError, UnsupportedFormat, OptionError: could not run. What is wrong with the file is in the
    outcome.
    """
    problems: list[Problem] = []
    with Spool() as spool:
        try:
            on_phase(READ, None)
            table = read_table(
                path,
                sheet=sheet,
                header_row=header_row,
                encoding=encoding,
                degrees=options.in_degrees,
                max_megabytes=max_megabytes,
                max_rows=max_rows,
            )
            planner = Planner(table, options, load_world(access, options.indicator, today))
            on_phase(CHECK, len(table.rows))
            for piece in planner.pieces():
                problems += piece.problems
                spool.add(piece)
                on_progress(piece.rows)
        except UnsupportedFormat:
            raise
        except UnreadableFile as problem:
            return ImportOutcome(Status.REFUSED, problems=(Problem(str(problem)), *problem.problems))
        found = (*imported_otherwise(table, options), *in_order(problems))
        errors = sum(problem.severity is Severity.ERROR for problem in found)
        batch: int | None = None
        if not errors and (planner.created or planner.updated):
            on_phase(WRITE, planner.created + planner.updated)
            try:
                result = apply_site_drafts(
                    access=access,
                    drafts=_short(spool.drafts),
                    updates=_short(spool.updates),
                    reason=reason_of(table.name),
                    publisher=publisher,
                    stamp=stamp_of(
                        table.name,
                        table.sha256,
                        table.row_count,
                        planner.unchanged,
                        planner.columns.header_of,
                        options,
                    ),
                    is_rehearsal=is_dry_run,
                    on_progress=on_progress,
                )
                batch = result.batch_id
            except ActionError as refusal:
                found, errors = (Problem(str(refusal)), *found), 1
    return ImportOutcome(
        _status(errors, planner, is_dry_run),
        table.row_count,
        planner.created,
        planner.updated,
        planner.unchanged,
        planner.missing,
        found,
        (*table.notes, *column_notes(table, planner.columns), *planner.notes()),
        batch,
        planner.fallbacks,
    )


def _short(stream: Stream[T]) -> Stream[T] | tuple[T, ...]:
    """What could be asked for as a correction is handed over as a list: that can be kept with the request."""
    if len(stream) > CHUNK:
        return stream
    return tuple(value for chunk in stream.chunks() for value in chunk)


def reason_of(name: str) -> str:
    """What the entries of an import say."""
    return f"import_sites {name}"[:200]


def stamp_of(
    name: str, sha256: str, rows: int, unchanged: int, columns: Mapping[str, str], options: ImportOptions
) -> FileStamp:
    """The batch's own row: which file, and how it was read (`columns`: the header of each field)."""
    return FileStamp(
        name=name[:255],
        sha256=sha256,
        rows=rows,
        unchanged=unchanged,
        options={
            "code": options.code_column or GENERATED,
            "source": options.source,
            "kind": options.kind.slug or options.kind.column,
            "kinds": dict(options.kind.words),
            "indicator": options.indicator,
            "datum": str(options.datum),
            **({"fallback_datum": str(options.fallback_datum)} if options.fallback_datum else {}),
            "columns": dict(columns),
            "division_from": "column" if options.division_from_column else "geometry",
        },
    )


def _status(errors: int, planner: Planner, is_dry_run: bool) -> Status:
    if errors:
        return Status.REFUSED
    if is_dry_run:
        return Status.CLEAN
    return Status.APPLIED if planner.created or planner.updated else Status.UNCHANGED


def column_notes(table: Table, columns: ColumnMap) -> list[str]:
    """Which header was taken for which field, and which were not read."""
    pairs = [f"{field} ← {header}" for field, header in columns.header_of.items()]
    notes = [_("列:%(pairs)s。") % {"pairs": ",".join(pairs)}] if pairs else []
    used = set(columns.header_of.values())
    unused = [header for header in table.headers if header not in used]
    if unused:
        notes.append(_("没有读的列:%(headers)s。") % {"headers": "、".join(unused)})
    return notes


def imported_otherwise(table: Table, options: ImportOptions) -> tuple[Problem, ...]:
    """The very same file, of generated codes, under another source name: every site would be there twice."""
    if options.code_column is not None:
        return ()
    other = other_source_of(table.sha256, options.source)
    if other is None:
        return ()
    return (
        Problem(
            _("同一个文件已经以来源“%(source)s”导入过;请加 --source '%(source)s',否则所有点位会重复。")
            % {"source": other}
        ),
    )
