"""Steps of a history: the city's own data, what was promised and reported, people."""

import datetime as dt
from decimal import Decimal
from random import Random
from typing import Final

import shapely

from projects.actions.areas import store_area
from projects.actions.batches import FileStamp
from projects.actions.calendar import load_holidays
from projects.actions.closing import close_period
from projects.actions.corrections import approve_correction, refuse_correction, request_correction
from projects.actions.divisions import add_alias, save_boundary, save_division, set_parent
from projects.actions.drafts import ReportDraft
from projects.actions.errors import PeriodClosed
from projects.actions.indicatorplans import state_plan
from projects.actions.people import save_user, set_password
from projects.actions.phasedrafts import CategoryDraft, PhaseDraft, PhaseUpdate, ProjectDraft
from projects.actions.phasereports import report_phase, save_phase
from projects.actions.phases import apply_phases
from projects.actions.programmes import (
    save_category,
    save_funding_line,
    save_indicator,
    save_kind,
    save_policy,
    save_programme,
    save_project,
    save_published_figure,
)
from projects.actions.promises import arrange_funds, set_target
from projects.actions.records import add_funding_report, report_indicator, set_co_departments
from projects.actions.reports import report_site
from projects.actions.rows import save_row
from projects.actions.satisfaction import record_vote
from projects.models import (
    Category,
    Department,
    Division,
    DivisionAlias,
    FacilityKind,
    FundingArrangement,
    FundingLine,
    FundingReport,
    Indicator,
    IndicatorPlan,
    IndicatorReport,
    LagPolicy,
    Membership,
    PeriodClosing,
    Phase,
    PhaseReport,
    Programme,
    Project,
    PublishedFigure,
    SatisfactionVote,
    Site,
    TargetStatement,
    User,
)
from projects.permissions.access import Permission
from projects.rules.calendar import SpecialDay
from projects.rules.phases import Standing
from projects.rules.policy import YINCHUAN_2025
from projects.rules.vocabulary import DayKind, DivisionLevel
from tests.factories import CUTOFF, START, World

#: After every month that is closed here.
LATER: Final = dt.date(2024, 3, 15)


def division(world: World, random: Random) -> None:
    admin = world.access("admin")
    number = random.randrange(10**6)
    row = save_division(
        access=admin, code=f"9{number:06d}", name_zh=f"街道 {number}", level=DivisionLevel.TOWNSHIP
    )
    set_parent(access=admin, child=row, parent=world.counties["330203"], valid_from=START)
    set_parent(access=admin, child=row, parent=world.counties["330212"], valid_from=CUTOFF)
    add_alias(access=admin, division=row, kind=DivisionAlias.NAME, value="旧称")


def border(world: World, random: Random) -> None:
    row = Division.objects.filter(code__startswith="9").first()
    if row is not None and not row.boundaries.exists():
        save_boundary(
            access=world.access("admin"),
            division=row,
            geometry=shapely.box(121.5, 29.8, 121.51, 29.81),
            source="x",
            licence="CC0",
            valid_from=START,
        )


def promise(world: World, random: Random) -> None:
    admin = world.access("admin")
    meal = Indicator.objects.get(pk=world.indicators["03-meal"].pk)
    meal.order = random.randrange(1, 900)
    save_indicator(access=admin, row=meal)
    set_co_departments(
        access=admin,
        row=Indicator.objects.get(pk=meal.pk),
        departments=random.sample(list(Department.objects.order_by("pk")), random.randrange(3)),
    )


def target(world: World, random: Random) -> None:
    """For the city or a county, another one, or none any more."""
    for county, share in (("330203", Decimal(random.randrange(1, 90))), ("330212", None), (None, Decimal(7))):
        statement = TargetStatement(
            indicator=world.indicators["03-meal"],
            division=world.counties[county] if county else None,
            effective_on=LATER,
            target=share if random.random() < 0.8 else None,
            source="甬政发",
        )
        set_target(access=world.access("admin"), row=statement)


def plan(world: World, random: Random) -> None:
    """When how much of an indicator is to be done; the second is a reschedule, from a later day on."""
    stated = IndicatorPlan.objects.filter(indicator=world.indicators["06-piles"]).count()
    state_plan(
        access=world.access("admin"),
        row=IndicatorPlan(
            indicator=world.indicators["06-piles"],
            effective_on=LATER + dt.timedelta(stated),
            unit="percent",
            points=[["2024-06-30", str(random.randrange(10, 90))], ["2024-12-31", "100"]],
            approval_number="甬发 2 号",
            source="甬政发",
        ),
    )


def figure(world: World, random: Random) -> None:
    admin = world.access("admin")
    row = save_published_figure(
        access=admin,
        row=PublishedFigure(
            programme=world.programme,
            key=f"f{random.randrange(10**6)}",
            label_zh="数",
            text="3 个",
            as_of=LATER,
            source="年报",
        ),
    )
    if random.random() < 0.5:
        again = PublishedFigure(
            programme=world.programme,
            key=row.key,
            label_zh="数",
            text="4 个",
            as_of=LATER,
            source="年报",
            corrects=row,
            correction_reason="看错了",
        )
        save_published_figure(access=admin, row=again)


def money(world: World, random: Random) -> None:
    admin = world.access("admin")
    line = save_funding_line(
        access=admin,
        row=FundingLine(
            programme=world.programme, source="city", name="资金", arranged=Decimal("1000000.10")
        ),
        effective_on=LATER,
    )
    more = FundingArrangement(line=line, effective_on=LATER, arranged=Decimal("2000000"), basis="追加")
    arrange_funds(access=admin, row=more)
    add_funding_report(access=admin, row=FundingReport(line=line, as_of=LATER, used=Decimal("17.5")))


