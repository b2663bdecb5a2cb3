"""One line of the start page: what is due, how much of it, and where it is done."""

from dataclasses import dataclass

from django.utils.functional import Promise


@dataclass(frozen=True, slots=True)
class Task:
    """`count` of what is the reader's own to do; with `at_least` there is more. `tone`: calm, work or bad."""

    label: str | Promise
    hint: str | Promise
    tone: str
    count: int
    at_least: bool
    url: str
