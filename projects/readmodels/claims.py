"""A published claim beside what the stored rows give for it: equal as printed, or by how much not."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from projects.readmodels.funds import Funds
from projects.readmodels.means import ABOVE_80, DONE_EARLY, MEAN_CATEGORIES, MEAN_PROJECTS, Means
from projects.readmodels.statements import YUAN, Statement
from projects.rules.funding import to_digits
from projects.rules.vocabulary import FundingSource

_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?")
_MEANS: Final[Mapping[str, str]] = {
    "mean-progress-projects": MEAN_PROJECTS,
    "mean-progress-categories": MEAN_CATEGORIES,
    "projects-done-early": DONE_EARLY,
    "projects-above-80": ABOVE_80,
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """`computed` is in the statement's unit, unrounded; `digits`: decimals that the source printed."""

    statement: Statement
    published: Decimal
    computed: Decimal
    digits: int
    is_demo: bool = False

    @property
    def rounded(self) -> Decimal:
        """The computed figure as it would have been printed."""
        return Decimal(to_digits(self.computed, self.digits))

    @property
    def agrees(self) -> bool:
        return self.rounded == self.published

    @property
    def difference(self) -> Decimal:
        """Computed minus published, with the decimals that were printed."""
        return Decimal(to_digits(self.rounded - self.published, self.digits))


def comparisons(
    statements: tuple[Statement, ...], money: Funds, figures: Means, categories: int
) -> tuple[Comparison, ...]:
    """Every published claim for which the same can be computed, in the order of the statements."""
    return tuple(_compared(statements, dict(_computed(money, figures, categories))))


def _compared(
    statements: tuple[Statement, ...], computed: Mapping[str, tuple[Decimal, bool]]
) -> Iterator[Comparison]:
    for row in statements:
        if row.value is None or row.key not in computed:
            continue
        value, is_demo = computed[row.key]
        # Amounts are computed in yuan.
        yield Comparison(row, row.value, value / YUAN.get(row.unit, Decimal(1)), printed_digits(row), is_demo)


def _computed(money: Funds, figures: Means, categories: int) -> Iterator[tuple[str, tuple[Decimal, bool]]]:
    """Claim by its key, in yuan, percent or number; whether 演示数据 is in it."""
    if categories:
        yield "categories", (Decimal(categories), False)
    if figures.projects:
        yield "projects", (Decimal(len(figures.projects)), False)
    for claim, key in _MEANS.items():
        figure = figures.figure(key)
        if figure is not None:
            yield claim, (figure.value, figure.is_demo)
    if not money.rows:
        return
    yield "funds-arranged", (money.total.arranged, False)
    if money.total.used is not None and not money.total_is_published:
        yield "funds-used", (money.total.used, False)
    if money.total.percent is not None:
        yield "funds-used-percent", (money.total.percent, False)
    for row in money.rows:
        word = row.source.value
        yield f"funds-arranged-{word}", (row.rate.arranged, False)
        if row.rate.used is not None:
            yield f"funds-used-{word}", (row.rate.used, False)
        if row.rate.percent is not None:
            yield f"funds-used-{word}-percent", (row.rate.percent, False)
            lead = money.lead(row.rate)
            if lead is not None and row.source is FundingSource.CITY:
                yield f"funds-used-{word}-ahead", (lead, False)


def printed_digits(row: Statement) -> int:
    """With how many decimals the text prints the value: `56.0%` has one although 56 is the number."""
    assert row.value is not None
    for found in _NUMBER.findall(row.text):
        if Decimal(found) == row.value:
            return len(found.partition(".")[2])
    exponent = row.value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
