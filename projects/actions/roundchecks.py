"""What the rows of a round would make of their sites, and what is wrong with them. Nothing is written."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext as _

from projects.actions import ledger, siterows
from projects.actions.errors import Invalid
from projects.actions.lights import Judges, facts_of, in_order, judge_for, stretches_of, without_corrected
from projects.actions.rounddrafts import RoundRow
from projects.actions.sitewriting import alter, check_newest, clean_changed
from projects.models import Indicator, Site, SiteReport, SiteState
from projects.models.bulk import fresh
from projects.permissions.access import Target
from projects.rules.lights import light_at
from projects.rules.reporting import Hint, asks_words, hints, says_something
from projects.rules.schedule import HUNDRED
from projects.rules.sentences import Sentence
from projects.rules.verdicts import Verdict
from projects.rules.vocabulary import FINISHED, UNDER_WAY, Light, Stage

#: What `site_for_round` reads with each site.
READ = ("contributions", "reports", "states", "plan_changes")
MOST_TEXT = 1_000

Pairs = list[tuple[int, Decimal]]


@dataclass(slots=True)
class Worked:
    """One row worked out: the altered site (not saved), its unsaved rows, its light on the day.

    `before`: what the audit saw before a change of stage, None without one. `errors` by field.
    """

    row: RoundRow
    site: Site
    report: SiteReport
    contributions: Pairs
    before: dict[str, ledger.JSON] | None = None
    state: SiteState | None = None
    changes: Mapping[str, object] = field(default_factory=dict)
    verdict: Verdict | None = None
    hints: tuple[tuple[Hint, Sentence], ...] = ()
    errors: dict[str, str] = field(default_factory=dict)
    is_conflict: bool = False

    @property
    def light(self) -> Light:
        return Light.NONE if self.verdict is None else self.verdict.light

    @property
    def asks_words(self) -> bool:
        return asks_words(self.light)

    def reports(self) -> list[SiteReport]:
        """The site's reports and the new one, in the order in which they hold."""
        return [*self.site.reports.all(), self.report]

    def states(self) -> list[SiteState]:
        return [*self.site.states.all(), *([] if self.state is None else [self.state])]


def work_out(
    site: Site, row: RoundRow, *, as_of: dt.date, judges: Judges, actor_id: int | None, now: dt.datetime
) -> Worked:
    """What a row makes of its site, read with `READ` and altered here; everything wrong is in `errors`."""
    contributions = [(each.indicator_id, each.quantity) for each in site.contributions.all()]
    report = fresh(
        SiteReport,
        site_id=site.pk,
        as_of=as_of,
        percent=row.percent,
        problem=row.problem.strip(),
        plan=row.plan.strip(),
        is_demo=site.is_demo,
        recorded_at=now,
        recorded_by_id=actor_id,
    )
    worked = Worked(row, site, report, contributions)
    _check_report(worked, as_of)
    stage_before, percent_before = Stage(site.stage), _percent_before(site, as_of)
    if row.stage is not None or row.stage_on is not None:
        _change_stage(worked, as_of, actor_id, now)
    if not worked.errors:
        worked.verdict = verdict_of(site, worked.reports(), worked.states(), contributions, judges, as_of)
        worked.errors |= words_missing(worked.light, row.problem, row.plan)
        stage = stage_before if row.stage is None else row.stage
        worked.hints = hints(row.percent, percent_before, stage)
    # Said last, and beside what else is wrong: what was typed may be right after all.
    if site.version != worked.row.version + (1 if worked.before is not None else 0):
        worked.is_conflict = True
        worked.errors[""] = _("您打开之后,别人改过或报过这个点位。")
    return worked


def verdict_of(
    site: Site,
    reports: Iterable[SiteReport],
    states: Sequence[SiteState],
    contributions: Pairs,
    judges: Judges,
    day: dt.date,
) -> Verdict | None:
    """A site's light at the end of a day by these rows, saved or not; None where nobody judges it."""
    judge = judge_for((pk for pk, _quantity in contributions), judges)
    stretches = stretches_of(in_order(states), judges, judge)
    own = next(own for since, own in reversed(stretches) if since <= day)
    if own is None:
        return None
    facts = facts_of(site, reports=reports, states=states, plan_changes=site.plan_changes.all())
    return light_at(facts, own.policy, day)


def verdict_now(site: Site, judges: Judges, day: dt.date) -> Verdict | None:
    """By what is recorded; the site is read with `READ`."""
    pairs = [(each.indicator_id, each.quantity) for each in site.contributions.all()]
    return verdict_of(site, site.reports.all(), list(site.states.all()), pairs, judges, day)


