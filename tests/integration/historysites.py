"""Steps of a history: sites, their reports and plans, files of sites."""

import datetime as dt
from contextlib import suppress
from decimal import Decimal
from random import Random

import shapely

from projects.actions.batches import FileStamp, apply_site_drafts
from projects.actions.drafts import PlanChangeDraft, ReportDraft
from projects.actions.errors import Invalid
from projects.actions.photos import add_photos, decide_photo
from projects.actions.publishing import publish_batch, publish_site, submit_site, withdraw_site
from projects.actions.reports import change_plan, report_site
from projects.actions.rounddrafts import RoundRow
from projects.actions.rounds import report_round
from projects.actions.sites import add_site, change_site, remove_site
from projects.actions.siteupdates import SiteUpdate
from projects.actions.undoing import undo_batch
from projects.models import (
    ImportBatch,
    Site,
)
from projects.rules.vocabulary import PhotoVerdict, Publication
from tests.factories import CUTOFF, START, World
from tests.photographs import draft_of_photo

#: A day of no other step, after every month that is closed here.
ROUND = dt.date(2024, 5, 31)


def _any_site(random: Random) -> Site | None:
    sites = list(Site.objects.live().order_by("pk"))
    return random.choice(sites) if sites else None


def add(world: World, random: Random) -> None:
    draft = (
        world.draft() if random.random() < 0.5 else world.planned(county=random.choice(["330203", "330212"]))
    )
    world.add(draft)


def add_alone(world: World, random: Random) -> None:
    add_site(access=world.access("haishu"), draft=world.draft(publication=Publication.DRAFT))


def change(world: World, random: Random) -> None:
    site = _any_site(random)
    if site is None:
        return
    changes: dict[str, object] = random.choice(
        [
            {"name": f"新名 {random.random()}"},
            {"geometry": shapely.Point(121.5 + random.random() / 10, 29.85)},
            {"attributes": {"seats": random.randrange(90), "tags": ["甲", "乙"], "share": 0.1}},
            {"contributions": [(world.indicators["06-piles"].pk, Decimal(random.randrange(1, 9)))]},
            {"contributions": []},
            {"managed_by_id": world.counties[random.choice(["330203", "330212"])].pk},
        ]
    )
    change_site(access=world.access("admin"), site_id=site.pk, expected_version=site.version, changes=changes)


def report(world: World, random: Random) -> None:
    site = _any_site(random)
    if site is None:
        return
    earlier = list(site.reports.order_by("pk"))
    corrects = random.choice(earlier) if earlier and random.random() < 0.4 else None
    report_site(
        access=world.access("admin"),
        site_id=site.pk,
        report=ReportDraft(CUTOFF, Decimal(random.randrange(100)), "堵点", "方案"),
        corrects_id=corrects.pk if corrects else None,
        correction_reason="数错了" if corrects else "",
    )


def reschedule(world: World, random: Random) -> None:
    site = Site.objects.live().filter(baseline_start__isnull=False).first()
    if site is not None:
        number = random.choice(["", "甬发 1 号"])
        change_plan(
            access=world.access("supervisor"),
            site_id=site.pk,
            change=PlanChangeDraft(START, START, CUTOFF + dt.timedelta(random.randrange(90)), "改期", number),
        )


def a_round(world: World, random: Random) -> None:
    """Some of the sites under way, one of them finished, with a photo."""
    waiting = Site.objects.live().filter(stage="building", managed_by=world.counties["330203"])
    sites = list(waiting.exclude(reports__as_of=ROUND).order_by("pk")[:3])
    if not sites:
        return
    rows = [
        RoundRow(site.pk, site.version, Decimal(random.randrange(40)), "用地未批", "下月开工")
        for site in sites
    ]
    rows[0] = RoundRow(sites[0].pk, sites[0].version, Decimal(100), photos=(draft_of_photo(),))
    report_round(access=world.access("admin"), as_of=ROUND, rows=rows, key=str(random.random()))


def photos(world: World, random: Random) -> None:
    site = _any_site(random)
    if site is None:
        return
    made = draft_of_photo(at=f"2024:05:{random.randrange(1, 30):02d} 08:00:00")
    rows = add_photos(access=world.access("admin"), site_id=site.pk, photos=[made])
    verdict = random.choice([PhotoVerdict.PUBLIC, PhotoVerdict.WITHDRAWN])
    if not rows[0].decisions.exists():
        decide_photo(access=world.access("publisher"), photo_id=rows[0].pk, verdict=verdict, reason="核对")


def publication(world: World, random: Random) -> None:
    site = _any_site(random)
    if site is None:
        return
    if site.publication in (Publication.DRAFT, Publication.WITHDRAWN):
        submit_site(access=world.access("admin"), site_id=site.pk, expected_version=site.version)
    elif site.publication == Publication.SUBMITTED:
        publish_site(access=world.access("publisher"), site_id=site.pk, expected_version=site.version)
    else:
        withdraw_site(
            access=world.access("publisher"), site_id=site.pk, expected_version=site.version, reason="复核"
        )


def remove(world: World, random: Random) -> None:
    site = _any_site(random)
    if site is not None:
        remove_site(
            access=world.access("admin"), site_id=site.pk, expected_version=site.version, reason="重复"
        )


def a_file(world: World, random: Random) -> None:
    sites = list(Site.objects.live().order_by("pk")[:3])
    apply_site_drafts(
        access=world.access("admin"),
        drafts=[world.draft(publication=Publication.DRAFT) for _ in range(random.randrange(4))],
        updates=[SiteUpdate(site.pk, site.version, {"phone": str(random.randrange(99))}) for site in sites],
        reason="导入",
        stamp=FileStamp("甲.csv", "0" * 64, 5, 0, {"datum": "wgs84"}),
    )
    batch = ImportBatch.objects.order_by("-pk").first()
    if batch is not None and random.random() < 0.5:
        publish_batch(access=world.access("publisher"), batch_id=batch.pk)
    if batch is not None and random.random() < 0.3:
        with suppress(Invalid):  # every site of it was changed since, or it was undone already
            undo_batch(access=world.access("admin"), batch_id=batch.pk, reason="填错", keep_changed=True)


def rehearsal(world: World, random: Random) -> None:
    apply_site_drafts(
        access=world.access("admin"), drafts=[world.draft()], reason="x", is_rehearsal=True,
        publisher=world.access("publisher"),
    )  # fmt: skip
