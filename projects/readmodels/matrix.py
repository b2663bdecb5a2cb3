"""Indicators by district: target, counted, reported and rate of each, for every county, the rest, and all."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from projects.readmodels.clocks import Clocks
from projects.readmodels.indicators import IndicatorProgress, indicator_progress
from projects.readmodels.siteindex import Snapshot
from projects.readmodels.tallies import board
from projects.readmodels.vocabulary import Area, IndicatorWords, ProgrammeWords
from projects.rules.errors import gettext_noop
from projects.rules.progress import Output, OutputState
from projects.rules.vocabulary import DivisionLevel, Word

FORMULA: Final = gettext_noop(
    "完成率 = 完成数 ÷ 目标,最高算 100%;超过的部分另写为超额完成。完成数:按点位计的指标取点位统计"
    "(已完工或已核验;开工建设类为已开工),其余取上报数。两种数字分开列出,不相加。"
    "各区县按管理区划计;不由区县负责的列在“市本级及其他”。合计的目标是全市目标,不是分解目标之和。"
)


class Place(Word):
    """What a row of the matrix is about."""

    DISTRICT = "district", gettext_noop("区县")
    ELSEWHERE = "elsewhere", gettext_noop("市本级及其他")
    TOTAL = "total", gettext_noop("合计")


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One indicator in one place. `area` None: what no county manages.

    `target` None: 无目标. `counted` None: not counted by sites, or no site listed. `reported` None: 未上报.
    """

    place: Place
    area: Area | None
    figures: IndicatorProgress

    @property
    def output(self) -> Output:
        """What the rate is of."""
        return Output(self.figures.output, self.figures.target)

    @property
    def state(self) -> OutputState:
        return self.output.state

    @property
    def percent(self) -> Decimal | None:
        """At most 100."""
        return self.output.percent

    @property
    def uncapped(self) -> Decimal | None:
        """The same above 100, where it is overfulfilled (超额完成); None otherwise."""
        value = self.output.uncapped
        return value if value is not None and value > 100 else None


@dataclass(frozen=True, slots=True)
class IndicatorMatrix:
    """One indicator: its counties in the order of their codes, the rest where there is any, the whole."""

    indicator: IndicatorWords
    districts: tuple[MatrixRow, ...]
    elsewhere: MatrixRow | None
    total: MatrixRow

    @property
    def rows(self) -> tuple[MatrixRow, ...]:
        rest = () if self.elsewhere is None else (self.elsewhere,)
        return (*self.districts, *rest, self.total)

    @property
    def without_target(self) -> int:
        """Counties without a target of their own."""
        return sum(row.figures.target is None for row in self.districts)

    @property
    def not_reported(self) -> int:
        """Counties of which nobody has said anything that the rate could be of."""
        return sum(row.figures.output is None for row in self.districts)

    @property
    def is_demo(self) -> bool:
        return any(row.figures.is_demo for row in self.rows)


def matrix(
    programme: ProgrammeWords, indicators: Sequence[IndicatorWords], clocks: Clocks, held: Snapshot
) -> tuple[IndicatorMatrix, ...]:
    """The indicators by district on a day."""
    found = board(programme, clocks, held)
    city = held.vocabulary.area_by_pk[programme.division_id]
    counties = counties_of(city, held)
    inside = {area.pk: held.vocabulary.within(area) for area in counties}

    def figures(area: Area, managers: Collection[int] | None) -> Mapping[int, IndicatorProgress]:
        return indicator_progress(programme, area, clocks, found, managers, held)

    total = figures(city, None)
    by_county = [(area, figures(area, inside[area.pk])) for area in counties]
    others = found.managers() - frozenset[int]().union(*inside.values())
    rest = _rest(figures(city, others)) if others else {}
    return tuple(
        IndicatorMatrix(
            row,
            tuple(MatrixRow(Place.DISTRICT, area, own[row.pk]) for area, own in by_county),
            MatrixRow(Place.ELSEWHERE, None, rest[row.pk])
            if row.pk in rest and rest[row.pk].listed is not None
            else None,
            MatrixRow(Place.TOTAL, city, total[row.pk]),
        )
        for row in indicators
    )


def counties_of(city: Area, held: Snapshot) -> list[Area]:
    """Counties and functional zones, in the order of their codes."""
    return [
        area
        for area in held.vocabulary.areas
        if area.level in (DivisionLevel.COUNTY, DivisionLevel.ZONE) and city.left < area.left <= city.right
    ]


def _rest(found: Mapping[int, IndicatorProgress]) -> dict[int, IndicatorProgress]:
    """What no county manages. A target and a report without a county speak of the whole city, not of this."""
    return {pk: replace(row, target=None, reported=None, reported_percent=None) for pk, row in found.items()}
