"""A world whose figures are moved by chance, and an oracle that counts them from raw rows with its own arithmetic."""

import datetime as dt
import json
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from projects.actions.batches import FileStamp, apply_site_drafts
from projects.actions.divisions import set_parent
from projects.actions.drafts import PlanChangeDraft, ReportDraft
from projects.actions.errors import Invalid
from projects.actions.programmes import save_indicator, save_programme
from projects.actions.publishing import publish_site, submit_site, withdraw_site
from projects.actions.reports import change_plan, report_site
from projects.actions.sites import change_site, remove_site
from projects.actions.siteupdates import SiteUpdate
from projects.actions.undoing import undo_batch
from projects.models import (
    Category,
    Division,
    DivisionParent,
    ImportBatch,
    Indicator,
    LagPolicy,
    LightSpan,
    Programme,
    Project,
    Site,
    SiteReport,
    SiteState,
)
from projects.models.access import system_access
from projects.rules.policy import YINCHUAN_2025
from projects.rules.vocabulary import Publication, Stage
from tests.factories import CUTOFF, START, World

MOVED = dt.date(2024, 7, 1)
DAYS = (
    START - dt.timedelta(days=1),
    dt.date(2024, 2, 15),
    dt.date(2024, 3, 31),
    CUTOFF,
    MOVED,
    dt.date(2024, 12, 31),
)
#: What a site may count for: alone, together, a subset, a quantity, another year's promise.
GIVES: tuple[tuple[tuple[str, str], ...], ...] = (
    (("03-meal", "1"),),
    (("03-meal", "1"), ("06-piles", "8.5")),
    (("06-piles-rural", "4"),),
    (("06-piles", "3"), ("06-piles-rural", "0.125")),
    (("11-zones", "1"),),
    (("11-zones", "1"), ("03-meal", "1")),
    (("25-meal", "1"), ("03-meal", "1")),
    (("25-meal", "1"),),
    (),
)
STEPS = (
    "add",
    "add",
    "stage",
    "stage",
    "report",
    "correct",
    "reschedule",
    "hand over",
    "give",
    "publish",
    "withdraw",
    "remove",
    "import",
    "undo",
    "baseline",
    "policy",
    "cutoff",
    "start",
    "count",
    "next year",
)


def enlarge(world: World) -> None:
    """A project of 开工建设, next year's draft, and a township that changes its county in July."""
    sewers = Category.objects.create(programme=world.programme, number=11, slug="sewers", name_zh="截污纳管")
    project = Project.objects.create(category=sewers, number=1, name_zh="零直排")
    zones = Indicator.objects.create(
        category=sewers,
        project=project,
        code="11-zones",
        name_zh="开工",
        unit_zh="个",
        counting="sites",
        completion_type="construction_started",
    )
    following = Programme.objects.create(
        key="330200-2025",
        name_zh="2025",
        division=world.city,
        year=2025,
        period_start=dt.date(2025, 1, 1),
        period_end=dt.date(2025, 12, 31),
        cutoff=dt.date(2025, 6, 30),
        policy=world.programme.policy,
    )
    care = Category.objects.create(programme=following, number=1, slug="care", name_zh="养老")
    later = Indicator.objects.create(
        category=care, code="25-meal", name_zh="助餐", unit_zh="个", counting="sites"
    )
    world.indicators |= {row.code: row for row in (zones, later)}
    town = Division.objects.create(code="330203001", name_zh="南门街道", level="township")
    DivisionParent.objects.create(child=town, parent=world.counties["330203"], valid_from=dt.date(2000, 1, 1))
    set_parent(access=system_access(), child=town, parent=world.counties["330212"], valid_from=MOVED)
    world.counties[town.code] = town


def act(world: World, step: tuple[Any, ...]) -> None:
    """One change, chosen by chance, through the actions alone; one that is refused changes nothing."""
    try:
        _act(world, *step)
    except Invalid:
        return


