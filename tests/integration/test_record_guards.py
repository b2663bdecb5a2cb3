"""The database refuses to change or remove records, also by SQL past the models."""

from random import Random
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.models.signals import post_migrate, pre_migrate
from django.utils import timezone

from projects.models import AuditEntry, ChangeHead, LightSpan, SiteReport, SiteStanding
from projects.models import recordguards as guards
from projects.models.audited import append_only_tables, superseded_tables
from projects.models.base import AppendOnly
from projects.models.changes import GENESIS_HASH
from tests.factories import World
from tests.integration import histories
from tests.integration.mutations import ask, run

pytestmark = pytest.mark.django_db


def refused(sql: str, parameters: list[Any] | None = None) -> None:
    with pytest.raises(IntegrityError, match="_record"), transaction.atomic():
        run(sql, parameters)


def columns(table: str) -> list[str]:
    return next(
        [str(field.column) for field in model._meta.concrete_fields]
        for model in apps.get_app_config("projects").get_models()
        if model._meta.db_table == table
    )


def test_every_append_only_model_is_guarded() -> None:
    tables = {
        model._meta.db_table
        for model in apps.get_app_config("projects").get_models()
        if issubclass(model, AppendOnly)
    }
    assert tables | {"projects_auditentry", "projects_checkpoint", "projects_storedarea"} == set(
        append_only_tables()
    )
    assert {"projects_lightspan", "projects_monthresult", "projects_sitestanding"} <= set(superseded_tables())
    assert guards.missing(connection) == []


def test_records_are_neither_changed_nor_removed(world: World) -> None:
    histories.everything(world, Random(3))
    # What waits for the end of the transaction would keep PostgreSQL from emptying a table.
    connection.check_constraints()
    filled = 0
    for table in append_only_tables():
        if not ask(f"SELECT 1 FROM {table} LIMIT 1"):
            continue
        filled += 1
        for column in columns(table):
            # Of one row as of all, and also where nothing would be different.
            refused(f'UPDATE {table} SET "{column}" = "{column}"')
        refused(f"DELETE FROM {table}")
        if connection.vendor == "postgresql":
            refused(f"TRUNCATE {table} CASCADE")
    assert filled > 10


def test_a_replacing_insert_removes_nothing(world: World) -> None:
    """SQLite's REPLACE deletes the row in its way; PostgreSQL's ON CONFLICT updates it."""
    histories.everything(world, Random(3))
    names = ", ".join(f'"{name}"' for name in columns("projects_sitereport"))
    before = ask("SELECT * FROM projects_sitereport ORDER BY id")
    if connection.vendor == "postgresql":
        refused(
            f"INSERT INTO projects_sitereport ({names}) SELECT {names} FROM projects_sitereport"
            " ON CONFLICT (id) DO UPDATE SET percent = 1"
        )
    else:
        refused(f"REPLACE INTO projects_sitereport ({names}) SELECT {names} FROM projects_sitereport")
        # Under another id: the row in its way has the same programme and key.
        others = ", ".join(f'"{name}"' for name in columns("projects_publishedfigure") if name != "id")
        refused(
            f"INSERT OR REPLACE INTO projects_publishedfigure ({others}) SELECT {others}"
            " FROM projects_publishedfigure WHERE corrects_id IS NULL"
        )
    assert ask("SELECT * FROM projects_sitereport ORDER BY id") == before


