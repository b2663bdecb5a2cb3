"""Named queries over files on their way in."""

from typing import TYPE_CHECKING, Self

from django.db import models

from projects.permissions.access import Access, Permission, Target, holds, may

if TYPE_CHECKING:
    from projects.models.staging import StagedImport  # noqa: F401  named in the base class


class StagedImportQuerySet(models.QuerySet["StagedImport"]):
    """Verbs over handed-in files."""

    def visible_to(self, access: Access) -> Self:
        """One's own; every one for who may import for the whole city. Nothing for whoever may not import."""
        if not holds(access, Permission.IMPORT_RUN) or access.user_id is None:
            return self.none()
        if may(access, Permission.IMPORT_RUN, Target()):
            return self.all()
        return self.filter(uploaded_by_id=access.user_id)
