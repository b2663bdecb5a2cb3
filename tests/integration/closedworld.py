"""Every write of a dated fact as a case: what it takes, and a call that states the fact for a day."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from projects.actions.batches import FileStamp, apply_site_drafts
from projects.actions.closing import close_period
from projects.actions.divisions import save_division, set_parent
from projects.actions.drafts import PlanChangeDraft, ReportDraft
from projects.actions.programmes import (
    save_category,
    save_funding_line,
    save_indicator,
    save_programme,
    save_project,
    save_published_figure,
)
from projects.actions.promises import arrange_funds, set_target
from projects.actions.publishing import publish_batch, publish_site, submit_site, withdraw_site
from projects.actions.records import add_funding_report, report_indicator
from projects.actions.reports import change_plan, report_site
from projects.actions.sites import add_site, change_site, remove_site
from projects.actions.siteupdates import SiteUpdate
from projects.models import (
    Category,
    FundingArrangement,
    FundingLine,
    FundingReport,
    ImportBatch,
    Indicator,
    IndicatorReport,
    LagPolicy,
    Membership,
    PeriodClosing,
    Programme,
    Project,
    PublishedFigure,
    Site,
    TargetStatement,
    User,
)
from projects.models.access import system_access
from projects.permissions.access import Access
from projects.rules.vocabulary import DivisionLevel, Publication, Stage
from tests.factories import START, World

#: May is closed: a day of it, and one after it that is still within the cut-off.
THROUGH: Final = dt.date(2024, 5, 31)
CLOSED_DAY: Final = dt.date(2024, 5, 15)
OPEN_DAY: Final = dt.date(2024, 6, 10)

Call = Callable[[Access], Any]


@dataclass(frozen=True)
class Case:
    """`prepare` makes what the call needs and returns the call; `dated` False: it decides every day's figures."""

    name: str
    action: str
    prepare: Callable[[World, dt.date], Call]
    who: str = "admin"
    dated: bool = True


def close(world: World, through: dt.date = THROUGH) -> PeriodClosing:
    return close_period(access=world.access("admin"), programme=world.programme, through=through)


def second_closer(world: World) -> Access:
    """Another administrator: the one who approves."""
    if "closer" not in world.users:
        user = User.objects.create_user(username="closer", password="x", is_staff=True)
        Membership.objects.create(user=user, role="administrator")
        world.users["closer"] = user
    return world.access("closer")


def _counting(world: World, day: dt.date, **changes: Any) -> Any:
    values = {
        "stage": Stage.BUILDING,
        "state_since": day,
        "publication": Publication.DRAFT,
        "counts_for": (("03-meal", 1),),
    }
    return world.draft(**{**values, **changes})


def _report(world: World, day: dt.date) -> Call:
    site = world.add(world.planned())[0]
    return lambda access: report_site(access=access, site_id=site.pk, report=ReportDraft(day, Decimal(40)))


def _report_correction(world: World, day: dt.date) -> Call:
    """The correction is dated later than what it takes away."""
    site = world.add(world.planned())[0]
    wrong = report_site(
        access=system_access(), site_id=site.pk, report=ReportDraft(day, Decimal(40), problem="x")
    )
    return lambda access: report_site(
        access=access,
        site_id=site.pk,
        report=ReportDraft(OPEN_DAY, Decimal(30)),
        corrects_id=wrong.pk,
        correction_reason="填错",
    )


def _plan(world: World, day: dt.date) -> Call:
    site = world.add(world.planned())[0]
    change = PlanChangeDraft(day, START, dt.date(2024, 11, 30), "雨季", "甬政办 12 号")
    return lambda access: change_plan(access=access, site_id=site.pk, change=change)


def _changed(changes: dict[str, object], *, since: bool = False) -> Callable[[World, dt.date], Call]:
    def prepare(world: World, day: dt.date) -> Call:
        site = world.add(world.planned(publication=Publication.DRAFT))[0]
        values = {name: day if value == "day" else value for name, value in changes.items()}
        return lambda access: change_site(
            access=access,
            site_id=site.pk,
            expected_version=1,
            changes=values,
            effective_on=day if since else None,
        )

    return prepare