@pytest.mark.parametrize("model", [LightSpan, SiteStanding])
def test_a_span_is_superseded_once_and_not_changed_otherwise(world: World, model: Any) -> None:
    world.add(world.planned())
    table = model._meta.db_table
    moving, fixed = superseded_tables()[table]
    pk = model.objects.filter(superseded_seq__isnull=True).values_list("pk", flat=True).first()
    assert pk is not None
    for column in fixed:
        refused(f'UPDATE {table} SET "{column}" = "{column}" WHERE id = %s', [pk])
    refused(f"DELETE FROM {table} WHERE id = %s", [pk])
    now: list[Any] = [timezone.now() if name == "superseded_at" else 7 for name in moving]
    changes = ", ".join(f"{name} = %s" for name in moving)
    for name in moving[:-1]:
        refused(f"UPDATE {table} SET {name} = %s WHERE id = %s", [now[0], pk])
    assert run(f"UPDATE {table} SET {changes} WHERE id = %s", [*now, pk]) == 1
    refused(f"UPDATE {table} SET {changes} WHERE id = %s", [*now, pk])
    refused(f"UPDATE {table} SET {', '.join(f'{name} = NULL' for name in moving)} WHERE id = %s", [pk])


def test_entries_follow_the_last_one(world: World) -> None:
    world.add(world.draft(), world.draft())
    end = AuditEntry.objects.order_by("seq").last()
    assert end is not None
    names = [name for name in columns("projects_auditentry") if name not in ("seq", "previous_hash")]
    copy = (
        f"INSERT INTO projects_auditentry (seq, previous_hash, {', '.join(names)})"
        f" SELECT %s, %s, {', '.join(names)} FROM projects_auditentry WHERE seq = 1"
    )
    refused(copy, [end.seq + 1, GENESIS_HASH])
    refused(copy, [end.seq + 2, end.hash])
    assert run(copy, [end.seq + 1, end.hash]) == 1


@pytest.mark.parametrize(
    "change",
    [
        "seq = seq - 1",
        "seq = seq + 1",
        "seq = 0",
        "entry_hash = 'x'",
        f"seq = 0, entry_hash = '{GENESIS_HASH}'",
    ],
)
def test_the_head_is_the_last_entry_and_never_goes_back(world: World, change: str) -> None:
    world.add(world.draft(), world.draft())
    refused(f"UPDATE projects_changehead SET {change}")
    refused("DELETE FROM projects_changehead")
    run("UPDATE projects_changehead SET epoch = epoch")
    assert ChangeHead.objects.get().seq == AuditEntry.objects.count()


def test_a_missing_trigger_is_named_and_installing_again_is_harmless(db: Any) -> None:
    guards.install(connection)
    guards.install(connection)
    assert guards.missing(connection) == []
    on = ' ON "projects_sitereport"' if connection.vendor == "postgresql" else ""
    run(f'DROP TRIGGER "sitereport_update_record"{on}')
    assert guards.missing(connection) == ["sitereport_update_record"]
    if connection.vendor == "postgresql":
        run('ALTER TABLE projects_auditentry DISABLE TRIGGER "auditentry_delete_record"')
        assert "auditentry_delete_record" in guards.missing(connection)
    guards.install(connection)
    assert guards.missing(connection) == []


def test_migrations_may_rewrite_records_and_nothing_else_may(world: World) -> None:
    histories.everything(world, Random(3))
    config = apps.get_app_config("projects")
    told = {"sender": config, "using": connection.alias, "app_config": config, "verbosity": 0}
    pre_migrate.send(**told, interactive=False, apps=apps, plan=[])
    assert guards.missing(connection) == []
    pre_migrate.send(**told, interactive=False, apps=apps, plan=[("a migration", False)])
    assert SiteReport.objects.update(problem="x") > 0
    post_migrate.send(**told, interactive=False, apps=apps, plan=[])
    refused("UPDATE projects_sitereport SET problem = 'y'")


@pytest.mark.django_db(transaction=True)
def test_a_database_half_way_through_its_migrations_is_left_alone() -> None:
    """Back before the tables that are guarded now, and forward again: everything is installed at the end."""
    try:
        call_command("migrate", "projects", "0012", verbosity=0)
        assert not ask("SELECT 1 FROM django_migrations WHERE app = 'projects' AND name LIKE '0013%%'")
    finally:
        call_command("migrate", "projects", verbosity=0)
    assert guards.missing(connection) == []
