"""After any history: lights are what the facts say, they change at a span's boundary only, and what was known
at a moment is answered alike for ever."""

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from projects.actions.errors import Invalid
from projects.actions.figures import broken_subject_lights
from projects.models import (
    ChangeHead,
    FundingLine,
    Indicator,
    IndicatorPlan,
    IndicatorReport,
    LightSpan,
    Programme,
    TargetStatement,
    recordguards,
)
from projects.readmodels import siteindex
from projects.readmodels.clocks import Clocks
from projects.readmodels.monthtables import month_tables
from projects.readmodels.subjectfacts import Judging, cell_facts, cells_with_targets
from projects.readmodels.subjectjson import light_json, months_json
from projects.readmodels.subjectlights import explained, subject_lights
from projects.readmodels.subjects import of_indicator
from projects.rules.lights import subject_light_at
from projects.rules.policy import packaged_keys
from projects.rules.vocabulary import Stage, Subject
from tests.factories import World
from tests.integration import figurehistory as chance
from tests.integration.promised import TENS, Promised, check_gapless

pytestmark = pytest.mark.django_db

PLACES = ("330203", "330212", None)
CODES = ("03-meal", "06-piles", "06-piles-rural", "shows", "talks")
WORDS = ("target", "target", "no target", "correct target", "report", "report", "correct report", "plan",
         "reschedule", "money", "used", "arranged", "policy", *["sites"] * 14)  # fmt: skip
SITE_WORDS = (*["add"] * 5, *["stage"] * 5, "give", "publish", "withdraw", "remove", "import", "count")
DAYS = (dt.date(2024, 4, 10), dt.date(2024, 6, 30), dt.date(2024, 12, 31))

STEPS = st.lists(
    st.tuples(
        st.sampled_from(WORDS),
        st.sampled_from(CODES),
        st.sampled_from(PLACES),
        st.integers(0, 360),
        st.integers(1, 120),
        st.tuples(
            st.sampled_from(SITE_WORDS),
            st.integers(0, 10_000),
            st.sampled_from((*Stage, Stage.FINISHED, Stage.VERIFIED, Stage.BUILDING)),
            st.integers(0, 365),
            st.integers(0, len(chance.GIVES) - 1),
        ),
    ),
    min_size=8,
    max_size=16,
)


def act(here: Promised, step: tuple[Any, ...]) -> None:
    """One thing that somebody says; what the rules refuse stays unsaid."""
    word, code, county, number, amount, site_step = step
    indicator = Indicator.objects.get(code=code)
    on = f"{dt.date(2024, 1, 1) + dt.timedelta(days=number):%Y-%m-%d}"
    division = here.division(county)
    own = {"indicator": indicator, "division": division}
    try:
        with transaction.atomic():
            match word:
                case "target":
                    here.target(indicator, str(amount), county, on)
                case "no target":
                    here.target(indicator, None, county, on)
                case "correct target":
                    wrong = TargetStatement.objects.standing().filter(**own).order_by("pk").last()
                    if wrong is not None:
                        here.target(indicator, str(amount), county, on, corrects=wrong)
                case "report":
                    here.report(indicator, on, str(amount), county, percent=str(min(amount, 100)))
                case "correct report":
                    said = IndicatorReport.objects.standing().filter(**own).order_by("pk").last()
                    if said is not None:
                        here.report(indicator, on, None, county, percent="7", corrects=said)
                case "plan":
                    here.plan(indicator, [["2024-03-31", "20"], ["2024-11-30", "100"]], county, "percent")
                case "reschedule":
                    here.plan(indicator, TENS, county, "amount", since=on, approval="1")
                case "money":
                    here.line(str(amount), dt.date.fromisoformat(on), county=county)
                case "used" | "arranged":
                    line = FundingLine.objects.order_by("pk").last()
                    if line is not None:
                        do = here.used if word == "used" else here.arranged
                        do(line, dt.date.fromisoformat(on), str(amount))
                case "policy":
                    here.judged_by(packaged_keys()[amount % len(packaged_keys())])
                case "sites":
                    chance.act(here.world, site_step)
    except Invalid:
        pass


def answers(programme: Programme, day: dt.date, known_seq: int | None) -> str:
    clocks = Clocks(day, None, known_seq)
    lights = [light_json(row) for row in subject_lights(programme.pk, clocks, access=None)]
    months = [months_json(row) for row in month_tables(programme.pk, clocks, access=None)]
    return json.dumps([lights, months])


