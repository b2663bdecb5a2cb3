"""Writes: scope first, versions checked, nothing half done, every change numbered and chained."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
import shapely
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone

from projects.actions.batches import apply_site_drafts
from projects.actions.drafts import ReportDraft
from projects.actions.errors import Conflict, Invalid, NotAllowed
from projects.actions.reports import report_site
from projects.actions.sites import add_site, change_site, remove_site
from projects.actions.siteupdates import SiteUpdate
from projects.models import AuditEntry, ChangeHead, Site
from projects.rules.vocabulary import Publication, Stage
from tests.factories import CUTOFF, World, database_content

pytestmark = pytest.mark.django_db


def test_a_change_writes_row_state_entry_and_number(world: World) -> None:
    site = world.site(name="旧名")
    before = ChangeHead.objects.get().seq
    changed = change_site(
        access=world.access("haishu"),
        site_id=site.pk,
        expected_version=1,
        changes={"name": "新名", "stage": "suspended"},
    )
    assert (changed.version, changed.changed_seq) == (2, before + 1)
    entry = AuditEntry.objects.get(seq=before + 1)
    assert entry.actor_id == world.users["haishu"].pk
    assert entry.payload["changed"] == {"name": ["旧名", "新名"], "stage": ["finished", "suspended"]}
    assert [state.stage for state in site.states.all()] == ["finished", "suspended"]


def test_a_change_that_changes_nothing_writes_nothing(world: World) -> None:
    site = world.site(name="同名")
    before = database_content()
    change_site(access=world.access("admin"), site_id=site.pk, expected_version=1, changes={"name": "同名"})
    assert database_content() == before


def test_a_change_never_begins_before_what_came_later(world: World) -> None:
    """The map would say cancelled, and every figure since the later record finished."""
    site = world.site(state_since=dt.date(2024, 5, 20))
    before = database_content()
    with pytest.raises(Invalid, match="2024-05-20") as refused:
        change_site(
            access=world.access("admin"),
            site_id=site.pk,
            expected_version=1,
            changes={"stage": "cancelled"},
            effective_on=dt.date(2024, 3, 10),
        )
    assert list(refused.value.errors) == ["effective_on"]
    assert database_content() == before


def test_a_site_that_is_planned_for_later_may_begin_earlier(world: World) -> None:
    today = timezone.localdate()
    later = today + dt.timedelta(days=40)
    draft = world.planned(stage=Stage.PLANNED, baseline_start=later, baseline_finish=later, state_since=None)
    site = world.add(draft)[0]
    change_site(
        access=world.access("admin"), site_id=site.pk, expected_version=1, changes={"stage": "building"}
    )
    stages = [state.stage for state in site.states.order_by("effective_on", "pk")]
    assert stages == ["planned", "building"]


def test_two_editors_on_one_site(world: World) -> None:
    site = world.site()
    change_site(
        access=world.access("admin"), site_id=site.pk, expected_version=1, changes={"phone": "0574-1"}
    )
    before = database_content()
    with pytest.raises(Conflict) as conflict:
        change_site(
            access=world.access("haishu"), site_id=site.pk, expected_version=1, changes={"phone": "0574-2"}
        )
    assert conflict.value.current_version == 2
    assert database_content() == before


@pytest.mark.parametrize("who", ["yinzhou", "energy", "supervisor", "publisher", "stranger"])
def test_nobody_changes_what_is_not_theirs(world: World, who: str) -> None:
    site = world.site(county="330203")
    before = database_content()
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
    assert database_content() == before


def test_an_editor_cannot_push_a_site_into_another_county(world: World) -> None:
    site = world.site(county="330203")
    other = world.counties["330212"].pk
    before = database_content()
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
    assert database_content() == before


def test_a_department_editor_works_across_counties_on_its_own_indicators(world: World) -> None:
    mine = world.add(world.planned(county="330212", kind="ev-charging", counts_for=(("06-piles", 4),)))[0]
    changed = change_site(
        access=world.access("energy"), site_id=mine.pk, expected_version=1, changes={"phone": "0574-9"}
    )
    assert changed.phone == "0574-9"
    assert set(Site.objects.visible_to(world.access("energy"))) == {mine}


def test_a_department_editor_does_not_count_for_another_departments_indicator(world: World) -> None:
    site = world.add(world.planned(kind="ev-charging", counts_for=(("06-piles", 4),)))[0]
    mine, other = world.indicators["06-piles"].pk, world.indicators["03-meal"].pk
    before = database_content()
    for pairs in ([(mine, Decimal(4)), (other, Decimal(1))], [(other, Decimal(1))]):
        with pytest.raises(NotAllowed):
            change_site(
                access=world.access("energy"),
                site_id=site.pk,
                expected_version=1,
                changes={"contributions": pairs},
            )
    both = world.draft(
        counts_for=(("06-piles", 1), ("03-meal", 1)), publication=Publication.DRAFT, county="330203"
    )
    with pytest.raises(NotAllowed):
        add_site(access=world.access("energy"), draft=both)
    with pytest.raises(NotAllowed):
        apply_site_drafts(access=world.access("energy"), drafts=[both], reason="x")
    assert database_content() == before
    changed = change_site(
        access=world.access("energy"),
        site_id=site.pk,
        expected_version=1,
        changes={"contributions": [(mine, Decimal(6))]},
    )
    assert changed.version == 2


def test_a_batch_is_all_or_nothing(world: World) -> None:
    world.add(world.draft(code="TAKEN"))
    before = database_content()
    good, taken, double = (
        world.draft(code=code, publication=Publication.DRAFT) for code in ("GOOD", "TAKEN", "DOUBLE")
    )
    for drafts in ([good, taken], [good, double, double]):
        with pytest.raises(Invalid):
            apply_site_drafts(access=world.access("admin"), drafts=drafts, reason="x")
        assert database_content() == before


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"stage": "ready"}, "stage"),
        ({"baseline_start": dt.date(2024, 5, 1), "baseline_finish": dt.date(2024, 4, 1)}, ""),
        ({"started_on": dt.date(2024, 5, 1), "finished_on": dt.date(2024, 4, 1)}, ""),
        ({"verified_on": dt.date(2024, 4, 1), "finished_on": dt.date(2024, 5, 1)}, ""),
        ({"stage": "building", "finished_on": dt.date(2024, 5, 1)}, "stage"),
        ({"stage": "planned", "started_on": dt.date(2024, 5, 1)}, "stage"),
        (
            {
                "baseline_start": dt.date(2024, 1, 1),
                "baseline_finish": dt.date(2024, 4, 1),
                "baseline_milestones": [["2024-05-01", "50"]],
            },
            "baseline_milestones",
        ),
        ({"contributions": [(1, Decimal(1)), (1, Decimal(2))]}, "contributions"),
    ],
)
def test_what_cannot_be_is_refused(world: World, changes: dict[str, Any], field: str) -> None:
    site = world.site()
    before = database_content()
    with pytest.raises(Invalid) as refused:
        change_site(access=world.access("admin"), site_id=site.pk, expected_version=1, changes=changes)
    assert field in refused.value.errors
    assert database_content() == before


def test_the_baseline_never_changes_once_handed_over(world: World) -> None:
    """However it is tried: by a form, by a file."""
    site = world.add(world.planned())[0]
    later = {"baseline_finish": dt.date(2024, 12, 31)}
    before = database_content()
    with pytest.raises(Invalid):
        change_site(access=world.access("haishu"), site_id=site.pk, expected_version=1, changes=later)
    with pytest.raises(Invalid):
        apply_site_drafts(access=world.access("haishu"), updates=[SiteUpdate(site.pk, 1, later)], reason="x")
    assert database_content() == before
    draft = world.add(world.planned(publication=Publication.DRAFT))[0]
    changed = change_site(access=world.access("haishu"), site_id=draft.pk, expected_version=1, changes=later)
    assert changed.baseline_finish == dt.date(2024, 12, 31)


def test_a_state_is_not_dated_ahead(world: World) -> None:
    site = world.site()
    with pytest.raises(Invalid):
        change_site(
            access=world.access("admin"),
            site_id=site.pk,
            expected_version=1,
            changes={"stage": "verified"},
            effective_on=dt.date(2100, 1, 1),
        )


def test_a_first_state_is_dated_by_the_citys_day(world: World) -> None:
    """02:30 on 2 July in Ningbo is still 1 July in UTC."""
    with time_machine.travel(dt.datetime(2026, 7, 1, 18, 30, tzinfo=dt.UTC), tick=False):
        site = world.site(state_since=None)
    assert [state.effective_on for state in site.states.all()] == [dt.date(2026, 7, 2)]


def test_a_removed_site_is_gone_for_all_and_kept_in_the_table(world: World, client: Client) -> None:
    site = world.site()
    remove_site(access=world.access("admin"), site_id=site.pk, expected_version=1, reason="重复")
    assert not Site.objects.live().exists()
    assert Site.objects.get(pk=site.pk).deleted_seq == ChangeHead.objects.get().seq
    assert client.get("/api/v1/sites/").json()["features"] == []


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
    before = database_content()
    with pytest.raises(Invalid):
        change_site(
            access=world.access("admin"), site_id=site.pk, expected_version=1, changes={"geometry": geometry}
        )
    with pytest.raises(Invalid):
        add_site(access=world.access("admin"), draft=world.draft(geometry=geometry))
    assert database_content() == before


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
        assert connection.settings_dict["OPTIONS"]["options"] == "-c lock_timeout=5000 -c jit=off"
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        assert cursor.fetchone() == (20_000,)
