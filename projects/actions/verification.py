"""Verifying a site: a visit on a level, what it changes, and rework that is declared done (核验、整改).

A visit is one row and one audit entry. What it makes of the site (accepted, taken back, out of service) holds
from the day of the visit on: no day before it changes, in no light and in no figure.
"""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from math import isfinite

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from maps.geometry import geodesic_distance_m
from projects.actions import approvals, closing, ledger
from projects.actions.drafts import VisitDraft
from projects.actions.errors import Invalid, NotAllowed
from projects.actions.lights import judges_by_indicator
from projects.actions.photodrafts import PhotoDraft
from projects.actions.photos import check_photos, photos_said, write_photos
from projects.actions.rows import clean as clean_row
from projects.actions.sitewriting import check_version, lock, require, target_of
from projects.actions.visitwriting import Outcome, write_site
from projects.models import Checklist, Rework, Site, SiteReport, Verification
from projects.permissions.access import Access, Permission, may_verify
from projects.readmodels.calendar import working_calendar
from projects.readmodels.verifying import (
    Standing,
    checklist_of,
    involved_in,
    on_other_levels,
    open_draws,
    standing_of,
)
from projects.rules.checklists import read_answers
from projects.rules.verification import (
    FAULTS,
    JUDGED,
    RESULTS,
    STAGES_AFTER,
    accepts,
    after_rework,
    may_be_visited,
    passed,
)
from projects.rules.vocabulary import (
    UNDER_WAY,
    Awaits,
    Checked,
    CheckLevel,
    CheckResult,
    Service,
    Stage,
)

_HUNDRED = Decimal(100)
_MOST_WORKING_DAYS = 250
#: A form that was open when the list changed may still be sent for so long.
_LIST_CHANGED = dt.timedelta(days=1)


@closing.correctable
def verify_site(
    *,
    access: Access,
    site_id: int,
    expected_version: int,
    visit: VisitDraft,
    photos: Sequence[PhotoDraft] = (),
) -> Verification:
    """Record a visit with its photos; the site's verification, stage, service, lights and figures follow.

    Raises NotAllowed: outside the actor's scope, a site that the actor had a hand in, a second level by the
    same person. Invalid naming the fields of the draft: not this level's turn, a pass with unanswered items,
    a return without reasons. Conflict when somebody was faster; PeriodClosed.
    """
    with transaction.atomic():
        site = lock(site_id)
        standing = standing_of(site)
        _ask_independence(access, site, standing, visit.level)
        check_version(site, expected_version)
        _check_turn(site, standing, visit)
        _check_day(site, standing, visit)
        row = _row_of(site, standing, visit)
        if photos:
            check_photos(access, site, photos)
        judges = judges_by_indicator()
        outcome = _outcome(site, standing, visit)
        if outcome.is_dated:
            closing.ask(_programmes(site), visit.visited_on)
        with ledger.take(1, actor_id=access.user_id) as numbers:
            row.recorded_at, row.recorded_by_id = numbers.recorded_at, access.user_id
            row.changed_seq = numbers.first
            clean_row(row)
            row.save()
            told: dict[str, ledger.JSON] = {
                "verification": row.pk,
                "level": row.level,
                "result": row.result,
                "effective": visit.visited_on.isoformat(),
            }
            if photos:
                taken = write_photos(site, None, photos, numbers, access, seq=numbers.first, verification=row)
                told |= photos_said(taken)
            write_site(access, site, outcome, numbers, judges, "site.verify", told)
    return row


@closing.correctable
def declare_rework(
    *, access: Access, site_id: int, expected_version: int, done_on: dt.date, note: str
) -> Rework:
    """Declare complete again what was returned: the levels begin anew, or somebody looks again.

    A site whose stage was taken back is finished from `done_on` on, with 100 % reported. Raises NotAllowed,
    Invalid, Conflict, PeriodClosed.
    """
    if not note.strip():
        raise Invalid({"note": _("请写明整改情况。")})
    if done_on > timezone.localdate():
        raise Invalid({"done_on": _("日期不能晚于今天。")})
    with transaction.atomic():
        site = lock(site_id)
        require(access, Permission.SITE_REPORT, target_of(site))
        check_version(site, expected_version)
        standing = standing_of(site)
        if standing.awaits is not Awaits.REWORK or standing.returned is None:
            raise Invalid({"": _("这个点位没有待整改的退回。")})
        if done_on < standing.returned.visited_on:
            raise Invalid({"done_on": _("整改完成日期不能早于退回的日期。")})
        _check_after_states(site, "done_on", done_on)
        row = Rework(
            site=site,
            answers=standing.returned,
            done_on=done_on,
            note=note.strip(),
            is_demo=site.is_demo,
        )
        outcome = Outcome(done_on, after_rework(Stage(site.stage), counts=standing.programme is not None))
        if site.stage in UNDER_WAY:
            outcome.stage, outcome.checked = Stage.FINISHED, Checked.NOTHING
            outcome.report = SiteReport(as_of=done_on, percent=_HUNDRED, plan=note.strip())
            outcome.finished_on = done_on
        judges = judges_by_indicator()
        if outcome.is_dated:
            closing.ask(_programmes(site), done_on)
        with ledger.take(1, actor_id=access.user_id) as numbers:
            row.recorded_at, row.recorded_by_id = numbers.recorded_at, access.user_id
            row.changed_seq = numbers.first
            clean_row(row)
            row.save()
            told: dict[str, ledger.JSON] = {"rework": row.pk, "effective": done_on.isoformat()}
            write_site(access, site, outcome, numbers, judges, "site.rework", told)
    return row


