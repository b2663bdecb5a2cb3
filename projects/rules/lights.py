"""Red, yellow, green, blue: the light of a site on any day, and the spans of days over which it does not
change.

Decisions where the sources are silent, each one visible in the reason code:

* No plan: no light. Existing stock (存量) is not late. Suspended and cancelled: no light while so; when work
  goes on, it is judged again with the time lost.
* Verified is blue. Finished but not yet verified is green: it is no longer late, and not yet accepted.
* No report at all: judged as if nothing were done (silence must not earn a better light), while the actual
  stays None, never 0 %, and a yellow or red light gives `not_reported` as its reason.
* Several rules at once (not started, lag, overdue): the worst light; for equal lights the first in that
  order.
* Not started "in its planned month": that month counts as the first, and it is over on its last day, like
  every closed month. Planned for 15 March and never begun: yellow from 31 March, red from 31 May.
* A policy that judges months only gives a site no light of its own.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

from projects.rules.errors import gettext_noop as _
from projects.rules.facts import Known, SiteFacts, known_at
from projects.rules.period import ONE_DAY, add_months, closed_months, month_end
from projects.rules.policy import SEVERITY, Against, Band, Basis, MonthsRule, Policy
from projects.rules.schedule import (
    HUNDRED,
    ZERO,
    Plan,
    first_day_at,
    lag_pp,
    planned_percent,
    planned_ratio,
    relative_lag,
)
from projects.rules.vocabulary import Light, Stage, Word


class Reason(Word):
    """Why the light is what it is: the code is stored with spans, the term is what pages print."""

    NO_PLAN = "no_plan", _("没有计划")
    NO_RULE = "no_rule", _("规则按月评定")  # the policy judges months, not days
    SUSPENDED = "suspended", _("已暂停")
    CANCELLED = "cancelled", _("已取消")
    VERIFIED = "verified", _("已完工并通过核验")
    FINISHED = "finished", _("已完工,待核验")
    NOT_DUE = "not_due", _("未到计划开始日")
    ON_SCHEDULE = "on_schedule", _("符合序时进度")
    TOLERATED = "tolerated", _("略有滞后,在容许范围内")  # in a green band
    BEHIND = "behind", _("进度滞后")  # in a yellow band
    FAR_BEHIND = "far_behind", _("进度严重滞后")  # in a red band
    NOT_REPORTED = "not_reported", _("未上报进度")  # in a yellow or red band for want of any report
    NOT_STARTED = "not_started", _("未按计划月份开工")  # yellow by the start rule
    NOT_STARTED_LONG = "not_started_long", _("连续多月未开工")  # red by the start rule
    OVERDUE = "overdue", _("超过计划完成日")  # so many months past the planned finish


@dataclass(frozen=True, slots=True)
class Verdict:
    """The light of one day and the figures behind it. Percent 0-100; `relative_lag` is a share (0.4 = 40 %).

    `planned` is by the plan that the policy measures against (`against`). `actual` is None when nothing was
    reported, and then there is no lag figure either.
    """

    light: Light
    reason: Reason
    detail: str
    planned: Decimal | None
    actual: Decimal | None
    lag_pp: Decimal | None
    relative_lag: Decimal | None
    against: Against
    policy_key: str
    policy_version: int


class Judged(NamedTuple):
    light: Light
    reason: Reason
    detail: str = ""


# Settled by the stage alone, whatever the plan says.
BY_STAGE: Final = {
    Stage.VERIFIED: Judged(Light.BLUE, Reason.VERIFIED),
    Stage.FINISHED: Judged(Light.GREEN, Reason.FINISHED),
    Stage.SUSPENDED: Judged(Light.NONE, Reason.SUSPENDED),
    Stage.CANCELLED: Judged(Light.NONE, Reason.CANCELLED),
}
_NO_PLAN: Final = Judged(Light.NONE, Reason.NO_PLAN)
_NO_RULE: Final = Judged(Light.NONE, Reason.NO_RULE)
_NOT_DUE: Final = Judged(Light.GREEN, Reason.NOT_DUE)
_ON_SCHEDULE: Final = Judged(Light.GREEN, Reason.ON_SCHEDULE)
_BY_BAND: Final = {
    Light.GREEN: Reason.TOLERATED,
    Light.YELLOW: Reason.BEHIND,
    Light.RED: Reason.FAR_BEHIND,
}


def light_at(facts: SiteFacts, policy: Policy, as_of: date) -> Verdict:
    """The light at the end of `as_of`, by what was effective then and nothing later."""
    known = known_at(facts, policy.against, as_of)
    light, reason, detail = judge(known, policy, as_of)
    planned = None if known.plan is None else planned_percent(known.plan, as_of)
    measured = None if planned is None or known.actual is None else (planned, known.actual)
    return Verdict(
        light=light,
        reason=reason,
        detail=detail,
        planned=planned,
        actual=known.actual,
        lag_pp=None if measured is None else lag_pp(*measured),
        relative_lag=None if measured is None else relative_lag(*measured),
        against=policy.against,
        policy_key=policy.key,
        policy_version=policy.version,
    )


def worst(lights: Iterable[Light]) -> Light:
    """The worst of the judging lights among `lights`; `none` when there is no green, yellow or red."""
    return max((light for light in lights if light in SEVERITY), key=SEVERITY.__getitem__, default=Light.NONE)


def judge(known: Known, policy: Policy, as_of: date) -> Judged:
    """The judgement of one day from what is known on it: all that `light_at` and `spans` share."""
    if known.plan is None:
        return _NO_PLAN
    if not policy.judges_days:
        return _NO_RULE
    if known.stage in BY_STAGE:
        return BY_STAGE[known.stage]
    if as_of < known.plan.start:
        return _NOT_DUE
    verdicts = (
        _by_start(known, known.plan, policy, as_of),
        _by_lag(known, known.plan, policy, as_of),
        _by_overdue(known.plan, policy, as_of),
    )
    judged = [verdict for verdict in verdicts if verdict is not None]
    return max(judged, key=lambda verdict: SEVERITY[verdict.light], default=_ON_SCHEDULE)


def _by_start(known: Known, plan: Plan, policy: Policy, as_of: date) -> Judged | None:
    if known.started:
        return None
    rule = _reached(policy.start, closed_months(plan.start, as_of))
    if rule is None:
        return None
    return Judged(rule.light, Reason.NOT_STARTED_LONG if rule.light is Light.RED else Reason.NOT_STARTED)


def _by_lag(known: Known, plan: Plan, policy: Policy, as_of: date) -> Judged | None:
    if policy.lag is None:
        return None
    numerator, days = planned_ratio(plan, as_of)
    actual = ZERO if known.actual is None else known.actual
    behind = numerator - actual * days
    unit = numerator / HUNDRED if policy.lag.basis is Basis.RELATIVE else Decimal(days)
    if unit == 0:
        return None  # nothing planned yet: there is no share of it to be short by
    reached = None
    for band in policy.lag.bands:
        limit = band.threshold * unit
        if behind < limit or (behind == limit and not band.inclusive):
            break
        reached = band
    if reached is None:
        return None
    unreported = known.actual is None and reached.light is not Light.GREEN
    return Judged(reached.light, Reason.NOT_REPORTED if unreported else _BY_BAND[reached.light], reached.note)


def _by_overdue(plan: Plan, policy: Policy, as_of: date) -> Judged | None:
    passed = sum(as_of >= add_months(plan.finish, rule.months) for rule in policy.overdue)
    return Judged(policy.overdue[passed - 1].light, Reason.OVERDUE) if passed else None


def _reached(rules: tuple[MonthsRule, ...], months: int) -> MonthsRule | None:
    return next((rule for rule in reversed(rules) if months >= rule.months), None)


def turning_days(known: Known, policy: Policy) -> Iterator[date]:
    """Every day on which the judgement can change while `known` holds (and some on which it does not).

    The corners of the plan, the days on which a band's threshold is crossed (solved per straight piece of the
    plan), the closing days of the start rule, the days of the overdue rule.
    """
    plan = known.plan
    if plan is None or known.stage in BY_STAGE or not policy.judges_days:
        return
    yield plan.start
    for rule in policy.start:
        if not known.started:
            yield month_end(add_months(plan.start, rule.months - 1))
    for rule in policy.overdue:
        yield add_months(plan.finish, rule.months)
    if policy.lag is None:
        return
    for point in plan.points:
        yield point.date
        yield point.date + ONE_DAY
    for band in policy.lag.bands:
        yield from _crossings(plan, known.actual or ZERO, policy.lag.basis, band)


def _crossings(plan: Plan, actual: Decimal, basis: Basis, band: Band) -> Iterable[date]:
    """planned - actual = t, or planned x (1 - t / 100) = actual: both as slope x planned = level."""
    if basis is Basis.PERCENTAGE_POINTS:
        return first_day_at(plan, Decimal(1), actual + band.threshold, strict=not band.inclusive)
    return first_day_at(plan, HUNDRED - band.threshold, actual * HUNDRED, strict=not band.inclusive)
