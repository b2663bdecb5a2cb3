"""Closed periods: every writer is refused, an approved correction is the very same write, both names are kept."""

import datetime as dt
import importlib
import inspect
import pkgutil
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection

from projects import actions
from projects.actions.batches import apply_site_drafts
from projects.actions.closing import CORRECTABLE, close_period
from projects.actions.corrections import approve_correction, refuse_correction, request_correction
from projects.actions.drafts import ReportDraft
from projects.actions.errors import ActionError, Invalid, NotAllowed, PeriodClosed
from projects.actions.programmes import save_programme, save_published_figure
from projects.actions.publishing import submit_site
from projects.actions.sites import change_site
from projects.models import (
    AuditEntry,
    ChangeHead,
    CorrectionRequest,
    Membership,
    PeriodClosing,
    Programme,
    Site,
    SiteReport,
    recordguards,
)
from projects.permissions.access import Access
from projects.rules.vocabulary import Publication
from tests.factories import CUTOFF, World, database_content
from tests.integration.closedworld import (
    CASES,
    CLOSED_DAY,
    OPEN_DAY,
    THROUGH,
    Case,
    close,
    figure_of,
    second_closer,
)

pytestmark = pytest.mark.django_db

#: Actions that state no dated fact of a programme, and why.
UNDATED: Mapping[str, str] = {
    "close_period": "closes",
    "request_correction": "asks",
    "approve_correction": "decides; the write that it makes is asked",
    "refuse_correction": "decides",
    "apply_changes": "called by change_site, which has asked",
    "prepare": "of an import: asks for all rows at once",
    "enrol": "a phone of one's own",
    "renew_recovery_codes": "codes of one's own",
    "remove_second_factor": "a phone of one's own",
    "reset_second_factor": "how somebody logs in",
    "unlock": "how somebody logs in",
    "examine": "only says what would be refused",
    "save_row": "is handed the guard by the action",
    "save_category": "names and order; with indicators it stays in its programme",
    "adopt_policy": "makes a version; choosing it is save_programme",
    "answer_feedback": "outside the change sequence, no figure",
    "state_seed": "a round's rules, no figure",
    "draw_sample": "who is to be visited, no figure",
    "save_checklist": "what is looked at, no figure",
    "load_checklists": "what is looked at, no figure",
    "save_scheme": "who looks; what was accepted stays",
    "load_holidays": "deadlines, no figure",
    "rebuild_figures": "works out again what follows from the facts",
    "save_order_scheme": "deadlines, no figure",
    "issue_order": "binds from the day that it is given; no figure",
    "sign_order": "a step of an order, dated by its recording",
    "start_order": "a step of an order",
    "report_back": "a step of an order",
    "close_order": "a step of an order",
    "return_order": "a step of an order",
    "ask_extension": "a step of an order",
    "grant_extension": "a step of an order",
    "refuse_extension": "a step of an order",
    "raise_order": "a step of an order",
    "withdraw_order": "a step of an order",
    "save_kind": "what citizens look for, no figure",
    "save_policy": "a version in use is never edited; choosing another is save_programme",
    "submit_site": "not public yet",
    "set_co_departments": "who supports, no figure",
    "store_area": "a filter",
    "add_photos": "evidence, no figure",
    "decide_photo": "who may see evidence",
    "preview_round": "writes nothing",
    "save_user": "people",
    "set_password": "people",
    "record_accounts": "people",
    "take_checkpoint": "signs the chain, writes no fact",
    "anchor_chain": "takes rows into the chain as they are, writes no fact",
    "save_division": "names; belonging is set_parent",
    "add_alias": "names",
    "save_boundary": "where a line is drawn; a site's division is its own dated fact",
}


def named(case: Case) -> str:
    return case.name.replace(" ", "-")


def refused(call: Any, access: Access) -> PeriodClosed:
    with pytest.raises(PeriodClosed) as found:
        call(access)
    return found.value


