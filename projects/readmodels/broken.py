"""One thing that does not hold across rows."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Broken:
    """`template` is a zh-hans msgid filled by `params`."""

    invariant: str
    subject: str
    template: str
    params: dict[str, object]
