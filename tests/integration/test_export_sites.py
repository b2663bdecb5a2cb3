"""export_sites: what import reads back unchanged; public unless somebody asks by name."""

import contextlib
import csv
import datetime as dt
import io
import json
import sqlite3
import uuid
from pathlib import Path
from typing import Any

import pyogrio
import pytest
import shapely
from django.core.management import CommandError, call_command
from openpyxl import load_workbook

from projects.models import Checkpoint, Site
from projects.rules.vocabulary import Publication
from tests.factories import World

pytestmark = pytest.mark.django_db


def export(path: Path, *args: str) -> dict[str, Any]:
    out = io.StringIO()
    call_command("export_sites", str(path), "--json", *args, stdout=out)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def read_back(path: Path) -> dict[str, Any]:
    out = io.StringIO()
    call_command(
        "import_sites", str(path), "--actor", "admin", "--code", "code", "--kind-from", "kind",
        "--datum", "wgs84", "--division-from", "column", "--allow-division-conflicts", "--json", stdout=out,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def without_about(text: str) -> list[str]:
    """A file without the line that says when it was made."""
    return [line for line in text.splitlines() if not line.startswith('"about": ')]


@pytest.fixture
def sites(world: World) -> list[Site]:
    """Points with every digit, a line, an area, hostile words, a site managed elsewhere."""
    kind = world.kinds["ev-charging"]
    kind.attributes = [
        {"key": "piles", "label_zh": "充电桩", "type": "integer"},
        {"key": "price", "label_zh": "价格", "type": "text"},
    ]
    kind.save()
    line = shapely.LineString([(121.51, 29.81), (121.52, 29.82), (121.1 / 3 + 81.2, 29.83)])
    ring = shapely.Polygon([(121.61, 29.81), (121.62, 29.81), (121.62, 29.82)])
    return world.add(
        world.draft(name="=1+1", address="a,b\"c", phone="0574-123456", lon=121.1 / 3 + 81.2, lat=29.8 + 1 / 30),
        world.draft(kind="ev-charging", attributes={"piles": 20, "price": "-1 元"}, source_datum="gcj02"),
        world.draft(kind="road", geometry=line, name="'=路"),
        world.draft(kind="farm-area", geometry=ring, county="330212", managed_by="330203"),
        world.draft(publication=Publication.DRAFT),
        world.planned(started_on=None, opening_hours="+8:00"),
    )  # fmt: skip


@pytest.mark.parametrize("suffix", [".csv", ".geojson", ".xlsx", ".gpkg"])
def test_what_goes_out_comes_back_unchanged(sites: list[Site], tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"out{suffix}"
    assert export(path, "--actor", "admin")["sites"] == 6
    answer = read_back(path)
    assert (answer["status"], answer["unchanged"], answer["errors"]) == ("unchanged", 6, 0)
    assert set(Site.objects.values_list("version", flat=True)) == {1}


@pytest.mark.parametrize("suffix", [".csv", ".geojson"])
def test_what_goes_out_of_one_system_goes_into_another(
    sites: list[Site], tmp_path: Path, suffix: str
) -> None:
    """Other codes: the same places once more, the same in every exported field."""
    path, again = tmp_path / f"out{suffix}", tmp_path / f"again{suffix}"
    export(path, "--actor", "admin")
    text = path.read_text(encoding="utf-8")
    for site in sites:
        text = text.replace(site.code, f"N{site.code}")
    path.write_text(text, encoding="utf-8")
    assert read_back(path)["created"] == 6
    Site.objects.filter(code__startswith="T").update(deleted_seq=1)
    export(again, "--actor", "admin")
    assert without_about(again.read_text(encoding="utf-8")) == without_about(text)


def test_without_a_name_only_what_is_public(sites: list[Site], tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    assert export(path)["sites"] == 5
    assert sites[4].code not in {row["code"] for row in rows(path)}


@pytest.mark.parametrize(
    ("args", "count"),
    [
        (("--actor", "haishu"), 6),
        (("--actor", "yinzhou"), 0),
        (("--actor", "stranger"), 0),
        (("--division", "330212"), 1),
        (("--division", "330200"), 5),
        (("--division", "330212", "--division", "330203"), 5),
        (("--kind", "road", "--kind", "ev-charging"), 2),
        (("--kind", "road", "--division", "330212"), 0),
    ],
)
def test_filters_and_scope(sites: list[Site], tmp_path: Path, args: tuple[str, ...], count: int) -> None:
    path = tmp_path / "out.csv"
    assert export(path, *args)["sites"] == count == len(rows(path))


def test_nothing_in_a_csv_begins_a_formula(sites: list[Site], tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    export(path, "--actor", "admin")
    cells = [cell for row in rows(path) for cell in row.values()]
    assert "'=1+1" in cells and "''=路" in cells and "'-1 元" in cells and "'+8:00" in cells
    assert not [cell for cell in cells if cell[:1] in ("=", "+", "@", "\t")]


def test_geojson_keeps_every_digit(sites: list[Site], tmp_path: Path) -> None:
    path = tmp_path / "out.geojson"
    export(path)
    document = json.loads(path.read_text(encoding="utf-8"))
    first = next(f for f in document["features"] if f["properties"]["code"] == sites[0].code)
    assert first["geometry"] == {"type": "Point", "coordinates": [121.1 / 3 + 81.2, 29.8 + 1 / 30]}
    assert first["properties"]["name"] == "=1+1"


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("out.xls", ()),
        ("out.shp", ()),
        ("out.csv", ("--internal",)),
        ("nowhere/out.csv", ()),
        ("out.csv", ("--division", "999999")),
        ("out.csv", ("--kind", "no-such")),
        ("out.csv", ("--actor", "nobody")),
    ],
)
def test_what_cannot_be_exported(world: World, tmp_path: Path, name: str, args: tuple[str, ...]) -> None:
    with pytest.raises(CommandError) as caught:
        export(tmp_path / name, *args)
    assert caught.value.returncode == 2
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".gpkg"])
def test_a_failed_export_leaves_the_old_file(
    sites: list[Site], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    path = tmp_path / f"out{suffix}"
    path.write_text("old", encoding="utf-8")

    def fail(*args: object) -> int:
        raise OSError(28, "No space left on device")

    for module in ("exporting", "sitebook", "sitepackage"):
        monkeypatch.setattr(f"projects.exchange.{module}.values_of", fail)
    with pytest.raises(CommandError, match="No space"):
        export(path)
    assert path.read_text(encoding="utf-8") == "old"
    assert [item.name for item in tmp_path.iterdir()] == [path.name]


def test_a_workbook_holds_words_as_words_and_days_as_days(sites: list[Site], tmp_path: Path) -> None:
    path = tmp_path / "out.xlsx"
    Site.objects.filter(pk=sites[0].pk).update(
        code="00123456789012345678", is_demo=True, name="=1+1\n\x07_x0041_"
    )
    export(path, "--actor", "admin", "--internal", "--kind", "meal-point", "--division", "330203")
    book = load_workbook(path)
    assert book.sheetnames == ["点位", "说明"]
    sheet = book["点位"]
    assert (
        sheet.freeze_panes == "C2"
        and sheet.auto_filter.ref == f"A1:{sheet.cell(1, sheet.max_column).column_letter}4"
    )
    titles = [str(cell.value) for cell in sheet[1]]
    assert titles[:5] == ["点位编码", "名称", "设施种类", "经度", "纬度"]
    row = dict(zip(titles, sheet[2], strict=True))
    assert (row["点位编码"].value, row["点位编码"].number_format) == ("00123456789012345678", "@")
    assert row["名称"].value == "'=1+1\n_x0007__x005F_x0041_" and row["电话"].number_format == "@"
    assert (row["经度"].data_type, row["经度"].value) == ("n", 121.1 / 3 + 81.2)
    assert (row["区划"].value, row["建设阶段"].value, row["演示数据"].value) == ("海曙区", "已完工", "是")
    planned = dict(zip(titles, sheet[4], strict=True))
    assert planned["基线开工日期"].value == dt.datetime(2024, 1, 1) and planned["基线开工日期"].is_date
    assert all(cell.data_type != "f" for line in sheet.iter_rows() for cell in line)
    said = {row[0].value: str(row[1].value) for row in book["说明"].iter_rows()}
    assert said["导出人"] == "admin" and "--kind meal-point" in said["筛选条件"]
    assert "330200-2024" in said["年度"] and said["数据截止日"] == "2024-06-30"
    assert "1 个点位是演示数据" in said["演示数据"] and said["审计校验点"]


def test_a_shape_that_no_cell_holds_is_refused_and_named(world: World, tmp_path: Path) -> None:
    line = shapely.LineString([(121.5 + n / 30_000, 29.8 + (n % 7) / 3_000) for n in range(1_500)])
    site = world.site(kind="road", geometry=line)
    with pytest.raises(CommandError, match=site.code) as caught:
        export(tmp_path / "out.xlsx")
    assert caught.value.returncode == 2 and not list(tmp_path.iterdir())
    assert export(tmp_path / "out.gpkg")["sites"] == 1


def test_a_package_has_one_layer_under_the_headers_of_the_csv(sites: list[Site], tmp_path: Path) -> None:
    path, text = tmp_path / "out.gpkg", tmp_path / "out.csv"
    export(path, "--actor", "admin")
    export(text, "--actor", "admin")
    info = pyogrio.read_info(path, layer="sites")
    headers = [name for name in rows(text)[0] if name not in ("lon", "lat", "wkt")]
    assert (info["crs"], info["features"], list(info["fields"])) == ("EPSG:4326", 6, headers)
    with contextlib.closing(sqlite3.connect(path)) as package:
        (said,) = package.execute("SELECT description FROM gpkg_contents").fetchone()
        assert package.execute("PRAGMA application_id").fetchone() == (0x47504B47,)
    assert "导出人: admin" in said
    _meta, _fids, shapes, data = pyogrio.raw.read(path)
    names = data[headers.index("name")].tolist()
    assert names[0] == "=1+1"
    assert shapely.from_wkb(shapes[0]).x == 121.1 / 3 + 81.2
    kinds = {shapely.from_wkb(shape).geom_type for shape in shapes}
    assert kinds == {"Point", "LineString", "Polygon"}


def test_every_format_carries_the_checkpoint(sites: list[Site], tmp_path: Path) -> None:
    point = Checkpoint.objects.create(
        number=1, kind="checkpoint", seq=7, entry_hash="ab" * 32, epoch=uuid.uuid4(), line="",
        signed_at=dt.datetime(2024, 7, 1, tzinfo=dt.UTC),
    )  # fmt: skip
    for suffix in (".csv", ".geojson"):
        export(tmp_path / f"out{suffix}")
        assert point.entry_hash in (tmp_path / f"out{suffix}").read_text(encoding="utf-8")
    assert read_back(tmp_path / "out.csv")["status"] == "unchanged"
    export(tmp_path / "out.xlsx")
    said = [str(row[1].value) for row in load_workbook(tmp_path / "out.xlsx")["说明"].iter_rows()]
    assert any(point.entry_hash[:16] in text for text in said)
