"""One line of the start page: what is due, how much of it, until when, and where it is done."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise

#: What is wrong before what has to be done before what may be done.
TONES: Final = ("bad", "work", "calm")


@dataclass(frozen=True, slots=True)
class Example:
    """One of the most urgent rows: its name, why it is there, and the page where it is done."""

    name: str
    reason: str
    url: str


@dataclass(frozen=True, slots=True)
class Task:
    """`count` of what is the reader's own to do; with `at_least` there is more. `tone`: calm, work or bad.

    `deadline`: the day by which it should be done, where there is one. `examples`: the three most urgent.
    """

    label: str | Promise
    hint: str | Promise
    tone: str
    count: int
    at_least: bool
    url: str
    deadline: dt.date | None = None
    examples: tuple[Example, ...] = ()


def by_urgency(tasks: Iterable[Task]) -> tuple[Task, ...]:
    """What there is to do, the most urgent first: by tone, then by deadline; what is done last."""
    return tuple(
        sorted(
            tasks,
            key=lambda task: (not task.count, TONES.index(task.tone), task.deadline or dt.date.max),
        )
    )
