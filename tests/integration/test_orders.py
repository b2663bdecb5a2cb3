"""Supervision orders through the actions: numbers, what an order keeps, its steps, scope, what is due when."""

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from io import StringIO
from threading import Thread
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection, connections

from projects.actions.errors import ActionError, Conflict, Invalid, NotAllowed
from projects.actions.ordermatters import SubjectDraft
from projects.actions.orders import OrderDraft, issue_order, save_order_scheme
from projects.actions.ordersteps import (
    ask_extension,
    close_order,
    grant_extension,
    raise_order,
    refuse_extension,
    report_back,
    return_order,
    sign_order,
    start_order,
    withdraw_order,
)
from projects.models import AuditEntry, ChangeHead, OrderScheme, Photo, Site, SupervisionOrder
from projects.readmodels.invariants import broken_invariants
from projects.readmodels.orders import due_soon, standings
from projects.rules.vocabulary import Due, OrderGrade, OrderState, PhotoPurpose, RaiseCause
from tests.factories import CUTOFF, World, anchor
from tests.photographs import draft_of_photo

pytestmark = pytest.mark.django_db

#: A Monday, without a holiday near.
NOW = dt.datetime(2024, 7, 1, 9, tzinfo=dt.timezone(dt.timedelta(hours=8)))


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def late(world: World, **changes: Any) -> Site:
    return world.add(world.planned(**{"started_on": dt.date(2024, 1, 2), **changes}))[0]


def draft(site: Site, **changes: Any) -> OrderDraft:
    return OrderDraft(SubjectDraft(site_id=site.pk), "七月底前开工", **changes)


def issue(world: World, site: Site, who: str = "supervisor", **changes: Any) -> SupervisionOrder:
    return issue_order(access=world.access(who), draft=draft(site, **changes))


def step(world: World, who: str, action: Any, order: SupervisionOrder, **values: Any) -> SupervisionOrder:
    """On the order as it is now."""
    seq = SupervisionOrder.objects.values_list("changed_seq", flat=True).get(pk=order.pk)
    found: SupervisionOrder = action(access=world.access(who), order_id=order.pk, expected_seq=seq, **values)
    return found


def in_hand(world: World, order: SupervisionOrder) -> SupervisionOrder:
    step(world, "haishu", sign_order, order)
    return step(world, "haishu", start_order, order, text="张工负责")


class TestIssuing:
    def test_an_order_keeps_why_it_was_issued(self, world: World) -> None:
        site = late(world)
        order = issue(world, site)
        assert order.number == "督〔2024〕1号" and order.division == world.counties["330203"]
        assert (order.state, order.grade, order.light) == ("issued", "blue", "red")
        assert (order.sign_by, order.report_by) == (dt.date(2024, 7, 3), dt.date(2024, 7, 15))
        assert (order.as_of, order.planned, order.actual) == (CUTOFF, Decimal(100), None)
        assert "没有上报过进度" in order.finding and order.rule
        assert order.known_seq == order.changed_seq - 1
        # A report that comes later does not repaint it.
        entry = AuditEntry.objects.get(seq=order.changed_seq)
        assert (entry.action, entry.division_id) == ("supervisionorder.issue", site.managed_by_id)
        assert order.requirement not in str(entry.payload)
        assert set(entry.payload["rows"]) == {"supervisionorder", "orderevent"}

    def test_numbers_have_no_gap(self, world: World, clock: time_machine.Traveller) -> None:
        sites = [late(world) for _ in range(3)]
        first = issue(world, sites[0])
        with pytest.raises(Invalid):
            issue(world, sites[1], grade=OrderGrade.RED)
        step(world, "supervisor", withdraw_order, first, text="发错了")
        second = issue(world, sites[0])
        clock.move_to(dt.datetime(2025, 1, 6, 9, tzinfo=dt.UTC))
        third = issue(world, sites[1])
        assert [row.number for row in (first, second, third)] == [
            "督〔2024〕1号",
            "督〔2024〕2号",
            "督〔2025〕1号",
        ]

    def test_one_matter_has_one_open_order(self, world: World) -> None:
        site = late(world)
        order = issue(world, site)
        with pytest.raises(Invalid, match="一事一单:督〔2024〕1号"):
            issue(world, site)
        assert SupervisionOrder.objects.get() == order

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"grade": OrderGrade.ORANGE}, "写明理由"),
            ({"report_days": 0}, "1 到 250"),
            ({"report_days": 1}, "不能短于签收期限"),
        ],
    )
    def test_what_is_refused(self, world: World, changes: dict[str, Any], said: str) -> None:
        site = late(world)
        with pytest.raises(Invalid, match=said):
            issue(world, site, **changes)
        assert not SupervisionOrder.objects.exists()

    @pytest.mark.parametrize("who", ["haishu", "yinzhou", "energy", "publisher", "stranger"])
    def test_who_may_not(self, world: World, who: str) -> None:
        site = late(world)
        seq = ChangeHead.objects.get().seq
        with pytest.raises(NotAllowed):
            issue(world, site, who)
        assert ChangeHead.objects.get().seq == seq

    def test_an_indicator_in_a_district_and_a_programmes_own_deadlines(self, world: World) -> None:
        save_order_scheme(
            access=world.access("admin"),
            row=OrderScheme(programme=world.programme, blue_report_days=20, source="甬督〔2024〕1号"),
        )
        subject = SubjectDraft(
            indicator_id=world.indicators["06-piles"].pk, division_id=world.counties["330203"].pk
        )
        order = issue_order(access=world.access("supervisor"), draft=OrderDraft(subject, "补齐目标"))
        assert (order.subject, order.report_by) == ("充电桩 · 海曙区", dt.date(2024, 7, 29))
        # The department sees it and does not answer it: it was given to the district.
        assert list(SupervisionOrder.objects.visible_to(world.access("energy"))) == [order]
        assert not SupervisionOrder.objects.given_to(world.access("energy")).exists()
        with pytest.raises(NotAllowed):
            step(world, "energy", sign_order, order)
        step(world, "haishu", sign_order, order)


