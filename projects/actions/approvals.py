"""Under whose approval a write to a closed period runs: set by `corrections`, read by guard and ledger."""

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ClosedFact:
    """A fact that lies in a closed period: of which programme, from which day, and closed through when."""

    programme_id: int
    effective_on: dt.date
    through: dt.date


@dataclass(slots=True)
class Approval:
    """One approved correction. With `request_id` None nothing is approved: the write is tried and taken back.

    `met` collects the closed facts that the write would have been refused for.
    """

    request_id: int | None = None
    requested_by: int | None = None
    approved_by: int | None = None
    met: list[ClosedFact] = field(default_factory=list)

    def names(self) -> Mapping[str, int | None]:
        """What every audit entry of the write says besides."""
        return {
            "correction_request": self.request_id,
            "requested_by": self.requested_by,
            "approved_by": self.approved_by,
        }


_CURRENT: ContextVar[Approval | None] = ContextVar("approval", default=None)


def current() -> Approval | None:
    """The approval under which this write runs; None for an ordinary one."""
    return _CURRENT.get()


@contextmanager
def under(approval: Approval) -> Iterator[Approval]:
    """Run the block under an approval."""
    token = _CURRENT.set(approval)
    try:
        yield approval
    finally:
        _CURRENT.reset(token)
