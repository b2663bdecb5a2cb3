"""Figures as printed."""

from decimal import Decimal

import pytest

from projects.templatetags.figures import amount, lead, share, yi


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0, "0"),
        (5073, "5,073"),
        (Decimal("59.880"), "59.88"),
        (Decimal("8000.000"), "8,000"),
        (Decimal("1000000.5"), "1,000,000.5"),
        (Decimal("0.0004"), "0"),
    ],
)
def test_amount(value: Decimal | int | None, text: str) -> None:
    assert amount(value) == text


@pytest.mark.parametrize(
    ("used", "arranged", "text"),
    [
        ("22.47", "40.16", "56.0%"),
        ("3.82", "6.52", "58.6%"),
        ("18.65", "33.64", "55.4%"),
        ("0", "1", "0.0%"),
        ("1", "1", "100.0%"),
    ],
)
def test_share_is_the_printed_digit(used: str, arranged: str, text: str) -> None:
    assert share(100 * Decimal(used) / Decimal(arranged)) == text


def test_a_gap_is_no_nought() -> None:
    assert share(None) == yi(None) == lead(None) == "–"


@pytest.mark.parametrize(
    ("yuan", "text"), [("4016000000", "40.16"), ("652000000.00", "6.52"), ("123456789012", "1,234.57")]
)
def test_yi(yuan: str, text: str) -> None:
    assert yi(Decimal(yuan)) == text


@pytest.mark.parametrize(
    ("points", "text"),
    [
        ("8.589", "超前 8.6 个百分点"),
        ("-0.3", "落后 0.3 个百分点"),
        ("0.04", "与序时持平"),
        ("-0.049", "与序时持平"),
    ],
)
def test_lead(points: str, text: str) -> None:
    assert lead(Decimal(points)) == text
