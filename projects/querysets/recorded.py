"""Rows that say when they were recorded: what was known at a moment, and what still stands of it."""

from typing import Any, Generic, Self, TypeVar

from django.db import models

Row = TypeVar("Row", bound=models.Model, covariant=True)


class RecordedQuerySet(models.QuerySet[Row], Generic[Row]):
    """Verbs over append-only rows (projects.models.base.AppendOnly)."""

    def standing(self, known_seq: int | None = None) -> Self:
        """Rows recorded up to the change `known_seq` that no row recorded by then corrects.

        None: everything recorded so far. A number, not a moment: the order of numbers is the order of
        commits, whatever the clocks of the machines said.
        """
        corrections: models.QuerySet[Any] = self.model._base_manager.filter(corrects_id=models.OuterRef("pk"))
        if known_seq is None:
            return self.filter(~models.Exists(corrections))
        corrections = corrections.filter(changed_seq__lte=known_seq)
        return self.filter(~models.Exists(corrections), changed_seq__lte=known_seq)