def structure(world: World, random: Random) -> None:
    admin = world.access("admin")
    number = random.randrange(100, 10**4)
    row = save_category(
        access=admin,
        row=Category(programme=world.programme, number=number, slug=f"c{number}", name_zh="类"),
    )
    project = save_project(access=admin, row=Project(category=row, number=1, name_zh="项"))
    set_co_departments(access=admin, row=project, departments=[world.departments["energy"]])
    rules = {**YINCHUAN_2025.to_json(), "key": f"p{number}"}
    save_policy(
        access=admin,
        row=LagPolicy(
            key=f"p{number}", version=1, name_zh="规则", rules=rules, source="x", effective_from=START
        ),
    )


def vote(world: World, random: Random) -> None:
    record_vote(
        access=world.access("admin"),
        row=SatisfactionVote(
            programme=world.programme,
            held_on=LATER,
            entitled=100,
            present=90,
            satisfied=random.randrange(60),
            basically_satisfied=20,
            dissatisfied=5,
        ),
    )


def holidays(world: World, random: Random) -> None:
    year = random.choice([2024, 2025])
    day = SpecialDay(dt.date(year, 5, random.randrange(1, 6)), DayKind.REST, "劳动节")
    load_holidays(access=world.access("admin"), year=year, days=[day], source="通知", reason="更新")


def phases(world: World, random: Random) -> None:
    """One by hand with two reports, and a file with one that is there and one that is new."""
    admin, code = world.access("admin"), f"p{random.randrange(10**6)}"
    phase = save_phase(
        access=admin,
        row=Phase(
            programme=world.programme,
            indicator=world.indicators["03-meal"],
            code=code,
            name_zh="设计",
            baseline_start=random.choice([None, START]),
        ),
    )
    report_phase(access=admin, row=PhaseReport(phase=phase, as_of=LATER, spent=Decimal(5), status="在建"))
    phase = Phase.objects.get(pk=phase.pk)
    phase.name_zh = "施工"
    save_phase(access=admin, row=phase)
    standing = Standing(LATER, budget=Decimal("7.5"))
    apply_phases(
        access=admin,
        programme_id=world.programme.pk,
        reason="文件",
        categories=[CategoryDraft(code, "类")],
        projects=[ProjectDraft(code, "项目", code)],
        drafts=[PhaseDraft(f"{code}-2", "采购", standing, project=code, baseline_due=CUTOFF)],
        updates=[PhaseUpdate(phase.pk, phase.changed_seq, {"order": 7}, {}, standing)],
        stamp=FileStamp("阶段.csv", "1" * 64, 2, 0),
    )


def closing(world: World, random: Random) -> None:
    """January is closed; a report about it is asked for as a correction, and decided."""
    admin, editor = world.access("admin"), world.access("haishu")
    counting = Site.objects.live().filter(contributions__isnull=False, managed_by=world.counties["330203"])
    site = counting.order_by("pk").first()
    if not PeriodClosing.objects.exists():
        close_period(access=admin, programme=world.programme, through=dt.date(2024, 1, 31))
    if site is None:
        return
    report = ReportDraft(dt.date(2024, 1, 20), Decimal(random.randrange(100)))
    try:
        report_site(access=editor, site_id=site.pk, report=report)
    except PeriodClosed as refused:
        asked = request_correction(access=editor, refused=refused, reason="漏报")
        if random.random() < 0.5:
            approve_correction(access=admin, request_id=asked.pk)
        else:
            refuse_correction(access=admin, request_id=asked.pk, note="没有依据")


def output(world: World, random: Random) -> None:
    report_indicator(
        access=world.access("admin"),
        row=IndicatorReport(
            indicator=world.indicators["06-piles"], as_of=LATER, actual=Decimal(random.randrange(500))
        ),
    )


def judged_anew(world: World, random: Random) -> None:
    row = Programme.objects.get(pk=world.programme.pk)
    row.cutoff = LATER + dt.timedelta(random.randrange(30, 150))
    save_programme(access=world.access("admin"), row=row)


def kind(world: World, random: Random) -> None:
    row = FacilityKind.objects.get(slug="road")
    row.colour = f"#{random.randrange(16**6):06x}"
    row.attributes = [{"key": "km", "label_zh": "长", "label_en": "Length", "type": "number", "unit": "km"}]
    save_kind(access=world.access("admin"), row=row)


def department(world: World, random: Random) -> None:
    number = random.randrange(10**6)
    save_row(
        access=world.access("admin"),
        row=Department(code=f"d{number}", name_zh=f"局 {number}"),
        permission=Permission.PROGRAMME_CHANGE,
    )


def person(world: World, random: Random) -> None:
    admin = world.access("admin")
    user = User.objects.filter(username="new").first() or User(username="new", is_staff=True)
    user.last_name = random.choice(["王", "李"])
    roles = [
        Membership(role="verifier"),
        Membership(role="district_editor", division=world.counties["330203"]),
    ]
    had = {row.role: row for row in user.memberships.all()} if user.pk else {}
    memberships = [had.get(row.role, row) for row in roles[: random.randrange(1, 3)]]
    save_user(access=admin, user=user, memberships=memberships, password="correct-horse-staple")
    if random.random() < 0.5:
        set_password(access=admin, user=user, password="staple-horse-correct")


def area(world: World, random: Random) -> None:
    shape = shapely.box(121.5, 29.8, 121.51 + random.random() / 10, 29.9)
    store_area(access=world.access("haishu"), geometry=shape, name="划定")