def _contributions(world: World, day: dt.date) -> Call:
    site = world.add(world.planned())[0]
    pairs = [(world.indicators["03-meal"].pk, Decimal(2))]
    return lambda access: change_site(
        access=access,
        site_id=site.pk,
        expected_version=1,
        changes={"contributions": pairs},
        effective_on=day,
    )


def _remove(world: World, day: dt.date) -> Call:
    site = world.add(_counting(world, day, publication=Publication.PUBLISHED))[0]
    return lambda access: remove_site(
        access=access, site_id=site.pk, expected_version=site.version, reason="重复"
    )


def _add(world: World, day: dt.date) -> Call:
    draft = _counting(world, day)
    return lambda access: add_site(access=access, draft=draft)


def _import_new(world: World, day: dt.date) -> Call:
    draft = _counting(world, day, reports=(ReportDraft(OPEN_DAY, Decimal(3)),))
    stamp = FileStamp(name="a.csv", sha256="0" * 64, rows=1, unchanged=0)
    return lambda access: apply_site_drafts(access=access, drafts=[draft], reason="import", stamp=stamp)


def _import_known(world: World, day: dt.date) -> Call:
    site = world.add(world.planned())[0]
    update = SiteUpdate(site.pk, 1, {"started_on": day})
    return lambda access: apply_site_drafts(access=access, updates=[update], reason="import")


def _publish(world: World, day: dt.date) -> Call:
    site = world.add(_counting(world, day))[0]
    submit_site(access=world.access("haishu"), site_id=site.pk, expected_version=1)
    return lambda access: publish_site(access=access, site_id=site.pk, expected_version=2)


def _withdraw(world: World, day: dt.date) -> Call:
    site = world.add(_counting(world, day, publication=Publication.PUBLISHED))[0]
    version = Site.objects.get(pk=site.pk).version
    return lambda access: withdraw_site(
        access=access, site_id=site.pk, expected_version=version, reason="有误"
    )


def _publish_batch(world: World, day: dt.date) -> Call:
    stamp = FileStamp(name="a.csv", sha256="0" * 64, rows=1, unchanged=0)
    apply_site_drafts(
        access=world.access("haishu"), drafts=[_counting(world, day)], reason="import", stamp=stamp
    )
    batch = ImportBatch.objects.latest("pk")
    return lambda access: publish_batch(access=access, batch_id=batch.pk)


def _target(world: World, day: dt.date) -> Call:
    def row() -> TargetStatement:
        return TargetStatement(
            indicator=world.indicators["03-meal"], effective_on=day, target=Decimal(30), source="文件"
        )

    return lambda access: set_target(access=access, row=row())


def line_of(world: World, **changes: Any) -> FundingLine:
    values = {"programme": world.programme, "source": "city", "name": "资金", "arranged": Decimal(100)}
    return save_funding_line(access=system_access(), row=FundingLine(**{**values, **changes}))


def _arranged(world: World, day: dt.date) -> Call:
    line = line_of(world)

    def row() -> FundingArrangement:
        return FundingArrangement(line=line, effective_on=day, arranged=Decimal(120), basis="追加")

    return lambda access: arrange_funds(access=access, row=row())


def _used(world: World, day: dt.date) -> Call:
    line = line_of(world)
    return lambda access: add_funding_report(
        access=access, row=FundingReport(line=line, as_of=day, used=Decimal(7))
    )


def _output(world: World, day: dt.date) -> Call:
    meal = world.indicators["03-meal"]
    return lambda access: report_indicator(
        access=access, row=IndicatorReport(indicator=meal, as_of=day, actual=Decimal(7))
    )


def _policy(world: World, day: dt.date) -> Call:
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


def _programme(**changes: Any) -> Callable[[World, dt.date], Call]:
    def prepare(world: World, day: dt.date) -> Call:
        def call(access: Access) -> Programme:
            row = Programme.objects.get(pk=world.programme.pk)
            for name, value in changes.items():
                setattr(row, name, day if value == "day" else value)
            return save_programme(access=access, row=row)

        return call

    return prepare


