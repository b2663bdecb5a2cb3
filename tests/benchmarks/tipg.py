"""tipg over the same PostGIS tables, where a Python that has it is named: the peer that the goals speak of."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlencode

from maps.tiles import TileId
from tests.benchmarks.servers import Connection, Server, stopped

NAME = "tipg"
_COLUMNS = "public_id,kind_id,stage,service,light"
START_SECONDS = 120.0


def tile_path(tile: TileId, columns: Mapping[str, str]) -> str:
    """A tile of public sites. `columns`: what is filtered by, as the table names it."""
    words = {"geom-column": "location", "properties": _COLUMNS, "publication": "published", **columns}
    place = f"{tile.z}/{tile.x}/{tile.y}"
    return f"/collections/public.projects_site/tiles/WebMercatorQuad/{place}?{urlencode(words, safe=',')}"


@contextmanager
def serving_tipg(python: str, env: Mapping[str, str]) -> Iterator[Server]:
    """Serve with one worker; stop at the end. Raises RuntimeError when it does not start."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    log = Path(env["VAR_DIR"]) / "tipg.log"
    settings = {
        "DATABASE_URL": env["DATABASE_URL"].replace("postgis://", "postgresql://", 1),
        "TIPG_DB_TABLES": '["public.projects_site"]',
        # Extents of a million rows would be computed at every start.
        "TIPG_DB_SPATIAL_EXTENT": "false",
        "TIPG_DB_DATETIME_EXTENT": "false",
        # No rows of neighbouring tiles: counts are those of the tile.
        "TIPG_TILE_BUFFER": "0",
        "TIPG_CATALOG_TTL": "0",
    }
    # Not this tree's environment: tipg brings its own packages.
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "DJANGO"))
    }
    with log.open("ab") as output:
        process = subprocess.Popen(
            [
                *(python, "-m", "uvicorn", "tipg.main:app", "--port", str(port)),
                *("--log-level", "warning", "--timeout-keep-alive", "3600"),
            ],
            env={**inherited, **settings},
            cwd=env["VAR_DIR"],
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait(port, process, log)
        yield Server(port)
    finally:
        stopped(process)


def _wait(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with suppress(OSError, RuntimeError):
            connection = Connection(port)
            try:
                if connection.get("/healthz").status == 200:
                    return
            finally:
                connection.close()
        time.sleep(0.2)
    raise RuntimeError(f"tipg did not start:\n{log.read_text('utf-8', 'replace')[-4000:]}")
