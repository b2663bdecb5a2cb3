"""Other programs of the tree, run with a database's environment."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = "tests.benchmarks.settings"


def environment(env: Mapping[str, str]) -> dict[str, str]:
    """This process's environment with a database's settings over it."""
    return {**os.environ, **env, "DJANGO_SETTINGS_MODULE": SETTINGS}


def prepare(env: Mapping[str, str]) -> str:
    """Migrate and collect static files, as script/server does. Raises RuntimeError with the output."""
    return _run(env, ["-m", "script.lib.prepare"])


def manage(env: Mapping[str, str], *arguments: str) -> str:
    """A management command; returns what it printed. Raises RuntimeError with its output."""
    return _run(env, [str(ROOT / "manage.py"), *arguments])


def inside(env: Mapping[str, str], module: str, *arguments: str) -> str:
    """A module of this package in a configured Django; returns what it printed. Raises RuntimeError."""
    return _run(env, ["-m", "tests.benchmarks.inside", module, *arguments])


def stop_in_order() -> None:
    """Let SIGTERM unwind this process, so that servers it started are stopped."""
    signal.signal(signal.SIGTERM, _leave)


def _leave(number: int, _frame: Any) -> None:
    sys.exit(128 + number)


def follow(env: Mapping[str, str], module: str, *arguments: str) -> int:
    """A module of this package whose output goes to stderr as it comes; returns its exit status.

    When this process is stopped meanwhile, the other one is asked to stop and waited for.
    """
    command = [sys.executable, "-m", "tests.benchmarks.inside", module, *arguments]
    process = subprocess.Popen(command, env=environment(env), cwd=ROOT, stdout=sys.stderr)
    try:
        return process.wait()
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()


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
