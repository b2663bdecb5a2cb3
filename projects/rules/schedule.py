"""What a plan expects on a day, and how far the actual lies behind it.

Percent are `Decimal` 0-100, never rounded here (round for display only). Days are civil dates, `as_of` is
always given. Convention of a linear plan: the *start day is 0 %, the finish day is 100 %*, elapsed days /
days between.

Exactness: a planned percent such as 100 x 1 / 7 has no finite decimal form, and a light must not tip over
because of its 28th digit. Judging therefore uses `planned_ratio` (an exact numerator over a whole number of
days) and multiplies across; `planned_percent` divides, for people to read.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from datetime import date as calendar_date
from decimal import Context, Decimal, InvalidOperation
from functools import cached_property
from itertools import pairwise
from typing import Final, NamedTuple, Protocol

from projects.rules.errors import RuleError
from projects.rules.errors import gettext_noop as _
from projects.rules.period import ONE_DAY, Period, closed_months

__all__ = [
    "Curve",
    "Milestone",
    "Plan",
    "closed_months",
    "funds_planned_percent",
    "is_milestone_late",
    "lag_pp",
    "planned_percent",
    "planned_ratio",
    "relative_lag",
]

ZERO: Final = Decimal(0)
HUNDRED: Final = Decimal(100)
# Contexts of our own: a caller's decimal context must not change a city's figures. Figures are divided with
# 28 digits; judging multiplies amounts, days and thresholds across, and must not lose the last digit of any.
EXACT: Final = Context(prec=28)
ACROSS: Final = Context(prec=90)


class Curve(Protocol):
    """What the lights ask of a plan, whatever its shape (`Plan`, `projects.rules.steps.MonthSteps`).

    It never falls: 0 before it starts, 100 after it has finished.
    """

    @property
    def start(self) -> calendar_date:
        """First day on which it expects anything to be under way."""

    @property
    def finish(self) -> calendar_date:
        """The day on which it expects everything done."""

    def ratio(self, as_of: calendar_date) -> tuple[Decimal, int]:
        """The percent expected at the end of `as_of` as an exact pair: numerator / (whole number > 0)."""

    def corners(self) -> Iterable[calendar_date]:
        """Days on which it may bend or jump; between two of them it is straight."""

    def crossings(self, slope: Decimal, level: Decimal, *, strict: bool) -> Iterable[calendar_date]:
        """Days besides the corners on which `slope x planned` may first reach (`strict`: exceed) `level`."""


class Milestone(NamedTuple):
    """On `date` the plan expects `percent` (0-100) of the whole."""

    date: date
    percent: Decimal

    @classmethod
    def from_json(cls, data: object) -> "Milestone":
        """Read `{"date": "2024-06-30", "percent": "40"}`; percent a whole number or text, RuleError
        otherwise.
        """
        if isinstance(data, Mapping) and data.keys() == {"date", "percent"}:
            day, percent = data["date"], data["percent"]
            if isinstance(day, str) and isinstance(percent, str | int) and not isinstance(percent, bool):
                with suppress(ValueError, InvalidOperation):
                    return cls(calendar_date.fromisoformat(day), Decimal(percent))
        raise RuleError(
            _('里程碑应写作 {{"date": "2024-06-30", "percent": "40"}},现为 {found}。'), found=repr(data)
        )

    def to_json(self) -> dict[str, str]:
        """What `from_json` reads back."""
        return {"date": self.date.isoformat(), "percent": str(self.percent)}


@dataclass(frozen=True)
class Plan:
    """A time-linear plan (no milestones) or a milestone plan.

    Raises RuleError when the finish lies before the start, a milestone lies outside start..finish or outside
    0..100 %, dates do not rise, or percent fall. Start = finish is allowed: 0 % before that day, 100 % on it.
    """

    start: date
    finish: date
    milestones: tuple[Milestone, ...] = ()

    def __post_init__(self) -> None:
        if self.finish < self.start:
            raise RuleError(
                _("计划完成日 {finish} 早于计划开始日 {start};请改正其中一个日期。"),
                start=self.start,
                finish=self.finish,
            )
        points = tuple(Milestone(day, Decimal(percent)) for day, percent in self.milestones)
        object.__setattr__(self, "milestones", points)
        for point in points:
            _check_milestone(point, self)
        for before, after in pairwise(points):
            if after.date <= before.date or after.percent < before.percent:
                raise RuleError(
                    _("里程碑 {after}({after_percent}%)须晚于 {before}({before_percent}%)且进度不减。"),
                    after=after.date,
                    after_percent=after.percent,
                    before=before.date,
                    before_percent=before.percent,
                )

    @cached_property
    def points(self) -> tuple[Milestone, ...]:
        """The curve's corners; a linear plan has two, a one-day plan one."""
        if self.milestones:
            return self.milestones
        if self.start == self.finish:
            return (Milestone(self.finish, HUNDRED),)
        return (Milestone(self.start, ZERO), Milestone(self.finish, HUNDRED))

    def ratio(self, as_of: date) -> tuple[Decimal, int]:
        """Linear between the points; 0 before the first, 100 after the last (the domain's schedule rule).

        A last milestone below 100 % thus jumps to 100 on the day after it.
        """
        points = self.points
        if as_of < points[0].date:
            return ZERO, 1
        if as_of > points[-1].date:
            return HUNDRED, 1
        for index in range(len(points) - 1):
            (day, percent), (next_day, next_percent) = points[index], points[index + 1]
            if as_of < next_day:
                days = (next_day - day).days
                return percent * days + (next_percent - percent) * (as_of - day).days, days
        return points[-1].percent, 1

    def corners(self) -> Iterable[date]:
        """Each point's day and the day after it."""
        for point in self.points:
            yield point.date
            yield point.date + ONE_DAY

    def crossings(self, slope: Decimal, level: Decimal, *, strict: bool) -> Sequence[date]:
        """At most one day a straight piece, by whole days.

        The exact solution of the crossing; a superset of the real first crossing is enough for the callers,
        who judge each returned day again. `slope` must be >= 0 (0 never crosses).
        """
        found = []
        for (day, percent), (next_day, next_percent) in pairwise(self.points):
            days = (next_day - day).days
            rise = slope * (next_percent - percent)
            gap = (level - slope * percent) * days
            if rise <= 0 or gap < 0:
                continue
            whole, rest = divmod(gap, rise)
            steps = int(whole) + (1 if strict or rest else 0)
            if steps <= days:
                found.append(date.fromordinal(day.toordinal() + steps))
        return found


