"""Line charts: points within the frame, gaps left open, labels that do not overlap."""

import datetime as dt
import re
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.pages.charts.lines import LEFT, RIGHT, line_chart
from projects.rules.period import month_end

MONTHS = [month_end(dt.date(2024, month, 1)) for month in range(1, 13)]
SHARES = st.none() | st.decimals(0, 100, places=3)


def shares(*values: int | None) -> list[Decimal | None]:
    return [None if value is None else Decimal(value) for value in values]


def test_places_follow_time() -> None:
    found = line_chart([MONTHS[0], MONTHS[1], MONTHS[3]], [shares(0, 50, 100)])
    points = found.lines[0].points
    assert [point.y for point in points] == ["100", "50", "0"]
    assert float(points[0].x) == LEFT
    assert float(points[2].x) == 100 - RIGHT
    # January to February is 29 days, February to April 61.
    assert float(points[1].x) == pytest.approx(LEFT + (100 - LEFT - RIGHT) * 29 / 90, abs=0.01)
    assert found.lines[0].path == "M12 100 L38.1 50 L93 0"


def test_a_gap_is_left_open() -> None:
    line = line_chart(MONTHS[:5], [shares(0, 10, None, 30, 40)]).lines[0]
    assert len(line.points) == 4
    assert line.path.count("M") == 2
    assert line.path.count("L") == 2


def test_a_lone_point_has_no_line() -> None:
    found = line_chart(MONTHS[:4], [shares(None, 7, None, 8)])
    assert [point.value for point in found.lines[0].points] == [7, 8]
    assert found.lines[0].path == ""
    assert found.is_single
    assert not found.is_empty


def test_one_day_stands_in_the_middle() -> None:
    found = line_chart(MONTHS[:1], [shares(5), shares(None)])
    assert [(point.x, point.y) for point in found.lines[0].points] == [("50", "95")]
    assert found.is_single
    assert found.lines[1].last is None


@pytest.mark.parametrize(("days", "series"), [([], [[], []]), (MONTHS[:2], [shares(None, None)])])
def test_without_figures_it_is_empty(days: list[dt.date], series: list[list[Decimal | None]]) -> None:
    assert line_chart(days, series).is_empty


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(ValueError, match="must rise"):
        line_chart([MONTHS[1], MONTHS[0]], [])
    with pytest.raises(ValueError, match="one figure a day"):
        line_chart(MONTHS[:2], [shares(1)])


def test_a_whole_year_names_as_many_months_as_have_room() -> None:
    found = line_chart(MONTHS, [shares(*range(12))])
    assert [tick.day.month for tick in found.days] == [2, 4, 6, 8, 10, 12]
    assert [tick.day.month for tick in line_chart(MONTHS[:6], []).days] == [1, 2, 3, 4, 5, 6]


@given(st.lists(st.tuples(st.dates(dt.date(2023, 1, 1), dt.date(2025, 12, 31)), SHARES, SHARES), max_size=20))
def test_points_are_within_the_frame(rows: list[tuple[dt.date, Decimal | None, Decimal | None]]) -> None:
    given_rows = {day: (one, other) for day, one, other in rows}
    days = sorted(given_rows)
    found = line_chart(days, [[given_rows[day][n] for day in days] for n in (0, 1)])
    for n, line in enumerate(found.lines):
        assert [point.value for point in line.points] == [
            given_rows[day][n] for day in days if given_rows[day][n] is not None
        ]
        places = [(float(point.x), float(point.y)) for point in line.points]
        assert all(0 <= x <= 100 and 0 <= y <= 100 for x, y in places)
        assert [x for x, _y in places] == sorted(x for x, _y in places)
        assert re.fullmatch(r"[ML0-9. ]*", line.path)
        # Every corner of the line is a point, and higher shares are higher up.
        assert set(re.findall(r"[\d.]+ [\d.]+", line.path)) <= {f"{p.x} {p.y}" for p in line.points}
        for point in line.points:
            assert float(point.y) == pytest.approx(100 - float(point.value), abs=0.01)
    named = [float(tick.x) for tick in found.days]
    assert all(later - earlier >= 13.9 for earlier, later in pairwise(named))
    assert (not days) == (not found.days)
    assert not days or found.days[-1].day == days[-1]
