"""The sentences say what the data says: change a threshold, and the sentence changes with it."""

import json
from typing import Any

import pytest
from hypothesis import given

from projects.rules.explain import divergence_sentence, policy_explained
from projects.rules.methodology import ANCHORS, methodology
from projects.rules.policy import Policy, packaged, packaged_keys
from projects.rules.vocabulary import Subject
from tests.unit.projects.rules import strategies as s


def said(policy: Policy, subject: Subject) -> str:
    part = next(part for part in policy_explained(policy) if subject in part.subjects)
    return "\n".join(sentence.chinese() for sentence in part.sentences)


def page(policy: Policy | None) -> str:
    return "\n".join(
        sentence.chinese()
        for figure in methodology(policy)
        for sentence in (
            figure.title,
            *([figure.formula] if figure.formula else []),
            *figure.sentences,
            *figure.examples,
            *(each for part in figure.explained for each in part.sentences),
        )
    )


@pytest.mark.parametrize(
    ("key", "subject", "sentence"),
    [
        ("yinchuan-2025", Subject.SITE, "黄灯:滞后至少 10、不超过 30 个百分点。"),
        ("yinchuan-2025", Subject.INDICATOR, "红灯:滞后超过 30 个百分点。"),
        ("yinchuan-2025", Subject.SITE, "原文未规定滞后 0 至 10 个百分点的情形"),
        ("yinchuan-2025", Subject.SITE, "红灯:从计划开工的那个月算起,连续 3 个月未开工。"),
        ("yinchuan-2025", Subject.DIVISION, "不评定"),
        ("sanya-2022", Subject.INDICATOR, "黄灯:滞后超过 0%、不超过 50%(占应完成量)。"),
        ("sanya-2022", Subject.DIVISION, "红灯:连续 2 个月未完成。"),
        ("sanya-2022", Subject.DIVISION, "平均进度(每项最多算 100%)"),
        ("tianjin-2022", Subject.FUNDING, "自下达的次月起 6 个月内均衡支出"),
        ("tianjin-2022", Subject.FUNDING, "红灯:滞后超过 30%(占应完成量)。"),
        ("ouhai-2020", Subject.SITE, "黄灯:当月未完成、后来补上;从补上那天起,不再变回绿灯。"),
        ("nanjing-2016", Subject.DIVISION, "连续 2 个月未完成:约谈。"),
        ("nanjing-2016", Subject.DIVISION, "全年未完成:问责。"),
        ("nanjing-2016", Subject.DIVISION, "不给月份亮灯"),
        ("new-york-comptroller", Subject.SITE, "红灯:超过计划完成日 3 个月及以上。"),
    ],
)
def test_each_citys_rule_in_words(key: str, subject: Subject, sentence: str) -> None:
    assert sentence in said(packaged(key), subject)


@pytest.mark.parametrize(
    ("key", "old", "new", "gone", "there"),
    [
        ("yinchuan-2025", '"at_least": "10"', '"at_least": "12.5"', "至少 10、", "至少 12.5、"),
        ("yinchuan-2025", '"months": 3', '"months": 4', "连续 3 个月未开工", "连续 4 个月未开工"),
        ("sanya-2022", '"of_plan": "100"', '"of_plan": "90"', "平均计划进度的 100%", "平均计划进度的 90%"),
        ("sanya-2022", '"more_than": "50"', '"more_than": "40"', "不超过 50%", "不超过 40%"),
        ("tianjin-2022", '"months": 6', '"months": 5', "6 个月内均衡", "5 个月内均衡"),
        ("nanjing-2016", '"约谈"', '"通报"', "约谈", "通报"),
        ("new-york-comptroller", '"months": 3', '"months": 2', "3 个月及以上", "2 个月及以上"),
        ("ouhai-2020", '"points": "20"', '"points": "35"', "高出 20 个", "高出 35 个"),
    ],
)
def test_a_changed_threshold_changes_the_page(key: str, old: str, new: str, gone: str, there: str) -> None:
    before = json.dumps(packaged(key).to_json(), ensure_ascii=False)
    assert old in before
    after = page(Policy.from_json(json.loads(before.replace(old, new))))
    assert gone in page(packaged(key)) and gone not in after
    assert there in after


def test_examples_are_what_the_rules_give() -> None:
    yinchuan, sanya = page(packaged("yinchuan-2025")), page(packaged("sanya-2022"))
    assert "计划 20%,实际 8%:滞后 12 个百分点,占应完成量的 60%,按这条规则是黄灯。" in yinchuan
    assert "计划 20%,实际 8%:滞后 12 个百分点,占应完成量的 60%,按这条规则是红灯。" in sanya
    for text in (yinchuan, sanya, page(None)):
        assert "3.82 亿元 ÷ 安排 6.52 亿元 = 58.6%,超前 8.6 个百分点" in text
        assert "6 月 30 日:已结束 6 个月,序时进度 50.0%" in text
        assert "6 月 29 日:已结束 5 个月,序时进度 41.7%" in text
    assert "到 6 月底用了 40 万元:应支出 83.3 万元,红灯" in page(packaged("tianjin-2022"))


@pytest.mark.parametrize("policy", [None, *map(packaged, packaged_keys())])
def test_every_anchor_is_there_once_in_its_order(policy: Policy | None) -> None:
    assert tuple(figure.anchor for figure in methodology(policy)) == ANCHORS
    assert set(ANCHORS) == {
        *("completion", "due", "reported-counted", "divergence", "mean", "funds", "funds-schedule", "lights"),
        *("months", "as-of", "published", "satisfaction", "working-days", "ranking", "verification"),
    }


def test_without_a_limit_nothing_is_flagged_and_it_says_so() -> None:
    assert "没有规定" in divergence_sentence(None).chinese()


@given(s.policies())
def test_every_threshold_of_any_policy_is_in_its_words(policy: Policy) -> None:
    text = said(policy, Subject.SITE)
    data: Any = policy.to_json()["sites"]
    for band in data.get("lag", {}).get("bands", []):
        limit = band.get("at_least", band.get("more_than"))
        assert f"{limit}" in text
    for step in data.get("overdue", []):
        assert f"{step['months']} 个月及以上" in text


@given(s.cities)
def test_all_kinds_of_subjects_are_spoken_of_once(policy: Policy) -> None:
    subjects = [subject for part in policy_explained(policy) for subject in part.subjects]
    assert sorted(subjects) == sorted(Subject)
