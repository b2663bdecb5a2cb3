"""Means over projects and over categories, early finishers, above 80 %: two figures are never one."""

import datetime as dt
from decimal import Decimal

import pytest

from projects.actions.programmes import save_project
from projects.actions.promises import set_target
from projects.actions.records import report_indicator
from projects.models import Indicator, IndicatorReport, Project, PublishedFigure, TargetStatement
from projects.models.access import system_access
from projects.readmodels.clocks import Clocks
from projects.readmodels.headline import Headline, divergences, headline
from projects.readmodels.means import MeanFigure
from projects.readmodels.siteindex import snapshot
from projects.rules.policy_sections import DivergenceRule
from tests.factories import CUTOFF, START, World, values

pytestmark = pytest.mark.django_db

DECEMBER = dt.date(2024, 12, 31)


def project(
    world: World,
    number: int,
    *outputs: tuple[object, object],
    category: str = "03-meal",
    due: dt.date | None = DECEMBER,
    weight: int | None = None,
    day: dt.date = CUTOFF,
) -> Project:
    """A project with one reported indicator for each (actual, target); None: none."""
    access = system_access()
    row = save_project(
        access=access,
        row=Project(
            category=world.indicators[category].category,
            number=number,
            name_zh=f"项目 {number}",
            due_date=due,
            weight=None if weight is None else Decimal(weight),
        ),
    )
    for order, (actual, target) in enumerate(outputs):
        indicator = Indicator.objects.create(
            category=row.category,
            project=row,
            code=f"p{category[:2]}-{number}-{order}",
            name_zh="指标",
            unit_zh="个",
            counting="reported",
        )
        if target is not None:
            set_target(
                access=access,
                row=TargetStatement(
                    indicator=indicator, effective_on=START, target=Decimal(str(target)), source="x"
                ),
            )
        if actual is not None:
            report_indicator(
                access=access,
                row=IndicatorReport(indicator=indicator, as_of=day, actual=Decimal(str(actual))),
            )
    return row


def figures(world: World, day: dt.date = CUTOFF) -> dict[str, MeanFigure]:
    return {row.key: row for row in asked(world, day).means.figures}


def asked(world: World, day: dt.date = CUTOFF) -> Headline:
    found = headline(world.programme.key, clocks=Clocks(day), held=snapshot(fresh=True))
    assert found is not None
    return found


def test_nothing_is_computed_without_inputs(world: World) -> None:
    assert figures(world) == {}
    project(world, 1, (None, 10), (5, None))
    assert figures(world) == {}


def test_two_means_of_the_same_projects(world: World) -> None:
    """Two projects of one category (100, 50) and one of another (30): 60 over projects, 52.5 over categories."""
    project(world, 1, (10, 10))
    project(world, 2, (10, 10), (0, 10))
    project(world, 1, (3, 10), category="06-piles")
    found = figures(world)
    assert values(found["mean-projects"].value, found["mean-categories"].value) == (60, Decimal("52.5"))
    mean = found["mean-projects"]
    assert values(mean.numerator, mean.denominator, mean.parts, mean.missing) == (180, 3, 3, 0)
    assert "mean-weighted" not in found


def test_more_than_promised_makes_up_for_nothing(world: World) -> None:
    project(world, 1, (30, 10))
    project(world, 2, (0, 10))
    assert figures(world)["mean-projects"].value == 50


def test_what_is_missing_is_said(world: World) -> None:
    project(world, 1, (8, 10))
    project(world, 2, (None, 10))  # 未上报
    project(world, 3, (5, None))  # 无目标
    project(world, 4)
    mean = figures(world)["mean-projects"]
    assert values(mean.value, mean.denominator, mean.parts, mean.missing) == (80, 1, 4, 3)


