"""The encoding of a shapefile's table, which its own files often leave out or state wrongly. No Django."""

import codecs
import struct
from pathlib import Path
from typing import Final

_LONGEST_LOOK: Final = 64 * 1024 * 1024
_KNOWN: Final = {
    "936": "gb18030",
    "cp936": "gb18030",
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "65001": "utf-8",
}


def encoding_of(table: Path, stated: Path) -> tuple[str, str]:
    """The encoding to read by, and what was found: `cpg` (stated and true), `cpg_wrong` (stated, but it is
    not), or `tried` (nothing usable stated: UTF-8 if it is that, else GB18030)."""
    texts = _texts(table)
    name = _stated(stated)
    best = min(("utf-8", "gb18030"), key=lambda encoding: _faults(texts, encoding))
    if not name:
        return best, "tried"
    if _faults(texts, name) > _faults(texts, best):
        return best, "cpg_wrong"
    return name, "cpg"


def _stated(path: Path) -> str:
    if not path.is_file():
        return ""
    text = path.read_bytes()[:100].decode("ascii", "ignore").strip().lower()
    text = text.removeprefix("ansi ").removeprefix("oem ").strip()
    try:
        return codecs.lookup(_KNOWN.get(text, text)).name
    except LookupError:
        return ""


def _texts(path: Path) -> list[bytes]:
    """Names of fields, and the contents of text fields, that hold anything but ASCII."""
    with path.open("rb") as file:
        head = file.read(32)
        if len(head) < 32:
            return []
        header_size, record_size = struct.unpack_from("<HH", head, 8)
        fields = file.read(max(0, min(header_size, 65_535) - 32))
        found: list[bytes] = []
        spans = []
        place = 1  # the first byte of a record says whether it was deleted
        for start in range(0, len(fields) - 31, 32):
            field = fields[start : start + 32]
            if field[0] == 0x0D:
                break
            found.append(field[:11].split(b"\0")[0])
            if field[11:12] in (b"C", b"M"):
                spans.append((place, place + field[16]))
            place += field[16]
        file.seek(header_size)
        data = file.read(_LONGEST_LOOK)
    if record_size:
        for start in range(0, len(data) - record_size + 1, record_size):
            found += [data[start + left : start + right] for left, right in spans]
    return list({text.rstrip(b" \0") for text in found if not text.isascii()})[:20_000]


def _faults(texts: list[bytes], encoding: str) -> int:
    """How many texts cannot be read so. A field cuts its text at a byte: the last character may be half."""
    count = 0
    decoder = codecs.getincrementaldecoder(encoding)
    for text in texts:
        try:
            decoder().decode(text, final=False)
        except UnicodeDecodeError:
            count += 1
    return count
