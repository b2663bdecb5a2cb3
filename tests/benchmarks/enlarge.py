"""What load_demo leaves out, put in by SQL: late sites everywhere, and on PostGIS more than a million rows.

The demo's few hundred late sites stay the same however much stock is loaded; a nation has them everywhere.
So every twentieth site without a light gets one, together with a contribution to an indicator, in its states,
too: figures count it, and the sums are made anew. Such rows have no light spans and no audit entry: these
databases are for measuring only.
"""

import json
from collections.abc import Sequence

from django.db import connection

from projects.actions.figures import rebuild_figures
from projects.models import Site, recordguards
from projects.models.access import system_access
from projects.readmodels import siteindex

#: Share of stock that becomes late: one in so many.
EVERY = 20
#: Indicators that are counted by sites.
_COUNTED = "i.mappable AND i.counting = 'sites'"
#: Copies lie within about a kilometre of their originals (degrees).
SPREAD = 0.02


def spread_lights() -> None:
    """Late sites among the stock, half of them red."""
    chosen = f"s.id % {EVERY} = 0 AND s.publication = 'published' AND s.light = 'none'"
    # States are records that the database refuses to change: not here.
    with recordguards.lifted(connection), connection.cursor() as cursor:
        cursor.execute(f"SELECT MIN(i.id) FROM projects_indicator i WHERE {_COUNTED}")
        gives = json.dumps({str(cursor.fetchone()[0]): "1.000"})
        cursor.execute(
            f"UPDATE projects_sitestate SET stage = 'building', contributions = '{gives}'"
            " WHERE CAST(contributions AS text) = '{}'"
            f" AND site_id IN (SELECT s.id FROM projects_site s WHERE {chosen})"
        )
        cursor.execute(
            "INSERT INTO projects_contribution (site_id, indicator_id, quantity)"
            " SELECT s.id, (SELECT MIN(i.id) FROM projects_indicator i"
            f" WHERE {_COUNTED}), 1 FROM projects_site s WHERE {chosen}"
            " AND NOT EXISTS (SELECT 1 FROM projects_contribution c WHERE c.site_id = s.id)"
        )
        cursor.execute(
            "UPDATE projects_site AS s SET stage = 'building', service = 'unknown',"
            f" light = CASE WHEN s.id % {2 * EVERY} = 0 THEN 'red' ELSE 'yellow' END WHERE {chosen}"
        )


def copy_rows(wanted: int) -> None:
    """Copy all sites, moved a little, until there are `wanted`. PostgreSQL only."""
    own = {"code", "public_id", "location", "geom"}
    columns = [
        field.column
        for field in Site._meta.concrete_fields
        if not field.primary_key and not getattr(field, "generated", False)
    ]
    kept = ", ".join(f'"{name}"' for name in columns if name not in own)
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*), MAX(id) FROM projects_site")
        there, last = cursor.fetchone()
        for number in range(1, -(-wanted // there)):
            code = f"code || '~{number}'"
            cursor.execute(
                f"INSERT INTO projects_site ({kept}, code, public_id, location, geom)"
                f" SELECT {kept}, {code}, {_public_id(code)},"
                " ST_Translate(location, dx, dy), ST_Translate(geom, dx, dy)"
                f" FROM (SELECT *, (random() - 0.5) * {SPREAD} AS dx, (random() - 0.5) * {SPREAD} AS dy"
                f" FROM projects_site WHERE id <= {last} ORDER BY id LIMIT {wanted - number * there}) AS old"
            )
            cursor.execute(
                "INSERT INTO projects_contribution (site_id, indicator_id, quantity)"
                " SELECT new.id, c.indicator_id, c.quantity FROM projects_contribution c"
                " JOIN projects_site old ON old.id = c.site_id"
                f" JOIN projects_site new ON new.code = old.code || '~{number}' WHERE old.id <= {last}"
            )


def _public_id(code: str) -> str:
    """SQL: 56 bits of a code's hash as twelve base32 digits, like the application's own."""
    bits = f"('x' || substr(md5({code}), 1, 14) || '0')::bit(60)::bigint"
    digit = "substr('abcdefghijklmnopqrstuvwxyz234567', (({bits} >> {shift}) & 31)::int + 1, 1)"
    return " || ".join(digit.format(bits=bits, shift=shift) for shift in range(55, -1, -5))


def main(arguments: Sequence[str]) -> int:
    """The one argument is the number of sites wanted. Builds the index anew at the end."""
    wanted = int(arguments[0])
    spread_lights()
    rebuild_figures(access=system_access(), reason="benchmarks")
    spread_lights()  # no record says that they are late, so the figures did not leave them so
    if connection.vendor == "postgresql":
        if Site.objects.count() < wanted - 1:
            copy_rows(wanted)
        with connection.cursor() as cursor:
            # What autovacuum does in the hours after a load.
            cursor.execute("VACUUM ANALYZE")
    siteindex.rebuild()
    return 0
