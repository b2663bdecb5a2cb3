"""Dates, money and words of a file of phases, as such files write them."""

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest
from django.utils import translation

from projects.exchange.phasecells import CellReader, UndeclaredWord, date_pattern
from projects.exchange.phasecolumns import markdown, resolve, split_headers
from projects.exchange.phaseoptions import read_allow, read_blanks, read_cells
from projects.exchange.problems import OptionError
from projects.exchange.values import CellError
from projects.rules.phases import EMPTY, Gap, Meaning

ROOT = Path(__file__).resolve().parents[4]

US = read_cells(
    ["PNS=not_started", "DOES, TBD ,/=unknown", "see note, p. 3=not applicable"],
    ["MM/DD/YYYY"],
    "usd",
    "1",
    frozenset(),
)


@pytest.mark.parametrize(
    "cell",
    ["03/04/2024", "3/4/2024", " 03/04/2024 ", "03/04/2024 00:00:00", "03/04/2024 12:00:00 AM",
     "03/04/2024T07:15", "2024-03-04", "2024-3-4", "2024/3/4", "2024.3.4", "2024年3月4日",
     "2024-03-04T00:00:00.000", "2024-03-04 00:00:00+00:00", "03/04/2024"],
)  # fmt: skip
def test_dates(cell: str) -> None:
    assert US.date(cell) == dt.date(2024, 3, 4)


@pytest.mark.parametrize(
    ("pattern", "cell"),
    [("dmy", "04/03/2024"), ("%d.%m.%Y", "4.3.2024"), ("YYYY/MM/DD", "2024/03/04"), ("%Y%m%d", "20240304"),
     ("MM-DD-YYYY hh:mm", "03-04-2024 10:00")],
)  # fmt: skip
def test_declared_formats(pattern: str, cell: str) -> None:
    assert CellReader(formats=(date_pattern(pattern),)).date(cell) == dt.date(2024, 3, 4)


@pytest.mark.parametrize("text", ["", "MM/YYYY", "%m/%d/%y", "yesterday"])
def test_a_format_without_a_whole_date_is_refused(text: str) -> None:
    with pytest.raises(OptionError):
        date_pattern(text)


def test_an_ambiguous_date_is_never_guessed() -> None:
    with pytest.raises(CellError) as refused:
        CellReader().date("03/04/2024")
    assert "--date-format" in refused.value.allowed


@pytest.mark.parametrize("cell", ["13/01/2024", "02/30/2024", "02/29/2023", "00/10/2024", "01/01/0024"])
def test_no_day_of_the_calendar(cell: str) -> None:
    with pytest.raises(CellError):
        US.date(cell)


@pytest.mark.parametrize(
    ("cell", "gap"),
    [
        ("", EMPTY),
        ("  \u3000", EMPTY),
        ("PNS", Gap(Meaning.NOT_STARTED, "PNS")),
        (" pns ", Gap(Meaning.NOT_STARTED, "pns")),
        ("PNS", Gap(Meaning.NOT_STARTED, "PNS")),
        ("/", Gap(Meaning.UNKNOWN, "/")),
        ("See  Note, p. 3", Gap(Meaning.NOT_APPLICABLE, "See Note, p. 3")),
    ],
)
def test_declared_words(cell: str, gap: Gap) -> None:
    assert US.date(cell) == gap
    assert US.money(cell) == (gap, "")


@pytest.mark.parametrize("cell", ["FTK", "N/A", "-", "待定", "none"])
def test_an_unknown_word_names_the_option_that_declares_it(cell: str) -> None:
    for read in (US.date, US.money):
        with translation.override("zh-hans"), pytest.raises(UndeclaredWord) as refused:
            read(cell)
        assert refused.value.word == cell
        assert cell in str(refused.value)
        assert f"--blank '{cell}=not_started'" in refused.value.allowed


