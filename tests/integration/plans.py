"""Plans of the queries that an address really runs, and the rows of large tables that they read."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

LARGE = {
    "projects_site",
    "projects_sitestate",
    "projects_sitereport",
    "projects_lightspan",
    "projects_sitestanding",
    "projects_contribution",
    "projects_planchange",
    "projects_auditentry",
}
#: Indexes of few rows: going through one is no walk through its table.
SMALL_INDEXES = {
    "sitestate_counting",
    "lightspan_late",
    "sitestanding_late",
    "site_late",
    "site_late_managed",
    "site_removed",
}
#: What a page looks at to be filled, what is counted up to, what a search gives up at: never more than this.
MOST_ROWS = 6_000
#: SQLite: instructions of its machine for one query; reading a table of 12,000 rows takes more.
MOST_STEPS = 40_000
#: Rows that are skipped are read.
MOST_SKIPPED = 1_000

_NAMED = re.compile(r'(?:FROM|JOIN|,)\s+"?(projects_\w+)"?(?:\s+(?:AS\s+)?"?([A-Za-z]\w*)"?)?')
_RESERVED = {"WHERE", "INNER", "LEFT", "CROSS", "JOIN", "ON", "ORDER", "GROUP", "LIMIT", "SET", "UNION"}


@dataclass
class Seen:
    """What was run, and what is wrong with it."""

    queries: list[tuple[str, Any]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


@contextmanager
def watched() -> Iterator[Seen]:
    """Every SELECT of the block is explained right after it has run."""
    seen = Seen()

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if many or not sql.lstrip().upper().startswith(("SELECT", "WITH")):
            return execute(sql, params, many, context)
        seen.queries.append((sql, params))
        seen.faults += faults(sql, params)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        yield seen


def faults(sql: str, params: Any) -> list[str]:
    """What reads a large table in full, or more rows of it than a page can need."""
    if not any(table in sql for table in LARGE):
        return []
    found = _sqlite_faults(sql, params) if connection.vendor == "sqlite" else _postgresql_faults(sql, params)
    found += [f"skips {rows} rows" for rows in re.findall(r"OFFSET (\d+)", sql) if int(rows) > MOST_SKIPPED]
    return [f"{fault}\n    {sql}" for fault in found]


def _raw(sql: str, params: Any) -> list[Any]:
    """Past the watching wrapper."""
    with connection.cursor() as cursor:
        wrapped = connection.execute_wrappers
        connection.execute_wrappers = []
        try:
            cursor.execute(sql, params)
            rows: list[Any] = cursor.fetchall()
            return rows
        finally:
            connection.execute_wrappers = wrapped


def _sqlite_faults(sql: str, params: Any) -> list[str]:
    names = {alias or table: table for table, alias in _NAMED.findall(sql) if alias.upper() not in _RESERVED}
    names |= {table: table for table, _alias in _NAMED.findall(sql)}
    lines = [str(row[3]) for row in _raw(f"EXPLAIN QUERY PLAN {sql}", params)]
    sorts = any("TEMP B-TREE FOR ORDER BY" in line for line in lines)
    bounded = "LIMIT" in sql and not sorts
    found = []
    for line in lines:
        scan = re.match(r"SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?", line)
        if scan is None or names.get(scan[1]) not in LARGE or scan[2] in SMALL_INDEXES or bounded:
            continue
        found.append(f"full scan: {line}")
    steps = _steps(sql, params)
    if steps > MOST_STEPS:
        found.append(f"more than {MOST_STEPS} steps: {steps}; {lines}")
    return found


def _steps(sql: str, params: Any) -> int:
    """Instructions that SQLite's machine takes for all rows, in hundreds."""
    counted = 0

    def tick() -> int:
        nonlocal counted
        counted += 100
        return 0

    database = connection.connection
    database.set_progress_handler(tick, 100)
    try:
        _raw(sql, params)
    finally:
        database.set_progress_handler(None, 0)
    return counted


def _postgresql_faults(sql: str, params: Any) -> list[str]:
    # A table of some thousand rows is cheaper read in full; what counts is whether there is another way.
    _run("SET LOCAL enable_seqscan = off")
    try:
        ((plan,),) = _raw(f"EXPLAIN (ANALYZE, FORMAT JSON, TIMING OFF) {sql}", params)
    finally:
        _run("SET LOCAL enable_seqscan = on")
    tree = plan if isinstance(plan, list) else json.loads(plan)
    return list(_bad_nodes(tree[0]["Plan"]))


def _run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def _bad_nodes(node: dict[str, Any]) -> Iterator[str]:
    table = node.get("Relation Name")
    if table in LARGE:
        loops = node["Actual Loops"]
        rows = loops * (
            node["Actual Rows"]
            + node.get("Rows Removed by Filter", 0)
            + node.get("Rows Removed by Index Recheck", 0)
        )
        kind = node["Node Type"]
        if kind == "Seq Scan":
            yield f"full scan of {table}"
        elif rows > MOST_ROWS and node.get("Index Name") not in SMALL_INDEXES:
            yield f"{rows} rows of {table} by {kind} {node.get('Index Name', '')}"
    for child in node.get("Plans", ()):
        yield from _bad_nodes(child)
