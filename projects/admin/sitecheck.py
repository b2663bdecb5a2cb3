"""What the second person looks at before a site becomes public: what it says, and what changed since."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _

from projects.actions import siterows
from projects.admin.base import history_line
from projects.admin.conflicts import subject_entries
from projects.admin.readable import field_label, readable
from projects.models import Site

_SHOWN: Final = (
    "kind_id", "name", "address", "managed_by_id", "located_in_id", "stage", "service", "service_checked_on",
    "opening_hours", "phone", "attributes", "baseline_start", "baseline_finish", "started_on", "finished_on",
    "contributions",
)  # fmt: skip
_MOST_LINES: Final = 20


@dataclass(frozen=True, slots=True)
class ToCheck:
    """`facts`: (field, value) of what becomes public. `lines`: changes since it last was, newest first."""

    facts: tuple[tuple[str, str], ...]
    lines: tuple[Mapping[str, Any], ...]
    was_public: bool


def what_to_check(site: Site) -> ToCheck:
    values = siterows.audited(site, site.contributions.values_list("indicator_id", "quantity"))
    facts = [(field_label(Site, name), readable(Site, name, values[name])) for name in _SHOWN]
    where = f"{site.location.x:.6f}, {site.location.y:.6f} (WGS-84)"
    entries = subject_entries(site).order_by("-seq")
    published = entries.filter(action="site.published").values_list("seq", flat=True).first()
    since = entries if published is None else entries.filter(seq__gt=published)
    return ToCheck(
        (*facts, (_("位置"), where)),
        tuple(history_line(Site, entry) for entry in since[:_MOST_LINES]),
        published is not None,
    )
