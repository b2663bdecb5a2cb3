"""Writes of what was promised, reported and paid: see closedworld."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from projects.actions.divisions import save_division, set_parent
from projects.actions.indicatorplans import state_plan
from projects.actions.phasedrafts import PhaseDraft, ProjectUpdate
from projects.actions.phasereports import report_phase, save_phase
from projects.actions.phases import apply_phases
from projects.actions.programmes import (
    save_funding_line,
    save_indicator,
    save_programme,
    save_project,
    save_published_figure,
)
from projects.actions.promises import arrange_funds, set_target
from projects.actions.records import add_funding_report, report_indicator
from projects.actions.satisfaction import record_vote
from projects.models import (
    FundingArrangement,
    FundingLine,
    FundingReport,
    Indicator,
    IndicatorPlan,
    IndicatorReport,
    LagPolicy,
    Phase,
    PhaseReport,
    Programme,
    Project,
    PublishedFigure,
    SatisfactionVote,
    TargetStatement,
)
from projects.models.access import system_access
from projects.permissions.access import Access
from projects.rules.phases import Gap, Meaning, Standing
from projects.rules.vocabulary import DivisionLevel
from tests.factories import START, World
from tests.integration.closedcore import Call


def target(world: World, day: dt.date) -> Call:
    def row() -> TargetStatement:
        return TargetStatement(
            indicator=world.indicators["03-meal"], effective_on=day, target=Decimal(30), source="文件"
        )

    return lambda access: set_target(access=access, row=row())


def planned(world: World, day: dt.date) -> Call:
    meal = world.indicators["03-meal"]
    first = IndicatorPlan(
        indicator=meal, effective_on=START, unit="percent", points=[["2024-12-31", "100"]], source="年初"
    )
    state_plan(access=system_access(), row=first)

    def row() -> IndicatorPlan:
        return IndicatorPlan(
            indicator=meal,
            effective_on=day,
            unit="percent",
            points=[["2024-12-31", "90"]],
            approval_number="甬〔2024〕2 号",
            source="调整",
        )

    return lambda access: state_plan(access=access, row=row())


def line_of(world: World, **changes: Any) -> FundingLine:
    values = {"programme": world.programme, "source": "city", "name": "资金", "arranged": Decimal(100)}
    return save_funding_line(access=system_access(), row=FundingLine(**{**values, **changes}))


def arranged(world: World, day: dt.date) -> Call:
    line = line_of(world)

    def row() -> FundingArrangement:
        return FundingArrangement(line=line, effective_on=day, arranged=Decimal(120), basis="追加")

    return lambda access: arrange_funds(access=access, row=row())


def used(world: World, day: dt.date) -> Call:
    line = line_of(world)
    return lambda access: add_funding_report(
        access=access, row=FundingReport(line=line, as_of=day, used=Decimal(7))
    )


def output(world: World, day: dt.date) -> Call:
    meal = world.indicators["03-meal"]
    return lambda access: report_indicator(
        access=access, row=IndicatorReport(indicator=meal, as_of=day, actual=Decimal(7))
    )


def policy(world: World, day: dt.date) -> Call:
    old = world.programme.policy
    rules = {**old.rules, "version": 2, "against": "approved"}
    other = LagPolicy.objects.create(
        key=old.key, version=2, name_zh="另版", rules=rules, source="s", effective_from=START
    )

    def call(access: Access) -> Programme:
        row = Programme.objects.get(pk=world.programme.pk)
        row.policy = other
        return save_programme(access=access, row=row)

    return call


def programme(**changes: Any) -> Callable[[World, dt.date], Call]:
    def prepare(world: World, day: dt.date) -> Call:
        def call(access: Access) -> Programme:
            row = Programme.objects.get(pk=world.programme.pk)
            for name, value in changes.items():
                setattr(row, name, day if value == "day" else value)
            return save_programme(access=access, row=row)

        return call

    return prepare


def project_of(world: World, **changes: Any) -> Project:
    values = {"category": world.indicators["03-meal"].category, "number": 1, "name_zh": "项目", "code": "P1"}
    return save_project(access=system_access(), row=Project(**{**values, **changes}))


def due(world: World, day: dt.date) -> Call:
    project = project_of(world)

    def call(access: Access) -> Project:
        row = Project.objects.get(pk=project.pk)
        row.due_date = dt.date(2024, 12, 31)
        return save_project(access=access, row=row)

    return call


def vote(world: World, day: dt.date) -> Call:
    return lambda access: record_vote(
        access=access,
        row=SatisfactionVote(
            programme=world.programme,
            held_on=day,
            entitled=30,
            present=29,
            satisfied=28,
            basically_satisfied=1,
            dissatisfied=0,
            base="present",
            source="人大",
        ),
    )


def phases(world: World, day: dt.date) -> Call:
    project_of(world)
    draft = PhaseDraft(
        code="a",
        name_zh="施工",
        project="P1",
        standing=Standing(as_of=day, spent=Decimal(5), gaps={"budget": Gap(Meaning.UNKNOWN, "PNS")}),
    )
    return lambda access: apply_phases(
        access=access, programme_id=world.programme.pk, reason="import", drafts=[draft]
    )


def moved_project(world: World, day: dt.date) -> Call:
    project = project_of(world)
    update = ProjectUpdate(project.pk, "项目", world.indicators["06-piles"].category.slug)
    return lambda access: apply_phases(
        access=access, programme_id=world.programme.pk, reason="import", project_updates=[update]
    )


def phase_report(world: World, day: dt.date) -> Call:
    phase = Phase.objects.create(
        programme=world.programme, project=project_of(world), code="a", name_zh="施工"
    )
    return lambda access: report_phase(
        access=access, row=PhaseReport(phase=phase, as_of=day, spent=Decimal(5))
    )


def baseline_of_a_phase(world: World, day: dt.date) -> Call:
    phase = Phase.objects.create(
        programme=world.programme, project=project_of(world), code="a", name_zh="施工"
    )

    def call(access: Access) -> Phase:
        row = Phase.objects.get(pk=phase.pk)
        row.baseline_due = dt.date(2024, 4, 1)
        return save_phase(access=access, row=row)

    return call


def new_indicator(world: World, day: dt.date) -> Call:
    category = world.indicators["03-meal"].category
    return lambda access: save_indicator(
        access=access,
        row=Indicator(category=category, code="new", name_zh="新指标", unit_zh="个", target=Decimal(5)),
    )


def counted_otherwise(world: World, day: dt.date) -> Call:
    def call(access: Access) -> Indicator:
        row = Indicator.objects.get(pk=world.indicators["03-meal"].pk)
        row.counting = "reported"
        return save_indicator(access=access, row=row)

    return call


def figure_of(world: World, day: dt.date, **changes: Any) -> PublishedFigure:
    values = {
        "programme": world.programme,
        "key": "f",
        "label_zh": "数字",
        "text": "15 个",
        "value": Decimal(15),
        "as_of": day,
        "source": "年中公布",
    }
    return PublishedFigure(**{**values, **changes})


def figure(world: World, day: dt.date) -> Call:
    first = save_published_figure(access=system_access(), row=figure_of(world, day))
    return lambda access: save_published_figure(
        access=access,
        row=figure_of(world, day, text="16 个", value=Decimal(16), corrects=first, correction_reason="抄错"),
    )


def new_line(world: World, day: dt.date) -> Call:
    return lambda access: save_funding_line(
        access=access,
        row=FundingLine(programme=world.programme, source="city", name="新资金", arranged=Decimal(5)),
        effective_on=day,
    )


def line_of_another(world: World, day: dt.date) -> Call:
    line = line_of(world)

    def call(access: Access) -> FundingLine:
        row = FundingLine.objects.get(pk=line.pk)
        row.source = "other"
        return save_funding_line(access=access, row=row)

    return call


def moved(world: World, day: dt.date) -> Call:
    access = system_access()
    town = save_division(access=access, code="330203001", name_zh="街道", level=DivisionLevel.TOWNSHIP)
    set_parent(access=access, child=town, parent=world.counties["330203"], valid_from=dt.date(2020, 1, 1))
    return lambda access: set_parent(
        access=access, child=town, parent=world.counties["330212"], valid_from=day
    )
