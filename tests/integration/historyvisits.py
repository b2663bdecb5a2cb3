"""Steps of a history: how the programme verifies, visits, returns, rework, rounds."""

import datetime as dt
from decimal import Decimal
from random import Random

from projects.actions.checklists import load_checklists, save_scheme
from projects.actions.drafts import VisitDraft
from projects.actions.sampling import accept_rest, draw_sample, state_seed
from projects.actions.verification import declare_rework, may_visit, verify_site
from projects.models import Sample, Site, VerificationScheme
from projects.readmodels.samples import eligible
from projects.readmodels.verifying import checklist_of, standing_of
from projects.rules.checklists import ItemType
from projects.rules.vocabulary import Awaits, CheckLevel, CheckResult, Publication, Stage
from tests.factories import World
from tests.photographs import draft_of_photo

_DAY = dt.date(2024, 6, 10)


def _finished(world: World, **changes: object) -> Site:
    draft = world.planned(
        stage=Stage.FINISHED,
        finished_on=dt.date(2024, 3, 1),
        publication=Publication.DRAFT,
        **changes,
    )
    return world.add(draft)[0]


def _visit(world: World, site: Site, level: CheckLevel, result: CheckResult, **values: object) -> None:
    verify_site(
        access=world.access("admin"),
        site_id=site.pk,
        expected_version=Site.objects.get(pk=site.pk).version,
        visit=VisitDraft(level, result, _DAY, **values),  # type: ignore[arg-type]
        photos=[draft_of_photo()],
    )


def checked(world: World, random: Random) -> None:
    """A self-check with a list, a position and a photo."""
    load_checklists(access=world.access("admin"))
    site = _finished(world)
    checklist = checklist_of(site)
    assert checklist is not None
    if standing_of(site).awaits is Awaits.SELF_CHECK:
        answers = {
            item.key: "yes" if item.type is ItemType.YES_NO else "7" for item in checklist.read_items()
        }
        values = {"checklist_id": checklist.pk, "answers": answers, "lon": 121.5, "lat": 29.9}
        _visit(world, site, CheckLevel.SELF_CHECK, CheckResult.PASSED, **values)


def returned(world: World, random: Random) -> None:
    """Taken back or not, put right, or found broken after it was opened."""
    site = _finished(world)
    if standing_of(site).awaits is Awaits.SELF_CHECK:
        back = {"stage_after": Stage.BUILDING, "percent": Decimal(50)} if random.random() < 0.5 else {}
        _visit(world, site, CheckLevel.SELF_CHECK, CheckResult.RETURNED, reasons="缺", **back)
    else:
        _visit(world, site, CheckLevel.REVISIT, CheckResult.UNUSABLE, reasons="坏")
    declare_rework(
        access=world.access("haishu"),
        site_id=site.pk,
        expected_version=Site.objects.get(pk=site.pk).version,
        done_on=_DAY,
        note="已整改",
    )


def round_of_visits(world: World, random: Random) -> None:
    """Stated, drawn, visited, and the rest accepted."""
    admin = world.access("admin")
    scheme = VerificationScheme.objects.filter(programme=world.programme).first()
    if scheme is None:
        scheme = VerificationScheme(programme=world.programme)
    scheme.self_check = scheme.department_check = False
    save_scheme(access=admin, row=scheme)
    for _number in range(3):
        _finished(world)
    row = Sample(
        programme=world.programme,
        name=f"轮 {random.randrange(10**6)}",
        seed="",
        seed_source="开奖",
        percent=Decimal(30),
        skips_visited=False,
    )
    sample = state_seed(access=admin, row=row)
    assert eligible(sample).exists()
    draw_sample(access=admin, sample_id=sample.pk, seed=f"{random.random()}")
    level, left = CheckLevel.SPOT_CHECK, 0
    for drawn in sample.sites.select_related("site"):
        # Whoever changed a site, or looked on another level, does not look now.
        if may_visit(admin, drawn.site, standing_of(drawn.site), level):
            left += 1
        else:
            _visit(world, drawn.site, level, CheckResult.PASSED)
    if not left and random.random() < 0.9:
        accept_rest(access=admin, sample_id=sample.pk, on_day=_DAY)
