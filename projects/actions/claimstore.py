"""The last that the chain says of each row, kept in a temporary file: memory does not grow with the chain."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

_KEPT: Final = 20_000


@dataclass(frozen=True, slots=True)
class Claim:
    """What entry `seq` says of a row: its digest (None: that it is gone), and the number on it."""

    pk: int
    seq: int
    stamp: int
    digest: str | None


@dataclass(frozen=True, slots=True)
class Summary:
    """What an entry says of many rows at once; `sha256` empty: only how many it stamped."""

    kind: str
    seq: int
    count: int
    sha256: str


class ClaimStore:
    """Takes the `rows` of entries in their order; gives the last claim of every row by kind and key."""

    def __init__(self) -> None:
        self.summaries: list[Summary] = []
        self._waiting: list[tuple[str, int, int, int, bytes | None]] = []
        # Without a name SQLite keeps the file where temporary files are, and removes it at the end.
        self._file = sqlite3.connect("", isolation_level=None)
        for setting in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -32000"):
            self._file.execute(f"PRAGMA {setting}")
        self._file.execute(
            "CREATE TABLE claim (kind TEXT, id INTEGER, seq INTEGER, stamp INTEGER, digest BLOB,"
            " PRIMARY KEY (kind, id)) WITHOUT ROWID"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def takes(self, seq: int, rows: Any) -> bool:
        """Take the rows of entry `seq`; False for what no action wrote."""
        try:
            for kind, found in rows.items():
                if "count" in found:
                    said = str(found.get("sha256", ""))
                    self.summaries.append(Summary(str(kind), seq, int(found["count"]), said))
                    continue
                self._waiting += [_claim(kind, int(key), seq, said) for key, said in found.items()]
        except (ValueError, TypeError, AttributeError):
            return False
        if len(self._waiting) >= _KEPT:
            self._write()
        return True

    def claims(self, kind: str) -> Iterator[Claim]:
        """The last claim of each row of a kind, by key."""
        self._write()
        rows = self._file.execute(
            "SELECT id, seq, stamp, digest FROM claim WHERE kind = ? ORDER BY id", [kind]
        )
        for pk, seq, stamp, digest in rows:
            yield Claim(pk, seq, stamp, None if digest is None else digest.hex())

    def _write(self) -> None:
        self._file.execute("BEGIN")
        self._file.executemany("INSERT OR REPLACE INTO claim VALUES (?, ?, ?, ?, ?)", self._waiting)
        self._file.execute("COMMIT")
        self._waiting.clear()


def _claim(kind: str, pk: int, seq: int, said: str | None) -> tuple[str, int, int, int, bytes | None]:
    if said is None:
        return kind, pk, seq, seq, None
    digest, _at, stamp = said.partition("@")
    return kind, pk, seq, int(stamp) if stamp else seq, bytes.fromhex(digest)
