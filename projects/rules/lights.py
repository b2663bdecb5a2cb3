"""Red, yellow, green, blue: the light of a subject on any day.

Decisions where the sources are silent, each one visible in the reason code:

* No plan: no light. Existing stock (存量) is not late. Suspended and cancelled: no light while so; when work
  goes on, it is judged again with the time lost.
* Verified is blue. Finished but not yet verified is green: it is no longer late, and not yet accepted. So is
  an indicator that has reached its target and a funding line that is used up.
* No report at all: judged as if nothing were done (silence must not earn a better light), while the actual
  stays None, never 0 %, and a yellow or red light gives `not_reported` as its reason.
* Several rules at once (not started, lag, overdue): the worst light; for equal lights the first in that
  order.
* Not started "in its planned month": that month counts as the first, and it is over on its last day, like
  every closed month. Planned for 15 March and never begun: yellow from 31 March, red from 31 May.
* Past the planned finish, but not yet by as many months as the overdue rule asks: green, and `tolerated`.
* A policy that judges months only: the light of a day is that of the newest closed month, as known on that
  day (`projects.rules.months`). A policy that says nothing of a kind of subject gives it no light.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal, localcontext
from typing import Final

from projects.rules.facts import DivisionFacts, Facts, Known, SiteFacts
from projects.rules.months import judged_by_month, month_outcomes
from projects.rules.period import ONE_DAY, add_months, closed_months, month_end
from projects.rules.policy import SEVERITY, Band, Basis, MonthsRule, Policy, SubjectRule
from projects.rules.schedule import (
    ACROSS,
    HUNDRED,
    ZERO,
    Curve,
    lag_pp,
    planned_percent,
    planned_ratio,
    relative_lag,
)
from projects.rules.verdicts import (
    BY_STAGE,
    COMPLETED,
    NO_PLAN,
    NO_RULE,
    NOT_DUE,
    ON_SCHEDULE,
    OVERDUE_TOLERATED,
    Judged,
    Reason,
    Verdict,
)
from projects.rules.vocabulary import Light, Subject

__all__ = [
    "BY_STAGE",
    "Judged",
    "Reason",
    "Verdict",
    "judge",
    "light_at",
    "subject_light_at",
    "turning_days",
    "worst",
]

_BY_BAND: Final = {
    Light.GREEN: Reason.TOLERATED,
    Light.YELLOW: Reason.BEHIND,
    Light.RED: Reason.FAR_BEHIND,
}


def light_at(facts: SiteFacts, policy: Policy, as_of: date) -> Verdict:
    """A site's light at the end of `as_of`, by what was effective then and nothing later."""
    return subject_light_at(facts, policy, Subject.SITE, as_of)


def subject_light_at(facts: Facts, policy: Policy, subject: Subject, as_of: date) -> Verdict:
    """The light of a site, an indicator in a division, a funding line or a division at the end of `as_of`."""
    rule = policy.rule(subject)
    with localcontext(ACROSS):
        if isinstance(facts, DivisionFacts):
            return _verdict(_by_months(facts, rule, policy, as_of), None, policy, as_of)
        known = facts.known_at(policy.against, as_of)
        by_day = rule.judges_days or rule.monthly is None
        judged = judge(known, rule, as_of) if by_day else _by_months(facts, rule, policy, as_of)
        return _verdict(judged, known, policy, as_of)


def _by_months(facts: Facts, rule: SubjectRule, policy: Policy, as_of: date) -> Judged:
    if rule.monthly is None:
        return NO_RULE
    outcomes = month_outcomes(facts, rule.monthly, policy.against, as_of)
    return judged_by_month(facts, outcomes, rule.monthly, policy.against, as_of)


def _verdict(judged: Judged, known: Known | None, policy: Policy, as_of: date) -> Verdict:
    planned = actual = None
    if known is not None:
        planned = None if known.plan is None else planned_percent(known.plan, as_of)
        actual = known.actual
    measured = None if planned is None or actual is None else (planned, actual)
    return Verdict(
        light=judged.light,
        reason=judged.reason,
        detail=judged.detail,
        planned=planned,
        actual=actual,
        lag_pp=None if measured is None else lag_pp(*measured),
        relative_lag=None if measured is None else relative_lag(*measured),
        against=policy.against,
        policy_key=policy.key,
        policy_version=policy.version,
    )


