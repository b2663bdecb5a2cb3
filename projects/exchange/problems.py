"""What an import has to say about a file: one row's problem, and a file that cannot be read at all."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """An error stops the whole import; a warning is said and the row is taken."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. `row` is the row as a spreadsheet numbers it (the header is 1), or the
    feature's number in a GeoJSON file, from 1; None speaks of the file. `label` is the place's name or code.
    """

    sentence: str
    row: int | None = None
    label: str = ""
    column: str = ""
    found: str = ""
    allowed: str = ""
    severity: Severity = Severity.ERROR


class UnreadableFile(Exception):
    """The file as a whole cannot be read; `str()` says why and what to do. `problems` names rows if any."""

    def __init__(self, sentence: str, problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(sentence)
        self.problems = problems


class OptionError(Exception):
    """A command line that cannot be: an unknown field, a column that the file does not have."""


def shortened(value: object, limit: int = 60) -> str:
    """A found value as a message shows it: one line, not endless."""
    whole = str(value)
    text = " ".join(whole.split())
    if text == whole:
        text = whole  # the row's own text: of a million rows there is one copy
    return text if len(text) <= limit else text[: limit - 1] + "…"
