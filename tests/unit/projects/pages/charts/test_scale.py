"""Places and round figures: an axis holds its values, in steps that a reader counts in."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.pages.charts.scale import PERCENT, Scale, coordinate, ticks

FIGURES = st.decimals(-10_000, 10_000, places=3)
PERCENTS = st.decimals(0, 100, places=4)


@pytest.mark.parametrize(
    ("value", "place"), [(0, 0.0), (25, 25.0), ("33.3", 33.3), (100, 100.0), (-5, 0.0), (140, 100.0)]
)
def test_places_of_a_percentage(value: str | int, place: float) -> None:
    assert PERCENT.place(Decimal(value)) == pytest.approx(place)


@pytest.mark.parametrize(("low", "high"), [("1", "1"), ("2", "1"), ("NaN", "1"), ("0", "Infinity")])
def test_a_scale_needs_two_ends_in_order(low: str, high: str) -> None:
    with pytest.raises(ValueError, match="two ends"):
        Scale(Decimal(low), Decimal(high))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((), ()),
        (("NaN",), ()),
        (("0", "100"), ("0", "20", "40", "60", "80", "100")),
        (("70.2", "91.8"), ("70", "75", "80", "85", "90", "95")),
        (("87.9", "91.8"), ("87", "88", "89", "90", "91", "92")),
        (("0.2", "1.5"), ("0", "0.5", "1", "1.5")),
        (("100",), ("99", "99.2", "99.4", "99.6", "99.8", "100")),
        (("0", "0"), ("0", "0.2", "0.4", "0.6", "0.8", "1")),
        (("50", "50"), ("49", "49.5", "50", "50.5", "51")),
        (("120", "130"), ("99", "99.2", "99.4", "99.6", "99.8", "100")),  # held at the end
    ],
)
def test_round_figures_of_shares(values: tuple[str, ...], expected: tuple[str, ...]) -> None:
    found = ticks([Decimal(value) for value in values], low=Decimal(0), high=Decimal(100))
    assert found == tuple(map(Decimal, expected))


def test_two_ends_that_are_one_leave_no_axis() -> None:
    assert ticks([Decimal(7)], low=Decimal(7), high=Decimal(7)) == ()


@given(st.lists(FIGURES, min_size=1, max_size=12), st.integers(2, 8))
def test_an_axis_holds_its_values(values: list[Decimal], most: int) -> None:
    found = ticks(values, most=most)
    assert 2 <= len(found) <= most + 1
    assert found[0] <= min(values)
    assert max(values) <= found[-1]
    steps = {later - earlier for earlier, later in pairwise(found)}
    assert len(steps) == 1
    step = steps.pop()
    assert step > 0
    assert step.scaleb(-step.adjusted()).normalize() in (1, 2, 5)


@given(st.lists(PERCENTS, min_size=1, max_size=12))
def test_shares_stay_within_their_ends(values: list[Decimal]) -> None:
    found = ticks(values, low=Decimal(0), high=Decimal(100))
    assert found[0] >= 0
    assert found[-1] <= 100
    assert found[0] <= min(values) <= max(values) <= found[-1]


@given(FIGURES, FIGURES, FIGURES)
def test_what_is_more_is_never_drawn_less(one: Decimal, other: Decimal, third: Decimal) -> None:
    low, value, high = sorted((one, other, third))
    if low == high:
        return
    scale = Scale(low, high)
    assert 0 <= scale.place(low) <= scale.place(value) <= scale.place(high) <= 100


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (-0.001, "0"), (12.5, "12.5"), (33.333, "33.33"), (100.0, "100"), (1e-9, "0")],
)
def test_coordinates_are_plain(value: float, text: str) -> None:
    assert coordinate(value) == text
