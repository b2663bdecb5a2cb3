"""Named queries over sites. `public()` and `visible_to()` are the only two doors to rows."""

import datetime as dt
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Q

from projects.permissions.access import Access, Permission, scopes_for
from projects.rules.vocabulary import Light, Publication

if TYPE_CHECKING:
    from projects.models.divisions import Division
    from projects.models.sites import Site  # noqa: F401  named in the base class


def row_by_row(condition: models.Exists) -> models.Case:
    """The condition, asked of the rows that are looked at and of no others.

    PostgreSQL turns a bare EXISTS into a join with the whole table, which takes a second for one page; inside
    CASE it does not.
    """
    return models.Case(
        models.When(condition, then=models.Value(True)),
        default=models.Value(False),
        output_field=models.BooleanField(),
    )


class SiteQuerySet(models.QuerySet["Site"]):
    """Verbs over sites. A removed site keeps its row and is in none of these but `all()`."""

    def live(self) -> Self:
        return self.filter(deleted_seq__isnull=True)

    def public(self) -> Self:
        """What anybody may see: published, not removed."""
        return self.live().filter(publication=Publication.PUBLISHED.value)

    def visible_to(self, access: Access, permission: Permission = Permission.SITE_VIEW_INTERNAL) -> Self:
        """What a member of staff may see, or (with another permission) do; nothing for a stranger."""
        reach = Q(pk__in=[])
        for scope in scopes_for(access, permission):
            if scope.divisions is None and scope.departments is None:
                return self.live()
            part = Q()
            if scope.divisions is not None:
                part &= Q(managed_by_id__in=scope.divisions)
            if scope.departments is not None:
                part &= Q(self._of_departments(scope.departments))
            reach |= part
        return self.live().filter(reach)

    def _of_departments(self, departments: frozenset[int]) -> models.Case:
        """Sites that count for an indicator which one of the departments leads or supports."""
        # Asked of each row: a list of all such ids would be made for the look-up of a single site, too, and
        # with a join a site with two such indicators would appear twice.
        contributions = self.model._meta.get_field("contributions").related_model._default_manager
        indicators: Any = self.model._meta.get_field("indicators").related_model._default_manager
        own = contributions.filter(
            site=models.OuterRef("pk"), indicator__in=indicators.of_departments(departments).values("pk")
        )
        return row_by_row(models.Exists(own))

    def in_division(self, division: "Division") -> Self:
        """Sites that lie in an area: what citizens and maps ask."""
        return self.filter(
            located_in__tree_left__gte=division.tree_left, located_in__tree_left__lte=division.tree_right
        )

    def managed_in(self, division: "Division") -> Self:
        """Sites that count towards an area's targets: what the grading asks."""
        return self.filter(
            managed_by__tree_left__gte=division.tree_left, managed_by__tree_left__lte=division.tree_right
        )

    def late(self) -> Self:
        """Yellow or red on the cut-off of the programme that governs each."""
        return self.live().filter(light__in=[Light.YELLOW.value, Light.RED.value])

    def lagging(self, as_of: dt.date) -> Self:
        """Yellow or red on any day, by the current spans."""
        spans = self.model._meta.get_field("lightspans").related_model
        late = spans._default_manager.filter(
            site_id=models.OuterRef("pk"),
            superseded_at__isnull=True,
            valid_from__lte=as_of,
            valid_to__gt=as_of,
            light__in=[Light.YELLOW.value, Light.RED.value],
        )
        return self.live().filter(models.Exists(late))
