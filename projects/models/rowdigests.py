"""The digest of an audited row: SHA-256 over its stored values, read back from the database.

The bytes are JSON with sorted keys, no spaces, UTF-8: `[kind, id, {column: value}]`. A value that is what the
column has when nobody sets it (nothing, an empty text, the field's constant default) is left out, so a column
that a later release adds changes no digest. Dates are ISO 8601, moments UTC to the microsecond, decimals have
the column's places, floats are text, a geometry is the SHA-256 of its WKB, JSON is canonical text. Rows that
belong to the row (`projects.models.audited`) are lists under their name.

Read in pages by key: memory does not grow with the table.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import orjson
from django.contrib.gis.db.models.fields import BaseSpatialField
from django.db import connection, models

from projects.models.audited import Audited, Part
from projects.models.plainrows import fetch

#: Rows that are read and kept at once.
PAGE: Final = 2_000
_NOTHING: Final = object()

Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class RowDigest:
    """One row: its key, the number on it (None where rows have none), and its digest as hex."""

    pk: int
    changed_seq: int | None
    digest: str


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    sql: str
    convert: Convert | None
    usual: object


def all_rows(audited: Audited) -> Iterator[RowDigest]:
    """Every row of the table, by key."""
    last = -1
    while page := _page(audited, "id > %s ORDER BY id", [last]):
        yield from page
        if len(page) < PAGE:
            return
        last = page[-1].pk


def stamped_rows(audited: Audited, first: int, last: int) -> Iterator[RowDigest]:
    """Rows with the numbers `first` to `last`, by number and key."""
    after = (first, -1)
    # A pair, so that both databases walk the index of numbers.
    where = "(changed_seq, id) > (%s, %s) AND changed_seq <= %s ORDER BY changed_seq, id"
    while page := _page(audited, where, [*after, last]):
        yield from page
        if len(page) < PAGE:
            return
        after = (page[-1].changed_seq or 0, page[-1].pk)


def rows_with_keys(audited: Audited, keys: Iterable[int]) -> Iterator[RowDigest]:
    """Rows with these keys; one that is not there is left out."""
    wanted = sorted(set(keys))
    for start in range(0, len(wanted), PAGE):
        yield from _page(audited, f"id IN ({_numbers(wanted[start : start + PAGE])}) ORDER BY id", [])


def canonical(value: object) -> bytes:
    """The bytes that are hashed."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def utc_text(moment: dt.datetime | str) -> str:
    """A moment as it is hashed: UTC to the microsecond. A text is what SQLite stores, which is UTC."""
    if isinstance(moment, str):
        day, _space, time = moment.partition(" ")
        whole, _dot, fraction = time.partition(".")
        return f"{day}T{whole}.{fraction:0<6}+00:00"
    return moment.astimezone(dt.UTC).isoformat(timespec="microseconds")


def _page(audited: Audited, where: str, parameters: Sequence[object]) -> list[RowDigest]:
    columns = _columns(audited.fields, connection.vendor)
    stamp = "changed_seq" if audited.is_stamped else "NULL"
    chosen = ", ".join(["id", stamp, *(column.sql for column in columns)])
    rows = fetch(f'SELECT {chosen} FROM "{audited.table}" WHERE {where} LIMIT {PAGE}', parameters)
    if not rows:
        return []
    belonging = {part.name: _belonging(part, [row[0] for row in rows]) for part in audited.parts}
    found = []
    for row in rows:
        values = _values(columns, row, 2)
        for name, by_owner in belonging.items():
            if row[0] in by_owner:
                values[name] = sorted(by_owner[row[0]], key=canonical)
        digest = hashlib.sha256(canonical([audited.kind, row[0], values])).hexdigest()
        found.append(RowDigest(row[0], row[1], digest))
    return found


def _belonging(part: Part, owners: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    columns = _columns(part.fields, connection.vendor)
    chosen = ", ".join([f'"{part.owner}"', *(column.sql for column in columns)])
    found: dict[int, list[dict[str, Any]]] = {}
    for row in fetch(f'SELECT {chosen} FROM "{part.table}" WHERE "{part.owner}" IN ({_numbers(owners)})'):
        found.setdefault(row[0], []).append(_values(columns, row, 1))
    return found


def _numbers(keys: Sequence[int]) -> str:
    return ", ".join(str(int(key)) for key in keys)


def _values(columns: Sequence[_Column], row: Sequence[Any], first: int) -> dict[str, Any]:
    values = {}
    for index, column in enumerate(columns, start=first):
        value = row[index]
        if value is None:
            continue
        if column.convert is not None:
            try:
                value = column.convert(value)
            except (ValueError, TypeError, AttributeError):
                # Nothing that an action wrote: it has a digest of its own, and is found by it.
                value = f"unreadable {value!r}"
        if value != column.usual:
            values[column.name] = value
    return values


@cache
def _columns(fields: "tuple[models.Field[Any, Any], ...]", vendor: str) -> tuple[_Column, ...]:
    return tuple(_column(field, vendor) for field in fields)


def _column(field: "models.Field[Any, Any]", vendor: str) -> _Column:
    target = field
    while isinstance(target, models.ForeignKey):
        target = target.target_field
    convert = _conversion(target, is_sqlite=vendor == "sqlite")
    return _Column(str(field.attname), _sql(target, str(field.column), vendor), convert, _usual(field))


def _sql(target: "models.Field[Any, Any]", column: str, vendor: str) -> str:
    quoted = f'"{column}"'
    if isinstance(target, BaseSpatialField):
        return f"AsBinary({quoted})" if vendor == "sqlite" else f"ST_AsBinary({quoted}, 'NDR')"
    if vendor == "sqlite":
        # An expression has no declared type: the driver hands over what is stored instead of parsing it.
        return f"+{quoted}"
    return f"{quoted}::text" if isinstance(target, models.JSONField) else quoted


def _conversion(target: "models.Field[Any, Any]", *, is_sqlite: bool) -> Convert | None:
    """From what the driver hands over to what is hashed; None: as it is."""
    match target:
        case BaseSpatialField():
            return lambda value: hashlib.sha256(value).hexdigest()
        case models.BooleanField():
            return bool
        case models.DateTimeField():
            return utc_text
        case models.DateField():
            return None if is_sqlite else dt.date.isoformat
        case models.DecimalField():
            form = f".{target.decimal_places}f"
            return lambda value: format(value, form)
        case models.FloatField():
            return lambda value: repr(float(value))
        case models.JSONField():
            return _json_text
        case models.IntegerField() | models.CharField() | models.TextField() | models.FileField():
            return None
        case _:
            return str


def _json_text(text: str) -> str:
    if text in ("{}", "[]"):
        return text
    return json.dumps(json.loads(text), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _usual(field: "models.Field[Any, Any]") -> object:
    """What is left out, in the form in which it is hashed."""
    if not field.has_default():
        return "" if field.empty_strings_allowed and isinstance(field, models.CharField) else _NOTHING
    if callable(field.default) and field.default not in (list, dict):
        return _NOTHING
    default = field.get_default()
    match field:
        case models.JSONField():
            return json.dumps(default, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        case models.DecimalField():
            return _NOTHING if default is None else format(default, f".{field.decimal_places}f")
        case models.FloatField():
            return _NOTHING if default is None else repr(float(default))
        case _:
            return default if isinstance(default, str | int) else _NOTHING
