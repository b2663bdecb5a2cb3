"""Cells to values, as people type and spreadsheets spoil them."""

import contextlib
import datetime as dt
import math
import unicodedata
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.exchange import values
from projects.exchange.values import CellError, quoted, text_cell, unquoted
from projects.rules.vocabulary import Service, Stage


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("121.5", 121.5),
        (" 121.5 ", 121.5),
        ("１２１．５", 121.5),
        ("121。5", 121.5),
        ("−29.8", -29.8),
        ("+1e2", 100.0),
        (".5", 0.5),
        ("\u3000121.5\u00a0", 121.5),
        ("1e308", 1e308),
    ],
)
def test_numbers(cell: str, expected: float) -> None:
    assert values.number(cell) == expected


@pytest.mark.parametrize(
    "cell",
    ["", " ", "NaN", "nan", "inf", "-Infinity", "1e999", "/", "PNS", "121,5", "1_000", "0x10", "12 1", "121.5E",
     "121°33'", "٣", "9" * 50],
)  # fmt: skip
def test_what_is_no_number_is_refused(cell: str) -> None:
    with pytest.raises(CellError) as caught:
        values.number(cell)
    assert str(caught.value)


@given(st.text())
def test_a_number_is_finite_or_refused(cell: str) -> None:
    with contextlib.suppress(CellError):
        assert math.isfinite(values.number(cell))


@pytest.mark.parametrize(
    "cell",
    [
        "121.5,29.8",
        "121.5,29.8",
        "(121.5, 29.8)",
        "[121.5;29.8]",
        "121.5 29.8",
        "121.5、29.8",
        " 121.5 ; 29.8 ",
    ],
)
def test_pairs(cell: str) -> None:
    assert values.pair(cell) == (121.5, 29.8)


@pytest.mark.parametrize("cell", ["", "121.5", "1,2,3", "a,b", "/", "121.5,NaN"])
def test_what_is_no_pair_is_refused(cell: str) -> None:
    with pytest.raises(CellError):
        values.pair(cell)


#: Texts as somebody would write them who wants a formula to be run: starts, and what hides them.
HOSTILE = st.text(
    st.one_of(
        st.sampled_from("'=+-@＝＋－＠\t\r\n \u00a0\u200b\ufeff\u2060\u3000\ufe0f\x00a"), st.characters()
    )
)


@given(st.one_of(st.text(), HOSTILE))
def test_quoting_is_undone_by_unquoting(text: str) -> None:
    assert unquoted(quoted(text)) == text


@given(HOSTILE)
def test_no_quoted_cell_is_a_formula(text: str) -> None:
    """Whatever of the invisible a spreadsheet drops: what then stands first is no start of a formula."""
    cell = quoted(text)
    assert cell[:1] not in ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
    seen = "".join(c for c in cell if unicodedata.category(c) not in ("Cf", "Cc", "Zs", "Zl", "Zp", "Mn"))
    assert unicodedata.normalize("NFKC", seen)[:1] not in ("=", "+", "-", "@")


@pytest.mark.parametrize(
    "text",
    ["=1+1", "＝1+1", "＋1", "－1", "＠x", "+1", "-1", "@x", "\tx", "\rx", "'=1", "''=1", " =1", "\ufeff=1",
     "\u200b\u00a0+1", "\u3000＝1", "'\u2060 @x", "﹦1", "−1", "\n=1", " \tx"],
)  # fmt: skip
def test_nothing_that_begins_a_formula_leaves_unquoted(text: str) -> None:
    assert quoted(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "1-1", "a=1", "'90 年代小区", " 助餐点", "(-1)", "中=1", "’=1"])
def test_other_words_stay_as_they_are(text: str) -> None:
    assert quoted(text) == text == unquoted(text)


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (-1, "-1"),
        (-0.5, "-0.5"),
        (Decimal("-1E+2"), "-100"),
        ("-1", "'-1"),
        ("-inf", "'-inf"),
        (None, ""),
        (True, "true"),
        (dt.date(2024, 6, 30), "2024-06-30"),
    ],
)
def test_only_words_are_quoted(value: object, cell: str) -> None:
    assert text_cell(value) == cell


