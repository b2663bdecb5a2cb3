"""Named queries over phases, by what had been recorded by a change number."""

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from projects.models.phases import Phase  # noqa: F401  named in the base class


class PhaseQuerySet(models.QuerySet["Phase"]):
    def live(self) -> Self:
        return self.filter(deleted_seq__isnull=True)

    def known(self, known_seq: int | None = None) -> Self:
        """Phases that were there when change `known_seq` was the newest (None: now)."""
        if known_seq is None:
            return self.live()
        return self.filter(created_seq__lte=known_seq).filter(
            Q(deleted_seq__isnull=True) | Q(deleted_seq__gt=known_seq)
        )
