"""Worked examples, computed by the rules whenever they are shown: what they say is what the system does."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from projects.rules.errors import gettext_noop as _
from projects.rules.facts import Measure, SubjectFacts
from projects.rules.funding import FundRate, to_digits
from projects.rules.lights import subject_light_at
from projects.rules.period import Period, closed_months
from projects.rules.policy import Policy
from projects.rules.satisfaction import Vote, result_of
from projects.rules.schedule import HUNDRED, Plan, funds_planned_percent
from projects.rules.sentences import Sentence, say
from projects.rules.vocabulary import Subject

#: A hundred days, a percent a day: on the nth day the plan expects n percent.
_HUNDRED_DAYS: Final = Plan(date(2024, 1, 1), date(2024, 1, 1) + timedelta(days=100))
_PAIRS: Final = ((50, 30), (20, 8))


@dataclass(frozen=True, slots=True)
class _Lag:
    planned: int
    actual: int

    @property
    def facts(self) -> SubjectFacts:
        measure = Measure(_HUNDRED_DAYS.start, Decimal(self.actual), HUNDRED)
        return SubjectFacts(baseline=_HUNDRED_DAYS, measures=(measure,))

    @property
    def day(self) -> date:
        return _HUNDRED_DAYS.start + timedelta(days=self.planned)


def lag_examples(policy: Policy) -> Iterator[Sentence]:
    """Plan 50, actual 30, and plan 20, actual 8: behind in points and in shares, and the light."""
    subject = Subject.INDICATOR if policy.rule(Subject.INDICATOR).lag is not None else Subject.SITE
    has_light = policy.rule(subject).lag is not None
    for planned, actual in _PAIRS:
        case = _Lag(planned, actual)
        verdict = subject_light_at(case.facts, policy, subject, case.day)
        if verdict.lag_pp is None or verdict.relative_lag is None:
            raise ValueError(planned)
        points, share = to_digits(verdict.lag_pp, 0), to_digits(verdict.relative_lag * HUNDRED, 0)
        if has_light:
            yield say(
                _(
                    "计划 {planned}%,实际 {actual}%:滞后 {points} 个百分点,占应完成量的 {share}%,"
                    "按这条规则是{light}。"
                ),
                planned=planned,
                actual=actual,
                points=points,
                share=share,
                light=verdict.light,
            )
        else:
            yield say(
                _("计划 {planned}%,实际 {actual}%:滞后 {points} 个百分点,占应完成量的 {share}%。"),
                planned=planned,
                actual=actual,
                points=points,
                share=share,
            )


def spending_examples(policy: Policy) -> Iterator[Sentence]:
    """Half of the months over and 30 % used; one month over and 10 % used."""
    if policy.funding is None:
        return
    issued = date(2024, 1, 15)
    plan = policy.funding.plan(Period.of_year(2024), issued)
    if plan is None:
        raise ValueError(issued)
    for day, used in ((date(2024, 4, 30), 40), (date(2024, 6, 30), 40)):
        facts = SubjectFacts(baseline=plan, measures=(Measure(issued, Decimal(used), HUNDRED),))
        verdict = subject_light_at(facts, policy, Subject.FUNDING, day)
        if verdict.planned is None:
            raise ValueError(day)
        yield say(
            _("1 月 15 日下达 100 万元,到 {month} 月底用了 {used} 万元:应支出 {due} 万元,{light}。"),
            month=day.month,
            used=used,
            due=to_digits(verdict.planned),
            light=verdict.light,
        )


def closed_month_examples() -> Iterator[Sentence]:
    """30 June closes six months, 29 June only five."""
    for day in (date(2024, 6, 30), date(2024, 6, 29)):
        yield say(
            _("{month} 月 {day} 日:已结束 {closed} 个月,序时进度 {percent}%。"),
            month=day.month,
            day=day.day,
            closed=closed_months(date(2024, 1, 1), day),
            percent=to_digits(funds_planned_percent(2024, day)),
        )


def funds_example() -> Sentence:
    """The city level of Ningbo at mid-year 2024, as published: 58.6 %, 8.6 points ahead."""
    rate, day = FundRate(used=Decimal("3.82"), arranged=Decimal("6.52")), date(2024, 6, 30)
    lead = rate.lead_pp(2024, day)
    if rate.percent is None or lead is None or rate.used is None:
        raise ValueError(rate)
    return say(
        _(
            "宁波 2024 年中,市本级:使用 {used} 亿元 ÷ 安排 {arranged} 亿元 = {percent}%,"
            "超前 {lead} 个百分点。"
        ),
        used=rate.used,
        arranged=rate.arranged,
        percent=to_digits(rate.percent),
        lead=to_digits(lead),
    )


def vote_examples() -> Iterator[Sentence]:
    """Three real votes of 29 present, and one that the source leaves open."""
    for present, votes in ((29, (28, 1, 0)), (29, (20, 8, 1)), (29, (17, 11, 1)), (30, (14, 1, 15))):
        result = result_of(Vote(present, present, *votes))
        msgid = (
            _(
                "实到 {present} 人,满意 {good} 票、基本满意 {fair} 票、不满意 {poor} 票:"
                "{grade}(恰好一半,取高的)。"
            )
            if result.is_tie
            else _("实到 {present} 人,满意 {good} 票、基本满意 {fair} 票、不满意 {poor} 票:{grade}。")
        )
        good, fair, poor = votes
        yield say(msgid, present=present, good=good, fair=fair, poor=poor, grade=result.grade)
