"""What calamine does not tell of a sheet: cells with an error, formulas without a kept value, hidden rows.

The sheet's XML is searched as bytes, piece by piece, without parsing it a second time. Runs in the child; no
Django.
"""

import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final
from xml.etree import ElementTree

from projects.exchange.confined.limits import UNCALCULATED
from projects.exchange.confined.refusals import Refused
from projects.exchange.confined.ziplook import contents

_RELATION: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_STRICT_RELATION: Final = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"
_LONGEST_PART: Final = 32 * 1024 * 1024
_REFERENCE: Final = re.compile(rb"""\br=["']([A-Z]{1,3})([0-9]{1,7})["']""")
_TYPE: Final = re.compile(rb"""\bt=["'](\w+)["']""")
_ROOT: Final = re.compile(rb"<(?:([\w.-]+):)?worksheet\b")
_ENTITIES: Final = (b"<!DOCTYPE", b"<!ENTITY")
_PIECE: Final = 4 * 1024 * 1024


@dataclass(slots=True)
class SheetNews:
    """`broken`: text of a cell by (row, column), both from 0. `hidden_rows`: how many are hidden or filtered
    away. `uncalculated`: how many formulas have no kept value."""

    broken: dict[tuple[int, int], str] = field(default_factory=dict)
    hidden_rows: int = 0
    uncalculated: int = 0


def sheet_parts(archive: zipfile.ZipFile) -> list[str]:
    """The entry of each sheet, in the order of the workbook; empty where it has none."""
    book = _small(archive, "xl/workbook.xml")
    relations = {
        item.get("Id"): item.get("Target", "") for item in _small(archive, "xl/_rels/workbook.xml.rels")
    }
    names = []
    for element in book.iter():
        if element.tag.rpartition("}")[2] != "sheet":
            continue
        target = relations.get(element.get(_RELATION) or element.get(_STRICT_RELATION), "")
        names.append(target.lstrip("/") if target.startswith("/") else f"xl/{target}" if target else "")
    return names


def _small(archive: zipfile.ZipFile, name: str) -> ElementTree.Element:
    pieces: list[bytes] = []
    if name not in archive.namelist() or archive.getinfo(name).file_size > _LONGEST_PART:
        raise Refused("workbook_broken")
    contents(archive, name, pieces.append)
    text = b"".join(pieces)
    if any(mark in text for mark in _ENTITIES):
        raise Refused("entities")
    try:
        return ElementTree.fromstring(text)
    except ElementTree.ParseError as problem:
        raise Refused("workbook_broken") from problem


def look_through(archive: zipfile.ZipFile, name: str) -> SheetNews:
    """Read one sheet's XML through. Raises Refused for entities and for a damaged entry."""
    search = _Search()
    contents(archive, name, search.take)
    search.finish()
    return search.news


def refuse_entities(archive: zipfile.ZipFile, name: str) -> None:
    """The shared texts declare no entity of their own."""
    if name not in archive.namelist():
        return
    tail = b""

    def look(piece: bytes) -> None:
        nonlocal tail
        if any(mark in tail + piece for mark in _ENTITIES):
            raise Refused("entities")
        tail = piece[-16:]

    contents(archive, name, look)


class _Search:
    def __init__(self) -> None:
        self.news = SheetNews()
        self._waiting: list[bytes] = []
        self._size = 0
        self._prefix: bytes | None = None
        self._find: Callable[[bytes], None] = lambda text: None

    def take(self, piece: bytes) -> None:
        self._waiting.append(piece)
        self._size += len(piece)
        if self._size >= _PIECE:
            self._look(is_last=False)

    def finish(self) -> None:
        self._look(is_last=True)

    def _look(self, *, is_last: bool) -> None:
        text = b"".join(self._waiting)
        if self._prefix is None:
            self._begin(text)
        assert self._prefix is not None
        # A cell that is cut in two waits for its other half.
        end = len(text) if is_last else max(text.rfind(b"<" + self._prefix + b"c "), 0)
        self._waiting, self._size = [text[end:]], len(text) - end
        self._search(text[:end])

    def _begin(self, text: bytes) -> None:
        root = _ROOT.search(text)
        self._prefix = root[1] + b":" if root and root[1] else b""
        p = re.escape(self._prefix)
        self._formula = re.compile(
            rb"<" + p + rb"c\b([^>/]*)>\s*<" + p + rb"f\b(?:[^>]*/>|[^>]*>[^<]*</" + p + rb"f>)"
            rb"\s*(?:<" + p + rb"v\b[^>]*/>|<" + p + rb"v>\s*</" + p + rb"v>)?\s*</" + p + rb"c>"
        )
        self._value = re.compile(rb"<" + p + rb"v>([^<]{1,40})</" + p + rb"v>")
        self._hidden = re.compile(rb"<" + p + rb"""row\b[^>]*\bhidden=["'](?:1|true)["']""")

    def _search(self, text: bytes) -> None:
        assert self._prefix is not None
        if any(mark in text for mark in _ENTITIES):
            raise Refused("entities")
        if b' hidden="' in text or b" hidden='" in text:
            self.news.hidden_rows += len(self._hidden.findall(text))
        if b"<" + self._prefix + b"f" in text:
            for found in self._formula.finditer(text):
                kind = _TYPE.search(found[1])
                # A formula whose result is an empty text keeps exactly that.
                if kind is None or kind[1] not in (b"str", b"e"):
                    self._mark(found[1], UNCALCULATED)
                    self.news.uncalculated += 1
        for mark in (b't="e"', b"t='e'"):
            self._errors(text, mark)

    def _errors(self, text: bytes, mark: bytes) -> None:
        place = text.find(mark)
        while place >= 0:
            start, end = text.rfind(b"<", 0, place), text.find(b">", place)
            if end < 0:
                return
            value = self._value.search(text, end, end + 20_000)
            close = text.find(b"</" + (self._prefix or b"") + b"c>", end)
            if value and (close < 0 or value.start() < close):
                self._mark(text[start:end], value[1].decode("utf-8", "replace"))
            else:
                self._mark(text[start:end], "#ERROR!")
            place = text.find(mark, end)

    def _mark(self, attributes: bytes, text: str) -> None:
        reference = _REFERENCE.search(attributes)
        if reference is None:
            raise Refused("broken_cells")  # a cell without its name: where it is cannot be said
        column = 0
        for letter in reference[1]:
            column = column * 26 + letter - 64
        self.news.broken[int(reference[2]) - 1, column - 1] = text