def _act(world: World, what: str, number: int, stage: Stage, day: int, gives: int) -> None:
    admin, publisher = world.access("admin"), world.access("publisher")
    on = START + dt.timedelta(days=day)
    manager = world.counties[sorted(world.counties)[number % len(world.counties)]]
    pairs = [(world.indicators[code].pk, Decimal(amount)) for code, amount in GIVES[gives]]
    if what == "add":
        plan = {"baseline_start": on, "baseline_finish": on + dt.timedelta(days=90)} if number % 4 else {}
        world.add(
            world.draft(
                stage=stage,
                managed_by=manager.code,
                publication=Publication.PUBLISHED if number % 3 else Publication.DRAFT,
                state_since=on if number % 5 else START,
                is_demo=number % 7 == 0,
                counts_for=GIVES[gives],
                reports=(ReportDraft(on, Decimal(number % 100)),) if number % 2 else (),
                **plan,
            )
        )
    elif what in ("policy", "cutoff", "next year"):
        _decide(world, what, number, on)
    elif what in ("start", "count"):
        row = Indicator.objects.get(code=("06-piles", "03-meal")[number % 2])
        if what == "start":
            begun = row.completion_type == "construction_started"
            row.completion_type = "within_year" if begun else "construction_started"
        else:
            row.counting = ("sites", "quantity", "reported")[number % 3]
        save_indicator(access=system_access(), row=row)
    elif what == "undo":
        batch = ImportBatch.objects.filter(undone_by__isnull=True).order_by("-pk").first()
        if batch is not None:
            undo_batch(access=admin, batch_id=batch.pk, reason="x", keep_changed=True)
    elif sites := list(Site.objects.live().order_by("pk")):
        site = sites[number % len(sites)]
        key: dict[str, Any] = {"site_id": site.pk, "expected_version": site.version}
        if what == "stage":
            change_site(access=admin, changes={"stage": stage.value}, effective_on=on, **key)
        elif what == "hand over":
            change_site(access=admin, changes={"managed_by_id": manager.pk}, effective_on=on, **key)
        elif what == "give":
            change_site(access=admin, changes={"contributions": pairs}, effective_on=on, **key)
        elif what == "baseline":
            dates = {"baseline_start": on, "baseline_finish": on + dt.timedelta(days=number % 60)}
            change_site(access=admin, changes=dates, **key)
        elif what == "report":
            report_site(access=admin, site_id=site.pk, report=ReportDraft(on, Decimal(number % 101)))
        elif what == "correct":
            _correct(admin, number, on)
        elif what == "reschedule":
            plan_change = PlanChangeDraft(on, on, on + dt.timedelta(days=120), "改期", "甬发 1 号")
            change_plan(access=admin, site_id=site.pk, change=plan_change)
        elif what == "import":
            updates = [
                SiteUpdate(row.pk, row.version, {"stage": stage.value, "managed_by_id": manager.pk})
                for row in sites[:3]
            ]
            draft = world.draft(
                stage=stage,
                publication=Publication.DRAFT,
                state_since=on,
                counts_for=GIVES[gives],
            )
            stamp = FileStamp("甲.csv", "0" * 64, 4, 0)
            apply_site_drafts(
                access=system_access(), drafts=[draft], updates=updates, reason="test", stamp=stamp
            )
        elif what == "remove":
            remove_site(access=admin, reason="x", **key)
        elif what == "publish" and site.publication in ("draft", "withdrawn"):
            submitted = submit_site(access=admin, **key)
            publish_site(access=publisher, site_id=site.pk, expected_version=submitted.version)
        elif what == "withdraw" and site.publication == "published":
            withdraw_site(access=publisher, reason="x", **key)


def _decide(world: World, what: str, number: int, on: dt.date) -> None:
    row = Programme.objects.get(pk=world.programme.pk)
    if what == "policy":
        rules = {**YINCHUAN_2025.to_json(), "version": number % 3 + 2}
        row.policy, _made = LagPolicy.objects.get_or_create(
            key="yinchuan-2025",
            version=number % 3 + 2,
            defaults={
                "name_zh": "银川",
                "rules": rules,
                "source": "x",
                "effective_from": START,
            },
        )
    elif what == "cutoff":
        row.cutoff = on
    else:
        row = Programme.objects.get(key="330200-2025")
        published = row.publication == "published"
        row.publication = (Publication.DRAFT if published else Publication.PUBLISHED).value
    save_programme(access=system_access(), row=row)


def _correct(access: Any, number: int, on: dt.date) -> None:
    reports = list(
        SiteReport.objects.filter(site__deleted_seq__isnull=True, corrections__isnull=True).order_by("pk")
    )
    if reports:
        wrong = reports[number % len(reports)]
        report_site(
            access=access,
            site_id=wrong.site_id,
            report=ReportDraft(on, Decimal(number % 101)),
            corrects_id=wrong.pk,
            correction_reason="报错了",
        )


# ------------------------------------------------------------------------------------------- the oracle


@dataclass(frozen=True)
class Standing:
    """One public site on a day, read from its rows."""

    manager: int
    stage: str
    started: bool
    start: dt.date | None
    finish: dt.date | None
    light: str
    judge: int | None
    demo: bool
    gives: dict[int, Decimal]


