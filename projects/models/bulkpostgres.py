"""The bulk writer on PostgreSQL: COPY. Every constraint and index is the database's own and stays on."""

from collections.abc import Mapping, Sequence

from django.contrib.gis.db.models.fields import BaseSpatialField
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from maps.blobs import ewkb_of
from projects.models.bulkcolumns import Column, Field

_STAGING = "bulk_update"


def next_keys(connection: BaseDatabaseWrapper, model: type[models.Model], count: int) -> list[int]:
    """Primary keys from the model's sequence; nobody else gets these."""
    key = model._meta.pk
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
            [connection.ops.quote_name(model._meta.db_table), key.column, count],
        )
        return [row[0] for row in cursor.fetchall()]


def insert(
    connection: BaseDatabaseWrapper,
    model: type[models.Model],
    fields: Sequence[Field],
    values: Mapping[str, Column],
) -> None:
    """Copy the columns' rows into the table."""
    with connection.cursor() as cursor, connection.wrap_database_errors:
        _copy(connection, cursor, model._meta.db_table, fields, values)
        # What references of these rows wait for is checked now, not for all of a million rows at the end.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")


def update(
    connection: BaseDatabaseWrapper,
    model: type[models.Model],
    fields: Sequence[Field],
    values: Mapping[str, Column],
) -> int:
    """Update rows by the first column, their key; returns how many there were."""
    quote = connection.ops.quote_name
    table = quote(model._meta.db_table)
    key, *others = (quote(field.column) for field in fields)
    changes = ", ".join(f"{name} = new.{name}" for name in others)
    with connection.cursor() as cursor, connection.wrap_database_errors:
        cursor.execute(
            f"CREATE TEMPORARY TABLE {_STAGING} ON COMMIT DROP AS "
            f"SELECT {', '.join([key, *others])} FROM {table} WITH NO DATA"
        )
        _copy(connection, cursor, _STAGING, fields, values)
        cursor.execute(f"UPDATE {table} SET {changes} FROM {_STAGING} new WHERE {table}.{key} = new.{key}")
        written = int(cursor.rowcount)
        cursor.execute(f"DROP TABLE {_STAGING}")
    return written


def _copy(
    connection: BaseDatabaseWrapper,
    cursor: CursorWrapper,
    table: str,
    fields: Sequence[Field],
    values: Mapping[str, Column],
) -> None:
    quote = connection.ops.quote_name
    columns = []
    for field in fields:
        column = values[field.column]
        if isinstance(field, BaseSpatialField):
            column = [blob.hex() for blob in ewkb_of(column, field.srid)]  # type: ignore[arg-type]
        columns.append(column)
    names = ", ".join(quote(field.column) for field in fields)
    with cursor.copy(f"COPY {quote(table)} ({names}) FROM STDIN") as copy:
        for row in zip(*columns, strict=True):
            copy.write_row(row)
