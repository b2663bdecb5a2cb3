"""Named queries over what figures count of sites, by both clocks."""

import datetime as dt
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import BooleanField, Q
from django.db.models.expressions import RawSQL

if TYPE_CHECKING:
    from projects.models.standings import SiteStanding  # noqa: F401  named in the base class


class StandingQuerySet(models.QuerySet["SiteStanding"]):
    def known(self, known_seq: int | None = None) -> Self:
        """Spans that stood after the change `known_seq`; None: that stand now."""
        if known_seq is None:
            return self.filter(superseded_seq__isnull=True)
        return self.filter(
            Q(superseded_seq__isnull=True) | Q(superseded_seq__gt=known_seq), changed_seq__lte=known_seq
        )

    def late(self) -> Self:
        """Yellow and red ones. Spelt out: SQLite uses a partial index only for what it can read in the text,
        not for parameters."""
        spelt = "projects_sitestanding.light IN ('red', 'yellow')"
        return self.filter(RawSQL(spelt, (), output_field=BooleanField()))

    def on(self, day: dt.date) -> Self:
        """At most one span a site: how it stood at the end of the day."""
        return self.filter(valid_from__lte=day, valid_to__gt=day)
