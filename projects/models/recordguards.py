"""What the database refuses of records: changing or removing them, and entries that do not follow the last.

Triggers, found by what a model is (`projects.models.audited`), installed after every migrate and made anew
each time, so that a new column is guarded too. `migrate` takes them off for as long as it has migrations to
apply: those may rewrite any table. Nothing else lifts them, and there is no switch that a statement could
turn: who takes them off as the owner of the tables is found by verify_chain, and who rewrites the chain
besides is found by its checkpoints (docs/decisions/0031).
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from django.apps import AppConfig, apps
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.db.models import UniqueConstraint

from projects.models.audited import append_only_tables, superseded_tables
from projects.models.changes import GENESIS_HASH

ENTRIES: Final = "projects_auditentry"
HEAD: Final = "projects_changehead"
#: Every trigger of this file ends so: those of models that are gone are found by it.
SUFFIX: Final = "_record"
_FUNCTION: Final = "projects_refuse_record"
_ENTRIES_FUNCTION: Final = "projects_entries_follow"
_HEAD_FUNCTION: Final = "projects_head_follows"

#: An entry that is not the first and does not carry the hash of the one before.
_DOES_NOT_FOLLOW: Final = (
    f"(NEW.seq <> 1 OR NEW.previous_hash <> '{GENESIS_HASH}') AND NOT EXISTS "
    f"(SELECT 1 FROM {ENTRIES} WHERE seq = NEW.seq - 1 AND hash = NEW.previous_hash)"
)
_HEAD_IS_NOT_THE_END: Final = (
    f"NEW.seq < OLD.seq OR (NEW.seq = 0 AND NEW.entry_hash <> '{GENESIS_HASH}') OR (NEW.seq > 0 AND "
    f"NOT EXISTS (SELECT 1 FROM {ENTRIES} WHERE seq = NEW.seq AND hash = NEW.entry_hash))"
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """One trigger. `event` as SQL says it; `condition` over OLD and NEW, empty: always."""

    table: str
    name: str
    event: str
    condition: str = ""

    @property
    def trigger(self) -> str:
        return f"{self.table.removeprefix('projects_')}_{self.name}{SUFFIX}"


def refusals(vendor: str) -> list[Refusal]:
    """Every trigger that refuses an event outright or by the row's own columns."""
    found = []
    for table in append_only_tables():
        found += [Refusal(table, "update", "UPDATE"), Refusal(table, "delete", "DELETE")]
    for table, (moving, fixed) in superseded_tables().items():
        # Once: from nothing to something, all of it together.
        again = " OR ".join(f"OLD.{column} IS NOT NULL OR NEW.{column} IS NULL" for column in moving)
        found += [
            Refusal(table, "update", f"UPDATE OF {_names(fixed)}"),
            Refusal(table, "supersede", f"UPDATE OF {_names(moving)}", again),
            Refusal(table, "delete", "DELETE"),
        ]
    found.append(Refusal(HEAD, "delete", "DELETE"))
    if vendor == "postgresql":
        found += [Refusal(table, "truncate", "TRUNCATE") for table in _guarded()]
    return found


def _guarded() -> list[str]:
    return [*append_only_tables(), *superseded_tables(), HEAD]


def lift_before_migrate(sender: AppConfig, using: str, plan: Any = (), **_: Any) -> None:
    """Receiver of pre_migrate: migrations may rewrite what is guarded."""
    if plan:
        lift(connections[using])


def install_after_migrate(sender: AppConfig, using: str, **_: Any) -> None:
    """Receiver of post_migrate. Half-way through the migrations, tables and columns may not be there yet."""
    connection = connections[using]
    executor = MigrationExecutor(connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes(sender.label)):
        install(connection)


def install(connection: BaseDatabaseWrapper) -> None:
    """Install all of them, as the models are now."""
    postgresql = connection.vendor == "postgresql"
    with transaction.atomic(using=connection.alias):
        lift(connection)
        with connection.cursor() as cursor:
            for statement in _postgresql() if postgresql else _sqlite(connection):
                cursor.execute(statement)


def lift(connection: BaseDatabaseWrapper) -> None:
    """Take all of them off."""
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # A table with checks that wait for the end of the transaction is not altered.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        for table, name, _is_on in _installed(cursor, connection.vendor):
            on = f' ON "{table}"' if connection.vendor == "postgresql" else ""
            cursor.execute(f'DROP TRIGGER "{name}"{on}')


