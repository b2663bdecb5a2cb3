"""What changed in an area's figures since the end of the month before."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from projects.readmodels.districts import DistrictProgress
from projects.readmodels.tallies import Tally
from projects.rules.period import ONE_DAY


@dataclass(frozen=True, slots=True)
class TallyChange:
    """Later minus earlier, in sites; `percent_pp` in percentage points. None: one of the two is missing."""

    sites: int
    finished: int
    due: int
    overdue: int
    late: int | None
    percent_pp: Decimal | None

    @classmethod
    def between(cls, now: Tally, then: Tally) -> "TallyChange":
        """How `then` became `now`."""
        return cls(
            now.sites - then.sites,
            now.finished - then.finished,
            now.due - then.due,
            now.overdue - then.overdue,
            None if now.late is None or then.late is None else now.late - then.late,
            None if now.percent is None or then.percent is None else now.percent - then.percent,
        )


@dataclass(frozen=True, slots=True)
class OutputChange:
    """An indicator's counted and reported output, later minus earlier, in its unit; None: one is missing."""

    counted: Decimal | None
    reported: Decimal | None


@dataclass(frozen=True, slots=True)
class Changes:
    """Everything that can be compared between two days. `categories` by slug, `indicators` by code."""

    since: dt.date
    until: dt.date
    total: TallyChange
    categories: Mapping[str, TallyChange]
    indicators: Mapping[str, OutputChange]


def month_before(day: dt.date, period_start: dt.date) -> dt.date | None:
    """The last day of the month before; None in the first month of the period: there is nothing before it."""
    before = day.replace(day=1) - ONE_DAY
    return before if before >= period_start else None


def changes_between(now: DistrictProgress, then: DistrictProgress) -> Changes:
    """Two days of one area and one programme compared, category by category and indicator by indicator."""
    earlier = {row.slug: row for row in then.categories}
    outputs = {row.code: row for part in then.categories for row in part.indicators}
    return Changes(
        then.as_of,
        now.as_of,
        TallyChange.between(now.tally, then.tally),
        {
            row.slug: TallyChange.between(row.tally, earlier[row.slug].tally)
            for row in now.categories
            if row.slug in earlier
        },
        {
            row.code: OutputChange(
                _difference(row.counted, outputs[row.code].counted),
                _difference(row.reported, outputs[row.code].reported),
            )
            for part in now.categories
            for row in part.indicators
            if row.code in outputs
        },
    )


def _difference(now: Decimal | None, then: Decimal | None) -> Decimal | None:
    return None if now is None or then is None else now - then
