"""The bulk writer on SpatiaLite: prepared statements, geometries as blobs, spatial indexes filled at the end.

For every inserted row SpatiaLite's triggers look the geometry's rules up, note the time and put the row into
an R*Tree by SQL: four fifths of the cost of the row. They and the guards that read the same geometry are
taken off inside the transaction, their work is done here for all rows at once, and they are put back by the
text that they had. A transaction that fails or is killed has never taken them off.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

import numpy as np
import shapely
from django.contrib.gis.db.models.fields import BaseSpatialField
from django.db import IntegrityError, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from maps.blobs import outside_world, spatialite_blobs
from maps.pointindex.morton import encode, quantise
from projects.models.bulkcolumns import Column, Field
from projects.models.guards import GUARDS, InWorld

# What SpatiaLite calls its triggers on inserts: geometry rules, time of the last insert, R*Tree.
_RULES: Final = "ggi"
_TIME: Final = "tmi"
_INDEX: Final = "gii"


def next_keys(connection: BaseDatabaseWrapper, model: type[models.Model], count: int) -> range:
    """The next primary keys. The transaction is a writer's, so nobody else takes them."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        row = cursor.fetchone()
    first = (row[0] if row else 0) + 1
    return range(first, first + count)


def insert(
    connection: BaseDatabaseWrapper,
    model: type[models.Model],
    fields: Sequence[Field],
    values: Mapping[str, Column],
) -> None:
    """Insert the columns' rows. Raises IntegrityError for a geometry that the suspended triggers refuse."""
    spatial = [field for field in fields if isinstance(field, BaseSpatialField)]
    table = model._meta.db_table
    names = ", ".join(connection.ops.quote_name(name) for name in values)
    places = ", ".join(["%s"] * len(values))
    statement = f"INSERT INTO {connection.ops.quote_name(table)} ({names}) VALUES ({places})"
    with connection.cursor() as cursor:
        with _without_triggers(cursor, table, spatial) as suspended:
            for field in spatial:
                _check(table, field, values[field.column])
            cursor.executemany(statement, zip(*_written(spatial, values), strict=True))
            for field in spatial:
                if f"{_INDEX}_{table}_{field.column}" in suspended:
                    _fill_index(cursor, table, field.column, values[model._meta.pk.column], values[field.column])
                if f"{_TIME}_{table}_{field.column}" in suspended:
                    _note_time(cursor, table, field.column)


def update(
    connection: BaseDatabaseWrapper,
    model: type[models.Model],
    fields: Sequence[Field],
    values: Mapping[str, Column],
) -> int:
    """Update rows by the first column, their key; returns how many there were. All triggers stay on."""
    spatial = [field for field in fields if isinstance(field, BaseSpatialField)]
    key, *others = values
    quote = connection.ops.quote_name
    changes = ", ".join(f"{quote(name)} = %s" for name in others)
    statement = f"UPDATE {quote(model._meta.db_table)} SET {changes} WHERE {quote(key)} = %s"
    keys, *columns = _written(spatial, values)
    with connection.cursor() as cursor:
        cursor.executemany(statement, zip(*columns, keys, strict=True))
        return int(cursor.rowcount)


def _written(spatial: Sequence[BaseSpatialField], values: Mapping[str, Column]) -> list[Column]:
    srid_of = {field.column: field.srid for field in spatial}
    return [
        spatialite_blobs(column, srid_of[name]) if name in srid_of else column  # type: ignore[arg-type]
        for name, column in values.items()
    ]


@contextmanager
def _without_triggers(
    cursor: CursorWrapper, table: str, spatial: Sequence[BaseSpatialField]
) -> Iterator[frozenset[str]]:
    """Take off what runs for every inserted geometry, and put it back; gives the names."""
    wanted = [f"{kind}_{table}_{field.column}" for field in spatial for kind in (_RULES, _TIME, _INDEX)]
    wanted += [f"{guard.name}_insert" for guard in _guards(table, spatial)]
    places = ", ".join(["%s"] * len(wanted)) or "NULL"
    cursor.execute(f"SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name IN ({places})", wanted)
    found = dict(cursor.fetchall())
    for name in found:
        cursor.execute(f'DROP TRIGGER "{name}"')
    yield frozenset(found)
    for text in found.values():
        cursor.execute(text)


def _guards(table: str, spatial: Sequence[BaseSpatialField]) -> list[InWorld]:
    columns = {field.column for field in spatial}
    return [
        guard
        for guard in GUARDS
        if isinstance(guard, InWorld) and guard.table == table and guard.column in columns
    ]


def _check(table: str, field: BaseSpatialField, geometries: Column) -> None:
    """What the suspended triggers check: the column's kind of geometry, and the guards."""
    kinds = {str(kind).upper() for kind in np.unique([geometry.geom_type for geometry in geometries])}
    if field.geom_type != "GEOMETRY" and kinds != {field.geom_type}:
        raise IntegrityError(f"{table}.{field.column} violates Geometry constraint [geom-type not allowed]")
    for guard in _guards(table, [field]):
        if outside_world(geometries).any():
            raise IntegrityError(guard.name)


def _fill_index(cursor: CursorWrapper, table: str, column: str, keys: Column, geometries: Column) -> None:
    """Put the rows' boxes into the R*Tree, neighbours after each other: its pages stay in the cache."""
    west, south, east, north = shapely.bounds(geometries).T
    order = np.argsort(encode(*quantise((west + east) / 2, (south + north) / 2)))
    boxes = np.column_stack([west, east, south, north])[order].tolist()
    ordered = np.asarray(keys)[order].tolist()
    cursor.executemany(
        f'INSERT INTO "idx_{table}_{column}" (pkid, xmin, xmax, ymin, ymax) VALUES (%s, %s, %s, %s, %s)',
        [(key, *box) for key, box in zip(ordered, boxes, strict=True)],
    )


def _note_time(cursor: CursorWrapper, table: str, column: str) -> None:
    cursor.execute(
        "UPDATE geometry_columns_time SET last_insert = strftime('%%Y-%%m-%%dT%%H:%%M:%%fZ', 'now') "
        "WHERE Lower(f_table_name) = Lower(%s) AND Lower(f_geometry_column) = Lower(%s)",
        [table, column],
    )
