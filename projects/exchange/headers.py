"""Names of columns: cleaned, none twice, none empty."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from django.utils.translation import gettext as _

from projects.exchange.problems import UnreadableFile, shortened

_UNIT: Final = re.compile(r"\([^()]*\)$")


def clean_header(text: str) -> str:
    """A header without the spaces, line breaks and invisible marks around it."""
    visible = "".join(" " if c.isspace() else c for c in text if unicodedata.category(c) != "Cf")
    return " ".join(visible.split())


def bare_header(header: str) -> str:
    """A header as it would be without what layout adds: 名 称, 经度(°), full-width letters."""
    plain = unicodedata.normalize("NFKC", header)
    if any("\u4e00" <= character <= "\u9fff" for character in plain):
        plain = "".join(plain.split())
    return _UNIT.sub("", plain)


def refuse_duplicates(headers: Sequence[str]) -> None:
    """Raises UnreadableFile naming the first header that occurs twice."""
    seen: dict[str, int] = {}
    for number, header in enumerate(headers, start=1):
        if header and header in seen:
            raise UnreadableFile(
                _("表头“%(header)s”出现了两次(第 %(first)d 列和第 %(second)d 列);请改名后再导入。")
                % {"header": shortened(header), "first": seen[header], "second": number}
            )
        seen[header] = number


def named(headers: Sequence[str], width: int = 0) -> tuple[str, ...]:
    """Headers without the empty ones at the end, at least `width` of them. A column without a name cannot be
    mapped; it keeps its place under a number. Raises UnreadableFile for a name that occurs twice."""
    kept = list(headers)
    while kept and not kept[-1]:
        kept.pop()
    kept += [""] * (width - len(kept))
    refuse_duplicates(kept)
    return tuple(header or _("(第 %(number)d 列)") % {"number": n} for n, header in enumerate(kept, start=1))
