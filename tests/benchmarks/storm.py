"""Several connections at once, every address asked for once: what no cache can answer."""

import threading
import time
from collections.abc import Sequence

from tests.benchmarks.results import Storm
from tests.benchmarks.samples import timing
from tests.benchmarks.servers import Server, request_bytes

CONNECTIONS = 8


def measure(server: Server, paths: Sequence[str]) -> Storm:
    """Ask for all paths, shared out among the connections. Raises RuntimeError when an answer is refused."""
    samples: list[float] = []
    problems: list[BaseException] = []

    def ask(own: Sequence[str]) -> None:
        connection = server.connect()
        try:
            samples.extend(connection.timed(request_bytes(path)) for path in own)
        except (OSError, RuntimeError) as problem:
            problems.append(problem)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=ask, args=(paths[number::CONNECTIONS],)) for number in range(CONNECTIONS)
    ]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spent = time.perf_counter() - began
    if problems:
        raise RuntimeError(f"storm: {problems[0]}")
    return Storm(CONNECTIONS, timing(samples), len(samples) / spent)
