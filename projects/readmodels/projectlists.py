"""The projects of a programme as a list, each with its phases and how many of them are late or overspent."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from django.db.models import Count as Counted
from django.utils.translation import get_language

from projects.models import Project
from projects.readmodels.clocks import Clocks
from projects.readmodels.phases import PhaseTable, kept_table
from projects.readmodels.siteindex import Snapshot
from projects.readmodels.vocabulary import ProgrammeWords
from projects.rules.phases import Count, Question

#: What a list of projects can be narrowed to: projects with at least one such phase.
SHOWN: Final = (Question.LATE, Question.DELAYED, Question.OVERSPENT)


@dataclass(frozen=True, slots=True)
class ProjectLine:
    """One project in a list."""

    pk: int
    number: int
    code: str
    name_zh: str
    name_en: str
    category: str
    category_zh: str
    category_en: str
    due_date: dt.date | None
    indicators: int


class PhaseTally(NamedTuple):
    """A project's phases, and how many of them each holds for."""

    phases: int
    late: int
    delayed: int
    overspent: int


@dataclass(frozen=True, slots=True)
class ProjectPage:
    """`total` projects fit; `next_after` is the cursor of the next page."""

    clocks: Clocks
    counts: tuple[Count, ...]
    phases: int
    projects: int
    total: int
    lines: tuple[tuple[ProjectLine, PhaseTally], ...]
    next_after: int | None


def project_names(ids: Collection[int]) -> dict[int, str]:
    """Names in the language of the page, by id; no query for none."""
    if not ids:
        return {}
    english = (get_language() or "").startswith("en")
    rows = Project.objects.filter(pk__in=ids).values_list("pk", "name_zh", "name_en")
    return {pk: (en or zh) if english else zh for pk, zh, en in rows}


def project_count(programme_id: int) -> int:
    """How many projects a programme names; most name none."""
    return Project.objects.filter(
        category__programme_id=programme_id, deleted_seq__isnull=True, category__deleted_seq__isnull=True
    ).count()


def project_page(
    programme: ProgrammeWords,
    clocks: Clocks,
    held: Snapshot,
    *,
    show: Question | None = None,
    after: int | None = None,
    limit: int = 50,
) -> ProjectPage:
    """Projects in the order in which they were entered, those with such a phase where `show` is given."""
    table = kept_table(programme.pk, clocks, held)
    tallies = _tallies(table)
    lines = _lines(programme, held)
    chosen = [line for line in lines if show is None or tallies.get(line.pk, {}).get(show)]
    rest = chosen if after is None else [line for line in chosen if line.pk > after]
    page = rest[:limit]
    return ProjectPage(
        clocks,
        table.counts,
        len(table.rows),
        len(lines),
        len(chosen),
        tuple((line, _told(tallies.get(line.pk, {}))) for line in page),
        page[-1].pk if len(rest) > limit else None,
    )


def _told(own: Mapping[Question | None, int]) -> PhaseTally:
    return PhaseTally(own.get(None, 0), *(own.get(question, 0) for question in SHOWN))


def _tallies(table: PhaseTable) -> dict[int, dict[Question | None, int]]:
    """By project: its phases (under None), and those that each question holds for."""
    found: dict[int, dict[Question | None, int]] = {}
    for row in table.rows:
        if row.project_id is not None:
            own = found.setdefault(row.project_id, {})
            own[None] = own.get(None, 0) + 1
            for question in SHOWN:
                own[question] = own.get(question, 0) + row.holds(question)
    return found


def _lines(programme: ProgrammeWords, held: Snapshot) -> Sequence[ProjectLine]:
    key = ("projects", programme.pk)
    kept = held.tables.get(key)
    if kept is None:
        rows = (
            Project.objects.filter(category__programme_id=programme.pk, deleted_seq__isnull=True)
            .annotate(own=Counted("indicators"))
            .order_by("pk")
            .values_list(
                "pk", "number", "code", "name_zh", "name_en", "category__slug", "category__name_zh",
                "category__name_en", "due_date", "own",
            )
        )  # fmt: skip
        kept = held.tables[key] = tuple(
            ProjectLine(pk, number, code, zh, en or zh, slug, own_zh, own_en or own_zh, due, count)
            for pk, number, code, zh, en, slug, own_zh, own_en, due, count in rows
        )
    found: Sequence[ProjectLine] = kept
    return found