def public_actions() -> Iterator[str]:
    """Keyword-only functions that take an `access`: what can be called to write."""
    for info in pkgutil.iter_modules(actions.__path__):
        module = importlib.import_module(f"projects.actions.{info.name}")
        for name, found in inspect.getmembers(module, inspect.isfunction):
            if name.startswith("_") or found.__module__ != module.__name__:
                continue
            access = inspect.signature(found).parameters.get("access")
            if access is not None and access.kind is inspect.Parameter.KEYWORD_ONLY:
                yield name


class TestTheGuard:
    def test_every_action_asks_or_says_why_not(self) -> None:
        """A new action is either correctable and in CASES, or named in UNDATED with its reason."""
        found = set(public_actions())
        assert found == set(CORRECTABLE) | set(UNDATED)
        assert not set(CORRECTABLE) & set(UNDATED)
        assert {case.action for case in CASES} == set(CORRECTABLE)

    @pytest.mark.parametrize("case", CASES, ids=named)
    def test_a_closed_day_is_refused_and_nothing_written(self, world: World, case: Case) -> None:
        call = case.prepare(world, CLOSED_DAY)
        close(world)
        before = database_content(), ChangeHead.objects.get().seq
        refusal = refused(call, world.access(case.who))
        assert "已关账至 2024-05-31" in str(refusal) and "作为更正提交" in str(refusal)
        assert (database_content(), ChangeHead.objects.get().seq) == before

    @pytest.mark.parametrize("case", CASES, ids=named)
    def test_nothing_is_refused_while_nothing_is_closed(self, world: World, case: Case) -> None:
        call = case.prepare(world, CLOSED_DAY)
        before = ChangeHead.objects.get().seq if ChangeHead.objects.exists() else 0
        call(world.access(case.who))
        assert ChangeHead.objects.get().seq > before

    @pytest.mark.parametrize("case", [case for case in CASES if case.dated], ids=named)
    def test_an_open_day_is_written(self, world: World, case: Case) -> None:
        call = case.prepare(world, OPEN_DAY)
        close(world)
        call(world.access(case.who))

    @pytest.mark.parametrize("case", CASES, ids=named)
    def test_approved_it_is_the_same_write_with_both_names(self, world: World, case: Case) -> None:
        call = case.prepare(world, CLOSED_DAY)
        close(world)
        asker, closer = world.access(case.who), second_closer(world)
        request = request_correction(access=asker, refused=refused(call, asker), reason="录入有误")
        assert (request.action, request.decision) == (case.action, "waiting")
        first = ChangeHead.objects.get().seq + 1
        approve_correction(access=closer, request_id=request.pk, note="同意")
        entries = list(AuditEntry.objects.filter(seq__gte=first).order_by("seq"))
        assert len(entries) >= 2
        for entry in entries[:-1]:
            assert entry.actor_id == asker.user_id
            assert entry.payload["approved_by"] == closer.user_id
            assert entry.payload["requested_by"] == asker.user_id
            assert entry.payload["correction_request"] == request.pk
        assert (entries[-1].action, entries[-1].actor_id) == ("correctionrequest.approved", closer.user_id)
        # What was written once is not written again.
        with pytest.raises(ActionError):
            approve_correction(access=closer, request_id=request.pk)

    def test_existing_stock_is_in_nobodys_figures(self, world: World) -> None:
        close(world)
        world.add(world.draft(state_since=CLOSED_DAY))

    def test_names_and_addresses_are_free(self, world: World) -> None:
        site = world.add(world.planned())[0]
        close(world)
        change_site(
            access=world.access("haishu"), site_id=site.pk, expected_version=1, changes={"phone": "1"}
        )

    def test_the_cut_off_goes_on(self, world: World) -> None:
        close(world, CUTOFF)
        row = Programme.objects.get(pk=world.programme.pk)
        row.cutoff = dt.date(2024, 7, 31)
        save_programme(access=world.access("admin"), row=row)

    def test_a_quotation_of_a_closed_day_is_welcome(self, world: World) -> None:
        """Cities print a month after it has closed."""
        close(world)
        save_published_figure(access=world.access("admin"), row=figure_of(world, CLOSED_DAY))

    def test_another_year_is_open(self, world: World) -> None:
        call = CASES[0].prepare(world, CLOSED_DAY)
        other = Programme.objects.get(pk=world.programme.pk)
        other.pk, other.key, other.year, other._state.adding = None, "330200-2023", 2023, True
        other.period_start, other.period_end = dt.date(2023, 1, 1), dt.date(2023, 12, 31)
        other.cutoff = dt.date(2023, 6, 30)
        save_programme(access=world.access("admin"), row=other)
        close_period(access=world.access("admin"), programme=other, through=dt.date(2023, 12, 31))
        call(world.access("haishu"))


