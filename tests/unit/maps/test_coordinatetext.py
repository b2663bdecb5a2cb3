"""Coordinate pairs as people type them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maps.coordinatetext import CoordinateTextError, parse_pairs

PAIR = [(121.55, 29.87)]


@pytest.mark.parametrize(
    "text",
    [
        "121.55, 29.87",
        "121.55,29.87",  # full-width comma
        "121.55,29.87",  # full-width digits
        "121.55、29.87",
        "121.55 29.87",
        "121.55\t29.87",
        "121.55 29.87",  # ideographic space
        " (121.55, 29.87) ",
        "[121.55, 29.87]",
        "121.55°, 29.87°",
        "121.55/29.87",
        "+121.55, +29.87",
        "\n121.55, 29.87\n\n",
    ],
)
def test_one_pair(text: str) -> None:
    assert parse_pairs(text) == PAIR


def test_order_is_declared() -> None:
    assert parse_pairs("29.87, 121.55", lat_first=True) == PAIR
    with pytest.raises(CoordinateTextError) as refused:
        parse_pairs("29.87, 121.55")
    assert refused.value.other_order
    # Both orders are places on Earth: nobody may guess.
    assert parse_pairs("29.87, 12.5") == [(29.87, 12.5)]


def test_several_lines() -> None:
    assert parse_pairs("1,2\n3,4; 5,6") == [(1.0, 2.0), (3.0, 4.0), (5.0, 6.0)]
    assert parse_pairs("  \n ") == []


@pytest.mark.parametrize(
    "text",
    [
        "abc",
        "121.55",
        "1,2,3",
        "nan, 1",
        "inf, 1",
        "1e308, 1",
        "1e5,2",
        "181, 91",
        "200, 200",
        "--1, 2",
        "1,2\nx",
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(CoordinateTextError) as refused:
        parse_pairs(text)
    assert "行" in refused.value.message


def test_error_names_the_line() -> None:
    with pytest.raises(CoordinateTextError, match="第 2 行"):
        parse_pairs("1,2\n错,误")


def test_limit() -> None:
    with pytest.raises(CoordinateTextError):
        parse_pairs("1,2\n" * 6, limit=5)


@given(st.text(max_size=60))
def test_never_anything_but_pairs_in_the_world(text: str) -> None:
    try:
        pairs = parse_pairs(text)
    except CoordinateTextError:
        return
    assert all(abs(x) <= 180 and abs(y) <= 90 for x, y in pairs)


@given(st.floats(-180, 180), st.floats(-90, 90))
def test_what_is_printed_is_read_back(x: float, y: float) -> None:
    (read,) = parse_pairs(f"{x:.7f}, {y:.7f}")
    assert read == pytest.approx((x, y), abs=1e-7)
