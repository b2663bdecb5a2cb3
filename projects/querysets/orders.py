"""Named queries over supervision orders. `visible_to` and `given_to` are the only two doors."""

import datetime as dt
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Q

from projects.permissions.access import Access, Permission, scopes_for
from projects.rules.orders import OPEN, TO_ANSWER
from projects.rules.vocabulary import OrderState

if TYPE_CHECKING:
    from projects.models.orders import SupervisionOrder  # noqa: F401  named in the base class


class OrderQuerySet(models.QuerySet["SupervisionOrder"]):
    """Verbs over orders."""

    def open(self) -> Self:
        """Neither closed nor withdrawn."""
        return self.filter(state__in=[state.value for state in OPEN])

    def visible_to(self, access: Access, permission: Permission = Permission.SITE_VIEW_INTERNAL) -> Self:
        """Orders whose matter lies within the scopes of `permission`; nothing for a stranger."""
        reach = Q(pk__in=[])
        for scope in scopes_for(access, permission):
            if scope.divisions is None and scope.departments is None:
                return self
            part = Q()
            if scope.divisions is not None:
                part &= Q(division_id__in=scope.divisions)
            if scope.departments is not None:
                part &= self._of_departments(scope.departments)
            reach |= part
        return self.filter(reach)

    def given_to(self, access: Access) -> Self:
        """Orders that somebody has to answer: given to their division, or to their department."""
        reach = Q(pk__in=[])
        for scope in scopes_for(access, Permission.ORDER_ANSWER):
            if scope.divisions is None and scope.departments is None:
                return self
            if scope.departments is None:
                reach |= Q(division_id__in=scope.divisions)
            elif scope.divisions is None:
                reach |= Q(department_id__in=scope.departments)
        return self.filter(reach)

    def overdue(self, day: dt.date) -> Self:
        """Not signed for, or not reported back, when their date is over."""
        return self.filter(self._due_by(day - dt.timedelta(days=1)))

    def due_within(self, day: dt.date, until: dt.date) -> Self:
        """Whose next date lies from `day` to `until`, both included."""
        return self.filter(self._due_by(until)).exclude(self._due_by(day - dt.timedelta(days=1)))

    def _due_by(self, day: dt.date) -> Q:
        return Q(state=OrderState.ISSUED.value, sign_by__lte=day) | Q(
            state__in=[state.value for state in TO_ANSWER], report_by__lte=day
        )

    def _of_departments(self, departments: frozenset[int]) -> Q:
        indicators: Any = self.model._meta.get_field("indicator").related_model
        own = indicators._default_manager.of_departments(departments).values("pk")
        sites: Any = self.model._meta.get_field("site").related_model
        contributions = sites._meta.get_field("contributions").related_model._default_manager
        counted = contributions.filter(indicator__in=own).values("site_id")
        phases: Any = self.model._meta.get_field("phase").related_model
        projects: Any = phases._meta.get_field("project").related_model
        led = projects._default_manager.filter(
            Q(lead_department__in=departments) | Q(co_departments__in=departments)
        ).order_by()
        return (
            Q(department_id__in=departments)
            | Q(indicator__in=own)
            | Q(site__in=counted)
            | Q(phase__indicator__in=own)
            | Q(phase__project__in=led.values("pk"))
        )
