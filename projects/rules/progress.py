"""Progress arithmetic: output against target, and roll-ups that say what they are made of.

`output % = min(100, actual / target)`, the uncapped figure kept beside it (超额完成). No target is 无目标, no
report is "not reported": neither is ever 0 %. Percent are `Decimal`, unrounded.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from operator import attrgetter
from typing import TypeVar

from projects.rules.errors import RuleError
from projects.rules.errors import gettext_noop as _
from projects.rules.schedule import EXACT, HUNDRED, ZERO
from projects.rules.vocabulary import Word

T = TypeVar("T")


class OutputState(Word):
    """Whether an output has a percent, and if not, why."""

    MEASURED = "measured", _("已上报")
    NO_TARGET = "no_target", _("无目标")  # 无目标: show the actual
    NOT_REPORTED = "not_reported", _("未上报")  # no figure at all, with or without a target


@dataclass(frozen=True, slots=True)
class Output:
    """An actual and its target, in one unit. RuleError for a target that is not > 0 or a negative actual."""

    actual: Decimal | None
    target: Decimal | None

    def __post_init__(self) -> None:
        if self.target is not None and not (self.target.is_finite() and self.target > 0):
            raise RuleError(_("目标须大于 0,现为 {target};没有目标请留空,不要填 0。"), target=self.target)
        if self.actual is not None and not (self.actual.is_finite() and self.actual >= 0):
            raise RuleError(_("完成数不能为负,现为 {actual}。"), actual=self.actual)

    @property
    def state(self) -> OutputState:
        """What can be said of it."""
        if self.actual is None:
            return OutputState.NOT_REPORTED
        return OutputState.NO_TARGET if self.target is None else OutputState.MEASURED

    @property
    def uncapped(self) -> Decimal | None:
        """actual / target in percent, above 100 when overfulfilled; None unless measured."""
        if self.actual is None or self.target is None:
            return None
        return EXACT.divide(HUNDRED * self.actual, self.target)

    @property
    def percent(self) -> Decimal | None:
        """`uncapped`, at most 100."""
        return None if self.uncapped is None else min(HUNDRED, self.uncapped)


@dataclass(frozen=True, slots=True)
class RollUp:
    """A figure over several parts: numerator / denominator, and how many parts could not go in.

    `missing` parts were not reported, `without_target` have nothing to be measured against; neither is in the
    numerator or the denominator. `scale` turns the ratio into percent: 100 for sums of amounts, 1 for a mean
    of percents.
    """

    numerator: Decimal
    denominator: Decimal
    scale: Decimal
    parts: int
    missing: int
    without_target: int

    @property
    def uncapped(self) -> Decimal | None:
        """The figure in percent, or None when no part could go in (never 0 %)."""
        return None if self.denominator == 0 else EXACT.divide(self.scale * self.numerator, self.denominator)

    @property
    def percent(self) -> Decimal | None:
        """`uncapped`, at most 100."""
        return None if self.uncapped is None else min(HUNDRED, self.uncapped)


class MeanOver(Word):
    """Of what a mean is taken: two different figures, each labelled, neither standing for the other."""

    PROJECTS = "projects", _("各项目的平均")
    CATEGORIES = "categories", _("各类平均的平均")


@dataclass(frozen=True, slots=True)
class LabelledMean:
    """A mean and what it was taken over."""

    over: MeanOver
    figure: RollUp


def mean(parts: Iterable[Output], *, capped: bool = True) -> RollUp:
    """Unweighted mean of the parts' percents: numerator their sum, denominator how many were measured.

    Each part counts for at most 100 (`capped`), so that nothing overfulfilled hides something late. With
    `capped=False` the figure that is shown beside it: its `uncapped`. Over *these* parts: see `means`.
    """
    given = tuple(parts)
    found = (part.percent if capped else part.uncapped for part in given)
    percents = [percent for percent in found if percent is not None]
    return _roll_up(given, sum(percents, ZERO), Decimal(len(percents)), Decimal(1))


@dataclass(frozen=True, slots=True)
class Weighted:
    """A percent and how much it weighs among its neighbours. None is a missing part. RuleError for a negative
    weight.
    """

    percent: Decimal | None
    weight: Decimal

    def __post_init__(self) -> None:
        if not (self.weight.is_finite() and self.weight >= 0):
            raise RuleError(_("权重不能为负,现为 {weight}。"), weight=self.weight)


def weighted_mean(parts: Iterable[Weighted]) -> RollUp:
    """Sum of percent x weight over the sum of the weights. A missing part leaves both sums.

    RuleError when all weights together are 0: then the parts say nothing of the whole.
    """
    given = tuple(parts)
    if given and sum((part.weight for part in given), ZERO) == 0:
        raise RuleError(_("权重之和须大于 0。"))
    known = [(part.percent, part.weight) for part in given if part.percent is not None]
    return RollUp(
        numerator=sum((percent * weight for percent, weight in known), ZERO),
        denominator=sum((weight for _percent, weight in known), ZERO),
        scale=Decimal(1),
        parts=len(given),
        missing=len(given) - len(known),
        without_target=0,
    )


def means(projects_by_category: Iterable[Iterable[Output]]) -> tuple[LabelledMean, LabelledMean]:
    """The mean over all projects, and the mean over the categories' means. They differ as soon as categories
    differ in size.
    """
    categories = tuple(tuple(projects) for projects in projects_by_category)
    return (
        LabelledMean(MeanOver.PROJECTS, mean(project for projects in categories for project in projects)),
        LabelledMean(MeanOver.CATEGORIES, mean_of(mean(projects).percent for projects in categories)),
    )


def mean_of(percents: Iterable[Decimal | None]) -> RollUp:
    """Mean of percents that are already figures (category means, say); None is a missing part."""
    given = tuple(percents)
    known = [percent for percent in given if percent is not None]
    return RollUp(sum(known, ZERO), Decimal(len(known)), Decimal(1), len(given), len(given) - len(known), 0)


def total(parts: Iterable[Output]) -> RollUp:
    """Sum of actuals over sum of targets, for parts of one unit; only measured parts go in, on both sides."""
    given = tuple(parts)
    pairs = [
        (part.actual, part.target) for part in given if part.actual is not None and part.target is not None
    ]
    actual = sum((actual for actual, _target in pairs), ZERO)
    return _roll_up(given, actual, sum((target for _actual, target in pairs), ZERO), HUNDRED)


def _roll_up(given: tuple[Output, ...], numerator: Decimal, denominator: Decimal, scale: Decimal) -> RollUp:
    states = [part.state for part in given]
    return RollUp(
        numerator=numerator,
        denominator=denominator,
        scale=scale,
        parts=len(given),
        missing=states.count(OutputState.NOT_REPORTED),
        without_target=states.count(OutputState.NO_TARGET),
    )


def additive(
    indicators: Iterable[T], subset_of: Callable[[T], object | None] = attrgetter("subset_of")
) -> tuple[T, ...]:
    """The indicators that may be added up: those that are no subset (其中) of another.

    A subset is dropped even when its whole is not among `indicators`: two subsets of one whole may overlap.
    `subset_of` tells an indicator's whole, or None; pass `lambda i: i.subset_of_id` to spare a query.
    """
    return tuple(indicator for indicator in indicators if subset_of(indicator) is None)
