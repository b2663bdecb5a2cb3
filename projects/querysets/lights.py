"""Named queries over lights and month results, by both clocks."""

import datetime as dt
from typing import Any, Self, TypeVar

from django.db import models
from django.db.models import Q

from projects.permissions.access import Access, Permission, scopes_for

Row = TypeVar("Row", bound=models.Model, covariant=True)


class SubjectQuerySet(models.QuerySet[Row]):
    """Of a site its light is asked through the site; these verbs are about everything else."""

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

    def visible_to(self, access: Access, permission: Permission = Permission.SITE_VIEW_INTERNAL) -> Self:
        """What a member of staff may see of a programme's subjects; nothing for a stranger.

        The city's own indicators, projects and money without a division are for those who see the whole city;
        a department sees what it leads or supports.
        """
        rows = self.filter(programme__isnull=False)
        reach = Q(pk__in=[])
        for scope in scopes_for(access, permission):
            if scope.divisions is None and scope.departments is None:
                return rows
            part = Q()
            if scope.divisions is not None:
                part &= Q(division_id__in=scope.divisions)
            if scope.departments is not None:
                part &= self._of_departments(scope.departments)
            reach |= part
        return rows.filter(reach)

    def _of_departments(self, departments: frozenset[int]) -> Q:
        indicators, projects = self._related("indicator"), self._related("project")
        own = indicators.of_departments(departments).values("pk")
        led = projects.filter(
            Q(lead_department__in=departments) | Q(co_departments__in=departments)
        ).order_by()
        return Q(indicator__in=own) | Q(project__in=led.values("pk")) | Q(funding_line__indicator__in=own)

    def _related(self, name: str) -> Any:
        related: Any = self.model._meta.get_field(name).related_model
        return related._default_manager
