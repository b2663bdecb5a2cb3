"""Filters as values: what passes, and which of them are the same."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maps.pointindex import Between, Bits, Filter, In, Where

VALUES = np.array([0, 1, 2, 3, 7, 200, 254, 255], dtype=np.uint8)


@pytest.mark.parametrize(
    ("test", "passing"),
    [
        (In("c", set()), []),
        (In("c", {0}), [0]),
        (In("c", {255, 300}), [255]),
        (In("c", {1, 2, 3}), [1, 2, 3]),
        (In("c", range(200, 1000)), [200, 254, 255]),
        (In("c", {0, 2, 7, 200, 999}), [0, 2, 7, 200]),
        (In("c", {0, 2, 7, 200, 1 << 31}), [0, 2, 7, 200]),
        (In("c", np.array([True, False, True])), [0, 2]),
        (Between("c", -5, 2), [0, 1, 2]),
        (Between("c", 2, 200), [2, 3, 7, 200]),
        (Between("c", 200, 99999), [200, 254, 255]),
        (Between("c", 5, 4), []),
        (Between("c", 256, 300), []),
        (Between("c", -3, -1), []),
        (Bits("c", 1), [1, 3, 7, 255]),
        (Bits("c", 2, 1), [2, 254]),
        (Bits("c", 256), []),
        (Bits("c", 0, 257), [0, 2, 200, 254]),
        (Where(("c", "c"), lambda a, b: a == b, "same"), VALUES.tolist()),
    ],
)
def test_what_passes(test: In | Between | Bits | Where, passing: list[int]) -> None:
    mask = test.mask(*(VALUES for _ in test.columns))
    assert VALUES[mask].tolist() == passing


@given(st.sets(st.integers(0, 70_000)), st.lists(st.integers(0, 65_535)))
def test_in_is_membership(allowed: set[int], column: list[int]) -> None:
    values = np.array(column, dtype=np.uint16)
    assert In("c", allowed).mask(values).tolist() == [value in allowed for value in column]


def test_filters_that_select_by_the_same_rules_are_equal() -> None:
    one = Filter([In("kind", {1, 2}), Between("day", 0, 9)], ids=[3, 1, 3])
    two = Filter([Between("day", 0, 9), In("kind", [2, 1])], ids=np.array([1, 3]))
    assert one == two
    assert hash(one) == hash(two)
    assert one != Filter([In("kind", {1}), Between("day", 0, 9)], ids=[1, 3])
    assert one != Filter([In("kind", {1, 2}), Between("day", 0, 9)], ids=[1])
    assert Filter() != Filter(ids=[])
    assert In("kind", {1}) != In("stage", {1})
    assert Where(("a",), np.isnan, ("red", 5)) != Where(("a",), np.isnan, ("red", 6))
    assert Between("day", 1, 2) != Bits("day", 1, 2)


@pytest.mark.parametrize(
    "make",
    [
        lambda: In("c", {-1}),
        lambda: In("c", {1 << 32}),
        lambda: In("c", np.array([0, 1])),
        lambda: Bits("c", 1, 1),
        lambda: Bits("c", -1),
        lambda: Where((), np.isnan, "k"),
        lambda: Where(("c",), lambda c: c, "k").mask(VALUES),
    ],
)
def test_nonsense_is_refused(make: object) -> None:
    assert callable(make)
    with pytest.raises(ValueError):
        make()
