"""Hypothesis strategies for plans, facts and policies; days lie in 2024 and 2025."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from projects.rules.facts import ApprovedPlan, Measure, Report, SiteFacts, StageChange, SubjectFacts
from projects.rules.policy import Policy, packaged, packaged_keys
from projects.rules.schedule import Milestone, Plan
from projects.rules.steps import MonthSteps
from projects.rules.vocabulary import Stage

FIRST = date(2024, 1, 1)
LAST = date(2025, 6, 30)

days: SearchStrategy[date] = st.dates(FIRST, LAST)
# Whole and half percents, so that thresholds are hit exactly now and then, and awkward ones besides.
percents: SearchStrategy[Decimal] = st.one_of(
    st.integers(0, 200).map(lambda n: Decimal(n) / 2), st.decimals(0, 100, places=2)
)


@st.composite
def plans(draw: DrawFn) -> Plan:
    start = draw(days)
    finish = start + timedelta(days=draw(st.sampled_from([0, 1, 7, 10, 30, 90, 100, 183, 300, 365])))
    if not draw(st.booleans()):
        return Plan(start, finish)
    length = (finish - start).days
    offsets = sorted(draw(st.sets(st.integers(0, length), min_size=1, max_size=4)))
    values = sorted(draw(st.lists(percents, min_size=len(offsets), max_size=len(offsets))))
    points = [Milestone(start + timedelta(days=o), v) for o, v in zip(offsets, values, strict=True)]
    return Plan(start, finish, tuple(points))


maybe_day = st.none() | days


@st.composite
def facts(draw: DrawFn) -> SiteFacts:
    baseline = draw(st.one_of(plans(), plans(), plans(), st.none()))
    approved = () if baseline is None else draw(st.lists(st.builds(ApprovedPlan, days, plans()), max_size=2))
    return SiteFacts(
        baseline=baseline,
        approved=tuple(approved),
        reports=tuple(draw(st.lists(st.builds(Report, days, percents), max_size=4))),
        stages=tuple(draw(st.lists(st.builds(StageChange, days, st.sampled_from(Stage)), max_size=3))),
        started_on=draw(maybe_day),
        finished_on=draw(st.none() | maybe_day),
        verified_on=draw(st.none() | maybe_day),
    )


def policy(**sections: object) -> Policy:
    """A small valid policy with the given sections."""
    data = {
        "schema": 1,
        "key": "test",
        "version": 1,
        "title": "测试",
        "source": "测试",
        "against": "baseline",
    }
    return Policy.from_json(data | sections)


@st.composite
def policies(draw: DrawFn) -> Policy:
    """Any mixture of lag bands, start rule and overdue rule."""
    sections: dict[str, object] = {"against": draw(st.sampled_from(["baseline", "approved"]))}
    limits = sorted(draw(st.sets(st.integers(0, 100), min_size=1, max_size=3)))
    lights = sorted(draw(st.lists(st.sampled_from([0, 1, 2]), min_size=len(limits), max_size=len(limits))))
    words = ["green", "yellow", "red"]
    sections["lag"] = {
        "basis": draw(st.sampled_from(["percentage_points", "relative"])),
        "bands": [
            {"light": words[light], draw(st.sampled_from(["at_least", "more_than"])): limit}
            for light, limit in zip(lights, limits, strict=True)
        ],
    }
    if draw(st.booleans()):
        sections["start"] = [{"light": "yellow", "months": 1}, {"light": "red", "months": 3}]
    overdue = draw(st.booleans())
    if overdue:
        sections["overdue"] = [{"light": "red", "months": draw(st.integers(1, 4))}]
    if overdue and draw(st.booleans()):
        del sections["lag"]
    return policy(**sections)


@st.composite
def steps(draw: DrawFn) -> MonthSteps:
    return MonthSteps(draw(days), draw(st.integers(1, 13)))


@st.composite
def subjects(draw: DrawFn) -> SubjectFacts:
    """An indicator or a funding line: a plan of any shape, and outputs of a target that may be overfulfilled."""
    curves: SearchStrategy[Plan | MonthSteps] = st.one_of(plans(), steps())
    whole = Decimal(draw(st.integers(1, 90)))
    amounts = st.integers(0, 100).map(Decimal)
    measures = draw(st.lists(st.builds(Measure, days, amounts, st.just(whole)), max_size=4))
    approved = draw(st.lists(st.builds(ApprovedPlan, days, curves), max_size=1))
    return SubjectFacts(baseline=draw(curves), approved=tuple(approved), measures=tuple(measures))


cities: SearchStrategy[Policy] = st.sampled_from(packaged_keys()).map(packaged)
