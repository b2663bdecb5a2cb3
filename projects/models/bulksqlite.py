"""The bulk writer on SpatiaLite: prepared statements, geometries as blobs, spatial indexes filled at the end.

For every inserted row SpatiaLite's triggers look the geometry's rules up, note the time and put the row into
an R*Tree by SQL: nine tenths of the cost of the row. They and the guards that read the same geometry are
taken off inside the transaction, their work is done here for all rows at once, and they are put back by the
text that they had. A transaction that fails or is killed has never taken them off.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
import shapely
from django.db import IntegrityError, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from maps.blobs import outside_world, spatialite_blobs
from maps.pointindex.morton import encode, quantise
from projects.models.bulkcolumns import Column, Shapes
from projects.models.guards import GUARDS, InWorld

# What SpatiaLite calls its triggers on inserts: geometry rules, time of the last insert, R*Tree.
_RULES: Final = "ggi"
_TIME: Final = "tmi"
_INDEX: Final = "gii"


def next_keys(connection: BaseDatabaseWrapper, model: type[models.Model], count: int) -> range:
    """The next primary keys. The transaction is a writer's, so nobody else takes them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [model._meta.db_table])
        row = cursor.fetchone()
    first = (row[0] if row else 0) + 1
    return range(first, first + count)


def insert(
    connection: BaseDatabaseWrapper, model: type[models.Model], columns: Sequence[Column | Shapes]
) -> None:
    """Insert the columns' rows. Raises IntegrityError for a geometry that the suspended triggers refuse."""
    table = model._meta.db_table
    names = ", ".join(connection.ops.quote_name(column.name) for column in columns)
    places = ", ".join(["%s"] * len(columns))
    statement = f"INSERT INTO {connection.ops.quote_name(table)} ({names}) VALUES ({places})"
    shapes = [column for column in columns if isinstance(column, Shapes)]
    keys = next(column for column in columns if column.name == model._meta.pk.column)
    assert isinstance(keys, Column)
    with connection.cursor() as cursor, _without_triggers(cursor, table, shapes) as suspended:
        for column in shapes:
            _check(table, column)
        cursor.executemany(statement, _rows(columns))
        for column in shapes:
            if f"{_INDEX}_{table}_{column.name}" in suspended:
                _fill_index(cursor, table, column, keys.values)
            if f"{_TIME}_{table}_{column.name}" in suspended:
                _note_time(cursor, table, column.name)


def update(
    connection: BaseDatabaseWrapper, model: type[models.Model], columns: Sequence[Column | Shapes]
) -> int:
    """Update rows by the first column, their key; returns how many there were. All triggers stay on."""
    quote = connection.ops.quote_name
    key, *others = columns
    changes = ", ".join(f"{quote(column.name)} = %s" for column in others)
    statement = f"UPDATE {quote(model._meta.db_table)} SET {changes} WHERE {quote(key.name)} = %s"
    with connection.cursor() as cursor:
        cursor.executemany(statement, _rows([*others, key]))
        return int(cursor.rowcount)


def _rows(columns: Sequence[Column | Shapes]) -> Any:
    """The rows as the driver takes them, one after another."""
    return zip(
        *(
            spatialite_blobs(column.geometries, column.srid) if isinstance(column, Shapes) else column.values
            for column in columns
        ),
        strict=True,
    )


@contextmanager
def _without_triggers(
    cursor: CursorWrapper, table: str, shapes: Sequence[Shapes]
) -> Iterator[frozenset[str]]:
    """Take off what runs for every inserted geometry, and put it back; gives the names.

    An exception leaves them off: whoever catches it rolls back to before, as `insert_rows` does.
    """
    wanted = [f"{kind}_{table}_{column.name}" for column in shapes for kind in (_RULES, _TIME, _INDEX)]
    wanted += [f"{guard.name}_insert" for column in shapes for guard in _guards(table, column)]
    found: dict[str, str] = {}
    if wanted:
        places = ", ".join(["%s"] * len(wanted))
        cursor.execute(
            f"SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name IN ({places})", wanted
        )
        found = dict(cursor.fetchall())
    for name in found:
        cursor.execute(f'DROP TRIGGER "{name}"')
    yield frozenset(found)
    for text in found.values():
        cursor.execute(text)


def _guards(table: str, column: Shapes) -> list[InWorld]:
    return [
        guard
        for guard in GUARDS
        if isinstance(guard, InWorld) and (guard.table, guard.column) == (table, column.name)
    ]


def _check(table: str, column: Shapes) -> None:
    """What the suspended triggers check: the column's kind of geometry, and the guards."""
    kinds = set(shapely.get_type_id(column.geometries).tolist())
    allowed = [kind for kind in shapely.GeometryType if kind.name == column.kind]
    if allowed and kinds != set(allowed):
        raise IntegrityError(f"{table}.{column.name} violates Geometry constraint [geom-type not allowed]")
    for guard in _guards(table, column):
        if outside_world(column.geometries).any():
            raise IntegrityError(guard.name)


def _fill_index(cursor: CursorWrapper, table: str, column: Shapes, keys: Sequence[Any]) -> None:
    """Put the rows' boxes into the R*Tree, neighbours after each other: its pages stay in the cache."""
    west, south, east, north = shapely.bounds(column.geometries).T
    order = np.argsort(encode(*quantise((west + east) / 2, (south + north) / 2)))
    boxes = np.column_stack([west, east, south, north])[order].tolist()
    cursor.executemany(
        f'INSERT INTO "idx_{table}_{column.name}" (pkid, xmin, xmax, ymin, ymax) VALUES (%s, %s, %s, %s, %s)',
        [(keys[row], *box) for row, box in zip(order.tolist(), boxes, strict=True)],
    )


def _note_time(cursor: CursorWrapper, table: str, column: str) -> None:
    cursor.execute(
        "UPDATE geometry_columns_time SET last_insert = strftime('%%Y-%%m-%%dT%%H:%%M:%%fZ', 'now') "
        "WHERE Lower(f_table_name) = Lower(%s) AND Lower(f_geometry_column) = Lower(%s)",
        [table, column],
    )
