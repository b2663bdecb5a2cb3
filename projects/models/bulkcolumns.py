"""What the bulk writers need to know of a model, and a model's rows as columns of database values."""

from collections.abc import Callable, Hashable, Sequence
from operator import itemgetter
from typing import Any, Final, TypeAlias

import shapely
from django.contrib.gis.db.models.fields import BaseSpatialField
from django.contrib.gis.geos import GEOSGeometry
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from maps.blobs import as_array

Field: TypeAlias = "models.Field[Any, Any]"
Column: TypeAlias = Sequence[object]

#: Fields whose values go to the database as they are, and the types that do. What is None is None everywhere.
_AS_IT_IS: Final[dict[type[models.Field], frozenset[type]]] = {  # type: ignore[type-arg]
    **dict.fromkeys((models.CharField, models.TextField), frozenset({str, type(None)})),
    **dict.fromkeys(
        (
            models.AutoField,
            models.BigAutoField,
            models.IntegerField,
            models.BigIntegerField,
            models.SmallIntegerField,
            models.PositiveIntegerField,
            models.PositiveSmallIntegerField,
            models.PositiveBigIntegerField,
        ),
        frozenset({int, type(None)}),
    ),
    models.BooleanField: frozenset({bool, type(None)}),
    models.FloatField: frozenset({float, type(None)}),
}


def columns_of(model: type[models.Model]) -> list[Field]:
    """The fields that are written: every column but those that the database computes."""
    return [field for field in model._meta.concrete_fields if not field.generated]


def is_plain_insert(model: type[models.Model], rows: Sequence[models.Model]) -> bool:
    """Whether the rows hold values only. An SQL expression, such as a default that the database computes, a
    missing geometry and a model of several tables are left to Django."""
    if model._meta.parents:
        return False
    computed = [field.attname for field in columns_of(model) if field.has_db_default()]
    placed = [field.attname for field in columns_of(model) if isinstance(field, BaseSpatialField)]
    return not any(
        any(hasattr(row.__dict__[name], "resolve_expression") for name in computed)
        or any(row.__dict__[name] is None for name in placed)
        for row in rows
    )


def values_of(
    rows: Sequence[models.Model], fields: Sequence[Field], connection: BaseDatabaseWrapper
) -> dict[str, Column]:
    """By column name: what the database gets for each row; geometries as an array of shapely's.

    Raises ValueError for a geometry of another reference system than its column.
    """
    get: Callable[[dict[str, object]], Any] = itemgetter(*(field.attname for field in fields))
    table = [get(row.__dict__) for row in rows]
    columns = zip(*table, strict=True) if len(fields) > 1 else [table]
    return {
        field.column: _database_values(field, rows, column, connection)
        for field, column in zip(fields, columns, strict=True)
    }


def _database_values(
    field: Field, rows: Sequence[models.Model], column: Column, connection: BaseDatabaseWrapper
) -> Column:
    if isinstance(field, BaseSpatialField):
        return _geometries(field, column)
    if type(field).pre_save not in (models.Field.pre_save, models.DateField.pre_save, models.DateTimeField.pre_save):
        column = [field.pre_save(row, True) for row in rows]
    target = field
    while isinstance(target, models.ForeignKey):
        target = target.target_field
    if set(map(type, column)) <= _AS_IT_IS.get(type(target), frozenset()):
        return column
    known: dict[object, object] = {}
    found = []
    for value in column:
        # Days, words and empty lists come again and again.
        key: object = value if isinstance(value, Hashable) else (type(value), None) if not value else None
        if key is None and value is not None:
            found.append(field.get_db_prep_save(value, connection))
            continue
        if key not in known:
            known[key] = field.get_db_prep_save(value, connection)
        found.append(known[key])
    return found


def _geometries(field: BaseSpatialField, column: Column) -> Column:
    """The column as an array of shapely geometries."""
    written = [bytes(value.ewkb) if isinstance(value, GEOSGeometry) else value for value in column]
    found = as_array(shapely.from_wkb([bytes(value) for value in written]).tolist())
    if (shapely.get_srid(found) != field.srid).any():
        raise ValueError(f"{field.name} is in another reference system than EPSG:{field.srid}")
    return found
