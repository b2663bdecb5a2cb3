"""Named queries over photos. `public()` is the only door for the public."""

from typing import TYPE_CHECKING, Any, Self

from django.db.models import Exists, OuterRef, Subquery

from projects.querysets.recorded import RecordedQuerySet
from projects.rules.vocabulary import PhotoVerdict, Publication

if TYPE_CHECKING:
    from projects.models.photos import Photo  # noqa: F401  named in the base class


class PhotoQuerySet(RecordedQuerySet["Photo"]):
    """Verbs over photos."""

    def decided(self) -> Self:
        """With `verdict`: what the newest decision says, or None."""
        decisions: Any = self.model._meta.get_field("decisions").related_model
        newest = decisions._default_manager.filter(photo=OuterRef("pk")).order_by("-pk")
        return self.annotate(verdict=Subquery(newest.values("verdict")[:1]))

    def evidence(self) -> Self:
        """Those that were not withdrawn."""
        return self.filter(~Exists(self._decisions().filter(verdict=PhotoVerdict.WITHDRAWN.value)))

    def public(self) -> Self:
        """What anybody may see: decided to be public, of a site that is published and not removed."""
        return self.decided().filter(
            verdict=PhotoVerdict.PUBLIC.value,
            site__publication=Publication.PUBLISHED.value,
            site__deleted_seq__isnull=True,
        )

    def _decisions(self) -> Any:
        decisions: Any = self.model._meta.get_field("decisions").related_model
        return decisions._default_manager.filter(photo=OuterRef("pk"))
