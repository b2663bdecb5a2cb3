"""Lights as spans of days, projected to the end of the period, and the two days cached from them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import localcontext
from typing import NamedTuple

from projects.rules.facts import DivisionFacts, Facts, JudgedByDay, SiteFacts
from projects.rules.lights import judge, turning_days
from projects.rules.months import judged_by_month, month_days, month_outcomes
from projects.rules.period import ONE_DAY
from projects.rules.policy import SEVERITY, Against, MonthlyRule, Policy, SubjectRule
from projects.rules.schedule import ACROSS
from projects.rules.verdicts import BY_STAGE, NO_RULE, Judged, Reason
from projects.rules.vocabulary import Light, Stage, Subject


@dataclass(frozen=True, slots=True)
class Span:
    """`light` holds from `valid_from` up to, not including, `valid_to`."""

    valid_from: date
    valid_to: date
    light: Light
    reason: Reason
    detail: str = ""


class FirstDays(NamedTuple):
    """From which day a site is (or, given no further report, will be) yellow and red; None: never."""

    yellow_on: date | None
    red_on: date | None


def spans(facts: SiteFacts, policy: Policy, period_end: date) -> tuple[Span, ...]:
    """A site's light of every day up to and including `period_end`: see `subject_spans`."""
    return subject_spans(facts, policy, Subject.SITE, period_end)


def subject_spans(facts: Facts, policy: Policy, subject: Subject, period_end: date) -> tuple[Span, ...]:
    """The light of every day up to and including `period_end`, as disjoint spans without a gap.

    They begin with the plan or the first fact, whichever is earlier, and go on into the future as if nothing
    more were reported. Empty when nothing is known, or not before `period_end`. Neighbours differ in light,
    reason or detail. Cost: not by days. Between two facts the light can change only on a few days that are
    solved exactly (`turning_days`, `month_days`); the judgement of `subject_light_at` is then asked on each,
    so that the two cannot disagree.
    """
    rule = policy.rule(subject)
    if rule.monthly is not None and not rule.judges_days:
        return _joined(_by_months(facts, rule.monthly, policy.against, period_end), period_end + ONE_DAY)
    if isinstance(facts, DivisionFacts):
        days = sorted(set(month_days(facts, period_end)))
        return _joined([(day, NO_RULE) for day in days[:1] if day <= period_end], period_end + ONE_DAY)
    with localcontext(ACROSS):
        return _joined(_by_days(facts, rule, policy.against, period_end), period_end + ONE_DAY)


def _by_days(
    facts: JudgedByDay, rule: SubjectRule, against: Against, period_end: date
) -> Iterator[tuple[date, Judged]]:
    end = period_end + ONE_DAY
    changes = facts.days()
    starts = [
        plan.start for plan in (facts.baseline, *(plan for _day, plan in facts.approved)) if plan is not None
    ]
    first = min([*starts, *changes[:1]], default=end)
    for begin, finish in _stretches(first, changes, end):
        known = facts.known_at(against, begin)
        for day in sorted({begin, *(day for day in turning_days(known, rule) if begin < day < finish)}):
            yield day, judge(known, rule, day)


def _by_months(
    facts: Facts, rule: MonthlyRule, against: Against, period_end: date
) -> Iterator[tuple[date, Judged]]:
    outcomes = month_outcomes(facts, rule, against, period_end)
    for day in sorted({day for day in month_days(facts, period_end) if day <= period_end}):
        yield day, judged_by_month(facts, outcomes, rule, against, day)


def _joined(judged: Iterable[tuple[date, Judged]], end: date) -> tuple[Span, ...]:
    """Spans from days in order, each judgement holding until the next; equal neighbours become one."""
    starts: list[tuple[date, Judged]] = []
    for day, what in judged:
        if not starts or starts[-1][1] != what:
            starts.append((day, what))
    ends = [*(day for day, _what in starts[1:]), end]
    return tuple(Span(day, until, *what) for (day, what), until in zip(starts, ends, strict=False))


def first_days(spans: tuple[Span, ...], as_of: date) -> FirstDays:
    """The two days that are kept with a site: since (or from) when it is yellow, and red.

    Taken from the deterioration that `as_of` stands in: back to where it began, forward to the end of the
    spans or to the first better light. So with the last fact on or before `as_of`, `light_from_cache` answers
    every later day of the period. A fact dated ahead (an approval) limits the cache to the days before it.
    """
    here = next((i for i, span in enumerate(spans) if span.valid_from <= as_of < span.valid_to), None)
    if here is None and spans:
        # Before anything is known the whole future lies ahead; after the period its last light stands.
        here = 0 if as_of < spans[0].valid_from else len(spans) - 1
    if here is None or spans[here].light not in SEVERITY:
        return FirstDays(None, None)
    first = here
    while first > 0 and _worsens(spans[first - 1], spans[first]):
        first -= 1
    last = here
    while last + 1 < len(spans) and _worsens(spans[last], spans[last + 1]):
        last += 1
    run = spans[first : last + 1]
    return FirstDays(
        next((span.valid_from for span in run if span.light is Light.YELLOW), None),
        next((span.valid_from for span in run if span.light is Light.RED), None),
    )


def light_from_cache(
    yellow_on: date | None, red_on: date | None, stage: Stage, as_of: date, *, has_plan: bool
) -> Light:
    """The light on `as_of` from a site's cached days and current stage; equals `light_at` from the last fact.

    `has_plan` keeps existing stock dark: two empty days alone cannot tell "never late" from "no plan".
    Pass False too where the policy in force judges no days (`SubjectRule.judges_days`).
    """
    if not has_plan:
        return Light.NONE
    if stage in BY_STAGE:
        return BY_STAGE[stage].light
    if red_on is not None and as_of >= red_on:
        return Light.RED
    if yellow_on is not None and as_of >= yellow_on:
        return Light.YELLOW
    return Light.GREEN


def _worsens(before: Span, after: Span) -> bool:
    if before.light not in SEVERITY or after.light not in SEVERITY:
        return False
    return SEVERITY[before.light] <= SEVERITY[after.light]


def _stretches(first: date, changes: list[date], end: date) -> Iterator[tuple[date, date]]:
    """[begin, finish) between facts, from `first` to `end`."""
    days = [first, *(day for day in changes if first < day < end)] if first < end else []
    yield from zip(days, [*days[1:], end], strict=False)
