"""What the spans and month results of subjects have to say by the facts; actions write it."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from projects.models import Indicator, Project
from projects.readmodels.subjectfacts import (
    Cell,
    CellFacts,
    Judging,
    LineFacts,
    cell_facts,
    cells_with_targets,
    line_facts,
)
from projects.readmodels.subjects import SubjectRef, of_division, of_indicator, of_line, of_project
from projects.rules.facts import Facts
from projects.rules.months import MonthOutcome, YearOutcome, month_outcomes, year_outcome
from projects.rules.promised import PartSpan, parts_judged, promised_spans, worst_spans
from projects.rules.spans import Span
from projects.rules.verdicts import Reason
from projects.rules.vocabulary import Subject


@dataclass(frozen=True, slots=True)
class Wanted:
    """Of one subject: the lights of every day of the period, its months that can be judged, its year."""

    subject: SubjectRef
    spans: tuple[PartSpan, ...]
    months: tuple[MonthOutcome, ...] = ()
    year: YearOutcome | None = None


@dataclass(frozen=True, slots=True)
class Touched:
    """Subjects that may be judged anew, by what they are made of. `cells` None: all there are."""

    cells: frozenset[Cell] | None = frozenset()
    lines: frozenset[int] | None = frozenset()


EVERYTHING = Touched(None, None)


@dataclass(slots=True)
class Outcome:
    """What every touched subject has to say; a subject that has nothing to say any more is in `subjects`
    alone."""

    subjects: set[SubjectRef] = field(default_factory=set)
    wanted: list[Wanted] = field(default_factory=list)

    def add(self, subject: SubjectRef, wanted: Wanted | None) -> None:
        self.subjects.add(subject)
        if wanted is not None:
            self.wanted.append(wanted)


def outcome(judging: Judging, touched: Touched) -> Outcome:
    """Judge the touched subjects, and those that are judged by them: divisions and projects."""
    found = Outcome()
    _cells(judging, touched.cells, found)
    if touched.lines is None or touched.lines:
        _lines(judging, touched.lines, found)
    return found


def _cells(judging: Judging, cells: frozenset[Cell] | None, found: Outcome) -> None:
    programme = judging.programme
    there = cells_with_targets(programme)
    own = there if cells is None else cells
    divisions = {division for _pk, division in own if division != programme.division_id}
    projects = _projects(programme.pk, own, programme.division_id)
    by_parts = judging.policy.rule(Subject.DIVISION).monthly is not None
    parts = {
        cell
        for cell in there
        if (by_parts and cell[1] in divisions) or (cell[1] == programme.division_id and cell[0] in projects)
    }
    facts = cell_facts(judging, (own & there) | parts)
    spans: dict[Cell, tuple[Span, ...]] = {}
    for cell in sorted(own | parts):
        held = facts.get(cell)
        in_project = cell[1] == programme.division_id and cell[0] in projects
        if held is not None and (cell in own or in_project):
            spans[cell] = _spans(judging, held.facts, Subject.INDICATOR, Reason.NO_TARGET)
        if cell in own:
            subject = of_indicator(programme.pk, *cell)
            found.add(subject, _wanted(judging, subject, spans.get(cell), held.facts if held else None))
    for division_id in sorted(divisions):
        subject = of_division(programme.pk, division_id)
        mine = [held for cell, held in sorted(facts.items()) if cell[1] == division_id]
        exists = any(cell[1] == division_id for cell in there)
        found.add(subject, _division(judging, subject, mine) if exists else None)
    for project_id in sorted(set(projects.values())):
        subject = of_project(programme.pk, project_id)
        mine = [
            facts[cell] for cell in sorted(facts) if _is_of(cell, project_id, projects, programme.division_id)
        ]
        found.add(subject, _project(judging, subject, mine, spans) if mine else None)


def _is_of(cell: Cell, project_id: int, projects: Mapping[int, int], city: int) -> bool:
    return cell[1] == city and projects.get(cell[0]) == project_id


def _projects(programme_id: int, cells: Collection[Cell], city: int) -> dict[int, int]:
    """By indicator its project, of all the projects that one of the city's cells belongs to."""
    touched = {pk for pk, division in cells if division == city}
    rows = Project.objects.filter(indicators__in=touched, category__programme=programme_id)
    return dict(
        Indicator.objects.filter(project__in=rows, deleted_seq__isnull=True).values_list("pk", "project_id")
    )


def _spans(
    judging: Judging, facts: Facts, kind: Subject, without: Reason, until: dt.date | None = None
) -> tuple[Span, ...]:
    period = judging.period
    return promised_spans(facts, judging.policy, kind, period.start, until or period.finish, without=without)


def _wanted(
    judging: Judging, subject: SubjectRef, spans: Sequence[Span] | None, facts: Facts | None
) -> Wanted | None:
    if spans is None or facts is None:
        return None
    return Wanted(
        subject, tuple(PartSpan(span, None) for span in spans), *_months(judging, subject.kind, facts)
    )


def _division(judging: Judging, subject: SubjectRef, own: Sequence[CellFacts]) -> Wanted | None:
    rule = judging.policy.rule(Subject.DIVISION)
    facts = parts_judged(((held.facts, held.is_subset) for held in own), rule)
    return _wanted(judging, subject, _spans(judging, facts, Subject.DIVISION, Reason.NO_TARGET), facts)


def _project(
    judging: Judging,
    subject: SubjectRef,
    own: Sequence[CellFacts],
    spans: Mapping[Cell, Sequence[Span]],
) -> Wanted:
    period = judging.period
    rule = judging.policy.rule(Subject.PROJECT)
    parts = {held.indicator_id: spans[held.indicator_id, held.division_id] for held in own}
    facts = parts_judged(((held.facts, held.is_subset) for held in own), rule)
    lit = worst_spans(parts, period.start, period.finish)
    return Wanted(subject, lit, *_months(judging, Subject.PROJECT, facts))


def _months(
    judging: Judging, kind: Subject, facts: Facts
) -> tuple[tuple[MonthOutcome, ...], YearOutcome | None]:
    """Months in which nothing was to be judged have no result."""
    monthly = judging.policy.rule(kind).monthly
    if monthly is None:
        return (), None
    end = judging.period.finish
    against = judging.policy.against
    months = (row for row in month_outcomes(facts, monthly, against, end) if row.met is not None)
    year = year_outcome(facts, monthly, against, end, end)
    return tuple(months), year if year.met is not None else None


def _lines(judging: Judging, lines: frozenset[int] | None, found: Outcome) -> None:
    programme = judging.programme
    there = {held.line.pk: held for held in line_facts(judging, lines)}
    for pk in sorted(there.keys() if lines is None else lines):
        held = there.get(pk)
        subject = of_line(programme.pk, pk, held.line.division_id if held else None)
        found.add(subject, _line(judging, subject, held) if held else None)


def _line(judging: Judging, subject: SubjectRef, held: LineFacts) -> Wanted:
    without = Reason.NO_TARGET if held.has_schedule else Reason.NOT_ISSUED
    spans = _spans(judging, held.facts, Subject.FUNDING, without, held.until)
    return Wanted(subject, tuple(PartSpan(span, None) for span in spans))
