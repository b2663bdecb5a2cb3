"""What was promised of an amount and what is done of it: an indicator in a division, a funding line.

A target is said from a day on and may change or be taken back; output, reports and money are said by day. Out
of both come the facts that the lights judge, and the lights of every day of a period, without a gap.

* Without a target there is nothing to judge on that day: no light, and the reason says so.
* A report that says an amount and a percent goes by its amount, as every page does; one that says a percent
  alone by that.
* Work on a counted indicator has begun once a site of it has, long before the first one is finished.
* A project is judged by the rule of indicators: its light is the worst of those that its indicators have that
  day (all of them were promised), the first of equals; its months are met as a division's are.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from projects.rules.facts import ApprovedPlan, DivisionFacts, Facts, Known, Measure, SubjectFacts
from projects.rules.lights import subject_light_at
from projects.rules.period import ONE_DAY
from projects.rules.policy import SEVERITY, Against, MetBy, Policy, SubjectRule
from projects.rules.schedule import Curve
from projects.rules.spans import Span, subject_spans
from projects.rules.verdicts import NO_RULE, Judged, Reason
from projects.rules.vocabulary import Light, Stage, Subject


class TargetFrom(NamedTuple):
    """From `effective` on so much is promised; None: nothing is (无目标)."""

    effective: date
    target: Decimal | None


class Done(NamedTuple):
    """From the end of `effective` on, `amount` is done in total, or `percent` of the whole."""

    effective: date
    amount: Decimal | None
    percent: Decimal | None = None


@dataclass(frozen=True)
class PromisedFacts(SubjectFacts):
    """Facts with the days on which there was a target; made by `promised`.

    `started_on`: work had begun by then, whatever the amounts say.
    """

    targets: tuple[TargetFrom, ...] = ()
    started_on: date | None = None

    def days(self) -> list[date]:
        """Days on which something became known, ascending, each once."""
        begun = [self.started_on] if self.started_on is not None else []
        return sorted({*SubjectFacts.days(self), *(row.effective for row in self.targets), *begun})

    def known_at(self, against: Against, as_of: date) -> Known:
        """As for every subject, but without a plan where nothing is promised."""
        days, known = self._known_by_day[against]
        return known[bisect_right(days, as_of)]

    @cached_property
    def _known_by_day(self) -> Mapping[Against, tuple[Sequence[date], Sequence[Known]]]:
        """The days on which something changes, and what is known before the first and from each on: the
        months of a district ask many days of many indicators."""
        days = self.days()
        return {
            against: (days, [self._known(against, day) for day in (date.min, *days)]) for against in Against
        }

    def _known(self, against: Against, as_of: date) -> Known:
        known = SubjectFacts.known_at(self, against, as_of)
        if self.started_on is not None and self.started_on <= as_of:
            known = known._replace(started=True, stage=Stage.BUILDING)
        return known if self.has_target(as_of) else known._replace(plan=None, complete=False)

    def has_target(self, as_of: date) -> bool:
        """Whether something was promised at the end of the day."""
        return target_at(self.targets, as_of) is not None


def target_at(targets: Iterable[TargetFrom], as_of: date) -> Decimal | None:
    """The target in force at the end of the day; `targets` in the order in which they hold."""
    found = None
    for effective, target in targets:
        if effective <= as_of:
            found = target
    return found


def promised(
    plan: Curve | None,
    targets: Iterable[TargetFrom],
    done: Iterable[Done],
    approved: Iterable[ApprovedPlan] = (),
    started_on: date | None = None,
) -> PromisedFacts:
    """The facts of a subject. `targets` and `done` in the order in which they hold (stable by day)."""
    ordered = tuple(sorted(targets, key=lambda row: row.effective))
    said = sorted(done, key=lambda row: row.effective)
    measures = []
    newest: Done | None = None
    by_day: dict[date, Done] = {row.effective: row for row in said}
    for day in sorted({*by_day, *(row.effective for row in ordered)}):
        newest = by_day.get(day, newest)
        whole = target_at(ordered, day)
        if newest is None:
            continue
        if newest.amount is not None and whole is not None:
            measures.append(Measure(day, newest.amount, whole))
        elif newest.percent is not None:
            measures.append(Measure.reported(day, newest.percent))
    return PromisedFacts(
        plan, tuple(approved) if plan is not None else (), tuple(measures), ordered, started_on
    )


def promised_spans(
    facts: Facts, policy: Policy, subject: Subject, first: date, last: date, *, without: Reason
) -> tuple[Span, ...]:
    """The light of every day from `first` to `last` (both inclusive), disjoint and without a gap.

    `without`: the reason of the days on which nothing is promised or planned.
    """
    rule = policy.rule(subject)
    if not rule.judges_days and rule.monthly is None:
        return (Span(first, last + ONE_DAY, *NO_RULE),)
    judged = subject_spans(facts, policy, subject, last)
    found = _cut(_led(judged, facts, policy, subject, first, last), first)
    if isinstance(facts, PromisedFacts):
        found = _unpromised(found, facts, without)
    return _joined(_renamed(span, without) for span in found)


def _led(
    found: Sequence[Span], facts: Facts, policy: Policy, subject: Subject, first: date, last: date
) -> list[Span]:
    """With the days before the first one of the rules', which are all alike."""
    begins = found[0].valid_from if found else last + ONE_DAY
    if begins <= first:
        return list(found)
    verdict = subject_light_at(facts, policy, subject, first)
    return [Span(first, begins, verdict.light, verdict.reason, verdict.detail), *found]