class TestSteps:
    def test_from_issue_to_close(self, world: World) -> None:
        site = late(world)
        order = in_hand(world, issue(world, site))
        photo = replace(draft_of_photo(), purpose=PhotoPurpose.RECTIFICATION)
        order = step(world, "haishu", report_back, order, text="已开工", photos=[photo])
        assert order.state == OrderState.REPORTED
        assert Photo.objects.get().order_event == order.events.get(step="report_back")
        order = step(world, "supervisor", return_order, order, text="照片看不清")
        assert (order.state, order.report_by) == ("returned", dt.date(2024, 7, 8))
        step(world, "haishu", report_back, order, text="补照片")
        order = step(world, "supervisor", close_order, order)
        assert not order.is_open and order.events.count() == 7
        anchor()
        assert not list(broken_invariants())

    def test_the_reviewer_is_somebody_else(self, world: World) -> None:
        order = issue(world, late(world))
        for action, text in ((sign_order, ""), (start_order, "我来"), (report_back, "好了")):
            step(world, "admin", action, order, text=text)
        with pytest.raises(NotAllowed, match="没有反馈过的人"):
            step(world, "admin", close_order, order)
        with pytest.raises(NotAllowed):
            step(world, "haishu", close_order, order)
        assert step(world, "supervisor", close_order, order).state == "closed"

    def test_an_extension_moves_the_date(self, world: World, clock: time_machine.Traveller) -> None:
        order = in_hand(world, issue(world, late(world)))
        wanted = dt.date(2024, 7, 31)
        step(world, "haishu", ask_extension, order, wanted_on=wanted, text="雨季")
        order = step(world, "supervisor", refuse_extension, order, text="理由不足")
        assert (order.report_by, order.wanted_on) == (dt.date(2024, 7, 15), None)
        step(world, "haishu", ask_extension, order, wanted_on=wanted, text="雨季,附气象证明")
        order = step(world, "supervisor", grant_extension, order)
        assert order.report_by == wanted
        clock.move_to(dt.datetime(2024, 8, 1, 9, tzinfo=dt.UTC))
        with pytest.raises(Invalid, match="期限以前申请"):
            step(world, "haishu", ask_extension, order, wanted_on=dt.date(2024, 9, 1), text="再延")

    def test_a_missed_order_is_raised_and_signed_again(
        self, world: World, clock: time_machine.Traveller
    ) -> None:
        order = issue(world, late(world))
        values = {"grade": OrderGrade.ORANGE, "cause": RaiseCause.MISSED, "text": "未签收"}
        with pytest.raises(Invalid, match="没有超期"):
            step(world, "supervisor", raise_order, order, **values)
        clock.move_to(dt.datetime(2024, 7, 4, 1, tzinfo=dt.UTC))
        order = step(world, "supervisor", raise_order, order, **values)
        assert (order.number, order.grade, order.state) == ("督〔2024〕1号", "orange", "issued")
        assert (order.sign_by, order.report_by) == (dt.date(2024, 7, 5), dt.date(2024, 7, 11))

    def test_somebody_was_faster(self, world: World) -> None:
        order = issue(world, late(world))
        step(world, "haishu", sign_order, order)
        with pytest.raises(Conflict):
            withdraw_order(
                access=world.access("supervisor"),
                order_id=order.pk,
                expected_seq=order.changed_seq,
                text="撤",
            )

    @pytest.mark.parametrize("who", ["yinzhou", "energy", "publisher", "stranger"])
    def test_strangers_do_nothing(self, world: World, who: str) -> None:
        order = issue(world, late(world))
        seq = ChangeHead.objects.get().seq
        assert who == "publisher" or not SupervisionOrder.objects.visible_to(world.access(who)).exists()
        for action, values in (
            (sign_order, {}),
            (withdraw_order, {"text": "x"}),
            (raise_order, {"text": "x", "grade": OrderGrade.RED, "cause": RaiseCause.SERIOUS}),
        ):
            with pytest.raises(NotAllowed):
                step(world, who, action, order, **values)
        assert ChangeHead.objects.get().seq == seq

    def test_a_step_without_words_is_refused(self, world: World) -> None:
        order = issue(world, late(world))
        step(world, "haishu", sign_order, order)
        with pytest.raises(Invalid, match="写明"):
            step(world, "haishu", start_order, order, text="  ")


