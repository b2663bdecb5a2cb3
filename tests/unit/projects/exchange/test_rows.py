"""Kinds, attributes, names and cells of a row."""

from pathlib import Path
from typing import Any

import pytest

from maps.crs import EpsgCode
from projects.exchange.importing import plan_import
from projects.exchange.options import KindRule
from projects.exchange.problems import OptionError
from tests.unit.projects.exchange.made_up import GOOD, HAISHU, csv, options, world


def test_kinds_from_a_column(tmp_path: Path) -> None:
    text = (
        "code,name,lon,lat,type\nA1,甲,121.55,29.85,学校\nA2,乙,121.56,29.85,充电\nA3,丙,121.57,29.85,医院\n"
    )
    rule = KindRule(column="type", words={"学校": "school", "充电": "ev-charging"})
    plan = plan_import(csv(tmp_path, text), options(kind=rule), world())
    assert [d.kind_id for d in plan.drafts] == [1, 2]
    assert [(p.row, p.found, p.allowed) for p in plan.problems] == [(4, "医院", "学校、充电")]


@pytest.mark.parametrize("word", ["school", "中小学", "School"])
def test_without_words_a_kind_column_holds_slugs_or_names(tmp_path: Path, word: str) -> None:
    text = f"code,name,lon,lat,type\nA1,甲,121.55,29.85,{word}\n"
    assert (
        plan_import(csv(tmp_path, text), options(kind=KindRule(column="type")), world()).drafts[0].kind_id
        == 1
    )


def test_attributes_follow_the_kind(tmp_path: Path) -> None:
    text = "code,name,lon,lat,type,n\nA1,甲,121.55,29.85,school,20\nA2,乙,121.56,29.85,ev-charging,12\n"
    chosen = options(kind=KindRule(column="type"), mapping={"attributes.piles": "n"})
    plan = plan_import(csv(tmp_path, text), chosen, world())
    assert [d.attributes for d in plan.drafts] == [{"piles": 12}]
    assert [(p.row, p.allowed) for p in plan.problems] == [(2, "places")]


def test_names_put_together_from_columns(tmp_path: Path) -> None:
    text = "station_id,longitude,latitude,charge_count\n1001,121.55,29.85,20\n"
    chosen = options(
        code_column="station_id",
        kind=KindRule(slug="ev-charging"),
        name_template="充电站 {station_id}",
        mapping={"attributes.piles": "charge_count"},
    )
    draft = plan_import(csv(tmp_path, text), chosen, world()).drafts[0]
    assert (draft.code, draft.name, draft.attributes) == ("1001", "充电站 1001", {"piles": 20})


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"kind": KindRule(slug="scool")}, "没有设施种类 scool"),
        ({"kind": KindRule(column="x", words={"a": "b"})}, "文件没有“x”"),
        ({"code_column": "编号"}, "文件没有“编号”"),
        ({"division_from_column": True}, "需要知道哪一列是区划"),
        ({"mapping": {"attributes.beds": "n"}}, "没有属性 beds"),
        ({"mapping": {"quantity": "n"}}, "--indicator"),
        ({"mapping": {"code": "name"}}, "矛盾"),
        ({"name_template": "站"}, "--name-from"),
        ({"name_template": "{站}"}, "--name-from"),
        ({"datum": EpsgCode(99999)}, "没有 EPSG:99999"),
    ],
)
def test_options_that_do_not_fit_the_file(tmp_path: Path, changes: dict[str, Any], sentence: str) -> None:
    table = csv(tmp_path, "code,name,lon,lat,n\nA1,一小,121.55,29.85,1\n")
    with pytest.raises(OptionError, match=sentence):
        plan_import(table, options(**changes), world())


def test_a_file_without_names_says_how_to_give_them(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="--name-from"):
        plan_import(csv(tmp_path, "code,lon,lat\nA1,121.55,29.85\n"), options(), world())


def test_all_errors_of_all_rows_are_listed(tmp_path: Path) -> None:
    text = (
        "code,name,lon,lat,phone,baseline_start,baseline_finish\n"
        ",,x,29.85,abc,2024-01-01,2024-13-01\n"
        "A2,二小,121.55,29.85,,2024-06-01,2024-01-01\n"
        "A3,三小,121.55\n"
    )
    plan = plan_import(csv(tmp_path, text), options(), world())
    assert sorted((p.row, p.column) for p in plan.problems) == [
        (2, "baseline_finish"),
        (2, "code"),
        (2, "lon"),
        (2, "name"),
        (2, "phone"),
        (3, "code"),
        (4, ""),
    ]
    assert plan.errors == len(plan.problems)


def test_rows_outside_the_actors_divisions_are_errors(tmp_path: Path) -> None:
    plan = plan_import(csv(tmp_path, GOOD), options(), world(may=frozenset({HAISHU})))
    assert [(p.row, "鄞州区" in p.sentence) for p in plan.problems] == [(3, True)]
