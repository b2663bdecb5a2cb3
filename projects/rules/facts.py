"""What is known of a subject: the facts that its light depends on, each with the day from which it holds.

* A site: its stage, its plan and the reported percent. Once started stays started: building or later, a start
  date, or a report above 0 %. Several facts of one day: a stage entry beats a bare date; otherwise the last
  one given holds.
* An indicator in a division or a funding line: a plan and what is done of a whole (output of a target, money
  used of money arranged, a reported percent of 100). Kept as the two amounts, because 1 of 3 is no decimal.
* A division: its indicators.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple, Protocol, TypeAlias

from projects.rules.errors import RuleError
from projects.rules.errors import gettext_noop as _
from projects.rules.policy_sections import Against
from projects.rules.schedule import EXACT, HUNDRED, ZERO, Curve
from projects.rules.vocabulary import FINISHED, STARTED, Stage


class Report(NamedTuple):
    """形象进度 reported: from the end of `effective` on, `percent` (0-100) is done."""

    effective: date
    percent: Decimal


class Measure(NamedTuple):
    """From the end of `effective` on, `amount` of `whole` is done (both in one unit), in total so far.

    More than the whole is possible (超额完成, overspent). A target that changes is a new measure of the same
    amount on the day of the change.
    """

    effective: date
    amount: Decimal
    whole: Decimal

    @classmethod
    def reported(cls, effective: date, percent: Decimal) -> "Measure":
        """A reported percent. RuleError outside 0-100."""
        _check_percent(effective, percent)
        return cls(effective, percent, HUNDRED)


class StageChange(NamedTuple):
    """From `effective` on the site is in `stage`."""

    effective: date
    stage: Stage


class ApprovedPlan(NamedTuple):
    """From `effective` on `plan` is the approved one."""

    effective: date
    plan: Curve


class Known(NamedTuple):
    """What is known of a subject at the end of a day; constant between two days of its `days()`.

    `complete`: nothing is left to be done by its own account, whatever anybody checked.
    """

    plan: Curve | None
    amount: Decimal | None
    whole: Decimal
    stage: Stage
    started: bool
    complete: bool

    @property
    def actual(self) -> Decimal | None:
        """Percent done, uncapped; None when nothing was reported, never 0."""
        if self.amount is None:
            return None
        return self.amount if self.whole == HUNDRED else EXACT.divide(HUNDRED * self.amount, self.whole)


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """Everything about a site that its light depends on. Sequences are sorted by date here (stable).

    RuleError for a percent outside 0-100, or an approved plan without a baseline to change.
    """

    baseline: Curve | None = None
    approved: tuple[ApprovedPlan, ...] = ()
    reports: tuple[Report, ...] = ()
    stages: tuple[StageChange, ...] = ()
    started_on: date | None = None
    finished_on: date | None = None
    verified_on: date | None = None
    former: tuple[StageChange, ...] = ()
    """Bare dates that a return for rework took back: they held until then, and say what they said."""
    history: tuple[StageChange, ...] = field(init=False, repr=False, compare=False)
    """`stages` together with the three bare dates, in the order in which they hold."""

    def __post_init__(self) -> None:
        _check_plans(self.baseline, self.approved)
        for effective, percent in self.reports:
            _check_percent(effective, percent)
        object.__setattr__(self, "approved", tuple(sorted(self.approved, key=_effective)))
        object.__setattr__(self, "reports", tuple(sorted(self.reports, key=_effective)))
        dated = (
            (self.started_on, Stage.BUILDING),
            (self.finished_on, Stage.FINISHED),
            (self.verified_on, Stage.VERIFIED),
        )
        given = [StageChange(day, stage) for day, stage in dated if day is not None]
        object.__setattr__(
            self, "history", tuple(sorted([*self.former, *given, *self.stages], key=_effective))
        )

    def days(self) -> list[date]:
        """Days on which something became known, ascending, each once."""
        return _days(self.approved, self.reports, self.history)

    def known_at(self, against: Against, as_of: date) -> Known:
        """What these facts say at the end of `as_of`, and nothing that took effect later."""
        actual = None
        stage = Stage.PLANNED
        started = False
        for effective, percent in self.reports:
            if effective <= as_of:
                actual = percent
                started = started or percent > 0
        for effective, changed in self.history:
            if effective <= as_of:
                stage = changed
                started = started or changed in STARTED
        plan = _plan_at(self.baseline, self.approved, against, as_of)
        return Known(plan, actual, HUNDRED, stage, started, stage in FINISHED)


@dataclass(frozen=True, slots=True)
class SubjectFacts:
    """An indicator in a division, or a funding line. Without a target or a plan there is nothing to judge:
    leave `baseline` out, and the subject has no light.

    RuleError for a whole that is not > 0, a negative amount, or an approved plan without a baseline.
    """

    baseline: Curve | None = None
    approved: tuple[ApprovedPlan, ...] = ()
    measures: tuple[Measure, ...] = ()

    def __post_init__(self) -> None:
        _check_plans(self.baseline, self.approved)
        for _effective_on, amount, whole in self.measures:
            if not (whole.is_finite() and whole > 0):
                raise RuleError(
                    _("目标数或安排金额须大于 0,现为 {whole};没有目标请留空,不要填 0。"), whole=whole
                )
            if not (amount.is_finite() and amount >= 0):
                raise RuleError(_("完成数或使用金额不能为负,现为 {amount}。"), amount=amount)
        object.__setattr__(self, "approved", tuple(sorted(self.approved, key=_effective)))
        object.__setattr__(self, "measures", tuple(sorted(self.measures, key=_effective)))

    def days(self) -> list[date]:
        """Days on which something became known, ascending, each once."""
        return _days(self.approved, self.measures)

    def known_at(self, against: Against, as_of: date) -> Known:
        """What these facts say at the end of `as_of`, and nothing that took effect later."""
        amount, whole, started = None, HUNDRED, False
        for measure in self.measures:
            if measure.effective <= as_of:
                amount, whole = measure.amount, measure.whole
                started = started or amount > 0
        plan = _plan_at(self.baseline, self.approved, against, as_of)
        complete = amount is not None and amount >= whole
        return Known(plan, amount, whole, Stage.BUILDING if started else Stage.PLANNED, started, complete)


@dataclass(frozen=True, slots=True)
class DivisionFacts:
    """A district is judged by its indicators. Parts without a plan (no target) judge nothing."""

    parts: tuple[SubjectFacts, ...]


JudgedByDay: TypeAlias = SiteFacts | SubjectFacts
Facts: TypeAlias = JudgedByDay | DivisionFacts


def former_of(dates: Iterable[tuple[date | None, date | None]]) -> tuple[StageChange, ...]:
    """What returns took back, as `SiteFacts.former`: (finished on, verified on) of each."""
    return tuple(
        StageChange(day, stage)
        for pair in dates
        for day, stage in zip(pair, (Stage.FINISHED, Stage.VERIFIED), strict=True)
        if day is not None
    )


def parts_of(facts: Facts) -> Sequence[JudgedByDay]:
    """What the months of a subject are judged by: a division's parts, anything else itself."""
    return facts.parts if isinstance(facts, DivisionFacts) else (facts,)


def _plan_at(
    baseline: Curve | None, approved: Sequence[ApprovedPlan], against: Against, as_of: date
) -> Curve | None:
    plan = baseline
    if against is Against.APPROVED:
        for effective, changed in approved:
            if effective <= as_of:
                plan = changed
    return plan


def _check_plans(baseline: Curve | None, approved: Sequence[ApprovedPlan]) -> None:
    if baseline is None and approved:
        raise RuleError(_("没有基线计划,不能有经批准的调整计划。"))


def _check_percent(effective: date, percent: Decimal) -> None:
    if not (percent.is_finite() and ZERO <= percent <= HUNDRED):
        raise RuleError(
            _("{date} 上报的进度 {percent} 不在 0 到 100 之间。"), date=effective, percent=percent
        )


class _Dated(Protocol):
    @property
    def effective(self) -> date: ...


def _effective(fact: _Dated) -> date:
    return fact.effective


def _days(*given: Sequence[_Dated]) -> list[date]:
    return sorted({fact.effective for facts in given for fact in facts})