def words_missing(light: Light, problem: str, plan: str) -> dict[str, str]:
    """What a report that leaves this light has to say and does not, by field."""
    if not asks_words(light):
        return {}
    errors = {}
    named = {"light": _(light.term)}
    if not says_something(problem):
        errors["problem"] = _("报后仍亮%(light)s,请写明堵点卡点(写“无”不算)。") % named
    if not says_something(plan):
        errors["plan"] = _("报后仍亮%(light)s,请写明推进方案。") % named
    return errors


def percent_problem(percent: Decimal) -> str:
    """Why a percent cannot be; empty when it can."""
    if not (percent.is_finite() and 0 <= percent <= HUNDRED):
        return _("进度须在 0 到 100 之间。")
    if round(percent, 2) != percent:
        # The column keeps two: rounding up could tip a light.
        return _("进度最多两位小数。")
    return ""


def targets(sites: Iterable[Site]) -> Iterator[tuple[Site, Target]]:
    """Each site, read with `READ`, with what permissions ask of it: two queries for all of them."""
    found = list(sites)
    wanted = {row.indicator_id for site in found for row in site.contributions.all()}
    departments: dict[int, set[int]] = {}
    pairs = Indicator.objects.filter(pk__in=wanted).values_list("pk", "lead_department_id", "co_departments")
    for pk, lead, helper in pairs:
        departments.setdefault(pk, set()).update(each for each in (lead, helper) if each is not None)
    for site in found:
        own = [departments.get(row.indicator_id, set()) for row in site.contributions.all()]
        yield site, Target(site.managed_by_id, frozenset[int]().union(*own))


def _check_report(worked: Worked, as_of: dt.date) -> None:
    problem = percent_problem(worked.row.percent)
    if problem:
        worked.errors["percent"] = problem
    for name in ("problem", "plan"):
        if len(getattr(worked.row, name)) > MOST_TEXT:
            worked.errors[name] = _("最多 %(most)d 个字。") % {"most": MOST_TEXT}
    told = [each for each in without_corrected(worked.site.reports.all()) if each.as_of == as_of]
    if told:
        worked.errors["percent"] = _(
            "%(day)s 已经报过(%(percent)s%%)。要改请在点位的“报进度”里更正并写原因。"
        ) % {"day": as_of.isoformat(), "percent": f"{told[-1].percent.normalize():f}"}


def _percent_before(site: Site, as_of: dt.date) -> Decimal | None:
    told = [each for each in without_corrected(site.reports.all()) if each.as_of <= as_of]
    return told[-1].percent if told else None


def _change_stage(worked: Worked, as_of: dt.date, actor_id: int | None, now: dt.datetime) -> None:
    row, site, errors = worked.row, worked.site, worked.errors
    if row.stage is None:
        errors["stage"] = _("填了日期,请选变为什么阶段。")
        return
    if row.stage_on is None:
        errors["stage_on"] = _("请填从哪一天起。")
        return
    if row.stage_on > as_of:
        errors["stage_on"] = _("不能晚于截至日期 %(day)s。") % {"day": as_of.isoformat()}
        return
    if row.stage not in (Stage.BUILDING, Stage.FINISHED) or Stage(site.stage) not in UNDER_WAY:
        errors["stage"] = _("这里只能改为建设中或已完工。")
        return
    if row.stage is Stage(site.stage):
        errors["stage"] = _("已经是这个阶段。")
        return
    if row.stage in FINISHED and row.percent != HUNDRED:
        errors["percent"] = _("已完工的进度须填 100。")
        return
    name = "finished_on" if row.stage in FINISHED else "started_on"
    changes: dict[str, object] = {"stage": row.stage.value, name: row.stage_on}
    try:
        check_newest(site, row.stage_on, timezone.localdate(now))
        before, _pairs = alter(site, changes, worked.contributions, expected_version=site.version)
        clean_changed(site, changes)
    except Invalid as problem:
        errors["stage_on"] = " ".join(problem.errors.values())
        return
    if site.started_on is not None and site.finished_on is not None and site.finished_on < site.started_on:
        errors["stage_on"] = _("完工日期早于开工日期 %(day)s。") % {"day": site.started_on.isoformat()}
        return
    worked.before, worked.changes = before, changes
    worked.state = siterows.state_row(
        site,
        effective_on=row.stage_on,
        stage=site.stage,
        contributions=worked.contributions,
        now=now,
        actor_id=actor_id,
    )
