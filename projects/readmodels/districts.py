"""A district's figures: what was promised, what is done, what the plan expects, what is behind."""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_noop

from projects.readmodels.clocks import Clocks
from projects.readmodels.datedtree import area_on, areas_on, within_on
from projects.readmodels.indicators import IndicatorProgress, indicator_progress
from projects.readmodels.kept import while_it_stands
from projects.readmodels.siteindex import Snapshot, snapshot
from projects.readmodels.tallies import Board, Tally, board
from projects.readmodels.vocabulary import Area, IndicatorWords, ProgrammeWords
from projects.rules.vocabulary import DivisionLevel

#: So many districts and days are kept until the next change.
_KEPT = 120

FORMULA = gettext_noop(
    "完成率 = 已完成的点位数 ÷ 列入计划且未取消的点位数。已完成指已完工或已核验(开工建设类指已开工)。"
    "应完成指基线完工日期(开工建设类为基线开工日期)不晚于截至日期的点位;其中未完成的为逾期。"
    "按管理区划计:点位算在负责它的区划,不一定是它所在的区划,两者不相加。"
)


@dataclass(frozen=True, slots=True)
class CategoryProgress:
    """One category in one district. A site that counts for two is in both; totals count it once."""

    slug: str
    number: int
    name_zh: str
    name_en: str
    tally: Tally
    indicators: tuple[IndicatorProgress, ...]


@dataclass(frozen=True, slots=True)
class DistrictProgress:
    """The figures of a district's page, all about `as_of`; `clocks` says by what was known when.

    `managers`: the divisions whose sites are counted; None for all, whoever manages them.
    """

    programme: ProgrammeWords
    area: Area
    as_of: dt.date
    managers: frozenset[int] | None
    tally: Tally
    by_stage: Mapping[str, int]
    categories: tuple[CategoryProgress, ...]
    clocks: Clocks

    @property
    def is_demo(self) -> bool:
        """At least one figure has 演示数据 in it."""
        return self.tally.is_demo or any(row.is_demo for part in self.categories for row in part.indicators)

    @property
    def shows_lights(self) -> bool:
        """Lights of this day are public."""
        return self.tally.late is not None


