"""SpatiaLite's spatial indexes, put right after every migrate.

Django alters a table on SQLite by making it anew. SpatiaLite then has the geometry columns without their
R*Trees: no trigger keeps the old ones, which stay behind and are wrong from the next row on.
"""

from django.apps import apps
from django.contrib.gis.db.models.fields import BaseSpatialField
from django.db.backends.base.base import BaseDatabaseWrapper


def restore(connection: BaseDatabaseWrapper) -> list[str]:
    """Build the spatial index of every geometry column that lost it; returns which (`table.column`).

    Nothing to do on PostgreSQL, where an index belongs to its table.
    """
    lost = unindexed(connection)
    with connection.cursor() as cursor:
        for name in lost:
            table, column = name.split(".")
            cursor.execute(f'DROP TABLE IF EXISTS "idx_{table}_{column}"')
            cursor.execute("SELECT CreateSpatialIndex(%s, %s)", [table, column])
            if cursor.fetchone() != (1,):
                raise RuntimeError(f"SpatiaLite could not index {name}")
    return lost


def unindexed(connection: BaseDatabaseWrapper) -> list[str]:
    """Geometry columns (`table.column`) whose spatial index SpatiaLite does not keep."""
    if connection.vendor != "sqlite":
        return []
    wanted = {
        (model._meta.db_table, str(field.column))
        for model in apps.get_app_config("projects").get_models()
        for field in model._meta.local_fields
        if isinstance(field, BaseSpatialField) and field.spatial_index
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT f_table_name, f_geometry_column FROM geometry_columns WHERE spatial_index_enabled = 0"
        )
        return sorted(f"{table}.{column}" for table, column in cursor.fetchall() if (table, column) in wanted)
