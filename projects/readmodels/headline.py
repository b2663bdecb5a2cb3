"""A programme's headline: statements as printed, and what the stored rows give. Labelled, never mixed."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache

from projects.models import LagPolicy, Programme
from projects.readmodels.claims import Comparison, comparisons
from projects.readmodels.clocks import Clocks, recorded_moment
from projects.readmodels.districts import CategoryProgress, DistrictProgress, district_progress
from projects.readmodels.funds import Funds, funds
from projects.readmodels.means import Figures, Means, means
from projects.readmodels.past import past
from projects.readmodels.promises import seq_of
from projects.readmodels.siteindex import Snapshot, snapshot
from projects.readmodels.statements import Statement, published_use, statements
from projects.readmodels.vocabulary import ProgrammeWords
from projects.rules.divergence import divergence
from projects.rules.period import Period
from projects.rules.policy import Policy
from projects.rules.policy_sections import DivergenceRule
from projects.rules.progress import Output


@dataclass(frozen=True, slots=True)
class Divergent:
    """An indicator that is reported far ahead of what its sites show; percents 0..100, `gap` in points."""

    code: str
    name_zh: str
    name_en: str
    reported: Decimal
    counted: Decimal
    gap: Decimal


@dataclass(frozen=True, slots=True)
class Headline:
    """Everything about `clocks`. `known_at` is the moment that, with the day, gives this page again.

    `comparisons`: published claims of which the same can be computed. `divergent`: only where the policy has
    a threshold. `categories`: the city's indicators with their targets and reports.
    """

    programme: ProgrammeWords
    clocks: Clocks
    known_at: dt.datetime | None
    statements: tuple[Statement, ...]
    money: Funds
    means: Means
    comparisons: tuple[Comparison, ...]
    divergent: tuple[Divergent, ...]
    categories: tuple[CategoryProgress, ...]

    @property
    def as_of(self) -> dt.date:
        return self.clocks.as_of

    @property
    def is_demo(self) -> bool:
        """Some figure of an indicator has 演示数据 in it."""
        return any(row.is_demo for part in self.categories for row in part.indicators)


def public_programme(held: Snapshot, key: str) -> ProgrammeWords | None:
    """A published programme by its key; a draft and an unknown one look alike."""
    return next(
        (row for row in held.vocabulary.programmes.values() if row.key == key and row.is_public), None
    )


def headline(
    key: str,
    *,
    clocks: Clocks | None = None,
    held: Snapshot | None = None,
) -> Headline | None:
    """The headline of a programme by both clocks (default: its cut-off, as it is known now).

    None unless it is published and publishes its progress.
    """
    held = held or snapshot()
    programme = public_programme(held, key)
    if programme is None or not programme.publishes_progress:
        return None
    clocks = clocks or Clocks(programme.cutoff)
    progress = _city(programme, clocks, held)
    printed = statements(programme, clocks, held)
    money = funds(
        programme,
        clocks,
        held,
        period=period_as_known(programme, clocks, held),
        published_use=published_use(printed),
    )
    figures = means(programme, clocks, held, on=_by_day(programme, clocks, held, progress))
    categories = progress.categories if progress is not None else ()
    return Headline(
        programme,
        clocks,
        clocks.known_at or recorded_moment(held),
        printed,
        money,
        figures,
        comparisons(printed, money, figures, len(categories)),
        tuple(divergences(categories, _policy(programme, clocks, held).divergence)),
        categories,
    )


def divergences(categories: Iterable[CategoryProgress], rule: DivergenceRule | None) -> Iterator[Divergent]:
    """Indicators whose reported progress the policy flags beside what their sites show."""
    for row in (each for part in categories for each in part.indicators):
        found = divergence(row.reported_percent, Output(row.counted, row.counted_of), rule)
        if found is not None and found.flagged:
            said, counted = row.reported_percent, row.counted_percent
            assert said is not None
            assert counted is not None
            yield Divergent(row.code, row.name_zh, row.name_en, said, counted, found.points)


def _policy(programme: ProgrammeWords, clocks: Clocks, held: Snapshot) -> Policy:
    """The policy that the programme named, as it was known."""
    then = past("programme", seq_of(clocks, held), held.seq)
    now = Programme.objects.values_list("policy_id", flat=True).get(pk=programme.pk)
    row = LagPolicy.objects.get(pk=then.was(programme.pk, "policy_id", now))
    return Policy.from_json(row.rules)


def _city(programme: ProgrammeWords, clocks: Clocks, held: Snapshot) -> DistrictProgress | None:
    city = held.vocabulary.area_by_pk[programme.division_id]
    return district_progress(city, held=held, programme=programme, clocks=clocks)


def period_as_known(programme: ProgrammeWords, clocks: Clocks, held: Snapshot) -> Period:
    """The programme's period as it was known: another one would repaint the schedule of past answers."""
    then = past("programme", seq_of(clocks, held), held.seq)
    start = then.day(programme.pk, "period_start", programme.period_start)
    finish = then.day(programme.pk, "period_end", programme.period_end)
    return Period(start or programme.period_start, finish or programme.period_end)


def _by_day(
    programme: ProgrammeWords, clocks: Clocks, held: Snapshot, progress: DistrictProgress | None
) -> Callable[[dt.date], Figures]:
    """The city's indicators by primary key at the end of a day, by the same knowledge."""
    keys = {row.code: row.pk for row in held.vocabulary.indicators.values()}

    def on(day: dt.date) -> Figures:
        found = progress if day == clocks.as_of else _city(programme, replace(clocks, as_of=day), held)
        categories = found.categories if found is not None else ()
        return {keys[row.code]: row for part in categories for row in part.indicators}

    return cache(on)
