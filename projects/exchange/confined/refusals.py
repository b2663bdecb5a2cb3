"""What the child says when it will not read a file: a word and its particulars, never a sentence."""

from typing import Any


class Refused(Exception):
    """`code` is one of the words that projects.exchange.confinement has a sentence for."""

    def __init__(self, code: str, **particulars: str | int | list[str]) -> None:
        super().__init__(code)
        self.code = code
        self.particulars: dict[str, Any] = particulars
