"""What goes out comes in again without a change, whatever a site is called; a filled-in template just comes in."""

import contextlib
import datetime as dt
import io
import json
from pathlib import Path
from typing import Any

import pytest
import shapely
from django.core.management import call_command
from openpyxl import load_workbook

from projects.models import AuditEntry, Site
from projects.rules.vocabulary import Publication, Service, Stage
from tests.factories import World

pytestmark = pytest.mark.django_db

#: Names, addresses and codes as somebody might have stored them by whatever way.
NAMES = (
    "=cmd|' /C calc'!A0", "'=1", "''", "@SUM(1)", "＝1+1", "﹢1", " =1", "\ufeff=1", "\u200b+1", "\u00a0-1", "-1", "+8613",
    'a"b', "a,b;c\td", "a\nb", "a\r\nb", "a\rb", "😀 👩‍👩‍👧 é", "_x0041_", "_x005F_", "a\x07b", "&lt;b&gt; & <b>", "{name}", "100%",
    "TRUE", "2024-06-30", "1.50", "00120", "#N/A点", "合计", "一、海曙区", "‮反", "𠮷野家", "长" * 200,
)  # fmt: skip
CODES = (
    "00123",
    "0012.50",
    "12345678901234567890",
    "=1+1",
    "-5",
    "A B",
    "甲",
    "1",
    "TRUE",
    "2024/6/30",
)


def run_import(path: Path, *args: str) -> dict[str, Any]:
    out = io.StringIO()
    with contextlib.suppress(SystemExit):
        call_command(
            "import_sites", str(path), "--actor", "admin", "--code", "code", "--kind-from", "kind",
            "--datum", "wgs84", "--division-from", "column", "--allow-division-conflicts", "--json", *args, stdout=out,
        )  # fmt: skip
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


@pytest.fixture
def hostile(world: World) -> int:
    kind = world.kinds["ev-charging"]
    kind.attributes = [
        {"key": "piles", "label_zh": "充电桩(个)", "type": "integer"},
        {"key": "price", "label_zh": "=价格", "type": "text"},
        {"key": "fast", "label_zh": "", "type": "boolean"},
    ]
    kind.save()
    drafts = [
        world.draft(
            name=name,
            address=name[::-1],
            opening_hours=name[:100],
            lon=121.5 + n / 997,
            lat=29.8 + 1 / (n + 11),
        )
        for n, name in enumerate(NAMES)
    ]
    drafts += [
        world.draft(
            code=code, kind="ev-charging", phone="057412345678", service=Service.UNKNOWN,
            attributes={"piles": 0, "price": code, "fast": bool(n % 2), "unknown to the kind": 1}, source_datum="gcj02",
        )
        for n, code in enumerate(CODES)
    ]  # fmt: skip
    line = shapely.LineString([(121.51, 29.81), (121.52, 29.82), (121.1 / 3 + 81.2, 29.83)])
    two = shapely.MultiPolygon(
        [shapely.box(121.61, 29.81, 121.62, 29.82), shapely.box(121.63, 29.81, 121.64, 29.82)]
    )
    drafts += [
        world.draft(kind="road", geometry=line),
        world.draft(kind="farm-area", geometry=two, county="330212", managed_by="330203"),
        world.planned(publication=Publication.DRAFT, started_on=dt.date(2024, 1, 2)),
        world.draft(stage=Stage.VERIFIED, finished_on=dt.date(2024, 1, 2), verified_on=dt.date(2024, 2, 2)),
    ]
    world.add(*drafts)
    return len(drafts)


@pytest.mark.parametrize("suffix", [".csv", ".geojson", ".xlsx", ".gpkg"])
def test_no_name_is_changed_by_going_out_and_in(hostile: int, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"out{suffix}"
    call_command("export_sites", str(path), "--actor", "admin", "--internal", stdout=io.StringIO())
    entries = AuditEntry.objects.count()
    found = run_import(path, "--dry-run")
    wrong = [problem for problem in found["problems"] if problem["severity"] == "error"]
    assert (wrong, found["rows"], found["unchanged"], found["updated"], found["created"]) == (
        [],
        hostile,
        hostile,
        0,
        0,
    )
    assert run_import(path)["status"] == "unchanged"
    assert AuditEntry.objects.count() == entries


def test_a_filled_in_template_needs_no_mapping(world: World, tmp_path: Path) -> None:
    kind = world.kinds["ev-charging"]
    kind.attributes = [
        {"key": "piles", "label_zh": "充电桩(个)", "type": "integer"},
        {"key": "fast", "label_zh": "快充", "type": "boolean"},
    ]
    kind.save()
    path = tmp_path / "fill.xlsx"
    call_command(
        "import_template", str(path), "--division", "330203", "--indicator", "06-piles", "--actor", "haishu",
        stdout=io.StringIO(),
    )  # fmt: skip
    book = load_workbook(path)
    sheet = book["点位"]
    column = {str(cell.value): cell.column for cell in sheet[1]}
    for row, code in enumerate(("001", "002"), start=2):
        for title, value in {
            "点位编码": code, "名称": f"充电站 {code}", "设施种类": "电动汽车充电站", "经度": 121.55, "纬度": 29.85,
            "区划": "海曙区", "建设阶段": "建设中", "服务状态": "未知", "电话": "0574-1234567", "贡献量": 20,
            "基线开工日期": dt.date(2024, 1, 1), "基线完工日期": "2024-06-30", "充电桩[个](attributes.piles)": 20,
            "快充(attributes.fast)": "是",
        }.items():  # fmt: skip
            sheet.cell(row, column[title], value)
    book.save(path)
    out = io.StringIO()
    call_command(
        "import_sites", str(path), "--actor", "haishu", "--code", "点位编码", "--kind-from", "设施种类", "--datum", "wgs84",
        "--division-from", "column", "--indicator", "06-piles", "--json", stdout=out,
    )  # fmt: skip
    found = json.loads(out.getvalue())
    assert (found["status"], found["created"], found["errors"]) == ("applied", 2, 0)
    site = Site.objects.get(code="001")
    assert (site.stage, site.attributes, site.phone) == (
        "building",
        {"piles": 20, "fast": True},
        "0574-1234567",
    )
    assert site.baseline_finish == dt.date(2024, 6, 30)
    assert [str(each.quantity) for each in site.contributions.all()] == ["20.000"]


def test_a_template_with_what_is_there_changes_nothing_as_it_is(world: World, tmp_path: Path) -> None:
    world.add(
        world.draft(kind="ev-charging", counts_for=(("06-piles", 3),), name="=1"),
        world.planned(kind="ev-charging", counts_for=(("06-piles", "2.5"),), code="007"),
    )
    path = tmp_path / "fill.xlsx"
    call_command(
        "import_template", str(path), "--division", "330203", "--indicator", "06-piles", "--actor", "haishu", "--prefill",
        stdout=io.StringIO(),
    )  # fmt: skip
    found = run_import(path, "--indicator", "06-piles")
    assert (found["status"], found["unchanged"]) == ("unchanged", 2)
