"""How long wrong passwords and codes make somebody wait."""

import datetime as dt

import pytest

from projects.rules.waiting import LONGEST_DELAY, delay_after, locked_until, minutes_left, paced_until

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
COOL = dt.timedelta(minutes=15)


def ago(minutes: float) -> dt.datetime:
    return NOW - dt.timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("failures", "ends_in_minutes"),
    [
        ([], None),
        ([(9, ago(0))], None),
        ([(10, ago(0))], 15),
        ([(10, ago(14))], 1),
        ([(10, ago(15))], None),  # exactly over
        ([(4, ago(10)), (6, ago(2))], 5),  # ends when the older four no longer count
        ([(6, ago(10)), (10, ago(2))], 13),
        ([(20, ago(16)), (9, ago(1))], None),
    ],
)
def test_a_lock_ends_by_itself(failures: list[tuple[int, dt.datetime]], ends_in_minutes: int | None) -> None:
    until = locked_until(failures, limit=10, cool_off=COOL, now=NOW)
    assert until == (None if ends_in_minutes is None else NOW + dt.timedelta(minutes=ends_in_minutes))


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [
        ([(29, ago(0))], None),
        ([(15, ago(3)), (15, ago(0.5))], 30),
        (
            [(300, ago(2))],
            None,
        ),  # a minute after the last try the next one is looked at, however many there were
        ([(30, ago(16))], None),
    ],
)
def test_a_pace_never_locks(failures: list[tuple[int, dt.datetime]], seconds: int | None) -> None:
    until = paced_until(failures, limit=30, cool_off=COOL, now=NOW)
    assert until == (None if seconds is None else NOW + dt.timedelta(seconds=seconds))


def test_delays_double_up_to_a_quarter_of_an_hour() -> None:
    assert [delay_after(n).total_seconds() for n in range(7)] == [0, 0, 0, 4, 8, 16, 32]
    assert delay_after(11) == delay_after(10**9) == LONGEST_DELAY


@pytest.mark.parametrize(("seconds", "minutes"), [(1, 1), (60, 1), (61, 2), (900, 15), (-5, 1)])
def test_minutes_are_rounded_up(seconds: int, minutes: int) -> None:
    assert minutes_left(NOW + dt.timedelta(seconds=seconds), NOW) == minutes
