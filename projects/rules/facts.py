"""What is known of a site: the facts that its light depends on, each with the day from which it holds.

* Once started stays started: building or later, a start date, or a report above 0 %.
* Several facts of one day: a stage entry beats a bare date; otherwise the last one given holds.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from projects.rules.errors import RuleError
from projects.rules.errors import gettext_noop as _
from projects.rules.policy import Against
from projects.rules.schedule import HUNDRED, ZERO, Plan
from projects.rules.vocabulary import STARTED, Stage


class Report(NamedTuple):
    """形象进度 reported: from the end of `effective` on, `percent` (0-100) is done."""

    effective: date
    percent: Decimal


class StageChange(NamedTuple):
    """From `effective` on the site is in `stage`."""

    effective: date
    stage: Stage


class ApprovedPlan(NamedTuple):
    """From `effective` on `plan` is the approved one."""

    effective: date
    plan: Plan


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """Everything about a site that its light depends on. Sequences are sorted by date here (stable).

    RuleError for a percent outside 0-100, or an approved plan without a baseline to change.
    """

    baseline: Plan | None = None
    approved: tuple[ApprovedPlan, ...] = ()
    reports: tuple[Report, ...] = ()
    stages: tuple[StageChange, ...] = ()
    started_on: date | None = None
    finished_on: date | None = None
    verified_on: date | None = None
    history: tuple[StageChange, ...] = field(init=False, repr=False, compare=False)
    """`stages` together with the three bare dates, in the order in which they hold."""

    def __post_init__(self) -> None:
        if self.baseline is None and self.approved:
            raise RuleError(_("没有基线计划,不能有经批准的调整计划。"))
        for effective, percent in self.reports:
            if not (percent.is_finite() and ZERO <= percent <= HUNDRED):
                raise RuleError(
                    _("{date} 上报的进度 {percent} 不在 0 到 100 之间。"), date=effective, percent=percent
                )
        object.__setattr__(self, "approved", tuple(sorted(self.approved, key=_effective)))
        object.__setattr__(self, "reports", tuple(sorted(self.reports, key=_effective)))
        dated = (
            (self.started_on, Stage.BUILDING),
            (self.finished_on, Stage.FINISHED),
            (self.verified_on, Stage.VERIFIED),
        )
        given = [StageChange(day, stage) for day, stage in dated if day is not None]
        object.__setattr__(self, "history", tuple(sorted([*given, *self.stages], key=_effective)))

    def days(self) -> list[date]:
        """Days on which something became known, ascending, each once."""
        facts: Iterable[tuple[date, object]] = (*self.approved, *self.reports, *self.history)
        return sorted({day for day, _fact in facts})


def _effective(fact: tuple[date, object]) -> date:
    return fact[0]


class Known(NamedTuple):
    """What is known of a site at the end of a day; constant between two days of `SiteFacts.days()`."""

    plan: Plan | None
    actual: Decimal | None
    stage: Stage
    started: bool


def known_at(facts: SiteFacts, against: Against, as_of: date) -> Known:
    """What `facts` say at the end of `as_of`, and nothing that took effect later."""
    plan = facts.baseline
    if against is Against.APPROVED:
        for effective, approved in facts.approved:
            if effective <= as_of:
                plan = approved
    actual = None
    stage = Stage.PLANNED
    started = False
    for effective, percent in facts.reports:
        if effective <= as_of:
            actual = percent
            started = started or percent > 0
    for effective, changed in facts.history:
        if effective <= as_of:
            stage = changed
            started = started or changed in STARTED
    return Known(plan, actual, stage, started)
