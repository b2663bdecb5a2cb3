"""Messy, hostile and unreadable files, and the report."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from projects.models import Site
from tests.factories import World
from tests.integration.importing import GOOD, HEAD, history, run, write
from tests.unit.projects.exchange.strangefiles import POINTS, layer, packed, shapefile, workbook

pytestmark = pytest.mark.django_db


MESSY: dict[str, bytes] = {
    "gbk-crlf": GOOD.replace("\n", "\r\n").encode("gbk"),
    "gb18030": GOOD.replace("药行街", "𠮷").encode("gb18030"),
    "utf-16": GOOD.encode("utf-16"),
    "bom": b"\xef\xbb\xbf" + GOOD.encode(),
    "semicolons": GOOD.replace(",", ";").encode(),
    "tabs": GOOD.replace(",", "\t").encode(),
    "headers": GOOD.replace("name,lon", "名称 ,\u3000经度 ").encode(),
    "full-width": GOOD.replace("121.55", "１２１．５５").replace("29.85", " 29。85 ").encode(),
    "one-pair": 'code,name,坐标\nA1,甲,"121.55,29.85"\nA2,乙,121.65;29.85\n'.encode(),
}  # fmt: skip


@pytest.mark.parametrize("data", MESSY.values(), ids=MESSY)
def test_messy_files_give_the_same_places(world: World, tmp_path: Path, data: bytes) -> None:
    status, answer = run(write(tmp_path, data))
    assert (status, answer["created"], answer["errors"]) == (0, 2, 0)
    places = Site.objects.order_by("code").values_list("location", flat=True)
    assert [(p.x, p.y) for p in places] == [(121.55, 29.85), (121.65, 29.85)]


def clerks_workbook(folder: Path) -> Path:
    rows: list[list[object]] = [
        ["宁波市2024年助餐点清单"],
        ["单位:个", None, None, None, "制表日期:2024年6月30日"],
        ["code", "name", "位置", None, "区县"],
        [None, None, "经度", "纬度", None],
        ["一、海曙区"],
        ["A1", "甲", 121.55, "29。85", "海曙区"],
        ["小计", None, None, None, 1],
        ["A2", "乙", "121°39′", "北纬29度51分", "鄞州区"],
        ["注:坐标为国家2000。"],
    ]
    return workbook(folder / "a.xlsx", rows, merged=["A1:E1", "C3:D3", "A5:E5"])


def vector_file(folder: Path, name: str) -> Path:
    columns: dict[str, Any] = {"code": ["A1", "A2"], "name": ["甲", "乙"], "区县": ["海曙区", "鄞州区"]}
    if name.endswith(".gpkg"):
        return layer(folder / name, POINTS, columns)
    parts = shapefile(folder, columns, encoding="GB18030")
    return packed(folder / name, {f"x/点位{suffix}": part for suffix, part in parts.items()})


@pytest.mark.parametrize(
    "make",
    [
        clerks_workbook,
        lambda folder: vector_file(folder, "a.gpkg"),
        lambda folder: vector_file(folder, "a.zip"),
    ],
    ids=["xlsx", "gpkg", "shapefile"],
)
def test_every_format_gives_the_same_places(
    world: World, tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    path = make(tmp_path)
    status, answer = run(path)
    assert (status, answer["created"], answer["errors"]) == (0, 2, 0), answer
    places = Site.objects.order_by("code").values_list("name", "location")
    assert [(name, p.x, p.y) for name, p in places] == [("甲", 121.55, 29.85), ("乙", 121.65, 29.85)]
    assert run(path)[1]["unchanged"] == 2
    if path.suffix == ".xlsx":
        assert "第 1–2 行是标题,第 3–4 行是表头。" in answer["notes"]
        assert run(path, "--sheet", "1", "--header-row", "4")[1]["unchanged"] == 2
    else:
        assert run(path, "--datum", "gcj02")[1]["status"] == "refused"


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
        ("a.xlsx", b"PK\x03\x04", 1),
        ("a.gpkg", b"SQLite format 3\x00", 1),
        ("a.et", b"", 2),
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
