"""Phases (阶段、节点) of a project: late, delayed, finished late, not started though due, overspent.

Every question has four outcomes. A phase whose date or amount is a sentinel word (PNS, DOES, TBD) or an empty
cell is *unknown* with its reason; one that the question is not about is *outside*. Neither is ever "no": a
count says how many rows it could not judge and why.

Sources: late is the rule of `schedule.is_milestone_late` (baseline due date passed and not met; a reschedule
does not help). Delayed is the New York State comptroller's rule, three months or more past the planned date,
with the months taken from the policy's section `overdue` for sites: a phase is work like one. Amounts
are `Decimal`, in the currency of the phase.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Final, NamedTuple

from projects.rules.errors import gettext_noop as _
from projects.rules.period import add_months
from projects.rules.policy import Against, Policy
from projects.rules.schedule import is_milestone_late
from projects.rules.vocabulary import Subject, Word


class Meaning(Word):
    """What a cell without a value says. A file's words are declared to mean one of the last three."""

    EMPTY = "empty", _("未填写")
    NOT_STARTED = "not_started", _("未开工")  # no such date or amount yet, because work has not begun
    NOT_APPLICABLE = "not_applicable", _("不适用")  # this phase has no such date or amount
    UNKNOWN = "unknown", _("不详")  # there may be one; it is not said


class Gap(NamedTuple):
    """Why a value is missing, and the word as printed (empty for an empty cell)."""

    meaning: Meaning
    word: str = ""


EMPTY: Final = Gap(Meaning.EMPTY)
_NONE: Final[Mapping[str, Gap]] = MappingProxyType({})


class Question(Word):
    """What is asked of a phase on a day."""

    LATE = "late", _("逾期未完成")
    DELAYED = "delayed", _("延误")
    LATE_START = "late_start", _("应开工未开工")
    FINISHED_LATE = "finished_late", _("逾期完成")
    OVERSPENT = "overspent", _("超支")
    OVER_ESTIMATE = "over_estimate", _("预计超支")


class Outcome(Word):
    """The answer."""

    YES = "yes", _("是")
    NO = "no", _("否")
    OUTSIDE = "outside", _("不在此列")  # the question is not about this phase
    UNKNOWN = "unknown", _("无法判断")


class Why(Word):
    """Why a phase could not be judged."""

    NO_DUE = "no_due", _("没有应完成日期")
    NO_START = "no_start", _("没有应开工日期")
    MET_UNKNOWN = "met_unknown", _("是否完成不详")
    START_UNKNOWN = "start_unknown", _("是否开工不详")
    NO_BUDGET = "no_budget", _("没有预算")
    NO_SPENT = "no_spent", _("没有支出")
    NO_ESTIMATE = "no_estimate", _("没有最终预计")
    NO_RULE = "no_rule", _("亮灯规则没有“超过计划日期几个月”一节")


class Answer(NamedTuple):
    """`why` and `word` (as printed) for an unknown; `days` past the due date where that is the question."""

    outcome: Outcome
    why: Why | None = None
    word: str = ""
    days: int | None = None

    @property
    def holds(self) -> bool:
        return self.outcome is Outcome.YES


YES, NO, OUTSIDE = Answer(Outcome.YES), Answer(Outcome.NO), Answer(Outcome.OUTSIDE)


class Standing(NamedTuple):
    """What one report says of a phase, as of the end of `as_of`. `gaps`: why a value is missing, by field."""

    as_of: date
    planned_start: date | None = None
    planned_due: date | None = None
    started_on: date | None = None
    met_on: date | None = None
    budget: Decimal | None = None
    estimate: Decimal | None = None
    spent: Decimal | None = None
    status: str = ""
    gaps: Mapping[str, Gap] = _NONE


@dataclass(frozen=True, slots=True)
class PhaseFacts:
    """Everything that a day's answers depend on. `baseline_*` are the first agreed dates and never change."""

    baseline_start: date | None = None
    baseline_due: date | None = None
    planned_start: date | None = None
    planned_due: date | None = None
    started_on: date | None = None
    met_on: date | None = None
    budget: Decimal | None = None
    estimate: Decimal | None = None
    spent: Decimal | None = None
    status: str = ""
    gaps: Mapping[str, Gap] = field(default_factory=lambda: _NONE)
    reported: date | None = None
    """The day of the report that the amounts and plans come from; None: nothing had been reported by then."""

    def gap(self, name: str) -> Gap:
        """Why there is no such value."""
        return self.gaps.get(name, EMPTY)


