"""Databases of each size: made once, kept with --keep, filled through manage.py load_demo."""

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.benchmarks import programs

#: Names of sizes and numbers of sites. `tiny` is the smoke test's: the small world of the test suite.
SIZES: Mapping[str, int] = {"tiny": 300, "12k": 12_500, "100k": 100_000, "1m": 1_000_000, "10m": 10_000_000}
DATABASES = ("spatialite", "postgis")
#: Above this many sites rows are copied inside the database (tests.benchmarks.enlarge).
MOST_LOADED = 1_000_000
_MARK = "loaded.json"


class CannotRun(Exception):
    """What is missing; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Place:
    """One database and the settings that lead to it and its files."""

    database: str
    size: str
    env: Mapping[str, str]


def folder_name(database: str, size: str) -> str:
    return f"{database}-{size}"


def prepare(database: str, size: str, keep: Path, secret: str) -> Place:
    """Make and fill the database unless it is there. Raises CannotRun, or RuntimeError with a command's output."""
    if database == "spatialite" and SIZES[size] > MOST_LOADED:
        raise CannotRun("10m is for postgis alone: add --databases postgis.")
    var = keep / folder_name(database, size)
    var.mkdir(parents=True, exist_ok=True)
    env = {
        "ENV_FILE": os.devnull,
        "SECRET_KEY": secret,
        "DEMO": "1",
        "DEBUG": "0",
        "VAR_DIR": str(var),
        "DATABASE_URL": _url(database, size, var),
    }
    mark = var / _MARK
    if mark.is_file():
        programs.prepare(env)
        return Place(database, size, env)
    if database == "postgis":
        _create_database(env["DATABASE_URL"], size)
    programs.prepare(env)
    began = time.monotonic()
    if size == "tiny":
        programs.inside(env, "tinyworld")
    else:
        programs.manage(env, "load_demo", "--sites", str(min(SIZES[size], MOST_LOADED)), "--verbosity", "0")
    seconds = time.monotonic() - began
    programs.inside(env, "enlarge", str(SIZES[size]))
    mark.write_text(json.dumps({"load_seconds": seconds}), "ascii")
    return Place(database, size, env)


def load_seconds(place: Place) -> float | None:
    """What load_demo took, now or when the kept database was made."""
    mark = Path(place.env["VAR_DIR"]) / _MARK
    found = json.loads(mark.read_text("ascii"))["load_seconds"] if mark.is_file() else None
    return None if found is None else float(found)


def _url(database: str, size: str, var: Path) -> str:
    if database == "spatialite":
        return f"spatialite:///{var.resolve()}/db.sqlite3"
    server = os.environ.get("BENCH_POSTGIS_URL", "")
    if not server:
        raise CannotRun("PostGIS is measured through script/bench, which starts a server of its own.")
    return f"{server.rsplit('/', 1)[0]}/bench_{size}"


def _create_database(url: str, size: str) -> None:
    server = url.replace("postgis://", "postgresql://", 1).rsplit("/", 1)[0]
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        # Left by a run that was stopped while it loaded.
        connection.execute(f'DROP DATABASE IF EXISTS "bench_{size}"'.encode())
        connection.execute(f'CREATE DATABASE "bench_{size}"'.encode())
