"""Policies as data: what is read comes back, what cannot be read is refused with a sentence."""

import json
from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from projects.rules.policy import PACKAGED, YINCHUAN_2025, Against, Basis, Policy, PolicyError, packaged
from projects.rules.vocabulary import Light
from tests.unit.projects.rules import strategies as s


def test_yinchuan_is_packaged_as_data() -> None:
    lag = YINCHUAN_2025.lag
    assert lag is not None
    assert (YINCHUAN_2025.key, YINCHUAN_2025.version) == ("yinchuan-2025", 1)
    assert YINCHUAN_2025.against is Against.BASELINE
    assert lag.basis is Basis.PERCENTAGE_POINTS
    assert [(band.light, band.threshold, band.inclusive) for band in lag.bands] == [
        (Light.GREEN, Decimal(0), False),
        (Light.YELLOW, Decimal(10), True),
        (Light.RED, Decimal(30), False),
    ]
    assert [(rule.light, rule.months) for rule in YINCHUAN_2025.start] == [(Light.YELLOW, 1), (Light.RED, 3)]
    assert "连续三个月" in YINCHUAN_2025.source


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


CITIES: dict[str, dict[str, object]] = {
    # Domain description, "Lights: policies in force in real cities": each must be expressible.
    "三亚 2022": {
        "lag": {
            "basis": "relative",
            "bands": [{"light": "yellow", "more_than": 0}, {"light": "red", "more_than": 50}],
        },
        "months": {"missed": "yellow", "made_good": "yellow", "running": [{"light": "red", "months": 2}]},
    },
    "天津 2022": {
        "lag": {
            "basis": "relative",
            "bands": [{"light": "yellow", "more_than": 0}, {"light": "red", "more_than": 30}],
        },
    },
    "瓯海 2020": {"months": {"missed": "red", "made_good": "yellow"}},
    "南京 2016": {
        "months": {
            "missed": "yellow",
            "made_good": "yellow",
            "outputs": [{"name": "书面说明", "months": 1}, {"name": "约谈", "months": 2}],
        }
    },
    "New York State": {"overdue": [{"light": "red", "months": 3}]},
}


@pytest.mark.parametrize("city", CITIES)
def test_the_other_cities_can_be_said(city: str) -> None:
    policy = s.policy(**CITIES[city])
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
        ("lag/tolerance", 3, r"lag\.tolerance 是不认识的项"),
        ("lag/bands/1/above", 3, r"lag\.bands\[1\]\.above 是不认识的项"),
        ("schema", 2, "schema 为 2"),
        ("schema", ..., "缺少 schema"),
        ("key", "", "key 应为非空文字"),
        ("key", 5, "key 应为非空文字"),
        ("version", 0, "version 应为不小于 1 的整数"),
        ("version", True, "version 应为不小于 1 的整数"),
        ("against", "plan", "against 为 'plan',只允许:baseline、approved"),
        ("lag/basis", "pp", r"lag\.basis 为 'pp'"),
        ("lag", [], "lag 应为一个 JSON 对象"),
        ("lag/bands", {}, r"lag\.bands 应为一个列表"),
        ("lag/bands", [], r"lag\.bands 至少要有一档"),
        ("lag/bands/1/at_least", 0.1, r"at_least 应为 0 到 100 的整数或文字数字"),
        ("lag/bands/1/at_least", "NaN", r"at_least 应为 0 到 100"),
        ("lag/bands/1/at_least", "101", r"at_least 应为 0 到 100"),
        ("lag/bands/1/at_least", "ten", r"at_least 应为 0 到 100"),
        ("lag/bands/1/more_than", "10", r"lag\.bands\[1\] 须且只须写"),
        ("lag/bands/1/at_least", ..., r"lag\.bands\[1\] 须且只须写"),
        ("lag/bands/2/more_than", "5", r"lag\.bands\[2\] 的界限须大于前一档"),
        ("lag/bands/2/light", "green", r"lag\.bands\[2\] 的灯不能比前一档轻"),
        ("lag/bands/2/light", "blue", r"lag\.bands\[2\]\.light 只能是"),
        ("lag/bands/2/light", "purple", r"light 为 'purple'"),
        ("start/1/months", 1, r"start\[1\] 的界限须大于前一档"),
        ("start/0/months", "1", r"start\[0\]\.months 应为不小于 1 的整数"),
        ("months", {"missed": "none", "made_good": "yellow"}, r"months\.missed 只能是"),
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
