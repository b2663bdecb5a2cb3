"""Months as a policy judges them: met or missed, made good later, missed running, and what follows from it.

* A month is judged at its close (its last day), by the plan and the actual of that day. Met: the actual
  reaches the policy's share of what the plan expected (all of it, unless the policy says less). No report
  counts as nothing done.
* A month once missed stays missed. Made good (补上) from the first later day on which the actual reaches what
  was expected *at that month's close*: it may become yellow, never green (瓯海 2020).
* Running misses are counted by the judgement at each close, so a later catch-up does not break a run: who is
  late every month and catches up every month has missed every month. A month of a run that is made good has
  the light of a month made good, whatever the length of the run (the sources are silent; the policies' texts
  say it).
* A division's month is met when all its indicators meet it, or when they do on average, as the policy says.
  On average: the mean of the actual percents, each at most 100 (nothing overfulfilled makes up for something
  late), against the mean of the planned ones.
* Nothing is expected before a plan starts or while a site is suspended or cancelled: such a month is not
  judged and ends a run. A finished site has done everything.
* After the planned finish everything is expected: each further month is missed until it is done.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Final

from projects.rules.errors import RuleError
from projects.rules.errors import gettext_noop as _
from projects.rules.facts import DivisionFacts, Facts, JudgedByDay, Known, parts_of
from projects.rules.period import ONE_DAY, add_months, month_end
from projects.rules.policy_sections import Against, MetBy, MetRule, MonthlyRule
from projects.rules.schedule import Curve
from projects.rules.verdicts import BY_STAGE, NO_PLAN, NOT_DUE, PAUSED, Judged, Reason
from projects.rules.vocabulary import Light

_CENTURY: Final = 100


@dataclass(frozen=True, slots=True)
class MonthOutcome:
    """`month` (its first day): met at its close or not (None: nothing was to be judged), and since when made
    good.

    Of `parts` judged, `short` had not reached their own plan and `unreported` had no report at all.
    """

    month: date
    met: bool | None
    made_good_on: date | None = None
    parts: int = 1
    short: int = 0
    unreported: int = 0


@dataclass(frozen=True, slots=True)
class YearOutcome:
    """Whether everything was done at the end of the period (None: not over, or nothing to judge)."""

    met: bool | None
    parts: int = 0
    short: int = 0
    unreported: int = 0
    outputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Close:
    """The parts that are judged on a day, and the share (0-1) that each was expected to have done."""

    parts: tuple[JudgedByDay, ...]
    expected: tuple[Fraction, ...]
    known: tuple[Known, ...]

    def met(self, rule: MetRule, against: Against, as_of: date | None = None) -> bool:
        """Whether what was expected then is done: by then, or by the later day `as_of`."""
        known = self.known if as_of is None else [part.known_at(against, as_of) for part in self.parts]
        share = Fraction(rule.of_plan) / 100
        if rule.by is MetBy.ALL:
            return all(_done(each) >= share * due for each, due in zip(known, self.expected, strict=True))
        return sum(min(Fraction(1), _done(each)) for each in known) >= share * sum(self.expected)

    @property
    def short(self) -> int:
        return sum(_done(each) < due for each, due in zip(self.known, self.expected, strict=True))

    @property
    def unreported(self) -> int:
        return sum(each.amount is None and not each.complete for each in self.known)


def month_outcomes(
    facts: Facts, rule: MonthlyRule, against: Against, as_of: date
) -> tuple[MonthOutcome, ...]:
    """Every month closed by the end of `as_of`, from the one in which the first plan starts; empty without a
    plan.

    Cost: by months and facts, not by days. RuleError for a day more than a century after the first plan.
    """
    parts = parts_of(facts)
    plans = list(_plans(parts))
    if not plans:
        return ()
    outcomes = []
    days = sorted({day for part in parts for day in part.days() if day <= as_of})
    month = min(plan.start for plan in plans).replace(day=1)
    if as_of.year - month.year > _CENTURY:
        raise RuleError(
            _("计划开始日 {start} 距截至日期 {as_of} 太久,请检查日期。"), start=month, as_of=as_of
        )
    while month_end(month) <= as_of:
        outcomes.append(_outcome(month, parts, rule.met, against, days))
        month = add_months(month, 1)
    return tuple(outcomes)


def _outcome(
    month: date, parts: Sequence[JudgedByDay], rule: MetRule, against: Against, days: Sequence[date]
) -> MonthOutcome:
    close_day = month_end(month)
    close = _close(parts, against, close_day)
    if not close.parts:
        return MonthOutcome(month, None, parts=0)
    counts = (len(close.parts), close.short, close.unreported)
    if close.met(rule, against):
        return MonthOutcome(month, True, None, *counts)
    later = (day for day in days if day > close_day and close.met(rule, against, day))
    return MonthOutcome(month, False, next(later, None), *counts)


def _close(parts: Iterable[JudgedByDay], against: Against, day: date) -> _Close:
    judged = []
    for part in parts:
        known = part.known_at(against, day)
        if known.plan is not None and known.plan.start <= day and known.stage not in PAUSED:
            numerator, divisor = known.plan.ratio(day)
            judged.append((part, Fraction(numerator) / (100 * divisor), known))
    columns = zip(*judged, strict=True) if judged else ((), (), ())
    return _Close(*(tuple(column) for column in columns))


def _done(known: Known) -> Fraction:
    if known.complete:
        return Fraction(1)
    return Fraction(0) if known.amount is None else Fraction(known.amount) / Fraction(known.whole)


def _plans(parts: Iterable[JudgedByDay]) -> Iterable[Curve]:
    for part in parts:
        if part.baseline is not None:
            yield part.baseline
            yield from (approved.plan for approved in part.approved)


def missed_running(outcomes: Sequence[MonthOutcome], month: date) -> int:
    """Missed months running up to and including `month`; 0 when it was met, is open or is unknown."""
    return len(_run(outcomes, month))


def run_made_good_on(outcomes: Sequence[MonthOutcome], month: date) -> date | None:
    """Since when every month of the run up to `month` is made good; None when not, or without a run."""
    days = [outcome.made_good_on for outcome in _run(outcomes, month)]
    known = [day for day in days if day is not None]
    return max(known) if known and len(known) == len(days) else None


def _run(outcomes: Sequence[MonthOutcome], month: date) -> list[MonthOutcome]:
    missed = {outcome.month: outcome for outcome in outcomes if outcome.met is False}
    cursor, run = month.replace(day=1), []
    while cursor in missed:
        run.append(missed[cursor])
        cursor = add_months(cursor, -1)
    return run


def month_judged(outcomes: Sequence[MonthOutcome], month: date, rule: MonthlyRule, as_of: date) -> Judged:
    """Light and reason of the month of `month` at the end of `as_of`; no light while it is not closed, where
    nothing was to be judged, and under a policy that knows outputs only.

    Met green; missed `rule.missed`; missed so often running, the light of that; but made good by `as_of`,
    `rule.made_good`.
    """
    first = month.replace(day=1)
    outcome = next((each for each in outcomes if each.month == first), None)
    if outcome is None or outcome.met is None or as_of < month_end(month):
        return Judged(Light.NONE, Reason.MONTH_OPEN)
    if outcome.met:
        return Judged(Light.GREEN if rule.gives_lights else Light.NONE, Reason.MONTH_MET)
    if outcome.made_good_on is not None and outcome.made_good_on <= as_of:
        return Judged(rule.made_good, Reason.MONTH_MADE_GOOD)
    count = missed_running(outcomes, first)
    step = next((step for step in reversed(rule.running) if count >= step.months), None)
    if step is not None:
        return Judged(step.light, Reason.MONTHS_RUNNING)
    silent = outcome.unreported == outcome.parts
    return Judged(rule.missed, Reason.NOT_REPORTED if silent else Reason.MONTH_MISSED)


def month_light(outcomes: Sequence[MonthOutcome], month: date, rule: MonthlyRule, as_of: date) -> Light:
    """Light of the month of `month` at the end of `as_of`: see `month_judged`."""
    return month_judged(outcomes, month, rule, as_of).light


def month_outputs(outcomes: Sequence[MonthOutcome], month: date, rule: MonthlyRule) -> tuple[str, ...]:
    """What the policy asks for after `month` (南京 2016: any miss a written reason, two running an
    interview). Making good does not take it back.
    """
    count = missed_running(outcomes, month)
    return tuple(output.name for output in rule.outputs if count >= output.months)


def year_outcome(
    facts: Facts, rule: MonthlyRule, against: Against, period_end: date, as_of: date
) -> YearOutcome:
    """Whether all that was planned up to the period's end was done by then, and what follows if not (南京:
    问责).

    Nothing is forgiven here: the whole plan counts, whatever share the policy asks of a month.
    """
    close = _close(parts_of(facts), against, period_end)
    if as_of < period_end or not close.parts:
        return YearOutcome(None, len(close.parts))
    met = close.met(MetRule(by=rule.met.by), against)
    outputs = () if met else tuple(output.name for output in rule.year_outputs)
    return YearOutcome(met, len(close.parts), close.short, close.unreported, outputs)


def judged_by_month(
    facts: Facts, outcomes: Sequence[MonthOutcome], rule: MonthlyRule, against: Against, as_of: date
) -> Judged:
    """The judgement of a day under a policy of months: the newest closed month's, as known on that day.

    A site's stage comes first, as under every other policy.
    """
    plans = list(_plans(parts_of(facts)))
    if not plans:
        return NO_PLAN
    start = min(plan.start for plan in plans)
    if not isinstance(facts, DivisionFacts):
        known = facts.known_at(against, as_of)
        if known.stage in BY_STAGE:
            return BY_STAGE[known.stage]
        start = start if known.plan is None else known.plan.start
    if as_of < start:
        return NOT_DUE
    newest = as_of if month_end(as_of) == as_of else as_of.replace(day=1) - ONE_DAY
    return month_judged(outcomes, newest, rule, as_of)


def month_days(facts: Facts, as_of: date) -> Iterable[date]:
    """Every day up to `as_of` on which `judged_by_month` can change (and some on which it does not)."""
    parts = parts_of(facts)
    plans = list(_plans(parts))
    for part in parts:
        yield from part.days()
    for plan in plans:
        yield plan.start
    if plans:
        close = month_end(min(plan.start for plan in plans))
        while close <= as_of:
            yield close
            close = month_end(close + ONE_DAY)
