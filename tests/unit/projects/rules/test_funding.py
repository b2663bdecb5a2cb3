"""The published mid-year 2024 figures of Ningbo, to the printed digit (亿元)."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.rules.errors import RuleError
from projects.rules.funding import FundLine, FundRate, by_division, by_source, remainder, sum_of, to_digits
from projects.rules.vocabulary import FundingSource

D = Decimal
MID_YEAR = date(2024, 6, 30)
CITY = FundRate(used=D("3.82"), arranged=D("6.52"))
DISTRICT = FundRate(used=None, arranged=D("21.76"))  # 未公布
OTHER = FundRate(used=None, arranged=D("11.88"))  # 未公布
ALL = FundRate(used=D("22.47"), arranged=sum_of([CITY, DISTRICT, OTHER]).arranged)


def printed(value: D | None, digits: int = 1) -> str:
    assert value is not None
    return to_digits(value, digits)


def test_the_published_figures_come_out() -> None:
    assert to_digits(ALL.arranged, 2) == "40.16"  # 6.52 + 21.76 + 11.88
    assert printed(ALL.percent) == "56.0"  # 22.47 / 40.16 = 55.95
    assert printed(CITY.percent) == "58.6"  # 3.82 / 6.52 = 58.589
    assert printed(CITY.lead_pp(2024, MID_YEAR)) == "8.6"  # minus 50.0 = 8.589
    assert printed(ALL.lead_pp(2024, MID_YEAR)) == "6.0"
    rest = remainder(ALL, CITY)
    assert (rest.used, rest.arranged) == (D("18.65"), D("33.64"))
    assert printed(rest.percent) == "55.4"


def test_one_day_earlier_only_five_months_are_closed() -> None:
    assert printed(CITY.lead_pp(2024, date(2024, 6, 29))) == "16.9"  # 58.589 - 41.667


def test_what_is_not_published_is_not_nothing() -> None:
    assert DISTRICT.percent is None
    assert DISTRICT.lead_pp(2024, MID_YEAR) is None
    assert sum_of([CITY, DISTRICT]).used is None
    assert remainder(ALL, DISTRICT).used is None
    assert sum_of([]).used is None
    assert FundRate(D(0), D(0)).percent is None


@pytest.mark.parametrize(("used", "arranged"), [("-1", "5"), ("1", "-5"), ("NaN", "5"), ("1", "Infinity")])
def test_impossible_amounts_are_refused(used: str, arranged: str) -> None:
    with pytest.raises(RuleError, match="不能为负"):
        FundRate(D(used), D(arranged))


def test_a_part_above_its_whole_is_refused() -> None:
    with pytest.raises(RuleError, match="不能为负"):
        remainder(CITY, ALL)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0.05", "0.1"),
        ("0.04", "0.0"),
        ("55.95", "56.0"),
        ("-0.05", "-0.1"),
        ("2.25", "2.3"),
        ("2.35", "2.4"),
    ],
)
def test_printed_half_away_from_zero(value: str, text: str) -> None:
    assert to_digits(D(value)) == text


money = st.decimals(0, 10**6, places=2)
rates = st.builds(FundRate, money, money)


@given(st.lists(rates, min_size=1))
def test_the_rate_of_a_sum_lies_between_the_rates(lines: list[FundRate]) -> None:
    given = [line for line in lines if line.percent is not None]
    whole = sum_of(given)
    if not given:
        assert whole.percent is None
        return
    percents = [line.percent for line in given if line.percent is not None]
    assert whole.percent is not None
    assert min(percents) - D("1e-9") <= whole.percent <= max(percents) + D("1e-9")


@given(rates, rates)
def test_the_remainder_is_the_other_part(one: FundRate, other: FundRate) -> None:
    assert remainder(sum_of([one, other]), one) == other


LINES = [
    FundLine(FundingSource.DISTRICT, FundRate(D("2"), D("4")), "330203"),
    FundLine(FundingSource.CITY, CITY),
    FundLine(FundingSource.DISTRICT, FundRate(None, D("6")), "330212"),
    FundLine(FundingSource.DISTRICT, FundRate(D("1"), D("2")), "330203"),
]


def test_sums_by_source_and_by_division() -> None:
    sources = by_source(LINES)
    assert list(sources) == [FundingSource.CITY, FundingSource.DISTRICT]  # no line of others: left out, not 0
    assert sources[FundingSource.CITY] == CITY
    assert sources[FundingSource.DISTRICT] == FundRate(None, D("12"))  # one unknown use, an unknown sum
    divisions = by_division(LINES)
    assert list(divisions) == [None, "330203", "330212"]
    assert divisions["330203"] == FundRate(D("3"), D("6"))
    assert divisions["330203"].percent == 50  # from the sums


@given(
    st.lists(st.tuples(st.sampled_from(FundingSource), st.integers(0, 99), st.integers(0, 99)), max_size=9)
)
def test_parts_sum_to_the_whole(rows: list[tuple[FundingSource, int, int]]) -> None:
    lines = [FundLine(source, FundRate(D(used), D(arranged))) for source, used, arranged in rows]
    assert sum_of(by_source(lines).values()) == sum_of(line.rate for line in lines)


@pytest.mark.parametrize(
    ("used", "arranged", "overspent", "percent"),
    [
        ("12", "10", "2", "120"),  # shown as it is
        ("10", "10", None, "100"),
        ("9", "10", None, "90"),
        (None, "10", None, None),
        ("1", "0", "1", None),  # spent without anything arranged: no rate, and overspent
    ],
)
def test_overspent(used: str | None, arranged: str, overspent: str | None, percent: str | None) -> None:
    rate = FundRate(None if used is None else D(used), D(arranged))
    assert rate.overspent == (None if overspent is None else D(overspent))
    assert rate.percent == (None if percent is None else D(percent))
