"""The kept plan as streams for the action that writes it: read in the order of the file, piece by piece."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from projects.actions.drafts import SiteDraft
from projects.actions.siteupdates import SiteUpdate
from projects.actions.streams import CHUNK
from projects.exchange.stagedvalues import drafts_of, updates_of
from projects.models import StagedRow
from projects.rules.vocabulary import RowAction

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Planned(Generic[T]):
    """Rows of one action; `count` is what the check counted, and the action refuses any other number."""

    staged_id: int
    action: RowAction
    count: int
    read: Callable[[Sequence[str]], list[T]]

    def __len__(self) -> int:
        return self.count

    def chunks(self) -> Iterator[Sequence[T]]:
        rows = StagedRow.objects.filter(staged_id=self.staged_id, action=self.action.value)
        after = -1
        while self.count:
            found = list(
                rows.filter(number__gt=after).order_by("number").values_list("number", "draft")[:CHUNK]
            )
            if not found:
                return
            after = found[-1][0]
            yield self.read([draft for _number, draft in found])


def planned_drafts(staged_id: int, count: int) -> _Planned[SiteDraft]:
    """The new sites of a plan."""
    return _Planned(staged_id, RowAction.CREATE, count, drafts_of)


def planned_updates(staged_id: int, count: int) -> _Planned[SiteUpdate]:
    """The changed sites of a plan."""
    return _Planned(staged_id, RowAction.UPDATE, count, updates_of)
