"""Writes: scope first, versions checked, nothing half done, every change numbered and chained."""

import datetime as dt
import hashlib
from decimal import Decimal
from typing import Any

import pytest
import shapely
from django.db import connection, transaction
from django.test import Client

from projects.actions import ledger
from projects.actions.batches import SiteUpdate, apply_site_drafts
from projects.actions.drafts import PlanChangeDraft, ReportDraft
from projects.actions.errors import Conflict, Invalid, NotAllowed
from projects.actions.publishing import publish_site, submit_site, withdraw_site
from projects.actions.reports import change_plan, report_site
from projects.actions.sites import add_site, change_site, remove_site
from projects.models import AuditEntry, ChangeHead, LightSpan, Site, SiteReport, SiteState
from projects.models.base import AppendOnlyError
from projects.rules.vocabulary import Publication, Stage
from tests.factories import CUTOFF, World

pytestmark = pytest.mark.django_db


def snapshot_of_database() -> tuple[int, int, list[Any]]:
    """What a refused action must leave as it was."""
    return (
        AuditEntry.objects.count(),
        SiteState.objects.count(),
        list(Site.objects.order_by("pk").values()),
    )


def test_a_change_writes_row_state_entry_and_number(world: World) -> None:
    site = world.site(name="旧名")
    before = ChangeHead.objects.get().seq
    changed = change_site(
        access=world.access("haishu"),
        site_id=site.pk,
        expected_version=1,
        changes={"name": "新名", "stage": "verified"},
    )
    assert (changed.version, changed.changed_seq) == (2, before + 1)
    entry = AuditEntry.objects.get(seq=before + 1)
    assert entry.actor_id == world.users["haishu"].pk
    assert entry.payload["changed"] == {"name": ["旧名", "新名"], "stage": ["finished", "verified"]}
    assert [state.stage for state in site.states.all()] == ["finished", "verified"]


def test_a_change_that_changes_nothing_writes_nothing(world: World) -> None:
    site = world.site(name="同名")
    before = snapshot_of_database()
    change_site(access=world.access("admin"), site_id=site.pk, expected_version=1, changes={"name": "同名"})
    assert snapshot_of_database() == before


def test_two_editors_on_one_site(world: World) -> None:
    site = world.site()
    change_site(
        access=world.access("admin"), site_id=site.pk, expected_version=1, changes={"phone": "0574-1"}
    )
    before = snapshot_of_database()
    with pytest.raises(Conflict) as conflict:
        change_site(
            access=world.access("haishu"), site_id=site.pk, expected_version=1, changes={"phone": "0574-2"}
        )
    assert conflict.value.current_version == 2
    assert snapshot_of_database() == before


@pytest.mark.parametrize("who", ["yinzhou", "energy", "supervisor", "publisher", "stranger"])
def test_nobody_changes_what_is_not_theirs(world: World, who: str) -> None:
    site = world.site(county="330203")
    before = snapshot_of_database()
    access = world.access(who)
    with pytest.raises(NotAllowed):
        change_site(access=access, site_id=site.pk, expected_version=1, changes={"name": "x"})
    with pytest.raises(NotAllowed):
        remove_site(access=access, site_id=site.pk, expected_version=1, reason="x")
    with pytest.raises(NotAllowed):
        add_site(access=access, draft=world.draft(county="330203"))
    with pytest.raises(NotAllowed):
        report_site(access=access, site_id=site.pk, report=ReportDraft(CUTOFF, Decimal(10)))
    with pytest.raises(NotAllowed):
        apply_site_drafts(access=access, updates=[SiteUpdate(site.pk, 1, {"name": "x"})], reason="x")
    assert snapshot_of_database() == before


def test_an_editor_cannot_push_a_site_into_another_county(world: World) -> None:
    site = world.site(county="330203")
    other = world.counties["330212"].pk
    before = snapshot_of_database()
    with pytest.raises(NotAllowed):
        change_site(
            access=world.access("haishu"),
            site_id=site.pk,
            expected_version=1,
            changes={"managed_by_id": other},
        )
    with pytest.raises(NotAllowed):
        apply_site_drafts(
            access=world.access("haishu"),
            updates=[SiteUpdate(site.pk, 1, {"managed_by_id": other})],
            reason="x",
        )
    assert snapshot_of_database() == before


