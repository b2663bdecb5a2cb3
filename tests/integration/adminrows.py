"""For each scoped model a row of 海曙 and one of 鄞州."""

import datetime as dt
from dataclasses import dataclass, replace
from decimal import Decimal

import shapely

from projects.actions.areas import store_area
from projects.actions.checklists import save_checklist, save_scheme
from projects.actions.closing import close_period
from projects.actions.drafts import PlanChangeDraft, ReportDraft, VisitDraft
from projects.actions.ordermatters import SubjectDraft
from projects.actions.orders import OrderDraft, issue_order, save_order_scheme
from projects.actions.phasereports import report_phase, save_phase
from projects.actions.photos import add_photos
from projects.actions.promises import arrange_funds, set_target
from projects.actions.reports import change_plan, report_site
from projects.actions.rows import save_row
from projects.actions.sampling import draw_sample, state_seed
from projects.actions.satisfaction import record_vote
from projects.actions.verification import verify_site
from projects.exchange import staging
from projects.models import (
    Checklist,
    CorrectionRequest,
    DivisionTarget,
    Feedback,
    FundingArrangement,
    FundingLine,
    FundingReport,
    ImportBatch,
    IndicatorReport,
    OrderScheme,
    Phase,
    PhaseReport,
    Programme,
    Sample,
    SatisfactionVote,
    Site,
    TargetStatement,
    User,
    VerificationScheme,
)
from projects.models.access import system_access
from projects.permissions.access import Permission
from projects.rules.vocabulary import CheckLevel, CheckResult, Publication, Service, Stage
from tests.factories import CUTOFF, World
from tests.photographs import draft_of_photo

MARK = "外区标记"
OWN, OTHER = "330203", "330212"


@dataclass(frozen=True)
class Rows:
    """For each scoped model the row of 海曙 and that of 鄞州 (whose texts carry MARK)."""

    own: dict[str, int]
    other: dict[str, int]


def scoped_rows(world: World) -> Rows:
    """Made as the system, whatever the world's people may do."""
    access = system_access()
    own: dict[str, int] = {}
    other: dict[str, int] = {}
    for found, county, mark in ((own, OWN, "本区"), (other, OTHER, MARK)):
        planned = world.planned(
            county=county,
            name=f"{mark}点位",
            address=f"{mark}路",
            publication=Publication.DRAFT,
        )
        site = world.add(planned)[0]
        report = report_site(
            access=access,
            site_id=site.pk,
            report=ReportDraft(dt.date(2024, 5, 1), Decimal(10), problem=f"{mark}堵点", plan=f"{mark}方案"),
        )
        photo = add_photos(
            access=access,
            site_id=site.pk,
            photos=[replace(draft_of_photo(), caption=f"{mark}照片")],
            report_id=report.pk,
        )
        plan = change_plan(
            access=access,
            site_id=site.pk,
            change=PlanChangeDraft(
                CUTOFF, dt.date(2024, 1, 1), dt.date(2024, 9, 1), f"{mark}原因", f"{mark}文号"
            ),
        )
        division = world.counties[county]
        line = save_row(
            access=access,
            permission=Permission.PROGRAMME_CHANGE,
            row=FundingLine(
                programme=world.programme,
                division=division,
                source="district",
                name=f"{mark}资金",
                arranged=Decimal(10),
            ),
        )
        money = save_row(
            access=access,
            permission=Permission.FUNDING_REPORT,
            row=FundingReport(line=line, as_of=CUTOFF, used=Decimal(1)),
        )
        target = save_row(
            access=access,
            permission=Permission.PROGRAMME_CHANGE,
            row=DivisionTarget(indicator=world.indicators["03-meal"], division=division, target=Decimal(3)),
        )
        stated = set_target(
            access=access,
            row=TargetStatement(
                indicator=world.indicators["03-meal"],
                division=division,
                effective_on=CUTOFF,
                target=Decimal(4),
                source=f"{mark}依据",
            ),
        )
        arranged = arrange_funds(
            access=access,
            row=FundingArrangement(line=line, effective_on=CUTOFF, arranged=Decimal(12), basis=f"{mark}依据"),
        )
        asked = CorrectionRequest.objects.create(
            programme=world.programme,
            closed_through=CUTOFF,
            effective_on=CUTOFF,
            action="report_site",
            subject=f"{mark}点位",
            payload={"site_id": site.pk},
            reason=f"{mark}更正原因",
            requested_by=world.users["haishu" if county == OWN else "yinzhou"],
        )
        count = save_row(
            access=access,
            permission=Permission.INDICATOR_REPORT,
            row=IndicatorReport(
                indicator=world.indicators["03-meal"],
                division=division,
                as_of=CUTOFF,
                actual=Decimal(1),
                problem=f"{mark}指标堵点",
            ),
        )
        vote = record_vote(
            access=access,
            row=SatisfactionVote(
                programme=world.programme,
                division=division,
                held_on=CUTOFF,
                entitled=30,
                present=29,
                satisfied=28,
                basically_satisfied=1,
                dissatisfied=0,
                source=f"{mark}来源",
            ),
        )
        found |= {
            "satisfactionvote": vote.pk,
            "site": site.pk,
            "sitereport": report.pk,
            "photo": photo[0].pk,
            "planchange": plan.pk,
            "fundingline": line.pk,
            "fundingreport": money.pk,
            "divisiontarget": target.pk,
            "targetstatement": stated.pk,
            "fundingarrangement": arranged.pk,
            "correctionrequest": asked.pk,
            "indicatorreport": count.pk,
            "division": division.pk,
            "boundary": division.boundaries.get().pk,
            "verification": _visit(world, county, mark),
            "storedarea": _area(world, county, mark),
            "supervisionorder": _order(site.pk, mark),
            "stagedimport": _staged(world, county, mark),
            "feedback": _feedback(site, mark),
            "importbatch": _batch(world, county, mark),
        }
    own["periodclosing"] = _closing(world)
    own["orderscheme"] = save_order_scheme(
        access=access, row=OrderScheme(programme=world.programme, source="试行办法")
    ).pk
    User.objects.filter(username="yinzhou").update(last_name=MARK)
    # The city's own: every member of staff sees them.
    own["phase"], own["phasereport"] = _phase(world)
    own["checklist"], own["verificationscheme"], own["sample"] = _rounds(world)
    own["user"], other["user"] = world.users["haishu"].pk, world.users["yinzhou"].pk
    return Rows(own, other)


