"""Verification in the demo: some self-checks in one district, and a round of re-visits across the city."""

import datetime as dt
from decimal import Decimal
from typing import Final

from django.utils import timezone

from projects.actions.checklists import load_checklists, save_scheme
from projects.actions.drafts import VisitDraft
from projects.actions.sampling import draw_sample, state_seed
from projects.actions.verification import verify_site
from projects.models import Programme, Sample, SampledSite, Site, User, VerificationScheme
from projects.models.access import access_of
from projects.permissions.access import Access
from projects.readmodels.verifying import checklist_of
from projects.rules.checklists import NO, YES, ItemType
from projects.rules.vocabulary import CheckLevel, CheckResult, Service, Stage

#: The frame of a demo that is made to measure with would take longer than all the rest.
MOST_SITES: Final = 50_000
_SELF_CHECKED: Final = 6


def add_visits(access: Access, programme: Programme, day: dt.date, *, reason: str) -> None:
    """Lists, the programme's way of verifying, a few visits of `day`; every row is marked as demo."""
    load_checklists(access=access, reason=reason)
    # No source names departments for the indicators, and none may be invented.
    scheme = VerificationScheme(programme=programme, department_check=False)
    save_scheme(access=access, row=scheme, reason=reason)
    _self_checks(day)
    _revisits(access, programme, day)


def _self_checks(day: dt.date) -> None:
    editor = _access("demo-district")
    sites = Site.objects.live().filter(
        stage=Stage.FINISHED.value, managed_by__code="330212", contributions__isnull=False
    )
    for number, site in enumerate(sites.distinct().order_by("pk")[:_SELF_CHECKED]):
        result = CheckResult.RETURNED if number == 1 else CheckResult.PASSED
        _visit(editor, site, CheckLevel.SELF_CHECK, result, day, "演示:标识牌还没有安装。")


def _revisits(access: Access, programme: Programme, day: dt.date) -> None:
    stated = state_seed(
        access=access,
        row=Sample(
            programme=programme,
            level=CheckLevel.REVISIT.value,
            name=f"演示 {day.year} 年上半年回头看",
            seed=f"演示种子 {day.isoformat()}",
            seed_source="演示:不是真的抽查",
            percent=Decimal(1),
            minimum=2,
            maximum=2,
            is_demo=True,
        ),
    )
    sample = draw_sample(access=access, sample_id=stated.pk)
    verifier = _access("demo-verifier")
    drawn = SampledSite.objects.filter(sample=sample).select_related("site").order_by("pk")
    for number, row in enumerate(list(drawn)[: sample.drawn_count * 3 // 5]):
        result = CheckResult.UNUSABLE if number in (3, 8) else CheckResult.USABLE
        _visit(verifier, row.site, CheckLevel.REVISIT, result, day, "演示:现场不能使用,运营单位称待维修。")


def _visit(
    access: Access, site: Site, level: CheckLevel, result: CheckResult, day: dt.date, reasons: str
) -> None:
    is_fault = result in (CheckResult.RETURNED, CheckResult.UNUSABLE)
    checklist = checklist_of(site)
    items = checklist.read_items() if checklist is not None else ()
    answers = {item.key: NO if is_fault else YES for item in items if item.type is ItemType.YES_NO}
    answers |= {
        item.key: str(site.attributes.get(item.reported) or 1)
        for item in items
        if item.type is ItemType.NUMBER and item.required
    }
    verify_site(
        access=access,
        site_id=site.pk,
        expected_version=Site.objects.values_list("version", flat=True).get(pk=site.pk),
        visit=VisitDraft(
            level,
            result,
            day,
            reasons=reasons if is_fault else "",
            lon=site.location.x,
            lat=site.location.y,
            accuracy_m=20.0,
            checklist_id=checklist.pk if checklist is not None else None,
            answers=answers,
            service_after=Service.CLOSED_TEMPORARILY if result is CheckResult.UNUSABLE else None,
        ),
    )


def _access(username: str) -> Access:
    return access_of(User.objects.get(username=username), timezone.localdate())
