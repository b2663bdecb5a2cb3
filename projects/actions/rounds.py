"""A monthly round: what is reported of many sites of a district, recorded at once or not at all."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from projects.actions import closing, ledger, rollups, siterows, subjectlights
from projects.actions.errors import Invalid, NotAllowed
from projects.actions.lights import (
    CACHED,
    Current,
    Judges,
    Respan,
    current_by_site,
    judge_for,
    judges_by_indicator,
    respan,
    without_corrected,
)
from projects.actions.photos import check_photos, photos_said, write_photos
from projects.actions.roundchecks import READ, Worked, targets, work_out
from projects.actions.rounddrafts import RoundRefused, RoundRow
from projects.actions.sitewriting import entry_for
from projects.actions.standings import Rewrite
from projects.models import Indicator, Photo, Site, Submission
from projects.models.bulk import insert_rows, update_rows
from projects.permissions.access import Access, Permission, may
from projects.rules.rollups import Movements

#: Rows of one call: a page has fewer.
MOST_ROWS: Final = 500
MOST_KEY: Final = 36
_SITE_COLUMNS: Final = (
    "percent", "reported_on", "stage", "checked", "started_on", "finished_on", "publication",
    "submitted_by_id", "version", "updated_at", "changed_seq", *CACHED,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RoundResult:
    """How many sites were reported; `was_there`: the form had arrived before, nothing was written now."""

    count: int
    was_there: bool = False


@closing.correctable
def report_round(*, access: Access, as_of: dt.date, rows: Sequence[RoundRow], key: str = "") -> RoundResult:
    """Record reports of many sites on one day, with changes of stage and photos: one entry a site.

    `key`: drawn with the form; a form that arrives twice is recorded once. All or nothing: raises NotAllowed
    when one of the sites is not the actor's to report, Invalid, RoundRefused naming every row that cannot be
    (a percent outside 0..100, a site that was reported for the day already or changed since it was read, a
    late site without problem and plan), PeriodClosed.
    """
    _check_call(as_of, rows, key)
    with transaction.atomic():
        sites = _locked(rows)
        _require(access, sites, rows)
        if key and _has_arrived(access, key):
            return RoundResult(len(rows), was_there=True)
        judges = judges_by_indicator()
        now = timezone.now()
        worked = [
            work_out(sites[row.site_id], row, as_of=as_of, judges=judges, actor_id=access.user_id, now=now)
            if row.site_id in sites
            else _gone(row)
            for row in rows
        ]
        _refuse(worked, access)
        closing.ask_each(_facts(worked, as_of))
        current = current_by_site(list(sites))
        spans = [_respanned(each, judges, current[each.site.pk], now) for each in worked]
        with ledger.take(len(worked), actor_id=access.user_id) as numbers:
            _write(worked, spans, numbers, access)
            if key and access.user_id is not None:
                Submission.objects.create(key=key, user_id=access.user_id, recorded_at=numbers.recorded_at)
    return RoundResult(len(worked))


def preview_round(*, access: Access, as_of: dt.date, rows: Sequence[RoundRow]) -> dict[int, Worked]:
    """What `report_round` would make of these rows, by site; the sites that are not the actor's are left out.

    Nothing is locked and nothing written.
    """
    judges, now = judges_by_indicator(), timezone.now()
    ids = [row.site_id for row in rows[:MOST_ROWS]]
    mine = Site.objects.visible_to(access, Permission.SITE_REPORT).filter(pk__in=ids)
    sites = {site.pk: site for site in mine.prefetch_related(*READ)}
    return {
        row.site_id: work_out(
            sites[row.site_id], row, as_of=as_of, judges=judges, actor_id=access.user_id, now=now
        )
        for row in rows
        if row.site_id in sites
    }


def _check_call(as_of: dt.date, rows: Sequence[RoundRow], key: str) -> None:
    if as_of > timezone.localdate():
        raise Invalid({"as_of": _("截至日期不能晚于今天。")})
    if not rows:
        raise Invalid({"": _("还没有填任何点位的进度。")})
    if len(rows) > MOST_ROWS:
        raise Invalid({"": _("一次最多填报 %(most)d 个点位。") % {"most": MOST_ROWS}})
    if len({row.site_id for row in rows}) != len(rows):
        raise Invalid({"": _("同一个点位出现了两次。")})
    if len(key) > MOST_KEY:
        raise Invalid({"": _("请重新打开这一页。")})


def _locked(rows: Sequence[RoundRow]) -> dict[int, Site]:
    found = (
        Site.objects.select_for_update()
        .filter(pk__in=[row.site_id for row in rows], deleted_seq__isnull=True)
        .order_by("pk")
        .prefetch_related(*READ)
    )
    return {site.pk: site for site in found}


def _require(access: Access, sites: dict[int, Site], rows: Sequence[RoundRow]) -> None:
    moved = {row.site_id for row in rows if row.stage is not None or row.stage_on is not None}
    for site, target in targets(sites.values()):
        allowed = may(access, Permission.SITE_REPORT, target)
        if not allowed or (site.pk in moved and not may(access, Permission.SITE_CHANGE, target)):
            raise NotAllowed(_("您没有权限对这个区划的点位做这项操作。"))


def _has_arrived(access: Access, key: str) -> bool:
    """Asked when the sites are locked: the same form, sent twice at once, waits for itself there."""
    arrived = Submission.objects.filter(key=key).first()
    if arrived is not None and arrived.user_id != access.user_id:
        raise Invalid({"": _("请重新打开这一页。")})
    return arrived is not None


def _gone(row: RoundRow) -> Worked:
    site = Site(pk=row.site_id, name=f"#{row.site_id}")
    nothing = Worked(row, site, report=None, contributions=[])  # type: ignore[arg-type]  # refused at once
    nothing.errors[""] = _("这个点位不存在或已被删除。")
    return nothing


def _refuse(worked: Sequence[Worked], access: Access) -> None:
    for each in worked:
        if each.row.photos and "" not in each.errors:
            try:
                check_photos(access, each.site, each.row.photos)
            except Invalid as problem:
                each.errors["photos"] = " ".join(problem.errors.values())
    wrong = [each for each in worked if each.errors]
    if wrong:
        raise RoundRefused(
            {each.row.site_id: each.errors for each in wrong},
            frozenset(each.row.site_id for each in wrong if each.is_conflict),
            {each.row.site_id: each.site.name for each in wrong},
        )


def _facts(worked: Sequence[Worked], as_of: dt.date) -> list[tuple[str, frozenset[int], dt.date]]:
    wanted = {pk for each in worked for pk, _quantity in each.contributions}
    programme_of = dict(Indicator.objects.filter(pk__in=wanted).values_list("pk", "category__programme_id"))
    return [
        (
            each.site.name,
            frozenset(programme_of[pk] for pk, _quantity in each.contributions),
            min(as_of, each.row.stage_on or as_of),
        )
        for each in worked
    ]


def _respanned(worked: Worked, judges: Judges, current: Current, now: dt.datetime) -> Respan:
    site = worked.site
    standing = [*without_corrected(site.reports.all()), worked.report]
    # Of two for one day the later recorded: the sort keeps their order.
    newest = sorted(standing, key=lambda each: each.as_of)[-1]
    site.percent, site.reported_on = Decimal(newest.percent), newest.as_of
    judge = judge_for((pk for pk, _quantity in worked.contributions), judges)
    return respan(
        site,
        judge,
        judges,
        current,
        states=worked.states(),
        now=now,
        reports=worked.reports(),
    )


def _write(
    worked: Sequence[Worked], spans: Sequence[Respan], numbers: ledger.Numbers, access: Access
) -> None:
    now = numbers.recorded_at
    for seq, (each, span) in enumerate(zip(worked, spans, strict=True), start=numbers.first):
        site = each.site
        site.changed_seq, site.updated_at = seq, now
        if each.before is None:
            site.version += 1
        span.stamp(changed_seq=seq, now=now)
        for row in (each.report, each.state):
            if row is not None:
                row.changed_seq, row.recorded_at = seq, now
    update_rows([each.site for each in worked], _SITE_COLUMNS)
    insert_rows([each.report for each in worked])
    insert_rows([each.state for each in worked if each.state is not None])
    photos = {
        each.site.pk: write_photos(
            each.site, each.report, each.row.photos, numbers, access, seq=each.site.changed_seq
        )
        for each in worked
        if each.row.photos
    }
    together, movements = Respan([], [], Rewrite()), Movements()
    for span in spans:
        together.extend(span)
    together.write(movements, now=now, superseded_seq=numbers.last)
    subjectlights.follow_output(rollups.post(movements), seq=numbers.last, now=now)
    numbers.write([_entry(each, photos.get(each.site.pk, [])) for each in worked])


def _entry(worked: Worked, photos: Sequence[Photo]) -> ledger.Entry:
    said: dict[str, ledger.JSON] = {
        "report": worked.report.pk,
        "percent": str(worked.report.percent),
        "effective": worked.report.as_of.isoformat(),
    }
    if worked.before is not None:
        after = siterows.audited(worked.site, worked.contributions)
        said["changed"] = siterows.changed_fields(worked.before, after)
    if photos:
        said |= photos_said(photos)
    return entry_for(worked.site, "site.report", said)