@settings(max_examples=max(5, settings().max_examples // 10))
@given(steps=STEPS)
def test_what_was_known_is_answered_alike_for_ever(world: World, steps: list[tuple[Any, ...]]) -> None:
    with transaction.atomic():
        siteindex.forget()
        chance.enlarge(world)
        here = Promised(world, "yinchuan-2025")
        for code in ("shows", "talks"):
            here.indicator(code)
        # Counted ones have a promise from the start: whatever a site does then moves a light.
        for code in ("03-meal", "06-piles", "06-piles-rural"):
            for county in PLACES:
                here.target(Indicator.objects.get(code=code), "3", county)
        noted: dict[tuple[int, dt.date], str] = {}
        for number, step in enumerate(steps):
            act(here, step)
            if number % 2:
                continue
            seq = ChangeHead.objects.get().seq
            for day in DAYS:
                noted[seq, day] = answers(here.programme, day, None)
        programme = Programme.objects.select_related("policy").get(pk=here.programme.pk)
        assert list(broken_subject_lights()) == []
        check_gapless(programme.period_start, programme.period_end)
        are_what_the_facts_say(programme)
        for (seq, day), answer in noted.items():
            assert answers(programme, day, seq) == answer, (seq, day)
        can_be_explained(programme, min(noted)[0])
        transaction.set_rollback(True)
    world.counties.pop("330203001", None)
    for code in ("11-zones", "25-meal"):
        world.indicators.pop(code, None)


def are_what_the_facts_say(programme: Programme) -> None:
    """Around every boundary and on days between, the light of the day as the rules give it."""
    judging = Judging.of(programme)
    rule = judging.policy.rule(Subject.INDICATOR)
    for cell, held in cell_facts(judging, cells_with_targets(programme)).items():
        spans = list(
            LightSpan.objects.known().filter(subject_key=of_indicator(programme.pk, *cell).key).order_by("pk")
        )
        edges = {day for span in spans for day in (span.valid_from, span.valid_from - dt.timedelta(days=1))}
        days = edges | {programme.period_start + dt.timedelta(days=number) for number in range(0, 366, 17)}
        for day in sorted(days):
            if not programme.period_start <= day <= programme.period_end:
                continue
            (span,) = [span for span in spans if span.valid_from <= day < span.valid_to]
            if not rule.judges_days and rule.monthly is None:
                expected = ("none", "no_rule")
            elif not held.facts.has_target(day):
                expected = ("none", "no_target")
            else:
                verdict = subject_light_at(held.facts, judging.policy, Subject.INDICATOR, day)
                expected = (verdict.light.value, verdict.reason.value)
            assert (span.light, span.reason) == expected, (cell, day)


def can_be_explained(programme: Programme, seq: int) -> None:
    """The facts as they were known give the light that was stored then."""
    for day in DAYS[:2]:
        clocks = Clocks(day, None, seq)
        for row in subject_lights(
            programme.pk, clocks, access=None, kinds=[Subject.INDICATOR, Subject.FUNDING]
        ):
            if row.reason in ("no_target", "no_rule", "not_issued"):
                continue
            verdict = explained(row.subject.key, clocks)
            assert verdict is not None
            assert (verdict.light, verdict.reason) == (row.light, row.reason), (row, day)


def test_a_tampered_span_is_found(world: World) -> None:
    here = Promised(world, "ouhai-2020")
    shows = here.indicator("shows")
    here.target(shows, "120")
    here.plan(shows, TENS)
    here.report(shows, "01-31", "10")
    assert list(broken_subject_lights()) == []
    span = LightSpan.objects.known().filter(subject_key=here.key(shows)).order_by("valid_from").last()
    assert span is not None
    recordguards.lift(connection)
    LightSpan.objects.filter(pk=span.pk).update(light="green")
    (found,) = broken_subject_lights()
    assert found.subject == f"330200-2024 {here.key(shows)}"
    LightSpan.objects.filter(pk=span.pk).update(light=span.light)
    from projects.models import MonthResult

    MonthResult.objects.filter(subject_key=here.county_key(), month=1).update(met=False)
    (found,) = broken_subject_lights()
    assert found.subject == f"330200-2024 {here.county_key()}"


def test_a_replaced_span_and_its_number(world: World) -> None:
    here = Promised(world, "yinchuan-2025")
    shows = here.indicator("shows")
    here.target(shows, "100")
    before = ChangeHead.objects.get().seq
    untouched = set(
        LightSpan.objects.known().filter(subject_key=here.key(shows)).values_list("pk", flat=True)
    )
    here.report(shows, "06-30", "100")
    seq = ChangeHead.objects.get().seq
    old = LightSpan.objects.filter(superseded_seq=seq)
    assert {row.subject_key for row in old} == {here.key(shows)}
    assert all(row.changed_seq <= before and row.superseded_at is not None for row in old)
    kept = LightSpan.objects.known().filter(subject_key=here.key(shows), pk__in=untouched)
    assert kept.exists()  # January to March is what it was
    assert IndicatorPlan.objects.count() == 0 and Decimal(100) == shows.target_statements.get().target
