"""Add to rows of counts, many at once: what is there already grows, what is not begins with the amount."""

from collections.abc import Sequence
from typing import Any, Final

from django.db import connection, models

_STAGING: Final = "counters"
#: Above so many rows PostgreSQL copies them into a table of their own first.
_FEW: Final = 50


def add_to(
    model: type[models.Model], key: Sequence[str], counted: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """`rows`: values of the key's columns, then amounts of the counted columns; no key twice.

    `key` is unique in the model. Must run in a transaction in which nobody else writes these rows.
    """
    if not rows:
        return
    quote = connection.ops.quote_name
    table = quote(model._meta.db_table)
    known = {field.attname: str(field.column) for field in model._meta.concrete_fields}
    columns = [known[name] for name in (*key, *counted)]
    names = ", ".join(map(quote, columns))
    grows = ", ".join(
        f"{quote(name)} = {table}.{quote(name)} + excluded.{quote(name)}" for name in columns[len(key) :]
    )
    conflict = f"ON CONFLICT ({', '.join(map(quote, columns[: len(key)]))}) DO UPDATE SET {grows}"
    places = ", ".join(["%s"] * len(columns))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql" and len(rows) > _FEW:
            cursor.execute(
                f"CREATE TEMPORARY TABLE {_STAGING} ON COMMIT DROP AS "
                f"SELECT {names} FROM {table} WITH NO DATA"
            )
            with cursor.copy(f"COPY {_STAGING} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            cursor.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM {_STAGING} {conflict}")
            cursor.execute(f"DROP TABLE {_STAGING}")
        else:
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({places}) {conflict}", rows)
