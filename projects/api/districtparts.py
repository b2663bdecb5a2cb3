"""How a district's figures came about, for the API: month by month, and since the end of the month before."""

from collections.abc import Callable
from typing import Any

from projects.readmodels.changes import TallyChange
from projects.readmodels.districtreport import changes_since_last_month, history_of
from projects.readmodels.districts import DistrictProgress
from projects.readmodels.plain import number
from projects.readmodels.siteindex import Snapshot
from projects.readmodels.tallies import Tally


def history_and_change(
    progress: DistrictProgress, held: Snapshot, tally: Callable[[Tally], dict[str, Any]]
) -> dict[str, Any]:
    """`history`: a tally for each month end up to the day. `change`: None in the first month.

    `tally` writes a tally as the rest of the answer does.
    """
    changes = changes_since_last_month(progress, held)
    return {
        "history": [
            {"as_of": point.day.isoformat(), **tally(point.tally)} for point in history_of(progress, held)
        ],
        "change": None
        if changes is None
        else {
            "since": changes.since.isoformat(),
            "until": changes.until.isoformat(),
            **_change(changes.total),
            "categories": [{"slug": slug, **_change(change)} for slug, change in changes.categories.items()],
            "indicators": [
                {"code": code, "counted": number(row.counted), "reported": number(row.reported)}
                for code, row in changes.indicators.items()
            ],
        },
    }


def _change(change: TallyChange) -> dict[str, Any]:
    return {
        "sites": change.sites,
        "finished": change.finished,
        "due": change.due,
        "overdue": change.overdue,
        "percent_pp": number(change.percent_pp),
        # None where lights are internal.
        "late": change.late,
    }
