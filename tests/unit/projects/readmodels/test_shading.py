"""Five classes for a shaded map."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.readmodels.shading import COUNT, FINE_WIDTHS, WIDTHS, shading, shading_of_changes

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


@pytest.mark.parametrize(
    ("values", "low", "width"),
    [
        (("0.18", "1.57"), "0", "0.5"),  # shares of what is overdue: the ordinary classes would be one colour
        (("0", "0"), "0", "0.2"),
        (("0.2", "0.9"), "0.2", "0.2"),
        (("5", "60"), "0", "20"),
    ],
)
def test_small_shares_have_fine_classes(values: tuple[str, ...], low: str, width: str) -> None:
    found = shading([Decimal(value) for value in values], FINE_WIDTHS)
    assert (found.low, found.width) == (Decimal(low), Decimal(width))


@given(PERCENTS)
def test_fine_classes_hold_their_values_too(values: list[Decimal]) -> None:
    found = shading(values, FINE_WIDTHS)
    ends = list(found)
    assert ends[0][0] >= 0
    assert ends[-1][1] <= 100
    for value in values:
        low, high = ends[found.step(value) - 1]
        assert low <= value < high or value == high == 100


@given(st.lists(st.decimals(-100, 100, places=2), max_size=12))
def test_classes_of_changes_hold_what_fell_as_well(values: list[Decimal]) -> None:
    found = shading_of_changes(values)
    ends = list(found)
    assert len(ends) == COUNT
    for value in values:
        low, high = ends[found.step(value) - 1]
        assert low <= value < high
    steps = [found.step(value) for value in sorted(values)]
    assert steps == sorted(steps)
