"""Why a site has its light, in sentences: what was found on the day, and the rule that was applied.

The thresholds are the policy's own data. A sentence is Chinese and can be said again in English.
"""

import datetime as dt
from decimal import Decimal

from maps.sentence import Sentence, gettext_noop
from projects.rules.facts import Known
from projects.rules.funding import to_digits
from projects.rules.lights import Reason, Verdict
from projects.rules.period import add_months, closed_months
from projects.rules.policy import Band, Basis, LagRule, MonthlyRule, Policy
from projects.rules.schedule import HUNDRED, ZERO, Curve, planned_ratio
from projects.rules.sentences import plain
from projects.rules.vocabulary import Subject


def digits(value: Decimal) -> str:
    """At most two decimals, half away from zero: with one, 9.96 would stand beside a threshold of 10."""
    return plain(Decimal(to_digits(value, 2)))


def finding(verdict: Verdict, known: Known, as_of: dt.date) -> Sentence:
    """What was found at the end of the day."""
    plan = known.plan
    if verdict.reason in _BY_STAGE or plan is None:
        return _BY_STAGE.get(verdict.reason, _NO_PLAN)
    if verdict.reason is Reason.NO_RULE:
        return gettext_noop("规则不评定单个点位,不亮灯。")
    if verdict.reason in _BY_MONTH:
        return gettext_noop("最近一个已结束的月份:%(said)s。", said=Sentence(verdict.reason.term))
    if verdict.reason is Reason.NOT_DUE:
        return gettext_noop("计划 %(start)s 开工,还没有到。", start=plan.start.isoformat())
    if verdict.reason in (Reason.NOT_STARTED, Reason.NOT_STARTED_LONG):
        return gettext_noop(
            "计划 %(start)s 开工,还没有开工;计划开工的月份起,已过去 %(months)d 个月。",
            start=plan.start.isoformat(),
            months=closed_months(plan.start, as_of),
        )
    if verdict.reason is Reason.OVERDUE:
        return gettext_noop(
            "计划 %(finish)s 完工,已超过 %(days)d 天,还没有完工。",
            finish=plan.finish.isoformat(),
            days=(as_of - plan.finish).days,
        )
    return _of_lag(verdict)


def applied_rule(verdict: Verdict, known: Known, policy: Policy, as_of: dt.date) -> Sentence | None:
    """The rule that gave the light, with its threshold; None where no rule was needed."""
    if known.plan is None:
        return None
    rules = policy.rule(Subject.SITE)
    if verdict.reason in (Reason.NOT_STARTED, Reason.NOT_STARTED_LONG):
        months = closed_months(known.plan.start, as_of)
        rule = next(rule for rule in reversed(rules.start) if months >= rule.months)
        return gettext_noop(
            "从计划开工的月份算起满 %(months)d 个月(月底算满)还没有开工:%(light)s。",
            months=rule.months,
            light=Sentence(rule.light.term),
        )
    if verdict.reason is Reason.OVERDUE:
        passed = [rule for rule in rules.overdue if as_of >= add_months(known.plan.finish, rule.months)]
        return gettext_noop(
            "超过计划完工日满 %(months)d 个月:%(light)s。",
            months=passed[-1].months,
            light=Sentence(passed[-1].light.term),
        )
    if (
        rules.monthly is not None
        and not rules.judges_days
        and verdict.reason in (*_BY_MONTH, Reason.NOT_REPORTED)
    ):
        return _month_rule(rules.monthly, verdict)
    if verdict.reason is Reason.TOLERATED and rules.overdue and not _is_green_band(rules.lag, known, as_of):
        return gettext_noop("超过计划完工日,还不到 %(months)d 个月:绿灯。", months=rules.overdue[0].months)
    if rules.lag is None or verdict.reason not in _BY_LAG:
        return None
    return _band_rule(rules.lag, _reached_band(rules.lag, known, known.plan, as_of))


_NO_PLAN = gettext_noop("没有计划日期,不亮灯。")
_BY_STAGE = {
    Reason.NO_PLAN: _NO_PLAN,
    Reason.SUSPENDED: gettext_noop("已暂停,暂停期间不亮灯;复工后仍按原计划评定。"),
    Reason.CANCELLED: gettext_noop("已取消,不亮灯。"),
    Reason.VERIFIED: gettext_noop("已完工并通过核验。"),
    Reason.FINISHED: gettext_noop("已完工,等待核验。"),
}
_BY_MONTH = (
    Reason.MONTH_OPEN,
    Reason.MONTH_MET,
    Reason.MONTH_MISSED,
    Reason.MONTHS_RUNNING,
    Reason.MONTH_MADE_GOOD,
)
_BY_LAG = (
    Reason.ON_SCHEDULE,
    Reason.TOLERATED,
    Reason.BEHIND,
    Reason.FAR_BEHIND,
    Reason.NOT_REPORTED,
)


