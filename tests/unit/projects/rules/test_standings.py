"""What a site counts as on each of its days."""

from datetime import date
from decimal import Decimal

import pytest

from projects.rules.standings import (
    FOREVER,
    NOTHING,
    Counted,
    Lit,
    Record,
    StateFact,
    contributions_text,
    timeline,
)
from projects.rules.vocabulary import Light, Stage

JAN, MAR, JUN, SEP = (date(2024, month, 1) for month in (1, 3, 6, 9))
MEAL = '{"3":"1.000"}'
PLANNED = Record(MAR, JUN, is_public=True, is_demo=False)
UNPLANNED = Record(None, None, is_public=True, is_demo=False)


def state(day: date, stage: Stage, contributions: str = MEAL, manager: int = 7) -> StateFact:
    return StateFact(day, stage, manager, contributions, 1 if contributions != NOTHING else None)


def days(found: object) -> list[tuple[date, date]]:
    return [(begin, end) for begin, end, _counted in found]  # type: ignore[attr-defined]


def test_nothing_is_known_before_the_first_state() -> None:
    assert timeline((), (), PLANNED) == ()
    found = timeline([state(SEP, Stage.SITED)], [], PLANNED)
    assert days(found) == [(SEP, FOREVER)]
    assert (found[0].counted.start_due, found[0].counted.finish_due) == (True, True)


def test_it_changes_when_the_baseline_expects_something() -> None:
    found = timeline([state(JAN, Stage.PLANNED)], [], PLANNED)
    assert days(found) == [(JAN, MAR), (MAR, JUN), (JUN, FOREVER)]
    assert [(row.counted.start_due, row.counted.finish_due) for row in found] == [
        (False, False),
        (True, False),
        (True, True),
    ]
    assert days(timeline([state(JAN, Stage.PLANNED)], [], UNPLANNED)) == [(JAN, FOREVER)]


def test_half_a_plan_is_none() -> None:
    found = timeline([state(JAN, Stage.PLANNED)], [], Record(MAR, None, is_public=True, is_demo=False))
    assert [(row.valid_from, row.counted.has_plan, row.counted.start_due) for row in found] == [
        (JAN, False, False)
    ]


def test_started_stays_started() -> None:
    found = timeline([state(JAN, Stage.BUILDING), state(MAR, Stage.SUSPENDED)], [], UNPLANNED)
    assert [(row.counted.stage, row.counted.started) for row in found] == [
        (Stage.BUILDING, True),
        (Stage.SUSPENDED, True),
    ]


def test_of_one_day_the_last_state_holds_and_every_one_may_start() -> None:
    found = timeline([state(JAN, Stage.BUILDING), state(JAN, Stage.SUSPENDED)], [], UNPLANNED)
    assert [(row.counted.stage, row.counted.started) for row in found] == [(Stage.SUSPENDED, True)]


def test_days_on_which_it_counts_for_nothing_are_left_out() -> None:
    found = timeline(
        [
            state(JAN, Stage.BUILDING, NOTHING),
            state(MAR, Stage.BUILDING),
            state(JUN, Stage.BUILDING, NOTHING),
            state(SEP, Stage.BUILDING),
        ],
        [],
        UNPLANNED,
    )
    assert days(found) == [(MAR, JUN), (SEP, FOREVER)]


def test_lights_begin_and_end_inside_a_stretch() -> None:
    lights = [Lit(date(2023, 12, 1), MAR, Light.GREEN), Lit(MAR, JUN, Light.RED)]
    found = timeline([state(JAN, Stage.BUILDING)], lights, UNPLANNED)
    assert [(row.valid_from, row.counted.light) for row in found] == [
        (JAN, Light.GREEN),
        (MAR, Light.RED),
        (JUN, Light.NONE),
    ]


def test_neighbours_that_agree_are_one() -> None:
    lights = [Lit(JAN, MAR, Light.GREEN), Lit(MAR, JUN, Light.GREEN)]
    found = timeline([state(JAN, Stage.BUILDING), state(MAR, Stage.BUILDING)], lights, UNPLANNED)
    assert days(found) == [(JAN, JUN), (JUN, FOREVER)]


def test_the_record_holds_for_all_days() -> None:
    record = Record(None, None, is_public=False, is_demo=True)
    counted = timeline([state(JAN, Stage.BUILDING)], [], record)[0].counted
    assert counted == Counted(7, Stage.BUILDING, True, False, False, False, Light.NONE, 1, MEAL, False, True)


@pytest.mark.parametrize(
    "given",
    [
        {"12": "1.5", "3": "1"},
        {3: Decimal(1), 12: Decimal("1.500")},
        {"3": "1.000", "12": "1.500"},
    ],
)
def test_the_same_contributions_are_the_same_text(given: dict[object, object]) -> None:
    assert contributions_text(given) == '{"3":"1.000","12":"1.500"}'  # type: ignore[arg-type]
