"""Changes, percentage points and the labels of axes, as pages print them."""

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import translation

from projects.templatetags.changes import gap_points, grown, month_label, points, round_share


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0, "0"),
        (12, "+12"),
        (-3, "−3"),
        (1603, "+1,603"),
        (Decimal("1.560"), "+1.56"),
        (Decimal(-2), "−2"),
    ],
)
def test_a_change_of_a_count(value: Decimal | int | None, text: str) -> None:
    assert grown(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), ("8.589", "+8.6"), ("-0.44", "−0.4"), ("0.04", "0.0"), ("-0.04", "0.0"), ("0.05", "+0.1")],
)
def test_a_change_of_a_percentage(value: str | None, text: str) -> None:
    assert points(None if value is None else Decimal(value)) == text


def test_a_gap_has_no_plus() -> None:
    assert (gap_points(Decimal(20)), gap_points(Decimal("-4.25"))) == ("20.0", "−4.3")


@pytest.mark.parametrize(("value", "text"), [("25", "25%"), ("0.50", "0.5%"), ("100", "100%"), ("0", "0%")])
def test_a_round_percentage_of_an_axis(value: str, text: str) -> None:
    assert round_share(Decimal(value)) == text


@pytest.mark.parametrize(
    ("day", "language", "text"),
    [
        (dt.date(2024, 6, 30), "zh-hans", "6月"),
        (dt.date(2024, 6, 30), "en", "Jun"),
        (dt.date(2024, 2, 29), "zh-hans", "2月"),
        (dt.date(2023, 2, 28), "en", "Feb"),
        (dt.date(2024, 2, 28), "zh-hans", "2月28日"),
        (dt.date(2024, 6, 15), "en", "15 Jun"),
    ],
)
def test_days_of_an_axis(day: dt.date, language: str, text: str) -> None:
    with translation.override(language):
        assert month_label(day) == text
