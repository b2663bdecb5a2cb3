"""Phases of a programme on a day, as known at a moment: their facts, what they are judged, and the counts."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from django.db.models import QuerySet

from projects.models import Phase, PhaseReport, Programme
from projects.readmodels.clocks import Clocks
from projects.readmodels.policies import policy_then
from projects.readmodels.promises import seq_of
from projects.readmodels.siteindex import Snapshot
from projects.rules.errors import gettext_noop as _
from projects.rules.phases import (
    Answer,
    Count,
    Gap,
    Meaning,
    PhaseFacts,
    Question,
    Standing,
    count,
    facts_on,
    is_met,
    is_started,
    judge,
)
from projects.rules.policy import Policy
from projects.rules.vocabulary import Word

#: Days and moments besides the newest whose phases one snapshot keeps.
_KEPT: Final = 4
_CHUNK: Final = 5_000


class PhaseState(Word):
    """Where a phase stands on the day, by its actual dates."""

    MET = "met", _("已完成")
    STARTED = "started", _("进行中")
    NOT_STARTED = "not_started", _("未开工")
    UNKNOWN = "unknown", _("不详")


@dataclass(frozen=True, slots=True)
class PhaseRow:
    """One phase on the day. Money in `currency`. `project_id` None: it belongs to the indicator."""

    pk: int
    code: str
    name_zh: str
    name_en: str
    order: int
    project_id: int | None
    project_code: str
    project_zh: str
    project_en: str
    indicator: str | None
    currency: str
    attributes: Mapping[str, str]
    facts: PhaseFacts
    answers: Mapping[Question, Answer]
    state: PhaseState

    @property
    def days_late(self) -> int | None:
        """Days past the baseline due date: to the day asked where it is not met, else to when it was met."""
        for question in (Question.LATE, Question.FINISHED_LATE):
            if self.answers[question].holds:
                return self.answers[question].days
        return None

    @property
    def over(self) -> Decimal | None:
        """What was spent above the budget; None where that is not so or not known."""
        if not self.answers[Question.OVERSPENT].holds:
            return None
        assert self.facts.spent is not None and self.facts.budget is not None
        return self.facts.spent - self.facts.budget

    def holds(self, question: Question) -> bool:
        return self.answers[question].holds


@dataclass(frozen=True)
class PhaseTable:
    """All phases of a programme, in the order of their ids. `policy`: by which delay is judged."""

    clocks: Clocks
    policy: Policy
    rows: tuple[PhaseRow, ...]

    @cached_property
    def counts(self) -> tuple[Count, ...]:
        """One count for each question, each over all rows."""
        return counts_of(self.rows)


def counts_of(rows: Sequence[PhaseRow]) -> tuple[Count, ...]:
    """One count for each question."""
    return tuple(count(question, (row.answers[question] for row in rows)) for question in Question)


def phase_table(programme_id: int, clocks: Clocks, *, policy: Policy | None = None) -> PhaseTable:
    """Every phase of the programme, public or not: whoever asks checks that first."""
    chosen = policy or policy_then(programme_id, clocks.known_seq)
    phases = Phase.objects.known(clocks.known_seq).filter(programme_id=programme_id)
    return PhaseTable(clocks, chosen, tuple(_rows(phases, clocks, chosen)))


def kept_table(programme_id: int, clocks: Clocks, held: Snapshot) -> PhaseTable:
    """The same, worked out once for a state of the data."""
    clocks = _bound(clocks, held)
    key = ("phases", programme_id, clocks.as_of, clocks.known_seq)
    kept = held.tables.get(key)
    if kept is None:
        kept = phase_table(programme_id, clocks)
        others = sum(1 for other in list(held.tables) if isinstance(other, tuple) and other[0] == "phases")
        if others < _KEPT:
            held.tables[key] = kept
    found: PhaseTable = kept
    return found


def has_phases(programme_id: int) -> bool:
    """Whether a programme has any phase at all."""
    return Phase.objects.live().filter(programme_id=programme_id).exists()


def phases_of(
    clocks: Clocks, held: Snapshot, *, project_id: int | None = None, indicator_id: int | None = None
) -> tuple[PhaseRow, ...]:
    """The phases of one project or one indicator, in their own order."""
    clocks = _bound(clocks, held)
    phases = Phase.objects.known(clocks.known_seq)
    owner = {"project_id": project_id} if project_id is not None else {"indicator_id": indicator_id}
    phases = phases.filter(**owner)
    programme = Programme.objects.filter(phases__in=phases).values_list("pk", flat=True).first()
    if programme is None:
        return ()
    policy = policy_then(programme, clocks.known_seq)
    return tuple(sorted(_rows(phases, clocks, policy), key=lambda row: (row.order, row.pk)))


def _bound(clocks: Clocks, held: Snapshot) -> Clocks:
    """Never by more than `held` knows, so that the pair that a page prints gives that page again."""
    return replace(clocks, known_seq=seq_of(clocks, held))


_PHASE: Final = (
    "pk", "code", "name_zh", "name_en", "order", "project_id", "project__code", "project__name_zh",
    "project__name_en", "indicator__code", "currency", "attributes", "baseline_start", "baseline_due",
    "baseline_start_seq", "baseline_due_seq",
)  # fmt: skip
_REPORT: Final = (
    "phase_id", "as_of", "planned_start", "planned_due", "started_on", "met_on", "budget", "estimate",
    "spent", "status", "gaps",
)  # fmt: skip


def _rows(phases: "QuerySet[Phase]", clocks: Clocks, policy: Policy) -> Iterator[PhaseRow]:
    """Phases and their reports side by side, both in the order of the phases' ids."""
    reports = (
        PhaseReport.objects.standing(clocks.known_seq)
        .filter(phase__in=phases)
        .order_by("phase_id", "as_of", "pk")
        .values_list(*_REPORT)
        .iterator(chunk_size=_CHUNK)
    )
    grouped = groupby(reports, key=itemgetter(0))
    current = next(grouped, None)
    rows = phases.order_by("pk").values_list(*_PHASE).iterator(chunk_size=_CHUNK)
    for row in rows:
        own: list[Standing] = []
        if current is not None and current[0] == row[0]:
            own = [_standing(each) for each in current[1]]
            current = next(grouped, None)
        yield _phase_row(row, own, clocks, policy)