class TestClosing:
    @pytest.mark.parametrize(
        ("through", "said"),
        [
            (dt.date(2024, 5, 30), "最后一天"),
            (dt.date(2024, 2, 28), "最后一天"),  # a leap year
            (dt.date(2023, 12, 31), "之间的月份"),
            (dt.date(2025, 1, 31), "之间的月份"),
        ],
    )
    def test_months_that_cannot_be_closed(self, world: World, through: dt.date, said: str) -> None:
        with pytest.raises(Invalid, match=said):
            close(world, through)

    def test_the_leap_day_closes_february(self, world: World) -> None:
        assert close(world, dt.date(2024, 2, 29)).through == dt.date(2024, 2, 29)

    def test_months_follow_each_other(self, world: World) -> None:
        close(world)
        for wrong in (THROUGH, dt.date(2024, 4, 30), dt.date(2024, 7, 31)):
            with pytest.raises(Invalid, match="2024-06"):
                close(world, wrong)
        close(world, CUTOFF)
        assert list(PeriodClosing.objects.values_list("through", flat=True)) == [CUTOFF, THROUGH]

    def test_the_future_is_not_closed(self, world: World) -> None:
        eve = time_machine.travel(dt.datetime(2024, 6, 29, 15, 59, tzinfo=dt.UTC), tick=False)
        with eve, pytest.raises(Invalid, match="还没有到"):
            close(world, CUTOFF)
        # 16:00 UTC is midnight in Shanghai: 30 June has begun.
        with time_machine.travel(dt.datetime(2024, 6, 29, 16, 0, tzinfo=dt.UTC), tick=False):
            close(world, CUTOFF)

    @pytest.mark.parametrize("who", ["haishu", "supervisor", "publisher", "stranger"])
    def test_it_takes_the_right(self, world: World, who: str) -> None:
        with pytest.raises(NotAllowed):
            close_period(access=world.access(who), programme=world.programme, through=THROUGH)

    def test_an_administrator_of_one_district_does_not_close_the_city(self, world: World) -> None:
        Membership.objects.create(
            user=world.users["stranger"], role="administrator", division=world.counties["330203"]
        )
        with pytest.raises(NotAllowed):
            close_period(access=world.access("stranger"), programme=world.programme, through=THROUGH)


