"""Planning an import over a made-up world: what is created, changed, left alone."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from projects.exchange.importing import plan_import
from projects.exchange.problems import Severity
from projects.rules.vocabulary import Service, Stage
from tests.unit.projects.exchange.made_up import (
    FENGHUA,
    GENERATED,
    GOOD,
    HAISHU,
    YINZHOU,
    csv,
    options,
    saved,
    world,
)


def test_new_rows_become_drafts_where_they_lie(tmp_path: Path) -> None:
    plan = plan_import(csv(tmp_path, GOOD), options(), world())
    assert not plan.problems
    assert [(d.code, d.located_in_id, d.managed_by_id) for d in plan.drafts] == [
        ("A1", HAISHU, HAISHU),
        ("A2", YINZHOU, YINZHOU),
    ]
    first = plan.drafts[0]
    assert (first.stage, first.service) == (Stage.FINISHED, Service.UNKNOWN)
    assert (first.source_x, first.source_y, first.source_datum) == (121.55, 29.85, "wgs84")
    assert first.publication.value == "draft"
    assert any("2 个新点位服务状态未知" in note for note in plan.notes)
    known = plan_import(csv(tmp_path, GOOD), options(service=Service.OPEN), world())
    assert not known.notes


def test_the_same_file_twice_changes_nothing(tmp_path: Path) -> None:
    table = csv(tmp_path, GOOD)
    first = plan_import(table, options(), world())
    again = plan_import(table, options(), world(saved(first)))
    assert (again.drafts, again.updates, again.unchanged) == ((), (), 2)


@pytest.mark.parametrize(
    ("row", "changes"),
    [
        ("A1,新一小,121.55,29.85", {"name": "新一小"}),
        ("A1,一小,121.56,29.85", {"geometry", "source_x", "source_y", "source_datum"}),
        ("A1,一小,121.65,29.85",
         {"geometry", "source_x", "source_y", "source_datum", "located_in_id", "managed_by_id"}),
    ],
)  # fmt: skip
def test_a_changed_row_updates_only_what_differs(tmp_path: Path, row: str, changes: Any) -> None:
    sites = saved(plan_import(csv(tmp_path, GOOD), options(), world()))
    plan = plan_import(csv(tmp_path, f"code,name,lon,lat\n{row}\n"), options(), world(sites))
    assert (plan.drafts, plan.unchanged, len(plan.updates)) == ((), 0, 1)
    update = plan.updates[0]
    assert (update.site_id, update.version) == (1, 1)
    assert update.changes.keys() == set(changes)
    assert not plan.missing


def test_columns_that_the_file_lacks_are_left_alone(tmp_path: Path) -> None:
    text = "code,name,lon,lat,phone,address\nA1,一小,121.55,29.85,0574-123456,药行街 1 号\n"
    sites = saved(plan_import(csv(tmp_path, text), options(), world()))
    assert plan_import(csv(tmp_path, GOOD), options(), world(sites)).unchanged == 1


def test_a_damaged_phone_is_said_and_does_not_erase_a_good_one(tmp_path: Path) -> None:
    head = "code,name,lon,lat,phone\nA1,一小,121.55,29.85,"
    sites = saved(plan_import(csv(tmp_path, head + "13800000000\n"), options(), world()))
    plan = plan_import(csv(tmp_path, head + "1.38E+10\n"), options(), world(sites))
    assert (plan.unchanged, plan.errors, plan.warnings) == (1, 0, 1)
    emptied = plan_import(csv(tmp_path, head + "\n"), options(), world(sites))
    assert emptied.updates[0].changes == {"phone": ""}


def test_a_position_put_right_by_hand_stays(tmp_path: Path) -> None:
    sites = saved(plan_import(csv(tmp_path, GOOD), options(), world()))
    sites[0] = replace(sites[0], geometry=shapely.Point(121.58, 29.88))
    plan = plan_import(csv(tmp_path, GOOD), options(), world(sites))
    assert (plan.updates, plan.unchanged) == ((), 2)
    assert [(p.row, p.severity) for p in plan.problems] == [(2, Severity.WARNING)]
    assert "改正过" in plan.problems[0].sentence


def test_a_site_handed_over_stays_with_its_manager(tmp_path: Path) -> None:
    sites = saved(plan_import(csv(tmp_path, GOOD), options(), world()))
    sites[0] = replace(sites[0], managed_by_id=FENGHUA)
    assert plan_import(csv(tmp_path, GOOD), options(), world(sites)).unchanged == 2


def test_only_a_verifier_verifies(tmp_path: Path) -> None:
    text = "code,name,lon,lat,stage\nA1,一小,121.55,29.85,verified\n"
    plan = plan_import(csv(tmp_path, text), options(), world())
    assert plan.drafts[0].stage is Stage.FINISHED and plan.warnings == 1
    verified = [replace(s, fields={**s.fields, "stage": "verified"}) for s in saved(plan)]
    again = plan_import(csv(tmp_path, text), options(), world(verified))
    assert (again.unchanged, again.warnings) == (1, 0)


def test_contributions_and_quantities(tmp_path: Path) -> None:
    text = "code,name,lon,lat,贡献量\nA1,一小,121.55,29.85,270\nA2,二小,121.56,29.85,\n"
    counted = options(indicator="01-places")
    plan = plan_import(csv(tmp_path, text), counted, world(indicator_id=7))
    assert [d.contributions for d in plan.drafts] == [((7, Decimal(270)),), ((7, Decimal(1)),)]
    sites = [replace(site, contributions={9: Decimal(1)}) for site in saved(plan)]
    again = plan_import(csv(tmp_path, text), counted, world(sites, indicator_id=7))
    assert dict(again.updates[0].changes["contributions"]) == {9: Decimal(1), 7: Decimal(270)}  # type: ignore[call-overload]


def test_a_code_twice_is_said_with_the_other_mistakes(tmp_path: Path) -> None:
    """Not in a second round, when the first row has been mended."""
    text = "code,name,lon,lat\nA1,甲,x,29.85\nA1,乙,121.56,29.85\n"
    plan = plan_import(csv(tmp_path, text), options(), world())
    assert plan.errors == 2
    assert any(problem.row == 3 and "与第 2 行相同" in problem.sentence for problem in plan.problems)


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ("A1,甲,121.55,29.85\nA1,乙,121.56,29.85", "与第 2 行相同"),
        (",甲,121.55,29.85", "没有填写"),
        ("1.2E+11,甲,121.55,29.85", "科学计数"),
        ("A1,,121.55,29.85", "没有填写"),
        ("A1,/,121.55,29.85", "不是名称"),
    ],
)
def test_codes_and_names_that_cannot_be(tmp_path: Path, rows: str, sentence: str) -> None:
    plan = plan_import(csv(tmp_path, f"code,name,lon,lat\n{rows}\n"), options(), world())
    assert plan.errors == 1
    assert sentence in plan.problems[0].sentence


def test_a_removed_site_keeps_its_code(tmp_path: Path) -> None:
    sites = [replace(s, is_removed=True) for s in saved(plan_import(csv(tmp_path, GOOD), options(), world()))]
    plan = plan_import(csv(tmp_path, GOOD), options(), world(sites))
    assert plan.errors == 2 and "已删除" in plan.problems[0].sentence


def test_generated_codes_stay_and_a_moved_row_is_new_and_missing(tmp_path: Path) -> None:
    first = plan_import(csv(tmp_path, GOOD), GENERATED, world())
    sites = saved(first)
    again = plan_import(csv(tmp_path, GOOD), GENERATED, world(sites))
    assert (again.unchanged, again.missing) == (2, ())
    moved = plan_import(csv(tmp_path, GOOD.replace("121.55", "121.56")), GENERATED, world(sites))
    assert (len(moved.drafts), moved.unchanged) == (1, 1)
    assert [code for code, _name in moved.missing] == [first.drafts[0].code]
    other = plan_import(csv(tmp_path, GOOD), replace(GENERATED, source="other"), world(sites))
    assert len(other.drafts) == 2 and not other.missing


def test_rows_equal_in_everything_are_numbered_on_and_said_by_name(tmp_path: Path) -> None:
    row = "A1,东环钢贸城,121.65,29.85\n"
    plan = plan_import(csv(tmp_path, "id,name,lon,lat\n" + row * 3), GENERATED, world())
    assert len({d.code for d in plan.drafts}) == 3
    assert [p.row for p in plan.problems] == [3, 4] and plan.errors == 0
    assert "东环钢贸城" in plan.problems[0].sentence
    assert any("2 行的坐标与另一行相同" in note for note in plan.notes)
    assert (
        plan_import(csv(tmp_path, "id,name,lon,lat\n" + row * 3), GENERATED, world(saved(plan))).unchanged
        == 3
    )


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=12),
            st.floats(121.501, 121.799),
            st.floats(29.801, 29.899),
        ),
        max_size=8,
    )
)
def test_whatever_was_planned_is_unchanged_when_it_comes_again(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, float, float]]
) -> None:
    text = "name,lon,lat\n" + "".join(f"校{name},{lon!r},{lat!r}\n" for name, lon, lat in rows)
    table = csv(tmp_path_factory.mktemp("again"), text)
    first = plan_import(table, GENERATED, world())
    again = plan_import(table, GENERATED, world(saved(first)))
    assert first.errors == again.errors == 0
    assert (len(first.drafts), again.unchanged, again.updates) == (len(rows), len(rows), ())
