"""Verification that states a dated fact: see closedworld. An administrator looks; the system has reported."""

import datetime as dt
from decimal import Decimal

from projects.actions.drafts import VisitDraft
from projects.actions.sampling import accept_rest, draw_sample, state_seed
from projects.actions.verification import declare_rework, verify_site
from projects.models import Sample, Site
from projects.models.access import system_access
from projects.rules.vocabulary import CheckLevel, CheckResult, Publication, SpotChecks, Stage
from tests.factories import START, World
from tests.integration.closedcore import Call
from tests.integration.verifying import scheme


def accepted(world: World, day: dt.date) -> Call:
    scheme(world, self_check=False, department_check=False, spot_checks=SpotChecks.ALL.value)
    return _visited(world, VisitDraft(CheckLevel.SPOT_CHECK, CheckResult.PASSED, day))


def taken_back(world: World, day: dt.date) -> Call:
    visit = VisitDraft(
        CheckLevel.SELF_CHECK,
        CheckResult.RETURNED,
        day,
        reasons="没有建成",
        stage_after=Stage.BUILDING,
        percent=Decimal(60),
    )
    return _visited(world, visit)


def reworked(world: World, day: dt.date) -> Call:
    """Taken back in April, put right on the day."""
    early = dt.date(2024, 4, 2)
    visit = VisitDraft(
        CheckLevel.SELF_CHECK,
        CheckResult.RETURNED,
        early,
        reasons="没有建成",
        stage_after=Stage.BUILDING,
        percent=Decimal(60),
    )
    site = _finished(world)
    verify_site(access=world.access("admin"), site_id=site.pk, expected_version=1, visit=visit)
    return lambda access: declare_rework(
        access=access, site_id=site.pk, expected_version=2, done_on=day, note="已整改"
    )


def accepted_with_round(world: World, day: dt.date) -> Call:
    """Two sites that wait, one of them drawn and passed in April."""
    scheme(world, self_check=False, department_check=False)
    _finished(world)
    _finished(world)
    row = Sample(programme=world.programme, name="一", seed="s", seed_source="x", percent=Decimal(50))
    sample = state_seed(access=system_access(), row=row)
    draw_sample(access=system_access(), sample_id=sample.pk)
    visit = VisitDraft(CheckLevel.SPOT_CHECK, CheckResult.PASSED, dt.date(2024, 4, 2))
    drawn = sample.sites.get().site_id
    verify_site(access=world.access("admin"), site_id=drawn, expected_version=1, visit=visit)
    return lambda access: accept_rest(access=access, sample_id=sample.pk, on_day=day)


def _visited(world: World, visit: VisitDraft) -> Call:
    site = _finished(world)
    return lambda access: verify_site(access=access, site_id=site.pk, expected_version=1, visit=visit)


def _finished(world: World) -> Site:
    draft = world.planned(
        stage=Stage.FINISHED,
        state_since=START,
        finished_on=dt.date(2024, 3, 1),
        publication=Publication.DRAFT,
    )
    return world.add(draft)[0]
