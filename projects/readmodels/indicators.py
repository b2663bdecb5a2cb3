"""Indicators in an area on a day: what was promised, what the sites give, what was reported. Never mixed."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q

from projects.models import DivisionTarget, Indicator, IndicatorReport
from projects.readmodels.clocks import Clocks
from projects.readmodels.siteindex import Snapshot
from projects.readmodels.tallies import Board
from projects.readmodels.vocabulary import Area, ProgrammeWords
from projects.rules.progress import Output
from projects.rules.vocabulary import Counting


@dataclass(frozen=True, slots=True)
class IndicatorProgress:
    """One indicator in one area. Reported and counted are two figures; `output` is the one that it goes by.

    `target` None: 无目标. `counted`: what finished sites add up to, None where no site is listed or the
    indicator is not counted by sites. `listed`: what all listed sites will add up to.
    `reported` None: 未上报.
    `is_demo`: `counted` or `reported` has 演示数据 in it. `subset_of`: the code of its whole (其中).
    """

    code: str
    name_zh: str
    name_en: str
    unit_zh: str
    unit_en: str
    counting: str
    target: Decimal | None
    counted: Decimal | None
    listed: Decimal | None
    reported: Decimal | None
    subset_of: str | None
    is_demo: bool
    by_start: bool

    @property
    def by_report(self) -> bool:
        """No places behind it: only what is reported counts."""
        return self.counting == Counting.REPORTED

    @property
    def output(self) -> Decimal | None:
        """完成数; None where nobody has said anything."""
        return self.reported if self.by_report else self.counted

    @property
    def percent(self) -> Decimal | None:
        """Output over target, at most 100; None without a target or without output."""
        return Output(self.output, self.target).percent


def indicator_progress(
    programme: ProgrammeWords,
    area: Area,
    clocks: Clocks,
    found: Board,
    managers: Collection[int] | None,
    held: Snapshot,
) -> dict[int, IndicatorProgress]:
    """Every indicator of the programme, by primary key, for what `managers` manage (None: everybody)."""
    words = [row for row in held.vocabulary.indicators.values() if row.programme_id == programme.pk]
    whole = _is_whole(programme, area, held)
    targets, counting = _promised(programme, area, whole=whole)
    reported = _reported(programme, area, clocks, whole=whole)
    codes = {row.pk: row.code for row in words}
    sums = {
        row.pk: given
        for row in words
        if counting[row.pk] != Counting.REPORTED
        and (given := found.given(row.pk, managers=managers)) is not None
    }
    return {
        row.pk: IndicatorProgress(
            row.code,
            row.name_zh,
            row.name_en,
            row.unit_zh,
            row.unit_en,
            counting[row.pk],
            targets.get(row.pk),
            sums[row.pk].done if row.pk in sums else None,
            sums[row.pk].listed if row.pk in sums else None,
            reported[row.pk][0] if row.pk in reported else None,
            codes.get(row.parent_id) if row.parent_id else None,
            (row.pk in sums and sums[row.pk].is_demo) or (row.pk in reported and reported[row.pk][1]),
            row.pk in found.by_start,
        )
        for row in words
    }


def _is_whole(programme: ProgrammeWords, area: Area, held: Snapshot) -> bool:
    """The area is the programme's city, or contains it."""
    city = held.vocabulary.area_by_pk[programme.division_id]
    return area.left <= city.left and city.right <= area.right


def _promised(
    programme: ProgrammeWords, area: Area, *, whole: bool
) -> tuple[dict[int, Decimal], dict[int, str]]:
    rows = Indicator.objects.filter(category__programme_id=programme.pk, deleted_seq__isnull=True)
    counting, targets = {}, {}
    for pk, kind, target in rows.values_list("pk", "counting", "target"):
        counting[pk] = kind
        if whole and target is not None:
            targets[pk] = target
    if not whole:
        targets = dict(
            DivisionTarget.objects.filter(
                division_id=area.pk, indicator__in=counting, deleted_seq__isnull=True
            ).values_list("indicator_id", "target")
        )
    return targets, counting


def _reported(
    programme: ProgrammeWords, area: Area, clocks: Clocks, *, whole: bool
) -> dict[int, tuple[Decimal, bool]]:
    """The newest reported actual of each indicator by the day, and whether it is 演示数据."""
    city = Q(division_id__isnull=True) | Q(division_id=programme.division_id)
    rows = (
        IndicatorReport.objects.standing(clocks.known_seq)
        .filter(
            city if whole else Q(division_id=area.pk),
            indicator__category__programme_id=programme.pk,
            as_of__lte=clocks.as_of,
            actual__isnull=False,
        )
        .order_by("as_of", "pk")
        .values_list("indicator_id", "actual", "is_demo")
    )
    return {indicator_id: (actual, demo) for indicator_id, actual, demo in rows if actual is not None}
