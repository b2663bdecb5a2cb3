"""The facts that the lights of indicators, divisions, projects and money rest on, read for as many as needed.

Where a plan comes from: the first statement of it is the baseline of the whole period; none was made: the
period is gone through evenly. What is done: for an indicator that is counted by its sites their output, for
one that is only reported the newest report by its day. Money: what has been used of what was arranged.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q

from projects.models import (
    FundingArrangement,
    FundingLine,
    FundingReport,
    Indicator,
    IndicatorPlan,
    IndicatorReport,
    LagPolicy,
    Programme,
    TargetStatement,
)
from projects.readmodels.countedseries import Series, counted_series, members_of
from projects.readmodels.definitions import definitions
from projects.readmodels.past import past
from projects.rules.amounts import AmountDue, AmountPlan
from projects.rules.facts import ApprovedPlan
from projects.rules.period import Period
from projects.rules.policy import Policy
from projects.rules.promised import Done, PromisedFacts, TargetFrom, promised
from projects.rules.schedule import HUNDRED, Curve, Milestone, Plan
from projects.rules.steps import MonthSteps
from projects.rules.vocabulary import Counting, PlanUnit

#: (indicator, division); the city's own under the programme's division.
Cell = tuple[int, int]


@dataclass(frozen=True, slots=True)
class CellFacts:
    """One indicator in one division. `is_subset`: its amounts are in its whole's as well (其中)."""

    indicator_id: int
    division_id: int
    project_id: int | None
    is_subset: bool
    facts: PromisedFacts


@dataclass(frozen=True, slots=True)
class Judging:
    """A programme as its lights need it."""

    programme: Programme
    policy: Policy

    @classmethod
    def of(cls, programme: Programme) -> "Judging":
        return cls(programme, Policy.from_json(programme.policy.rules))

    @classmethod
    def then(cls, programme: Programme, known_seq: int | None) -> "Judging":
        """With the policy and the period that the programme had after a change (None: has now)."""
        if known_seq is None:
            return cls.of(programme)
        held = past("programme", known_seq, known_seq + 1)
        row = Programme.objects.select_related("policy").get(pk=programme.pk)
        row.period_start = held.day(row.pk, "period_start", row.period_start) or row.period_start
        row.period_end = held.day(row.pk, "period_end", row.period_end) or row.period_end
        row.policy = LagPolicy.objects.get(pk=held.was(row.pk, "policy_id", row.policy_id))
        return cls.of(row)

    @property
    def period(self) -> Period:
        return Period(self.programme.period_start, self.programme.period_end)


@dataclass(frozen=True)
class _Statements:
    """Everything said of cells, by cell and in the order in which it holds."""

    targets: Mapping[Cell, list[TargetFrom]]
    plans: Mapping[Cell, list[IndicatorPlan]]
    reports: Mapping[Cell, list[Done]]


def cell_facts(
    judging: Judging, wanted: Collection[Cell], *, known_seq: int | None = None
) -> dict[Cell, CellFacts]:
    """Facts of the cells for which a target was ever stated (by `known_seq`), whatever it is now."""
    if not wanted:
        return {}
    programme = judging.programme
    indicators = {row.pk: row for row in Indicator.objects.filter(pk__in={pk for pk, _division in wanted})}
    said = _statements(programme, wanted, known_seq)
    found = [cell for cell in sorted(wanted) if cell in said.targets and cell[0] in indicators]
    defined = definitions(known_seq)
    counted = {pk for pk, _division in found if defined[pk].counting is not Counting.REPORTED}
    members = members_of(programme, {division for pk, division in found if pk in counted})
    series = counted_series(programme, counted, members, known_seq=known_seq)
    return {
        cell: CellFacts(
            *cell,
            indicators[cell[0]].project_id,
            indicators[cell[0]].subset_of_id is not None,
            _facts(judging, cell, said, series.get(cell) if cell[0] in counted else None),
        )
        for cell in found
    }


def cells_with_targets(programme: Programme, *, known_seq: int | None = None) -> set[Cell]:
    """Every cell of the programme for which a target was stated and stands."""
    rows = TargetStatement.objects.standing(known_seq).filter(
        indicator__category__programme=programme, indicator__deleted_seq__isnull=True
    )
    return {
        (indicator_id, division_id or programme.division_id)
        for indicator_id, division_id in rows.values_list("indicator_id", "division_id")
    }


def _facts(judging: Judging, cell: Cell, said: _Statements, series: Series | None) -> PromisedFacts:
    if series is None:
        done, begun = list(said.reports.get(cell, ())), None
    else:
        done, begun = [Done(day, amount) for day, amount in series.amounts], series.begun_on
    baseline, approved = plans_of(said.plans.get(cell, ()), judging.period)
    return promised(baseline, said.targets[cell], done, approved, begun)


