"""The levels of verification as tables: what is waited for, what a visit leads to, what accepts."""

import pytest

from projects.rules.verification import (
    AFTER,
    DEFAULT,
    RESULTS,
    Scheme,
    accepts,
    after_rework,
    awaits,
    level_of,
    may_be_visited,
    passed,
    waiting_as,
)
from projects.rules.vocabulary import Awaits, Checked, CheckLevel, CheckResult, SpotChecks, Stage

SELF, DEPARTMENT, SPOT, REVISIT = CheckLevel
ALL = Scheme(spot_checks=SpotChecks.ALL)
NO_CITY = Scheme(spot_checks=SpotChecks.NONE)
CITY_ALONE = Scheme(self_check=False, department_check=False, spot_checks=SpotChecks.ALL)
NO_DEPARTMENT = Scheme(department_check=False)


@pytest.mark.parametrize(
    ("stage", "checked", "scheme", "drawn", "expected"),
    [
        ("building", "", DEFAULT, False, Awaits.NOT_DECLARED),
        ("finished", "", DEFAULT, False, Awaits.SELF_CHECK),
        ("finished", "self_check", DEFAULT, False, Awaits.DEPARTMENT_CHECK),
        ("finished", "department_check", DEFAULT, False, Awaits.DRAW),
        ("finished", "department_check", DEFAULT, True, Awaits.SPOT_CHECK),
        # A drawn site that was returned goes through all levels again before the city sees it again.
        ("finished", "", DEFAULT, True, Awaits.SELF_CHECK),
        ("finished", "department_check", ALL, False, Awaits.SPOT_CHECK),
        ("finished", "self_check", NO_DEPARTMENT, False, Awaits.DRAW),
        ("finished", "self_check", NO_DEPARTMENT, True, Awaits.SPOT_CHECK),
        ("finished", "", CITY_ALONE, False, Awaits.SPOT_CHECK),
        ("finished", "returned", DEFAULT, True, Awaits.REWORK),
        ("building", "returned", DEFAULT, False, Awaits.REWORK),
        ("verified", "returned", DEFAULT, False, Awaits.REWORK),
        ("verified", "reworked", DEFAULT, False, Awaits.REVISIT),
        ("verified", "", DEFAULT, False, Awaits.ACCEPTED),
        ("cancelled", "department_check", DEFAULT, True, Awaits.NOT_DECLARED),
    ],
)
def test_what_a_site_waits_for(
    stage: str, checked: str, scheme: Scheme, drawn: bool, expected: Awaits
) -> None:
    assert awaits(Stage(stage), Checked(checked), scheme, counts=True, is_drawn=drawn) is expected


def test_existing_stock_is_only_looked_at_again() -> None:
    assert awaits(Stage.FINISHED, Checked.NOTHING, DEFAULT, counts=False, is_drawn=False) is Awaits.ACCEPTED
    assert after_rework(Stage.FINISHED, counts=False) is Checked.REWORKED
    assert after_rework(Stage.FINISHED, counts=True) is Checked.NOTHING
    assert after_rework(Stage.VERIFIED, counts=True) is Checked.REWORKED


@pytest.mark.parametrize("scheme", [DEFAULT, ALL, NO_CITY, CITY_ALONE, NO_DEPARTMENT])
@pytest.mark.parametrize("drawn", [False, True])
def test_passing_every_level_accepts_and_agrees_with_the_table(scheme: Scheme, drawn: bool) -> None:
    checked, seen = Checked.NOTHING, []
    for _step in range(4):
        waiting = awaits(Stage.FINISHED, checked, scheme, counts=True, is_drawn=drawn)
        level = level_of(waiting)
        if level is None:
            assert waiting is Awaits.DRAW and scheme.spot_checks is SpotChecks.SAMPLED and not drawn
            break
        seen.append(level)
        if accepts(level, scheme, is_drawn=drawn):
            break
        checked = passed(level)
        after = awaits(Stage.FINISHED, checked, scheme, counts=True, is_drawn=drawn)
        told = AFTER[waiting, CheckResult.PASSED]
        # The table's next level, or one after it where the scheme does not ask that.
        order = [Awaits.SELF_CHECK, Awaits.DEPARTMENT_CHECK, Awaits.DRAW, Awaits.SPOT_CHECK]
        assert order.index(after) >= order.index(told)
    else:
        pytest.fail("never accepted")
    asked = [level for level, on in ((SELF, scheme.self_check), (DEPARTMENT, scheme.department_check)) if on]
    assert seen[: len(asked)] == asked


def test_the_table_is_complete() -> None:
    for waiting in Awaits:
        level = level_of(waiting)
        if level is not None:
            assert {result for at, result in AFTER if at is waiting} == set(RESULTS[level])


@pytest.mark.parametrize(
    ("level", "waiting", "stage", "allowed"),
    [
        (SELF, Awaits.SELF_CHECK, Stage.FINISHED, True),
        (DEPARTMENT, Awaits.SELF_CHECK, Stage.FINISHED, False),
        (SPOT, Awaits.DRAW, Stage.FINISHED, False),
        (SPOT, Awaits.REWORK, Stage.FINISHED, False),
        (REVISIT, Awaits.ACCEPTED, Stage.VERIFIED, True),
        (REVISIT, Awaits.SELF_CHECK, Stage.FINISHED, True),  # open already, whatever the paper says
        (REVISIT, Awaits.REWORK, Stage.VERIFIED, False),
        (REVISIT, Awaits.NOT_DECLARED, Stage.BUILDING, False),
    ],
)
def test_whose_turn_it_is(level: CheckLevel, waiting: Awaits, stage: Stage, allowed: bool) -> None:
    assert may_be_visited(level, waiting, stage) is allowed


def test_a_query_asks_the_same() -> None:
    for scheme in (DEFAULT, ALL, NO_CITY, CITY_ALONE, NO_DEPARTMENT):
        for drawn in (False, True):
            for waiting in Awaits:
                for checked in (Checked.NOTHING, Checked.SELF_CHECK, Checked.DEPARTMENT_CHECK):
                    one = awaits(Stage.FINISHED, checked, scheme, counts=True, is_drawn=drawn) is waiting
                    assert one == (checked in waiting_as(waiting, scheme, is_drawn=drawn))
