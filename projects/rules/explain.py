"""A policy in sentences: every threshold is printed from its data, so that the text cannot drift from the
rule.

The sentences stand on the methodology page and beside the JSON of a policy in the admin. Pure: a `Sentence`
is a msgid and its values (`projects.rules.sentences`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from projects.rules.errors import gettext_noop as _
from projects.rules.policy import Policy
from projects.rules.policy_sections import (
    Basis,
    DivergenceRule,
    FundingRule,
    LagRule,
    MetBy,
    MonthlyRule,
    ScheduleKind,
    SubjectRule,
)
from projects.rules.sentences import Sentence, Text, lit, plain, say
from projects.rules.vocabulary import Light, Subject, Word

ORDER = (Subject.SITE, Subject.INDICATOR, Subject.PROJECT, Subject.DIVISION, Subject.FUNDING)


class Unit(Word):
    """What a threshold of a lag is counted in."""

    POINTS = "points", _(" 个百分点")
    SHARE = "share", _("(占应完成量)")  # after a percent sign


UNITS = {Basis.PERCENTAGE_POINTS: Unit.POINTS, Basis.RELATIVE: Unit.SHARE}


@dataclass(frozen=True, slots=True)
class Explained:
    """What a policy says of the kinds of subject that it treats alike. `sentences` is never empty."""

    subjects: tuple[Subject, ...]
    sentences: tuple[Sentence, ...]


def policy_explained(policy: Policy) -> tuple[Explained, ...]:
    """What judges each kind of subject, in a fixed order; kinds that are judged alike stand together."""
    return _together((subject, _sentences(policy, subject)) for subject in ORDER)


def months_explained(policy: Policy) -> tuple[Explained, ...]:
    """What a policy says of months, for the kinds that it judges by them; empty where it judges none so."""
    return _together(
        (subject, _monthly(policy, monthly, subject))
        for subject in ORDER
        if (monthly := _month_rule(policy.rule(subject))) is not None
    )


def _together(said: Iterable[tuple[Subject, tuple[Sentence, ...]]]) -> tuple[Explained, ...]:
    alike: dict[tuple[Sentence, ...], list[Subject]] = {}
    for subject, sentences in said:
        alike.setdefault(sentences, []).append(subject)
    return tuple(Explained(tuple(subjects), sentences) for sentences, subjects in alike.items())


def _sentences(policy: Policy, subject: Subject) -> tuple[Sentence, ...]:
    rule = policy.rule(subject)
    if subject is Subject.FUNDING and policy.funding is not None:
        return (*schedule_sentences(policy.funding), *_days(rule))
    if subject is Subject.PROJECT and (rule.judges_days or rule.monthly is not None):
        return (say(_("按它在全市的各项指标评定:某一天的灯取其中最重的一盏。")),)
    if rule.judges_days:
        return (*_days(rule), say(_("对照{against}。"), against=policy.against))
    if rule.monthly is not None:
        return _monthly(policy, rule.monthly, subject)
    return (say(_("这条规则不评定,没有灯。")),)


def _month_rule(rule: SubjectRule) -> MonthlyRule | None:
    return None if rule.judges_days else rule.monthly


def _monthly(policy: Policy, rule: MonthlyRule, subject: Subject) -> tuple[Sentence, ...]:
    return (*month_sentences(rule, subject), say(_("对照{against}。"), against=policy.against))


def _days(rule: SubjectRule) -> Iterator[Sentence]:
    if rule.lag is not None:
        yield from lag_sentences(rule.lag)
    for step in rule.start:
        if step.months == 1:
            yield lit(step.light, _("计划开工的那个月过完仍未开工。"))
        else:
            yield lit(
                step.light,
                _("从计划开工的那个月算起,连续 {months} 个月未开工。"),
                months=step.months,
            )
    if rule.overdue:
        yield lit(
            Light.GREEN,
            _("超过计划完成日,还不到 {months} 个月(注明“略有滞后”)。"),
            months=rule.overdue[0].months,
        )
    for step in rule.overdue:
        yield lit(step.light, _("超过计划完成日 {months} 个月及以上。"), months=step.months)


def lag_sentences(rule: LagRule) -> Iterator[Sentence]:
    """One sentence a band, from on schedule to worst."""
    first, unit = rule.bands[0], UNITS[rule.basis]
    if first.threshold == 0:
        yield lit(Light.GREEN, _("超前。") if first.inclusive else _("没有滞后。"))
    else:
        yield lit(
            Light.GREEN,
            _("滞后不到 {high}{unit}。") if first.inclusive else _("滞后不超过 {high}{unit}。"),
            high=_limit(first.threshold, unit),
            unit=unit,
        )
    for index, band in enumerate(rule.bands):
        above = rule.bands[index + 1] if index + 1 < len(rule.bands) else None
        msgid = _BANDS[band.inclusive, None if above is None else above.inclusive]
        high = "" if above is None else _limit(above.threshold, unit)
        yield lit(band.light, msgid, low=_limit(band.threshold, unit), high=high, unit=unit)
        if band.note:
            yield say("{note}", note=Text(band.note, band.note_en))


def _limit(threshold: Decimal, unit: Unit) -> str:
    return plain(threshold) + ("%" if unit is Unit.SHARE else "")


#: By whether the lower limit belongs to the band, and the upper one to the next (None: there is none).
_BANDS = {
    (True, True): _("滞后至少 {low}、不到 {high}{unit}。"),
    (True, False): _("滞后至少 {low}、不超过 {high}{unit}。"),
    (True, None): _("滞后至少 {low}{unit}。"),
    (False, True): _("滞后超过 {low}、不到 {high}{unit}。"),
    (False, False): _("滞后超过 {low}、不超过 {high}{unit}。"),
    (False, None): _("滞后超过 {low}{unit}。"),
}


def month_sentences(rule: MonthlyRule, subject: Subject) -> Iterator[Sentence]:
    """When a month is met, what light it has, and what follows."""
    of_plan = rule.met.of_plan
    if subject is not Subject.DIVISION:
        yield say(_("当月完成:月末的实际进度达到计划进度的 {of_plan}%。没有上报按未完成。"), of_plan=of_plan)
    elif rule.met.by is MetBy.ALL:
        yield say(
            _("当月完成:区县的每项指标月末都达到计划进度的 {of_plan}%。没有上报按未完成。"), of_plan=of_plan
        )
    else:
        yield say(
            _(
                "当月完成:区县各项指标月末的平均进度(每项最多算 100%)达到平均计划进度的 {of_plan}%。"
                "没有上报按未完成。"
            ),
            of_plan=of_plan,
        )
    if rule.gives_lights:
        yield lit(Light.GREEN, _("当月完成。"))
        yield lit(rule.missed, _("当月未完成。"))
        for step in rule.running:
            yield lit(
                step.light,
                _("连续 {months} 个月未完成。按每个月末的情况数,事后补上不打断连续。"),
                months=step.months,
            )
        yield lit(
            rule.made_good,
            _("当月未完成、后来补上;从补上那天起,不再变回绿灯。")
            if rule.made_good is not Light.GREEN
            else _("当月未完成、后来补上;从补上那天起。"),
        )
        yield say(_("某一天的灯,是最近一个已结束月份的灯;第一个月结束以前没有灯。"))
    else:
        yield say(_("这条规则不给月份亮灯,只规定要做什么。"))
    for output in rule.outputs:
        name = Text(output.name, output.name_en)
        if output.months == 1:
            yield say(_("任何一个月未完成:{name}。"), name=name)
        else:
            yield say(_("连续 {months} 个月未完成:{name}。"), months=output.months, name=name)
    for year_output in rule.year_outputs:
        yield say(_("全年未完成:{name}。"), name=Text(year_output.name, year_output.name_en))


def schedule_sentences(rule: FundingRule) -> Iterator[Sentence]:
    """How the money is expected to be spent."""
    if rule.schedule is ScheduleKind.PERIOD_MONTHS or rule.months is None:
        yield say(_("应支出 = 安排 × 已结束的月数 ÷ 年度的月数。"))
        return
    yield say(
        _("自下达的次月起 {months} 个月内均衡支出:应支出 = 安排 × 已结束的月数 ÷ {months}。"),
        months=rule.months,
    )
    yield say(_("没有登记下达日期的资金没有灯。"))


def divergence_sentence(rule: DivergenceRule | None) -> Sentence:
    """From which difference on a reported progress is flagged."""
    if rule is None:
        return say(_("这条规则没有规定差多少要作标记,只列出差多少。"))
    return say(_("上报进度比点位统计的完成率高出 {points} 个百分点及以上的,作标记。"), points=rule.points)
