"""Funds: rates from sums, never a mean of ratios; `Decimal` throughout, rounded for display only.

Amounts are in one unit of the caller's choice (the demo: 亿元), rates in percent, leads in percentage points.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from projects.rules.errors import RuleError
from projects.rules.errors import gettext_noop as _
from projects.rules.period import Period
from projects.rules.schedule import EXACT, HUNDRED, ZERO, funds_planned_percent


@dataclass(frozen=True, slots=True)
class FundRate:
    """Funds used (使用) of funds arranged (安排). `used` None is 未公布, not 0. RuleError for negative
    amounts.

    More used than arranged is possible and is shown as it is: a rate above 100.
    """

    used: Decimal | None
    arranged: Decimal

    def __post_init__(self) -> None:
        for amount in (self.used, self.arranged):
            if amount is not None and not (amount.is_finite() and amount >= 0):
                raise RuleError(_("资金数额不能为负,现为 {amount}。"), amount=amount)

    @property
    def percent(self) -> Decimal | None:
        """used / arranged in percent; None when the use is not known or nothing was arranged."""
        if self.used is None or self.arranged == 0:
            return None
        return EXACT.divide(HUNDRED * self.used, self.arranged)

    def lead_pp(self, period: Period | int, as_of: date) -> Decimal | None:
        """Percentage points ahead (> 0) of closed months / 12 at the end of `as_of`; None without a rate."""
        return None if self.percent is None else self.percent - funds_planned_percent(period, as_of)


def sum_of(lines: Iterable[FundRate]) -> FundRate:
    """All lines as one: sums of both amounts. One line whose use is unknown makes the sum's use unknown."""
    given = tuple(lines)
    used = [line.used for line in given if line.used is not None]
    return FundRate(
        used=sum(used, ZERO) if given and len(used) == len(given) else None,
        arranged=sum((line.arranged for line in given), ZERO),
    )


def remainder(whole: FundRate, part: FundRate) -> FundRate:
    """What follows for the rest when a whole and one part are known. RuleError when the part exceeds the
    whole.
    """
    used = None if whole.used is None or part.used is None else whole.used - part.used
    return FundRate(used=used, arranged=whole.arranged - part.arranged)


def to_digits(value: Decimal, digits: int = 1) -> str:
    """`value` as printed: `digits` decimals, half away from zero (四舍五入): 55.95 reads 56.0."""
    return str(value.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP))
