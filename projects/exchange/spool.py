"""Rows on disk: written once, read as often as somebody wants, gone with the object."""

import os
import tempfile
from collections.abc import Iterator
from typing import Any, Final

import orjson

_CHUNK: Final = 1024 * 1024


class Spool:
    """Lines of JSON in a temporary file without a name. Several readers may be under way at once."""

    def __init__(self) -> None:
        # Kept as long as this object; the operating system takes it away with the last descriptor.
        self._file = tempfile.TemporaryFile(prefix="rows-")  # noqa: SIM115
        self._waiting: list[bytes] = []
        self._size = 0
        self.count = 0

    def add(self, value: object) -> None:
        line = orjson.dumps(value)
        self._waiting.append(line)
        self._size += len(line)
        self.count += 1
        if self._size >= _CHUNK:
            self.flush()

    def flush(self) -> None:
        if self._waiting:
            self._file.write(b"\n".join(self._waiting) + b"\n")
            self._waiting, self._size = [], 0
        self._file.flush()

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Any]:
        self.flush()
        place, rest = 0, b""
        while piece := os.pread(self._file.fileno(), _CHUNK, place):
            place += len(piece)
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                yield orjson.loads(line)