#: Facts of a day in the past that a later report may still tell of; amounts, plans and words it cannot.
_DATED: Final = ("started_on", "met_on")
_CERTAIN: Final = frozenset({Meaning.EMPTY, Meaning.NOT_STARTED})


def facts_on(
    as_of: date, reports: Iterable[Standing], *, start: date | None = None, due: date | None = None
) -> PhaseFacts:
    """What `reports` (those known, in the order in which they hold: by day, then as recorded) say of `as_of`.

    Amounts, plans and the status are those of the last report about a day not after `as_of`. When work began
    and when it was met are dated themselves, so the last report of all tells them, and `judge` compares them
    with the day; where that one only says that it does not know, the one before holds.
    """
    ordered = list(reports)
    then = next((report for report in reversed(ordered) if report.as_of <= as_of), None)
    last = ordered[-1] if ordered else None
    gaps: dict[str, Gap] = dict(then.gaps) if then is not None else {}
    dates: dict[str, date | None] = dict.fromkeys(_DATED)
    for name in _DATED:
        said = _teller(name, then, last)
        gaps.pop(name, None)
        if said is None:
            gaps[name] = Gap(Meaning.UNKNOWN)
            continue
        dates[name] = getattr(said, name)
        if dates[name] is None:
            gaps[name] = said.gaps.get(name, EMPTY)
    return PhaseFacts(
        baseline_start=start,
        baseline_due=due,
        planned_start=then.planned_start if then else None,
        planned_due=then.planned_due if then else None,
        started_on=dates["started_on"],
        met_on=dates["met_on"],
        budget=then.budget if then else None,
        estimate=then.estimate if then else None,
        spent=then.spent if then else None,
        status=then.status if then else "",
        gaps=gaps,
        reported=then.as_of if then else None,
    )


def _teller(name: str, then: Standing | None, last: Standing | None) -> Standing | None:
    """The report that tells a date of work."""
    if last is None or then is None:
        return last
    if getattr(last, name) is not None or last.gaps.get(name, EMPTY).meaning in _CERTAIN:
        return last
    return then


def judge(facts: PhaseFacts, as_of: date, policy: Policy) -> dict[Question, Answer]:
    """The answer to every question at the end of `as_of`."""
    return {
        Question.LATE: late(facts, as_of),
        Question.DELAYED: delayed(facts, as_of, policy),
        Question.LATE_START: late_start(facts, as_of),
        Question.FINISHED_LATE: finished_late(facts, as_of),
        Question.OVERSPENT: overspent(facts),
        Question.OVER_ESTIMATE: over_estimate(facts),
    }


def is_met(facts: PhaseFacts, as_of: date) -> bool | None:
    """Whether the phase was met by the end of the day; None where that is not known."""
    return _happened(facts, "met_on", as_of)


def is_started(facts: PhaseFacts, as_of: date) -> bool | None:
    """Whether work had begun by the end of the day; what is met has begun."""
    if is_met(facts, as_of):
        return True
    return _happened(facts, "started_on", as_of)


def _happened(facts: PhaseFacts, name: str, as_of: date) -> bool | None:
    day: date | None = getattr(facts, name)
    if day is not None:
        return day <= as_of
    return False if facts.gap(name).meaning in _CERTAIN else None


def late(facts: PhaseFacts, as_of: date) -> Answer:
    """逾期未完成: the baseline due date has passed and the phase is not met. The due day is in time."""
    due = facts.baseline_due
    if due is None:
        return _unknown(facts, Why.NO_DUE, "baseline_due", "planned_due")
    if as_of <= due:
        return NO
    if is_met(facts, as_of) is None:
        return _unknown(facts, Why.MET_UNKNOWN, "met_on")
    if is_milestone_late(due, facts.met_on, as_of):
        return Answer(Outcome.YES, days=(as_of - due).days)
    return NO


def delayed(facts: PhaseFacts, as_of: date, policy: Policy) -> Answer:
    """延误: not met, and so many months past the date of the plan that the policy measures against."""
    rules = policy.rule(Subject.SITE).overdue
    if not rules:
        return Answer(Outcome.UNKNOWN, Why.NO_RULE)
    due = facts.baseline_due
    if policy.against is Against.APPROVED:
        due = facts.planned_due or due
    if due is None:
        return _unknown(facts, Why.NO_DUE, "baseline_due", "planned_due")
    if as_of < add_months(due, rules[0].months):
        return NO
    met = is_met(facts, as_of)
    if met is None:
        return _unknown(facts, Why.MET_UNKNOWN, "met_on")
    return NO if met else Answer(Outcome.YES, days=(as_of - due).days)