class TestOnADay:
    def test_what_is_due(self, world: World) -> None:
        first, second = issue(world, late(world)), issue(world, late(world))
        step(world, "haishu", sign_order, second)
        found = {
            day: [row.due for row in standings(SupervisionOrder.objects.order_by("pk"), day)]
            for day in (dt.date(2024, 6, 30), dt.date(2024, 7, 1), dt.date(2024, 7, 4), dt.date(2024, 7, 16))
        }
        assert list(found.values()) == [
            [],
            [Due.SOON, Due.NOTHING],
            [Due.OVERDUE, Due.NOTHING],
            [Due.OVERDUE, Due.OVERDUE],
        ]
        rows = SupervisionOrder.objects.all()
        assert list(rows.overdue(dt.date(2024, 7, 4))) == [first]
        assert list(due_soon(rows, dt.date(2024, 7, 12))) == [second]

    def test_the_command(self, world: World, clock: time_machine.Traveller) -> None:
        issue(world, late(world))
        issue(world, late(world, county="330212"))
        assert json.loads(told("--json"))["count"] == 2
        clock.move_to(dt.datetime(2024, 7, 10, 9, tzinfo=dt.UTC))
        with pytest.raises(SystemExit) as ended:
            told("--district", "330212", "--overdue")
        assert ended.value.code == 1
        # As of an earlier day nothing was overdue.
        assert json.loads(told("--json", "--overdue", "--as-of", "2024-07-02"))["orders"] == []
        with pytest.raises(CommandError) as refused:
            told("--district", "999999")
        assert refused.value.returncode == 2


def told(*words: str) -> str:
    out = StringIO()
    call_command("orders", *words, stdout=out)
    return out.getvalue()


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="one connection writes an in-memory database")
def test_two_writers_take_two_numbers(world: World) -> None:
    """Each in its own connection, at the same moment."""
    sites = [late(world) for _ in range(4)]
    access = world.access("supervisor")
    failures: list[Exception] = []

    def write(site: Site) -> None:
        try:
            issue_order(access=access, draft=draft(site))
        except ActionError as problem:
            failures.append(problem)
        finally:
            connections.close_all()

    threads = [Thread(target=write, args=(site,)) for site in sites]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert sorted(SupervisionOrder.objects.values_list("serial", flat=True)) == [1, 2, 3, 4]