class TestCorrections:
    @pytest.fixture
    def asked(self, world: World) -> CorrectionRequest:
        call = CASES[0].prepare(world, CLOSED_DAY)
        close(world)
        asker = world.access("haishu")
        return request_correction(access=asker, refused=refused(call, asker), reason="五月漏报")

    def test_asking_writes_nothing_but_the_request(self, world: World, asked: CorrectionRequest) -> None:
        assert not SiteReport.objects.filter(as_of=CLOSED_DAY).exists()
        assert (asked.effective_on, asked.closed_through) == (CLOSED_DAY, THROUGH)
        assert "试点" in asked.subject
        entry = AuditEntry.objects.latest("seq")
        assert (entry.action, entry.payload["reason"]) == ("correctionrequest.request", "五月漏报")

    def test_nobody_approves_their_own(self, world: World) -> None:
        call = next(case for case in CASES if case.name == "target").prepare(world, CLOSED_DAY)
        close(world)
        admin = world.access("admin")
        row = request_correction(access=admin, refused=refused(call, admin), reason="漏登记")
        for decide in (approve_correction, refuse_correction):
            with pytest.raises(NotAllowed, match="申请人以外"):
                decide(access=admin, request_id=row.pk, note="x")

    @pytest.mark.parametrize("who", ["yinzhou", "supervisor", "publisher", "stranger"])
    def test_it_takes_the_right_to_close(self, world: World, asked: CorrectionRequest, who: str) -> None:
        with pytest.raises(NotAllowed):
            approve_correction(access=world.access(who), request_id=asked.pk)

    def test_a_refusal_keeps_the_request_and_needs_a_reason(
        self, world: World, asked: CorrectionRequest
    ) -> None:
        admin = world.access("admin")
        with pytest.raises(Invalid, match="理由"):
            refuse_correction(access=admin, request_id=asked.pk, note=" ")
        refuse_correction(access=admin, request_id=asked.pk, note="没有依据")
        asked.refresh_from_db()
        assert (asked.decision, asked.note, asked.decided_by_id) == ("refused", "没有依据", admin.user_id)
        assert not SiteReport.objects.filter(as_of=CLOSED_DAY).exists()

    def test_who_lost_the_right_meanwhile_writes_no_more(
        self, world: World, asked: CorrectionRequest
    ) -> None:
        Membership.objects.filter(user=world.users["haishu"]).delete()
        with pytest.raises(NotAllowed):
            approve_correction(access=world.access("admin"), request_id=asked.pk)
        asked.refresh_from_db()
        assert asked.decision == "waiting"

    def test_a_row_that_somebody_else_changed_waits(self, world: World) -> None:
        """The version that was read is part of the call."""
        call = next(case for case in CASES if case.name == "started on").prepare(world, CLOSED_DAY)
        close(world)
        asker = world.access("haishu")
        row = request_correction(access=asker, refused=refused(call, asker), reason="漏填")
        site = Site.objects.get()
        change_site(access=asker, site_id=site.pk, expected_version=1, changes={"phone": "1"})
        with pytest.raises(ActionError, match="已被他人修改"):
            approve_correction(access=second_closer(world), request_id=row.pk)

    @pytest.mark.parametrize("reason", ["", "  "])
    def test_a_request_says_why(self, world: World, reason: str) -> None:
        call = CASES[0].prepare(world, CLOSED_DAY)
        close(world)
        asker = world.access("haishu")
        with pytest.raises(Invalid, match="更正原因"):
            request_correction(access=asker, refused=refused(call, asker), reason=reason)

    def test_what_is_wrong_in_itself_is_not_asked_for(self, world: World) -> None:
        """The call is tried before it is kept."""
        site = world.add(world.draft(publication=Publication.DRAFT, counts_for=(("03-meal", 1),)))[0]
        close(world)
        refusal = PeriodClosed("", programme_id=world.programme.pk, effective_on=CLOSED_DAY, through=THROUGH)
        report = ReportDraft(CLOSED_DAY, Decimal(101))
        refusal.call = ("report_site", {"site_id": site.pk, "report": report})
        with pytest.raises(Invalid, match="0 到 100"):
            request_correction(access=world.access("haishu"), refused=refusal, reason="x")
        assert not CorrectionRequest.objects.exists()

    def test_a_request_for_an_open_period_is_none(self, world: World) -> None:
        call = CASES[0].prepare(world, CLOSED_DAY)
        closing = close(world)
        asker = world.access("haishu")
        refusal = refused(call, asker)
        with recordguards.lifted(connection):
            PeriodClosing.objects.filter(pk=closing.pk).delete()
        with pytest.raises(Invalid, match="直接保存"):
            request_correction(access=asker, refused=refusal, reason="x")

    def test_an_import_that_is_too_large_is_asked_for_in_parts(self, world: World) -> None:
        close(world)
        drafts = [
            world.draft(publication=Publication.DRAFT, state_since=CLOSED_DAY, counts_for=(("03-meal", 1),))
            for _number in range(201)
        ]
        asker = world.access("haishu")
        refusal = refused(lambda access: apply_site_drafts(access=access, drafts=drafts, reason="x"), asker)
        assert "共 201 条" in str(refusal)
        with pytest.raises(Invalid, match="200"):
            request_correction(access=asker, refused=refusal, reason="漏报")


def test_submitting_is_free(world: World) -> None:
    site = world.add(world.planned(publication=Publication.DRAFT))[0]
    close(world)
    submit_site(access=world.access("haishu"), site_id=site.pk, expected_version=1)
    assert Site.objects.get(pk=site.pk).version == 2
