"""What the numbers in the point index's columns stand for. Pure numpy: no database is asked here.

A site is 24.5 bytes of position, keys and columns, and 8 of public id:

* ``kind``: the facility kind's own number.
* ``state``: publication, service and stage in one byte, so that any filter over the three is one look-up.
* ``division``, ``manager``: numbers of areas, in the order of the tree when the base was built: "an area and
  all within" is then one interval.
* ``standing``: the set of indicators that the site counts for, and its light.
* ``id_high``, ``id_low``: the public id's 56 bits.
"""

from collections.abc import Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from projects.rules.vocabulary import STAGE_ORDER, Light, Publication, Service, Stage

STAGES: Final = tuple(STAGE_ORDER)
SERVICES: Final = tuple(Service)
PUBLICATIONS: Final = tuple(Publication)
LIGHTS: Final = tuple(Light)
STAGE_NUMBERS: Final = {word.value: number for number, word in enumerate(STAGES)}
SERVICE_NUMBERS: Final = {word.value: number for number, word in enumerate(SERVICES)}
PUBLICATION_NUMBERS: Final = {word.value: number for number, word in enumerate(PUBLICATIONS)}
LIGHT_NUMBERS: Final = {word.value: number for number, word in enumerate(LIGHTS)}

#: Publication first: what is public is one run of values.
STATE_SHAPE: Final = (len(PUBLICATIONS), len(SERVICES), len(STAGES))
COLUMNS: Final = ("kind", "state", "division", "manager", "standing", "id_high", "id_low")

Key = TypeVar("Key", bound=Hashable)
Numbers = NDArray[np.unsignedinteger[Any]]

_ALPHABET: Final = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz234567", dtype=np.uint8)
_DIGITS: Final = np.full(256, 255, dtype=np.uint8)
_DIGITS[_ALPHABET] = np.arange(32, dtype=np.uint8)
#: Twelve digits of five bits; the last four bits are padding.
_ID_LENGTH: Final = 12
_SHIFTS: Final = np.arange(55, -1, -5, dtype=np.uint64)
_LOW_BITS: Final = np.uint64(24)
_PADDING: Final = np.uint64(4)


class Numbering(Generic[Key]):
    """Small numbers for keys, in the order in which they come; numbers never change, new keys get the next.

    Not safe to share between threads while it grows: copy it first.
    """

    def __init__(self, keys: Iterable[Key] = ()) -> None:
        self.keys: list[Key] = []
        self._numbers: dict[Key, int] = {}
        for key in keys:
            self.number(key)

    def number(self, key: Key) -> int:
        """The number of a key; it gets one if it has none."""
        found = self._numbers.get(key)
        if found is None:
            found = self._numbers[key] = len(self.keys)
            self.keys.append(key)
        return found

    def known(self, keys: Collection[Key]) -> set[int]:
        """The numbers of those of the keys that have one."""
        return {self._numbers[key] for key in keys if key in self._numbers}

    def copy(self) -> "Numbering[Key]":
        return Numbering(self.keys)

    def __len__(self) -> int:
        return len(self.keys)


@dataclass(frozen=True, slots=True)
class Codes:
    """How one base numbers sets of indicators (sorted tuples of ids; 0 is the empty set, 存量) and areas.

    A site may count for several indicators; one number stands for all of them, and a filter by category,
    project or department becomes a table of which numbers pass.
    """

    combos: Numbering[tuple[int, ...]]
    areas: Numbering[int]

    @classmethod
    def start(cls, areas: Iterable[int] = ()) -> "Codes":
        """No set but the empty one; these areas first, in this order."""
        return cls(Numbering([()]), Numbering(areas))

    @classmethod
    def from_json(cls, told: Any) -> "Codes":
        """Raises KeyError or TypeError for anything but what ``as_json`` gave."""
        return cls(
            Numbering([(), *(tuple(map(int, members)) for members in told["combos"])]),
            Numbering(map(int, told["areas"])),
        )

    def as_json(self) -> dict[str, Any]:
        return {"combos": self.combos.keys[1:], "areas": self.areas.keys}

    def copy(self) -> "Codes":
        return Codes(self.combos.copy(), self.areas.copy())

    @property
    def size(self) -> tuple[int, int]:
        """Changes when a number is given out."""
        return len(self.combos), len(self.areas)

    def schema(self) -> dict[str, Any]:
        """The index's columns, narrow where the numbers have room to double."""
        area = np.uint16 if len(self.areas) < 1 << 15 else np.uint32
        standing = np.uint16 if len(self.combos) * len(LIGHTS) < 1 << 15 else np.uint32
        types = (np.uint8, np.uint8, area, area, standing, np.uint32, np.uint32)
        return dict(zip(COLUMNS, types, strict=True))

    def fits(self, schema: dict[str, Any]) -> bool:
        """Can columns of these types hold every number given out by now?"""
        return (
            len(self.areas) - 1 <= np.iinfo(schema["division"]).max
            and len(self.combos) * len(LIGHTS) - 1 <= np.iinfo(schema["standing"]).max
        )