def _check_milestone(point: Milestone, plan: Plan) -> None:
    if not (point.percent.is_finite() and ZERO <= point.percent <= HUNDRED):
        raise RuleError(
            _("里程碑 {date} 的进度 {percent} 不在 0 到 100 之间。"), date=point.date, percent=point.percent
        )
    if not plan.start <= point.date <= plan.finish:
        raise RuleError(
            _("里程碑 {date} 不在计划期 {start} 至 {finish} 之内。"),
            date=point.date,
            start=plan.start,
            finish=plan.finish,
        )


def planned_ratio(plan: Curve, as_of: date) -> tuple[Decimal, int]:
    """The planned percent of `as_of` as an exact pair (numerator, divisor > 0): percent = numerator /
    divisor.
    """
    return plan.ratio(as_of)


def planned_percent(plan: Curve, as_of: date) -> Decimal:
    """序时进度: percent (0-100) that `plan` expects at the end of `as_of`."""
    numerator, days = planned_ratio(plan, as_of)
    return EXACT.divide(numerator, Decimal(days))


def funds_planned_percent(period: Period | int, as_of: date) -> Decimal:
    """Share of the funds that should be used by `as_of`: closed months / months of the period, in percent.

    `period` is a `Period` or a calendar year. By months, not days: 30 June gives exactly 50, 29 June 5/12;
    with days (49.7 %) the city's published leads over schedule would not come out. Never above 100.
    """
    span = Period.of_year(period) if isinstance(period, int) else period
    closed = min(closed_months(span.start, as_of), span.months)
    return EXACT.divide(HUNDRED * closed, Decimal(span.months))


def lag_pp(planned: Decimal, actual: Decimal) -> Decimal:
    """滞后 in percentage points: planned minus actual; > 0 is behind, < 0 ahead."""
    return EXACT.subtract(planned, actual)


def relative_lag(planned: Decimal, actual: Decimal) -> Decimal | None:
    """Lag as a share of what was planned to date (0.4 = 40 % short), or None while nothing is planned yet."""
    if planned == 0:
        return None
    return EXACT.divide(EXACT.subtract(planned, actual), planned)


def is_milestone_late(baseline_due: date, met_on: date | None, as_of: date) -> bool:
    """Whether at the end of `as_of` a milestone's *baseline* due date has passed and it is not met.

    The due day itself is in time. A reschedule does not help: "rescheduled" is not "on time".
    """
    return as_of > baseline_due and (met_on is None or met_on > as_of)
