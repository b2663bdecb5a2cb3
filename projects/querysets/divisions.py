"""Named queries over divisions and borders."""

import datetime as dt
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q

from projects.permissions.access import Access, Permission, divisions_for

if TYPE_CHECKING:
    from projects.models.divisions import Boundary, Division  # noqa: F401  named in the base classes


class DivisionQuerySet(models.QuerySet["Division"]):
    """Verbs over areas. Containment is the tree's pre-order interval, never code text."""

    def live(self) -> Self:
        return self.filter(deleted_seq__isnull=True)

    def within(self, division: "Division") -> Self:
        """The division itself and every area below it today."""
        return self.filter(tree_left__gte=division.tree_left, tree_left__lte=division.tree_right)

    def children_of(self, division: "Division", on: dt.date) -> Self:
        """Direct children on a day."""
        return self.filter(
            Q(parent_rows__valid_to__isnull=True) | Q(parent_rows__valid_to__gt=on),
            parent_rows__parent=division,
            parent_rows__valid_from__lte=on,
        )

    def above(self, division: "Division") -> Self:
        """Every area that contains the division today, the largest first."""
        return self.filter(tree_left__lt=division.tree_left, tree_right__gte=division.tree_right).order_by(
            "tree_left"
        )

    def visible_to(self, access: Access, permission: Permission = Permission.SITE_VIEW_INTERNAL) -> Self:
        """The areas within which somebody may do a thing; none for a stranger."""
        allowed = divisions_for(access, permission)
        return self.live() if allowed is None else self.live().filter(pk__in=allowed)


class BoundaryQuerySet(models.QuerySet["Boundary"]):
    """Verbs over borders."""

    def current(self, on: dt.date) -> Self:
        """The border of each division on a day."""
        return self.filter(
            Q(valid_to__isnull=True) | Q(valid_to__gt=on), valid_from__lte=on, deleted_seq__isnull=True
        )

    def newest(self) -> Self:
        """The border now in force of each division, however it is dated."""
        return self.filter(valid_to__isnull=True, deleted_seq__isnull=True)

    def showable(self, *, demo: bool) -> Self:
        """What a public map may draw: borders with a review number (审图号); in demo mode the others too."""
        return self if demo else self.exclude(review_number="")
