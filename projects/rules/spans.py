"""Lights as spans of days, projected to the end of the period, and the two days cached from them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from projects.rules.facts import SiteFacts, known_at
from projects.rules.lights import BY_STAGE, Reason, judge, turning_days
from projects.rules.period import ONE_DAY
from projects.rules.policy import SEVERITY, Policy
from projects.rules.vocabulary import Light, Stage


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
    """The light of every day up to and including `period_end`, as disjoint spans without a gap.

    They begin with the plan or the first fact, whichever is earlier, and go on into the future as if nothing
    more were reported. Empty when nothing is known, or not before `period_end`. Neighbours differ in light,
    reason or detail. Cost: not by days. Between two facts the light can change only on a few days that are
    solved exactly (`turning_days`); `light_at`'s own judgement is then asked on each, so that the two cannot
    disagree.
    """
    end = period_end + ONE_DAY
    changes = facts.days()
    starts = [
        plan.start for plan in (facts.baseline, *(plan for _day, plan in facts.approved)) if plan is not None
    ]
    first = min([*starts, *changes[:1]], default=end)
    found: list[Span] = []
    for begin, finish in _stretches(first, changes, end):
        known = known_at(facts, policy.against, begin)
        days = sorted({begin, *(day for day in turning_days(known, policy) if begin < day < finish)})
        for day, until in zip(days, [*days[1:], finish], strict=True):
            judged = judge(known, policy, day)
            if found and (found[-1].light, found[-1].reason, found[-1].detail) == judged:
                found[-1] = Span(found[-1].valid_from, until, *judged)
            else:
                found.append(Span(day, until, *judged))
    return tuple(found)


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
    Pass False too where the policy in force judges no days (`Policy.judges_days`).
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
