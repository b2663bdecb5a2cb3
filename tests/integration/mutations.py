"""What somebody with the database's password can do to records and entries by SQL, the guards taken off."""

import hashlib
import json
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from django.contrib.gis.db.models.fields import BaseSpatialField
from django.db import DataError, IntegrityError, connection, models, transaction

from projects.actions.ledger import Entry, canonical
from projects.models import AuditEntry, ChangeHead
from projects.models.audited import Audited, audited_models

#: Entries that a history has at least: cuts and rewrites leave some.
_FEW: Final = 5


@dataclass(frozen=True)
class Mutation:
    """What was done. The first entry that is wrong has a number up to `seq`; `subject`: the row that is."""

    what: str
    seq: int
    subject: str = ""


class RefusedByTheDatabase(Exception):
    """A constraint did not take it; nothing was changed."""


def run(sql: str, parameters: list[Any] | None = None) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return int(cursor.rowcount)


def ask(sql: str, parameters: list[Any] | None = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


def mutate(random: Random) -> Mutation:
    """One mutation, chosen by `random`. Raises RefusedByTheDatabase."""
    kinds = (
        edit_entry,
        edit_entry,
        delete_entry,
        swap_entries,
        renumber,
        insert_entry,
        rewrite_from,
        truncate,
        change_row,
        change_row,
        change_row,
        change_row,
        delete_row,
        insert_row,
        move_row,
        change_part,
    )
    try:
        with transaction.atomic():
            return random.choice(kinds)(random)
    except (IntegrityError, DataError) as problem:
        raise RefusedByTheDatabase from problem


def _some_seq(random: Random, *, below_end: int = 0) -> int:
    return random.randrange(1, AuditEntry.objects.count() + 1 - below_end)


def edit_entry(random: Random) -> Mutation:
    seq = _some_seq(random)
    column, sql = random.choice(
        [
            ("action", "action || 'x'"),
            ("subject_id", "subject_id || '1'"),
            ("subject_type", "'x' || subject_type"),
            ("actor_id", "(SELECT MIN(id) FROM projects_user WHERE id <> COALESCE(actor_id, 0))"),
            ("division_id", "(SELECT MIN(id) FROM projects_division WHERE id <> COALESCE(division_id, 0))"),
            ("recorded_at", "'2001-01-01 00:00:00+00'"),
            ("payload", """'{"reason": "nothing", "rows": {}}'"""),
            ("hash", "previous_hash"),
            ("previous_hash", "hash"),
        ]
    )
    if column == "recorded_at" and connection.vendor == "sqlite":
        sql = "'2001-01-01 00:00:00'"
    run(f"UPDATE projects_auditentry SET {column} = {sql} WHERE seq = %s", [seq])
    return Mutation(f"{column} of an entry", seq)


def delete_entry(random: Random) -> Mutation:
    seq = _some_seq(random)
    run("DELETE FROM projects_auditentry WHERE seq = %s", [seq])
    return Mutation("an entry deleted", seq)


def swap_entries(random: Random) -> Mutation:
    first = _some_seq(random, below_end=1)
    second = random.randrange(first + 1, AuditEntry.objects.count() + 1)
    for old, new in ((first, 10**9), (second, first), (10**9, second)):
        run("UPDATE projects_auditentry SET seq = %s WHERE seq = %s", [new, old])
    return Mutation("two entries swapped", first)


def renumber(random: Random) -> Mutation:
    seq = _some_seq(random)
    run("UPDATE projects_auditentry SET seq = seq + 1000000 WHERE seq >= %s", [seq])
    return Mutation("entries renumbered", seq)


def insert_entry(random: Random) -> Mutation:
    """A copy at the end; sometimes the head says so too."""
    seq, end = _some_seq(random), AuditEntry.objects.count() + 1
    others = [str(f.column) for f in AuditEntry._meta.concrete_fields if not f.primary_key]
    names = ", ".join(others)
    run(
        f"INSERT INTO projects_auditentry (seq, {names}) SELECT {end}, {names} FROM projects_auditentry WHERE seq = {seq}"
    )
    if random.random() < 0.5:
        run(
            f"UPDATE projects_changehead SET seq = {end}, entry_hash = (SELECT hash FROM projects_auditentry WHERE seq = {end})"
        )
    return Mutation("an entry put in", end)


def rewrite_from(random: Random) -> Mutation:
    """Another reason from some entry on, with every hash worked out again, and the head."""
    seq = _some_seq(random)
    previous = None
    for entry in AuditEntry.objects.filter(seq__gte=seq).order_by("seq"):
        payload = dict(entry.payload)
        if entry.seq == seq:
            payload["reason"] = "rewritten"
        previous = entry.previous_hash if previous is None else previous
        told = Entry(entry.action, entry.subject_type, entry.subject_id, entry.division_id, payload)
        text = canonical(
            seq=entry.seq,
            recorded_at=entry.recorded_at,
            actor_id=entry.actor_id,
            entry=told,
            previous_hash=previous,
        )
        digest = hashlib.sha256(text).hexdigest()
        run(
            "UPDATE projects_auditentry SET payload = %s, previous_hash = %s, hash = %s WHERE seq = %s",
            [json.dumps(payload), previous, digest, entry.seq],
        )
        previous = digest
    run("UPDATE projects_changehead SET entry_hash = %s", [previous])
    return Mutation("the chain rewritten", seq)


def truncate(random: Random) -> Mutation:
    """The tail cut off, and the head with it."""
    seq = random.randrange(_FEW, AuditEntry.objects.count())
    run("DELETE FROM projects_auditentry WHERE seq > %s", [seq])
    head = AuditEntry.objects.get(seq=seq)
    ChangeHead.objects.update(seq=seq, entry_hash=head.hash)
    return Mutation("the tail cut off", seq + 1)


def _some_row(random: Random) -> tuple[Audited, int]:
    """A table with rows, and a row of it that entries speak of."""
    tables = list(audited_models().values())
    while True:
        table = random.choice(tables)
        where = " WHERE username <> 'system'" if table.kind == "user" else ""
        keys = [row[0] for row in ask(f"SELECT id FROM {table.table}{where} ORDER BY id")]
        if keys:
            return table, random.choice(keys)


def change_row(random: Random) -> Mutation:
    table, pk = _some_row(random)
    field = random.choice(table.fields)
    # A geometry is a blob on SQLite, which is no text.
    shown = f'"{field.column}"' if connection.vendor == "sqlite" else f'CAST("{field.column}" AS text)'
    before = ask(f"SELECT {shown} FROM {table.table} WHERE id = {pk}")
    run(f'UPDATE {table.table} SET "{field.column}" = {_other(field, random)} WHERE id = {pk}')
    if ask(f"SELECT {shown} FROM {table.table} WHERE id = {pk}") == before:
        raise RefusedByTheDatabase
    return Mutation(f"{table.kind}.{field.column}", 0, f"{table.kind}:{pk}")


def _other(field: "models.Field[Any, Any]", random: Random) -> str:
    """SQL of another value for a column."""
    column = f'"{field.column}"'
    match field:
        case BaseSpatialField():
            shift = "ShiftCoords" if connection.vendor == "sqlite" else "ST_Translate"
            return f"{shift}({column}, 0.0000001, 0)"
        case models.BooleanField():
            return f"NOT {column}"
        case models.DateTimeField() | models.DateField():
            return f"'20{random.randrange(10, 40)}-0{random.randrange(1, 10)}-15'"
        case models.ForeignKey():
            return f"COALESCE({column}, 0) + {random.randrange(1, 3)}"
        case models.JSONField():
            return f"'{{\"x\": {random.randrange(999)}}}'"
        case models.UUIDField() | models.CharField() | models.TextField():
            return f"'{random.randrange(16**5):x}'"
        case _:
            return f"COALESCE({column}, 0) + {random.randrange(1, 9)}"


def delete_row(random: Random) -> Mutation:
    table, pk = _some_row(random)
    run(f"DELETE FROM {table.table} WHERE id = {pk}")
    return Mutation(f"{table.kind} deleted", 0, f"{table.kind}:{pk}")


def insert_row(random: Random) -> Mutation:
    table, pk = _some_row(random)
    columns, values = [], []
    for field in table.model._meta.concrete_fields:
        if field.primary_key:
            continue
        columns.append(f'"{field.column}"')
        is_key = field.unique or field.column in ("slug", "key", "value", "number", "valid_from", "version")
        values.append(_other(field, random) if is_key else f'"{field.column}"')
    new = 10**6
    run(
        f"INSERT INTO {table.table} (id, {', '.join(columns)})"
        f" SELECT {new}, {', '.join(values)} FROM {table.table} WHERE id = {pk}"
    )
    return Mutation(f"{table.kind} put in", 0, f"{table.kind}:{new}")


def move_row(random: Random) -> Mutation:
    table, pk = _some_row(random)
    if not table.is_stamped:
        raise RefusedByTheDatabase
    run(
        f"UPDATE {table.table} SET changed_seq = changed_seq + %s WHERE id = %s",
        [random.choice([-1, 1, 7]), pk],
    )
    return Mutation(f"{table.kind} moved", 0, f"{table.kind}:{pk}")


def change_part(random: Random) -> Mutation:
    """What belongs to a row: a contribution, a role, a parent, a supporting department."""
    parts = [(table, part) for table in audited_models().values() for part in table.parts]
    table, part = random.choice(parts)
    rows = ask(f'SELECT id, "{part.owner}" FROM {part.table} ORDER BY id')
    if not rows:
        raise RefusedByTheDatabase
    pk, owner = random.choice(rows)
    if random.random() < 0.3:
        run(f"DELETE FROM {part.table} WHERE id = {pk}")
    else:
        field = random.choice(part.fields)
        run(f'UPDATE {part.table} SET "{field.column}" = {_other(field, random)} WHERE id = {pk}')
    return Mutation(f"{part.name} of {table.kind}", 0, f"{table.kind}:{owner}")