class Rows:
    """All rows that figures come from, read once, and what they come to."""

    def __init__(self) -> None:
        self.sites = list(Site.objects.filter(deleted_seq=None, publication="published"))
        self.programmes = {row.pk: row for row in Programme.objects.all()}
        self.indicators = list(Indicator.objects.select_related("category"))
        self.edges = list(DivisionParent.objects.all())
        self.states: dict[int, list[SiteState]] = {}
        self.lights: dict[int, list[LightSpan]] = {}
        corrected = set(
            SiteState.objects.filter(corrects__isnull=False).values_list("corrects_id", flat=True)
        )
        for state in SiteState.objects.order_by("effective_on", "pk"):
            if state.pk not in corrected:
                self.states.setdefault(state.site_id, []).append(state)
        for span in LightSpan.objects.filter(superseded_at=None, site__isnull=False):
            assert span.site_id is not None
            self.lights.setdefault(span.site_id, []).append(span)

    def of_programme(self, programme: int) -> set[int]:
        return {row.pk for row in self.indicators if row.category.programme_id == programme}

    def of_category(self, category: int) -> set[int]:
        return {row.pk for row in self.indicators if row.category_id == category}

    def standings(self, day: dt.date) -> list[Standing]:
        """Every public site that counted towards anything at the end of the day."""
        programme_of = {row.pk: row.category.programme_id for row in self.indicators}
        found = []
        for site in self.sites:
            states = [row for row in self.states.get(site.pk, []) if row.effective_on <= day]
            if not states or not states[-1].contributions:
                continue
            gives = {int(pk): Decimal(amount) for pk, amount in states[-1].contributions.items()}
            judges = [self.programmes[programme_of[pk]] for pk in gives]
            judge = max(judges, key=lambda row: (row.publication == "published", row.year, row.key))
            lights = [
                row.light for row in self.lights.get(site.pk, []) if row.valid_from <= day < row.valid_to
            ]
            planned = site.baseline_start is not None and site.baseline_finish is not None
            found.append(
                Standing(
                    states[-1].managed_by_id,
                    states[-1].stage,
                    any(row.stage in ("building", "finished", "verified") for row in states),
                    site.baseline_start if planned else None,
                    site.baseline_finish if planned else None,
                    lights[0] if lights else "none",
                    judge.pk,
                    site.is_demo,
                    gives,
                )
            )
        return found

    def counted(
        self, standings: list[Standing], programme: int, chosen: set[int], day: dt.date
    ) -> dict[str, Any]:
        """What these sites come to for the indicators that are chosen."""
        by_start = {row.pk for row in self.indicators if row.completion_type == "construction_started"}
        sums: Counter[str] = Counter()
        lights: Counter[str] = Counter()
        for row in standings:
            own = set(row.gives) & chosen
            if not own or row.stage == "cancelled":
                continue
            begins = own <= by_start
            done = row.started if begins else row.stage in ("finished", "verified")
            expected = row.start if begins else row.finish
            due = expected is not None and expected <= day
            sums.update(
                sites=1,
                finished=int(done),
                due=int(due),
                overdue=int(due and not done),
                unplanned=int(row.finish is None),
                demo=int(row.demo),
            )
            lights[row.light if row.judge == programme else "none"] += 1
        names = ("sites", "finished", "due", "overdue", "unplanned", "demo")
        return {name: sums[name] for name in names} | {"lights": {key: n for key, n in lights.items() if n}}

    def given(self, standings: list[Standing], indicator: Indicator) -> tuple[Decimal, Decimal] | None:
        """(listed, done) of an indicator with its subsets."""
        subsets = {row.pk for row in self.indicators if row.subset_of_id == indicator.pk}
        listed = done = Decimal(0)
        there = False
        for row in standings:
            amounts = [amount for pk, amount in row.gives.items() if pk == indicator.pk or pk in subsets]
            if not amounts or row.stage == "cancelled":
                continue
            there = True
            amount = Decimal(1) if indicator.counting == "sites" else sum(amounts, Decimal(0))
            listed += amount
            begins = indicator.completion_type == "construction_started"
            if row.started if begins else row.stage in ("finished", "verified"):
                done += amount
        return (listed, done) if there else None

    def inside(self, area: int, day: dt.date) -> set[int]:
        """The division and what lay within it on the day."""
        found = {area}
        for _level in range(5):
            found |= {
                row.child_id
                for row in self.edges
                if row.parent_id in found
                and row.valid_from <= day
                and (row.valid_to is None or row.valid_to > day)
            }
        return found

    def stages(self, standings: list[Standing], programme: int) -> dict[str, int]:
        """Sites of the programme by stage, cancelled ones too."""
        own = self.of_programme(programme)
        return dict(Counter(row.stage for row in standings if set(row.gives) & own))


def text(value: object) -> str:
    """An answer that can be compared later."""
    return json.dumps(value, default=str, sort_keys=True)
