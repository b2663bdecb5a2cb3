"""Bring this installation's database and static files up to date: what script/server does before it serves.

One process for all steps, so that a start with nothing to do takes about a second. `--demo` loads the
demo when the database holds no programme and no site and the settings say DEMO=1.
"""

import hashlib
import os
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from time import monotonic

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from config.env import BASE_DIR, SettingsError


def timed(name: str, work: Callable[[], object]) -> None:
    """Run one step and show its name and seconds."""
    print(f"  {name} … ", end="", flush=True)
    began = monotonic()
    work()
    print(f"{monotonic() - began:.0f} s", flush=True)


def migrate() -> None:
    """Apply the migrations that this database lacks."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        timed(
            f"database ({len(plan)} migrations)",
            lambda: call_command("migrate", verbosity=0, interactive=False),
        )


def static_state() -> str:
    """A value that changes when a static file of the project or a locked package does."""
    digest = hashlib.sha256()
    for lock in sorted(BASE_DIR.glob("requirements*.txt")):
        digest.update(lock.read_bytes())
    for folder in (BASE_DIR / "static", BASE_DIR / "projects/static", BASE_DIR / "maps/static"):
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                found = path.stat()
                digest.update(f"{path.relative_to(BASE_DIR)} {found.st_mtime_ns} {found.st_size}\n".encode())
    digest.update((BASE_DIR / "config/settings.py").read_bytes())
    return digest.hexdigest()


def collect_static() -> None:
    """Copy static files under hashed names, unless nothing changed since the last time."""
    mark = Path(settings.STATIC_ROOT) / ".state"
    state = static_state()
    if mark.is_file() and mark.read_text("ascii") == state:
        return
    timed("static files", lambda: call_command("collectstatic", verbosity=0, interactive=False, clear=True))
    mark.write_text(state, "ascii")


def load_demo() -> None:
    """Load the demo into an empty database."""
    from projects.models import Programme, Site

    if Programme.objects.exists() or Site.objects.exists():
        return
    if not settings.DEMO:
        print("The database is empty and the settings say DEMO=0: no demo data is loaded.")
        return
    print("  demo data …", flush=True)
    call_command("load_demo", stdout=StringIO())  # script/server shows the logins once it serves


def main(arguments: list[str]) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        django.setup()
        Path(settings.VAR_DIR).mkdir(parents=True, exist_ok=True)
        migrate()
        collect_static()
        if "--demo" in arguments:
            load_demo()
    except SettingsError as problem:
        print(f"settings: {problem}", file=sys.stderr)
        return 2
    except ImproperlyConfigured as problem:
        print(f"The application cannot start ({problem}); manage.py doctor says more.", file=sys.stderr)
        return 2
    except CommandError as problem:
        print(problem, file=sys.stderr)
        return 2
    except OperationalError as problem:
        print(f"The database cannot be used ({problem}); manage.py doctor says more.", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
