"""Degrees as people write them: 121.55, 121°33′05″E, 东经121度33分5秒, 121:33:05; one of them or a pair.

A letter or a word for the hemisphere is a statement: it decides which of a pair is the longitude, and a
latitude in the column of longitudes is an error, never a guess.
"""

import re
import unicodedata
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from projects.exchange import values
from projects.exchange.problems import shortened
from projects.exchange.values import CellError

_WORDS: Final = {"东经": "E", "西经": "W", "北纬": "N", "南纬": "S"}
#: Marks that look like the right ones; some would become other letters when full-width forms are undone.
_MARKS: Final = str.maketrans(
    {"º": "°", "˚": "°", "度": "°", "′": "'", "’": "'", "‘": "'", "`": "'", "´": "'", "分": "'"}
    | {"″": '"', "”": '"', "“": '"', "〃": '"', "秒": '"'}
)
_ANGLE: Final = re.compile(
    r"(?P<before>[NSEW])?\s*(?P<sign>[-+])?(?P<degrees>\d{1,3}(?:\.\d+)?)\s*"
    r"(?:(?P<mark>°)\s*(?:(?P<minutes>\d{1,2}(?:\.\d+)?)\s*'\s*(?:(?P<seconds>\d{1,2}(?:\.\d+)?)\s*(?:\"|'')?)?)?"
    r"|:(?P<minutes2>\d{1,2}):(?P<seconds2>\d{1,2}(?:\.\d+)?))?"
    r"\s*(?P<after>[NSEW])?(?![\d.])",
    re.ASCII,
)
_LABEL: Final = re.compile(r"(?P<lon>经度|longitude|lng|lon|x)|(?P<lat>纬度|latitude|lat|y)", re.IGNORECASE)
_BETWEEN: Final = re.compile(r"[\s,;、/|]*")
_WRAPPED: Final = re.compile(r"\s*(?:point)?\s*[(\[{【]*\s*(.*?)\s*[)\]}】]*\s*", re.IGNORECASE | re.DOTALL)
_LONGEST: Final = 200


def longitude(cell: str) -> float:
    """East is positive. Raises CellError. Metres of a projected system pass as plain numbers."""
    return _single(cell, "EW", gettext_noop("纬度"), gettext_noop("经度"))


def latitude(cell: str) -> float:
    """North is positive. Raises CellError. Metres of a projected system pass as plain numbers."""
    return _single(cell, "NS", gettext_noop("经度"), gettext_noop("纬度"))


def _single(cell: str, own: str, other_name: str, own_name: str) -> float:
    plain = _plain(cell)
    found = _ANGLE.fullmatch(plain) if len(plain) <= _LONGEST else None
    if found is None or not _is_angle(found):
        return values.number(cell)
    letter = _letter(found, cell)
    if letter and letter not in own:
        raise CellError(
            _("“%(found)s”写的是%(other)s,却在%(own)s的位置。")
            % {"found": shortened(cell), "other": _(other_name), "own": _(own_name)},
            _("经度与纬度各归各列"),
        )
    return _value(found, cell)


def pair(cell: str, *, latitude_first: bool) -> tuple[float, float]:
    """(longitude, latitude) of one cell with both. Letters and labels decide which is which; without them the
    order that was declared. Raises CellError."""
    plain = _plain(cell)
    if len(plain) > _LONGEST:
        raise _no_pair(cell)
    inner = _WRAPPED.fullmatch(plain)
    plain = inner[1] if inner else plain
    if labelled := _labelled(unicodedata.normalize("NFKC", cell), cell):
        return labelled
    angles = list(_ANGLE.finditer(plain))
    if len(angles) != 2 or not any(map(_is_angle, angles)) or _leftover(plain, angles):
        first, second = values.pair(cell if inner is None else plain)
        return (second, first) if latitude_first else (first, second)
    letters = [_letter(angle, cell) for angle in angles]
    first, second = (_value(angle, cell) for angle in angles)
    axes = ["lat" if letter in ("N", "S") else "lon" if letter else "" for letter in letters]
    if axes[0] and axes[0] == axes[1]:
        raise _no_pair(cell)
    if any(axes):
        latitude_first = axes[0] == "lat" or axes[1] == "lon"
    return (second, first) if latitude_first else (first, second)


def _labelled(plain: str, cell: str) -> tuple[float, float] | None:
    """经度:121.55 纬度:29.87, or {"lat": 29.87, "lng": 121.55}."""
    labels = list(_LABEL.finditer(plain))
    if len(labels) != 2 or (labels[0]["lon"] is None) is (labels[1]["lon"] is None):
        return None
    texts = [plain[labels[0].end() : labels[1].start()], plain[labels[1].end() :]]
    first, second = (text.strip(" \t\"':=,;、{}") for text in texts)
    numbers = dict(zip(("lat" if label["lat"] else "lon" for label in labels), (first, second), strict=True))
    try:
        return longitude(numbers["lon"]), latitude(numbers["lat"])
    except CellError as problem:
        raise _no_pair(cell) from problem


def _no_pair(cell: str) -> CellError:
    return CellError(
        _("“%(found)s”不是一对坐标。") % {"found": shortened(cell)},
        _("两个数,用逗号分开,例如 121.55,29.87"),
    )


def _plain(cell: str) -> str:
    text = unicodedata.normalize("NFKC", cell.translate(_MARKS)).translate(_MARKS).replace("−", "-")
    for word, letter in _WORDS.items():
        text = text.replace(word, letter)
    return text.strip().rstrip("。")


def _is_angle(found: re.Match[str]) -> bool:
    """Whether there is more to it than a number."""
    return any(found[name] for name in ("before", "mark", "minutes2", "after"))


def _leftover(plain: str, angles: list[re.Match[str]]) -> bool:
    first, second = angles
    rest = (plain[: first.start()], plain[first.end() : second.start()], plain[second.end() :])
    return not all(_BETWEEN.fullmatch(text) for text in rest)


def _letter(found: re.Match[str], cell: str) -> str:
    if found["before"] and found["after"]:
        raise _no_angle(cell)
    return found["before"] or found["after"] or ""


def _value(found: re.Match[str], cell: str) -> float:
    minutes = float(found["minutes"] or found["minutes2"] or 0)
    seconds = float(found["seconds"] or found["seconds2"] or 0)
    is_split = minutes or seconds
    if minutes >= 60 or seconds >= 60 or (is_split and "." in found["degrees"]):
        raise _no_angle(cell)
    if seconds and "." in (found["minutes"] or ""):
        raise _no_angle(cell)
    value = float(found["degrees"]) + minutes / 60 + seconds / 3600
    if found["sign"] == "-":
        value = -value
    return -value if _letter(found, cell) in ("S", "W") and found["sign"] != "-" else value


def _no_angle(cell: str) -> CellError:
    return CellError(
        _("“%(found)s”不是角度。") % {"found": shortened(cell)}, _("例如 121.551389 或 121°33′05″")
    )
