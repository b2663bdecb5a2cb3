"""Other programs of the tree, run with a database's environment."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = "tests.benchmarks.settings"


def environment(env: Mapping[str, str]) -> dict[str, str]:
    """This process's environment with a database's settings over it."""
    return {**os.environ, **env, "DJANGO_SETTINGS_MODULE": SETTINGS}


def manage(env: Mapping[str, str], *arguments: str) -> str:
    """A management command; returns what it printed. Raises RuntimeError with its output."""
    return _run(env, [str(ROOT / "manage.py"), *arguments])


def inside(env: Mapping[str, str], module: str, *arguments: str) -> str:
    """A module of this package in a configured Django; returns what it printed. Raises RuntimeError."""
    return _run(env, ["-m", "tests.benchmarks.inside", module, *arguments])


def _run(env: Mapping[str, str], arguments: list[str]) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        env=environment(env),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = (done.stdout + done.stderr)[-4000:]
        raise RuntimeError(f"{' '.join(arguments)} ended with status {done.returncode}:\n{said}")
    return done.stdout
