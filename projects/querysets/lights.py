"""Named queries over lights and month results, by both clocks."""

import datetime as dt
from typing import Self, TypeVar

from django.db import models
from django.db.models import Q

Row = TypeVar("Row", bound=models.Model, covariant=True)


class SubjectQuerySet(models.QuerySet[Row]):
    def known(self, known_seq: int | None = None) -> Self:
        """Rows that stood after the change `known_seq`; None: that stand now."""
        if known_seq is None:
            return self.filter(superseded_at__isnull=True)
        return self.filter(
            Q(superseded_seq__isnull=True) | Q(superseded_seq__gt=known_seq), changed_seq__lte=known_seq
        )

    def on(self, day: dt.date) -> Self:
        """Of spans at most one a subject: the light at the end of the day."""
        return self.filter(valid_from__lte=day, valid_to__gt=day)
