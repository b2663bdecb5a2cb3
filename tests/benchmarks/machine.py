"""The machine and the versions, in words that name no path, host or person."""

import os
import platform
import re
import sqlite3
from importlib import metadata
from pathlib import Path

from tests.benchmarks import sitesql


def description(found: dict[str, str]) -> list[tuple[str, str]]:
    """Rows of (what, value). `found`: versions that only a database tells."""
    return [
        ("Processor", f"{_processor()}, {os.cpu_count()} cores"),
        ("Memory", f"{_memory_gib():.0f} GiB"),
        ("System", _system()),
        ("Python", platform.python_version()),
        *(
            (name, metadata.version(name.lower()))
            for name in ("Django", "djangorestframework", "numpy", "granian")
        ),
        ("SQLite", sqlite3.sqlite_version),
        *found.items(),
    ]


def _processor() -> str:
    text = Path("/proc/cpuinfo").read_text("utf-8", "replace")
    match = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return match[1].strip() if match else platform.machine()


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def _system() -> str:
    release = platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    return f"{release}, Linux {platform.release().split('-')[0]}"


def database_versions() -> dict[str, str]:
    """Of the connected database: SpatiaLite, or PostgreSQL and PostGIS."""
    if sitesql.is_postgis():
        ((server, postgis),) = sitesql.rows("SELECT current_setting('server_version'), PostGIS_Lib_Version()")
        return {"PostgreSQL": str(server).split()[0], "PostGIS": str(postgis)}
    ((version,),) = sitesql.rows("SELECT spatialite_version()")
    return {"SpatiaLite": str(version)}