def _category(world: World, day: dt.date) -> Call:
    return lambda access: save_category(
        access=access, row=Category(programme=world.programme, number=9, slug="new", name_zh="新类")
    )


def _project(world: World, day: dt.date) -> Call:
    category = world.indicators["03-meal"].category
    return lambda access: save_project(
        access=access, row=Project(category=category, number=1, name_zh="项目")
    )


def _new_indicator(world: World, day: dt.date) -> Call:
    category = world.indicators["03-meal"].category
    return lambda access: save_indicator(
        access=access,
        row=Indicator(category=category, code="new", name_zh="新指标", unit_zh="个", target=Decimal(5)),
    )


def _counted_otherwise(world: World, day: dt.date) -> Call:
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


def _figure(world: World, day: dt.date) -> Call:
    first = save_published_figure(access=system_access(), row=figure_of(world, day))
    return lambda access: save_published_figure(
        access=access,
        row=figure_of(world, day, text="16 个", value=Decimal(16), corrects=first, correction_reason="抄错"),
    )


def _new_line(world: World, day: dt.date) -> Call:
    return lambda access: save_funding_line(
        access=access,
        row=FundingLine(programme=world.programme, source="city", name="新资金", arranged=Decimal(5)),
        effective_on=day,
    )


def _line_of_another(world: World, day: dt.date) -> Call:
    line = line_of(world)

    def call(access: Access) -> FundingLine:
        row = FundingLine.objects.get(pk=line.pk)
        row.source = "other"
        return save_funding_line(access=access, row=row)

    return call


def _moved(world: World, day: dt.date) -> Call:
    access = system_access()
    town = save_division(access=access, code="330203001", name_zh="街道", level=DivisionLevel.TOWNSHIP)
    set_parent(access=access, child=town, parent=world.counties["330203"], valid_from=dt.date(2020, 1, 1))
    return lambda access: set_parent(
        access=access, child=town, parent=world.counties["330212"], valid_from=day
    )


CASES: Final = (
    Case("report", "report_site", _report, who="haishu"),
    Case("correction of a report", "report_site", _report_correction, who="haishu"),
    Case("plan", "change_plan", _plan, who="supervisor"),
    Case("stage", "change_site", _changed({"stage": "suspended"}, since=True), who="haishu"),
    Case("started on", "change_site", _changed({"started_on": "day"}), who="haishu"),
    Case("contributions", "change_site", _contributions, who="haishu"),
    Case(
        "baseline",
        "change_site",
        _changed({"baseline_finish": dt.date(2024, 12, 1)}),
        who="haishu",
        dated=False,
    ),
    Case("removal", "remove_site", _remove),
    Case("new site", "add_site", _add, who="haishu"),
    Case("import of a new row", "apply_site_drafts", _import_new, who="haishu"),
    Case("import of a known row", "apply_site_drafts", _import_known, who="haishu"),
    Case("publication", "publish_site", _publish, who="publisher"),
    Case("publication of an import", "publish_batch", _publish_batch, who="publisher"),
    Case("withdrawal", "withdraw_site", _withdraw, who="publisher"),
    Case("target", "set_target", _target),
    Case("money arranged", "arrange_funds", _arranged),
    Case("money used", "add_funding_report", _used),
    Case("output", "report_indicator", _output),
    Case("policy", "save_programme", _policy, dated=False),
    Case("period", "save_programme", _programme(period_start=dt.date(2024, 1, 2)), dated=False),
    Case("cut-off moved back", "save_programme", _programme(cutoff="day")),
    Case("category", "save_category", _category, dated=False),
    Case("project", "save_project", _project, dated=False),
    Case("new indicator", "save_indicator", _new_indicator, dated=False),
    Case("another way of counting", "save_indicator", _counted_otherwise, dated=False),
    Case("correction of a figure", "save_published_figure", _figure),
    Case("new line", "save_funding_line", _new_line),
    Case("another source", "save_funding_line", _line_of_another, dated=False),
    Case("township", "set_parent", _moved),
)
