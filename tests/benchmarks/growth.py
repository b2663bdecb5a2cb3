"""How times grow with the data: servers of all sizes at once, asked in turn in the same window."""

import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack

from tests.benchmarks.loading import Place
from tests.benchmarks.results import SizeResult
from tests.benchmarks.samples import Contender, Timing, interleave
from tests.benchmarks.servers import anew, serving

#: Operation -> size -> times.
Growth = Mapping[str, Mapping[str, Timing]]
REPETITIONS = 40
#: For all sizes of one operation.
SECONDS = 8.0


def measure(
    places: Sequence[Place], results: Sequence[SizeResult], *, repetitions: int = REPETITIONS
) -> Growth:
    """Of one database, smallest size first. Operations that some size lacks are left out."""
    if len(places) < 2:
        return {}
    with ExitStack() as stack:
        connections = [stack.enter_context(serving(place.env)).connect() for place in places]
        found: dict[str, dict[str, Timing]] = {}
        for row in results[0].rows:
            rows = [result.row(row.operation) for result in results]
            contenders = [
                Contender(anew(connection, one.paths))
                for connection, one in zip(connections, rows, strict=True)
                if one is not None and one.paths
            ]
            if len(contenders) < len(places):
                continue
            print(f"  {row.operation}", file=sys.stderr, flush=True)
            interleave(contenders, [], repetitions=repetitions, seconds=SECONDS)
            found[row.operation] = {
                result.size: contender.timing for result, contender in zip(results, contenders, strict=True)
            }
        for connection in connections:
            connection.close()
    return found
