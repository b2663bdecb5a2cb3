"""How long somebody waits after wrong passwords and codes. Times are aware datetimes.

Two limits besides each other: a lock by account and address, and a pace by account alone. The second never
locks: a stranger who guesses from a thousand addresses slows unknown browsers down, and nobody else.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Final

#: Wrong codes that cost nothing but the try.
FREE_TRIES: Final = 3
LONGEST_DELAY: Final = dt.timedelta(minutes=15)
#: Between two tries at an account that is being guessed at, by browsers that it never used.
PACE: Final = dt.timedelta(minutes=1)

#: Wrong tries, and when the last of them was.
Failures = tuple[int, dt.datetime]


def locked_until(
    failures: Sequence[Failures], *, limit: int, cool_off: dt.timedelta, now: dt.datetime
) -> dt.datetime | None:
    """When a lock ends by itself; None without one. A row counts until `cool_off` after its last failure."""
    counting = sorted((when, count) for count, when in failures if when + cool_off > now)
    total = sum(count for _when, count in counting)
    for when, count in counting:
        if total < limit:
            break
        total -= count
        if total < limit:
            return when + cool_off
    return None


def paced_until(failures: Sequence[Failures], *, limit: int, cool_off: dt.timedelta, now: dt.datetime
) -> dt.datetime | None:  # fmt: skip
    """When an unknown browser may try an account again that many others tried; None: now."""
    counting = [(count, when) for count, when in failures if when + cool_off > now]
    if sum(count for count, _when in counting) < limit:
        return None
    free = max(when for _count, when in counting) + PACE
    return free if free > now else None


def delay_after(failures: int) -> dt.timedelta:
    """After so many wrong codes in a row: nothing at first, then doubling, at most 15 minutes.

    At the longest delay 96 tries fit in a day: with three valid codes of a million, a guess succeeds once in
    some nine years, and whoever guesses knows the password already.
    """
    if failures < FREE_TRIES:
        return dt.timedelta()
    return min(LONGEST_DELAY, dt.timedelta(seconds=2 ** min(failures - 1, 20)))


def minutes_left(until: dt.datetime, now: dt.datetime) -> int:
    """Whole minutes to wait, rounded up, at least one."""
    return max(1, -(-int((until - now).total_seconds()) // 60))
