"""Splitting a published quantity into the parts of sites."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.demo.recipes import split


@given(
    parts=st.integers(1, 60),
    low=st.integers(1, 50),
    spare=st.integers(0, 100),
    share=st.floats(0, 1),
    seed=st.integers(0, 9),
)
def test_parts_sum_exactly_and_keep_their_bounds(
    parts: int, low: int, spare: int, share: float, seed: int
) -> None:
    high = low + spare
    total = Decimal(round(parts * (low + spare * share))) / 1000
    rng = np.random.default_rng(seed)
    found = split(
        total, parts, low=str(Decimal(low) / 1000), high=str(Decimal(high) / 1000), step="0.001", rng=rng
    )
    assert len(found) == parts
    assert sum(found) == total
    assert all(Decimal(low) / 1000 <= part <= Decimal(high) / 1000 for part in found)


@pytest.mark.parametrize(
    ("total", "parts", "step"),
    [("10", 2, "1"), ("100", 2, "1"), ("20.5", 3, "1")],
)
def test_what_cannot_be_split_is_refused(total: str, parts: int, step: str) -> None:
    with pytest.raises(ValueError, match="does not come in"):
        split(Decimal(total), parts, low="6", high="20", step=step, rng=np.random.default_rng(0))
