"""Many rows of one model at once: COPY on PostgreSQL, prepared values and a spatial index filled afterwards
on SpatiaLite.

What is written is what `bulk_create` would write, column by column, and everything that the database refuses
there it refuses here. The columns come from the model, so a new field needs no line in this file.
docs/decisions has what this is worth.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Final, TypeVar

from django.db import connection, models, transaction
from django.db.models.base import ModelState

from projects.models import bulkpostgres, bulksqlite
from projects.models.bulkcolumns import columns_of, fields_of, holds_values_only

Row = TypeVar("Row", bound=models.Model)

#: Below so many rows Django's own way is as fast.
FEW: Final = 50


def fresh(model: type[Row], **values: object) -> Row:
    """An unsaved instance with these attributes (`kind_id`, not `kind`) and defaults for the rest.

    The same as calling the model, at a tenth of the cost: a model's `__init__` resolves every field anew and
    sends signals, of which there are none here.
    """
    row = model.__new__(model)
    constant, computed = _defaults(model)
    row.__dict__.update(constant)
    row.__dict__.update(values)
    for name, default in computed:
        if name not in values:
            row.__dict__[name] = default()
    row._state = ModelState()
    return row


@cache
def _defaults(
    model: type[models.Model],
) -> tuple[Mapping[str, object], Sequence[tuple[str, Callable[[], object]]]]:
    """By attribute: defaults that are always the same, and those that are called for each row."""
    constant: dict[str, object] = {}
    computed = []
    for field in model._meta.concrete_fields:
        if field.has_default() and callable(field.default):
            computed.append((field.attname, field.get_default))
        else:
            constant[field.attname] = field.get_default()
    return constant, computed


def insert_rows(rows: Sequence[Row]) -> None:
    """Insert unsaved instances of one model and give them their primary keys, in their order.

    All or nothing, inside the transaction that the caller holds; no signals are sent, as with `bulk_create`.
    A geometry may be given as EWKB (a memoryview), which is never parsed by GEOS then. Raises IntegrityError
    for what a constraint refuses, one of `projects.models.guards` included.
    """
    if not rows:
        return
    model = type(rows[0])
    if len(rows) < FEW or not holds_values_only(model, rows):
        model._base_manager.bulk_create(rows, batch_size=1000)
        return
    writer = bulkpostgres if connection.vendor == "postgresql" else bulksqlite
    with transaction.atomic():
        number_rows(rows)
        writer.insert(connection, model, columns_of(rows, fields_of(model), connection))
    alias = connection.alias
    for row in rows:
        row._state.adding = False
        row._state.db = alias


def update_rows(rows: Sequence[Row], names: Sequence[str]) -> None:
    """Write the named attributes (`kind_id`, not `kind`) of saved instances of one model.

    All or nothing. Raises IntegrityError for what a constraint refuses, RuntimeError when a row is gone.
    """
    if not rows or not names:
        return
    model = type(rows[0])
    fields = [model._meta.pk, *(field for field in fields_of(model) if field.attname in set(names))]
    if len(fields) != len(set(names)) + 1:
        raise ValueError(f"not all of {', '.join(names)} are columns of {model.__name__}")
    writer = bulkpostgres if connection.vendor == "postgresql" else bulksqlite
    with transaction.atomic():
        written = writer.update(connection, model, columns_of(rows, fields, connection))
        if written != len(rows):
            raise RuntimeError(f"{len(rows) - written} rows of {model.__name__} are gone")


def number_rows(rows: Sequence[models.Model]) -> None:
    """Give unsaved rows of one model their primary keys, all at once, so that others can refer to them."""
    waiting = [row for row in rows if row.pk is None]
    if not waiting:
        return
    model = type(waiting[0])
    writer = bulkpostgres if connection.vendor == "postgresql" else bulksqlite
    for row, number in zip(waiting, writer.next_keys(connection, model, len(waiting)), strict=True):
        row.__dict__[model._meta.pk.attname] = number