def state_number(publication: int, service: int, stage: int) -> int:
    """The state of one site, from positions in PUBLICATIONS, SERVICES and STAGES."""
    return (publication * len(SERVICES) + service) * len(STAGES) + stage


def state_table(
    publications: Collection[Publication], services: Collection[Service], stages: Collection[Stage]
) -> NDArray[np.bool_]:
    """Which states pass, indexed by state; an empty collection does not restrict."""
    table = np.ones(STATE_SHAPE, dtype=np.bool_)
    for axis, (words, wanted) in enumerate(
        ((PUBLICATIONS, publications), (SERVICES, services), (STAGES, stages))
    ):
        if wanted:
            passing = np.array([word in wanted for word in words])
            table &= passing.reshape([-1 if other == axis else 1 for other in range(3)])
    return table.ravel()


def state_counts(counts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """From counts by state to counts by service and by stage."""
    full = np.zeros(int(np.prod(STATE_SHAPE)), dtype=np.int64)
    full[: len(counts)] = counts
    cube = full.reshape(STATE_SHAPE)
    return cube.sum(axis=(0, 2)), cube.sum(axis=(0, 1))


def standing_counts(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """From counts by standing to a table (set of indicators, light)."""
    full = np.zeros(-(-len(counts) // len(LIGHTS)) * len(LIGHTS), dtype=np.int64)
    full[: len(counts)] = counts
    return full.reshape(-1, len(LIGHTS))


def services_of(states: Numbers) -> list[str]:
    """The service word of each state."""
    return [_SERVICE_OF_STATE[number] for number in states.tolist()]


def stages_of(states: Numbers) -> list[str]:
    """The stage word of each state."""
    return [_STAGE_OF_STATE[number] for number in states.tolist()]


_SERVICE_OF_STATE: Final = tuple(
    service.value for _publication in PUBLICATIONS for service in SERVICES for _stage in STAGES
)
_STAGE_OF_STATE: Final = tuple(
    stage.value for _publication in PUBLICATIONS for _service in SERVICES for stage in STAGES
)


def pack_public_ids(texts: Sequence[str]) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Public ids (twelve base32 digits) to their upper 32 and lower 24 bits.

    Raises ValueError for a text that is no public id.
    """
    if not len(texts):
        return np.zeros(0, np.uint32), np.zeros(0, np.uint32)
    # One byte more than an id has: a longer text is not cut to one.
    letters = np.array(texts, dtype=f"S{_ID_LENGTH + 1}").view(np.uint8).reshape(-1, _ID_LENGTH + 1)
    digits = _DIGITS[letters[:, :_ID_LENGTH]]
    bits = (digits.astype(np.uint64) << _SHIFTS).sum(axis=1, dtype=np.uint64)
    wrong = (digits == 255).any(axis=1) | (letters[:, _ID_LENGTH] != 0) | (bits & np.uint64(15) != 0)
    if wrong.any():
        raise ValueError(f"{texts[int(np.argmax(wrong))]!r} is not a public id of twelve base32 digits.")
    bits >>= _PADDING
    return (bits >> _LOW_BITS).astype(np.uint32), (bits & np.uint64((1 << 24) - 1)).astype(np.uint32)


def unpack_public_ids(high: Numbers, low: Numbers) -> list[str]:
    """The texts of public ids."""
    bits = ((high.astype(np.uint64) << _LOW_BITS) | low.astype(np.uint64)) << _PADDING
    text = _ALPHABET[(bits[:, None] >> _SHIFTS) & np.uint64(31)].tobytes().decode("ascii")
    return [text[start : start + _ID_LENGTH] for start in range(0, len(text), _ID_LENGTH)]
