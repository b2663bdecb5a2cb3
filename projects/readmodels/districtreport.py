"""Everything that the page of a district says, read once: page, files and API tell the same figures."""

from dataclasses import dataclass

from projects.readmodels.changes import Changes, changes_between, month_before
from projects.readmodels.clocks import Clocks
from projects.readmodels.districtfunds import DistrictFunds, district_funds
from projects.readmodels.districts import DistrictProgress, DistrictRow, district_progress
from projects.readmodels.history import HistoryPoint, history
from projects.readmodels.siteindex import Snapshot
from projects.readmodels.tallies import board
from projects.readmodels.vocabulary import Area, ProgrammeWords
from projects.rules.vocabulary import DivisionLevel

_BESIDE = {DivisionLevel.COUNTY, DivisionLevel.ZONE}


@dataclass(frozen=True, slots=True)
class DistrictReport:
    """An area's figures by both clocks.

    `changes`: since the end of the month before, None in the first month. `peers`: the areas that it stands
    beside, in the order of their codes, itself among them; for a city or a province its counties.
    """

    clocks: Clocks
    progress: DistrictProgress
    changes: Changes | None
    history: tuple[HistoryPoint, ...]
    peers: tuple[DistrictRow, ...]
    funds: DistrictFunds


def district_report(
    area: Area, *, held: Snapshot, clocks: Clocks, programme: ProgrammeWords
) -> DistrictReport | None:
    """None when the programme is no public one that publishes its progress."""
    progress = district_progress(area, held=held, as_of=clocks.as_of, programme=programme)
    if progress is None:
        return None
    return DistrictReport(
        clocks,
        progress,
        changes_since_last_month(progress, held=held, clocks=clocks),
        history_of(progress, held=held, clocks=clocks),
        _peers(progress, held=held, clocks=clocks),
        district_funds(programme, clocks, managers=progress.managers),
    )


def changes_since_last_month(
    progress: DistrictProgress, *, held: Snapshot, clocks: Clocks
) -> Changes | None:
    """What is new since the last day of the month before, known at the same moment."""
    earlier = month_before(clocks.as_of, progress.programme.period_start)
    if earlier is None:
        return None
    before = district_progress(progress.area, held=held, as_of=earlier, programme=progress.programme)
    return None if before is None else changes_between(progress, before)


def history_of(
    progress: DistrictProgress, *, held: Snapshot, clocks: Clocks
) -> tuple[HistoryPoint, ...]:
    """Month end by month end up to the day."""
    return history(progress.programme, held, managers=progress.managers, until=clocks.as_of)


def beside(area: Area, programme: ProgrammeWords, held: Snapshot) -> list[Area]:
    """What an area is compared with: counties and zones with those of the city, townships with those of their
    county. In the order of their codes.
    """
    city = held.vocabulary.area_by_pk[programme.division_id]
    within, levels = city, _BESIDE
    if area.level == DivisionLevel.TOWNSHIP:
        within, levels = held.vocabulary.parent_of(area) or city, {DivisionLevel.TOWNSHIP}
    return [
        other
        for other in held.vocabulary.areas
        if other.level in levels and within.left <= other.left <= within.right
    ]


def _peers(progress: DistrictProgress, *, held: Snapshot, clocks: Clocks) -> tuple[DistrictRow, ...]:
    found = board(progress.programme, clocks.as_of, held)
    return tuple(
        DistrictRow(area, found.tally(managers=held.vocabulary.within(area)))
        for area in beside(progress.area, progress.programme, held)
    )
