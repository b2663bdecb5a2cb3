"""After any history of changes every figure is what the rows say, and what was known stays known."""

import datetime as dt
from collections import Counter
from typing import Any

import pytest
from django.db import transaction
from django.http import QueryDict
from hypothesis import given, settings
from hypothesis import strategies as st

from projects.actions.figures import broken_figures
from projects.readmodels import siteindex
from projects.readmodels.clocks import Clocks, as_text, asked_clocks, recorded_moment
from projects.readmodels.datedtree import within_on
from projects.readmodels.history import history
from projects.readmodels.siteindex import Snapshot, snapshot
from projects.readmodels.standings import cells_of, groups
from projects.readmodels.tallies import Board, board
from projects.readmodels.vocabulary import ProgrammeWords
from projects.rules.rollups import Unit
from projects.rules.vocabulary import Stage
from tests.factories import World
from tests.integration import figurehistory as chance

pytestmark = pytest.mark.django_db

HISTORIES = st.lists(
    st.tuples(
        st.sampled_from(chance.STEPS),
        st.integers(0, 10_000),
        st.sampled_from(list(Stage)),
        st.integers(0, 365),
        st.integers(0, len(chance.GIVES) - 1),
    ),
    min_size=4,
    max_size=14,
)


def words(world: World, held: Snapshot) -> ProgrammeWords:
    return held.vocabulary.programmes[world.programme.pk]


def answers(world: World, held: Snapshot, clocks: Clocks) -> str:
    """Everything that a page of figures may ask of a day."""
    found = board(words(world, held), clocks, held)
    return chance.text(
        [
            found.measures(managers=managers, indicators=indicators)
            for managers in (None, *([row.pk] for row in world.counties.values()))
            for indicators in (None, *([row.pk] for row in world.indicators.values()))
        ]
    )


@settings(max_examples=max(6, settings().max_examples // 8))
@given(steps=HISTORIES)
def test_figures_are_right_after_any_history(world: World, steps: list[tuple[Any, ...]]) -> None:
    with transaction.atomic():
        siteindex.forget()
        chance.enlarge(world)
        noted: dict[tuple[str, dt.date], str] = {}
        before: Snapshot | None = None
        for number, step in enumerate(steps):
            chance.act(world, step)
            if number % 3 == 2:
                before = snapshot(fresh=True)
                recorded = recorded_moment(before)
                assert recorded is not None
                for day in chance.DAYS:
                    noted[as_text(recorded), day] = answers(world, before, Clocks(day))
                # As a process that has not heard of later changes: it must not mix what it reads.
                before.tables.clear()
        held = snapshot(fresh=True)
        programme = words(world, held)
        rows = chance.Rows()
        for day in chance.DAYS:
            is_what_the_rows_say(world, held, rows, day)
        assert list(broken_figures()) == []
        for (moment, day), answer in noted.items():
            clocks = Clocks(day, known_seq=asked(moment, programme).known_seq)
            assert answers(world, held, clocks) == answer, (moment, day)
        if before is not None:
            for day in chance.DAYS:
                moment = as_text(recorded_moment(before) or dt.datetime.now(dt.UTC))
                assert answers(world, before, Clocks(day)) == noted[moment, day]
        transaction.set_rollback(True)
    world.counties.pop("330203001", None)
    for code in ("11-zones", "25-meal"):
        world.indicators.pop(code, None)


def asked(moment: str, programme: ProgrammeWords) -> Clocks:
    query = QueryDict(mutable=True)
    query["known_at"] = moment
    return asked_clocks(query, programme)


def is_what_the_rows_say(world: World, held: Snapshot, rows: chance.Rows, day: dt.date) -> None:
    """The maintained sums, the standings and the oracle agree, and parts add up to wholes."""
    programme = words(world, held)
    found = board(programme, Clocks(day), held)
    slow = cells_of(groups(day, held.seq), found.definitions, programme.pk)
    assert {cell: row for cell, row in found.cells.items() if any(row)} == slow, day
    everywhere = rows.standings(day)
    own = rows.of_programme(programme.pk)
    categories = {row.category_id for row in rows.indicators if row.pk in own}
    parts: list[tuple[set[int] | None, set[int]]] = [(None, own)]
    parts += [(rows.of_category(pk), rows.of_category(pk)) for pk in categories]
    # No unit of its own: counted from the standings.
    pair = {world.indicators["03-meal"].pk, world.indicators["11-zones"].pk}
    parts.append((pair, pair))
    areas = [held.vocabulary.area_by_pk[row.pk] for row in world.counties.values()]
    for area in areas:
        assert within_on(held, area, day) == rows.inside(area.pk, day)
    for managers in (None, *(within_on(held, area, day) for area in areas)):
        there = [row for row in everywhere if managers is None or row.manager in managers]
        for indicators, chosen in parts:
            tells(found, managers, indicators, rows.counted(there, programme.pk, chosen, day), day)
        for row in rows.indicators:
            if row.pk in own and row.counting != "reported":
                gives = found.given(row.pk, managers=managers)
                assert (None if gives is None else (gives.listed, gives.done)) == rows.given(there, row)
        in_stage = {stage: count for stage, count in found.stages(managers).items() if count}
        assert in_stage == rows.stages(there, programme.pk)
    adds_up(world, found, held, day)


def tells(found: Board, managers: Any, indicators: Any, expected: dict[str, Any], day: dt.date) -> None:
    row = found.measures(managers=managers, indicators=indicators)
    assert {
        "sites": row.sites,
        "finished": row.done,
        "due": row.due,
        "overdue": row.overdue,
        "unplanned": row.unplanned,
        "demo": row.demo,
        "lights": {light.value: count for light, count in row.by_light().items() if count},
    } == expected, (day, managers, indicators)


def adds_up(world: World, found: Board, held: Snapshot, day: dt.date) -> None:
    """Townships to counties, counties to the city, stages and lights to all sites."""
    total = found.measures()
    counties = [
        within_on(held, held.vocabulary.area_by_pk[row.pk], day)
        for code, row in world.counties.items()
        if len(code) == 6
    ]
    summed: Counter[str] = Counter()
    for managers in counties:
        summed.update(found.measures(managers=managers)._asdict())
    rest = found.managers() - frozenset[int]().union(*counties)
    summed.update(found.measures(managers=rest)._asdict())
    assert {name: summed[name] for name in total._fields} == total._asdict()
    by_stage = total.by_stage()
    assert sum(by_stage.values()) - by_stage[Stage.CANCELLED] == total.sites
    assert sum(total.by_light().values()) == total.sites
    assert found.unit(Unit.PROGRAMME, world.programme.pk) == total
    points = history(words(world, held), held, managers=None, until=day)
    assert [point.tally.sites for point in points[-1:]] == ([total.sites] if points else [])
