"""Progress arithmetic: no target and no report are never 0 %; roll-ups say what is in them."""

from dataclasses import dataclass
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.rules.errors import RuleError
from projects.rules.progress import (
    MeanOver,
    Output,
    OutputState,
    Weighted,
    additive,
    mean,
    mean_of,
    means,
    total,
    weighted_mean,
)

D = Decimal


@pytest.mark.parametrize(
    ("actual", "target", "state", "percent", "uncapped"),
    [
        (D(16), D(20), OutputState.MEASURED, D(80), D(80)),
        (D(30), D(20), OutputState.MEASURED, D(100), D(150)),  # 超额完成: both figures
        (D(0), D(20), OutputState.MEASURED, D(0), D(0)),  # a reported nothing is 0 %
        (D(5073), None, OutputState.NO_TARGET, None, None),  # 无目标: the published actuals of 2024
        (None, D(20), OutputState.NOT_REPORTED, None, None),
        (None, None, OutputState.NOT_REPORTED, None, None),
    ],
)
def test_output(
    actual: D | None, target: D | None, state: OutputState, percent: D | None, uncapped: D | None
) -> None:
    output = Output(actual, target)
    assert (output.state, output.percent, output.uncapped) == (state, percent, uncapped)


@pytest.mark.parametrize(
    ("actual", "target"),
    [(D(1), D(0)), (D(1), D(-5)), (D(-1), D(5)), (D("NaN"), D(5)), (D(1), D("Infinity"))],
)
def test_impossible_outputs_are_refused(actual: D, target: D) -> None:
    with pytest.raises(RuleError):
        Output(actual, target)


PARTS = (Output(D(30), D(20)), Output(D(10), D(40)), Output(None, D(100)), Output(D(7), None))


def test_mean_over_the_measured_parts() -> None:
    figure = mean(PARTS)
    assert (figure.numerator, figure.denominator) == (D(125), D(2))  # 100 (capped) + 25
    assert figure.percent == D("62.5")
    assert (figure.parts, figure.missing, figure.without_target) == (4, 1, 1)


def test_total_from_sums() -> None:
    figure = total(PARTS)
    assert (figure.numerator, figure.denominator) == (D(40), D(60))
    assert figure.percent is not None
    assert round(figure.percent, 2) == D("66.67")
    assert (figure.parts, figure.missing, figure.without_target) == (4, 1, 1)
    ahead = total(PARTS[:1])
    assert (ahead.percent, ahead.uncapped) == (D(100), D(150))


def test_nothing_measured_is_no_figure() -> None:
    for figure in (mean(PARTS[2:]), total(PARTS[2:]), mean([]), mean_of([None])):
        assert figure.percent is None


def test_mean_over_projects_is_not_the_mean_over_categories() -> None:
    # Two categories: one of three projects done, one of a single project not begun.
    projects = [Output(D(1), D(1))] * 3 + [Output(D(0), D(1))]
    categories = mean_of([mean(projects[:3]).percent, mean(projects[3:]).percent])
    assert mean(projects).percent == 75
    assert categories.percent == 50


@dataclass(frozen=True)
class Indicator:
    name: str
    subset_of: "Indicator | None" = None


def test_subsets_are_never_added() -> None:
    # 电动汽车充电桩 3645 个, 其中农村地区 1518 个.
    piles = Indicator("充电桩")
    rural = Indicator("其中农村地区", subset_of=piles)
    assert additive([piles, rural]) == (piles,)
    assert additive([rural]) == ()  # not even when the whole is elsewhere
    assert additive([(1, None), (2, 1)], subset_of=lambda row: row[1]) == ((1, None),)


amounts = st.decimals(0, 10_000, places=2)
outputs = st.builds(Output, st.none() | amounts, st.none() | st.decimals("0.01", 10_000, places=2))


@given(st.lists(outputs))
def test_parts_are_all_accounted_for(parts: list[Output]) -> None:
    for figure in (mean(parts), total(parts)):
        measured = sum(part.state is OutputState.MEASURED for part in parts)
        assert measured + figure.missing + figure.without_target == figure.parts == len(parts)
        assert (figure.percent is None) == (measured == 0)
        if figure.percent is not None:
            assert 0 <= figure.percent <= 100


@given(st.lists(outputs), st.lists(outputs))
def test_parts_sum_to_the_whole(one: list[Output], other: list[Output]) -> None:
    whole, first, second = total(one + other), total(one), total(other)
    assert whole.numerator == first.numerator + second.numerator
    assert whole.denominator == first.denominator + second.denominator
    assert whole.missing == first.missing + second.missing


def test_weighted_mean_divides_by_the_weights_of_what_is_known() -> None:
    parts = [Weighted(D(100), D(3)), Weighted(D(50), D(1)), Weighted(None, D(6))]
    found = weighted_mean(parts)
    assert (found.numerator, found.denominator, found.percent) == (D(350), D(4), D("87.5"))
    assert (found.parts, found.missing) == (3, 1)


def test_weights_need_not_add_up_to_a_hundred() -> None:
    small = [Weighted(D(80), D("0.2")), Weighted(D(20), D("0.2"))]
    assert weighted_mean(small).percent == 50


@pytest.mark.parametrize("weight", ["-1", "NaN"])
def test_a_negative_weight_is_refused(weight: str) -> None:
    with pytest.raises(RuleError, match="权重不能为负"):
        Weighted(D(1), D(weight))


def test_weights_of_nothing_are_refused() -> None:
    with pytest.raises(RuleError, match="权重之和须大于 0"):
        weighted_mean([Weighted(D(1), D(0))])
    assert weighted_mean([]).percent is None
    # Known parts of no weight beside an unknown one that has all of it: nothing can be said, and it is not 0 %.
    assert weighted_mean([Weighted(D(90), D(0)), Weighted(None, D(1))]).percent is None


def test_mean_over_projects_and_mean_over_categories_are_two_figures() -> None:
    big = [Output(D(100), D(100))] * 3
    small = [Output(D(20), D(100))]
    projects, categories = means([big, small])
    assert (projects.over, projects.figure.percent) == (MeanOver.PROJECTS, D(80))
    assert (categories.over, categories.figure.percent) == (MeanOver.CATEGORIES, D(60))
    assert (projects.figure.parts, categories.figure.parts) == (4, 2)


def test_a_category_of_which_nothing_is_known_is_missing_from_the_mean_of_categories() -> None:
    _projects, categories = means([[Output(D(1), D(2))], [Output(None, D(2)), Output(D(1), None)]])
    assert (categories.figure.percent, categories.figure.missing) == (D(50), 1)


def test_uncapped_mean_stands_beside_the_capped_one() -> None:
    parts = [Output(D(300), D(100)), Output(D(50), D(100))]
    assert mean(parts).percent == 75
    assert mean(parts, capped=False).uncapped == 175


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(1, 9)), min_size=1, max_size=8))
def test_a_weighted_mean_lies_between_its_parts(pairs: list[tuple[int, int]]) -> None:
    found = weighted_mean(Weighted(D(percent), D(weight)) for percent, weight in pairs).percent
    assert found is not None
    assert min(pairs)[0] <= found <= max(percent for percent, _weight in pairs)