def _is_green_band(rule: LagRule | None, known: Known, as_of: dt.date) -> bool:
    if rule is None or known.plan is None:
        return False
    return _reached_band(rule, known, known.plan, as_of) >= 0


def _month_rule(rule: MonthlyRule, verdict: Verdict) -> Sentence:
    share = plain(rule.met.of_plan)
    if not rule.gives_lights:
        return gettext_noop("月末的进度达到计划的 %(share)s%% 才算完成;按月只定措施,不亮灯。", share=share)
    running = [step for step in rule.running if step.light is verdict.light]
    if verdict.reason is Reason.MONTHS_RUNNING and running:
        return gettext_noop(
            "月末的进度达到计划的 %(share)s%% 才算完成;连续 %(months)d 个月没有完成:%(light)s。",
            share=share,
            months=running[0].months,
            light=Sentence(running[0].light.term),
        )
    return gettext_noop(
        "月末的进度达到计划的 %(share)s%% 才算完成;没有完成的月份%(missed)s,以后补上的%(made_good)s。",
        share=share,
        missed=Sentence(rule.missed.term),
        made_good=Sentence(rule.made_good.term),
    )


def _of_lag(verdict: Verdict) -> Sentence:
    planned = digits(verdict.planned or ZERO)
    if verdict.actual is None or verdict.lag_pp is None:
        return gettext_noop("按计划应完成 %(planned)s%%,没有上报过进度,按 0 计算。", planned=planned)
    figures = {"planned": planned, "actual": digits(verdict.actual), "gap": digits(abs(verdict.lag_pp))}
    if verdict.lag_pp == 0:
        return gettext_noop("按计划应完成 %(planned)s%%,上报 %(actual)s%%,没有落后。", **figures)
    if verdict.lag_pp < 0:
        return gettext_noop("按计划应完成 %(planned)s%%,上报 %(actual)s%%,领先 %(gap)s 个百分点。", **figures)
    if verdict.relative_lag is None:
        return gettext_noop("按计划应完成 %(planned)s%%,上报 %(actual)s%%,落后 %(gap)s 个百分点。", **figures)
    return gettext_noop(
        "按计划应完成 %(planned)s%%,上报 %(actual)s%%,落后 %(gap)s 个百分点,比计划少 %(share)s%%。",
        share=digits(verdict.relative_lag * HUNDRED),
        **figures,
    )


def _reached_band(rule: LagRule, known: Known, plan: Curve, as_of: dt.date) -> int:
    """The number of the highest band reached, -1 for none: as projects.rules.lights judges."""
    numerator, days = planned_ratio(plan, as_of)
    behind = numerator - (known.actual or ZERO) * days
    unit = numerator / HUNDRED if rule.basis is Basis.RELATIVE else Decimal(days)
    reached = -1
    for number, band in enumerate(rule.bands):
        limit = band.threshold * unit
        if unit == 0 or behind < limit or (behind == limit and not band.inclusive):
            break
        reached = number
    return reached


def _band_rule(rule: LagRule, reached: int) -> Sentence:
    above = rule.bands[reached + 1] if reached + 1 < len(rule.bands) else None
    if reached < 0:
        assert above is not None, "a lag rule has at least one band"
        if above.threshold == 0:
            return gettext_noop("没有落后:绿灯。")
        return gettext_noop("落后没有%(to)s:绿灯。", to=_threshold(rule, above))
    band = rule.bands[reached]
    named = {"from": _threshold(rule, band), "light": Sentence(band.light.term)}
    if above is None:
        return gettext_noop("落后%(from)s:%(light)s。", **named)
    return gettext_noop("落后%(from)s、没有%(to)s:%(light)s。", to=_threshold(rule, above), **named)


def _threshold(rule: LagRule, band: Band) -> Sentence:
    amount = plain(band.threshold)
    if rule.basis is Basis.PERCENTAGE_POINTS:
        if band.inclusive:
            return gettext_noop("达到 %(n)s 个百分点", n=amount)
        return gettext_noop("超过 %(n)s 个百分点", n=amount)
    if band.inclusive:
        return gettext_noop("达到计划数的 %(n)s%%", n=amount)
    return gettext_noop("超过计划数的 %(n)s%%", n=amount)
