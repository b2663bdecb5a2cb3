"""Who asks, and which rows are theirs: between a request and projects.permissions."""

from collections.abc import Sequence
from typing import cast

from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from projects.models import Department, Division, Indicator
from projects.models.access import access_of
from projects.permissions.access import Access, Permission, scopes_for


def access_for(request: HttpRequest) -> Access:
    """The actor's Access, asked of the database once a request."""
    held = getattr(request, "staff_access", None)
    if held is None:
        held = access_of(request.user, timezone.localdate())
        request.staff_access = held  # type: ignore[attr-defined]
    return cast(Access, held)


def is_unlimited(access: Access, permission: Permission) -> bool:
    """Whether `permission` is held for every row of the city."""
    return any(
        scope.divisions is None and scope.departments is None for scope in scopes_for(access, permission)
    )


def reach(
    rows: QuerySet[Model], access: Access, permission: Permission, *, division: str, indicator: str = ""
) -> QuerySet[Model]:
    """Rows within the scopes of `permission`, by the paths to their division's id and to their indicator's.

    A row without the division or the indicator that a grant is limited to is not reached.
    """
    wanted = Q(pk__in=[])
    for scope in scopes_for(access, permission):
        if scope.divisions is None and scope.departments is None:
            return rows
        if scope.departments is not None and not indicator:
            continue
        part = Q()
        if scope.divisions is not None:
            part &= Q(**{f"{division}__in": scope.divisions})
        if scope.departments is not None:
            part &= Q(**{f"{indicator}__in": indicators_of(scope.departments)})
        wanted |= part
    return rows.filter(wanted)


def indicators_of(departments: frozenset[int]) -> QuerySet[Indicator, int]:
    """Ids of the indicators that one of the departments leads or supports (a sub-query)."""
    return Indicator.objects.of_departments(departments).values_list("pk", flat=True)


def divisions_of(access: Access, permissions: Sequence[Permission]) -> QuerySet[Division]:
    """Divisions in which somebody has at least some rows under one of `permissions`.

    A department's people work in every division, on the department's own rows.
    """
    allowed: frozenset[int] = frozenset()
    for permission in permissions:
        for scope in scopes_for(access, permission):
            if scope.divisions is None:
                return Division.objects.live()
            allowed |= scope.divisions
    return Division.objects.live().filter(pk__in=allowed)


def indicators_for(access: Access, permissions: Sequence[Permission]) -> QuerySet[Indicator]:
    """Indicators that somebody may report or contribute to: all, or their departments' own."""
    rows = Indicator.objects.filter(deleted_seq__isnull=True).select_related("category__programme")
    departments: frozenset[int] = frozenset()
    for permission in permissions:
        for scope in scopes_for(access, permission):
            if scope.departments is None:
                return rows
            departments |= scope.departments
    return rows.filter(pk__in=indicators_of(departments))


def departments_of(access: Access, permissions: Sequence[Permission]) -> QuerySet[Department]:
    """Departments for which somebody may speak."""
    allowed: frozenset[int] = frozenset()
    for permission in permissions:
        for scope in scopes_for(access, permission):
            if scope.departments is None:
                return Department.objects.all()
            allowed |= scope.departments
    return Department.objects.filter(pk__in=allowed)
