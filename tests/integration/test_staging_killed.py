"""kill -9 at a random moment of a check, an apply, an undo: nothing half done, nothing lost, it starts again.

Real processes on a database that outlives them: PostgreSQL's own, or the test's SQLite written to a file.
"""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from projects.exchange.stagedwork import check
from projects.models import StagedImport
from tests.factories import World, anchor
from tests.integration.importing import HEAD
from tests.integration.test_staging import hand_in

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Outside:
    """Commands in processes of their own, and what their database holds."""

    environment: dict[str, str]
    ask: Callable[[str], list[tuple[Any, ...]]]
    progress: Path

    def start(self, *args: str) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [sys.executable, str(ROOT / "manage.py"), *args],
            env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def run(self, *args: str) -> None:
        assert self.start(*args).wait(300) == 0, args

    def kill_somewhere(self, chance: random.Random, *args: str, phase: str = "", within: float) -> None:
        """Kill it when it has come to `phase`, or has opened the database, and a little later."""
        process = self.start(*args)
        while phase and process.poll() is None and self.phase() != phase:
            time.sleep(0.01)
        time.sleep(chance.uniform(0.0, within))
        process.send_signal(signal.SIGKILL)
        process.wait(30)

    def phase(self) -> str:
        try:
            return str(json.loads(self.progress.read_text())["phase"])
        except (OSError, ValueError, KeyError):
            return ""

    def number(self, sql: str) -> int:
        return int(self.ask(sql)[0][0])

    def written(self) -> tuple[int, ...]:
        """Everything that an import or its undoing writes, in numbers."""
        return (
            self.number("SELECT COUNT(*) FROM projects_site WHERE deleted_seq IS NULL"),
            self.number("SELECT COUNT(*) FROM projects_sitestate"),
            self.number("SELECT COUNT(*) FROM projects_importbatch"),
            self.number("SELECT COUNT(*) FROM projects_auditentry"),
            self.number("SELECT seq FROM projects_changehead"),
        )


def outside_of(folder: Path, staged: StagedImport) -> Outside:
    environment = {
        **os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "PRIVATE_FILES_DIR": str(settings.PRIVATE_FILES_DIR),
    }  # fmt: skip
    progress = settings.PRIVATE_FILES_DIR / "imports" / f"{staged.pk}.progress"
    if connection.vendor == "postgresql":
        own = connection.settings_dict
        address, sign, query = os.environ["DATABASE_URL"].partition("?")
        environment["DATABASE_URL"] = f"{address.rsplit('/', 1)[0]}/{own['NAME']}{sign}{query}"

        def ask(sql: str) -> list[tuple[Any, ...]]:
            with connection.cursor() as cursor:
                cursor.execute(sql)
                return list(cursor.fetchall())

        return Outside(environment, ask, progress)
    path = folder / "killed.sqlite3"
    with sqlite3.connect(path) as copy:
        connection.ensure_connection()
        connection.connection.backup(copy)
    environment["DATABASE_URL"] = f"spatialite:///{path}"

    def ask_file(sql: str) -> list[tuple[Any, ...]]:
        with sqlite3.connect(path, timeout=20) as file:
            return file.execute(sql).fetchall()

    return Outside(environment, ask_file, progress)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("rows", "rounds"), [(600, 1), pytest.param(12_000, 6, marks=pytest.mark.long)], ids=["few", "many"]
)
def test_killed_anywhere_it_begins_again(world: World, tmp_path: Path, rows: int, rounds: int) -> None:
    chance = random.Random()
    is_long = rounds > 1
    anchor()
    text = "".join(f"K{n},校{n},{121.51 + n * 7e-6:.6f},29.85,海曙区\n" for n in range(rows))
    staged = hand_in(world, HEAD + text)
    if not is_long:
        check(staged.pk)  # each process costs seconds, and a suite has few
    outside = outside_of(tmp_path, staged)
    empty = outside.written()
    checking, apply = (("work_import", str(staged.pk), work) for work in ("check", "apply"))
    if is_long:
        for _round in range(rounds):
            outside.kill_somewhere(chance, *checking, phase="check", within=0.3 * rounds)
            assert outside.written() == empty
        outside.run(*checking)
    planned = f"SELECT COUNT(*), COUNT(DISTINCT number) FROM projects_stagedrow WHERE staged_id = {staged.pk}"
    assert outside.ask(planned) == [(rows, rows)]
    state = f"SELECT state FROM projects_stagedimport WHERE id = {staged.pk}"
    for _round in range(rounds):
        outside.kill_somewhere(chance, *apply, phase="write", within=0.5 * rounds)
        # All of it with the word that it is applied, or nothing.
        if outside.ask(state) == [("applied",)]:
            break
        assert outside.written() == empty
    if outside.ask(state) != [("applied",)]:
        outside.run(*apply)
    applied = outside.written()
    assert applied[0] == rows and applied[2] == empty[2] + 1
    assert applied[3] == empty[3] + rows + 1 == applied[4]
    batch = outside.number("SELECT MAX(id) FROM projects_importbatch")
    undo = ("undo_import", "--batch", str(batch), "--actor", "admin", "--reason", "x")
    for _round in range(rounds):
        outside.kill_somewhere(chance, *undo, within=3.0)
        if outside.written() != applied:
            break
    if outside.written() == applied:
        outside.run(*undo)
    undone = outside.written()
    assert (undone[0], undone[2], undone[4]) == (0, applied[2] + 1, applied[4] + rows + 1)
    if is_long:
        outside.run("verify_chain")
        outside.run("check_data")
