"""Policies as data: what is read comes back, what cannot be read is refused with a sentence."""

import json
from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from projects.rules.policy import (
    PACKAGED,
    YINCHUAN_2025,
    Against,
    Basis,
    Policy,
    PolicyError,
    SubjectRule,
    packaged,
    packaged_keys,
)
from projects.rules.vocabulary import Light, Subject
from tests.unit.projects.rules import strategies as s


def test_yinchuan_is_packaged_as_data() -> None:
    for rule in (YINCHUAN_2025.rule(Subject.SITE), YINCHUAN_2025.rule(Subject.INDICATOR)):
        lag = rule.lag
        assert lag is not None
        assert lag.basis is Basis.PERCENTAGE_POINTS
        assert [(band.light, band.threshold, band.inclusive) for band in lag.bands] == [
            (Light.GREEN, Decimal(0), False),
            (Light.YELLOW, Decimal(10), True),
            (Light.RED, Decimal(30), False),
        ]
        assert [(step.light, step.months) for step in rule.start] == [(Light.YELLOW, 1), (Light.RED, 3)]
    assert (YINCHUAN_2025.key, YINCHUAN_2025.version) == ("yinchuan-2025", 2)
    assert YINCHUAN_2025.against is Against.BASELINE
    assert "连续三个月" in YINCHUAN_2025.source


def test_all_six_cities_are_packaged() -> None:
    assert packaged_keys() == (
        "nanjing-2016",
        "new-york-comptroller",
        "ouhai-2020",
        "sanya-2022",
        "tianjin-2022",
        "yinchuan-2025",
    )


@pytest.mark.parametrize("key", packaged_keys())
def test_a_packaged_policy_says_what_its_source_leaves_open(key: str) -> None:
    policy = packaged(key)
    assert "转述" in policy.source
    assert "本系统" in policy.source
    assert policy.title_en and policy.source_en
    assert policy.divergence is not None
    assert any((policy.sites, policy.indicators, policy.divisions, policy.funding)), (
        "a policy that judges nothing"
    )


@pytest.mark.parametrize("path", sorted(PACKAGED.glob("*.json")), ids=lambda path: path.stem)
def test_every_packaged_policy_reads_and_is_named_by_its_key(path: Any) -> None:
    policy = packaged(path.stem)
    assert policy.key == path.stem
    assert Policy.from_json(json.loads(json.dumps(policy.to_json()))) == policy


@pytest.mark.parametrize("key", ["atlantis-2030", "../policy", ""])
def test_no_other_policy_is_packaged(key: str) -> None:
    with pytest.raises(KeyError):
        packaged(key)


@given(s.policies())
def test_json_round_trip(policy: Policy) -> None:
    assert Policy.from_json(json.loads(json.dumps(policy.to_json()))) == policy


def test_schema_1_keeps_reading() -> None:
    old = {
        "schema": 1,
        "key": "old",
        "version": 1,
        "title": "旧",
        "source": "旧",
        "against": "approved",
        "lag": {"basis": "relative", "bands": [{"light": "red", "more_than": 50}]},
        "start": [{"light": "yellow", "months": 1}],
        "overdue": [{"light": "red", "months": 3}],
        "months": {"missed": "red", "made_good": "yellow", "outputs": [{"name": "约谈", "months": 2}]},
    }
    policy = Policy.from_json(old)
    site = policy.rule(Subject.SITE)
    assert site.lag is not None and site.lag.basis is Basis.RELATIVE
    assert (site.start[0].months, site.overdue[0].months, site.monthly) == (1, 3, None)
    months = policy.rule(Subject.DIVISION).monthly
    assert months is not None and months.outputs[0].name == "约谈"
    assert policy.rule(Subject.INDICATOR) == SubjectRule()
    assert policy.to_json()["schema"] == 2
    assert Policy.from_json(policy.to_json()) == policy


