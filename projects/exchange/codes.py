"""Codes for files that have none: the hash of source, kind, name and the pair as it came in."""

import hashlib
from base64 import b32encode
from collections import Counter
from collections.abc import Mapping
from typing import Final

import shapely
from django.utils.translation import gettext as _

from projects.exchange.placing import Place
from projects.exchange.problems import Problem, Severity
from projects.exchange.rows import RowValues

_PERSON: Final = b"site-import"


def source_prefix(source: str) -> str:
    """How all generated codes of a source begin."""
    return f"g{_hash(source, 5)}-"


def generated_codes(
    rows: Mapping[int, RowValues], places: Mapping[int, Place], source: str
) -> tuple[dict[int, str], list[Problem]]:
    """A code for each row. One equal to an earlier row in kind, name and place is numbered on and said.

    The same file gives the same codes for ever; a row that moved or was renamed gets a new one.
    """
    prefix = source_prefix(source)
    times: Counter[str] = Counter()
    first: dict[str, int] = {}
    codes: dict[int, str] = {}
    problems: list[Problem] = []
    for number, values in rows.items():
        raw = places[number].raw
        where = f"{raw.x!r} {raw.y!r}" if raw.shape is None else shapely.to_wkb(raw.shape, hex=True)
        if raw.is_fallback:
            where = f"fallback {where}"
        identity = "\n".join((source, values.kind.slug, values.name, where))
        times[identity] += 1
        if times[identity] > 1:
            problems.append(
                Problem(
                    _("“%(name)s”与第 %(row)d 行的种类、名称和坐标完全相同(照样导入,请核对是否重复)。")
                    % {"name": values.name, "row": first[identity]},
                    number,
                    values.label,
                    severity=Severity.WARNING,
                )
            )
        first.setdefault(identity, number)
        codes[number] = prefix + _hash(f"{identity}\n{times[identity]}", 10)
    return codes, problems


def _hash(text: str, size: int) -> str:
    digest = hashlib.blake2b(text.encode(), digest_size=size, person=_PERSON).digest()
    return b32encode(digest).decode().lower()
