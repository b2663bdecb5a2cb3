"""Many values that are not all in memory: gone through in pieces, and again from the beginning when asked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

#: Values of a list that are handed on together.
CHUNK: Final = 5_000


class Stream(Protocol[T_co]):
    """`chunks` begins anew each time and gives the same values in the same order, `len` of them in all."""

    def __len__(self) -> int: ...

    def chunks(self) -> Iterator[Sequence[T_co]]: ...


@dataclass(frozen=True, slots=True)
class Listed(Generic[T]):
    """A list as a stream."""

    values: Sequence[T]

    def __len__(self) -> int:
        return len(self.values)

    def chunks(self) -> Iterator[Sequence[T]]:
        for start in range(0, len(self.values), CHUNK):
            yield self.values[start : start + CHUNK]


def streamed(values: Sequence[T] | Stream[T]) -> Stream[T]:
    """A stream as it is, a list as a stream."""
    return Listed(values) if isinstance(values, Sequence) else values
