"""Starting the process that reads a file, and believing as little as possible of what comes back. No Django.

The child gets a private copy of the file and an environment without secrets; it is killed with its whole
session when it takes too long. What it says is checked value by value: at worst its rows are wrong.
"""

import contextlib
import hashlib
import json
import os
import selectors
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import orjson

from projects.exchange.confined.limits import MEGABYTE, Limits

_ROOT: Final = Path(__file__).resolve().parents[3]
_START: Final = (
    "import sys; sys.path.insert(0, {root!r}); from projects.exchange.confined.child import main; main()"
)
_CHUNK: Final = 1024 * 1024
_STDERR_KEPT: Final = 8192
_MEMORY_WORDS: Final = (
    b"memory allocation",
    b"MemoryError",
    b"capacity overflow",
    b"allocate memory",
    b"bad_alloc",
)
_LONGEST_WORD: Final = 200


class Failed(Exception):
    """The file was not read; `code` says why (a word that `confinement` has a sentence for)."""

    def __init__(self, code: str, particulars: dict[str, Any] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.particulars = particulars or {}


class NotAPlainFile(Exception):
    """A folder, a pipe, a device."""


class TooLarge(Exception):
    """`megabytes` of the file, rounded down."""

    def __init__(self, megabytes: int) -> None:
        super().__init__(megabytes)
        self.megabytes = megabytes


@dataclass(frozen=True, slots=True)
class PrivateCopy:
    """A file as it was handed in, where nobody else writes: `folder`/source; its hash, its size in bytes."""

    folder: Path
    path: Path
    sha256: str
    size: int


@contextlib.contextmanager
def private_copy(
    path: Path, name: str, max_megabytes: int, *, unpacks: bool = False
) -> Iterator[PrivateCopy]:
    """A copy under `name` in a folder of its own, which is gone afterwards whatever happens.

    Raises OSError, NotAPlainFile, TooLarge. The size is asked before anything is read.
    """
    with tempfile.TemporaryDirectory(prefix="handed-in-") as made:
        folder = Path(made)
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            os.close(descriptor)
            raise NotAPlainFile(path.name)
        with os.fdopen(descriptor, "rb") as source:
            limit = max_megabytes * MEGABYTE
            if facts.st_size > limit:
                raise TooLarge(facts.st_size // MEGABYTE)
            digest, size = hashlib.sha256(), 0
            with (folder / name).open("xb") as target:
                while piece := source.read(_CHUNK):
                    size += len(piece)
                    if size > limit:  # it grew meanwhile
                        raise TooLarge(size // MEGABYTE)
                    digest.update(piece)
                    target.write(piece)
        if unpacks:
            (folder / "unpacked").mkdir()
        yield PrivateCopy(folder, folder / name, digest.hexdigest(), size)


def answers(copy: PrivateCopy, request: dict[str, Any], limits: Limits) -> Generator[Any, None, None]:
    """What the child says of the file: first a dict, then a list a row. Raises Failed.

    The last thing taken from it is that it came to an end by itself and counted as many rows.
    """
    whole = {**request, "source": copy.path.name, "limits": limits.as_dict()}
    with _started(copy.folder, whole) as process:
        count = -1
        ended = False
        for line in _lines(process, limits):
            try:
                value = orjson.loads(line)
            except orjson.JSONDecodeError as problem:
                raise Failed("garbage") from problem
            if ended:
                raise Failed("garbage")
            if isinstance(value, dict) and "refused" in value:
                raise _refused(value)
            if isinstance(value, dict) and "end" in value:
                ended = value == {"end": count}
                if not ended:
                    raise Failed("garbage")
                continue
            if isinstance(value, dict) is not (count < 0):
                raise Failed("garbage")
            count += 1
            yield value
        if not ended:
            raise Failed("garbage")


def command(request: dict[str, Any]) -> list[str]:
    """What is started. Tests put other programs in its place."""
    python = Path(sys.executable or "")
    if not python.name.startswith("python"):
        python = Path(sys.prefix) / "bin" / "python3"
    return [str(python), "-I", "-B", "-X", "utf8", "-c", _START.format(root=str(_ROOT)), json.dumps(request)]


@contextlib.contextmanager
def _started(folder: Path, request: dict[str, Any]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        command(request),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        env={
            "PATH": "/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "HOME": str(folder),
            "TMPDIR": str(folder),
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            "MALLOC_ARENA_MAX": "2",
        },
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def _lines(process: subprocess.Popen[bytes], limits: Limits) -> Iterator[bytes]:
    """Whole lines of the child's output within time and size; at the end, that it ended well."""
    assert process.stdout is not None and process.stderr is not None
    deadline = time.monotonic() + limits.seconds
    said = bytearray()
    rest = b""
    total = 0
    for pipe, piece in _pieces(process.stdout, process.stderr, deadline):
        if pipe is process.stderr:
            said += piece[: _STDERR_KEPT - len(said)]
            continue
        total += len(piece)
        if total > limits.stream_mb * MEGABYTE:
            raise Failed("too_much", {"limit": limits.stream_mb})
        *lines, rest = (rest + piece).split(b"\n")
        if len(rest) > limits.line_mb * MEGABYTE:
            raise Failed("garbage")
        yield from lines
    try:
        status = process.wait(timeout=max(0.1, deadline - time.monotonic()))
    except subprocess.TimeoutExpired as problem:
        raise Failed("time") from problem
    if status:
        raise _ended_badly(status, bytes(said))
    if rest:
        raise Failed("garbage")


def _pieces(*pipes_and_deadline: Any) -> Iterator[tuple[BinaryIO, bytes]]:
    *pipes, deadline = pipes_and_deadline
    with selectors.DefaultSelector() as selector:
        for pipe in pipes:
            selector.register(pipe, selectors.EVENT_READ)
        while selector.get_map():
            left = deadline - time.monotonic()
            if left <= 0:
                raise Failed("time")
            for key, _events in selector.select(left):
                piece = os.read(key.fd, _CHUNK)
                if piece:
                    yield key.fileobj, piece  # type: ignore[misc]
                else:
                    selector.unregister(key.fileobj)


def _ended_badly(status: int, said: bytes) -> Failed:
    if any(word in said for word in _MEMORY_WORDS):
        return Failed("memory")
    by_signal = {-signal.SIGXCPU: "time", -signal.SIGKILL: "memory", -signal.SIGXFSZ: "too_much"}
    return Failed(by_signal.get(status, "crashed"), {"limit": 0} if status == -signal.SIGXFSZ else None)


def _refused(value: dict[str, Any]) -> Failed:
    """A refusal in the child's words, if they are short words and whole numbers."""
    code = value.pop("refused")
    for particular in value.values():
        words = particular if isinstance(particular, list) else [particular]
        if len(words) > 500 or not all(
            type(word) is int or (type(word) is str and len(word) <= _LONGEST_WORD) for word in words
        ):
            return Failed("garbage")
    return Failed(code, value) if type(code) is str else Failed("garbage")
