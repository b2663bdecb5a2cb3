"""From memberships to the frozen Access value that every permission question is asked of."""

import datetime as dt

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q

from projects.models.divisions import Division
from projects.models.people import Membership, User
from projects.permissions.access import ANONYMOUS, Access, Grant
from projects.rules.vocabulary import Role

SYSTEM_USERNAME = "system"


def access_of(user: User | AnonymousUser, today: dt.date) -> Access:
    """What a user may do today: one grant a membership in force, divisions expanded to all below them."""
    if not isinstance(user, User) or not user.is_active:
        return ANONYMOUS
    memberships = (
        Membership.objects.filter(user=user)
        .filter(Q(valid_from__isnull=True) | Q(valid_from__lte=today))
        .filter(Q(valid_to__isnull=True) | Q(valid_to__gt=today))
        .select_related("division")
        .order_by("pk")
    )
    grants = []
    for membership in memberships:
        divisions = None
        if membership.division is not None:
            divisions = frozenset(Division.objects.within(membership.division).values_list("pk", flat=True))
        departments = None if membership.department_id is None else frozenset({membership.department_id})
        grants.append(Grant(Role(membership.role), divisions, departments))
    return Access(user_id=user.pk, grants=tuple(grants), is_active=True)


def system_access() -> Access:
    """The actor of commands that name no person: a user that cannot log in, with an administrator's grant."""
    user, created = User.objects.get_or_create(username=SYSTEM_USERNAME, defaults={"is_active": False})
    if created:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    return Access(user_id=user.pk, grants=(Grant(Role.ADMINISTRATOR),), is_active=True)