def test_weights_only_where_every_project_has_one(world: World) -> None:
    project(world, 1, (10, 10), weight=3)
    project(world, 2, (0, 10), weight=1)
    mean = figures(world)["mean-weighted"]
    assert values(mean.value, mean.numerator, mean.denominator) == (75, 300, 4)
    project(world, 3, (0, 10))
    assert "mean-weighted" not in figures(world)


@pytest.mark.parametrize(("actual", "above"), [("80", 0), ("80.01", 1), ("100", 1)])
def test_above_80_is_more_than_80(world: World, actual: str, above: int) -> None:
    project(world, 1, (actual, 100))
    found = figures(world)["above-80"]
    assert values(found.value, found.denominator) == (above, 1)


@pytest.mark.parametrize(
    ("actual", "done_on", "due", "early"),
    [
        (10, dt.date(2024, 5, 1), dt.date(2024, 12, 31), 1),
        (9, dt.date(2024, 5, 1), dt.date(2024, 12, 31), 0),  # not done
        (10, dt.date(2024, 5, 1), dt.date(2024, 5, 1), 0),  # on the day it was due
        (10, dt.date(2024, 4, 30), dt.date(2024, 5, 1), 1),
        (10, dt.date(2024, 6, 1), dt.date(2024, 5, 1), 0),  # late
    ],
)
def test_early_is_before_the_day_it_was_due(
    world: World, actual: int, done_on: dt.date, due: dt.date, early: int
) -> None:
    project(world, 1, (actual, 10), due=due, day=done_on)
    found = figures(world)["done-early"]
    assert values(found.value, found.denominator, found.missing) == (early, 1, 0)


def test_without_a_due_date_nothing_is_early(world: World) -> None:
    project(world, 1, (10, 10), due=None)
    assert "done-early" not in figures(world)
    project(world, 2, (10, 10))
    found = figures(world)["done-early"]
    assert values(found.value, found.denominator, found.missing) == (1, 1, 1)


def test_a_subset_is_in_its_whole_already(world: World) -> None:
    row = project(world, 1, (10, 10))
    whole = Indicator.objects.get(project=row)
    part = Indicator.objects.create(
        category=row.category, project=row, code="part", name_zh="其中", unit_zh="个", subset_of=whole
    )
    set_target(
        access=system_access(),
        row=TargetStatement(indicator=part, effective_on=START, target=Decimal(10), source="x"),
    )
    found = figures(world)["mean-projects"]
    assert values(found.value, found.missing) == (100, 0)


def test_published_and_computed_stand_side_by_side(world: World) -> None:
    project(world, 1, (10, 10))
    project(world, 2, (1, 2))
    for key, value, text in (
        ("mean-progress-projects", "75.0", "平均进度 75.0%"),
        ("projects-above-80", "2", "2 项"),
        ("projects", "37", "37 项"),
    ):
        PublishedFigure.objects.create(
            programme=world.programme,
            key=key,
            label_zh=key,
            text=text,
            value=value,
            unit="%" if "%" in text else "项",
            as_of=CUTOFF,
            source="x",
        )
    compared = {row.statement.key: row for row in asked(world).comparisons}
    assert compared["mean-progress-projects"].agrees
    above = compared["projects-above-80"]
    assert values(above.agrees, above.difference) == (False, -1)
    assert compared["projects"].difference == -35


def test_divergence_reaches_the_threshold(world: World) -> None:
    """1,440 stations planned, none finished, 30 % reported."""
    world.add(*(world.planned() for _number in range(4)))
    report_indicator(
        access=system_access(),
        row=IndicatorReport(indicator=world.indicators["03-meal"], as_of=CUTOFF, percent=Decimal(30)),
    )
    told = asked(world)
    # 银川 as packaged: 20 points.
    assert [values(row.code, row.reported, row.counted) for row in told.divergent] == [("03-meal", 30, 0)]
    found = told.categories
    assert [row.gap for row in divergences(found, DivergenceRule(Decimal(30)))] == [30]
    assert list(divergences(found, DivergenceRule(Decimal("30.01")))) == []
    assert list(divergences(found, None)) == []
