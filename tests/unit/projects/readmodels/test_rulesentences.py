"""The sentence of the rule that applied names the light that was given, under every packaged policy."""

import datetime as dt
from decimal import Decimal

import pytest

from projects.readmodels.rulesentences import applied_rule, digits, finding
from projects.rules.facts import Report, SiteFacts, StageChange
from projects.rules.lights import light_at
from projects.rules.policy import packaged, packaged_keys
from projects.rules.schedule import Plan
from projects.rules.vocabulary import Light, Stage

START, FINISH = dt.date(2024, 1, 1), dt.date(2024, 6, 30)
DAYS = [START + dt.timedelta(days=days) for days in (-5, 0, 30, 90, 91, 140, 181, 182, 250, 275, 340)]
PERCENTS = (None, 0, 5, 20, 35, 50, 70, 89, 90, 99, 100)


def case(percent: float | None, *stages: StageChange) -> SiteFacts:
    reports = () if percent is None else (Report(START, Decimal(str(percent))),)
    return SiteFacts(baseline=Plan(START, FINISH), reports=reports, stages=stages)


@pytest.mark.parametrize("key", packaged_keys())
@pytest.mark.parametrize("percent", PERCENTS)
def test_the_rule_names_the_light(key: str, percent: int | None) -> None:
    policy = packaged(key)
    for day in DAYS:
        facts = case(percent)
        verdict, known = light_at(facts, policy, day), facts.known_at(policy.against, day)
        rule = applied_rule(verdict, known, policy, day)
        if verdict.light in (Light.YELLOW, Light.RED):
            assert rule is not None and verdict.light.term in rule, (day, verdict, rule)
        elif rule is not None and verdict.light is Light.GREEN:
            assert "红灯" not in rule or "月" in rule, (day, verdict, rule)
        assert finding(verdict, known, day)


@pytest.mark.parametrize(
    ("key", "percent", "day", "found", "rule"),
    [
        # 银川: both ends of 10 to 30 points are yellow.
        (
            "yinchuan-2025",
            90,
            FINISH,
            "落后 10 个百分点",
            "落后达到 10 个百分点、没有超过 30 个百分点:黄灯。",
        ),
        (
            "yinchuan-2025",
            70,
            FINISH,
            "落后 30 个百分点",
            "落后达到 10 个百分点、没有超过 30 个百分点:黄灯。",
        ),
        ("yinchuan-2025", 69.9, FINISH, "落后 30.1 个百分点", "落后超过 30 个百分点:红灯。"),
        (
            "yinchuan-2025",
            90.04,
            FINISH,
            "落后 9.96 个百分点",
            "落后超过 0 个百分点、没有达到 10 个百分点:绿灯。",
        ),
        ("yinchuan-2025", 100, FINISH, "没有落后", "没有落后:绿灯。"),
        # Planned for January and never begun: yellow when January is over, red with March.
        ("yinchuan-2025", None, dt.date(2024, 1, 31), "还没有开工", "满 1 个月(月底算满)还没有开工:黄灯。"),
        ("yinchuan-2025", None, dt.date(2024, 3, 31), "还没有开工", "满 3 个月(月底算满)还没有开工:红灯。"),
        # New York: three months past the planned date.
        ("new-york-comptroller", 50, dt.date(2024, 8, 1), "", "还不到 3 个月:绿灯。"),
        ("new-york-comptroller", 50, dt.date(2024, 9, 30), "已超过 92 天", "满 3 个月:红灯。"),
    ],
)
def test_sentences(key: str, percent: float | None, day: dt.date, found: str, rule: str) -> None:
    policy, facts = packaged(key), case(percent)
    verdict, known = light_at(facts, policy, day), facts.known_at(policy.against, day)
    assert found in finding(verdict, known, day)
    assert rule in str(applied_rule(verdict, known, policy, day))


@pytest.mark.parametrize(
    ("stage", "said"),
    [
        (Stage.SUSPENDED, "已暂停"),
        (Stage.CANCELLED, "已取消"),
        (Stage.FINISHED, "等待核验"),
        (Stage.VERIFIED, "通过核验"),
    ],
)
def test_a_stage_speaks_for_itself(stage: Stage, said: str) -> None:
    policy, facts = packaged("yinchuan-2025"), case(10, StageChange(START, stage))
    verdict, known = light_at(facts, policy, FINISH), facts.known_at(policy.against, FINISH)
    assert said in finding(verdict, known, FINISH)
    assert applied_rule(verdict, known, policy, FINISH) is None


def test_nothing_known_is_said() -> None:
    policy, facts = packaged("yinchuan-2025"), SiteFacts()
    verdict, known = light_at(facts, policy, FINISH), facts.known_at(policy.against, FINISH)
    assert finding(verdict, known, FINISH) == "没有计划日期,不亮灯。"
    assert applied_rule(verdict, known, policy, FINISH) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [("10", "10"), ("9.96", "9.96"), ("0.005", "0.01"), ("-0.125", "-0.13"), ("33.3333", "33.33")],
)
def test_digits(value: str, text: str) -> None:
    assert digits(Decimal(value)) == text
