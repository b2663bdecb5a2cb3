"""Everything that the page of a district says, read once: page, files and API tell the same figures."""

from dataclasses import dataclass, replace

from projects.readmodels.changes import Changes, changes_between, month_before
from projects.readmodels.clocks import Clocks
from projects.readmodels.datedtree import area_on, areas_on, within_on
from projects.readmodels.districtfunds import DistrictFunds, district_funds
from projects.readmodels.districts import DistrictProgress, DistrictRow, district_progress
from projects.readmodels.history import HistoryPoint, history
from projects.readmodels.kept import while_it_stands
from projects.readmodels.siteindex import Snapshot
from projects.readmodels.tallies import board
from projects.readmodels.vocabulary import Area, ProgrammeWords
from projects.rules.vocabulary import DivisionLevel

#: So many areas and days are kept.
_KEPT = 60
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
    """None when the programme is no public one that publishes its progress. Kept until the next change."""
    return while_it_stands(
        held.tables,
        "district report",
        (area.pk, programme.pk, clocks),
        lambda: _report(area, held, clocks, programme),
        _KEPT,
    )


def _report(area: Area, held: Snapshot, clocks: Clocks, programme: ProgrammeWords) -> DistrictReport | None:
    progress = district_progress(area, held=held, clocks=clocks, programme=programme)
    if progress is None:
        return None
    return DistrictReport(
        clocks,
        progress,
        changes_since_last_month(progress, held),
        history_of(progress, held),
        _peers(progress, held),
        district_funds(programme, clocks, held, managers=progress.managers),
    )


def changes_since_last_month(progress: DistrictProgress, held: Snapshot) -> Changes | None:
    """What is new since the last day of the month before, known at the same moment."""
    earlier = earlier_clocks(progress.clocks, progress.programme)
    if earlier is None:
        return None
    before = district_progress(progress.area, held=held, clocks=earlier, programme=progress.programme)
    return None if before is None else changes_between(progress, before)


def earlier_clocks(clocks: Clocks, programme: ProgrammeWords) -> Clocks | None:
    """The last day of the month before, known at the same moment; None in the programme's first month."""
    earlier = month_before(clocks.as_of, programme.period_start)
    return None if earlier is None else replace(clocks, as_of=earlier)


def history_of(progress: DistrictProgress, held: Snapshot) -> tuple[HistoryPoint, ...]:
    """Month end by month end up to the day."""
    clocks = progress.clocks
    return history(
        progress.programme,
        held,
        managers=progress.managers,
        until=clocks.as_of,
        known_seq=clocks.known_seq,
    )


def beside(area: Area, programme: ProgrammeWords, held: Snapshot, clocks: Clocks) -> list[Area]:
    """What an area is compared with: counties and zones with those of the city, townships with those of their
    county, as they were on the day. In the order of their codes.
    """
    areas = areas_on(held, clocks.as_of)
    own = area_on(held, area, clocks.as_of)
    within, levels = area_on(held, held.vocabulary.area_by_pk[programme.division_id], clocks.as_of), _BESIDE
    if own.level == DivisionLevel.TOWNSHIP:
        levels = {DivisionLevel.TOWNSHIP}
        above = [row for row in areas if row.left < own.left and own.right <= row.right]
        within = max(above, key=lambda row: row.left, default=within)
    return [row for row in areas if row.level in levels and within.left <= row.left <= within.right]


def _peers(progress: DistrictProgress, held: Snapshot) -> tuple[DistrictRow, ...]:
    clocks = progress.clocks
    found = board(progress.programme, clocks, held)
    return tuple(
        DistrictRow(area, found.tally(managers=within_on(held, area, clocks.as_of)))
        for area in beside(progress.area, progress.programme, held, clocks)
    )
