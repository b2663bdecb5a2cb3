"""Charts of rows: everything within the drawing, one below the other, no figure where there is none."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.pages.charts.rows import Row, RowChart, bars, dots

SHARES = st.none() | st.decimals(0, 100, places=3)
ROWS = st.lists(
    st.builds(Row, st.text(alphabet="学位扩 容 of rural water", max_size=40), SHARES, SHARES, st.booleans()),
    max_size=15,
)


def row(done: str | None, planned: str | None = None, label: str = "类") -> Row:
    return Row(label, Decimal(done) if done else None, Decimal(planned) if planned else None)


def test_bars_begin_at_nought() -> None:
    found = bars([row("90", "73.7"), row("0", "0")])
    assert [tick.at for tick in found.ticks] == ["0", "25", "50", "75", "100"]
    assert [(each.done_at, each.planned_at) for each in found.rows] == [("90", "73.7"), ("0", "0")]


def test_dots_stand_on_an_axis_as_long_as_needed() -> None:
    found = dots([row("90", "72"), row("88", None)])
    assert [str(tick.value) for tick in found.ticks] == ["70", "75", "80", "85", "90"]
    assert [(each.done_at, each.planned_at) for each in found.rows] == [("100", "10"), ("90", None)]


@pytest.mark.parametrize("rows", [[], [row(None)], [row(None), row(None)]])
def test_nothing_to_compare(rows: list[Row]) -> None:
    assert dots(rows).is_empty


def test_no_rows_no_bars() -> None:
    assert bars([]).is_empty
    assert not bars([row(None)]).is_empty  # a bar without a figure is drawn empty, with its name


def test_one_figure_stands_between_two_round_ones() -> None:
    found = dots([row("50")])
    assert [str(tick.value) for tick in found.ticks] == ["49.0", "49.5", "50.0", "50.5", "51.0"]
    assert found.rows[0].done_at == "50"


def test_a_long_name_takes_two_lines() -> None:
    found = bars([row("50", label="Shared prosperity for farmers and villages"), row("50")])
    assert len(found.rows[0].lines) == 2
    assert float(found.rows[1].top) > float(bars([row("50"), row("50")]).rows[1].top)


@given(ROWS)
def test_everything_is_within_the_drawing(rows: list[Row]) -> None:
    for found in (bars(rows), dots(rows)):
        _check(found, rows)


def _check(found: RowChart, rows: list[Row]) -> None:
    assert [each.row for each in found.rows] == rows
    bottom = 0.0
    for each in found.rows:
        assert float(each.top) == pytest.approx(bottom, abs=0.05)
        bottom = float(each.top) + float(each.height)
        assert 0 < float(each.mark_top) < float(each.middle) < float(each.height)
        assert (each.done_at is None) == (each.row.done is None)
        assert (each.planned_at is None) == (each.row.planned is None)
        for place in (each.done_at, each.planned_at):
            assert place is None or 0 <= float(place) <= 100
        assert all(0 < float(height) < float(each.mark_top) for _text, height in each.lines)
    assert float(found.foot) == pytest.approx(bottom, abs=0.05)
    assert float(found.height) > float(found.foot)
    places = [float(tick.at) for tick in found.ticks]
    assert places == sorted(set(places))
