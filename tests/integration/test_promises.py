"""Targets, money and figures as statements: what is refused and in which words, and what lists and forms show."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from importlib import import_module
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.db import connection

from projects.actions.errors import Invalid, NotAllowed
from projects.actions.programmes import save_funding_line, save_indicator, save_published_figure
from projects.actions.promises import arrange_funds, set_target
from projects.actions.records import add_funding_report, report_indicator
from projects.models import (
    AuditEntry,
    ChangeHead,
    DivisionTarget,
    FundingArrangement,
    FundingLine,
    FundingReport,
    Indicator,
    IndicatorReport,
    PublishedFigure,
    TargetStatement,
    recordguards,
)
from projects.models.access import system_access
from projects.models.base import AppendOnlyError
from projects.readmodels.clocks import Clocks
from projects.readmodels.headline import headline
from projects.readmodels.siteindex import snapshot
from tests.factories import CUTOFF, START, World, values
from tests.integration.closedworld import figure_of, line_of

pytestmark = pytest.mark.django_db
MAY = dt.date(2024, 5, 31)
LEAP = dt.date(2024, 2, 29)


def target(world: World, value: object, day: dt.date = START, **changes: Any) -> TargetStatement:
    row = TargetStatement(
        indicator=world.indicators["03-meal"],
        effective_on=day,
        target=None if value is None else Decimal(str(value)),
        source="政府工作报告",
    )
    for name, given in changes.items():
        setattr(row, name, given)
    return set_target(access=system_access(), row=row)


def arranged(line: FundingLine, value: object, day: dt.date = MAY, **changes: Any) -> FundingArrangement:
    row = FundingArrangement(line=line, effective_on=day, arranged=Decimal(str(value)), basis="追加")
    for name, given in changes.items():
        setattr(row, name, given)
    return arrange_funds(access=system_access(), row=row)


def used(line: FundingLine, value: object, day: dt.date = CUTOFF, **changes: Any) -> FundingReport:
    row = FundingReport(line=line, as_of=day, used=Decimal(str(value)))
    for name, given in changes.items():
        setattr(row, name, given)
    return add_funding_report(access=system_access(), row=row)


def output(world: World, day: dt.date = CUTOFF, **values: Any) -> IndicatorReport:
    row = IndicatorReport(indicator=world.indicators["03-meal"], as_of=day)
    for name, given in values.items():
        setattr(row, name, given)
    return report_indicator(access=system_access(), row=row)


TOMORROW = dt.date(2024, 7, 1)
REFUSED: tuple[tuple[str, Callable[[World], Any], str], ...] = (
    ("target 0", lambda world: target(world, 0), "没有目标请留空,不要填 0"),
    ("negative target", lambda world: target(world, -1), "目标须大于 0"),
    ("target that is no number", lambda world: target(world, "NaN"), "目标须大于 0"),
    ("target from tomorrow", lambda world: target(world, 5, TOMORROW), "不能晚于今天"),
    ("target without a source", lambda world: target(world, 5, source=""), "source"),
    ("negative money", lambda world: arranged(line_of(world), -1), "不能为负"),
    ("money from tomorrow", lambda world: arranged(line_of(world), 5, TOMORROW), "不能晚于今天"),
    ("money without a ground", lambda world: arranged(line_of(world), 5, basis=""), "basis"),
    ("new line below nothing", lambda world: line_of(world, arranged=Decimal(-5)), "不能为负"),
    ("negative use", lambda world: used(line_of(world), -1), "不能为负"),
    ("use that is no number", lambda world: used(line_of(world), "Infinity"), "不能为负"),
    ("use of tomorrow", lambda world: used(line_of(world), 1, TOMORROW), "不能晚于今天"),
    ("percent 101", lambda world: output(world, percent=Decimal(101)), "0 到 100"),
    ("negative output", lambda world: output(world, actual=Decimal(-1)), "不能为负"),
    ("output of tomorrow", lambda world: output(world, TOMORROW, actual=Decimal(1)), "不能晚于今天"),
    ("report that says nothing", lambda world: output(world), ""),
)


@pytest.mark.parametrize(("name", "call", "said"), REFUSED, ids=[row[0].replace(" ", "-") for row in REFUSED])
@time_machine.travel(dt.datetime(2024, 6, 30, 15, 0, tzinfo=dt.UTC), tick=False)
def test_bad_input_is_refused_in_a_sentence(
    world: World, name: str, call: Callable[[World], Any], said: str
) -> None:
    with pytest.raises(Invalid) as refused:
        call(world)
    assert said in str(refused.value) or said in refused.value.errors
    assert not TargetStatement.objects.exists() and not IndicatorReport.objects.exists()
    assert not FundingReport.objects.exists()


def test_tomorrow_begins_at_midnight_in_shanghai(world: World) -> None:
    with time_machine.travel(dt.datetime(2024, 6, 30, 16, 0, tzinfo=dt.UTC), tick=False):
        output(world, TOMORROW, actual=Decimal(1))


def test_a_leap_day_is_a_day(world: World) -> None:
    target(world, 40, LEAP)
    line = line_of(world)
    arranged(line, 5, LEAP)
    used(line, 1, LEAP)
    output(world, LEAP, actual=Decimal(1))


class TestTargets:
    def test_the_newest_by_its_day_is_kept_for_lists(self, world: World) -> None:
        meal = world.indicators["03-meal"]
        target(world, 40)
        target(world, 50, MAY)
        target(world, 45, LEAP)  # stated later, in force earlier
        meal.refresh_from_db()
        assert meal.target == 50
        target(world, None, CUTOFF)
        meal.refresh_from_db()
        assert meal.target is None

    def test_of_one_day_the_later_recorded(self, world: World) -> None:
        target(world, 40)
        target(world, 41)
        assert Indicator.objects.get(code="03-meal").target == 41

    def test_a_district_s_target_comes_and_goes(self, world: World) -> None:
        haishu = world.counties["330203"]
        target(world, 4, division=haishu)
        row = DivisionTarget.objects.get()
        assert values(row.target, row.deleted_seq) == (4, None)
        target(world, None, MAY, division=haishu)
        row.refresh_from_db()
        assert row.deleted_seq is not None
        target(world, 6, CUTOFF, division=haishu)
        row.refresh_from_db()
        assert values(row.target, row.deleted_seq) == (6, None)
        assert Indicator.objects.get(code="03-meal").target is None

    def test_both_rows_are_audited_and_stamped(self, world: World) -> None:
        row = target(world, 40)
        entries = AuditEntry.objects.order_by("-seq")[:2]
        assert [entry.action for entry in entries] == ["indicator.change", "targetstatement.add"]
        assert entries[0].payload["changed"] == {"target": [None, "40.00"]}
        assert row.changed_seq == entries[1].seq
        assert row.recorded_at == entries[1].recorded_at
        assert Indicator.objects.get(code="03-meal").changed_seq == entries[0].seq

    def test_a_correction_replaces_and_keeps(self, world: World) -> None:
        wrong = target(world, 400)
        right = target(world, 40, corrects=wrong, correction_reason="多打了一个 0")
        assert Indicator.objects.get(code="03-meal").target == 40
        assert TargetStatement.objects.count() == 2
        assert list(TargetStatement.objects.standing()) == [right]

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({}, "写明原因"),
            ({"correction_reason": "x", "other_indicator": True}, "不属于这个指标和区划"),
            ({"correction_reason": "x", "division": True}, "不属于这个指标和区划"),
            ({"correction_reason": "x", "again": True}, "已被更正"),
        ],
    )
    def test_a_correction_that_is_none(self, world: World, changes: dict[str, Any], said: str) -> None:
        wrong = target(world, 400)
        if changes.pop("again", False):
            target(world, 40, corrects=wrong, correction_reason="x")
        if changes.pop("other_indicator", False):
            changes["indicator"] = world.indicators["06-piles"]
        if changes.get("division"):
            changes["division"] = world.counties["330203"]
        before = ChangeHead.objects.get().seq
        with pytest.raises(Invalid, match=said):
            target(world, 41, corrects=wrong, **changes)
        assert ChangeHead.objects.get().seq == before

    def test_it_takes_the_right(self, world: World) -> None:
        row = TargetStatement(
            indicator=world.indicators["03-meal"], effective_on=START, target=Decimal(1), source="x"
        )
        for who in ("haishu", "energy", "supervisor", "publisher", "stranger"):
            with pytest.raises(NotAllowed):
                set_target(access=world.access(who), row=row)

    def test_a_new_indicator_states_its_target_and_a_form_does_not_change_it(self, world: World) -> None:
        access = system_access()
        row = save_indicator(
            access=access,
            row=Indicator(
                category=world.indicators["03-meal"].category,
                code="new",
                name_zh="新",
                unit_zh="个",
                target=Decimal(7),
            ),
        )
        first = TargetStatement.objects.get(indicator=row)
        assert values(first.target, first.effective_on) == (7, START)
        row.target = Decimal(9)
        with pytest.raises(Invalid, match="目标登记"):
            save_indicator(access=access, row=row)

    def test_rows_are_never_edited(self, world: World) -> None:
        row = target(world, 40)
        row.target = Decimal(41)
        with pytest.raises(AppendOnlyError):
            row.save()


class TestMoney:
    def test_the_newest_arrangement_is_kept(self, world: World) -> None:
        line = line_of(world)
        arranged(line, 120, MAY)
        arranged(line, 110, LEAP)
        line.refresh_from_db()
        assert line.arranged == 120
        assert [row.arranged for row in line.arrangements.order_by("effective_on")] == [100, 110, 120]
        line.arranged = Decimal(1)
        with pytest.raises(Invalid, match="资金安排登记"):
            save_funding_line(access=system_access(), row=line)

    def test_a_total_does_not_fall_unless_it_says_why(self, world: World) -> None:
        line = line_of(world)
        used(line, 50, MAY)
        with pytest.raises(Invalid, match=r"2024-05-31 已报 50\.00 元"):
            used(line, 40)
        with pytest.raises(Invalid, match="累计数"):
            used(line, 60, LEAP)  # an earlier day cannot have used more
        used(line, 40, note="退回 10 元")
        assert FundingReport.objects.count() == 2

    def test_a_correction_may_be_lower(self, world: World) -> None:
        line = line_of(world)
        wrong = used(line, 500, MAY)
        right = used(line, 50, MAY, corrects=wrong, correction_reason="多打了一个 0")
        used(line, 60)
        assert list(FundingReport.objects.standing().filter(as_of=MAY)) == [right]

    @pytest.mark.parametrize("again", [False, True])
    def test_a_correction_that_is_none(self, world: World, again: bool) -> None:
        line, other = line_of(world), line_of(world, name="另一笔")
        wrong = used(line, 5, MAY)
        if again:
            used(line, 6, MAY, corrects=wrong, correction_reason="x")
        with pytest.raises(Invalid, match="已被更正" if again else "不属于这笔资金"):
            used(line if again else other, 7, MAY, corrects=wrong, correction_reason="x")
        first = FundingArrangement.objects.get(line=line)
        with pytest.raises(Invalid, match="不属于这笔资金"):
            arranged(other, 9, corrects=first, correction_reason="x")


class TestReports:
    @pytest.mark.parametrize("again", [False, True])
    def test_a_correction_that_is_none(self, world: World, again: bool) -> None:
        wrong = output(world, actual=Decimal(5))
        if again:
            output(world, actual=Decimal(6), corrects=wrong, correction_reason="x")
        changes: dict[str, Any] = {} if again else {"division": world.counties["330203"]}
        with pytest.raises(Invalid, match="已被更正" if again else "不属于这个指标和区划"):
            output(world, actual=Decimal(7), corrects=wrong, correction_reason="x", **changes)


class TestFigures:
    def test_words_change_by_a_new_row_with_a_reason(self, world: World) -> None:
        access = system_access()
        first = save_published_figure(access=access, row=figure_of(world, MAY))
        first.text = "16 个"
        with pytest.raises(Invalid, match="新增一条更正"):
            save_published_figure(access=access, row=first)
        with pytest.raises(Invalid, match="写明原因"):
            save_published_figure(access=access, row=figure_of(world, MAY, corrects=first))
        with pytest.raises(Invalid, match="同一代码"):
            save_published_figure(
                access=access,
                row=figure_of(world, MAY, key="g", corrects=first, correction_reason="x"),
            )
        with pytest.raises(Invalid):
            save_published_figure(access=access, row=figure_of(world, MAY))  # the key is taken
        save_published_figure(
            access=access,
            row=figure_of(world, MAY, text="16 个", corrects=first, correction_reason="抄错"),
        )
        assert self.shown(world) == ["16 个"]
        with pytest.raises(Invalid, match="已被更正"):
            save_published_figure(
                access=access,
                row=figure_of(world, MAY, text="17 个", corrects=first, correction_reason="x"),
            )

    def test_what_was_never_printed_is_withdrawn(self, world: World) -> None:
        access = system_access()
        with pytest.raises(Invalid):
            save_published_figure(access=access, row=figure_of(world, MAY, withdrawn=True))
        first = save_published_figure(access=access, row=figure_of(world, MAY))
        save_published_figure(
            access=access,
            row=figure_of(world, MAY, corrects=first, correction_reason="来源里没有", withdrawn=True),
        )
        assert self.shown(world) == []

    def shown(self, world: World) -> list[str]:
        found = headline(world.programme.key, clocks=Clocks(CUTOFF), held=snapshot(fresh=True))
        assert found is not None
        return [row.text for row in found.statements]


def test_an_upgrade_states_what_was_stored(world: World) -> None:
    """The values of a database from before there were statements, by the change that set them."""
    line = line_of(world, statement="预算")
    target(world, 40)
    target(world, 4, division=world.counties["330203"])
    numbers = {
        "city": TargetStatement.objects.get(division=None).changed_seq + 1,
        "line": AuditEntry.objects.get(subject_type="fundingline").seq,
    }
    with recordguards.lifted(connection), connection.cursor() as cursor:
        for table in ("targetstatement", "fundingarrangement"):
            cursor.execute(f"DELETE FROM projects_{table}")
    import_module("projects.migrations.0007_promised_by_date").state_what_is_stored(apps, None)
    city = TargetStatement.objects.get(division=None)
    assert values(city.target, city.effective_on, city.changed_seq) == (40, START, numbers["city"])
    assert city.recorded_at == AuditEntry.objects.get(seq=numbers["city"]).recorded_at
    assert TargetStatement.objects.get(division__code="330203").target == 4
    money = FundingArrangement.objects.get(line=line)
    assert values(money.arranged, money.basis, money.changed_seq) == (100, "预算", numbers["line"])
    assert PublishedFigure.objects.count() == 0
