"""What a list prints of a site, by primary key.

One constant statement: putting a query of seventeen columns together takes Django ten times as long as the
database needs to answer it for ten rows, and a list of the nearest places is asked for with every move of a
map. A test holds it equal to the doors of projects.querysets.sites.
"""

import datetime as dt
import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from projects.rules.vocabulary import Publication


class StoredRow(NamedTuple):
    """Columns of a site as they are stored; degrees WGS-84, `percent` 0..100 with two decimals."""

    pk: int
    kind_id: int
    area_id: int
    public_id: str
    name: str
    address: str
    stage: str
    service: str
    service_checked_on: dt.date | None
    opening_hours: str
    phone: str
    percent: Decimal | None
    reported_on: dt.date | None
    light: str
    is_demo: bool
    lon: float
    lat: float


_SELECT = """
SELECT id, kind_id, located_in_id, public_id, name, address, stage, service, service_checked_on,
       opening_hours, phone, percent, reported_on, light, is_demo, ST_X(location), ST_Y(location)
FROM projects_site
WHERE deleted_seq IS NULL AND (%s = 1 OR publication = %s) AND id """


def rows_by_id(ids: Sequence[int], *, staff: bool = False) -> dict[int, StoredRow]:
    """Rows that are not removed and, unless `staff`, are published; by primary key."""
    if not ids:
        return {}
    seen = (1 if staff else 0, Publication.PUBLISHED.value)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"{_SELECT} = ANY(%s)", [*seen, list(ids)])
            return {row[0]: StoredRow(*row) for row in cursor.fetchall()}
        cursor.execute(f"{_SELECT} IN (SELECT value FROM json_each(%s))", [*seen, json.dumps(list(ids))])
        return {row[0]: _from_sqlite(row) for row in cursor.fetchall()}


def _from_sqlite(row: tuple[Any, ...]) -> StoredRow:
    """SQLite has no decimals of its own; Django's connection turns dates and truth values into Python's."""
    found = StoredRow(*row)
    return found if found.percent is None else found._replace(percent=Decimal(f"{found.percent:.2f}"))
