"""Edits through the actions while two workers serve: when does each of them answer with the edit?"""

import json
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from projects.actions.sites import change_site
from projects.models import Site
from projects.models.access import system_access
from projects.rules.vocabulary import Service
from tests.benchmarks.results import Freshness
from tests.benchmarks.samples import timing
from tests.benchmarks.servers import Connection, serving
from tests.benchmarks.subjects import Sampled

WORKERS = 2
EDITS_PER_SECOND = 5
#: Degrees around a site that is edited: its own few metres.
HALF = 0.00003
#: An edit that nobody has seen by then is lost.
PATIENCE_S = 90.0
#: The public's answers are looked at so often (seconds), for every so many edits.
LOOK_S, LOOK_EVERY = 0.02, 5


def measure(
    env: Mapping[str, str], sites: Sequence[Sampled], *, seconds: float
) -> tuple[Freshness, list[str]]:
    """Edit and look, for so long; returns times, and what was never seen."""
    with serving(env, workers=WORKERS) as server:
        staff = list(server.connect_to_each(WORKERS).values())
        public = list(server.connect_to_each(WORKERS).values())
        watch = _PublicWatch(public)
        with ThreadPoolExecutor(WORKERS) as pool:
            try:
                return _edit(staff, watch, pool, sites, seconds)
            finally:
                watch.stop()
                for connection in (*staff, *public):
                    connection.close()


def _edit(
    staff: Sequence[Connection],
    watch: "_PublicWatch",
    pool: ThreadPoolExecutor,
    sites: Sequence[Sampled],
    seconds: float,
) -> tuple[Freshness, list[str]]:
    access = system_access()
    edits: list[float] = []
    seen: list[float] = []
    said: list[str] = []
    began = time.perf_counter()
    number = 0
    while (due := number / EDITS_PER_SECOND) < seconds:
        time.sleep(max(0.0, began + due - time.perf_counter()))
        chosen = sites[number % len(sites)]
        site = Site.objects.get(pk=chosen.pk)
        service = Service.CLOSED if site.service != Service.CLOSED else Service.UNKNOWN
        before = _count(staff[0], chosen, service, "/bench/staff/")
        started = time.perf_counter()
        change_site(
            access=access,
            site_id=site.pk,
            expected_version=site.version,
            changes={"service": service.value},
        )
        committed = time.perf_counter()
        edits.append((committed - started) * 1000.0)
        waits = list(
            pool.map(lambda one: _until_seen(one, chosen, service, before + 1, committed), staff)  # noqa: B023
        )
        if None in waits:
            said.append(f"edit {number + 1} of site {chosen.public_id} was not seen by every worker")
        else:
            seen.append(max(wait for wait in waits if wait is not None))
        if number % LOOK_EVERY == 0:
            watch.expect(chosen, service, before + 1, committed)
        number += 1
    spent = time.perf_counter() - began
    watch.finish()
    said += watch.missed
    if not seen or not watch.delays:
        return _nothing(spent), [*said, "no edit was seen"]
    return (
        Freshness(
            WORKERS,
            spent,
            number / spent,
            timing(edits),
            timing(seen),
            max(seen),
            timing(watch.delays),
            max(watch.delays),
        ),
        said,
    )


def _nothing(spent: float) -> Freshness:
    none = timing([float("inf")])
    return Freshness(WORKERS, spent, 0.0, none, none, none.p50, none, none.p50)


def _until_seen(
    connection: Connection, site: Sampled, service: Service, wanted: int, committed: float
) -> float | None:
    while time.perf_counter() - committed < PATIENCE_S:
        if _count(connection, site, service, "/bench/staff/") == wanted:
            return (time.perf_counter() - committed) * 1000.0
    return None


def _count(connection: Connection, site: Sampled, service: Service, path: str) -> int:
    """Sites of a service state in the few metres around a site."""
    box = f"{site.lon - HALF:.7f},{site.lat - HALF:.7f},{site.lon + HALF:.7f},{site.lat + HALF:.7f}"
    answer = json.loads(connection.get(f"{path}?bbox={box}").body)
    return int(answer["service"].get(service.value, 0))


class _PublicWatch:
    """Looks at the public's answers of every worker in a thread of its own until they hold an edit."""

    def __init__(self, connections: Sequence[Connection]) -> None:
        self._connections = connections
        self._lock = threading.Lock()
        self._waiting: list[tuple[int, Sampled, Service, int, float]] = []
        self._worst: dict[tuple[int, float], float] = {}
        self._stopping = threading.Event()
        self.missed: list[str] = []
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def expect(self, site: Sampled, service: Service, wanted: int, committed: float) -> None:
        """Every worker is to answer with `wanted` sites of the state."""
        with self._lock:
            self._waiting += [
                (number, site, service, wanted, committed) for number in range(len(self._connections))
            ]

    @property
    def delays(self) -> list[float]:
        """Of each edit: until the last worker had it."""
        last: dict[float, float] = {}
        for (_number, committed), delay in self._worst.items():
            last[committed] = max(delay, last.get(committed, 0.0))
        return list(last.values())

    def finish(self) -> None:
        """Wait until all is seen, or patience ends."""
        until = time.perf_counter() + PATIENCE_S
        while time.perf_counter() < until:
            with self._lock:
                if not self._waiting:
                    return
            time.sleep(LOOK_S)

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(timeout=PATIENCE_S)

    def _look(self) -> None:
        while not self._stopping.wait(LOOK_S):
            with self._lock:
                waiting = list(self._waiting)
            for one in waiting:
                number, site, service, wanted, committed = one
                seen = _count(self._connections[number], site, service, "/api/v1/sites/facets/") == wanted
                late = time.perf_counter() - committed
                if seen:
                    self._worst[(number, committed)] = late * 1000.0
                elif late > PATIENCE_S:
                    self.missed.append(f"the public did not see the edit of {site.public_id}")
                if seen or late > PATIENCE_S:
                    with self._lock:
                        self._waiting.remove(one)
