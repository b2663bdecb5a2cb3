"""The index behind `q`: the pieces of every site's name, address and code.

It narrows a search to candidates and never decides it: whoever asks compares the rows themselves
(projects.readmodels.search), so a wrong index can miss a site but can never show one. Installed after every
migrate, like the guards; docs/decisions/0022 has the reasons and the figures.

* SQLite: an FTS5 table of pieces of three characters without a copy of the text, kept by triggers. An SQLite
  without FTS5 has none and is searched row by row.
* PostgreSQL: a GIN index over a function of the row, pieces of two characters; no extension is needed.
"""

from collections.abc import Iterator
from typing import Any, Final

from django.apps import AppConfig
from django.db import DatabaseError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

TABLE: Final = "projects_site_search"
#: The table's pieces, one row each, and one row for each site that has it.
PIECES: Final = "projects_site_search_pieces"
HOLDERS: Final = "projects_site_search_holders"
_TRIGGERS: Final = ("site_search_insert", "site_search_update", "site_search_delete")

INDEX: Final = "site_search"
FUNCTION: Final = "projects_site_pieces"
#: Before each piece of a code, which the public does not search.
CODE_MARK: Final = "\ue000"
#: What PostgreSQL indexes; a search says the same expression.
EXPRESSION: Final = f"{FUNCTION}(name || chr(10) || address || chr(10), code || chr(10))"


def install_after_migrate(sender: AppConfig, using: str, **_: Any) -> None:
    """Receiver of post_migrate."""
    install(connections[using])


def install(connection: BaseDatabaseWrapper) -> None:
    """Install what is missing and fill it from the sites that are there; nothing where it is not possible."""
    if is_installed(connection) or not is_possible(connection):
        return
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        for statement in _postgresql() if connection.vendor == "postgresql" else _sqlite():
            cursor.execute(statement)


def is_installed(connection: BaseDatabaseWrapper) -> bool:
    """Whether all of it is there; an SQLite table that was rebuilt has lost its triggers."""
    if connection.vendor == "postgresql":
        query, expected = f"SELECT relname FROM pg_class WHERE relname = '{INDEX}'", {INDEX}
    else:
        query = "SELECT name FROM sqlite_master WHERE name LIKE '%site\\_search%' ESCAPE '\\'"
        expected = {TABLE, PIECES, HOLDERS, *_TRIGGERS}
    with connection.cursor() as cursor:
        cursor.execute(query)
        return expected <= {row[0] for row in cursor.fetchall()}


def is_possible(connection: BaseDatabaseWrapper) -> bool:
    """Whether this database can have it: PostgreSQL always, SQLite from 3.34 on with FTS5."""
    if connection.vendor == "postgresql":
        return True
    try:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute("CREATE VIRTUAL TABLE temp.site_search_try USING fts5(text, tokenize='trigram')")
            cursor.execute("DROP TABLE temp.site_search_try")
    except DatabaseError:
        return False
    return True


def remove(connection: BaseDatabaseWrapper) -> None:
    """Take it away: before very many rows are written, or to have `install` build it anew."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"DROP INDEX IF EXISTS {INDEX}")
            return
        for name in _TRIGGERS:
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
        for name in (HOLDERS, PIECES, TABLE):
            cursor.execute(f"DROP TABLE IF EXISTS {name}")


def _postgresql() -> Iterator[str]:
    # In capitals, as `icontains` compares here. Loops: an aggregate over generate_series takes four times as
    # long. The cost keeps the planner from reading every row and calling this for each.
    yield f"""
        CREATE OR REPLACE FUNCTION {FUNCTION}(place text, code text) RETURNS tsvector
        LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS $$
        DECLARE
            pieces text[] := '{{}}';
            letters text[] := string_to_array(upper(place), NULL);
            size int := cardinality(letters);
        BEGIN
            FOR spot IN 1 .. size - 1 LOOP
                pieces[spot] := letters[spot] || letters[spot + 1];
            END LOOP;
            letters := string_to_array(upper(code), NULL);
            FOR spot IN 1 .. cardinality(letters) - 1 LOOP
                pieces[size + spot - 1] := '{CODE_MARK}' || letters[spot] || letters[spot + 1];
            END LOOP;
            RETURN array_to_tsvector(pieces);
        END $$
    """
    yield f"CREATE INDEX {INDEX} ON projects_site USING gin ({EXPRESSION})"


def _sqlite() -> Iterator[str]:
    for name in (HOLDERS, PIECES, TABLE):
        yield f"DROP TABLE IF EXISTS {name}"
    yield (
        f"CREATE VIRTUAL TABLE {TABLE} USING fts5("
        "place, code, content='', columnsize=0, detail=column, tokenize='trigram case_sensitive 1')"
    )
    yield f"CREATE VIRTUAL TABLE {PIECES} USING fts5vocab({TABLE}, 'row')"
    yield f"CREATE VIRTUAL TABLE {HOLDERS} USING fts5vocab({TABLE}, 'instance')"
    put = f"INSERT INTO {TABLE}(rowid, place, code) VALUES (NEW.id, {_texts('NEW.')})"
    # A table without its text has to be told what is taken out.
    take = f"INSERT INTO {TABLE}({TABLE}, rowid, place, code) VALUES ('delete', OLD.id, {_texts('OLD.')})"
    renamed = "WHEN NEW.name <> OLD.name OR NEW.address <> OLD.address OR NEW.code <> OLD.code"
    rules = (
        ("INSERT", "", put),
        ("UPDATE OF name, address, code", renamed, f"{take}; {put}"),
        ("DELETE", "", take),
    )
    for name, (event, when, body) in zip(_TRIGGERS, rules, strict=True):
        yield f"DROP TRIGGER IF EXISTS {name}"
        yield f"CREATE TRIGGER {name} AFTER {event} ON projects_site FOR EACH ROW {when} BEGIN {body}; END"
    yield (f"INSERT INTO {TABLE}(rowid, place, code) SELECT id, {_texts('')} FROM projects_site ORDER BY id")


def _texts(row: str) -> str:
    # Two line ends: the last two characters of a text get a piece of three that begins with them.
    end = "char(10) || char(10)"
    return f"lower({row}name) || char(10) || lower({row}address) || {end}, lower({row}code) || {end}"
