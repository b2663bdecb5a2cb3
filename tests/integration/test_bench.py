"""script/bench runs, compares answers, and ends with 1 when one is wrong. Nothing here is timed."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from django.conf import settings

from tests.benchmarks import programs

POSTGIS = "postgis" in settings.DATABASES["default"]["ENGINE"]
#: The program is the same on both databases: each run of CI tries it on one.
pytestmark = [pytest.mark.long] if POSTGIS else []
SECRET = "only-for-the-smoke-test-" + "0123456789" * 5
#: One operation of each sort; all of them would take minutes.
SOME = (
    "tile.json low light",
    "tile.json high all",
    "tile.json mid cold",
    "tile.mvt low all",
    "nearest 10 kind",
    "late",
    "list of 1,000",
    "detail",
    "figures of a division",
    "304",
    "storm",
    "kernel",
    "build",
    "freshness",
)
#: Late sites become green behind the index's back: no number of the change sequence tells it.
TAMPER = (
    "UPDATE projects_site SET light = 'green' WHERE id IN"
    " (SELECT id FROM projects_site WHERE light IN ('red', 'yellow') ORDER BY id LIMIT 40)"
)


def server_url() -> str:
    """The test run's PostgreSQL as a URL without a database's name at the end."""
    row = settings.DATABASES["default"]
    login = f"{quote(row['USER'], safe='')}:{quote(row['PASSWORD'], safe='')}"
    return f"postgis://{login}@{row['HOST']}:{row['PORT'] or 5432}"


def bench(keep: Path, *arguments: str, **changes: str) -> "subprocess.CompletedProcess[str]":
    """The program behind script/bench, on 300 sites and three repetitions."""
    command = [sys.executable, "-m", "tests.benchmarks", "--sizes", "tiny", "--keep", str(keep)]
    command += ["--databases", "postgis" if POSTGIS else "spatialite", "--seconds", "0.1"]
    command += ["--repetitions", "3", "--checked", "2", "--fresh-seconds", "1"]
    environment: Mapping[str, str] = {
        **os.environ,
        "SECRET_KEY": SECRET,
        "BENCH_POSTGIS_URL": f"{server_url()}/livelihood" if POSTGIS else "",
        **changes,
    }
    return subprocess.run(
        [*command, *arguments],
        env=environment,
        cwd=programs.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@dataclass(frozen=True)
class Run:
    """The folder of a run and how it ended."""

    keep: Path
    done: "subprocess.CompletedProcess[str]"

    def change(self, statement: str) -> int:
        """Rows that a statement changed in the run's database."""
        if POSTGIS:
            url = server_url().replace("postgis://", "postgresql://", 1)
            with psycopg.connect(f"{url}/bench_tiny") as connection:
                return connection.execute(statement.encode()).rowcount
        with sqlite3.connect(self.keep / "spatialite-tiny" / "db.sqlite3") as file:
            file.enable_load_extension(True)  # the table's triggers need it
            file.load_extension("mod_spatialite")
            return file.execute(statement).rowcount


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A run of some operations that found nothing wrong."""
    keep = tmp_path_factory.mktemp("bench")
    only = [word for name in SOME for word in ("--only", name)]
    yield Run(keep, bench(keep, *only, "--out", str(keep / "page.md")))
    if POSTGIS:
        url = server_url().replace("postgis://", "postgresql://", 1)
        with psycopg.connect(f"{url}/postgres", autocommit=True) as connection:
            connection.execute(b"DROP DATABASE IF EXISTS bench_tiny WITH (FORCE)")


def test_a_run_compares_and_writes_the_page(run: Run) -> None:
    assert run.done.returncode == 0, run.done.stderr
    page = (run.keep / "page.md").read_text("utf-8")
    assert page.strip() == run.done.stdout.strip()
    assert "All are equal." in page
    for said in (
        "| tile.json low light |",
        "| tile.mvt low all |",
        "| tile.json mid cold filter |",
        "| late list page |",
        "| tile.json 304 |",
        "an edit visible to staff in every worker, the slowest",
        "rebuild from the database, s",
        "SQL, spatial index",
        "storm of 6 addresses",
        "| figures of a division, any day |",
        "figures of a division: p50 over one indexed read of the maintained sums",
        "ORM GROUP BY",
        "ST_AsMVT" if POSTGIS else "DRF GeoJSON",
    ):
        assert said in page, said
    assert str(run.keep) not in page
    assert os.uname().nodename not in page


def test_a_wrong_answer_ends_with_1(run: Run) -> None:
    assert run.done.returncode == 0, run.done.stderr
    assert run.change(TAMPER) == 40
    assert run.change("UPDATE projects_rollup SET due = due + 1 WHERE unit = 'programme'") > 0
    again = bench(
        run.keep, "--only", "late facets", "--only", "tile.json low light", "--only", "figures of a"
    )
    assert again.returncode == 1, again.stderr
    for operation in ("late facets", "tile.json low light"):
        assert f"wrong answer: {operation}: /api/v1/sites/" in again.stderr
    assert "wrong answer: figures of a division: /api/v1/divisions/" in again.stderr
    assert "differences** in" in again.stdout


def test_what_cannot_run_ends_with_2(tmp_path: Path) -> None:
    """No server of its own: only script/bench starts one."""
    done = bench(tmp_path, "--databases", "postgis", BENCH_POSTGIS_URL="")
    assert (done.returncode, done.stdout) == (2, "")
    assert "script/bench" in done.stderr
