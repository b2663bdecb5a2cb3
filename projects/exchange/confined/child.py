"""The process that reads a file nobody vouches for: a request by argument, lines of JSON on standard output.

`python -I -c ... REQUEST`: the working folder holds `source`, a private copy of the file, and for a packed
shapefile an empty folder `unpacked`. The first line says what the file is, then comes a line a row, last
`{"end": rows}`; or, in place of any line, `{"refused": word, ...}`. No Django, no settings, no database.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any, BinaryIO, Final

import orjson

from projects.exchange.confined import jail
from projects.exchange.confined.limits import Limits
from projects.exchange.confined.refusals import Refused

_FLUSH: Final = 256 * 1024


def main() -> None:
    """Read as the first argument says; the exit status is 0 unless something went wrong unexpectedly."""
    jail.end_with_parent()
    request: dict[str, Any] = json.loads(sys.argv[1])
    limits = Limits(**request.pop("limits"))
    source = Path.cwd() / request.pop("source")
    if request["reader"] == "vectors":
        from projects.exchange.confined import vectors

        vectors.prepare()
        read = vectors.read
    else:
        from projects.exchange.confined import workbooks

        read = workbooks.read
    unpacked = source.parent / "unpacked"
    may_write = limits.unpacked_mb if unpacked.is_dir() else 0
    jail.bound(limits, may_write_mb=may_write)
    fences = jail.shut([*jail.library_folders(), source.parent], [unpacked] if unpacked.is_dir() else [])
    lines = _Lines(sys.stdout.buffer, fences)
    try:
        read(source, request, limits, lines.write)
        lines.end()
    except Refused as refused:
        lines.refuse(refused.code, refused.particulars)
    except MemoryError:
        lines.refuse("memory", {})
    lines.flush()
    # No clean-up of what a strange file may have left in a library.
    os._exit(0)


class _Lines:
    def __init__(self, file: BinaryIO, fences: list[str]) -> None:
        self._file, self._fences = file, fences
        self._waiting: list[bytes] = []
        self._size = 0
        self._count = -1  # the first line is no row

    def write(self, value: object) -> None:
        if isinstance(value, dict):
            value["fences"] = self._fences
        line = orjson.dumps(value, default=str)
        self._waiting.append(line)
        self._size += len(line)
        self._count += 1
        if self._size >= _FLUSH:
            self.flush()

    def end(self) -> None:
        self._waiting.append(orjson.dumps({"end": self._count}))

    def refuse(self, code: str, particulars: dict[str, Any]) -> None:
        self._waiting.append(orjson.dumps({"refused": code, **particulars}))

    def flush(self) -> None:
        if self._waiting:
            self._file.write(b"\n".join(self._waiting) + b"\n")
            self._file.flush()
        self._waiting, self._size = [], 0