def may_visit(access: Access, site: Site, standing: Standing, level: CheckLevel) -> str:
    """Why this person may not visit on this level, as a sentence; empty: they may."""
    try:
        _ask_independence(access, site, standing, level)
    except NotAllowed as refusal:
        return str(refusal)
    return ""


def _ask_independence(access: Access, site: Site, standing: Standing, level: CheckLevel) -> None:
    target = target_of(site)
    if not may_verify(access, frozenset(), target, level):
        raise NotAllowed(_("您没有权限对这个点位做这一级核验。"))
    if not may_verify(access, involved_in(site), target, level):
        raise NotAllowed(_("您填报过这个点位:核验须由没有填报过它的人做。"))
    if level is not CheckLevel.REVISIT and not may_verify(
        access, on_other_levels(standing, level), target, level
    ):
        raise NotAllowed(_("您已经在另一级核验过这个点位:每一级须由不同的人做。"))


def _check_turn(site: Site, standing: Standing, visit: VisitDraft) -> None:
    if not may_be_visited(visit.level, standing.awaits, Stage(site.stage)):
        raise Invalid(
            {"level": _("现在不能做这一级核验:这个点位%(state)s。") % {"state": _(standing.awaits.term)}}
        )
    if visit.result not in RESULTS[visit.level]:
        raise Invalid({"result": _("请选择结论。")})


def _check_day(site: Site, standing: Standing, visit: VisitDraft) -> None:
    day = visit.visited_on
    if day > timezone.localdate():
        raise Invalid({"visited_on": _("核验日期不能晚于今天。")})
    if site.finished_on is not None and day < site.finished_on:
        raise Invalid({"visited_on": _("核验日期不能早于完工日期 %(day)s。") % {"day": site.finished_on}})
    if standing.cycle and day < standing.cycle[-1].visited_on:
        last = standing.cycle[-1].visited_on
        raise Invalid({"visited_on": _("核验日期不能早于上一次核验 %(day)s。") % {"day": last}})
    _check_after_states(site, "visited_on", day)


def _check_after_states(site: Site, name: str, day: dt.date) -> None:
    """What a site becomes cannot begin before what it became later."""
    newest = site.states.standing().order_by("effective_on", "pk").last()
    if newest is not None and day < newest.effective_on:
        raise Invalid(
            {name: _("这个点位自 %(day)s 起已有状态记录,日期不能更早。") % {"day": newest.effective_on}}
        )


def _row_of(site: Site, standing: Standing, visit: VisitDraft) -> Verification:
    """The unsaved row; raises Invalid for what the draft lacks."""
    is_fault = visit.result in FAULTS
    reasons = visit.reasons.strip()
    if not reasons and (is_fault or visit.result is CheckResult.UNREACHABLE):
        raise Invalid({"reasons": _("请写明原因。")})
    deadline, is_provisional = _deadline(standing, visit) if is_fault else (None, False)
    distance = _distance(site, visit)
    row = Verification(
        site=site,
        level=visit.level.value,
        result=visit.result.value,
        visited_on=visit.visited_on,
        lon=None if distance is None else visit.lon,
        lat=None if distance is None else visit.lat,
        accuracy_m=None if distance is None else visit.accuracy_m,
        distance_m=distance,
        is_far=distance is not None and distance - (visit.accuracy_m or 0) > standing.scheme.far_m,
        reasons=reasons,
        deadline=deadline,
        deadline_is_provisional=is_provisional,
        stage_after=visit.stage_after.value if visit.stage_after and is_fault else "",
        service_after=_service_after(visit),
        sample_id=_sample_id(site, standing, visit.level),
        is_demo=site.is_demo,
    )
    _answer(row, site, visit)
    return row


def _service_after(visit: VisitDraft) -> str:
    is_seen = visit.level is CheckLevel.REVISIT and visit.result in JUDGED
    return visit.service_after.value if is_seen and visit.service_after else ""


def _answer(row: Verification, site: Site, visit: VisitDraft) -> None:
    is_pass = visit.result in (CheckResult.PASSED, CheckResult.USABLE)
    newest = checklist_of(site)
    if newest is None or (visit.checklist_id is None and not is_pass):
        return
    checklist = Checklist.objects.filter(pk=visit.checklist_id or 0).first()
    if checklist is None or not _may_answer(checklist, newest):
        raise Invalid({"": _("核验清单已更换,请重新打开这一页。")})
    answers = read_answers(checklist.read_items(), visit.answers, is_pass=is_pass)
    if answers.problems:
        raise Invalid({f"item_{key}": _(text) for key, text in answers.problems.items()})
    row.checklist, row.answers = checklist, dict(answers.given)