@pytest.mark.parametrize(
    ("cell", "amount"),
    [("1234.5", "1234.5"), ("1,234,567.89", "1234567.89"), ("$1,234", "1234"), (" 0 ", "0"), ("0.0", "0"),
     ("1234.5", "1234.5"), ("USD 12", "12"), ("-0.00", "0"), (".5", "0.5"), ("5.", "5")],
)  # fmt: skip
def test_money(cell: str, amount: str) -> None:
    assert US.money(cell) == (Decimal(amount), "")


@pytest.mark.parametrize("cell", ["1,23", "12,34.5", "1.2.3", "1e400", "¥12", "€5", "12 apples", "10**16"])
def test_no_money(cell: str) -> None:
    with pytest.raises(CellError):
        US.money(cell)


def test_more_digits_are_rounded_and_said() -> None:
    assert US.money("1.00005")[0] == Decimal("1.0001")
    assert US.money("1.00005")[1]
    assert US.money("1.2E+7") == (Decimal(12_000_000), US.money("1.2E+7")[1])
    assert US.money("1.2E+7")[1]


@pytest.mark.parametrize("cell", ["-5", "($5.00)", "$-5", "−5", "(1,234.56)"])
def test_negative_money_is_refused_unless_allowed(cell: str) -> None:
    with pytest.raises(CellError) as refused:
        US.money(cell)
    assert "--allow negative" in refused.value.allowed
    lenient = read_cells([], [], "USD", "1", frozenset({"negative"}))
    value, warning = lenient.money(cell)
    assert value == Gap(Meaning.UNKNOWN, cell)
    assert warning


def test_units() -> None:
    assert read_cells([], [], "CNY", "万元", frozenset()).money("1.5")[0] == Decimal(15_000)
    for wrong in (("RMB yuan", "1"), ("CNY", "dozen")):
        with pytest.raises(OptionError):
            read_cells([], [], *wrong, frozenset())


@pytest.mark.parametrize(
    "items", [["PNS"], ["PNS="], ["=unknown"], ["PNS=maybe"], ["PNS=empty"], ["A=unknown", "a=not started"]]
)
def test_declarations_that_cannot_be(items: list[str]) -> None:
    with pytest.raises(OptionError):
        read_blanks(items)


def test_meanings_in_chinese() -> None:
    assert read_blanks(["未定=不详", "未动工=未开工"]) == {
        "未定": Meaning.UNKNOWN,
        "未动工": Meaning.NOT_STARTED,
    }


def test_allow_words() -> None:
    assert read_allow(["order,future", "negative"]) == {"order", "future", "negative"}
    with pytest.raises(OptionError):
        read_allow(["everything"])


def test_columns_are_found_by_field_title_or_map() -> None:
    found = resolve(["Phase", "预算", "met_on", "attributes.dsf"], {"name": " Phase"})
    assert dict(found.header_of) == {"name": "Phase", "budget": "预算", "met_on": "met_on"}
    assert dict(found.attributes) == {"dsf": "attributes.dsf"}


@pytest.mark.parametrize(
    ("headers", "mapping", "said"),
    [
        (["a"], {}, "--map name="),
        (["a"], {"name": "b"}, "b"),
        (["School Name"], {"name": "School Nam"}, "School Name"),
        (["a"], {"name": "a", "budgett": "a"}, "budgett"),
        (["a"], {"name": "a", "attributes.": "a"}, "attributes."),
    ],
)
def test_columns_that_cannot_be(headers: list[str], mapping: dict[str, str], said: str) -> None:
    headers = [header.strip() for header in headers]
    with pytest.raises(OptionError) as refused:
        resolve(headers, mapping)
    assert said in str(refused.value)


def test_a_column_may_have_a_comma_in_its_name() -> None:
    headers = ["Building, ID", "Phase", "Work"]
    assert split_headers("Building, ID", headers, "--code") == ("Building, ID",)
    assert split_headers("Phase , Work", headers, "--code") == ("Phase", "Work")
    with pytest.raises(OptionError):
        split_headers("Phase,Nothing", headers, "--code")


def test_the_user_guide_lists_every_column() -> None:
    assert markdown() in (ROOT / "docs/user/import-phases.md").read_text(encoding="utf-8")
