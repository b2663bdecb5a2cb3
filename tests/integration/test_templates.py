"""Templates: what a clerk may fill in, what the cells let in, and that a filled-in one needs no mapping."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from openpyxl import load_workbook

from projects.exchange.columnmatch import match_columns
from projects.models import Division, Site
from tests.factories import World

pytestmark = pytest.mark.django_db


def template(path: Path, *args: str) -> dict[str, Any]:
    out = io.StringIO()
    given = args if "--actor" in args else (*args, "--actor", "haishu")
    call_command("import_template", str(path), "--json", *given, stdout=out)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


@pytest.fixture
def townships(world: World) -> list[Division]:
    """Two townships below 海曙, one of which has the name of another elsewhere."""
    haishu = world.counties["330203"]
    for division in Division.objects.filter(tree_left__gt=haishu.tree_left).order_by("-tree_left"):
        division.tree_left += 2
        division.tree_right += 2
        division.save()
    Division.objects.filter(pk=world.city.pk).update(tree_right=100)
    Division.objects.filter(pk=haishu.pk).update(tree_right=haishu.tree_left + 2)
    Division.objects.create(
        code="330212001", name_zh="望春街道", level="township", tree_left=90, tree_right=90
    )
    return [
        Division.objects.create(
            code=code,
            name_zh=name,
            level="township",
            tree_left=haishu.tree_left + n,
            tree_right=haishu.tree_left + n,
        )
        for n, (code, name) in enumerate([("330203001", "南门街道"), ("330203002", "望春街道")], start=1)
    ]


def test_a_template_is_for_one_district_and_indicator(
    world: World, townships: list[Division], tmp_path: Path
) -> None:
    kind = world.kinds["ev-charging"]
    kind.attributes = [
        {"key": "piles", "label_zh": "充电桩(个)", "type": "integer"},
        {"key": "fast", "label_zh": "快充", "type": "boolean"},
    ]
    kind.save()
    path = tmp_path / "out.xlsx"
    assert template(path, "--division", "330203", "--indicator", "06-piles")["prefilled"] == 0
    book = load_workbook(path)
    assert book.sheetnames == ["点位", "说明", "选项"] and book["选项"].sheet_state == "hidden"
    sheet = book["点位"]
    titles = [str(cell.value) for cell in sheet[1]]
    assert titles[:6] == ["点位编码", "名称", "设施种类", "经度", "纬度", "区划"]
    assert titles[-2:] == ["充电桩[个](attributes.piles)", "快充(attributes.fast)"] and "贡献量" in titles
    assert sheet.max_row == 1  # nothing that could be imported by mistake
    # Without any mapping: every column is recognised.
    found = match_columns(titles, {"code": "点位编码", "kind": "设施种类"}, has_geometry=False)
    assert set(found.header_of.values()) == set(titles)


def test_the_header_is_locked_and_the_rows_are_free(world: World, tmp_path: Path) -> None:
    template(tmp_path / "out.xlsx", "--division", "330203", "--indicator", "03-meal")
    sheet = load_workbook(tmp_path / "out.xlsx")["点位"]
    assert sheet.protection.sheet and not sheet.protection.password
    assert not (sheet.protection.insertRows or sheet.protection.deleteRows or sheet.protection.autoFilter)
    assert all(cell.protection.locked and cell.comment for cell in sheet[1])
    assert sheet.freeze_panes == "C2"
    looks = {str(cell.value): sheet.column_dimensions[cell.column_letter] for cell in sheet[1]}
    assert all(not look.protection.locked for look in looks.values())
    assert looks["点位编码"].number_format == looks["电话"].number_format == "@"
    assert looks["实际开工日期"].number_format == "yyyy-mm-dd"
    assert "必填" in str(sheet["A1"].comment.text) and "例如" in str(sheet["A1"].comment.text)


def test_cells_are_chosen_from_lists_and_checked(
    world: World, townships: list[Division], tmp_path: Path
) -> None:
    template(tmp_path / "out.xlsx", "--division", "330203", "--indicator", "03-meal")
    book = load_workbook(tmp_path / "out.xlsx")
    sheet = book["点位"]
    letters = {cell.column_letter: str(cell.value) for cell in sheet[1]}
    rules = {letters[str(rule.sqref).split("2:")[0]]: rule for rule in sheet.data_validations.dataValidation}

    def choices(title: str) -> list[object]:
        rule = rules[title]
        assert rule.type == "list" and rule.showErrorMessage and rule.error
        column = rule.formula1.split("$")[1]
        cells = [
            book["选项"][f"{column}{row}"].value for row in range(1, int(rule.formula1.split("$")[-1]) + 1)
        ]
        assert None not in cells
        return cells

    assert choices("区划") == ["海曙区", "南门街道", "望春街道(330203002)"]
    assert choices("设施种类") == ["助餐点"]
    assert choices("服务状态") == ["开放", "暂停服务", "已停用", "未知"]
    assert "已核验" not in choices("建设阶段")
    assert (rules["经度"].type, rules["经度"].errorStyle) == ("decimal", "warning")
    assert rules["实际完工日期"].type == "date" and "日期" in rules["实际完工日期"].error
    assert (rules["名称"].type, rules["名称"].formula1) == ("textLength", "200")
    assert "贡献量" not in rules


def test_lines_and_areas_have_a_column_for_their_shape(world: World, tmp_path: Path) -> None:
    template(tmp_path / "out.xlsx", "--division", "330203", "--kind", "road")
    titles = [cell.value for cell in load_workbook(tmp_path / "out.xlsx")["点位"][1]]
    assert "图形(WKT)" in titles and "经度" not in titles and "基线开工日期" not in titles


def test_what_is_there_can_be_filled_in_beforehand(world: World, tmp_path: Path) -> None:
    meal = world.site(counts_for=(("03-meal", 1),), phone="057412345678", name="=cmd")
    world.site(county="330212", counts_for=(("03-meal", 1),))
    world.site()  # existing stock counts for nothing
    path = tmp_path / "out.xlsx"
    assert template(path, "--division", "330203", "--indicator", "03-meal", "--prefill")["prefilled"] == 1
    assert (
        template(tmp_path / "kind.xlsx", "--division", "330203", "--kind", "meal-point", "--prefill")[
            "prefilled"
        ]
        == 2
    )
    book = load_workbook(path)
    sheet = book["点位"]
    assert [sheet["A2"].value, sheet["B2"].value, sheet["C2"].value, sheet["F2"].value] == [
        meal.code, "'=cmd", "助餐点", "海曙区",
    ]  # fmt: skip
    assert not sheet["A2"].protection.locked and sheet["A2"].number_format == "@"
    said = {str(row[0].value): str(row[1].value) for row in book["说明"].iter_rows()}
    assert "WGS-84" in said["已预填"] and "WGS-84" in said["第二步"] and "--datum wgs84" in said["命令"]


@pytest.mark.parametrize(
    ("args", "status"),
    [
        (("--division", "330212", "--indicator", "03-meal"), 1),
        (("--division", "330200", "--indicator", "03-meal"), 1),
        (("--division", "330203", "--kind", "meal-point", "--actor", "energy"), 1),
        (("--division", "330203", "--indicator", "03-meal", "--actor", "energy"), 1),
        (("--division", "330203", "--indicator", "06-piles", "--actor", "energy"), 0),
        (("--division", "330203", "--indicator", "03-meal", "--actor", "supervisor"), 1),
        (("--division", "330203", "--indicator", "03-meal", "--actor", "stranger"), 1),
        (("--division", "999999", "--indicator", "03-meal"), 2),
        (("--division", "330203", "--indicator", "no-such"), 2),
        (("--division", "330203", "--kind", "no-such"), 2),
        (("--division", "330203"), 2),
    ],
)
def test_only_ones_own(world: World, tmp_path: Path, args: tuple[str, ...], status: int) -> None:
    try:
        template(tmp_path / "out.xlsx", *args)
        found = 0
    except SystemExit as stop:
        found = int(str(stop.code))
    except CommandError as problem:
        found = problem.returncode
    assert found == status
    assert bool(list(tmp_path.iterdir())) is (status == 0)


def test_a_template_is_a_workbook(world: World, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="xlsx") as caught:
        template(tmp_path / "out.csv", "--division", "330203", "--kind", "road")
    assert caught.value.returncode == 2 and not Site.objects.exists()
