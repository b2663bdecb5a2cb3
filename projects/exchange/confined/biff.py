"""Cells with an error in an .xls, which calamine reads as empty ones. Runs in the child; no Django.

An .xls is a compound file ([MS-CFB]: sectors chained by a table) whose stream `Workbook` holds records
([MS-XLS]: type and length, two bytes each). Two kinds of record can hold an error.
"""

import re
import struct
from pathlib import Path
from typing import Final

from projects.exchange.confined.refusals import Refused

_END: Final = 0xFFFFFFFA  # from here on sector numbers are marks
_BOUNDSHEET, _BOF, _EOF, _FORMULA, _BOOLERR = 0x85, 0x809, 0x0A, 0x06, 0x205
#: A result that is no number ends in two bytes of ones; it begins with 2 when it is an error.
_RESULT_IS_ERROR: Final = re.compile(rb"\x02.{5}\xff\xff", re.DOTALL).match
_ERRORS: Final = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
}


def errors_of(path: Path, sheet: int) -> dict[tuple[int, int], str]:
    """The errors of one sheet by (row, column), from 0. Raises Refused for a file that cannot be followed."""
    try:
        stream = _workbook(path.read_bytes())
        return _errors(stream, _offsets(stream)[sheet])
    except (struct.error, IndexError, ValueError) as problem:
        raise Refused("workbook_broken") from problem


def _workbook(data: bytes) -> bytes:
    """The stream that is called Workbook (or Book, before 1997)."""
    size = 1 << struct.unpack_from("<H", data, 30)[0]
    if size not in (512, 4096):
        raise ValueError("sector size")

    def sector(number: int) -> bytes:
        start = (number + 1) * size
        if start >= len(data):
            raise ValueError("sector outside the file")
        return data[start : start + size]

    fat_sectors = list(struct.unpack_from("<109I", data, 76))
    more, count = struct.unpack_from("<II", data, 68)
    while count and more < _END:
        *numbers, more = struct.unpack(f"<{size // 4}I", sector(more))
        fat_sectors += numbers
        count -= 1
    fat: list[int] = []
    for number in fat_sectors:
        if number < _END:
            fat += struct.unpack(f"<{size // 4}I", sector(number))

    def chain(number: int) -> bytes:
        parts: list[bytes] = []
        while number < _END:
            if len(parts) > len(fat):
                raise ValueError("a chain without an end")
            parts.append(sector(number))
            number = fat[number]
        return b"".join(parts)

    directory = chain(struct.unpack_from("<I", data, 48)[0])
    smallest = struct.unpack_from("<I", data, 56)[0]
    for start in range(0, len(directory) - 127, 128):
        entry = directory[start : start + 128]
        name = entry[: max(0, struct.unpack_from("<H", entry, 64)[0] - 2)].decode("utf-16-le", "ignore")
        if name.lower() in ("workbook", "book"):
            first, length = struct.unpack_from("<II", entry, 116)
            if length >= smallest:
                return chain(first)[:length]
            return _small(directory, data, chain, first, length)
    raise ValueError("no workbook")


def _small(directory: bytes, data: bytes, chain: object, first: int, length: int) -> bytes:
    """A stream below 4,096 bytes: it lies in pieces of 64 bytes within the root's stream."""
    assert callable(chain)
    pool = chain(struct.unpack_from("<I", directory, 116)[0])
    table = chain(struct.unpack_from("<I", data, 60)[0])
    parts: list[bytes] = []
    number = first
    while number < _END and len(parts) * 64 < length:
        parts.append(pool[number * 64 : number * 64 + 64])
        (number,) = struct.unpack_from("<I", table, number * 4)
    return b"".join(parts)[:length]


def _offsets(stream: bytes) -> list[int]:
    """Where each sheet begins, in the order of the workbook."""
    found: list[int] = []
    place = 0
    while place + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, place)
        if kind == _BOUNDSHEET:
            found.append(struct.unpack_from("<I", stream, place + 4)[0])
        if kind == _EOF:
            break
        place += 4 + length
    return found


def _errors(stream: bytes, place: int) -> dict[tuple[int, int], str]:
    found: dict[tuple[int, int], str] = {}
    depth = 0
    unpack = struct.Struct("<HH").unpack_from
    while place + 4 <= len(stream):
        kind, length = unpack(stream, place)
        body = place + 4
        if kind == _BOF:
            depth += 1  # a chart inside the sheet has records of its own
        elif kind == _EOF:
            depth -= 1
            if depth <= 0:
                break
        elif depth == 1 and kind == _BOOLERR and stream[body + 7] == 1:
            found[unpack(stream, body)] = _ERRORS.get(stream[body + 6], "#ERROR!")
        elif depth == 1 and kind == _FORMULA and _RESULT_IS_ERROR(stream, body + 6):
            found[unpack(stream, body)] = _ERRORS.get(stream[body + 8], "#ERROR!")
        place = body + length
    return found
