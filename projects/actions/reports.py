"""What is reported of a site: its progress, and a change of its plan. Appended, never edited."""

import datetime as dt
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from projects.actions import closing, ledger, siterows
from projects.actions.drafts import PlanChangeDraft, ReportDraft
from projects.actions.errors import Invalid
from projects.actions.lights import Judges, judges_by_indicator
from projects.actions.roundchecks import verdict_of, words_missing
from projects.actions.rows import check_correction
from projects.actions.sitewriting import (
    clean,
    contributions_of,
    entry_for,
    lock,
    refresh_lights,
    require,
    target_of,
)
from projects.models import PlanChange, Site, SiteReport
from projects.permissions.access import Access, Permission
from projects.rules.errors import RuleError
from projects.rules.schedule import Milestone, Plan
from projects.rules.vocabulary import Light


@closing.correctable
def report_site(
    *,
    access: Access,
    site_id: int,
    report: ReportDraft,
    corrects_id: int | None = None,
    correction_reason: str = "",
    asks_words: bool = False,
) -> SiteReport:
    """Record reported progress; the site's latest figure and its lights follow.

    `asks_words`: a report that leaves the site yellow or red on its day says what holds it up and the plan.
    Forms ask for it; a file may bring older reports without (docs/decisions/0035).

    Raises NotAllowed, or Invalid: a percent outside 0..100, a day in the future (Asia/Shanghai), a
    correction without a reason, of another site's report or of one that was corrected already; PeriodClosed.
    """
    if report.as_of > timezone.localdate():
        raise Invalid({"as_of": _("截至日期不能晚于今天。")})
    if not (Decimal(report.percent).is_finite() and 0 <= report.percent <= 100):
        raise Invalid({"percent": _("进度须在 0 到 100 之间。")})
    if round(Decimal(report.percent), 2) != report.percent:
        # The column keeps two: rounding up could tip a light.
        raise Invalid({"percent": _("进度最多两位小数。")})
    with transaction.atomic():
        site = lock(site_id)
        require(access, Permission.SITE_REPORT, target_of(site))
        corrected = _corrected(site, corrects_id, correction_reason)
        judges = judges_by_indicator()
        if asks_words:
            _check_words(site, report, corrects_id, judges)
        closing.ask(_programmes(site), report.as_of, corrected.as_of if corrected else None)
        with ledger.take(1, actor_id=access.user_id) as numbers:
            row = SiteReport(
                site=site,
                as_of=report.as_of,
                percent=report.percent,
                problem=report.problem,
                plan=report.plan,
                is_demo=site.is_demo,
                corrects_id=corrects_id,
                correction_reason=correction_reason,
                recorded_at=numbers.recorded_at,
                recorded_by_id=access.user_id,
                changed_seq=numbers.first,
            )
            row.save()
            copy_latest_report(site)
            _finish(
                site,
                "site.report",
                numbers,
                judges,
                {"report": row.pk, "percent": str(row.percent)},
                row.as_of,
            )
    return row


@closing.correctable
def change_plan(*, access: Access, site_id: int, change: PlanChangeDraft) -> PlanChange:
    """Record a reschedule with its reason. Only one with an approval number moves the plan that is measured.

    Raises NotAllowed, or Invalid: no reason, finish before start; PeriodClosed.
    """
    if not change.reason.strip():
        raise Invalid({"reason": _("计划调整须写明原因。")})
    if change.planned_finish < change.planned_start:
        raise Invalid({"planned_finish": _("计划完工日期不能早于开工日期。")})
    try:
        Plan(
            change.planned_start,
            change.planned_finish,
            tuple(Milestone(day, percent) for day, percent in change.milestones),
        )
    except RuleError as problem:
        raise Invalid({"milestones": _(problem.msgid).format(**problem.params)}) from problem
    with transaction.atomic():
        site = lock(site_id)
        require(access, Permission.SITE_RESCHEDULE, target_of(site))
        if site.baseline is None:
            raise Invalid({"": _("没有基线计划的点位不能调整计划,请先填写基线日期。")})
        judges = judges_by_indicator()
        closing.ask(_programmes(site), change.effective_on)
        with ledger.take(1, actor_id=access.user_id) as numbers:
            row = PlanChange(
                site=site,
                effective_on=change.effective_on,
                planned_start=change.planned_start,
                planned_finish=change.planned_finish,
                milestones=siterows.milestones_json(change.milestones),
                reason=change.reason,
                approval_number=change.approval_number,
                recorded_at=numbers.recorded_at,
                recorded_by_id=access.user_id,
                changed_seq=numbers.first,
            )
            row.save()
            newest = site.plan_changes.exclude(approval_number="").order_by("effective_on", "pk").last()
            if newest is not None:
                site.planned_start = newest.planned_start
                site.planned_finish = newest.planned_finish
                site.planned_milestones = newest.milestones
            _finish(site, "site.reschedule", numbers, judges, {"plan_change": row.pk}, row.effective_on)
    return row


def _programmes(site: Site) -> frozenset[int]:
    return closing.programmes_of(site.contributions.values_list("indicator_id", flat=True))


def _corrected(site: Site, corrects_id: int | None, reason: str) -> SiteReport | None:
    if corrects_id is None:
        return None
    corrected = site.reports.filter(pk=corrects_id).first()
    if corrected is None:
        raise Invalid({"corrects": _("被更正的报告不属于这个点位。")})
    check_correction(corrected, reason)
    return corrected


def _check_words(site: Site, report: ReportDraft, corrects_id: int | None, judges: Judges) -> None:
    new = SiteReport(site=site, as_of=report.as_of, percent=report.percent, corrects_id=corrects_id)
    verdict = verdict_of(
        site,
        [*site.reports.all(), new],
        list(site.states.all()),
        contributions_of(site),
        judges,
        report.as_of,
    )
    missing = words_missing(Light.NONE if verdict is None else verdict.light, report.problem, report.plan)
    if missing:
        raise Invalid(missing)


def copy_latest_report(site: Site) -> None:
    """The newest standing report by effective day; of two for one day the later recorded."""
    newest = SiteReport.objects.filter(site=site).standing().order_by("as_of", "pk").last()
    site.percent = newest.percent if newest else None
    site.reported_on = newest.as_of if newest else None


def _finish(
    site: Site,
    action: str,
    numbers: ledger.Numbers,
    judges: Judges,
    payload: dict[str, ledger.JSON],
    effective: dt.date,
) -> None:
    site.changed_seq = numbers.first
    site.version += 1
    site.updated_at = numbers.recorded_at
    clean(site)
    site.save()
    contributions = contributions_of(site)
    refresh_lights(site, contributions, judges, now=numbers.recorded_at)
    numbers.write(
        [
            entry_for(
                site,
                action,
                {
                    **payload,
                    "effective": effective.isoformat(),
                },
            )
        ]
    )