def worst(lights: Iterable[Light]) -> Light:
    """The worst of the judging lights among `lights`; `none` when there is no green, yellow or red."""
    return max((light for light in lights if light in SEVERITY), key=SEVERITY.__getitem__, default=Light.NONE)


def judge(known: Known, rule: SubjectRule, as_of: date) -> Judged:
    """The judgement of one day from what is known on it: all that `light_at` and `spans` share."""
    if known.plan is None:
        return NO_PLAN
    if not rule.judges_days:
        return NO_RULE
    if known.stage in BY_STAGE:
        return BY_STAGE[known.stage]
    if known.complete:
        return COMPLETED
    if as_of < known.plan.start:
        return NOT_DUE
    verdicts = (
        _by_start(known, known.plan, rule, as_of),
        _by_lag(known, known.plan, rule, as_of),
        _by_overdue(known.plan, rule, as_of),
    )
    judged = [verdict for verdict in verdicts if verdict is not None]
    return max(judged, key=lambda verdict: SEVERITY[verdict.light], default=ON_SCHEDULE)


def _by_start(known: Known, plan: Curve, rule: SubjectRule, as_of: date) -> Judged | None:
    if known.started:
        return None
    step = _reached(rule.start, closed_months(plan.start, as_of))
    if step is None:
        return None
    return Judged(step.light, Reason.NOT_STARTED_LONG if step.light is Light.RED else Reason.NOT_STARTED)


def _by_lag(known: Known, plan: Curve, rule: SubjectRule, as_of: date) -> Judged | None:
    """Everything multiplied by whole x divisor x 100, so that nothing is divided."""
    if rule.lag is None:
        return None
    numerator, divisor = planned_ratio(plan, as_of)
    amount = ZERO if known.amount is None else known.amount
    behind = numerator * known.whole - HUNDRED * amount * divisor
    unit = (numerator / HUNDRED if rule.lag.basis is Basis.RELATIVE else Decimal(divisor)) * known.whole
    if unit == 0:
        return None  # nothing planned yet: there is no share of it to be short by
    reached = None
    for band in rule.lag.bands:
        limit = band.threshold * unit
        if behind < limit or (behind == limit and not band.inclusive):
            break
        reached = band
    if reached is None:
        return None
    unreported = known.amount is None and reached.light is not Light.GREEN
    return Judged(reached.light, Reason.NOT_REPORTED if unreported else _BY_BAND[reached.light], reached.note)


def _by_overdue(plan: Curve, rule: SubjectRule, as_of: date) -> Judged | None:
    if not rule.overdue or as_of <= plan.finish:
        return None
    passed = sum(as_of >= add_months(plan.finish, step.months) for step in rule.overdue)
    return Judged(rule.overdue[passed - 1].light, Reason.OVERDUE) if passed else OVERDUE_TOLERATED


def _reached(rules: tuple[MonthsRule, ...], months: int) -> MonthsRule | None:
    return next((rule for rule in reversed(rules) if months >= rule.months), None)


def turning_days(known: Known, rule: SubjectRule) -> Iterator[date]:
    """Every day on which the judgement can change while `known` holds (and some on which it does not).

    The corners of the plan, the days on which a band's threshold is crossed (solved per straight piece of the
    plan), the closing days of the start rule, the days of the overdue rule.
    """
    plan = known.plan
    if plan is None or known.complete or known.stage in BY_STAGE or not rule.judges_days:
        return
    yield plan.start
    for step in rule.start:
        if not known.started:
            yield month_end(add_months(plan.start, step.months - 1))
    if rule.overdue:
        yield plan.finish + ONE_DAY
    for step in rule.overdue:
        yield add_months(plan.finish, step.months)
    if rule.lag is None:
        return
    yield from plan.corners()
    for band in rule.lag.bands:
        yield from _crossings(plan, known, rule.lag.basis, band)


def _crossings(plan: Curve, known: Known, basis: Basis, band: Band) -> Iterable[date]:
    """planned - actual = t, or planned x (1 - t / 100) = actual: both as slope x planned = level."""
    whole, amount = known.whole, known.amount or ZERO
    if basis is Basis.PERCENTAGE_POINTS:
        slope, level = whole, HUNDRED * amount + band.threshold * whole
    else:
        slope, level = (HUNDRED - band.threshold) * whole, HUNDRED * HUNDRED * amount
    return plan.crossings(slope, level, strict=not band.inclusive)