def test_a_department_editor_works_across_counties_on_its_own_indicators(world: World) -> None:
    mine = world.add(world.planned(county="330212", kind="ev-charging", counts_for=(("06-piles", 4),)))[0]
    changed = change_site(
        access=world.access("energy"), site_id=mine.pk, expected_version=1, changes={"phone": "0574-9"}
    )
    assert changed.phone == "0574-9"
    assert set(Site.objects.visible_to(world.access("energy"))) == {mine}


def test_a_batch_is_all_or_nothing(world: World) -> None:
    before = snapshot_of_database()
    good, bad = world.draft(), world.draft(code="T00001")
    world.add(world.draft(code="TAKEN"))
    before = snapshot_of_database()
    with pytest.raises(Invalid):
        apply_site_drafts(access=world.access("admin"), drafts=[good, world.draft(code="TAKEN")], reason="x")
    assert snapshot_of_database() == before
    with pytest.raises(Invalid):
        apply_site_drafts(access=world.access("admin"), drafts=[bad, bad], reason="x")
    assert snapshot_of_database() == before


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"stage": "ready"}, "stage"),
        ({"baseline_start": dt.date(2024, 5, 1), "baseline_finish": dt.date(2024, 4, 1)}, ""),
        ({"started_on": dt.date(2024, 5, 1), "finished_on": dt.date(2024, 4, 1)}, ""),
        ({"verified_on": dt.date(2024, 4, 1), "finished_on": dt.date(2024, 5, 1)}, ""),
        ({"contributions": [(1, Decimal(1)), (1, Decimal(2))]}, "contributions"),
    ],
)
def test_what_cannot_be_is_refused(world: World, changes: dict[str, Any], field: str) -> None:
    site = world.site()
    before = snapshot_of_database()
    with pytest.raises(Invalid) as refused:
        change_site(access=world.access("admin"), site_id=site.pk, expected_version=1, changes=changes)
    assert field in refused.value.errors
    assert snapshot_of_database() == before


def test_a_removed_site_is_gone_for_all_and_kept_in_the_table(world: World, client: Client) -> None:
    site = world.site()
    remove_site(access=world.access("admin"), site_id=site.pk, expected_version=1, reason="重复")
    assert not Site.objects.live().exists()
    assert Site.objects.get(pk=site.pk).deleted_seq == ChangeHead.objects.get().seq
    assert client.get("/api/v1/sites/").json()["features"] == []


class TestPublishing:
    def test_takes_a_second_person(self, world: World) -> None:
        site = world.site(publication=Publication.DRAFT)
        submit_site(access=world.access("haishu"), site_id=site.pk, expected_version=1)
        with pytest.raises(NotAllowed):
            publish_site(access=world.access("haishu"), site_id=site.pk, expected_version=2)
        published = publish_site(access=world.access("publisher"), site_id=site.pk, expected_version=2)
        assert published.publication == "published"

    def test_the_administrator_cannot_publish_what_they_submitted(self, world: World) -> None:
        site = world.site(publication=Publication.DRAFT)
        submit_site(access=world.access("admin"), site_id=site.pk, expected_version=1)
        with pytest.raises(NotAllowed):
            publish_site(access=world.access("admin"), site_id=site.pk, expected_version=2)

    def test_a_draft_is_not_published_without_being_submitted(self, world: World) -> None:
        site = world.site(publication=Publication.DRAFT)
        with pytest.raises(NotAllowed):
            publish_site(access=world.access("publisher"), site_id=site.pk, expected_version=1)

    def test_withdrawing_needs_a_reason(self, world: World) -> None:
        site = world.site()
        with pytest.raises(Invalid):
            withdraw_site(access=world.access("publisher"), site_id=site.pk, expected_version=1, reason=" ")


