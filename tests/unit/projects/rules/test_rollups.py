"""Into which units a site goes, what it adds to each, and how changes become balances and steps."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.rules.rollups import (
    EMPTY,
    Cell,
    Definition,
    Measures,
    Movements,
    Unit,
    closing_days,
    postings,
    shares,
)
from projects.rules.standings import FOREVER, Counted, Standing
from projects.rules.vocabulary import Counting, Light, Stage

START, CUTOFF, END = date(2024, 1, 1), date(2024, 6, 20), date(2024, 12, 31)
YEAR, LATER = 1, 2
#: A meal point; piles and their rural part; a sewer that is done once begun, in a project; next year's meal.
DEFINITIONS = {
    3: Definition(YEAR, 30, None, None, Counting.SITES, by_start=False),
    6: Definition(YEAR, 60, None, None, Counting.QUANTITY, by_start=False),
    7: Definition(YEAR, 60, None, 6, Counting.QUANTITY, by_start=False),
    11: Definition(YEAR, 30, 5, None, Counting.SITES, by_start=True),
    12: Definition(YEAR, 30, 5, None, Counting.REPORTED, by_start=False),
    25: Definition(LATER, 90, None, None, Counting.SITES, by_start=False),
}


def counted(contributions: str, **changes: object) -> Counted:
    site = Counted(
        managed_by=9,
        stage=Stage.BUILDING,
        started=True,
        has_plan=True,
        start_due=True,
        finish_due=True,
        light=Light.RED,
        judged_by=YEAR,
        contributions=contributions,
        is_public=True,
        is_demo=False,
    )
    return site._replace(**changes)  # type: ignore[arg-type]


def sums(site: Counted) -> dict[tuple[Unit, int], Measures]:
    found = {}
    for cell, share in shares(site, DEFINITIONS):
        row = [0] * len(EMPTY)
        for place, amount in share:
            row[place] += amount
        found[cell.unit, cell.unit_id] = Measures(*row)
        assert cell.manager == 9
    return found


def test_once_in_every_unit() -> None:
    found = sums(counted('{"3":"1.000","6":"8.500"}'))
    assert {unit: row.sites for unit, row in found.items()} == {
        (Unit.PROGRAMME, YEAR): 1,
        (Unit.CATEGORY, 30): 1,
        (Unit.CATEGORY, 60): 1,
        (Unit.INDICATOR, 3): 1,
        (Unit.INDICATOR, 6): 1,
    }
    assert (found[Unit.INDICATOR, 3].listed, found[Unit.INDICATOR, 6].listed) == (1_000, 8_500)
    assert found[Unit.CATEGORY, 60].listed == 0


@pytest.mark.parametrize(
    ("contributions", "whole", "rural"),
    [
        ('{"7":"4.000"}', 4_000, 4_000),
        ('{"6":"3.000","7":"0.125"}', 3_125, 125),
        ('{"6":"3.000"}', 3_000, None),
    ],
)
def test_a_subset_counts_in_its_whole(contributions: str, whole: int, rural: int | None) -> None:
    found = sums(counted(contributions, stage=Stage.FINISHED))
    assert (found[Unit.INDICATOR, 6].sites, found[Unit.INDICATOR, 6].output) == (1, whole)
    part = found.get((Unit.INDICATOR, 7))
    assert (part.output if part else None) == rural
    assert found[Unit.CATEGORY, 60].sites == 1


def test_a_unit_is_done_by_start_when_all_in_it_is() -> None:
    """开工建设 alone is done once begun; beside a meal point the site has to be finished."""
    alone = sums(counted('{"11":"1.000"}'))
    assert (alone[Unit.PROGRAMME, YEAR].done, alone[Unit.PROJECT, 5].done) == (1, 1)
    both = sums(counted('{"3":"1.000","11":"1.000"}'))
    assert (both[Unit.CATEGORY, 30].done, both[Unit.PROJECT, 5].done) == (0, 1)
    assert (both[Unit.INDICATOR, 11].output, both[Unit.INDICATOR, 3].output) == (1_000, 0)
    assert both[Unit.CATEGORY, 30].overdue == 1


def test_reported_indicators_get_nothing_from_sites() -> None:
    found = sums(counted('{"12":"5.000"}'))
    assert (found[Unit.INDICATOR, 12].sites, found[Unit.INDICATOR, 12].listed) == (1, 0)


def test_a_cancelled_site_is_among_the_stages_alone() -> None:
    found = sums(counted('{"3":"1.000"}', stage=Stage.CANCELLED))
    assert found[Unit.PROGRAMME, YEAR] == Measures(stage_cancelled=1)


def test_another_programme_has_no_say_over_a_light() -> None:
    found = sums(counted('{"3":"1.000","25":"1.000"}', judged_by=LATER))
    assert (found[Unit.PROGRAMME, YEAR].light_none, found[Unit.PROGRAMME, LATER].light_red) == (1, 1)


def test_an_indicator_that_nobody_knows_counts_nowhere() -> None:
    assert shares(counted('{"99":"1.000"}'), DEFINITIONS) == ()


def test_closing_days() -> None:
    days = closing_days(START, CUTOFF, END)
    assert (days[0], days[1], days[-1]) == (date(2023, 12, 31), date(2024, 1, 31), END)
    assert CUTOFF in days
    assert len(days) == 14
    assert len(closing_days(START, date(2024, 6, 30), END)) == 13
    assert closing_days(date(2024, 3, 10), date(2024, 3, 10), date(2024, 3, 20)) == (
        date(2024, 3, 9),
        date(2024, 3, 10),
        date(2024, 3, 20),
    )


def test_what_is_not_public_moves_nothing() -> None:
    found = Movements()
    found.add([Standing(START, FOREVER, counted('{"3":"1.000"}', is_public=False))])
    assert found.by_cell(DEFINITIONS) == {}


def test_what_comes_and_goes_moves_nothing() -> None:
    found = Movements()
    found.add([Standing(START, CUTOFF, counted('{"3":"1.000"}'))])
    found.add([Standing(START, CUTOFF, counted('{"3":"1.000"}'))], -1)
    assert found.by_cell(DEFINITIONS) == {}


CHANGES = st.dictionaries(
    st.integers(-40, 420).map(lambda number: START + timedelta(days=number)),
    st.integers(-9, 9),
    max_size=12,
)


@given(changes=CHANGES, asked=st.integers(-1, 365))
def test_any_day_is_the_last_balance_and_the_steps_since(changes: dict[date, int], asked: int) -> None:
    cell = Cell(YEAR, Unit.PROGRAMME, YEAR, 9)
    days = {day: [count] + [0] * (len(EMPTY) - 1) for day, count in changes.items()}
    closing = closing_days(START, CUTOFF, END)
    balances, steps = postings(days, cell, closing)
    day = START + timedelta(days=asked)
    base = max(closed for closed in closing if closed <= day)
    told = sum(row.measures[0] for row in balances if row.day == base)
    told += sum(row.measures[0] for row in steps if base < row.day <= day)
    assert told == sum(count for moved, count in changes.items() if moved <= day)
    assert all(any(row.measures) for row in (*balances, *steps))