def late_start(facts: PhaseFacts, as_of: date) -> Answer:
    """应开工未开工: the baseline start date has passed and work has not begun. The day itself is in time."""
    start = facts.baseline_start
    if start is None:
        return _unknown(facts, Why.NO_START, "baseline_start", "planned_start")
    if as_of <= start:
        return NO
    begun = is_started(facts, as_of)
    if begun is None:
        return _unknown(facts, Why.START_UNKNOWN, "started_on")
    return NO if begun else Answer(Outcome.YES, days=(as_of - start).days)


def finished_late(facts: PhaseFacts, as_of: date) -> Answer:
    """逾期完成: met, but after the baseline due date. What is not met is outside this question."""
    met = is_met(facts, as_of)
    if met is None:
        return _unknown(facts, Why.MET_UNKNOWN, "met_on")
    if not met or facts.met_on is None:
        return OUTSIDE
    if facts.baseline_due is None:
        return _unknown(facts, Why.NO_DUE, "baseline_due", "planned_due")
    days = (facts.met_on - facts.baseline_due).days
    return Answer(Outcome.YES, days=days) if days > 0 else NO


def overspent(facts: PhaseFacts) -> Answer:
    """超支: more spent than budgeted. Exactly the budget is no overspending."""
    return _above_budget(facts, facts.spent, Why.NO_SPENT, "spent")


def over_estimate(facts: PhaseFacts) -> Answer:
    """预计超支: the final estimate is above the budget."""
    return _above_budget(facts, facts.estimate, Why.NO_ESTIMATE, "estimate")


def _above_budget(facts: PhaseFacts, amount: Decimal | None, why: Why, name: str) -> Answer:
    if facts.budget is None:
        return _unknown(facts, Why.NO_BUDGET, "budget")
    if amount is None:
        return _unknown(facts, why, name)
    return YES if amount > facts.budget else NO


def _unknown(facts: PhaseFacts, why: Why, *names: str) -> Answer:
    """Unknown, with the word that the first of the fields that has one gives for it."""
    word = next((facts.gaps[name].word for name in names if name in facts.gaps), "")
    return Answer(Outcome.UNKNOWN, why, word)


@dataclass(frozen=True, slots=True)
class Count:
    """How many of `total` phases the answer is yes for, of the `judged` ones; why the others are not judged.

    `unknown`: by reason and word as printed, how many. total = judged + outside + unknown.
    """

    question: Question
    total: int
    yes: int
    judged: int
    outside: int
    unknown: Mapping[tuple[Why, str], int]

    @property
    def missing(self) -> int:
        """Phases that could not be judged."""
        return sum(self.unknown.values())

    @property
    def by_reason(self) -> dict[Why, int]:
        """The missing ones by reason alone."""
        found: dict[Why, int] = {}
        for (why, _word), count in self.unknown.items():
            found[why] = found.get(why, 0) + count
        return found


def count(question: Question, answers: Iterable[Answer]) -> Count:
    """Add up one question's answers."""
    tally = dict.fromkeys(Outcome, 0)
    unknown: dict[tuple[Why, str], int] = {}
    for answer in answers:
        tally[answer.outcome] += 1
        if answer.outcome is Outcome.UNKNOWN and answer.why is not None:
            key = (answer.why, answer.word)
            unknown[key] = unknown.get(key, 0) + 1
    judged = tally[Outcome.YES] + tally[Outcome.NO]
    return Count(question, sum(tally.values()), tally[Outcome.YES], judged, tally[Outcome.OUTSIDE], unknown)


FORMULAS: Final[Mapping[Question, str]] = MappingProxyType(
    {
        Question.LATE: _(
            "截至日期晚于基线应完成日期,且到截至日期没有完成;当天完成算按期,调整计划不改变基线。"
        ),
        Question.DELAYED: _(
            "没有完成,且截至日期不早于计划日期加规则(overdue)的第一档月数;对照哪一份计划由规则说明。"
        ),
        Question.LATE_START: _("截至日期晚于基线应开工日期,且到截至日期没有开工。"),
        Question.FINISHED_LATE: _("已完成,且完成日期晚于基线应完成日期;没有完成的不在此列。"),
        Question.OVERSPENT: _("已支出大于预算,等于预算不算;两者都有的才判断。"),
        Question.OVER_ESTIMATE: _("最终预计大于预算,等于预算不算;两者都有的才判断。"),
    }
)
"""How each count is made, in one sentence."""
