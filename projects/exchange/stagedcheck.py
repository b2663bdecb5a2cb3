"""Checking a staged import: the file is read, every row planned, and the plan kept piece by piece.

Each piece is a short transaction of its own, so that nobody waits for a long file. Until the check is over
the state says so and nothing shows the plan; one that was cut off is thrown away by the next.
"""

from collections.abc import Callable, Sequence

from django.db import transaction
from django.utils import timezone

from projects.exchange.catalogue import load_world
from projects.exchange.importjob import CHECK, READ, column_notes, imported_otherwise
from projects.exchange.planner import Piece, Planner
from projects.exchange.problems import OptionError, Problem, Severity, UnreadableFile
from projects.exchange.stagedfile import read_staged
from projects.exchange.stagedoptions import StagedOptions
from projects.exchange.stagedprogress import Teller
from projects.exchange.stagedvalues import changes_text, draft_texts, update_text
from projects.exchange.staging import drop_plan
from projects.models import ChangeHead, StagedImport, StagedProblem, StagedRow
from projects.models.bulk import fresh, insert_rows
from projects.permissions.access import Access
from projects.rules.vocabulary import RowAction, StagedState

#: Told (phase, done, total or None): phases as in `importjob`.
OnProgress = Callable[[str, int, int | None], None]
#: Sites that a file no longer has, that are named.
_MISSING: int = 500


class Superseded(Exception):
    """Somebody else has taken the work over: what this worker would write is taken back."""


def check_now(
    staged_id: int, attempt: str, access: Access, teller: Teller, on_progress: OnProgress | None
) -> None:
    """Check under an attempt whose lock the caller holds. Raises Superseded, and whatever is no fault of the
    file."""

    def phase(name: str, total: int | None) -> None:
        teller.begin(name, total)
        if on_progress is not None:
            on_progress(name, 0, total)

    def advance(count: int) -> None:
        teller.advance(count)
        if on_progress is not None:
            on_progress(teller.phase, teller.done, teller.total)

    with transaction.atomic():
        staged = _held(staged_id, attempt)
        drop_plan(staged)
    try:
        _check(staged, attempt, access, phase, advance)
    except (UnreadableFile, OptionError) as problem:
        said = problem.problems if isinstance(problem, UnreadableFile) else ()
        with transaction.atomic():
            staged = _held(staged_id, attempt)
            drop_plan(staged)
            insert_rows([_problem_row(staged_id, each) for each in said])
            staged.state, staged.error, staged.counts = StagedState.FAILED.value, str(problem), {}
            staged.save(update_fields=["state", "error", "counts"])


def _check(
    staged: StagedImport,
    attempt: str,
    access: Access,
    phase: Callable[[str, int | None], None],
    advance: Callable[[int], None],
) -> None:
    options = StagedOptions.from_json(staged.options)
    importing = options.importing
    assert importing is not None
    head = ChangeHead.objects.first()
    seq = head.seq if head is not None else 0
    phase(READ, None)
    table = read_staged(staged, options, degrees=importing.in_degrees)
    planner = Planner(table, importing, load_world(access, importing.indicator, timezone.localdate()))
    phase(CHECK, len(table.rows))
    for piece in planner.pieces():
        _keep(staged.pk, attempt, piece)
        advance(piece.rows)
    otherwise = imported_otherwise(table, importing)
    with transaction.atomic():
        staged = _held(staged.pk, attempt)
        insert_rows([_problem_row(staged.pk, problem) for problem in otherwise])
        staged.counts = {
            "rows": table.row_count,
            "created": planner.created,
            "updated": planner.updated,
            "unchanged": planner.unchanged,
            "missing": len(planner.missing),
            "fallbacks": planner.fallbacks,
            "errors": planner.errors + len(otherwise),
            "warnings": planner.warnings,
            "missing_sites": [list(pair) for pair in planner.missing[:_MISSING]],
        }
        staged.notes = [*table.notes, *column_notes(table, planner.columns), *planner.notes()]
        staged.columns = dict(planner.columns.header_of)
        staged.content_sha256 = table.sha256
        staged.planned_seq, staged.needs_check, staged.error = seq, False, ""
        staged.state = StagedState.CHECKED.value
        staged.save()


def _held(staged_id: int, attempt: str) -> StagedImport:
    """The row, locked, if this attempt may still write."""
    staged = (
        StagedImport.objects.select_for_update()
        .filter(pk=staged_id, attempt=attempt, state=StagedState.CHECKING.value)
        .first()
    )
    if staged is None:
        raise Superseded
    return staged


def _keep(staged_id: int, attempt: str, piece: Piece) -> None:
    wrong = {problem.row for problem in piece.problems if problem.severity is Severity.ERROR}
    drafts = draft_texts([row.draft for row in piece.drafts])
    rows = [
        fresh(
            StagedRow,
            staged_id=staged_id,
            number=row.number,
            action=(RowAction.ERROR if row.number in wrong else RowAction.CREATE).value,
            code=row.draft.code,
            label=row.label,
            managed_by_id=row.draft.managed_by_id,
            draft=text,
        )
        for row, text in zip(piece.drafts, drafts, strict=True)
    ]
    rows += [
        fresh(
            StagedRow,
            staged_id=staged_id,
            number=row.number,
            action=(RowAction.ERROR if row.number in wrong else RowAction.UPDATE).value,
            code=row.there.code,
            label=row.label,
            managed_by_id=row.there.managed_by_id,
            draft=update_text(row.update),
            changes=changes_text(row.update, row.there),
        )
        for row in piece.updates
    ]
    with transaction.atomic():
        _held(staged_id, attempt)
        insert_rows(rows)
        insert_rows([_problem_row(staged_id, problem) for problem in piece.problems])


def _problem_row(staged_id: int, problem: Problem) -> StagedProblem:
    return fresh(
        StagedProblem,
        staged_id=staged_id,
        row=problem.row or 0,
        severity=problem.severity.value,
        column=problem.column[:300],
        found=problem.found[:300],
        allowed=problem.allowed,
        sentence=problem.sentence,
        label=problem.label[:300],
    )


__all__: Sequence[str] = ["OnProgress", "Superseded", "check_now"]