def plans_of(rows: Sequence[IndicatorPlan], period: Period) -> tuple[Curve, list[ApprovedPlan]]:
    """The baseline, and the reschedules that were approved. `rows` in the order in which they hold."""
    if not rows:
        return Plan(period.start, period.finish), []
    later = [ApprovedPlan(row.effective_on, curve_of(row, period)) for row in rows[1:] if row.approval_number]
    return curve_of(rows[0], period), later


def curve_of(row: IndicatorPlan, period: Period) -> Curve:
    """The plan that a statement describes. RuleError for what is none.

    It starts with the period, or on the last day for which nothing is planned yet; it ends with the point
    that says all, or else with the period.
    """
    points = [(dt.date.fromisoformat(day), Decimal(value)) for day, value in row.points]
    idle = [day for day, value in points if value == 0]
    if idle:
        points = [pair for pair in points if pair[0] >= idle[-1]]
    start = idle[-1] if idle else period.start
    everything = row.whole if row.unit == PlanUnit.AMOUNT else HUNDRED
    done = bool(points) and points[-1][1] == everything
    finish = points[-1][0] if done else period.finish
    if row.unit == PlanUnit.AMOUNT and row.whole is not None:
        return AmountPlan(start, finish, row.whole, tuple(AmountDue(*pair) for pair in points))
    return Plan(start, finish, tuple(Milestone(*pair) for pair in points))


def _statements(programme: Programme, wanted: Collection[Cell], known_seq: int | None) -> _Statements:
    city = programme.division_id
    divisions = {division for _pk, division in wanted}
    place = Q(division_id__in=divisions)
    if city in divisions:
        place |= Q(division_id__isnull=True)
    of_these = Q(indicator_id__in={pk for pk, _division in wanted}) & place
    found = _Statements({}, {}, {})
    for row in TargetStatement.objects.standing(known_seq).filter(of_these).order_by("effective_on", "pk"):
        cell = (row.indicator_id, row.division_id or city)
        found.targets.setdefault(cell, []).append(TargetFrom(row.effective_on, row.target))  # type: ignore[attr-defined]
    for plan in IndicatorPlan.objects.standing(known_seq).filter(of_these).order_by("effective_on", "pk"):
        found.plans.setdefault((plan.indicator_id, plan.division_id or city), []).append(plan)  # type: ignore[attr-defined]
    for report in IndicatorReport.objects.standing(known_seq).filter(of_these).order_by("as_of", "pk"):
        cell = (report.indicator_id, report.division_id or city)
        done = Done(report.as_of, report.actual, report.percent)
        found.reports.setdefault(cell, []).append(done)  # type: ignore[attr-defined]
    return found


@dataclass(frozen=True, slots=True)
class LineFacts:
    """A funding line. `until`: the last day that its schedule speaks of, not before the period's end."""

    line: FundingLine
    facts: PromisedFacts
    until: dt.date

    @property
    def has_schedule(self) -> bool:
        return self.facts.baseline is not None


def line_facts(
    judging: Judging, line_ids: Iterable[int] | None = None, *, known_seq: int | None = None
) -> list[LineFacts]:
    """The programme's lines (or these of them), by id, with the money arranged and used."""
    lines = FundingLine.objects.filter(programme=judging.programme, deleted_seq__isnull=True).order_by("pk")
    if line_ids is not None:
        lines = lines.filter(pk__in=list(line_ids))
    rows = list(lines)
    ids = [row.pk for row in rows]
    arranged: dict[int, list[TargetFrom]] = {}
    for said in (
        FundingArrangement.objects.standing(known_seq).filter(line__in=ids).order_by("effective_on", "pk")
    ):
        # Nothing arranged is nothing that could be used.
        whole = said.arranged if said.arranged > 0 else None
        arranged.setdefault(said.line_id, []).append(TargetFrom(said.effective_on, whole))
    used: dict[int, list[Done]] = {}
    for report in FundingReport.objects.standing(known_seq).filter(line__in=ids).order_by("as_of", "pk"):
        used.setdefault(report.line_id, []).append(Done(report.as_of, report.used))
    if known_seq is not None:
        held = past("fundingline", known_seq, known_seq + 1)
        for row in rows:
            row.issued_on = held.day(row.pk, "issued_on", row.issued_on)
    return [_line(judging, row, arranged.get(row.pk, ()), used.get(row.pk, ())) for row in rows]


def _line(
    judging: Judging, line: FundingLine, arranged: Iterable[TargetFrom], used: Iterable[Done]
) -> LineFacts:
    rule = judging.policy.funding
    plan = MonthSteps.over(judging.period) if rule is None else rule.plan(judging.period, line.issued_on)
    until = judging.period.finish if plan is None else max(judging.period.finish, plan.finish)
    return LineFacts(line, promised(plan, arranged, used), until)
