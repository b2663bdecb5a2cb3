"""Writes of sites that state a dated fact: see closedworld."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from projects.actions.batches import FileStamp, apply_site_drafts
from projects.actions.drafts import PlanChangeDraft, ReportDraft
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
from projects.models.access import system_access
from projects.rules.vocabulary import Publication, Stage
from tests.factories import START, World
from tests.integration.closedcore import OPEN_DAY, Call
from tests.photographs import draft_of_photo


def counting(world: World, day: dt.date, **changes: Any) -> Any:
    values = {
        "stage": Stage.BUILDING,
        "state_since": day,
        "publication": Publication.DRAFT,
        "counts_for": (("03-meal", 1),),
    }
    return world.draft(**{**values, **changes})


def report(world: World, day: dt.date) -> Call:
    site = world.add(world.planned())[0]
    return lambda access: report_site(access=access, site_id=site.pk, report=ReportDraft(day, Decimal(40)))


def round_of_two(world: World, day: dt.date) -> Call:
    """One of the two counts for nothing; the other is refused, and both with it."""
    sites = world.add(world.planned(), world.planned(counts_for=()))
    rows = [RoundRow(site.pk, site.version, Decimal(100), photos=(draft_of_photo(),)) for site in sites]
    return lambda access: report_round(access=access, as_of=day, rows=rows, key=f"k-{day}")


def report_correction(world: World, day: dt.date) -> Call:
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


def plan(world: World, day: dt.date) -> Call:
    site = world.add(world.planned())[0]
    change = PlanChangeDraft(day, START, dt.date(2024, 11, 30), "雨季", "甬政办 12 号")
    return lambda access: change_plan(access=access, site_id=site.pk, change=change)


def changed(changes: dict[str, object], *, since: bool = False) -> Callable[[World, dt.date], Call]:
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


def contributions(world: World, day: dt.date) -> Call:
    site = world.add(world.planned())[0]
    pairs = [(world.indicators["03-meal"].pk, Decimal(2))]
    return lambda access: change_site(
        access=access,
        site_id=site.pk,
        expected_version=1,
        changes={"contributions": pairs},
        effective_on=day,
    )


def remove(world: World, day: dt.date) -> Call:
    site = world.add(counting(world, day, publication=Publication.PUBLISHED))[0]
    return lambda access: remove_site(
        access=access, site_id=site.pk, expected_version=site.version, reason="重复"
    )


def add(world: World, day: dt.date) -> Call:
    draft = counting(world, day)
    return lambda access: add_site(access=access, draft=draft)


def import_new(world: World, day: dt.date) -> Call:
    draft = counting(world, day, reports=(ReportDraft(OPEN_DAY, Decimal(3)),))
    stamp = FileStamp(name="a.csv", sha256="0" * 64, rows=1, unchanged=0)
    return lambda access: apply_site_drafts(access=access, drafts=[draft], reason="import", stamp=stamp)


def import_known(world: World, day: dt.date) -> Call:
    site = world.add(world.planned())[0]
    update = SiteUpdate(site.pk, 1, {"started_on": day})
    return lambda access: apply_site_drafts(access=access, updates=[update], reason="import")


def undo_import(world: World, day: dt.date) -> Call:
    site = world.add(world.planned())[0]
    stamp = FileStamp(name="a.csv", sha256="0" * 64, rows=1, unchanged=0)
    result = apply_site_drafts(
        access=world.access("haishu"),
        updates=[SiteUpdate(site.pk, 1, {"started_on": day})],
        reason="import",
        stamp=stamp,
    )
    assert result.batch_id is not None
    number = result.batch_id
    return lambda access: undo_batch(access=access, batch_id=number, reason="填错")


def publish(world: World, day: dt.date) -> Call:
    site = world.add(counting(world, day))[0]
    submit_site(access=world.access("haishu"), site_id=site.pk, expected_version=1)
    return lambda access: publish_site(access=access, site_id=site.pk, expected_version=2)


def withdraw(world: World, day: dt.date) -> Call:
    site = world.add(counting(world, day, publication=Publication.PUBLISHED))[0]
    version = Site.objects.get(pk=site.pk).version
    return lambda access: withdraw_site(
        access=access, site_id=site.pk, expected_version=version, reason="有误"
    )


def publish_import(world: World, day: dt.date) -> Call:
    stamp = FileStamp(name="a.csv", sha256="0" * 64, rows=1, unchanged=0)
    apply_site_drafts(
        access=world.access("haishu"), drafts=[counting(world, day)], reason="import", stamp=stamp
    )
    batch = ImportBatch.objects.latest("pk")
    return lambda access: publish_batch(access=access, batch_id=batch.pk)
