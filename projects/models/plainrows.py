"""Rows as plain tuples, whatever is stored: a check must not stumble over what it is to report."""

from collections.abc import Sequence
from typing import Any

from django.db import OperationalError, connection


def fetch(sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """All rows of a query. Text that is no UTF-8, which SQLite lets in, comes with escapes in its place."""
    try:
        return _fetched(sql, parameters)
    except OperationalError as problem:
        if connection.vendor != "sqlite" or "decode" not in str(problem):
            raise
    raw = connection.connection
    kept, raw.text_factory = raw.text_factory, lambda data: data.decode(errors="backslashreplace")
    try:
        return _fetched(sql, parameters)
    finally:
        raw.text_factory = kept


def _fetched(sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, list(parameters) or None)
        return list(cursor.fetchall())
