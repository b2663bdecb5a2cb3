"""How long a label will be, roughly: SVG does not break lines, and the server has no fonts."""

import unicodedata

#: Width of a character in em, a little generous: full-width ones, capitals and digits, the rest.
_FULL, _CAPITAL, _SMALL = 1.0, 0.68, 0.54


def width(text: str) -> float:
    """The width of a text in em, estimated."""
    return sum(map(_width, text))


def _width(character: str) -> float:
    if unicodedata.east_asian_width(character) in "WF":
        return _FULL
    return _CAPITAL if character.isupper() or character.isdigit() else _SMALL


def lines(text: str, room: float) -> tuple[str, ...]:
    """A text in lines of at most `room` em, broken at spaces, or within a word that is longer than a line."""
    found: list[str] = []
    line = ""
    for piece in _pieces(text):
        if line and width(line + piece.rstrip()) > room:
            found.append(line.rstrip())
            line = ""
        line += piece if line else piece.lstrip()
    return tuple([*found, line.rstrip()] if line.strip() or not found else found)


def _pieces(text: str) -> list[str]:
    """Where a line may end: after a space, and after any full-width character."""
    pieces = [""]
    for character in text:
        pieces[-1] += character
        if character == " " or _width(character) == _FULL:
            pieces.append("")
    return [piece for piece in pieces if piece]
