"""DATABASE_URL -> Django's DATABASES entry.

`spatialite:///relative/or//absolute/path.sqlite3` or `postgis://user:password@host:port/name`.
"""

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from config.env import SettingsError

# WAL: readers never wait for the writer. FULL: an acknowledged write survives a power cut.
# IMMEDIATE: the write lock is taken at BEGIN, where busy_timeout applies; a DEFERRED transaction that
# upgrades later fails at once with "database is locked".
SQLITE_OPTIONS: dict[str, Any] = {
    "transaction_mode": "IMMEDIATE",
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-8000;",
}


def parse_database_url(url: str, base_dir: Path) -> dict[str, Any]:
    """Raises SettingsError for another scheme, a missing name or a bad port."""
    parts = urlsplit(url)
    if parts.scheme == "spatialite":
        path = unquote(parts.path)[1:]
        if parts.netloc or not path:
            raise SettingsError(
                "DATABASE_URL: write spatialite:///var/db.sqlite3 or spatialite:////absolute/db.sqlite3"
            )
        return {
            "ENGINE": "django.contrib.gis.db.backends.spatialite",
            "NAME": str(base_dir / path),
            # None: keep the connection. Opening one loads SpatiaLite anew, seven times a request's cost.
            "CONN_MAX_AGE": None,
            "OPTIONS": SQLITE_OPTIONS,
        }
    if parts.scheme == "postgis":
        name = unquote(parts.path.lstrip("/"))
        try:
            port = parts.port
        except ValueError as problem:
            raise SettingsError(f"DATABASE_URL: {problem}") from problem
        if not name:
            raise SettingsError("DATABASE_URL: write postgis://user:password@host/name")
        return {
            "ENGINE": "django.contrib.gis.db.backends.postgis",
            "NAME": name,
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": unquote(parts.hostname or ""),
            "PORT": str(port or ""),
            "CONN_MAX_AGE": 600,
            "CONN_HEALTH_CHECKS": True,
            # A writer that waits longer than this gets "busy, try again" instead of a hanging page. Compiling
            # a query (JIT) took most of a second here, and no query runs long enough to earn it back.
            "OPTIONS": {"options": "-c lock_timeout=5000 -c jit=off"},
        }
    raise SettingsError(
        f"DATABASE_URL must start with spatialite:/// or postgis://; found {parts.scheme or url!r}"
    )