@contextmanager
def lifted(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Without them, in one transaction: nobody else ever sees the tables unguarded."""
    with transaction.atomic(using=connection.alias):
        lift(connection)
        yield
        install(connection)


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """Names of triggers that the database does not have."""
    expected = {refusal.trigger for refusal in refusals(connection.vendor)} | {_ENTRIES_FOLLOW, _HEAD_FOLLOWS}
    if connection.vendor == "sqlite":
        expected |= {Refusal(table, "replace", "INSERT").trigger for table in _guarded()}
    with connection.cursor() as cursor:
        found = {name for _table, name, is_on in _installed(cursor, connection.vendor) if is_on}
    return sorted(expected - found)


_QUOTED: Final = re.compile(r'"(\w+)"')
_OF_NEW: Final = r'NEW."\1"'
#: The two that look at other rows: entries follow each other, and the head is the last of them.
_ENTRIES_FOLLOW: Final = Refusal(ENTRIES, "follows", "INSERT").trigger
_HEAD_FOLLOWS: Final = Refusal(HEAD, "follows", "UPDATE").trigger


def _installed(cursor: Any, vendor: str) -> list[tuple[str, str, bool]]:
    """Those that are there: table, name, and whether it is on (PostgreSQL can switch one off)."""
    pattern = f"%{SUFFIX}".replace("_", r"\_")
    if vendor == "postgresql":
        cursor.execute(
            "SELECT c.relname, t.tgname, t.tgenabled IN ('O', 'A')"
            " FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
            " WHERE NOT t.tgisinternal AND pg_table_is_visible(c.oid) AND t.tgname LIKE %s",
            [pattern],
        )
    else:
        cursor.execute(
            "SELECT tbl_name, name, 1 FROM sqlite_master WHERE type = 'trigger' AND name LIKE %s ESCAPE '\\'",
            [pattern],
        )
    return list(cursor.fetchall())


def _sqlite(connection: BaseDatabaseWrapper) -> Iterator[str]:
    wanted = [(r.trigger, r.event, r.table, r.condition) for r in refusals("sqlite")]
    for table in _guarded():
        # REPLACE removes the row in its way without asking the triggers of DELETE.
        condition = " OR ".join(_in_the_way(connection, table))
        wanted.append((Refusal(table, "replace", "INSERT").trigger, "INSERT", table, condition))
    wanted.append((_ENTRIES_FOLLOW, "INSERT", ENTRIES, _DOES_NOT_FOLLOW))
    wanted.append((_HEAD_FOLLOWS, "UPDATE", HEAD, _HEAD_IS_NOT_THE_END))
    for name, event, table, condition in wanted:
        when = f" WHEN {condition}" if condition else ""
        yield (
            f'CREATE TRIGGER "{name}" BEFORE {event} ON "{table}" FOR EACH ROW{when} '
            f"BEGIN SELECT RAISE(ABORT, '{name}'); END"
        )


def _in_the_way(connection: BaseDatabaseWrapper, table: str) -> Iterator[str]:
    """For each thing that is unique in the table: SQL that says whether a row like NEW is there."""
    models = apps.get_app_config("projects").get_models()
    model: Any = next(each for each in models if each._meta.db_table == table)
    editor = connection.schema_editor()
    for field in model._meta.concrete_fields:
        if field.unique:
            yield f'EXISTS (SELECT 1 FROM "{table}" WHERE "{field.column}" = NEW."{field.column}")'
    # As Any: Django's types leave out how a condition becomes SQL.
    uniques: list[Any] = [each for each in model._meta.constraints if isinstance(each, UniqueConstraint)]
    for constraint in uniques:
        columns = [str(model._meta.get_field(name).column) for name in constraint.fields]
        same = " AND ".join(f'"{column}" = NEW."{column}"' for column in columns)
        only = constraint._get_condition_sql(model, editor)
        if only:
            same += f" AND {only}"
        exists = f'EXISTS (SELECT 1 FROM "{table}" WHERE {same})'
        yield exists if not only else f"({_QUOTED.sub(_OF_NEW, only)} AND {exists})"


def _postgresql() -> Iterator[str]:
    refuse = "RAISE EXCEPTION '%', TG_NAME USING ERRCODE = 'integrity_constraint_violation';"
    yield _function(_FUNCTION, refuse)
    for refusal in refusals("postgresql"):
        each = "STATEMENT" if refusal.event == "TRUNCATE" else "ROW"
        when = f" WHEN ({refusal.condition})" if refusal.condition else ""
        yield (
            f'CREATE TRIGGER "{refusal.trigger}" BEFORE {refusal.event} ON "{refusal.table}" '
            f"FOR EACH {each}{when} EXECUTE FUNCTION {_FUNCTION}()"
        )
    # Once a statement, over all its rows: a look-up for each row of a COPY would take longer than the row.
    yield _function(
        _ENTRIES_FUNCTION,
        f"""IF EXISTS (
                SELECT 1 FROM added AS a LEFT JOIN {ENTRIES} AS before ON before.seq = a.seq - 1
                WHERE a.previous_hash IS DISTINCT FROM
                    CASE WHEN a.seq = 1 THEN '{GENESIS_HASH}' ELSE before.hash END
            ) THEN {refuse} END IF;
            RETURN NULL;""",
    )
    yield (
        f'CREATE TRIGGER "{_ENTRIES_FOLLOW}" AFTER INSERT ON "{ENTRIES}" REFERENCING NEW TABLE AS added '
        f"FOR EACH STATEMENT EXECUTE FUNCTION {_ENTRIES_FUNCTION}()"
    )
    yield _function(_HEAD_FUNCTION, f"IF {_HEAD_IS_NOT_THE_END} THEN {refuse} END IF; RETURN NEW;")
    yield (
        f'CREATE TRIGGER "{_HEAD_FOLLOWS}" BEFORE UPDATE ON "{HEAD}" '
        f"FOR EACH ROW EXECUTE FUNCTION {_HEAD_FUNCTION}()"
    )


def _names(columns: Sequence[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)


def _function(name: str, body: str) -> str:
    return f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"