@dataclass(frozen=True, slots=True)
class DistrictRow:
    """One district in the table of all."""

    area: Area
    tally: Tally


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A category that is behind the plan in the city, and where: districts in the order of their codes."""

    slug: str
    number: int
    name_zh: str
    name_en: str
    tally: Tally
    rows: tuple[DistrictRow, ...]


@dataclass(frozen=True, slots=True)
class DistrictsOverview:
    """All districts of the programme's city side by side, in the order of their codes.

    `elsewhere`: what none of them manages (市本级 and others), None when there is nothing. `behind`: the
    largest shortfall first; it compares categories, not districts, so it is no ranking.
    """

    programme: ProgrammeWords
    city: Area
    as_of: dt.date
    rows: tuple[DistrictRow, ...]
    elsewhere: Tally | None
    total: Tally
    behind: tuple[Shortfall, ...]

    @property
    def is_demo(self) -> bool:
        return self.total.is_demo

    @property
    def shows_lights(self) -> bool:
        return self.total.late is not None


def public_programmes(held: Snapshot) -> list[ProgrammeWords]:
    """Published programmes, the newest first; of one year in the order of their keys."""
    rows = [row for row in held.vocabulary.programmes.values() if row.is_public]
    return sorted(sorted(rows, key=lambda row: row.key), key=lambda row: row.period_start, reverse=True)


def governing_programmes(held: Snapshot, area: Area | None = None) -> list[ProgrammeWords]:
    """Published programmes of a city that contains the area, or lies in it (a province); the newest first."""
    found = []
    for programme in public_programmes(held):
        city = held.vocabulary.area_by_pk.get(programme.division_id)
        if city is not None and (area is None or _overlap(city, area)):
            found.append(programme)
    return found


def current_programme(held: Snapshot, area: Area | None = None) -> ProgrammeWords | None:
    """The newest published programme that publishes progress."""
    return next((row for row in governing_programmes(held, area) if row.publishes_progress), None)


def districts_overview(
    *,
    held: Snapshot | None = None,
    as_of: dt.date | None = None,
    clocks: Clocks | None = None,
    programme: ProgrammeWords | None = None,
) -> DistrictsOverview | None:
    """Every county and functional zone of the programme's city (default: the newest programme).

    Of a past day: those that the city had then, with what they contained then. `clocks` before `as_of`. None
    when nothing is published.
    """
    held = held or snapshot()
    programme = programme or current_programme(held)
    if programme is None or not (programme.is_public and programme.publishes_progress):
        return None
    clocks = clocks or Clocks(as_of or programme.cutoff)
    day = clocks.as_of
    found = board(programme, clocks, held)
    city = area_on(held, held.vocabulary.area_by_pk[programme.division_id], day)
    counties = _counties(city, areas_on(held, day))
    inside = {area.pk: within_on(held, area, day) for area in counties}
    others = found.managers() - frozenset[int]().union(*inside.values())
    rest = found.tally(managers=others)
    return DistrictsOverview(
        programme,
        city,
        day,
        tuple(DistrictRow(area, found.tally(managers=inside[area.pk])) for area in counties),
        rest if rest.sites else None,
        found.tally(),
        _behind(programme, found, counties, inside, held),
    )


def district_progress(
    area: Area,
    *,
    held: Snapshot | None = None,
    as_of: dt.date | None = None,
    programme: ProgrammeWords | None = None,
    clocks: Clocks | None = None,
) -> DistrictProgress | None:
    """An area's figures on a day (default: the cut-off) for a programme (default: its newest one).

    `clocks` says the day and what had been recorded, and goes before `as_of`. None when the programme is no
    public one that publishes its progress.
    """
    held = held or snapshot()
    programme = programme or current_programme(held, area)
    if programme is None or not (programme.is_public and programme.publishes_progress):
        return None
    asked = clocks or Clocks(as_of or programme.cutoff)
    return while_it_stands(
        held.tables,
        "district",
        (area.pk, programme.pk, asked),
        lambda: _progress(area, programme, asked, held),
        _KEPT,
    )


def _progress(area: Area, programme: ProgrammeWords, clocks: Clocks, held: Snapshot) -> DistrictProgress:
    day = clocks.as_of
    found = board(programme, clocks, held)
    then = area_on(held, area, day)
    city = area_on(held, held.vocabulary.area_by_pk[programme.division_id], day)
    # The city and its province stand for everything, whoever manages it.
    whole = then.left <= city.left and city.right <= then.right
    managers = None if whole else within_on(held, area, day)
    indicators = indicator_progress(programme, area, clocks, found, managers, held)
    return DistrictProgress(
        programme,
        area,
        day,
        managers,
        found.tally(managers=managers),
        found.stages(managers),
        tuple(
            CategoryProgress(
                own[0].category,
                own[0].category_number,
                own[0].category_zh,
                own[0].category_en,
                found.tally(managers=managers, indicators={row.pk for row in own}),
                tuple(indicators[row.pk] for row in own if row.pk in indicators),
            )
            for own in _by_category(programme, held)
        ),
        clocks,
    )


def _overlap(city: Area, area: Area) -> bool:
    return city.left <= area.left <= city.right or area.left <= city.left <= area.right


def _counties(city: Area, areas: Collection[Area]) -> list[Area]:
    """In the order of their codes."""
    return [
        area
        for area in areas
        if area.level in (DivisionLevel.COUNTY, DivisionLevel.ZONE) and city.left < area.left <= city.right
    ]


def _by_category(programme: ProgrammeWords, held: Snapshot) -> list[list[IndicatorWords]]:
    """The programme's indicators by category, in the order of the categories' numbers."""
    found: dict[int, list[IndicatorWords]] = {}
    for row in held.vocabulary.indicators.values():
        if row.programme_id == programme.pk:
            found.setdefault(row.category_id, []).append(row)
    return sorted(found.values(), key=lambda own: own[0].category_number)


def _behind(
    programme: ProgrammeWords,
    found: Board,
    counties: Collection[Area],
    inside: Mapping[int, frozenset[int]],
    held: Snapshot,
) -> tuple[Shortfall, ...]:
    rows = []
    for own in _by_category(programme, held):
        ids = {row.pk for row in own}
        tally = found.tally(indicators=ids)
        if not tally.overdue:
            continue
        parts = [
            DistrictRow(area, found.tally(managers=inside[area.pk], indicators=ids)) for area in counties
        ]
        rows.append(
            Shortfall(
                own[0].category,
                own[0].category_number,
                own[0].category_zh,
                own[0].category_en,
                tally,
                tuple(part for part in parts if part.tally.overdue),
            )
        )
    return tuple(sorted(rows, key=lambda row: (-row.tally.overdue, row.number)))
