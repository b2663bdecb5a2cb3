"""Which programme a page of districts is about: the newest, or the one that its address names."""

from django.utils.translation import gettext_noop

from projects.readmodels.districts import governing_programmes
from projects.readmodels.siteindex import Snapshot
from projects.readmodels.sitequeries import FilterError, Query, single
from projects.readmodels.vocabulary import Area, ProgrammeWords


def choosable_programmes(held: Snapshot, area: Area | None = None) -> list[ProgrammeWords]:
    """Public programmes with public progress that concern the area (None: any), the newest first."""
    return [row for row in governing_programmes(held, area) if row.publishes_progress]


def asked_programme(query: Query, held: Snapshot, area: Area | None = None) -> ProgrammeWords | None:
    """`programme` of a query string, by default the newest; of one year the first in the order of their keys.

    None where there is none to choose from. Raises FilterError, which names what may be chosen: a programme
    that is not public and one that does not exist look alike.
    """
    rows = choosable_programmes(held, area)
    key = (single(query, "programme") or "").strip()
    if not rows or not key:
        return rows[0] if rows else None
    for row in rows:
        if row.key == key:
            return row
    raise FilterError(
        "programme",
        gettext_noop("没有可看的年度“%(key)s”;可选:%(allowed)s。"),
        key=key[:60],
        allowed=", ".join(row.key for row in rows),
    )
