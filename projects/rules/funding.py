"""Funds: rates from sums, never a mean of ratios; `Decimal` throughout, rounded for display only.

Amounts are in one unit of the caller's choice (the demo: 亿元), rates in percent, leads in percentage points.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import TypeVar

from projects.rules.errors import RuleError
from projects.rules.errors import gettext_noop as _
from projects.rules.period import Period
from projects.rules.schedule import EXACT, HUNDRED, ZERO, funds_planned_percent
from projects.rules.vocabulary import FundingSource

K = TypeVar("K", bound=Hashable)


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

    @property
    def overspent(self) -> Decimal | None:
        """How much more was used than arranged (> 0), or None: not overspent, or the use is not known."""
        over = None if self.used is None else self.used - self.arranged
        return over if over is not None and over > 0 else None

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


@dataclass(frozen=True, slots=True)
class FundLine:
    """One funding line: who pays (资金来源; the level, too: city or district), where, and how much."""

    source: FundingSource
    rate: FundRate
    division: str | None = None


def sums_by(lines: Iterable[FundLine], key: Callable[[FundLine], K]) -> Mapping[K, FundRate]:
    """The sum of the lines of each key, in the order in which the keys first appear."""
    groups: dict[K, list[FundRate]] = {}
    for line in lines:
        groups.setdefault(key(line), []).append(line.rate)
    return {found: sum_of(rates) for found, rates in groups.items()}


def by_source(lines: Iterable[FundLine]) -> Mapping[FundingSource, FundRate]:
    """Sums by source, city level first; a source without a line is left out, not 0."""
    sums = sums_by(lines, lambda line: line.source)
    return {source: sums[source] for source in FundingSource if source in sums}


def by_division(lines: Iterable[FundLine]) -> Mapping[str | None, FundRate]:
    """Sums by division, by rising code; the city's own lines (None) first."""
    sums = sums_by(lines, lambda line: line.division)
    return {code: sums[code] for code in sorted(sums, key=lambda code: (code is not None, code or ""))}


def remainder(whole: FundRate, part: FundRate) -> FundRate:
    """What follows for the rest when a whole and one part are known. RuleError when the part exceeds the
    whole.
    """
    used = None if whole.used is None or part.used is None else whole.used - part.used
    return FundRate(used=used, arranged=whole.arranged - part.arranged)


def to_digits(value: Decimal, digits: int = 1) -> str:
    """`value` as printed: `digits` decimals, half away from zero (四舍五入): 55.95 reads 56.0."""
    return str(value.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP))
