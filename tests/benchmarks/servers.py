"""The server as script/server starts it, and a client that costs next to nothing itself."""

import itertools
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks import programs
from tests.benchmarks.samples import Run

START_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers (names in lower case) and body as sent."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Closed(RuntimeError):
    """The server closed the connection."""


class Connection:
    """One keep-alive HTTP/1.1 connection to 127.0.0.1."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._open()

    def _open(self) -> None:
        self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=300)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def get(self, path: str, *, gzip: bool = False, etag: str = "") -> Answer:
        """Ask and read the whole answer."""
        head, body, _seconds = self._ask(request_bytes(path, gzip=gzip, etag=etag))
        lines = head.decode("latin-1").split("\r\n")
        headers = {}
        for line in lines[1:]:
            name, _colon, value = line.partition(":")
            headers[name.lower()] = value.strip()
        return Answer(int(lines[0].split()[1]), headers, body)

    def timed(self, request: bytes) -> float:
        """Milliseconds from the first byte sent to the last one read. Raises RuntimeError on a refusal."""
        head, _body, seconds = self._ask(request)
        if head[9:12] not in (b"200", b"304"):
            asked = request.split(b"\r\n", 1)[0].decode("latin-1")
            raise RuntimeError(f"{asked}: {head.splitlines()[0].decode('latin-1')}")
        return seconds * 1000.0

    def close(self) -> None:
        self._socket.close()

    def _ask(self, request: bytes) -> tuple[bytes, bytes, float]:
        """Head, body and seconds. A server may close what was idle: then it is asked on a new connection."""
        began = time.perf_counter()
        try:
            head, body = self._exchange(request)
        except (Closed, ConnectionError):
            self._socket.close()
            self._open()
            began = time.perf_counter()
            head, body = self._exchange(request)
        return head, body, time.perf_counter() - began

    def _exchange(self, request: bytes) -> tuple[bytes, bytes]:
        self._socket.sendall(request)
        data = self._receive()
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self._receive()
        head, body = data[:end], data[end + 4 :]
        length = _content_length(head)
        if length > len(body):
            parts, have = [body], len(body)
            while have < length:
                parts.append(self._receive())
                have += len(parts[-1])
            body = b"".join(parts)
        return head, body

    def _receive(self) -> bytes:
        data = self._socket.recv(1 << 18)
        if not data:
            raise Closed(f"The server on port {self._port} closed the connection.")
        return data


def request_bytes(path: str, *, gzip: bool = True, etag: str = "") -> bytes:
    """A GET request, ready to send."""
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", "Accept: */*"]
    if gzip:
        lines.append("Accept-Encoding: gzip")
    if etag:
        lines.append(f"If-None-Match: {etag}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def asking(connection: Connection, path: str, *, etag: str = "") -> Run:
    """A request as something to time; compressed as browsers ask for it."""
    request = request_bytes(path, etag=etag)
    return lambda: connection.timed(request)


def again(connection: Connection, paths: Sequence[str]) -> Iterator[Run]:
    """The same addresses in turn, for ever."""
    return itertools.cycle([asking(connection, path) for path in paths])


def anew(connection: Connection, paths: Sequence[str]) -> Iterator[Run]:
    """The same questions in turn, for ever, under addresses that were never asked for: an empty word more at
    the end of the query each time round. A server that keeps finished answers by address has none for them.
    Raises ValueError when there is nothing to ask.
    """
    if not paths:
        raise ValueError("Nothing to ask.")
    for extra in itertools.count(1):
        for path in paths:
            yield asking(connection, f"{path}{'' if '?' in path else '?'}{'&' * extra}")


def _content_length(head: bytes) -> int:
    lowered = head.lower()
    at = lowered.find(b"\r\ncontent-length:")
    if at < 0:
        if lowered[9:12] == b"304":
            return 0
        raise RuntimeError(f"An answer without a length: {head.splitlines()[0]!r}")
    return int(lowered[at + 17 :].split(b"\r\n", 1)[0])


@dataclass(frozen=True, slots=True)
class Memory:
    """MiB of one process. RSS counts shared pages in full, PSS by its share, USS not at all."""

    rss: float
    pss: float
    uss: float
    peak_rss: float


def memory_of(pid: int) -> Memory:
    """From /proc/PID/smaps_rollup and status."""
    sums: dict[str, float] = {}
    for path, names in (
        ("smaps_rollup", ("Rss", "Pss", "Private_Clean", "Private_Dirty")),
        ("status", ("VmHWM",)),
    ):
        for line in Path(f"/proc/{pid}/{path}").read_text("ascii", "replace").splitlines():
            name, _colon, value = line.partition(":")
            if name in names:
                sums[name] = int(value.split()[0]) / 1024.0
    return Memory(sums["Rss"], sums["Pss"], sums["Private_Clean"] + sums["Private_Dirty"], sums["VmHWM"])


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def connect(self) -> Connection:
        return Connection(self.port)

    def connect_to_each(self, workers: int) -> dict[int, Connection]:
        """One connection to each worker process, by its pid. Raises RuntimeError when one is not met."""
        found: dict[int, Connection] = {}
        for _ in range(200):
            connection = self.connect()
            pid = worker_of(connection)
            if pid in found:
                connection.close()
            else:
                found[pid] = connection
            if len(found) == workers:
                return found
        raise RuntimeError(f"Only {len(found)} of {workers} workers took a connection.")


def worker_of(connection: Connection) -> int:
    """The process id of the worker that a connection leads to."""
    return int(json.loads(connection.get("/bench/pid/").body)["pid"])


@contextmanager
def serving(env: Mapping[str, str], *, workers: int = 1) -> Iterator[Server]:
    """Start granian with the flags of script/server on a free port; stop it at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--workers", str(workers), "--blocking-threads", "4"]
    command += ["--blocking-threads-idle-timeout", "600", "--log-level", "warning", "--no-ws"]
    command += ["--workers-kill-timeout", "5", "config.wsgi:application"]
    log = Path(env["VAR_DIR"]) / "server.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            env=programs.environment(env),
            cwd=programs.ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait(port, process, log)
        yield Server(port)
    finally:
        stopped(process)


def stopped(process: "subprocess.Popen[bytes]") -> None:
    """End a server that this process started."""
    process.terminate()
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with suppress(OSError, RuntimeError):
            connection = Connection(port)
            try:
                if connection.get("/bench/constant/").status == 200:
                    return
            finally:
                connection.close()
        time.sleep(0.1)
    raise RuntimeError(f"The server did not start:\n{log.read_text('utf-8', 'replace')[-4000:]}")
