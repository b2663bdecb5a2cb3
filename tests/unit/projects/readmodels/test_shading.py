"""Five classes for a shaded map."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.readmodels.shading import COUNT, WIDTHS, shading

PERCENTS = st.lists(st.decimals(0, 100, places=2), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("values", "low", "width"),
    [
        ((), 0, 20),
        (("87.9", "91.8"), 84, 2),  # three classes of 2 points, one free below and one above
        (("50",), 46, 2),
        (("100",), 90, 2),  # never above 100
        (("0",), 0, 2),
        (("0", "9.99"), 0, 2),
        (("0", "10"), 0, 5),
        (("0", "100"), 0, 20),
        (("40", "60"), 40, 5),
    ],
)
def test_cases(values: tuple[str, ...], low: int, width: int) -> None:
    found = shading([Decimal(value) for value in values])
    assert (found.low, found.width) == (low, width)


@given(PERCENTS)
def test_every_value_is_in_the_class_that_says_so(values: list[Decimal]) -> None:
    found = shading(values)
    ends = list(found)
    assert len(ends) == COUNT
    assert found.width in WIDTHS
    assert ends[0][0] >= 0
    assert ends[-1][1] <= 100
    for value in values:
        low, high = ends[found.step(value) - 1]
        assert low <= value < high or value == high == 100


@given(PERCENTS)
def test_darker_is_never_less(values: list[Decimal]) -> None:
    found = shading(values)
    steps = [found.step(value) for value in sorted(values)]
    assert steps == sorted(steps)
    assert found.step(None) == 0
