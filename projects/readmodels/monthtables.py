"""The months of a subject: met or missed, made good since, the light of each, and what follows from it.

Rows are projected to the period's end; a month says something from its last day on, and what was made good
counts from the day on which it was. So a past day is a look-up, like a light.
"""

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TypeVar

from projects.models import MonthResult, YearResult
from projects.permissions.access import Access
from projects.querysets.lights import SubjectQuerySet
from projects.readmodels.clocks import Clocks
from projects.readmodels.subjectlights import Named, named
from projects.readmodels.tallies import may_show_lights
from projects.readmodels.vocabulary import ProgrammeWords
from projects.rules.months import MonthOutcome, missed_running, month_judged, month_outputs
from projects.rules.period import month_end
from projects.rules.policy import MonthlyRule, Policy
from projects.rules.sentences import Text
from projects.rules.verdicts import Reason
from projects.rules.vocabulary import Light

R = TypeVar("R", MonthResult, YearResult)


@dataclass(frozen=True, slots=True)
class MonthRow:
    """`month`: its first day. `running`: missed months in a row up to it; `outputs`: what follows from it. Of
    `parts` judged, `short` were below their own plan and `unreported` silent.
    """

    month: dt.date
    met: bool
    made_good_on: dt.date | None
    light: Light
    reason: Reason | None
    running: int
    outputs: tuple[Text, ...]
    parts: int
    short: int
    unreported: int


@dataclass(frozen=True, slots=True)
class YearRow:
    met: bool
    outputs: tuple[Text, ...]
    parts: int
    short: int
    unreported: int


@dataclass(frozen=True, slots=True)
class MonthTable:
    """One subject's closed months by `as_of`, ascending, and its year once that is over."""

    subject: Named
    policy: str
    policy_version: int
    rows: tuple[MonthRow, ...]
    year: YearRow | None

    @property
    def outputs_due(self) -> bool:
        return any(row.outputs for row in self.rows) or (self.year is not None and bool(self.year.outputs))


def month_tables(
    programme_id: int,
    clocks: Clocks,
    *,
    access: Access | None,
    subjects: Collection[str] = (),
    division_id: int | None = None,
) -> list[MonthTable]:
    """By key; `access` None: everything (for commands, and behind a public decision)."""
    results: list[tuple[str, list[MonthResult]]] = []
    rows = _rows(MonthResult.objects.all(), programme_id, clocks, access, subjects, division_id)
    for row in rows.order_by("subject_key", "year", "month"):
        if month_end(dt.date(row.year, row.month, 1)) > clocks.as_of:
            continue
        if not results or results[-1][0] != row.subject_key:
            results.append((row.subject_key, []))
        results[-1][1].append(row)
    ends = {
        row.subject_key: row
        for row in _rows(YearResult.objects.all(), programme_id, clocks, access, subjects, division_id)
        if row.programme is not None and row.programme.period_end <= clocks.as_of
    }
    return [_table(own, ends.get(key), clocks.as_of) for key, own in results]


def public_month_tables(
    programme: ProgrammeWords, clocks: Clocks, *, division_id: int | None = None
) -> list[MonthTable] | None:
    """None where lights are not published. Never with what is to follow, and with reasons only where those
    are published."""
    if not may_show_lights(programme, clocks.as_of):
        return None
    tables = month_tables(programme.pk, clocks, access=None, division_id=division_id)
    return [_public(table, reasons=programme.publishes_reasons) for table in tables]


def _public(table: MonthTable, *, reasons: bool) -> MonthTable:
    rows = tuple(
        MonthRow(
            row.month, row.met, row.made_good_on, row.light, row.reason if reasons else None, 0, (), 0, 0, 0
        )
        for row in table.rows
    )
    year = None if table.year is None else YearRow(table.year.met, (), 0, 0, 0)
    return MonthTable(table.subject, table.policy, table.policy_version, rows, year)


def _rows(
    rows: SubjectQuerySet[R],
    programme_id: int,
    clocks: Clocks,
    access: Access | None,
    subjects: Collection[str],
    division_id: int | None,
) -> SubjectQuerySet[R]:
    found = rows.known(clocks.known_seq).filter(programme_id=programme_id)
    if access is not None:
        found = found.visible_to(access)
    if subjects:
        found = found.filter(subject_key__in=sorted(subjects))
    if division_id is not None:
        found = found.filter(division_id=division_id)
    return found.select_related("indicator", "division", "project", "funding_line", "policy", "programme")


def _table(rows: list[MonthResult], end: YearResult | None, as_of: dt.date) -> MonthTable:
    policy = Policy.from_json(rows[0].policy.rules)
    subject = named(rows[0])
    monthly = policy.rule(subject.kind).monthly
    assert monthly is not None, "a month was judged by a policy without months"
    outcomes = [_outcome(row, as_of) for row in rows]
    return MonthTable(
        subject,
        policy.key,
        policy.version,
        tuple(_row(each, outcomes, monthly, as_of) for each in outcomes),
        None if end is None else _year(end, monthly),
    )


def _outcome(row: MonthResult, as_of: dt.date) -> MonthOutcome:
    later = row.made_good_on is not None and row.made_good_on > as_of
    return MonthOutcome(
        dt.date(row.year, row.month, 1),
        row.met,
        None if later else row.made_good_on,
        row.parts,
        row.short,
        row.unreported,
    )


def _row(each: MonthOutcome, outcomes: list[MonthOutcome], monthly: MonthlyRule, as_of: dt.date) -> MonthRow:
    judged = month_judged(outcomes, each.month, monthly, as_of)
    return MonthRow(
        each.month,
        bool(each.met),
        each.made_good_on,
        judged.light,
        judged.reason,
        missed_running(outcomes, each.month),
        _named_outputs(month_outputs(outcomes, each.month, monthly), monthly),
        each.parts,
        each.short,
        each.unreported,
    )


def _named_outputs(names: Iterable[str], monthly: MonthlyRule) -> tuple[Text, ...]:
    english = {row.name: row.name_en for row in monthly.outputs}
    english |= {row.name: row.name_en for row in monthly.year_outputs}
    return tuple(Text(name, english[name]) for name in names)


def _year(end: YearResult, monthly: MonthlyRule) -> YearRow:
    names = () if end.met else tuple(row.name for row in monthly.year_outputs)
    return YearRow(end.met, _named_outputs(names, monthly), end.parts, end.short, end.unreported)
