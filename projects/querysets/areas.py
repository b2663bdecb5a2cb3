"""Named queries over stored areas."""

import datetime as dt
from typing import TYPE_CHECKING, Self

from django.db import models

from projects.permissions.access import Access, Permission, scopes_for

if TYPE_CHECKING:
    from projects.models.areas import StoredArea  # noqa: F401  named in the base class


class StoredAreaQuerySet(models.QuerySet["StoredArea"]):
    """Who has an id may read its area; a list of them is for staff only."""

    def visible_to(self, access: Access, permission: Permission = Permission.AREA_STORE) -> Self:
        """What a member of staff finds listed: all, or what they stored themselves."""
        scopes = scopes_for(access, permission)
        if any(scope.divisions is None and scope.departments is None for scope in scopes):
            return self.all()
        return self.filter(recorded_by_id=access.user_id) if scopes else self.none()

    def stored_by(self, user_id: int | None, *, since: dt.datetime) -> Self:
        """What one person stored from a moment on."""
        return self.filter(recorded_by_id=user_id, recorded_at__gte=since)