def _phase_row(row: tuple[Any, ...], own: Iterable[Standing], clocks: Clocks, policy: Policy) -> PhaseRow:
    *shown, start, due, start_seq, due_seq = row
    facts = facts_on(
        clocks.as_of,
        own,
        start=_if_known(start, start_seq, clocks.known_seq),
        due=_if_known(due, due_seq, clocks.known_seq),
    )
    pk, code, zh, en, order, project_id, project_code, project_zh, project_en, indicator, *rest = shown
    return PhaseRow(
        pk,
        code,
        zh,
        en or zh,
        order,
        project_id,
        project_code or "",
        project_zh or "",
        project_en or project_zh or "",
        indicator,
        rest[0],
        rest[1],
        facts,
        judge(facts, clocks.as_of, policy),
        _state(facts, clocks.as_of),
    )


def _if_known(day: dt.date | None, seq: int | None, known_seq: int | None) -> dt.date | None:
    """A baseline date that had been recorded by then."""
    return day if known_seq is None or (seq is not None and seq <= known_seq) else None


def _state(facts: PhaseFacts, as_of: dt.date) -> PhaseState:
    met, begun = is_met(facts, as_of), is_started(facts, as_of)
    if met:
        return PhaseState.MET
    if met is None or begun is None:
        return PhaseState.UNKNOWN
    return PhaseState.STARTED if begun else PhaseState.NOT_STARTED


def _standing(row: tuple[Any, ...]) -> Standing:
    gaps = {name: Gap(Meaning(meaning), word) for name, (meaning, word) in row[-1].items()}
    said = dict(zip(_REPORT[1:-1], row[1:-1], strict=True))
    return Standing(gaps=gaps, **said)
