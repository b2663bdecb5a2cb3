"""A plan on its way from planning to writing, in a file that has no name: gone with the process."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO, Generic, TypeVar

from projects.actions.drafts import SiteDraft
from projects.actions.siteupdates import SiteUpdate
from projects.exchange.planner import Piece
from projects.exchange.stagedvalues import draft_texts, drafts_of, update_text, updates_of

T = TypeVar("T")


@dataclass(slots=True)
class Lines(Generic[T]):
    """Values as lines of a file, piece by piece: a `projects.actions.streams.Stream`."""

    file: IO[bytes]
    read: Callable[[Sequence[str]], list[T]]
    places: list[tuple[int, int]] = field(default_factory=list)
    count: int = 0

    def __len__(self) -> int:
        return self.count

    def add(self, texts: Sequence[str]) -> None:
        if not texts:
            return
        data = "\n".join(texts).encode()
        self.places.append((self.file.seek(0, 2), len(data)))
        self.file.write(data)
        self.count += len(texts)

    def chunks(self) -> Iterator[Sequence[T]]:
        for place, length in self.places:
            self.file.seek(place)
            # JSON has no line break of its own: it is written as an escape.
            yield self.read(self.file.read(length).decode().split("\n"))


class Spool:
    """What a plan would write, off the heap. Use it in a `with`."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="import-plan-")  # noqa: SIM115  closed by __exit__
        self.drafts: Lines[SiteDraft] = Lines(self._file, drafts_of)
        self.updates: Lines[SiteUpdate] = Lines(self._file, updates_of)

    def __enter__(self) -> "Spool":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, piece: Piece) -> None:
        self.drafts.add(draft_texts([row.draft for row in piece.drafts]))
        self.updates.add([update_text(row.update) for row in piece.updates])