class TestLights:
    """银川: 10 to 30 points behind is yellow, more is red. Plan: 1 January to 30 June, linear."""

    def light_on(self, site: Site, day: dt.date) -> str:
        span = LightSpan.objects.get(
            site=site, superseded_at__isnull=True, valid_from__lte=day, valid_to__gt=day
        )
        return span.light

    @pytest.mark.parametrize(
        ("percent", "light"), [(100, "green"), (91, "green"), (90, "yellow"), (70, "yellow"), (69, "red")]
    )
    def test_a_report_turns_the_light(self, world: World, percent: int, light: str) -> None:
        site = world.add(world.planned())[0]
        assert self.light_on(site, CUTOFF) == "red"
        report_site(
            access=world.access("haishu"), site_id=site.pk, report=ReportDraft(CUTOFF, Decimal(percent))
        )
        assert self.light_on(site, CUTOFF) == light
        site.refresh_from_db()
        assert site.percent == percent

    def test_replaced_spans_stay_for_known_at(self, world: World) -> None:
        site = world.add(world.planned())[0]
        before = list(LightSpan.objects.filter(site=site).values_list("valid_from", "valid_to", "light"))
        report_site(access=world.access("haishu"), site_id=site.pk, report=ReportDraft(CUTOFF, Decimal(100)))
        old = LightSpan.objects.filter(site=site, superseded_at__isnull=False)
        unchanged = LightSpan.objects.filter(
            site=site, superseded_at__isnull=True, recorded_at=site.created_at
        )
        kept = [*old.values_list("valid_from", "valid_to", "light")]
        kept += unchanged.values_list("valid_from", "valid_to", "light")
        assert sorted(kept) == sorted(before)
        assert old.exists()

    def test_an_approved_reschedule_moves_the_plan_but_not_the_baseline(self, world: World) -> None:
        site = world.add(world.planned())[0]
        change_plan(
            access=world.access("supervisor"),
            site_id=site.pk,
            change=PlanChangeDraft(
                CUTOFF, dt.date(2024, 1, 1), dt.date(2024, 11, 30), "雨季", "甬政办 12 号"
            ),
        )
        site.refresh_from_db()
        assert (site.baseline_finish, site.planned_finish) == (CUTOFF, dt.date(2024, 11, 30))
        # This policy measures against the baseline: a reschedule is not "on time".
        assert self.light_on(site, CUTOFF) == "red"

    def test_finishing_puts_the_light_out(self, world: World) -> None:
        site = world.add(world.planned())[0]
        change_site(
            access=world.access("haishu"),
            site_id=site.pk,
            expected_version=1,
            changes={"stage": "finished", "finished_on": CUTOFF},
            effective_on=CUTOFF,
        )
        assert self.light_on(site, CUTOFF) == "green"


class TestReports:
    @pytest.mark.parametrize(
        ("as_of", "percent"),
        [
            (CUTOFF, Decimal(101)),
            (CUTOFF, Decimal(-1)),
            (CUTOFF, Decimal("NaN")),
            (dt.date(2100, 1, 1), Decimal(5)),
        ],
    )
    def test_nonsense_is_refused(self, world: World, as_of: dt.date, percent: Decimal) -> None:
        site = world.site()
        before = snapshot_of_database()
        with pytest.raises(Invalid):
            report_site(access=world.access("admin"), site_id=site.pk, report=ReportDraft(as_of, percent))
        assert snapshot_of_database() == before

    def test_a_correction_replaces_and_keeps(self, world: World) -> None:
        site = world.add(world.planned())[0]
        access = world.access("haishu")
        wrong = report_site(access=access, site_id=site.pk, report=ReportDraft(CUTOFF, Decimal(95)))
        with pytest.raises(Invalid):
            report_site(
                access=access, site_id=site.pk, report=ReportDraft(CUTOFF, Decimal(5)), corrects_id=wrong.pk
            )
        report_site(
            access=access,
            site_id=site.pk,
            report=ReportDraft(CUTOFF, Decimal(5)),
            corrects_id=wrong.pk,
            correction_reason="填错",
        )
        site.refresh_from_db()
        assert site.percent == 5
        assert SiteReport.objects.filter(site=site).count() == 2

    def test_rows_cannot_be_edited_or_deleted(self, world: World) -> None:
        site = world.site()
        row = report_site(
            access=world.access("admin"), site_id=site.pk, report=ReportDraft(CUTOFF, Decimal(5))
        )
        row.percent = Decimal(99)
        with pytest.raises(AppendOnlyError):
            row.save()
        with pytest.raises(AppendOnlyError):
            row.delete()
        with pytest.raises(AppendOnlyError):
            AuditEntry.objects.latest("seq").delete()


