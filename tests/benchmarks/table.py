"""Results as a Markdown page."""

import datetime as dt
from collections.abc import Iterable, Sequence

from tests.benchmarks.goals import Goal, floor_p50, floor_p95, goals, missing
from tests.benchmarks.growth import Growth
from tests.benchmarks.results import Kernel, Row, SizeResult
from tests.benchmarks.samples import Timing

HOW = """\
Written by `script/bench`; [how it measures](developer/benchmarks.md) says what each column is. Every time is in
milliseconds, over HTTP on one keep-alive connection, server and client on one machine. An operation, the floor (a
view that returns a constant, same middleware, same server) and its baselines are asked in turn in one window: read
the ratios. The machine is shared, so absolute times and 95th percentiles are higher than on a quiet one."""


def page(
    machine: Sequence[tuple[str, str]],
    results: Sequence[SizeResult],
    growth: dict[str, Growth],
    *,
    today: dt.date,
    command: str,
) -> str:
    """The whole page. `results`: by database, sizes ascending; `growth` by database."""
    parts = ["# Benchmarks", "", HOW, "", f"Measured on {today.isoformat()} with `{command}`.", ""]
    parts += _table(("Machine", ""), machine)
    parts += _answers(results)
    parts += ["## Goals", ""]
    rows = [goal for result in _largest(results) for goal in goals(result, growth.get(result.database, {}))]
    parts += _table(("Goal", "Where", "Reached", "Goal", "", "Compared"), [_goal(goal) for goal in rows])
    parts += [f"* {sentence}" for sentence in missing(_largest(results))] + [""]
    for result in _largest(results):
        parts += _operations(result, growth.get(result.database, {}))
    for database, found in growth.items():
        parts += _growth(database, found)
    parts += _kernels(results)
    parts += _processes(results)
    return "\n".join(parts).rstrip() + "\n"


def _largest(results: Sequence[SizeResult]) -> list[SizeResult]:
    """The largest size of each database."""
    return list({result.database: result for result in results}.values())


def _answers(results: Sequence[SizeResult]) -> list[str]:
    checked = sum(row.checked for result in results for row in result.rows)
    wrong = [f"{result.database} {result.size}: {said}" for result in results for said in result.differences]
    if not wrong and not checked:
        return ["No answers were compared in this run.", ""]
    if not wrong:
        return [f"Answers compared with SQL and the baselines: {checked:,}. All are equal.", ""]
    return [
        f"**{len(wrong)} differences** in {checked:,} compared answers:",
        "",
        *(f"* {said}" for said in wrong[:50]),
        "",
    ]


def _goal(goal: Goal) -> tuple[str, ...]:
    sign = "at least" if goal.at_least else "at most"
    return (
        goal.text,
        goal.where,
        f"{_figure(goal.reached)}{goal.unit}",
        f"{sign} {goal.wanted:g}{goal.unit}",
        goal.verdict if goal.is_reached else f"**{goal.verdict}**",
        goal.note,
    )


def _operations(result: SizeResult, growth: Growth) -> list[str]:
    if not result.rows:
        return []
    head = (
        "Operation",
        "p50",
        "p95",
        "Asked again",
        "p50 / floor",
        "p95 / floor",
        "Baseline: p50, times slower",
        "Bytes",
        "Gzipped",
        "Growth",
    )
    rows = [_operation(row, result.size, growth) for row in result.rows]
    return [f"## {result.database}, {result.sites:,} sites", "", *_table(head, rows)]


def _operation(row: Row, size: str, growth: Growth) -> tuple[str, ...]:
    against = "; ".join(
        f"{one.name} {_ms(one.timing.p50)}, {one.timing.p50 / row.ours.p50:.1f}x" for one in row.against
    )
    sizes = growth.get(row.operation, {})
    grown = f"{sizes[size].p50 / next(iter(sizes.values())).p50:.2f}x" if size in sizes else ""
    return (
        row.operation,
        _ms(row.ours.p50),
        _ms(row.ours.p95),
        _ms(row.again.p50),
        f"{floor_p50(row):.2f}x",
        f"{floor_p95(row):.2f}x",
        against,
        f"{row.raw_bytes:,}" if row.raw_bytes else "",
        f"{row.gzip_bytes:,}" if row.gzip_bytes else "",
        grown,
    )


