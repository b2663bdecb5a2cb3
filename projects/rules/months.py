"""Months as a policy judges them: met or missed, made good later, missed running, and what follows from it.

A month is judged at its close (its last day): met when the actual then reaches what the plan expected then. A
month once missed stays missed: made good later it may become yellow, never green (瓯海 2020). Running misses
are counted by the judgement at each close, so a later catch-up does not break a run.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from projects.rules.facts import Report
from projects.rules.period import month_end
from projects.rules.policy import MonthlyRule
from projects.rules.schedule import Plan, planned_ratio
from projects.rules.vocabulary import Light


@dataclass(frozen=True, slots=True)
class MonthOutcome:
    """`month` (its first day): met at its close or not (None: not closed yet), and since when made good."""

    month: date
    met: bool | None
    made_good_on: date | None = None


def month_result(month: date, plan: Plan, reports: Sequence[Report], as_of: date) -> MonthOutcome:
    """Outcome of the month of `month`, by the reports effective up to `as_of`.

    No report counts as nothing done: a month in which the plan expects anything is missed. Reports in any
    order; the last one given holds among those of one day. Made good: the first later day on which the actual
    reaches what was expected at the month's close.
    """
    first, close = month.replace(day=1), month_end(month)
    if as_of < close:
        return MonthOutcome(first, None)
    expected, days = planned_ratio(plan, close)
    ordered = sorted((report for report in reports if report[0] <= as_of), key=lambda report: report[0])
    by_day = dict(ordered)
    at_close = [percent for day, percent in by_day.items() if day <= close]
    if (at_close[-1] if at_close else 0) * days >= expected:
        return MonthOutcome(first, True)
    later = (day for day, percent in by_day.items() if day > close and percent * days >= expected)
    return MonthOutcome(first, False, next(later, None))


def missed_running(outcomes: Sequence[MonthOutcome], month: date) -> int:
    """Missed months running up to and including `month`; 0 when it was met, is open or is unknown."""
    missed = {outcome.month for outcome in outcomes if outcome.met is False}
    cursor, count = month.replace(day=1), 0
    while cursor in missed:
        count += 1
        cursor = date(cursor.year - (cursor.month == 1), cursor.month - 1 or 12, 1)
    return count


def month_light(outcomes: Sequence[MonthOutcome], month: date, rule: MonthlyRule, as_of: date) -> Light:
    """Light of the month of `month` at the end of `as_of`; `none` while it is not closed or has no outcome.

    Met green; missed `rule.missed`; missed so often running, the light of that; but made good by `as_of`,
    `rule.made_good`.
    """
    first = month.replace(day=1)
    outcome = next((each for each in outcomes if each.month == first), None)
    if outcome is None or outcome.met is None or as_of < month_end(month):
        return Light.NONE
    if outcome.met:
        return Light.GREEN
    if outcome.made_good_on is not None and outcome.made_good_on <= as_of:
        return rule.made_good
    count = missed_running(outcomes, first)
    return next((step.light for step in reversed(rule.running) if count >= step.months), rule.missed)


def month_outputs(outcomes: Sequence[MonthOutcome], month: date, rule: MonthlyRule) -> tuple[str, ...]:
    """What the policy asks for after `month` (南京 2016: any miss a written reason, two running an
    interview).
    """
    count = missed_running(outcomes, month)
    return tuple(output.name for output in rule.outputs if count >= output.months)