class TestLedger:
    def test_numbers_are_gapless_and_hashes_chain(self, world: World) -> None:
        world.add(*(world.draft() for _ in range(5)))
        site = world.site()
        change_site(access=world.access("admin"), site_id=site.pk, expected_version=1, changes={"phone": "1"})
        entries = list(AuditEntry.objects.order_by("seq"))
        assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
        previous = "0" * 64
        for entry in entries:
            assert entry.previous_hash == previous
            told = ledger.Entry(
                entry.action, entry.subject_type, entry.subject_id, entry.division_id, entry.payload
            )
            bytes_ = ledger.canonical(
                seq=entry.seq,
                recorded_at=entry.recorded_at,
                actor_id=entry.actor_id,
                entry=told,
                previous_hash=previous,
            )
            assert hashlib.sha256(bytes_).hexdigest() == entry.hash
            previous = entry.hash
        assert ChangeHead.objects.get().entry_hash == previous

    def test_numbers_come_back_after_a_rollback(self, world: World) -> None:
        world.site()
        seq = ChangeHead.objects.get().seq
        with pytest.raises(ZeroDivisionError), transaction.atomic(), ledger.take(3, actor_id=None):
            raise ZeroDivisionError
        assert ChangeHead.objects.get().seq == seq
        world.site()
        assert ChangeHead.objects.get().seq == seq + 1

    def test_a_number_without_an_entry_is_refused(self, world: World) -> None:
        with pytest.raises(RuntimeError), transaction.atomic(), ledger.take(1, actor_id=None):
            pass

    @pytest.mark.parametrize("value", [1.5, {"a": 0.1}, [float("nan")]])
    def test_payloads_hold_no_floats(self, value: Any) -> None:
        with pytest.raises(TypeError):
            ledger.canonical(
                seq=1,
                recorded_at=dt.datetime(2024, 1, 1, tzinfo=dt.UTC),
                actor_id=None,
                entry=ledger.Entry("a", "b", "1", None, {"value": value}),
                previous_hash="",
            )


def test_geometry_moves_the_representative_point(world: World) -> None:
    site = world.site(kind="road", geometry=shapely.LineString([(121.51, 29.81), (121.53, 29.81)]))
    assert (site.location.x, site.location.y) == pytest.approx((121.52, 29.81), abs=1e-6)
    changed = change_site(
        access=world.access("admin"),
        site_id=site.pk,
        expected_version=1,
        changes={"geometry": shapely.LineString([(121.55, 29.81), (121.57, 29.81)])},
    )
    assert changed.location.x == pytest.approx(121.56, abs=1e-6)


@pytest.mark.parametrize(
    "geometry",
    [
        shapely.Point(1e308, 29),
        shapely.Point(181, 29),
        shapely.Point(float("nan"), 29),
        shapely.Point(float("inf"), 29),
        shapely.Point(),
        shapely.LineString([(121, 29), (121, 1e300)]),
    ],
)
def test_no_database_ever_sees_a_place_outside_the_world(world: World, geometry: shapely.Geometry) -> None:
    site = world.site()
    before = snapshot_of_database()
    with pytest.raises(Invalid):
        change_site(
            access=world.access("admin"), site_id=site.pk, expected_version=1, changes={"geometry": geometry}
        )
    with pytest.raises(Invalid):
        add_site(access=world.access("admin"), draft=world.draft(geometry=geometry))
    assert snapshot_of_database() == before


def test_stage_of_a_draft_tells_its_history(world: World) -> None:
    site = world.add(
        world.planned(
            stage=Stage.VERIFIED,
            started_on=dt.date(2024, 2, 1),
            finished_on=dt.date(2024, 5, 1),
            verified_on=dt.date(2024, 6, 1),
        )
    )[0]
    assert [(state.effective_on.month, state.stage) for state in site.states.all()] == [
        (1, "planned"),
        (2, "building"),
        (5, "finished"),
        (6, "verified"),
    ]


def test_busy_timeout_is_what_we_set(db: Any) -> None:
    if connection.vendor != "sqlite":
        assert connection.settings_dict["OPTIONS"]["options"] == "-c lock_timeout=5000"
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        assert cursor.fetchone() == (20_000,)
