"""With how many decimals a source printed a figure, and what is said when the computed one differs."""

import datetime as dt
from decimal import Decimal

import pytest

from projects.readmodels.claims import Comparison, printed_digits
from projects.readmodels.statements import Statement


def statement(text: str, value: str, unit: str = "%") -> Statement:
    return Statement(
        "k", "数", "figure", text, Decimal(value), unit, "", None, None, None, None, dt.date(2024, 6, 30), "s"
    )


@pytest.mark.parametrize(
    ("text", "value", "digits"),
    [
        ("56.0%", "56.0000", 1),
        ("15 类 37 项,平均进度 77.7%", "77.7000", 1),
        ("40.16 亿", "40.1600", 2),
        ("16 项进度超过 80%", "16.0000", 0),
        ("8000余亩", "8000.0000", 0),
        ("约四成", "40.5000", 1),  # no number in the words: the value's own
        ("约四成", "40.0000", 0),
    ],
)
def test_printed_digits(text: str, value: str, digits: int) -> None:
    assert printed_digits(statement(text, value)) == digits


@pytest.mark.parametrize(
    ("text", "published", "computed", "agrees", "difference"),
    [
        # 宁波, mid-2024: 22.47 / 40.16, 3.82 / 6.52, minus 50.
        ("56.0%", "56.0", "55.9512", True, "0.0"),
        ("58.6%", "58.6", "58.5890", True, "0.0"),
        ("8.6 个百分点", "8.6", "8.5890", True, "0.0"),
        ("56.0%", "56.0", "55.9499", False, "-0.1"),
        ("56.0%", "56.0", "56.0500", False, "0.1"),  # half away from zero
        ("6 项", "6", "7", False, "1"),
    ],
)
def test_equal_as_printed(text: str, published: str, computed: str, agrees: bool, difference: str) -> None:
    row = statement(text, published)
    found = Comparison(row, Decimal(published), Decimal(computed), printed_digits(row))
    assert (found.agrees, found.difference) == (agrees, Decimal(difference))
