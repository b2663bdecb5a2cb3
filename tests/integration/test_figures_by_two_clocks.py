"""The same day and the same knowledge give the same figures, whatever is stated and corrected later."""

import contextlib
import datetime as dt
from decimal import Decimal
from typing import Any

import hypothesis.strategies as st
import pytest
from django.db import transaction
from hypothesis import given, settings

from projects.actions.errors import ActionError
from projects.actions.programmes import (
    save_funding_line,
    save_programme,
    save_project,
    save_published_figure,
)
from projects.actions.promises import arrange_funds, set_target
from projects.actions.records import add_funding_report, report_indicator
from projects.models import (
    ChangeHead,
    FundingArrangement,
    FundingLine,
    FundingReport,
    Indicator,
    IndicatorReport,
    Programme,
    Project,
    PublishedFigure,
    TargetStatement,
)
from projects.models.access import system_access
from projects.models.base import AppendOnly
from projects.readmodels.clocks import Clocks, seq_at
from projects.readmodels.headline import headline
from projects.readmodels.headlinejson import as_json
from projects.readmodels.siteindex import snapshot
from tests.factories import START, World
from tests.integration.closedworld import figure_of, line_of

pytestmark = pytest.mark.django_db

DAYS = (dt.date(2024, 3, 31), dt.date(2024, 6, 30))
KINDS = ("target", "arranged", "used", "output", "figure", "period", "project", "line")

#: (what, its day after the start, its number, whether it corrects the newest of its kind).
STEP = st.tuples(st.sampled_from(KINDS), st.integers(0, 200), st.integers(1, 500), st.booleans())


class History:
    """Writes one random statement after another, and notes what was answered on the way."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.access = system_access()
        self.line = line_of(world)
        self.indicator = world.indicators["03-meal"]
        self.project = save_project(
            access=self.access, row=Project(category=self.indicator.category, number=1, name_zh="项目")
        )
        Indicator.objects.filter(pk=self.indicator.pk).update(counting="reported", project=self.project)
        self.noted: list[tuple[Clocks, Any]] = []

    def step(self, kind: str, offset: int, number: int, corrects: bool) -> None:
        day, value = START + dt.timedelta(days=offset), Decimal(number)
        # A random step may be nonsense; then nothing was written.
        with contextlib.suppress(ActionError):
            getattr(self, f"_{kind}")(day, value, corrects)

    def note(self) -> None:
        """What the page says now of each day, under the moment that it prints."""
        held = snapshot(fresh=True)
        for day in DAYS:
            found = headline(self.world.programme.key, clocks=Clocks(day), held=held)
            assert found is not None
            assert found.known_at is not None
            told = as_json(found)
            self.noted.append((Clocks(day, found.known_at, seq_at(found.known_at)), told))

    def check(self) -> None:
        held = snapshot(fresh=True)
        for clocks, told in self.noted:
            again = headline(self.world.programme.key, clocks=clocks, held=held)
            assert again is not None
            assert as_json(again) == told, clocks

    def _correcting(self, row: AppendOnly, rows: Any, corrects: bool) -> Any:
        newest = rows.standing().order_by("-pk").first() if corrects else None
        if newest is not None:
            row.corrects, row.correction_reason = newest, "更正"
        return row

    def _target(self, day: dt.date, value: Decimal, corrects: bool) -> None:
        row = TargetStatement(
            indicator=self.indicator, effective_on=day, target=value if value > 20 else None, source="x"
        )
        set_target(access=self.access, row=self._correcting(row, TargetStatement.objects, corrects))

    def _arranged(self, day: dt.date, value: Decimal, corrects: bool) -> None:
        row = FundingArrangement(line=self.line, effective_on=day, arranged=value, basis="x")
        arrange_funds(access=self.access, row=self._correcting(row, FundingArrangement.objects, corrects))

    def _used(self, day: dt.date, value: Decimal, corrects: bool) -> None:
        row = FundingReport(line=self.line, as_of=day, used=value, note="x")
        add_funding_report(access=self.access, row=self._correcting(row, FundingReport.objects, corrects))

    def _output(self, day: dt.date, value: Decimal, corrects: bool) -> None:
        row = IndicatorReport(
            indicator=self.indicator, as_of=day, actual=value, percent=min(value, Decimal(100))
        )
        report_indicator(access=self.access, row=self._correcting(row, IndicatorReport.objects, corrects))

    def _figure(self, day: dt.date, value: Decimal, corrects: bool) -> None:
        row = figure_of(self.world, day, key="funds-arranged", text=f"{value} 元", value=value, unit="元")
        save_published_figure(
            access=self.access, row=self._correcting(row, PublishedFigure.objects, corrects)
        )

    def _period(self, day: dt.date, value: Decimal, corrects: bool) -> None:
        """Edited in place: past answers are found by undoing it."""
        row = Programme.objects.get(pk=self.world.programme.pk)
        row.period_start = START if corrects else dt.date(2024, 2, 1)
        save_programme(access=self.access, row=row)

    def _project(self, day: dt.date, value: Decimal, corrects: bool) -> None:
        row = Project.objects.get(pk=self.project.pk)
        row.due_date, row.weight = day, None if corrects else value
        save_project(access=self.access, row=row)

    def _line(self, day: dt.date, value: Decimal, corrects: bool) -> None:
        line_of(
            self.world, name=f"资金 {value}", arranged=value, source="other" if corrects else "district",
            division=self.world.counties["330203"],
        )  # fmt: skip


@settings(max_examples=8)
@given(steps=st.lists(STEP, min_size=2, max_size=6))
def test_answers_noted_on_the_way_come_out_again(world: World, steps: list[Any]) -> None:
    with transaction.atomic():
        history = History(world)
        for step in steps:
            history.step(*step)
            history.note()
        history.check()
        transaction.set_rollback(True)


def test_a_moment_before_anything_knows_nothing(world: World) -> None:
    line_of(world)
    first = ChangeHead.objects.get().recorded_at
    assert first is not None
    before = first - dt.timedelta(days=1)
    held = snapshot(fresh=True)
    found = headline(world.programme.key, clocks=Clocks(DAYS[1], before, seq_at(before)), held=held)
    assert found is not None
    assert found.money.rows == () and found.statements == ()
    now = headline(world.programme.key, clocks=Clocks(DAYS[1]), held=held)
    assert now is not None
    assert [row.rate.arranged for row in now.money.rows] == [100]


def test_a_line_that_became_another_s_is_still_the_first_s_then(world: World) -> None:
    line = line_of(world)
    moment = ChangeHead.objects.get().recorded_at
    assert moment is not None
    row = FundingLine.objects.get(pk=line.pk)
    row.source = "other"
    save_funding_line(access=system_access(), row=row)
    held = snapshot(fresh=True)
    sources = []
    for clocks in (Clocks(DAYS[1], moment, seq_at(moment)), Clocks(DAYS[1])):
        found = headline(world.programme.key, clocks=clocks, held=held)
        assert found is not None
        sources.append([row.source.value for row in found.money.rows])
    assert sources == [["city"], ["other"]]
