"""Indicators in an area on a day: what was promised, what the sites give, what was reported. Never mixed."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from projects.models import Indicator
from projects.readmodels.clocks import Clocks
from projects.readmodels.past import past
from projects.readmodels.promises import Reported, reported, seq_of, targets
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
    #: 上报进度: a percent as it was reported, 0..100; None where nobody reported one.
    reported_percent: Decimal | None = None

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

    @property
    def counted_percent(self) -> Decimal | None:
        """What sites give over the target (without one: over what all listed sites give), at most 100."""
        return Output(self.counted, self.counted_of).percent

    @property
    def counted_of(self) -> Decimal | None:
        """What `counted` is held against."""
        return self.target if self.target is not None else self.listed or None


def indicator_progress(
    programme: ProgrammeWords,
    area: Area,
    clocks: Clocks,
    found: Board,
    managers: Collection[int] | None,
    held: Snapshot,
) -> dict[int, IndicatorProgress]:
    """Every indicator of the programme, by primary key, for what `managers` manage (None: everybody)."""
    counting = _counting(programme, clocks, held)
    words = [row for row in held.vocabulary.indicators.values() if row.pk in counting]
    promised = targets(programme, area, clocks, held)
    said = reported(programme, area, clocks, held)
    nothing = Reported()
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
            promised.get(row.pk),
            sums[row.pk].done if row.pk in sums else None,
            sums[row.pk].listed if row.pk in sums else None,
            said.get(row.pk, nothing).actual,
            codes.get(row.parent_id) if row.parent_id else None,
            (row.pk in sums and sums[row.pk].is_demo) or said.get(row.pk, nothing).is_demo,
            row.pk in found.by_start,
            said.get(row.pk, nothing).percent,
        )
        for row in words
    }


def _counting(programme: ProgrammeWords, clocks: Clocks, held: Snapshot) -> dict[int, str]:
    """How each indicator that was there is counted; another way of counting is no dated statement."""
    then = past("indicator", seq_of(clocks, held), held.seq)
    rows = Indicator.objects.filter(category__programme_id=programme.pk, deleted_seq__isnull=True)
    return {
        pk: then.was(pk, "counting", kind)
        for pk, kind in rows.values_list("pk", "counting")
        if pk not in then.added_later
    }
