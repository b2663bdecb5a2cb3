"""Who may import and publish, and what happens when two do so at once."""

import io
import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from projects.actions import batchscope
from projects.actions.batches import apply_site_drafts
from projects.actions.errors import NotAllowed
from projects.models import AuditEntry, ChangeHead, Contribution, ImportBatch, Site
from projects.models.access import system_access
from projects.rules.vocabulary import Publication
from tests.factories import World
from tests.integration.importing import GOOD, HEAD, history, run, spoken, write

pytestmark = pytest.mark.django_db


def test_a_second_person_publishes_at_once(world: World, tmp_path: Path) -> None:
    status, _answer = run(write(tmp_path, GOOD), "--publish-by", "publisher")
    site = Site.objects.public().get(code="A1")
    assert status == 0
    assert (site.submitted_by, site.published_by) == (world.users["admin"], world.users["publisher"])
    entry = AuditEntry.objects.get(subject_type="site", subject_id=str(site.pk))
    assert entry.payload["published_by"] == world.users["publisher"].pk


@pytest.mark.parametrize("name", ["admin", "haishu", "stranger", "nobody"])
def test_who_may_not_publish_is_refused_before_anything(world: World, tmp_path: Path, name: str) -> None:
    before = history()
    with pytest.raises(CommandError) as caught:
        run(write(tmp_path, GOOD), "--publish-by", name)
    assert caught.value.returncode == 2
    assert history() == before


def test_the_action_itself_refuses_a_publisher_who_is_the_actor(world: World) -> None:
    admin = world.access("admin")
    with pytest.raises(NotAllowed):
        apply_site_drafts(
            access=admin,
            drafts=[
                world.draft(
                    publication=Publication.DRAFT,
                )
            ],
            reason="test",
            publisher=admin,
        )
    assert not Site.objects.exists()


def test_a_batch_is_published_later_by_another_person(world: World, tmp_path: Path) -> None:
    said = spoken(write(tmp_path, GOOD))
    batch = ImportBatch.objects.get().pk
    assert f"publish_sites --batch {batch} --actor" in said.splitlines()[-1]
    with pytest.raises(CommandError) as caught:
        call_command("publish_sites", "--batch", str(batch), "--actor", "admin")
    assert caught.value.returncode == 1
    assert not Site.objects.public().exists()
    out = io.StringIO()
    call_command("publish_sites", "--batch", str(batch), "--actor", "publisher", stdout=out)
    assert "2 个点位" in out.getvalue()
    site = Site.objects.public().get(code="A1")
    assert (site.version, site.submitted_by, site.published_by) == (
        2,
        world.users["admin"],
        world.users["publisher"],
    )
    before = history()
    call_command("publish_sites", "--batch", str(batch), "--actor", "publisher", stdout=out)
    assert history() == before


def test_a_batch_that_is_not_there(world: World) -> None:
    with pytest.raises(CommandError, match="没有编号为 99") as caught:
        call_command("publish_sites", "--batch", "99", "--actor", "publisher")
    assert caught.value.returncode == 1


def test_a_district_editor_writes_their_own_rows_only(world: World, tmp_path: Path) -> None:
    status, answer = run(write(tmp_path, GOOD), actor="haishu")
    assert (status, [p["row"] for p in answer["problems"]]) == (1, [3])
    assert not Site.objects.exists()
    status, answer = run(write(tmp_path, HEAD + "A1,甲,121.55,29.85,海曙区\n"), actor="haishu")
    assert (status, answer["created"]) == (0, 1)


@pytest.mark.parametrize("actor", ["nobody", "stranger", "publisher"])
def test_who_may_not_import_is_told_so(world: World, tmp_path: Path, actor: str) -> None:
    with pytest.raises(CommandError) as caught:
        run(write(tmp_path, GOOD), actor=actor)
    assert caught.value.returncode == 2


def test_a_department_editor_imports_for_their_indicator(world: World, tmp_path: Path) -> None:
    path = write(tmp_path, "code,name,lon,lat,贡献量\nE1,充电站,121.55,29.85,12\n")
    args = ("--kind", "ev-charging")
    assert run(path, *args, actor="energy")[0] == 1
    status, _answer = run(path, *args, "--indicator", "06-piles", actor="energy")
    row = Contribution.objects.get()
    assert (status, row.indicator.code, row.quantity, row.site.code) == (0, "06-piles", Decimal(12), "E1")
    assert run(path, *args, "--indicator", "06-piles", actor="energy")[1]["unchanged"] == 1


def test_two_people_import_the_same_codes_at_once(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, GOOD)
    original = batchscope.survey

    def somebody_was_faster(drafts: Any) -> Any:
        monkeypatch.setattr(batchscope, "survey", original)
        apply_site_drafts(
            access=system_access(),
            drafts=[world.draft(publication=Publication.DRAFT, code="A2")],
            reason="test",
        )
        return original(drafts)

    monkeypatch.setattr(batchscope, "survey", somebody_was_faster)
    status, answer = run(path)
    assert status == 1
    assert "A2 已经存在" in answer["problems"][0]["sentence"]
    assert not Site.objects.filter(code="A1").exists()


def test_a_site_that_somebody_edits_meanwhile_is_a_conflict(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(write(tmp_path, GOOD))
    original = batchscope.survey

    def somebody_edits(drafts: Any) -> Any:
        Site.objects.filter(code="A1").update(version=7)
        return original(drafts)

    monkeypatch.setattr(batchscope, "survey", somebody_edits)
    status, answer = run(write(tmp_path, GOOD.replace("药行街", "新")))
    assert status == 1 and "修改" in answer["problems"][0]["sentence"]
    assert Site.objects.get(code="A1").name == "药行街助餐点"


@pytest.mark.skipif(connection.vendor == "sqlite", reason="one writer at a time: nothing to wait for")
@pytest.mark.django_db(transaction=True)
def test_a_busy_database_is_said(world: World, tmp_path: Path) -> None:
    ready, done = threading.Event(), threading.Event()

    def hold() -> None:
        from django.db import transaction

        try:
            with transaction.atomic():
                list(ChangeHead.objects.select_for_update())
                ready.set()
                done.wait(30)
        finally:
            connection.close()

    apply_site_drafts(
        access=system_access(),
        drafts=[
            world.draft(
                publication=Publication.DRAFT,
            )
        ],
        reason="test",
    )
    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert ready.wait(10)
        with pytest.raises(CommandError, match="正忙") as caught:
            run(write(tmp_path, GOOD))
        assert caught.value.returncode == 2
    finally:
        done.set()
        holder.join()