def _may_answer(checklist: Checklist, newest: Checklist) -> bool:
    """The list that holds, or the one before it of a form that was open when it changed: nobody chooses an
    easier one. What is approved as a correction was answered when it was asked for.
    """
    if checklist == newest:
        return True
    approval = approvals.current()
    is_approved = approval is not None and approval.request_id is not None
    is_fresh = checklist.version == newest.version - 1 and newest.recorded_at > timezone.now() - _LIST_CHANGED
    return checklist.kind_id == newest.kind_id and (is_approved or is_fresh)


def _sample_id(site: Site, standing: Standing, level: CheckLevel) -> int | None:
    """The round that this visit belongs to."""
    if level is CheckLevel.SPOT_CHECK:
        return standing.drawn.sample_id if standing.drawn is not None else None
    if level is CheckLevel.REVISIT:
        found: int | None = open_draws(level).filter(site=site).values_list("sample_id", flat=True).first()
        return found
    return None


def _deadline(standing: Standing, visit: VisitDraft) -> tuple[dt.date, bool]:
    days = standing.scheme.rework_days if visit.working_days is None else visit.working_days
    if not 1 <= days <= _MOST_WORKING_DAYS:
        raise Invalid(
            {"working_days": _("整改期限须在 1 到 %(most)d 个工作日之间。") % {"most": _MOST_WORKING_DAYS}}
        )
    answer = working_calendar().add_working_days(visit.visited_on, days)
    return answer.value, answer.is_provisional


def _distance(site: Site, visit: VisitDraft) -> float | None:
    """Metres on the ellipsoid to the site's point; None without a position."""
    if visit.lon is None or visit.lat is None:
        return None
    if not (-180 <= visit.lon <= 180 and -90 <= visit.lat <= 90):
        raise Invalid({"lon": _("位置不对,请重新定位。")})
    if visit.accuracy_m is not None and not (isfinite(visit.accuracy_m) and visit.accuracy_m >= 0):
        raise Invalid({"lon": _("位置不对,请重新定位。")})
    found = geodesic_distance_m([site.location.x], [site.location.y], [visit.lon], [visit.lat])
    return round(float(found[0]), 1)


def _outcome(site: Site, standing: Standing, visit: VisitDraft) -> Outcome:
    outcome = Outcome(visit.visited_on, Checked(site.checked))
    stage = Stage(site.stage)
    if visit.level is CheckLevel.REVISIT and visit.result in JUDGED:
        outcome.is_looked_at = True
        usable = visit.result is CheckResult.USABLE
        outcome.service = visit.service_after or (Service.OPEN if usable else None)
        if usable and outcome.service is not Service.OPEN:
            raise Invalid({"service_after": _("正常可用的点位,服务状态是开放。")})
        if usable:
            outcome.checked = Checked.NOTHING if stage is Stage.VERIFIED else _unchanged(site)
        elif outcome.service is Service.OPEN:
            raise Invalid({"service_after": _("不能正常使用的点位,服务状态不能是开放。")})
        if outcome.service == site.service:
            outcome.service = None
    if visit.result is CheckResult.PASSED:
        outcome.checked = passed(visit.level)
        if accepts(visit.level, standing.scheme, is_drawn=standing.drawn is not None):
            outcome.checked = Checked.NOTHING
            outcome.stage, outcome.verified_on = Stage.VERIFIED, visit.visited_on
    if visit.result in FAULTS:
        outcome.checked = Checked.RETURNED
        _take_back(site, outcome, visit)
    return outcome


def _unchanged(site: Site) -> Checked:
    """Seen again and found well: what was passed before stays; a re-visit that was waited for is done."""
    return Checked.NOTHING if site.checked == Checked.REWORKED else Checked(site.checked)


def _take_back(site: Site, outcome: Outcome, visit: VisitDraft) -> None:
    wanted = visit.stage_after or Stage(site.stage)
    allowed: Sequence[Stage] = STAGES_AFTER.get(Stage(site.stage), ())
    if wanted not in allowed:
        raise Invalid({"stage_after": _("退回后的建设阶段不对。")})
    if wanted == site.stage:
        return
    outcome.stage = wanted
    if wanted is Stage.BUILDING:
        # 100 % was reported of work that is not done: lights would go on saying so.
        percent = visit.percent
        if percent is None or not (Decimal(percent).is_finite() and 0 <= percent < _HUNDRED):
            raise Invalid({"percent": _("退回建设中的,请填现场认定的形象进度(低于 100)。")})
        if round(Decimal(percent), 2) != percent:
            raise Invalid({"percent": _("进度最多两位小数。")})
        outcome.report = SiteReport(as_of=visit.visited_on, percent=percent, problem=visit.reasons.strip())


def _programmes(site: Site) -> frozenset[int]:
    return closing.programmes_of(site.contributions.values_list("indicator_id", flat=True))
