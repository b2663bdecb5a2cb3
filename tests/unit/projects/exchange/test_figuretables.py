"""Cells of files: no text is a formula, a gap is a word, a percentage is the printed one."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.exchange.figuretables import NOTHING, amount, percent, plain_text

STARTS = "=+-@\t\r＝＋－＠"


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("海曙区", "海曙区"),
        ("", ""),
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+86 574", "'+86 574"),
        ("-5", "'-5"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("\n=1", "'\n=1"),
        ("＝1", "'＝1"),
        ("＋1", "'＋1"),
        ("－1", "'－1"),
        ("＠A", "'＠A"),
        ("  =1", "'  =1"),
        ("\u200b=1", "'\u200b=1"),
        ("\ufeff =1", "'\ufeff =1"),
        ("'=1", "''=1"),
        ("\x00\x0b=1", "'=1"),
        ("a=1", "a=1"),
        ("–", "–"),
    ],
)
def test_text_is_text(text: str, safe: str) -> None:
    assert plain_text(text) == safe


@given(st.text(max_size=30))
def test_no_text_begins_a_formula(text: str) -> None:
    safe = plain_text(text)
    assert not safe.lstrip().startswith(tuple(STARTS))
    assert not set(safe) & set(map(chr, (*range(9), 11, 12, *range(14, 32))))


@pytest.mark.parametrize(
    ("value", "cell"),
    [("55.95", "56.0"), ("70", "70.0"), ("0", "0.0"), ("-0.44", "-0.4"), ("33.333", "33.3")],
)
def test_percentages_are_the_printed_ones(value: str, cell: str) -> None:
    assert str(percent(Decimal(value))) == cell


def test_a_gap_is_a_word() -> None:
    assert percent(None) == NOTHING
    assert amount(None, "未上报") == "未上报"
    assert (amount(0), amount(Decimal("270.000")), amount(Decimal("59.880"))) == (0, 270, Decimal("59.88"))
