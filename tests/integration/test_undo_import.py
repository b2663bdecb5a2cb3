"""Undoing an import: as if it had never been, said by a batch of its own; never over somebody's later work."""

import datetime as dt
import io
import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import shapely
import time_machine
from django.core.management import CommandError, call_command

from projects.actions.batches import FileStamp, apply_site_drafts
from projects.actions.chain import verify_chain
from projects.actions.drafts import ReportDraft, SiteDraft
from projects.actions.errors import Conflict, Invalid, NotAllowed
from projects.actions.publishing import publish_batch
from projects.actions.sites import change_site
from projects.actions.siteupdates import SiteUpdate
from projects.actions.undoing import undo_batch
from projects.models import (
    AuditEntry,
    Contribution,
    ImportBatch,
    LightSpan,
    RollUp,
    RollUpStep,
    Site,
    SiteStanding,
    SiteState,
)
from projects.readmodels.invariants import broken_invariants
from projects.rules.vocabulary import Publication
from tests.factories import World, anchor, database_content
from tests.integration.importing import GOOD, run, write

pytestmark = pytest.mark.django_db

BEFORE, IMPORTED, UNDONE, LATER = (f"2024-0{month}-10T10:00:00+08:00" for month in (3, 4, 5, 6))
_UNLIKE = {"id", "version", "updated_at", "recorded_at", "changed_seq", "publication", "submitted_by_id"}


def plain(rows: Any) -> list[Mapping[str, Any]]:
    found = [{key: value for key, value in row.items() if key not in _UNLIKE} for row in rows.values()]
    return sorted(found, key=str)


def figures() -> dict[str, Any]:
    """What every figure of every day is made from, as it is known now."""
    live = Site.objects.live()
    return {
        "sites": plain(live),
        "contributions": plain(Contribution.objects.filter(site__in=live)),
        "standings": plain(SiteStanding.objects.known()),
        "lights": plain(LightSpan.objects.filter(superseded_at__isnull=True, site__in=live)),
        "sums": [row for row in plain(RollUp.objects) if any(isinstance(v, Decimal | int) and v for v in row.values())],
        "steps": RollUpStep.objects.count(),
    }  # fmt: skip


def old_sites(world: World) -> list[Site]:
    reports = (ReportDraft(dt.date(2024, 2, 1), Decimal(20)),)
    return world.add(
        *(world.planned(code=f"O{n}", publication=Publication.DRAFT, reports=reports) for n in range(6))
    )


def changes(world: World) -> list[dict[str, Any]]:
    piles = world.indicators["06-piles"].pk
    meal = world.indicators["03-meal"].pk
    return [
        {"name": "新", "phone": "1", "attributes": {"seats": 8}},
        {"stage": "finished", "finished_on": dt.date(2024, 3, 1), "service": "open"},
        {"contributions": ((piles, Decimal(3)), (meal, Decimal("1.5")))},
        {
            "geometry": shapely.Point(121.65, 29.85), "source_x": 121.65, "source_y": 29.85,
            "managed_by_id": world.counties["330212"].pk, "located_in_id": world.counties["330212"].pk,
        },
        {"contributions": ()},
        {"baseline_finish": dt.date(2024, 4, 1)},
    ]  # fmt: skip


def imported(world: World, sites: list[Site], drafts: list[SiteDraft], who: str = "admin") -> ImportBatch:
    updates = [
        SiteUpdate(site.pk, site.version, change) for site, change in zip(sites, changes(world), strict=False)
    ]
    result = apply_site_drafts(
        access=world.access(who), drafts=drafts, updates=updates, reason="导入",
        stamp=FileStamp("甲.csv", "0" * 64, len(drafts) + len(updates), 0),
    )  # fmt: skip
    return batch_of(result.batch_id)


def batch_of(pk: int | None) -> ImportBatch:
    assert pk is not None
    return ImportBatch.objects.get(pk=pk)


def in_effect(batch: ImportBatch) -> bool:
    return batch.is_in_effect


def sound() -> bool:
    return not list(broken_invariants()) and verify_chain().bad_seq is None