@pytest.mark.parametrize("cell", ["2024-06-30", "2024/6/30", "2024.6.30", "2024年6月30日", "20240630",
                                  "2024-06-30 00:00:00", "２０２４－０６－３０"])  # fmt: skip
def test_dates(cell: str) -> None:
    assert values.date(cell).value == dt.date(2024, 6, 30)


@pytest.mark.parametrize(
    "cell", ["2024-13-01", "2024-02-30", "30/6/2024", "45473", "0024-01-01", "2024-6", "x"]
)
def test_what_is_no_date_is_refused(cell: str) -> None:
    with pytest.raises(CellError):
        values.date(cell)


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("45473", "日期序号(2024-06-30)"),
        ("2024.6", "只写到月"),
        ("6月底", "只写到月"),
        ("2024年6月", "只写到月"),
    ],
)
def test_what_is_nearly_a_day_is_said(cell: str, said: str) -> None:
    with pytest.raises(CellError) as refused:
        values.date(cell)
    assert said in str(refused.value)


@pytest.mark.parametrize("cell", ["PNS", "TBD", "/", "待定", "-", "N/A"])
def test_words_for_nothing_are_empty_and_said(cell: str) -> None:
    for parse in (values.date, values.phone, values.text_of(10), values.attribute_of("integer")):
        parsed = parse(cell)
        assert parsed.value in (None, "")
        assert parsed.warning


@pytest.mark.parametrize(
    ("cell", "value", "is_lost"),
    [
        ("0574-87654321", "0574-87654321", False),
        ("13800000000.0", "13800000000", False),
        ("０５７４－1234567", "0574-1234567", False),
        ("1.38E+10", "", True),
        ("1.38e10", "", True),
        ("", "", False),
    ],
)
def test_phones(cell: str, value: str, is_lost: bool) -> None:
    parsed = values.phone(cell)
    assert (parsed.value, parsed.is_lost, bool(parsed.warning)) == (value, is_lost, is_lost)


def test_a_phone_of_words_is_refused() -> None:
    with pytest.raises(CellError, match="不像电话号码"):
        values.phone("请致电居委会")


@pytest.mark.parametrize("cell", ["", "1.23E+15", "x" * 65, "/", "a\x07b"])
def test_codes_that_cannot_be(cell: str) -> None:
    with pytest.raises(CellError):
        values.code(cell)


@pytest.mark.parametrize(("cell", "value"), [("1", "1"), ("1,000.5", "1000.5"), ("", None)])
def test_quantities(cell: str, value: str | None) -> None:
    assert values.quantity(cell).value == (None if value is None else Decimal(value))


@pytest.mark.parametrize("cell", ["0", "-1", "1.2345", "1e12", "x", "NaN"])
def test_quantities_that_cannot_be(cell: str) -> None:
    with pytest.raises(CellError):
        values.quantity(cell)


def test_words_by_value_or_term() -> None:
    assert values.stage("building").value is Stage.BUILDING
    assert values.stage("已完工").value is Stage.FINISHED
    assert values.service("OPEN").value is Service.OPEN
    assert values.service("").value is None
    with pytest.raises(CellError, match="建成") as caught:
        values.stage("建成")
    assert "finished(已完工)" in caught.value.allowed


@pytest.mark.parametrize(
    ("kind", "cell", "value"),
    [
        ("integer", "20", 20),
        ("integer", "20.0", 20),
        ("boolean", "是", True),
        ("boolean", "0", False),
        ("text", " 1.5 元 ", "1.5 元"),
        ("text", "", None),
    ],
)
def test_attributes(kind: str, cell: str, value: object) -> None:
    assert values.attribute_of(kind)(cell).value == value


@pytest.mark.parametrize(("kind", "cell"), [("integer", "2.5"), ("integer", "-1"), ("boolean", "也许")])
def test_attributes_that_cannot_be(kind: str, cell: str) -> None:
    with pytest.raises(CellError):
        values.attribute_of(kind)(cell)
