"""The division that a file states and the one that the geometry gives."""

from pathlib import Path

import pytest

from projects.exchange.importing import plan_import
from projects.exchange.problems import Severity
from tests.unit.projects.exchange.made_up import CITY, FENGHUA, HAISHU, YINZHOU, ZONE, csv, options, world


# 0.001 degrees north of the border is 111 m.
@pytest.mark.parametrize(
    ("lat", "stated", "tolerance", "is_taken"),
    [
        (29.901, "海曙区", 0.0, True),
        (29.901, "鄞州区", 0.0, False),
        (29.901, "", 0.0, False),
        (29.901, "", 120.0, True),
        (29.901, "", 100.0, False),
        (29.95, "海曙区", 0.0, False),
    ],
)
def test_just_outside_every_border(
    tmp_path: Path, lat: float, stated: str, tolerance: float, is_taken: bool
) -> None:
    text = f"code,name,lon,lat,区县\nA1,码头,121.55,{lat},{stated}\n"
    plan = plan_import(csv(tmp_path, text), options(border_tolerance_m=tolerance), world())
    assert [d.located_in_id for d in plan.drafts] == ([HAISHU] if is_taken else [])
    said = [p for p in plan.problems if "米" in p.sentence]
    if is_taken:
        assert said and said[0].severity is Severity.WARNING and "111 米" in said[0].sentence
    else:
        assert plan.errors == 1


STATED = "code,name,lon,lat,区县\nA1,东环钢贸城,121.65,29.85,{}\n"


@pytest.mark.parametrize(
    ("stated", "from_column", "allow", "managed", "severity", "sentence"),
    [
        ("鄞州区", False, False, YINZHOU, None, ""),
        ("鄞州", True, False, YINZHOU, None, ""),
        ("330212.0", True, False, YINZHOU, None, ""),
        ("宁波市", True, False, CITY, None, ""),
        ("高新区", True, False, ZONE, None, ""),
        ("", False, False, YINZHOU, None, ""),
        ("", True, False, None, Severity.ERROR, "没有填写区划"),
        ("海曙区", False, False, YINZHOU, Severity.WARNING, "“东环钢贸城”写的是海曙区(330203),坐标却在鄞州区(330212)"),
        ("海曙区", True, False, None, Severity.ERROR, "坐标却在鄞州区"),
        ("海曙区", True, True, HAISHU, Severity.WARNING, "坐标却在鄞州区"),
        ("火星区", False, False, YINZHOU, Severity.WARNING, "不认识区划"),
        ("火星区", True, True, None, Severity.ERROR, "不认识区划"),
        ("江东区", True, False, None, Severity.ERROR, "已撤销"),
        ("奉化市", True, True, FENGHUA, Severity.WARNING, "写的是奉化区(330213)"),
    ],
)  # fmt: skip
def test_a_stated_division_and_the_geometry(
    tmp_path: Path,
    stated: str,
    from_column: bool,
    allow: bool,
    managed: int | None,
    severity: Severity | None,
    sentence: str,
) -> None:
    chosen = options(division_from_column=from_column, allow_division_conflicts=allow)
    plan = plan_import(csv(tmp_path, STATED.format(stated)), chosen, world())
    assert [(d.located_in_id, d.managed_by_id) for d in plan.drafts] == (
        [] if managed is None else [(YINZHOU, managed)]
    )
    assert [p.severity for p in plan.problems] == ([] if severity is None else [severity])
    if plan.problems:
        assert sentence in plan.problems[0].sentence
        assert (plan.problems[0].row, plan.problems[0].column) == (2, "区县")


@pytest.mark.parametrize("stated", ["奉化市", "330283", "330283.0", "奉化 市"])
def test_a_former_name_or_code_resolves_and_is_noted(tmp_path: Path, stated: str) -> None:
    text = f"code,name,lon,lat,区县\nA1,甲,121.75,29.85,{stated}\nA2,乙,121.76,29.85,{stated}\n"
    plan = plan_import(csv(tmp_path, text), options(division_from_column=True), world())
    assert not plan.problems
    assert {d.managed_by_id for d in plan.drafts} == {FENGHUA}
    assert any("用到 2016-11-01" in note and "2 行" in note for note in plan.notes)