def _visit(world: World, county: str, mark: str) -> int:
    """A finished site that is in use, looked at again: out of service, to be put right, and drawn by the round."""
    site = world.add(
        world.planned(
            county=county,
            name=f"{mark}完工点位",
            stage=Stage.FINISHED,
            finished_on=dt.date(2024, 5, 1),
            service=Service.OPEN,
            publication=Publication.DRAFT,
        )
    )[0]
    visit = VisitDraft(
        CheckLevel.REVISIT, CheckResult.UNREACHABLE, dt.date(2024, 6, 1), reasons=f"{mark}没人"
    )
    return verify_site(access=world.access("admin"), site_id=site.pk, expected_version=1, visit=visit).pk


def _order(site_id: int, mark: str) -> int:
    """To be signed for by the county."""
    draft = OrderDraft(SubjectDraft(site_id=site_id), f"{mark}督办要求")
    return issue_order(access=system_access(), draft=draft).pk


def _rounds(world: World) -> tuple[int, int, int]:
    """The city's list, its way of verifying, and a round of re-visits that drew the sites of `_visit`."""
    access = system_access()
    items = [{"key": "usable", "zh": "能用"}]
    checklist = save_checklist(access=access, row=Checklist(name_zh="通用", items=items))
    scheme = save_scheme(access=access, row=VerificationScheme(programme=world.programme))
    sample = state_seed(
        access=access,
        row=Sample(
            programme=world.programme,
            level=CheckLevel.REVISIT.value,
            name="回头看",
            seed="种子",
            seed_source="公告",
            percent=Decimal(100),
        ),
    )
    return checklist.pk, scheme.pk, draw_sample(access=access, sample_id=sample.pk).pk


def _closing(world: World) -> int:
    """A closed month of another year: the city's, and in nobody's way."""
    year = Programme.objects.create(
        key="330200-2023",
        name_zh="2023",
        division=world.city,
        year=2023,
        period_start=dt.date(2023, 1, 1),
        period_end=dt.date(2023, 12, 31),
        cutoff=dt.date(2023, 6, 30),
        policy=world.programme.policy,
    )
    return close_period(access=system_access(), programme=year, through=dt.date(2023, 12, 31)).pk


def _phase(world: World) -> tuple[int, int]:
    """A phase of an indicator and what was reported of it."""
    access = system_access()
    phase = save_phase(
        access=access,
        row=Phase(programme=world.programme, indicator=world.indicators["03-meal"], code="a", name_zh="选址"),
    )
    return phase.pk, report_phase(access=access, row=PhaseReport(phase=phase, as_of=CUTOFF)).pk


def _area(world: World, county: str, mark: str) -> int:
    """Drawn by the county's own editor: an area belongs to who stored it."""
    drawn = shapely.box(120.1, 29.1, 120.2 if county == OWN else 120.3, 29.2)
    editor = world.access("haishu" if county == OWN else "yinzhou")
    return store_area(access=editor, geometry=drawn, name=f"{mark}范围").area.pk


def _staged(world: World, county: str, mark: str) -> int:
    """Handed in by the county's own editor: a file belongs to who brought it."""
    editor = world.access("haishu" if county == OWN else "yinzhou")
    return staging.upload(editor, [f"名称,经度,纬度\n{mark}点位,121.55,29.85\n".encode()], f"{mark}.csv").pk


def _feedback(site: Site, mark: str) -> int:
    return Feedback.objects.create(
        site=site, reference=f"r{site.pk}", text=f"{mark}反馈", contact=f"{mark}电话", language="zh-hans"
    ).pk


def _batch(world: World, county: str, mark: str) -> int:
    editor = world.users["haishu" if county == OWN else "yinzhou"]
    return ImportBatch.objects.create(
        file_name=f"{mark}.csv",
        file_sha256="0" * 64,
        options={"code": f"{mark}列"},
        rows=1,
        created_count=1,
        updated_count=0,
        unchanged_count=0,
        recorded_by=editor,
    ).pk
