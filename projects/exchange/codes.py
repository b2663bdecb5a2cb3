"""Codes of a file's rows; for files that have none, the hash of source, kind, name and the pair as it came
in.
"""

import hashlib
from base64 import b32encode
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import shapely
from django.utils.translation import gettext as _

from projects.exchange.placing import Place
from projects.exchange.problems import Problem, Severity
from projects.exchange.rows import RowValues
from projects.exchange.seen import SeenKeys

_PERSON: Final = b"site-import"


def source_prefix(source: str) -> str:
    """How all generated codes of a source begin."""
    return f"g{_hash(source, 5)}-"


class Coder:
    """Codes of a file's rows, piece by piece, in their order: its own, or generated ones.

    The same file gives the same generated codes for ever; a row that moved or was renamed gets a new one.
    """

    def __init__(self, source: str, *, is_generated: bool, column: str) -> None:
        self._source = source
        self._is_generated = is_generated
        self._column = column
        self._seen = SeenKeys()
        self._codes = SeenKeys()

    def codes(
        self,
        rows: Mapping[int, RowValues],
        places: Mapping[int, Place],
        unread: Mapping[int, tuple[str, str]] = MappingProxyType({}),
    ) -> tuple[dict[int, str], list[Problem]]:
        """A code for each row, and what is wrong or worth saying. `unread`: name and code of the rows that
        have mistakes elsewhere; the same code twice is said at once with those, not after they are mended."""
        if self._is_generated:
            return self._generated(rows, places) if rows else ({}, [])
        return self._own(rows, unread)

    def has(self, code: str) -> bool:
        """Whether a row got this code so far (generated ones only)."""
        return code in self._codes

    def _own(
        self, rows: Mapping[int, RowValues], unread: Mapping[int, tuple[str, str]]
    ) -> tuple[dict[int, str], list[Problem]]:
        codes = {number: values.code for number, values in rows.items()}
        labels = {number: values.label for number, values in rows.items()}
        labels |= {number: label for number, (label, _code) in unread.items()}
        met = sorted([*codes.items(), *((number, code) for number, (_label, code) in unread.items() if code)])
        problems = []
        for (number, code), (first, times) in zip(met, self._seen.meet(met), strict=True):
            if times:
                problems.append(
                    Problem(
                        _("编码 %(code)s 与第 %(row)d 行相同。") % {"code": code, "row": first},
                        number,
                        labels[number],
                        self._column,
                        code,
                        _("每行一个不同的编码"),
                    )
                )
        return codes, problems

    def _generated(
        self, rows: Mapping[int, RowValues], places: Mapping[int, Place]
    ) -> tuple[dict[int, str], list[Problem]]:
        """One equal to an earlier row in kind, name and place is numbered on and said."""
        prefix = source_prefix(self._source)
        identities = [
            (number, _identity(values, places[number], self._source)) for number, values in rows.items()
        ]
        codes: dict[int, str] = {}
        problems: list[Problem] = []
        for (number, identity), (first, times) in zip(identities, self._seen.meet(identities), strict=True):
            values = rows[number]
            if times:
                problems.append(
                    Problem(
                        _("“%(name)s”与第 %(row)d 行的种类、名称和坐标完全相同(照样导入,请核对是否重复)。")
                        % {"name": values.name, "row": first},
                        number,
                        values.label,
                        severity=Severity.WARNING,
                    )
                )
            codes[number] = prefix + _hash(f"{identity}\n{times + 1}", 10)
        self._codes.meet(list(codes.items()))
        return codes, problems


def _identity(values: RowValues, place: Place, source: str) -> str:
    raw = place.raw
    where = f"{raw.x!r} {raw.y!r}" if raw.shape is None else shapely.to_wkb(raw.shape, hex=True)
    if raw.is_fallback:
        where = f"fallback {where}"
    return "\n".join((source, values.kind.slug, values.name, where))


def _hash(text: str, size: int) -> str:
    digest = hashlib.blake2b(text.encode(), digest_size=size, person=_PERSON).digest()
    return b32encode(digest).decode().lower()
