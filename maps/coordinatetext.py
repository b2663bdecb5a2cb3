"""Coordinate pairs as people type or paste them: `121.55, 29.87`, one pair a line.

Full-width digits, commas and spaces are read as what they stand for. The order of a pair is declared, never
guessed: a pair that can only be right the other way round is refused with that hint.
"""

import re
import unicodedata
from typing import Final

from maps.sentence import Sentence, gettext_noop

_NUMBER: Final = r"[-+]?(?:\d{1,4}(?:\.\d{0,20})?|\.\d{1,20})"
_PAIR: Final = re.compile(rf"({_NUMBER})\s*(?:[,、/]|\s)\s*({_NUMBER})")
_SHOWN: Final = 40


class CoordinateTextError(ValueError):
    """A text that is no list of pairs. `other_order`: it would be one with the order turned round."""

    def __init__(self, message: Sentence, *, other_order: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.other_order = other_order


def parse_pairs(text: str, *, lat_first: bool = False, limit: int = 5_000) -> list[tuple[float, float]]:
    """(x = longitude, y = latitude) pairs in degrees of whatever datum was declared, in line order.

    Raises CoordinateTextError naming the line: not two numbers, outside the world, more than `limit` pairs.
    """
    lines = [line.strip() for line in re.split(r"[\n;]", unicodedata.normalize("NFKC", text))]
    pairs: list[tuple[float, float]] = []
    for number, line in enumerate(lines, start=1):
        if not line:
            continue
        if len(pairs) >= limit:
            raise CoordinateTextError(gettext_noop("坐标超过 %(limit)d 对", limit=limit))
        match = _PAIR.fullmatch(line.strip("()[], \t").replace("°", ""))
        if match is None:
            raise CoordinateTextError(
                gettext_noop(
                    "第 %(number)d 行应是一对数,例如 121.55, 29.87;实际是 %(found)s",
                    number=number,
                    found=line if len(line) <= _SHOWN else line[:_SHOWN] + "…",
                )
            )
        first, second = float(match[1]), float(match[2])
        x, y = (second, first) if lat_first else (first, second)
        if not _in_world(x, y):
            turned = _in_world(y, x)
            template = (
                gettext_noop(
                    "第 %(number)d 行的经度 %(x)s、纬度 %(y)s 超出范围;请检查经纬度的先后顺序",
                    number=number,
                    x=x,
                    y=y,
                )
                if turned
                else gettext_noop(
                    "第 %(number)d 行的经度 %(x)s、纬度 %(y)s 不在地球上", number=number, x=x, y=y
                )
            )
            raise CoordinateTextError(template, other_order=turned)
        pairs.append((x, y))
    return pairs


def _in_world(x: float, y: float) -> bool:
    return abs(x) <= 180.0 and abs(y) <= 90.0
