"""What the database itself refuses and Django cannot declare: overlapping spans, places outside the world.

Installed after every migrate and safe to install again. They are not part of a migration because SQLite
rebuilds a table to alter it and loses its triggers with it; docs/decisions has the reasons.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from projects.models import recordguards
from projects.models.spatialindexes import restore


@dataclass(frozen=True, slots=True)
class Disjoint:
    """Rows of one key never overlap in [valid_from, valid_to); an empty valid_to is open."""

    table: str
    key: str
    #: SQL over the row's own columns: which rows the rule is about.
    only: str = "TRUE"

    @property
    def name(self) -> str:
        return f"{self.table.removeprefix('projects_')}_disjoint"


@dataclass(frozen=True, slots=True)
class InWorld:
    """A geometry lies within longitude -180..180 and latitude -90..90, every number finite."""

    table: str
    column: str

    @property
    def name(self) -> str:
        return f"{self.table.removeprefix('projects_')}_{self.column}_in_world"


GUARDS: tuple[Disjoint | InWorld, ...] = (
    Disjoint("projects_lightspan", "subject_key", "superseded_at IS NULL"),
    Disjoint("projects_sitestanding", "site_id", "superseded_seq IS NULL"),
    Disjoint("projects_divisionparent", "child_id"),
    Disjoint("projects_boundary", "division_id", "deleted_seq IS NULL"),
    InWorld("projects_site", "geom"),
    InWorld("projects_site", "location"),
    InWorld("projects_boundary", "geom"),
    InWorld("projects_storedarea", "geom"),
)


def install_after_migrate(sender: AppConfig, using: str, **_: Any) -> None:
    """Receiver of post_migrate."""
    restore(connections[using])
    install(connections[using])


def install(connection: BaseDatabaseWrapper) -> None:
    """Install what is missing. Existing rows that break a rule make it fail, which is right.

    Half-way through the migrations a table may not be there yet, or no more.
    """
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
        guards = [guard for guard in GUARDS if guard.table in tables]
        statements = _postgresql(connection, guards) if connection.vendor == "postgresql" else _sqlite(guards)
        for statement in list(statements):
            cursor.execute(statement)


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """Names of guards that the database does not have."""
    if connection.vendor == "postgresql":
        query = "SELECT conname FROM pg_constraint"
        expected = {guard.name for guard in GUARDS}
    else:
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        expected = {f"{guard.name}_{event}" for guard in GUARDS for event in ("insert", "update")}
    with connection.cursor() as cursor:
        cursor.execute(query)
        found = {row[0] for row in cursor.fetchall()}
    return sorted([*(expected - found), *recordguards.missing(connection)])


def _postgresql(connection: BaseDatabaseWrapper, guards: Sequence[Disjoint | InWorld]) -> Iterator[str]:
    absent = set(missing(connection))
    if any(isinstance(guard, Disjoint) for guard in guards if guard.name in absent):
        yield "CREATE EXTENSION IF NOT EXISTS btree_gist"
    for guard in guards:
        if guard.name not in absent:
            continue
        if isinstance(guard, Disjoint):
            yield (
                f"ALTER TABLE {guard.table} ADD CONSTRAINT {guard.name} EXCLUDE USING gist "
                f"({guard.key} WITH =, daterange(valid_from, valid_to, '[)') WITH &&) WHERE ({guard.only})"
            )
        else:
            column = guard.column
            # Not a number compares as larger than every number here, so the upper bounds refuse it.
            yield (
                f"ALTER TABLE {guard.table} ADD CONSTRAINT {guard.name} CHECK (COALESCE("
                f"ST_XMin({column}) >= -180 AND ST_XMax({column}) <= 180 AND "
                f"ST_YMin({column}) >= -90 AND ST_YMax({column}) <= 90, FALSE))"
            )


def _sqlite(guards: Sequence[Disjoint | InWorld]) -> Iterator[str]:
    for guard in guards:
        for event in ("insert", "update"):
            name = f"{guard.name}_{event}"
            if isinstance(guard, Disjoint):
                applies = guard.only
                for column in ("superseded_at", "superseded_seq", "deleted_seq"):
                    applies = applies.replace(column, f"NEW.{column}")
                others = f"id <> NEW.id AND {guard.key} = NEW.{guard.key} AND ({guard.only})"
                broken = (
                    f"({applies}) AND EXISTS (SELECT 1 FROM {guard.table} WHERE {others} "
                    "AND (valid_to IS NULL OR valid_to > NEW.valid_from) "
                    "AND (NEW.valid_to IS NULL OR NEW.valid_to > valid_from))"
                )
            else:
                column = f"NEW.{guard.column}"
                # Not a number is stored as NULL here, so what cannot be compared is refused.
                broken = (
                    f"NOT COALESCE(MbrMinX({column}) >= -180 AND MbrMaxX({column}) <= 180 AND "
                    f"MbrMinY({column}) >= -90 AND MbrMaxY({column}) <= 90, 0)"
                )
            yield (
                f"CREATE TRIGGER IF NOT EXISTS {name} AFTER {event.upper()} ON {guard.table} "
                f"FOR EACH ROW WHEN {broken} BEGIN SELECT RAISE(ABORT, '{guard.name}'); END"
            )
