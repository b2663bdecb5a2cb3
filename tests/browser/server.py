"""Start the real server with the demo in a folder of its own: for browser tests and for screenshots."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import ViewportSize

ROOT = Path(__file__).resolve().parent.parent.parent
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1440, "height": 900}


@dataclass(frozen=True)
class DemoServer:
    """A running server: its address, the logins of the demo accounts, and commands on its database."""

    url: str
    env: dict[str, str]

    @property
    def logins(self) -> dict[str, str]:
        lines = (Path(self.env["VAR_DIR"]) / "demo-logins.txt").read_text().splitlines()
        pairs = (line.split(maxsplit=1) for line in lines if line.strip())
        return {pair[0]: pair[1] for pair in pairs}

    def manage(self, *arguments: str) -> str:
        return run_manage(self.env, *arguments)


def run_manage(env: dict[str, str], *arguments: str) -> str:
    """Run a management command; raises AssertionError with its output when it fails."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *arguments],
        env=env,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"manage.py {' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@contextmanager
def running_demo(var: Path) -> Iterator[DemoServer]:
    """Migrate, collect static files, load the demo, serve on a free port of 127.0.0.1; stop at the end."""
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "ENV_FILE": str(var / "no-env-file"),
        "SECRET_KEY": "only-for-browser-tests-" + "0123456789" * 5,
        "DEMO": "1",
        "DEBUG": "0",
        "VAR_DIR": str(var),
        "DATABASE_URL": f"spatialite:///{var}/db.sqlite3",
        "PUBLIC_MAX_AGE": "0",
    }
    run_manage(env, "migrate", "--verbosity", "0")
    run_manage(env, "collectstatic", "--noinput", "--verbosity", "0")
    run_manage(env, "load_demo")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", port]
    log = var / "server.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [*command, "config.wsgi:application"], env=env, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            _wait(f"http://127.0.0.1:{port}/healthz", process, log)
            yield DemoServer(f"http://127.0.0.1:{port}", env)
        finally:
            process.terminate()
            process.wait(timeout=20)


def _wait(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(150):
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"the server did not start:\n{log.read_text()}")
