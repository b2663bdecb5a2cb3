"""Times of several requests in one window: A B A B, so that a busy moment of the machine hits all of them."""

import itertools
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

#: Does something once and tells the milliseconds.
Run = Callable[[], float]
#: Fewer samples of a slow baseline than this say nothing.
FEWEST = 3
#: After a round that took longer, the quick ones are warmed up again.
LONG_MS = 20.0


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds."""

    p50: float
    p95: float
    count: int


def timing(samples: Sequence[float]) -> Timing:
    """Median and 95th percentile (nearest rank)."""
    ordered = sorted(samples)
    rank = max(0, -(-95 * len(ordered) // 100) - 1)
    return Timing(statistics.median(ordered), ordered[rank], len(ordered))


class Contender:
    """Something that can be timed again and again; each run takes the next of `runs`, which never end."""

    def __init__(self, runs: Iterator[Run]) -> None:
        self._next = runs
        self.samples: list[float] = []

    def run(self) -> float:
        """Time one; not kept."""
        return next(self._next)()

    def keep(self) -> None:
        self.samples.append(self.run())

    @property
    def timing(self) -> Timing:
        return timing(self.samples)


def timed_calls(calls: Sequence[Callable[[], object]]) -> Iterator[Run]:
    """Calls in turn, for ever."""
    return itertools.cycle([timed_call(call) for call in calls])


def timed_call(work: Callable[[], object]) -> Run:
    """A call as something to time."""

    def run() -> float:
        began = time.perf_counter()
        work()
        return (time.perf_counter() - began) * 1000.0

    return run


def interleave(
    quick: Sequence[Contender], slow: Sequence[Contender], *, repetitions: int, seconds: float
) -> None:
    """Time all of them in turn: each of `quick` `repetitions` times, each of `slow` as often as fits.

    `seconds` bounds what the slow ones may take, and the quick ones where they are not quick (at least
    FEWEST runs each); runs of the slow ones are spread evenly over the window. Everything is warmed up before.
    """
    for contender in (*quick, *quick, *quick):
        contender.run()
    spent = sum(min(contender.run(), contender.run()) for contender in quick)
    repetitions = _fitting(spent, repetitions, max(seconds, 1.0))
    for contender in slow:
        contender.run()
    once = sum(min(contender.run(), contender.run()) for contender in slow)
    rounds = _fitting(once, repetitions, seconds) if slow else repetitions
    each = -(-repetitions // rounds)
    for _ in range(rounds):
        for _ in range(each):
            for contender in quick:
                contender.keep()
        for contender in slow:
            contender.keep()
        # What a slow one left behind (caches, a busy database process) is not the quick one's doing.
        if slow and once > LONG_MS:
            for contender in quick:
                contender.run()


def _fitting(once_ms: float, most: int, seconds: float) -> int:
    """How many rounds of so many milliseconds fit, between FEWEST and `most`."""
    return min(most, max(FEWEST, int(seconds * 1000.0 / max(once_ms, 0.001))))
