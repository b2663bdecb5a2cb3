"""Named queries over programmes and indicators."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q

from projects.rules.vocabulary import Publication

if TYPE_CHECKING:
    from projects.models.programmes import Indicator, Programme  # noqa: F401  named in the base classes


class ProgrammeQuerySet(models.QuerySet["Programme"]):
    def public(self) -> Self:
        """What a citizen may know of: published and not removed. Everything else stays unsaid."""
        return self.filter(publication=Publication.PUBLISHED.value, deleted_seq__isnull=True)

    def newest_public(self) -> "Programme | None":
        return self.public().select_related("division", "policy").order_by("-year", "key").first()


class IndicatorQuerySet(models.QuerySet["Indicator"]):
    def public(self) -> Self:
        """Indicators of published programmes."""
        return self.filter(
            category__programme__publication=Publication.PUBLISHED.value,
            category__programme__deleted_seq__isnull=True,
            deleted_seq__isnull=True,
        )

    def wholes(self) -> Self:
        """Without subsets, which are never added to their whole."""
        return self.filter(subset_of__isnull=True)

    def of_departments(self, departments: Collection[int]) -> Self:
        """Those that one of the departments leads or supports (as often as it does; for sub-queries)."""
        return self.filter(Q(lead_department__in=departments) | Q(co_departments__in=departments)).order_by()