def _cut(found: Iterable[Span], first: date) -> list[Span]:
    return [
        Span(max(span.valid_from, first), span.valid_to, span.light, span.reason, span.detail)
        for span in found
        if span.valid_to > first
    ]


def _unpromised(found: Iterable[Span], facts: PromisedFacts, without: Reason) -> list[Span]:
    """Months judge their last day: a target taken back since has no light all the same."""
    changes = [row.effective for row in facts.targets]
    cut = []
    for span in found:
        inner = sorted({day for day in changes if span.valid_from < day < span.valid_to})
        for begin, end in pairwise([span.valid_from, *inner, span.valid_to]):
            if facts.has_target(begin):
                cut.append(Span(begin, end, span.light, span.reason, span.detail))
            else:
                cut.append(Span(begin, end, Light.NONE, without))
    return cut


def _renamed(span: Span, without: Reason) -> Span:
    if span.reason is not Reason.NO_PLAN:
        return span
    return Span(span.valid_from, span.valid_to, Light.NONE, without)


def _joined(found: Iterable[Span]) -> tuple[Span, ...]:
    joined: list[Span] = []
    for span in found:
        if joined and joined[-1].valid_to == span.valid_from and _judged(joined[-1]) == _judged(span):
            span = Span(joined.pop().valid_from, *_tail(span))
        joined.append(span)
    return tuple(joined)


def _judged(span: Span) -> Judged:
    return Judged(span.light, span.reason, span.detail)


def _tail(span: Span) -> tuple[date, Light, Reason, str]:
    return span.valid_to, span.light, span.reason, span.detail


class PartSpan(NamedTuple):
    """A span of a project and the part whose light it is (None: no part has one)."""

    span: Span
    part: int | None


def worst_spans(parts: Mapping[int, Sequence[Span]], first: date, last: date) -> tuple[PartSpan, ...]:
    """A project's light of every day: the worst of its parts', the first of equals; `parts` in their order.

    A day on which no part is green, yellow or red has the reason of the first part.
    """
    end = last + ONE_DAY
    days = sorted(
        {
            first,
            *(span.valid_from for spans in parts.values() for span in spans if first < span.valid_from < end),
        }
    )
    found: list[PartSpan] = []
    for begin, until in zip(days, [*days[1:], end], strict=True):
        worst: PartSpan | None = None
        for part, spans in parts.items():
            there = next((span for span in spans if span.valid_from <= begin < span.valid_to), None)
            if there is None:
                continue
            if worst is None or SEVERITY.get(there.light, -1) > SEVERITY.get(worst.span.light, -1):
                worst = PartSpan(there, part)
        judged = Judged(Light.NONE, Reason.NO_TARGET) if worst is None else _judged(worst.span)
        part_id = None if worst is None or judged.light is Light.NONE else worst.part
        if found and found[-1].part == part_id and _judged(found[-1].span) == judged:
            begin = found.pop().span.valid_from
        found.append(PartSpan(Span(begin, until, *judged), part_id))
    return tuple(found)


def parts_judged(parts: Iterable[tuple[PromisedFacts, bool]], rule: SubjectRule) -> DivisionFacts:
    """The parts by which the months of a division or project are judged. (facts, is a subset) pairs.

    A mean adds up, and a subset (其中) is never added to its whole; "each of them" means the subsets too.
    """
    adds_up = rule.monthly is not None and rule.monthly.met.by is MetBy.MEAN
    return DivisionFacts(tuple(facts for facts, is_subset in parts if not (adds_up and is_subset)))
