"""export_sites: what import reads back unchanged; public unless somebody asks by name."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
import shapely
from django.core.management import CommandError, call_command

from projects.models import Site
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


@pytest.mark.parametrize("suffix", [".csv", ".geojson"])
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
    assert again.read_text(encoding="utf-8") == text


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
        ("out.xlsx", ()),
        ("out.gpkg", ()),
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


def test_a_failed_export_leaves_the_old_file(
    sites: list[Site], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out.csv"
    path.write_text("old", encoding="utf-8")

    def fail(*args: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("projects.exchange.exporting._write_csv", fail)
    with pytest.raises(CommandError, match="No space"):
        export(path)
    assert path.read_text(encoding="utf-8") == "old"
    assert [item.name for item in tmp_path.iterdir()] == ["out.csv"]