def change(path: str, value: object) -> dict[str, Any]:
    """银川's data with one place changed; a value of ... removes it."""
    data: Any = deepcopy(YINCHUAN_2025.to_json())
    *steps, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    node = data
    for step in steps:
        node = node[step]
    if value is ...:
        del node[last]
    else:
        node[last] = value
    assert isinstance(data, dict)
    return data


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("colour", "red", "colour 是不认识的项"),
        ("lag", {}, "lag 是不认识的项"),
        ("sites/lag/tolerance", 3, r"lag\.tolerance 是不认识的项"),
        ("sites/lag/bands/1/above", 3, r"lag\.bands\[1\]\.above 是不认识的项"),
        ("schema", 3, "schema 为 3,本系统只能读 1、2"),
        ("schema", ..., "缺少 schema"),
        ("key", "", "key 应为非空文字"),
        ("key", 5, "key 应为非空文字"),
        ("version", 0, "version 应为不小于 1 的整数"),
        ("version", True, "version 应为不小于 1 的整数"),
        ("against", "plan", "against 为 'plan',只允许:baseline、approved"),
        ("sites/lag/basis", "pp", r"lag\.basis 为 'pp'"),
        ("sites/lag", [], "lag 应为一个 JSON 对象"),
        ("sites/lag/bands", {}, r"lag\.bands 应为一个列表"),
        ("sites/lag/bands", [], r"lag\.bands 至少要有一档"),
        ("sites/lag/bands/1/at_least", 0.1, r"at_least 应为 0 到 100 的整数或文字数字"),
        ("sites/lag/bands/1/at_least", "NaN", r"at_least 应为 0 到 100"),
        ("sites/lag/bands/1/at_least", "101", r"at_least 应为 0 到 100"),
        ("sites/lag/bands/1/at_least", "ten", r"at_least 应为 0 到 100"),
        ("sites/lag/bands/1/more_than", "10", r"lag\.bands\[1\] 须且只须写"),
        ("sites/lag/bands/1/at_least", ..., r"lag\.bands\[1\] 须且只须写"),
        ("sites/lag/bands/2/more_than", "5", r"lag\.bands\[2\] 的界限须大于前一档"),
        ("sites/lag/bands/2/light", "green", r"lag\.bands\[2\] 的灯不能比前一档轻"),
        ("sites/lag/bands/2/light", "blue", r"lag\.bands\[2\]\.light 只能是"),
        ("sites/lag/bands/2/light", "purple", r"light 为 'purple'"),
        ("sites/start/1/months", 1, r"start\[1\] 的界限须大于前一档"),
        ("sites/start/0/months", "1", r"start\[0\]\.months 应为不小于 1 的整数"),
        ("months", {"missed": "red"}, "months 是不认识的项"),
        ("sites", {}, "sites 至少要有 lag、start、overdue、months 四项之一"),
        ("divisions", {"lag": {}}, r"divisions\.lag 是不认识的项"),
        ("divisions", {}, r"缺少 divisions\.months"),
        ("divisions", {"months": {}}, r"缺少 divisions\.months\.missed"),
        ("divisions", {"months": {"missed": "red"}}, r"缺少 divisions\.months\.made_good"),
        ("divisions", {"months": {"missed": "none", "made_good": "yellow"}}, r"months\.missed 只能是"),
        (
            "divisions",
            {"months": {"missed": "yellow", "made_good": "red"}},
            r"made_good 的灯不能比 missed 更重",
        ),
        (
            "divisions",
            {"months": {"missed": "red", "made_good": "red", "running": [{"light": "yellow", "months": 2}]}},
            r"running\[0\] 的灯不能比前一档轻",
        ),
        (
            "divisions",
            {
                "months": {
                    "running": [{"light": "red", "months": 2}],
                    "outputs": [{"name": "约谈", "months": 2}],
                }
            },
            r"缺少 divisions\.months\.missed",
        ),
        (
            "divisions",
            {"months": {"outputs": [{"name": "约谈"}]}},
            r"缺少 divisions\.months\.outputs\[0\]\.months",
        ),
        ("divisions", {"months": {"year_outputs": [{"name": "问责", "months": 1}]}}, r"months 是不认识的项"),
        (
            "divisions",
            {"months": {"year_outputs": [{"name": "问责"}], "met": {"of_plan": 0}}},
            r"met\.of_plan 须大于 0",
        ),
        (
            "divisions",
            {"months": {"year_outputs": [{"name": "问责"}], "met": {"by": "most"}}},
            r"met\.by 为 'most',只允许:all、mean",
        ),
        ("funding", {}, r"缺少 funding\.schedule"),
        ("funding", {"schedule": {"kind": "daily"}}, r"funding\.schedule\.kind 为 'daily'"),
        ("funding", {"schedule": {"kind": "months_after_issue"}}, r"缺少 funding\.schedule\.months"),
        ("funding", {"schedule": {"kind": "period_months", "months": 6}}, r"schedule\.months 是不认识的项"),
        ("funding", {"schedule": {"kind": "period_months"}}, r"缺少 funding\.lag"),
        ("version", 10**400, r"version 太大,最大为 10000"),
        (
            "funding",
            {"schedule": {"kind": "months_after_issue", "months": 10**9}},
            r"schedule\.months 太大",
        ),
        ("key", "a\x00b", r"key 不能含有空字符"),
        ("divergence", {"points": 0}, r"divergence\.points 须大于 0"),
        ("divergence", {"points": 101}, r"divergence\.points 应为 0 到 100"),
        ("divergence", {"percent": 10}, r"divergence\.percent 是不认识的项"),
    ],
)
def test_what_cannot_be_read_is_named(path: str, value: object, message: str) -> None:
    with pytest.raises(PolicyError, match=message):
        Policy.from_json(change(path, value))


def test_a_policy_must_say_something() -> None:
    with pytest.raises(PolicyError, match="至少要有"):
        s.policy()


def test_no_mapping_is_no_policy() -> None:
    with pytest.raises(PolicyError, match="规则 应为一个 JSON 对象"):
        Policy.from_json([])  # type: ignore[arg-type]
