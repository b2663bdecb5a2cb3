"""`manage.py doctor`: what is wrong with this machine or configuration, and the command that mends it.

Exit status 0: nothing to mend; 1: something is; 2: Django cannot start (answered by manage.py itself).
"""

import datetime as dt
import os
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from projects import diagnostics, logindiagnostics
from projects.diagnostics import Finding


class Command(BaseCommand):
    """Look at the machine first, then at settings, then at the database."""

    help = "what is wrong with this machine or configuration, and the command that mends it"
    # The database may be unreachable and a system check may fail: that is what this command tells.
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="a machine reads the answer")

    def handle(self, *args: Any, **options: Any) -> None:
        findings = [
            *diagnostics.machine_findings(Path(settings.VAR_DIR), env_file(), dt.datetime.now(dt.UTC)),
            *settings_findings(),
            *database_findings(),
        ]
        self.stdout.write(diagnostics.as_json(findings) if options["json"] else diagnostics.as_text(findings))
        status = diagnostics.exit_status(findings)
        if status:
            sys.exit(status)


def env_file() -> Path:
    """The file that settings are read from, as config/env.py finds it."""
    return Path(os.environ.get("ENV_FILE", diagnostics.ROOT / "var" / "env"))


def settings_findings() -> list[Finding]:
    """What the settings alone show."""
    return [
        diagnostics.judge_secret_key(len(settings.SECRET_KEY)),
        diagnostics.judge_debug(settings.DEBUG),
        diagnostics.judge_https(settings.HTTPS, settings.ALLOWED_HOSTS),
        logindiagnostics.judge_log_ins(settings.TWO_FACTOR, settings.IDLE_MINUTES, settings.ALLOWED_HOSTS),
        logindiagnostics.judge_proxies(settings.HTTPS, settings.TRUSTED_PROXIES),
        diagnostics.judge_static(Path(settings.STATIC_ROOT or "") / "staticfiles.json"),
        diagnostics.judge_basemap(
            settings.BASEMAP, settings.TIANDITU_KEY, settings.BASEMAP_URL, settings.BASEMAP_REVIEW_NUMBER
        ),
    ]


def database_findings() -> list[Finding]:
    """What the database shows; only that it cannot be reached when it cannot."""
    label = f"{connection.vendor} {connection.settings_dict['NAME']}"
    try:
        connection.ensure_connection()
        executor = MigrationExecutor(connection)
        unapplied = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    except (DatabaseError, OSError) as problem:
        return [diagnostics.judge_database(label, str(problem).strip().splitlines()[0], 0)]
    found = [diagnostics.judge_database(label, "", unapplied)]
    return found if unapplied else [*found, *row_findings()]


def row_findings() -> list[Finding]:
    """What the rows of a migrated database show."""
    from projects.models import Boundary, Checkpoint, User
    from projects.models.guards import missing

    key = Path(settings.AUDIT_KEY_FILE)
    unreviewed = Boundary.objects.filter(valid_to__isnull=True, review_number="").count()
    active = User.objects.filter(is_demo=True, is_active=True).count()
    return [
        diagnostics.judge_boundaries(unreviewed, settings.DEMO),
        diagnostics.judge_demo_accounts(active, settings.ALLOWED_HOSTS),
        diagnostics.judge_guards(missing(connection)),
        diagnostics.judge_audit_key(diagnostics.file_mode(key), key, Checkpoint.objects.count()),
    ]
