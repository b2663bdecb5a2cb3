"""A plan in amounts (分解计划: so many by the end of each month), judged as exactly as one in percent.

2 of 3 is no decimal percent. So the amounts stay as they are until everything is multiplied across.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from projects.rules.errors import RuleError
from projects.rules.errors import gettext_noop as _
from projects.rules.period import ONE_DAY
from projects.rules.schedule import HUNDRED, ZERO


class AmountDue(NamedTuple):
    """By the end of `date` the plan expects `amount` in total, in the indicator's unit."""

    date: date
    amount: Decimal


@dataclass(frozen=True)
class AmountPlan:
    """Cumulated amounts of a `whole` (the target that the plan was made for); linear between the points.

    Nothing before the first point, everything after `finish`, as for every milestone plan. RuleError for a
    whole that is not > 0, points outside start..finish, dates that do not rise, amounts that fall, are
    negative or pass the whole, and for no point at all.
    """

    start: date
    finish: date
    whole: Decimal
    points: tuple[AmountDue, ...]

    def __post_init__(self) -> None:
        if not (self.whole.is_finite() and self.whole > 0):
            raise RuleError(_("按数量的计划须有大于 0 的目标,现为 {whole}。"), whole=self.whole)
        if not self.points:
            raise RuleError(_("计划至少要有一个时点。"))
        for day, amount in self.points:
            if not (amount.is_finite() and ZERO <= amount <= self.whole):
                raise RuleError(
                    _("{date} 的计划数 {amount} 不在 0 到目标 {whole} 之间。"),
                    date=day,
                    amount=amount,
                    whole=self.whole,
                )
            if not self.start <= day <= self.finish:
                raise RuleError(
                    _("计划时点 {date} 不在 {start} 至 {finish} 之内。"),
                    date=day,
                    start=self.start,
                    finish=self.finish,
                )
        for before, after in pairwise(self.points):
            if after.date <= before.date or after.amount < before.amount:
                raise RuleError(
                    _("计划时点 {after}({amount})须晚于 {before} 且计划数不减。"),
                    after=after.date,
                    amount=after.amount,
                    before=before.date,
                )

    @cached_property
    def _scale(self) -> int:
        """So many times the whole is a whole number."""
        return Fraction(self.whole).denominator

    def ratio(self, as_of: date) -> tuple[Decimal, int]:
        """100 x amount x scale over whole x scale: both exact."""
        numerator, days = self._amount(as_of)
        return HUNDRED * numerator * self._scale, int(self.whole * self._scale) * days

    def _amount(self, as_of: date) -> tuple[Decimal, int]:
        points = self.points
        if as_of < points[0].date:
            return ZERO, 1
        if as_of > points[-1].date:
            return self.whole, 1
        for (day, amount), (next_day, next_amount) in pairwise(points):
            if as_of < next_day:
                days = (next_day - day).days
                return amount * days + (next_amount - amount) * (as_of - day).days, days
        return points[-1].amount, 1

    def corners(self) -> Iterable[date]:
        """Each point's day and the day after it."""
        for point in self.points:
            yield point.date
            yield point.date + ONE_DAY

    def crossings(self, slope: Decimal, level: Decimal, *, strict: bool) -> Sequence[date]:
        """`slope x planned >= level` with planned = 100 x amount / whole: solved on the amounts.

        At most one day a straight piece; the callers judge each returned day again.
        """
        found = []
        steep, bar = Fraction(slope) * 100, Fraction(level) * Fraction(self.whole)
        for (day, amount), (next_day, next_amount) in pairwise(self.points):
            days = (next_day - day).days
            rise = steep * Fraction(next_amount - amount)
            gap = (bar - steep * Fraction(amount)) * days
            if rise <= 0 or gap < 0:
                continue
            whole, rest = divmod(gap, rise)
            steps = int(whole) + (1 if strict or rest else 0)
            if steps <= days:
                found.append(date.fromordinal(day.toordinal() + steps))
        return found
