"""What the bulk writers need to know of a model, and a model's rows as columns of database values."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final, TypeAlias

import shapely
from django.contrib.gis.db.models.fields import BaseSpatialField
from django.contrib.gis.geos import GEOSGeometry
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from maps.blobs import Geometries, as_array

Field: TypeAlias = "models.Field[Any, Any]"

#: Fields whose values go to the database as they are, and the types that do. What is None is None everywhere.
_AS_IT_IS: Final[dict[type[object], frozenset[type]]] = {
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


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table and what the database gets for each row."""

    name: str
    values: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Shapes:
    """A column of geometries. `kind` is what it holds, in the words of OGC (GEOMETRY: anything)."""

    name: str
    kind: str
    srid: int
    geometries: Geometries


def fields_of(model: type[models.Model]) -> list[Field]:
    """The fields that are written: every column but those that the database computes."""
    return [field for field in model._meta.concrete_fields if not field.generated]


def holds_values_only(model: type[models.Model], rows: Sequence[models.Model]) -> bool:
    """False for what is left to Django: an SQL expression, such as a default that the database computes, a
    missing geometry, a model of several tables."""
    if model._meta.parents:
        return False
    computed = [field.attname for field in fields_of(model) if field.has_db_default()]
    placed = [field.attname for field in fields_of(model) if isinstance(field, BaseSpatialField)]
    return not (
        any(hasattr(row.__dict__[name], "resolve_expression") for name in computed for row in rows)
        or any(row.__dict__[name] is None for name in placed for row in rows)
    )


def columns_of(
    rows: Sequence[models.Model], fields: Sequence[Field], connection: BaseDatabaseWrapper
) -> list[Column | Shapes]:
    """The rows' fields as columns, in the order of the fields (two at least).

    Raises ValueError for a geometry of another reference system than its column.
    """
    get: Callable[[dict[str, Any]], tuple[Any, ...]] = itemgetter(*(field.attname for field in fields))
    columns = zip(*(get(row.__dict__) for row in rows), strict=True)
    return [
        _shapes(field, values)
        if isinstance(field, BaseSpatialField)
        else Column(str(field.column), _values(field, rows, values, connection))
        for field, values in zip(fields, columns, strict=True)
    ]


def _values(
    field: Field, rows: Sequence[models.Model], values: Sequence[Any], connection: BaseDatabaseWrapper
) -> Sequence[Any]:
    if type(field).pre_save not in (
        models.Field.pre_save,
        models.DateField.pre_save,
        models.DateTimeField.pre_save,
    ):
        values = [field.pre_save(row, True) for row in rows]
    target = field
    while isinstance(target, models.ForeignKey):
        target = target.target_field
    if set(map(type, values)) <= _AS_IT_IS.get(type(target), frozenset()):
        return values
    if isinstance(target, models.JSONField):
        nothing: dict[type, object] = {
            kind: field.get_db_prep_save(kind(), connection) for kind in (dict, list)
        }
        return [
            field.get_db_prep_save(value, connection)
            if value or type(value) not in nothing
            else nothing[type(value)]
            for value in values
        ]
    # Days, amounts and words come again and again.
    known = {value: field.get_db_prep_save(value, connection) for value in set(values)}
    return [known[value] for value in values]


def _shapes(field: "BaseSpatialField[Any, Any]", values: Sequence[Any]) -> Shapes:
    written = [bytes(value.ewkb if isinstance(value, GEOSGeometry) else value) for value in values]
    found = as_array(shapely.from_wkb(written).tolist())
    if (shapely.get_srid(found) != field.srid).any():
        raise ValueError(f"{field.name} is in another reference system than EPSG:{field.srid}")
    return Shapes(str(field.column), str(field.geom_type), int(field.srid), found)
