"""Spans say, for every day, what light_at says; and the two cached days say it from the last fact on."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.rules.facts import ApprovedPlan, Report, SiteFacts, StageChange
from projects.rules.lights import Reason, light_at
from projects.rules.policy import YINCHUAN_2025, Policy
from projects.rules.schedule import Plan
from projects.rules.spans import FirstDays, Span, first_days, light_from_cache, spans
from projects.rules.vocabulary import Light, Stage
from tests.unit.projects.rules import strategies as s

END = date(2025, 12, 31)
POLICIES = st.one_of(st.just(YINCHUAN_2025), s.policies())
PLAN = Plan(date(2025, 1, 1), date(2025, 4, 11))  # 100 days, one percent a day
BEGUN = SiteFacts(baseline=PLAN, started_on=PLAN.start)


def every_day(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def short(found: tuple[Span, ...]) -> list[tuple[str, str, str]]:
    return [(str(span.valid_from), span.light.value, span.reason.value) for span in found]


def test_a_silent_site_runs_from_green_to_red_and_stays() -> None:
    found = spans(replace(BEGUN, reports=(Report(PLAN.start, Decimal(5)),)), YINCHUAN_2025, END)
    assert short(found) == [
        ("2025-01-01", "green", "on_schedule"),
        ("2025-01-07", "green", "tolerated"),  # 6 % planned, 5 % done
        ("2025-01-16", "yellow", "behind"),  # 15 - 5 = 10
        ("2025-02-06", "red", "far_behind"),  # 36 - 5 > 30
    ]
    assert found[-1].valid_to == date(2026, 1, 1)


def test_a_report_lifts_the_light_and_time_takes_it_down_again() -> None:
    facts = replace(BEGUN, reports=(Report(PLAN.start, Decimal(5)), Report(date(2025, 1, 20), Decimal(80))))
    assert short(spans(facts, YINCHUAN_2025, END))[2:] == [
        ("2025-01-16", "yellow", "behind"),
        ("2025-01-20", "green", "on_schedule"),
        ("2025-03-23", "green", "tolerated"),
        ("2025-04-01", "yellow", "behind"),  # 90 - 80; 100 - 80 = 20 at the most: never red
    ]


def test_an_overdue_rule_turns_on_its_own_day() -> None:
    new_york = s.policy(overdue=[{"light": "yellow", "months": 1}, {"light": "red", "months": 3}])
    assert short(spans(BEGUN, new_york, END)) == [
        ("2025-01-01", "green", "on_schedule"),
        ("2025-04-12", "green", "tolerated"),  # late, but not yet by a month
        ("2025-05-11", "yellow", "overdue"),  # a month past 11 April
        ("2025-07-11", "red", "overdue"),
    ]


def test_no_plan_is_dark_from_the_first_known_day() -> None:
    facts = SiteFacts(stages=(StageChange(date(2025, 3, 1), Stage.VERIFIED),))
    assert spans(facts, YINCHUAN_2025, END) == (
        Span(date(2025, 3, 1), date(2026, 1, 1), Light.NONE, Reason.NO_PLAN),
    )
    assert spans(SiteFacts(), YINCHUAN_2025, END) == ()


def test_a_plan_after_the_period_has_no_span_in_it() -> None:
    assert spans(SiteFacts(baseline=Plan(date(2026, 1, 1), date(2026, 2, 1))), YINCHUAN_2025, END) == ()


def test_a_leap_day_is_a_day() -> None:
    plan = Plan(date(2024, 2, 28), date(2024, 3, 1))  # two days: 0, 50, 100 %
    facts = SiteFacts(baseline=plan, started_on=plan.start, reports=(Report(plan.start, Decimal(40)),))
    assert short(spans(facts, YINCHUAN_2025, date(2024, 3, 2))) == [
        ("2024-02-28", "green", "on_schedule"),
        ("2024-02-29", "yellow", "behind"),
        ("2024-03-01", "red", "far_behind"),
    ]


@given(s.facts(), POLICIES)
def test_spans_are_disjoint_gapless_and_reach_the_end(facts: SiteFacts, policy: Policy) -> None:
    found = spans(facts, policy, END)
    known = [*facts.days(), *([facts.baseline.start] if facts.baseline else [])]
    known += [plan.start for _day, plan in facts.approved]
    if not known or min(known) > END:
        assert found == ()
        return
    assert found[0].valid_from == min(known)
    assert found[-1].valid_to == END + timedelta(days=1)
    assert all(span.valid_from < span.valid_to for span in found)
    for before, after in pairwise(found):
        assert before.valid_to == after.valid_from
        assert (before.light, before.reason, before.detail) != (after.light, after.reason, after.detail)


@given(s.facts(), POLICIES)
def test_every_day_reads_the_same_in_its_span(facts: SiteFacts, policy: Policy) -> None:
    for span in spans(facts, policy, END):
        for day in every_day(span.valid_from, span.valid_to - timedelta(days=1)):
            verdict = light_at(facts, policy, day)
            assert (verdict.light, verdict.reason, verdict.detail) == (
                span.light,
                span.reason,
                span.detail,
            ), day


@given(s.facts(), POLICIES, st.integers(0, 60))
def test_the_cache_equals_light_at_from_the_last_fact_on(facts: SiteFacts, policy: Policy, wait: int) -> None:
    last = max([*facts.days(), s.FIRST])
    stage = facts.history[-1].stage if facts.history else Stage.PLANNED
    cached = first_days(spans(facts, policy, END), last + timedelta(days=wait))
    for day in every_day(last, END):
        light = light_from_cache(*cached, stage, day, has_plan=facts.baseline is not None)
        assert light is light_at(facts, policy, day).light, day


@given(s.facts(), POLICIES, s.days, st.integers(0, 100))
def test_recomputing_after_a_later_report_keeps_the_past(
    facts: SiteFacts, policy: Policy, day: date, percent: int
) -> None:
    more = replace(facts, reports=(*facts.reports, Report(day, Decimal(percent))))
    settled = [span for span in spans(facts, policy, END) if span.valid_to < day]
    assert [span for span in spans(more, policy, END) if span.valid_to < day] == settled


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        # 5 % reported on the first day: yellow on 16 January, red on 6 February (see above).
        (date(2024, 12, 1), FirstDays(date(2025, 1, 16), date(2025, 2, 6))),  # before anything is due
        (date(2025, 1, 10), FirstDays(date(2025, 1, 16), date(2025, 2, 6))),
        (date(2025, 1, 20), FirstDays(date(2025, 1, 16), date(2025, 2, 6))),
        (date(2025, 3, 1), FirstDays(date(2025, 1, 16), date(2025, 2, 6))),
        (date(2026, 3, 1), FirstDays(date(2025, 1, 16), date(2025, 2, 6))),  # its last light stands
    ],
)
def test_since_when_and_from_when(as_of: date, expected: FirstDays) -> None:
    facts = replace(BEGUN, reports=(Report(PLAN.start, Decimal(5)),))
    assert first_days(spans(facts, YINCHUAN_2025, END), as_of) == expected


def test_cached_days_belong_to_the_current_deterioration() -> None:
    facts = replace(BEGUN, reports=(Report(PLAN.start, Decimal(5)), Report(date(2025, 1, 20), Decimal(80))))
    assert first_days(spans(facts, YINCHUAN_2025, END), date(2025, 1, 20)) == FirstDays(
        date(2025, 4, 1), None
    )
    done = replace(facts, finished_on=date(2025, 2, 1), verified_on=date(2025, 2, 9))
    assert first_days(spans(done, YINCHUAN_2025, END), date(2025, 2, 9)) == FirstDays(None, None)


def test_existing_stock_has_no_light_from_the_cache_either() -> None:
    assert light_from_cache(None, None, Stage.VERIFIED, END, has_plan=False) is Light.NONE
    assert light_from_cache(None, None, Stage.VERIFIED, END, has_plan=True) is Light.BLUE


def test_an_approval_dated_ahead_is_projected() -> None:
    data = YINCHUAN_2025.to_json() | {"against": "approved"}
    facts = replace(
        BEGUN,
        reports=(Report(PLAN.start, Decimal(5)),),
        approved=(ApprovedPlan(date(2025, 3, 1), Plan(date(2025, 1, 1), date(2026, 12, 31))),),
    )
    assert [span.light for span in spans(facts, Policy.from_json(data), END)] == [
        Light.GREEN,
        Light.GREEN,
        Light.YELLOW,
        Light.RED,
        Light.GREEN,
        Light.YELLOW,
        Light.RED,
    ]
