"""Reported high, counted low."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.rules.divergence import divergence
from projects.rules.policy import DivergenceRule
from projects.rules.progress import Output

D = Decimal
TWENTY = DivergenceRule(D(20))


@pytest.mark.parametrize(
    ("reported", "actual", "target", "points", "flagged"),
    [
        ("30", "0", "1440", "30", True),  # the real case: e-bike stations, none finished, reported 30 %
        ("20", "0", "1440", "20", True),  # from the limit on
        ("19.99", "0", "1440", "19.99", False),
        ("53.33", "1", "3", None, False),  # a third, and 19.9967 points above it
        ("53.34", "1", "3", None, True),
        ("10", "50", "100", "-40", False),  # more counted than reported: no reason to doubt
        ("100", "300", "100", "0", False),  # overfulfilled counts as 100 %
    ],
)
def test_flag(reported: str, actual: str, target: str, points: str | None, flagged: bool) -> None:
    found = divergence(D(reported), Output(D(actual), D(target)), TWENTY)
    assert found is not None
    assert found.flagged is flagged
    assert points is None or found.points == D(points)


@pytest.mark.parametrize(
    ("reported", "counted"),
    [(None, Output(D(1), D(2))), (D(30), Output(None, D(2))), (D(30), Output(D(1), None))],
)
def test_nothing_to_compare_is_no_divergence(reported: Decimal | None, counted: Output) -> None:
    assert divergence(reported, counted, TWENTY) is None


def test_without_a_rule_nothing_is_flagged() -> None:
    found = divergence(D(90), Output(D(0), D(2)), None)
    assert found is not None and (found.points, found.flagged) == (D(90), False)


@given(st.integers(0, 100), st.integers(0, 50), st.integers(1, 50), st.integers(1, 100))
def test_flagged_exactly_from_the_limit_on(reported: int, actual: int, target: int, limit: int) -> None:
    found = divergence(D(reported), Output(D(actual), D(target)), DivergenceRule(D(limit)))
    assert found is not None
    assert found.flagged == (reported * target - 100 * min(actual, target) >= limit * target)
