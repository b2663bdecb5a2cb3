"""Measure one database at one size: a process of its own, which knows its database and writes a SizeResult."""

import argparse
import itertools
import json
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks import (
    browser_map,
    figures,
    freshness,
    kernels,
    machine,
    operations,
    programs,
    sitesql,
    storm,
    subjects,
    tipg,
)
from tests.benchmarks.operations import Baseline, Operation
from tests.benchmarks.results import Against, Browser, Build, Row, SizeResult
from tests.benchmarks.samples import Contender, interleave
from tests.benchmarks.servers import (
    Answer,
    Connection,
    Server,
    again,
    anew,
    asking,
    memory_of,
    serving,
    worker_of,
)

FLOOR = "/bench/constant/"
#: Environment of the servers, as the parent process made it.
PASSED_ON = ("ENV_FILE", "SECRET_KEY", "DEMO", "DEBUG", "VAR_DIR", "DATABASE_URL")


@dataclass(frozen=True, slots=True)
class Options:
    """How long and what. `only`: parts of names of operations; empty means everything."""

    only: tuple[str, ...]
    seconds: float
    repetitions: int
    checked: int
    fresh_seconds: float
    tipg: str = ""

    def wants(self, name: str) -> bool:
        return not self.only or any(part in name for part in self.only)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="tests.benchmarks.onesize")
    parser.add_argument("database")
    parser.add_argument("size")
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--repetitions", type=int, required=True)
    parser.add_argument("--checked", type=int, required=True)
    parser.add_argument("--fresh-seconds", type=float, required=True)
    parser.add_argument("--tipg", default="")
    given = parser.parse_args(arguments)
    options = Options(
        tuple(given.only), given.seconds, given.repetitions, given.checked, given.fresh_seconds, given.tipg
    )
    measure(given.database, given.size, options).save(given.out)
    return 0


def measure(database: str, size: str, options: Options) -> SizeResult:
    """Everything that is wanted, in order; what differs is collected."""
    env = {name: os.environ[name] for name in PASSED_ON}
    ((sites,),) = sitesql.rows("SELECT COUNT(*) FROM projects_site")
    result = SizeResult(database, size, int(sites), versions=machine.database_versions())
    drawn = subjects.draw()
    with_tipg = bool(options.tipg) and sitesql.is_postgis()
    wanted = [
        operation
        for operation in (
            *operations.operations(drawn, postgis=sitesql.is_postgis(), with_tipg=with_tipg),
            *figures.figures(drawn.divisions, drawn.city),
        )
        if options.wants(operation.name)
    ]
    with ExitStack() as stack:
        ours = stack.enter_context(serving(env))
        peers = {"": stack.enter_context(serving(env))}
        if with_tipg:
            peers[tipg.NAME] = stack.enter_context(tipg.serving_tipg(options.tipg, env))
        bench = _Bench(ours, peers, options, result)
        result.open_ms = bench.open_ms
        for operation in wanted:
            bench.run(operation)
        if options.wants("304"):
            bench.not_modified(operations.operations(drawn, postgis=False)[0].paths)
        if options.wants("storm"):
            result.storm = storm.measure(ours, operations.storm_paths(drawn, 2 * options.repetitions))
        result.memory = memory_of(bench.worker)
        if options.wants("browser"):
            result.browser = _browser(ours.url)
    if options.wants("kernel"):
        result.kernels, said = kernels.measure(
            drawn, repetitions=options.repetitions, seconds=options.seconds
        )
        result.differences += said
    if options.wants("build"):
        result.build = _build(env)
    if options.wants("freshness"):
        result.freshness, said = freshness.measure(env, drawn.sites[:500], seconds=options.fresh_seconds)
        result.differences += said
    return result