def test_figures_of_every_day_are_as_before_and_redoing_brings_them_back(world: World) -> None:
    anchor()
    with time_machine.travel(BEFORE):
        sites = old_sites(world)
    before = figures()
    with time_machine.travel(IMPORTED):
        batch = imported(world, sites, [world.planned(code="N1", publication=Publication.DRAFT)])
    after = figures()
    assert after["standings"] != before["standings"]
    with time_machine.travel(UNDONE):
        admin = world.access("admin")
        head = AuditEntry.objects.count()
        rehearsed = undo_batch(access=admin, batch_id=batch.pk, reason="x", is_rehearsal=True)
        assert AuditEntry.objects.count() == head and figures() == after
        undone = undo_batch(access=admin, batch_id=batch.pk, reason="坐标系填错")
    assert (undone.removed, undone.changed_back, undone.restored, undone.kept) == (1, 6, 0, ())
    assert (rehearsed.removed, rehearsed.changed_back, rehearsed.batch_id) == (1, 6, None)
    assert figures() == before
    assert sound()
    row = batch_of(undone.batch_id)
    assert (row.undoes_id, row.removed_count, row.updated_count, row.kept_count) == (batch.pk, 1, 6, 0)
    assert in_effect(batch) is False
    # The state record of the batch is corrected, and says why; the removed site keeps its history.
    corrected = SiteState.objects.get(corrects__isnull=False, site=sites[1])
    assert corrected.correction_reason == "坐标系填错"
    assert corrected.effective_on == SiteState.objects.get(pk=corrected.corrects_id or 0).effective_on
    removed = Site.objects.get(code__startswith="~")
    assert removed.deleted_seq and AuditEntry.objects.filter(subject_id=str(removed.pk)).count() == 2
    with pytest.raises(Invalid, match="已由批次"):
        undo_batch(access=world.access("admin"), batch_id=batch.pk, reason="x")
    # Undoing the undoing does it again, and can itself be undone.
    with time_machine.travel(LATER):
        again = undo_batch(access=world.access("admin"), batch_id=row.pk, reason="其实是对的")
    assert (again.restored, again.changed_back) == (1, 6)
    assert figures() == after
    assert sound() and in_effect(batch)
    assert again.batch_id is not None
    undo_batch(access=world.access("admin"), batch_id=again.batch_id, reason="再想想")
    assert figures() == before
    assert sound()


def test_what_somebody_changed_since_is_never_overwritten(world: World) -> None:
    sites = old_sites(world)
    batch = imported(
        world, sites, [world.draft(code=f"N{n}", publication=Publication.DRAFT) for n in range(2)]
    )
    admin = world.access("admin")
    touched = [Site.objects.get(code=code) for code in ("O1", "N1")]
    for site in touched:
        change_site(access=admin, site_id=site.pk, expected_version=site.version, changes={"phone": "9"})
    before = database_content()
    with pytest.raises(Conflict, match=r"2 个点位.*O1、N1|2 个点位.*N1、O1"):
        undo_batch(access=admin, batch_id=batch.pk, reason="x")
    assert database_content() == before
    undone = undo_batch(access=admin, batch_id=batch.pk, reason="x", keep_changed=True)
    assert (undone.removed, undone.changed_back, set(undone.kept)) == (1, 5, {"O1", "N1"})
    assert Site.objects.get(code="O1").stage == "finished" and Site.objects.live().filter(code="N1").exists()
    assert batch_of(undone.batch_id).kept_count == 2
    assert not list(broken_invariants())


def test_the_right_file_takes_the_place_of_the_wrong_one(world: World, tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    assert run(path, "--publish-by", "publisher")[1]["created"] == 2
    public = set(Site.objects.values_list("public_id", flat=True))
    out = io.StringIO()
    batch = str(ImportBatch.objects.get().pk)
    call_command(
        "undo_import", "--batch", batch, "--actor", "admin", "--reason", "旧表", "--json", stdout=out
    )
    assert {**json.loads(out.getvalue()), "batch_id": 0} == {
        "status": "undone", "removed": 2, "restored": 0, "changed_back": 0, "kept": [], "batch_id": 0,
    }  # fmt: skip
    assert not Site.objects.public().exists()
    status, answer = run(path)
    assert (status, answer["created"]) == (0, 2)
    assert set(Site.objects.live().values_list("public_id", flat=True)) == public
    # The codes are taken: what was undone cannot come back beside them.
    undoing = ImportBatch.objects.get(undoes__isnull=False)
    with pytest.raises(CommandError, match="A1") as refusal:
        call_command("undo_import", "--batch", str(undoing.pk), "--actor", "admin", "--reason", "x")
    assert refusal.value.returncode == 1


def test_rights_are_like_the_imports(world: World) -> None:
    drafts = [world.draft(code="H1", publication=Publication.DRAFT)]
    batch = imported(world, [], drafts, who="haishu")
    said = set()
    for who, number in (("yinzhou", batch.pk), ("supervisor", batch.pk), ("haishu", batch.pk + 99)):
        with pytest.raises(NotAllowed) as refusal:
            undo_batch(access=world.access(who), batch_id=number, reason="x")
        said.add(str(refusal.value))
    assert len(said) == 1
    with pytest.raises(Invalid, match="原因"):
        undo_batch(access=world.access("haishu"), batch_id=batch.pk, reason=" ")
    publish_batch(access=world.access("publisher"), batch_id=batch.pk)
    # What is public is not one's own any more.
    before = database_content()
    with pytest.raises(NotAllowed, match="系统管理员"):
        undo_batch(access=world.access("haishu"), batch_id=batch.pk, reason="x")
    assert database_content() == before
    assert undo_batch(access=world.access("admin"), batch_id=batch.pk, reason="x").removed == 1


def test_ones_own_drafts_are_undone_by_oneself(world: World) -> None:
    batch = imported(world, [], [world.draft(code="H1", publication=Publication.DRAFT)], who="haishu")
    assert undo_batch(access=world.access("haishu"), batch_id=batch.pk, reason="x").removed == 1
    site = old_sites(world)[0]
    other = imported(world, [site], [], who="haishu")
    assert undo_batch(access=world.access("haishu"), batch_id=other.pk, reason="x").changed_back == 1
