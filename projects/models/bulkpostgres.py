"""The bulk writer on PostgreSQL: COPY. Every constraint and index is the database's own and stays on."""

from collections.abc import Sequence
from typing import Final

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from maps.blobs import ewkb_of
from projects.models.bulkcolumns import Column, Shapes

_STAGING: Final = "bulk_update"


def next_keys(connection: BaseDatabaseWrapper, model: type[models.Model], count: int) -> list[int]:
    """Primary keys from the model's sequence; nobody else gets these."""
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
            [table, str(model._meta.pk.column), count],
        )
        return [row[0] for row in cursor.fetchall()]


def insert(
    connection: BaseDatabaseWrapper, model: type[models.Model], columns: Sequence[Column | Shapes]
) -> None:
    """Copy the columns' rows into the table."""
    with connection.cursor() as cursor, connection.wrap_database_errors:
        _copy(connection, cursor, model._meta.db_table, columns)
        _check_references(cursor)


def update(
    connection: BaseDatabaseWrapper, model: type[models.Model], columns: Sequence[Column | Shapes]
) -> int:
    """Update rows by the first column, their key; returns how many there were."""
    quote = connection.ops.quote_name
    table = quote(model._meta.db_table)
    key, *others = (quote(column.name) for column in columns)
    changes = ", ".join(f"{name} = new.{name}" for name in others)
    with connection.cursor() as cursor, connection.wrap_database_errors:
        cursor.execute(
            f"CREATE TEMPORARY TABLE {_STAGING} ON COMMIT DROP AS "
            f"SELECT {', '.join([key, *others])} FROM {table} WITH NO DATA"
        )
        _copy(connection, cursor, _STAGING, columns)
        cursor.execute(f"UPDATE {table} SET {changes} FROM {_STAGING} new WHERE {table}.{key} = new.{key}")
        written = int(cursor.rowcount)
        cursor.execute(f"DROP TABLE {_STAGING}")
        _check_references(cursor)
    return written


def _copy(
    connection: BaseDatabaseWrapper, cursor: CursorWrapper, table: str, columns: Sequence[Column | Shapes]
) -> None:
    quote = connection.ops.quote_name
    names = ", ".join(quote(column.name) for column in columns)
    values = [
        [blob.hex() for blob in ewkb_of(column.geometries, column.srid)]
        if isinstance(column, Shapes)
        else column.values
        for column in columns
    ]
    with cursor.copy(f"COPY {quote(table)} ({names}) FROM STDIN") as copy:
        for row in zip(*values, strict=True):
            copy.write_row(row)


def _check_references(cursor: CursorWrapper) -> None:
    """What the foreign keys of these rows refer to is looked up now, not for a million rows at the end."""
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    cursor.execute("SET CONSTRAINTS ALL DEFERRED")
