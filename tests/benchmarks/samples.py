"""Times of several requests in one window: A B A B, so that a busy moment of the machine hits all of them."""

import itertools
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

#: Fewer samples of a slow baseline than this say nothing.
FEWEST = 3


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
    """Something that can be timed again and again; each run takes the next of its inputs."""

    def __init__(self, runs: Sequence[Callable[[], float]]) -> None:
        self._next = itertools.cycle(runs)
        self.samples: list[float] = []

    def run(self) -> float:
        """Time one; not kept."""
        return next(self._next)()

    def keep(self) -> None:
        self.samples.append(self.run())

    @property
    def timing(self) -> Timing:
        return timing(self.samples)


def timed_call(work: Callable[[], object]) -> Callable[[], float]:
    """A call as something to time, in milliseconds."""

    def run() -> float:
        began = time.perf_counter()
        work()
        return (time.perf_counter() - began) * 1000.0

    return run


def interleave(
    quick: Sequence[Contender], slow: Sequence[Contender], *, repetitions: int, seconds: float
) -> None:
    """Time all of them in turn: each of `quick` `repetitions` times, each of `slow` as often as fits.

    `seconds` bounds what the slow ones may take (at least FEWEST runs each, at most `repetitions`); their
    runs are spread evenly over the window. Everything is warmed up before.
    """
    for contender in quick:
        for _ in range(5):
            contender.run()
    once = 0.0
    for contender in slow:
        contender.run()
        once += min(contender.run(), contender.run())
    rounds = repetitions
    if slow:
        rounds = max(FEWEST, min(repetitions, int(seconds * 1000.0 / max(once, 0.001))))
    each = -(-repetitions // rounds)
    for _ in range(rounds):
        for _ in range(each):
            for contender in quick:
                contender.keep()
        for contender in slow:
            contender.keep()
        # What a slow one left behind (caches, a busy database process) is not the quick one's doing.
        if slow and once > 20.0:
            for contender in quick:
                contender.run()
