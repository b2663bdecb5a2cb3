"""A plan by closed months: nothing until a month is over, then its whole share at once.

Money is planned so (天津 2022: even spending over six months from the month after the issue; the city's
funds: closed months / 12). A month is closed on its last day (`projects.rules.period`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from projects.rules.errors import RuleError
from projects.rules.errors import gettext_noop as _
from projects.rules.period import Period, add_months, closed_months, month_end
from projects.rules.schedule import HUNDRED


@dataclass(frozen=True, slots=True)
class MonthSteps:
    """`months` equal steps, the first at the end of the month of `start`. RuleError for no month at all."""

    start: date
    months: int

    def __post_init__(self) -> None:
        if self.months < 1:
            raise RuleError(_("按月计划至少要有一个月,现为 {months}。"), months=self.months)

    @classmethod
    def over(cls, period: Period) -> "MonthSteps":
        """Every calendar month that `period` touches: for a year twelve."""
        return cls(period.start, period.months)

    @classmethod
    def after_issue(cls, issued_on: date, months: int) -> "MonthSteps":
        """`months` months from the month after the one in which the money was issued (下达)."""
        return cls(add_months(issued_on.replace(day=1), 1), months)

    @property
    def finish(self) -> date:
        """The last day of the last month."""
        return month_end(add_months(self.start, self.months - 1))

    def ratio(self, as_of: date) -> tuple[Decimal, int]:
        """100 x closed months over all months."""
        return HUNDRED * min(closed_months(self.start, as_of), self.months), self.months

    def corners(self) -> Iterable[date]:
        """The days on which a month is closed."""
        return (month_end(add_months(self.start, number)) for number in range(self.months))

    def crossings(self, slope: Decimal, level: Decimal, *, strict: bool) -> Iterable[date]:
        """None: it moves on its corners only."""
        return ()