class _Bench:
    """Servers alike: one for the application and the floor, whose memory is measured; others for baselines.

    `peers`: by the baseline's name; the one without a name answers for all that have none of their own.
    """

    def __init__(
        self, ours: Server, peers: Mapping[str, Server], options: Options, result: SizeResult
    ) -> None:
        self._ours = ours.connect()
        self._peers = {name: server.connect() for name, server in peers.items()}
        self._options, self._result = options, result
        self.worker = worker_of(self._ours)
        began = time.perf_counter()
        self._ours.get("/api/v1/sites/facets/")
        self.open_ms = (time.perf_counter() - began) * 1000.0

    def run(self, operation: Operation) -> None:
        """Check some answers, then time: the application, the floor, the baselines in one window."""
        print(f"  {operation.name}", flush=True)
        raw, packed = self._check(operation)
        ours = Contender(anew(self._ours, operation.paths))
        kept = Contender(again(self._ours, self._checked_paths(operation)))
        floor = Contender(again(self._ours, (FLOOR,)))
        slow = [Contender(again(self._peer(baseline), baseline.paths)) for baseline in operation.baselines]
        interleave(
            [ours, kept, floor],
            slow,
            repetitions=self._options.repetitions,
            seconds=self._options.seconds,
        )
        self._result.rows.append(
            Row(
                operation.name,
                ours.timing,
                kept.timing,
                floor.timing,
                tuple(
                    Against(baseline.name, contender.timing)
                    for baseline, contender in zip(operation.baselines, slow, strict=True)
                ),
                raw,
                packed,
                len(self._checked_paths(operation)),
                operation.paths,
            )
        )

    def not_modified(self, paths: Sequence[str]) -> None:
        """What it costs to say that nothing changed."""
        runs = []
        for path in paths:
            etag = self._ours.get(path).headers["etag"]
            reply = self._ours.get(path, etag=etag)
            if reply.status != 304:
                self._result.differences.append(f"{path}: {reply.status} to its own ETag, not 304")
            runs.append(asking(self._ours, path, etag=etag))
        ours = Contender(itertools.cycle(runs))
        floor = Contender(again(self._ours, (FLOOR,)))
        interleave([ours, floor], [], repetitions=self._options.repetitions, seconds=self._options.seconds)
        self._result.rows.append(
            Row("tile.json 304", ours.timing, ours.timing, floor.timing, (), 0, 0, len(runs), ())
        )

    def _peer(self, baseline: Baseline) -> Connection:
        return self._peers.get(baseline.name) or self._peers[""]

    def _checked_paths(self, operation: Operation) -> list[str]:
        return [operation.paths[number] for number in self._checked_numbers(operation)]

    def _checked_numbers(self, operation: Operation) -> list[int]:
        """Some of the paths, evenly spread."""
        most = min(self._options.checked, len(operation.paths))
        return [number * len(operation.paths) // most for number in range(most)]

    def _check(self, operation: Operation) -> tuple[int, int]:
        """Compare; returns the largest answer's bytes, raw and gzipped."""
        raw = packed = 0
        for number in self._checked_numbers(operation):
            path = operation.paths[number]
            answer = self._ours.get(path)
            raw = max(raw, len(answer.body))
            packed = max(packed, len(self._ours.get(path, gzip=True).body))
            said = [] if answer.status == 200 else [f"{path}: status {answer.status}"]
            if not said:
                replies: list[Answer | None] = [
                    self._peer(baseline).get(baseline.paths[number])
                    for baseline in operation.baselines
                    if baseline.compared
                ]
                for reply in replies or [None]:
                    if reply is not None and reply.status != 200:
                        said.append(f"{path}: the baseline answers with status {reply.status}")
                    else:
                        said += operation.check(path, answer, reply)
            self._result.differences += [f"{operation.name}: {sentence}" for sentence in said]
        return raw, packed


def _build(env: Mapping[str, str]) -> Build:
    return Build(**json.loads(programs.inside(env, "building")))


def _browser(url: str) -> Browser:
    """The map in Chromium: the slower of desktop and phone, and the slowest of the views that are dragged."""
    found = browser_map.measure(url)
    return Browser(
        max(float(size["median"]) for size in found["first_clusters_ms"].values()),
        max(float(view["p95_ms"]) for view in found["pan"].values()),
    )
