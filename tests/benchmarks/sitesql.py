"""The filters of a query string as plain SQL: for baselines and for the answers that they are held against.

It shares nothing with the application's filters. Words: kind, stage, service, division, light, q, bbox.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection

#: Site and kind, as every statement here names them.
TABLES = "projects_site s JOIN projects_facilitykind k ON k.id = s.kind_id"


@dataclass(frozen=True, slots=True)
class Where:
    """A condition and what fills its placeholders."""

    sql: str
    parameters: tuple[Any, ...]

    def __and__(self, other: "Where") -> "Where":
        return Where(f"{self.sql} AND {other.sql}", self.parameters + other.parameters)


PUBLIC = Where("s.deleted_seq IS NULL AND s.publication = 'published'", ())


def is_postgis() -> bool:
    """Else SpatiaLite."""
    return connection.vendor == "postgresql"


def where(words: Mapping[str, str]) -> Where:
    """What the public may see and the words leave; a comma separates alternatives."""
    found = PUBLIC
    for word, column in (
        ("kind", "k.slug"),
        ("stage", "s.stage"),
        ("service", "s.service"),
        ("light", "s.light"),
    ):
        if word in words:
            values = words[word].split(",")
            found &= Where(f"{column} IN ({', '.join(['%s'] * len(values))})", tuple(values))
    if "division" in words:
        codes = words["division"].split(",")
        inside = (
            "s.located_in_id IN (SELECT d.id FROM projects_division d JOIN projects_division t"
            " ON d.tree_left BETWEEN t.tree_left AND t.tree_right"
            f" WHERE t.code IN ({', '.join(['%s'] * len(codes))}))"
        )
        found &= Where(inside, tuple(codes))
    for part in words.get("q", "").split():
        pattern = f"%{part}%"
        found &= Where("(s.name LIKE %s OR s.address LIKE %s)", (pattern, pattern))
    if "bbox" in words:
        west, south, east, north = map(float, words["bbox"].split(","))
        found &= in_box(west, south, east, north)
    return found


def in_box(west: float, south: float, east: float, north: float) -> Where:
    """Points in a box of degrees, edges included, by the database's spatial index."""
    # Both indexes hold 32-bit floats, rounded outwards: they propose, the exact numbers decide.
    exact = in_box_by_scan(west, south, east, north)
    if is_postgis():
        return (
            Where("s.location && ST_MakeEnvelope(%s, %s, %s, %s, 4326)", (west, south, east, north)) & exact
        )
    return (
        Where(
            "s.id IN (SELECT pkid FROM idx_projects_site_location"
            " WHERE xmax >= %s AND xmin <= %s AND ymax >= %s AND ymin <= %s)",
            (west, east, south, north),
        )
        & exact
    )


def in_box_by_scan(west: float, south: float, east: float, north: float) -> Where:
    """The same points without the index: what a plain comparison of coordinates costs."""
    return Where(
        "ST_X(s.location) BETWEEN %s AND %s AND ST_Y(s.location) BETWEEN %s AND %s",
        (west, east, south, north),
    )


def rows(statement: str, parameters: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Run a statement and fetch all of it."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


def count_around(
    condition: Where, edges: tuple[float, float, float, float], margin: float
) -> tuple[int, int]:
    """How many sites lie in a box shrunk and in it grown by `margin` degrees."""
    west, south, east, north = edges
    inner = in_box_by_scan(west + margin, south + margin, east - margin, north - margin)
    outer = condition & in_box(west - margin, south - margin, east + margin, north + margin)
    statement = f"SELECT COUNT(CASE WHEN {inner.sql} THEN 1 END), COUNT(*) FROM {TABLES} WHERE {outer.sql}"
    ((least, most),) = rows(statement, inner.parameters + outer.parameters)
    return int(least), int(most)


def count(condition: Where) -> int:
    """How many sites."""
    return int(rows(f"SELECT COUNT(*) FROM {TABLES} WHERE {condition.sql}", condition.parameters)[0][0])