def _growth(database: str, found: Growth) -> list[str]:
    if not found:
        return []
    sizes = list(next(iter(found.values())))
    head = ("Operation", *(f"p50 {size}" for size in sizes), *(f"{size} / {sizes[0]}" for size in sizes[1:]))
    rows = [
        (
            operation,
            *(_ms(times[size].p50) for size in sizes),
            *(f"{times[size].p50 / times[sizes[0]].p50:.2f}x" for size in sizes[1:]),
        )
        for operation, times in found.items()
    ]
    return [
        f"## Growth, {database}",
        "",
        "Servers of all sizes at once, asked in turn.",
        "",
        *_table(head, rows),
    ]


def _kernels(results: Sequence[SizeResult]) -> list[str]:
    rows = [_kernel(result, kernel) for result in results for kernel in result.kernels]
    if not rows:
        return []
    head = ("Before the framework", "Where", "Index p50", "Index p95", "SQL: p50, times slower")
    return [
        "## Before the framework",
        "",
        "The index and SQL called in one process.",
        "",
        *_table(head, rows),
    ]


def _kernel(result: SizeResult, kernel: Kernel) -> tuple[str, ...]:
    against = "; ".join(
        f"{one.name} {_ms(one.timing.p50)}, {one.timing.p50 / kernel.index.p50:.1f}x"
        for one in kernel.against
    )
    where = f"{result.database} {result.size}"
    return (kernel.operation, where, _ms(kernel.index.p50), _ms(kernel.index.p95), against)


def _processes(results: Sequence[SizeResult]) -> list[str]:
    head = ("Memory, building, storms, edits", *(f"{result.database} {result.size}" for result in results))
    names = dict.fromkeys(name for result in results for name in _process(result))
    columns = [_process(result) for result in results]
    rows = [(name, *(column.get(name, "") for column in columns)) for name in names]
    return ["## Processes", "", *_table(head, rows)] if rows else []


def _process(result: SizeResult) -> dict[str, str]:
    found = {"sites": f"{result.sites:,}"}
    if result.load_seconds is not None:
        found["`load_demo`, s"] = f"{result.load_seconds:.0f}"
    if result.open_ms is not None:
        found["first answer of a new worker"] = _ms(result.open_ms)
    if memory := result.memory:
        found["worker after the run, MiB: PSS"] = f"{memory.pss:.0f}"
        found["the same: RSS (highest)"] = f"{memory.rss:.0f} ({memory.peak_rss:.0f})"
        found["the same: USS"] = f"{memory.uss:.0f}"
    if build := result.build:
        found["rebuild from the database, s"] = f"{build.rebuild_seconds:.2f}"
        found["of that the index itself, s"] = f"{build.build_seconds:.2f}"
        found["highest RSS while rebuilding, MiB"] = f"{build.peak_rss:.0f}"
        found["index files, bytes a site"] = f"{build.bytes_per_site:.1f}"
    if storm := result.storm:
        found[f"storm of {storm.timing.count} addresses, {storm.connections} connections: p50, p95"] = _both(
            storm.timing
        )
        found["the same: answers a second"] = f"{storm.per_second:.0f}"
    if fresh := result.freshness:
        found["edits a second"] = f"{fresh.per_second:.1f} for {fresh.seconds:.0f} s"
        found["one edit: p50, p95"] = _both(fresh.edit)
        found["until staff see it in every worker: p50, p95, slowest"] = (
            f"{_both(fresh.staff)}, {_ms(fresh.staff_max)}"
        )
        found["until everybody does: p50, p95, slowest"] = f"{_both(fresh.public)}, {_ms(fresh.public_max)}"
    return found


def _both(timing: Timing) -> str:
    return f"{_ms(timing.p50)}, {_ms(timing.p95)}"


def _ms(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def _figure(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:,.0f}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return [*("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines), ""]
