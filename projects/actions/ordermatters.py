"""What an order is about: a site, an indicator in a division, or a phase; and what is known of it now."""

from dataclasses import dataclass, field
from decimal import Decimal

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from projects.actions.errors import Invalid
from projects.actions.sitewriting import departments_of
from projects.models import Department, Division, Indicator, Phase, Programme, Site
from projects.permissions.access import Target
from projects.readmodels.clocks import Clocks
from projects.readmodels.explanations import explanations
from projects.readmodels.subjectlights import explained
from projects.readmodels.subjects import of_indicator
from projects.readmodels.vocabulary import read_vocabulary

_PLACES = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class SubjectDraft:
    """Which matter: a site; an indicator with a division; a phase, for a division or, without one, for the
    department that leads it.
    """

    site_id: int | None = None
    indicator_id: int | None = None
    phase_id: int | None = None
    division_id: int | None = None


@dataclass(frozen=True, slots=True)
class Matter:
    """A subject with whom an order about it goes to: a division, or a department."""

    key: str
    name: str
    programme: Programme
    departments: frozenset[int]
    division: Division | None
    department: Department | None = None
    site: Site | None = None
    indicator: Indicator | None = None
    phase: Phase | None = None

    @property
    def target(self) -> Target:
        """What permissions ask of it."""
        return Target(self.division.pk if self.division else None, self.departments)

    @property
    def is_demo(self) -> bool:
        return self.programme.is_demo or (self.site is not None and self.site.is_demo)


@dataclass(frozen=True, slots=True)
class Why:
    """What is known of a matter on the day `as_of`. Percent 0..100; empty where nothing is judged."""

    light: str = ""
    planned: Decimal | None = None
    actual: Decimal | None = None
    lag_pp: Decimal | None = None
    finding: str = ""
    rule: str = ""
    clocks: Clocks | None = field(default=None)


def matter_of(draft: SubjectDraft, *, lock: bool = False) -> Matter:
    """The matter, its row locked if asked. Raises Invalid for one that is not there or has no addressee."""
    if draft.site_id is not None:
        return _of_site(draft.site_id, lock)
    if draft.indicator_id is not None:
        return _of_indicator(draft.indicator_id, draft.division_id, lock)
    if draft.phase_id is not None:
        return _of_phase(draft.phase_id, draft.division_id, lock)
    raise Invalid({"": _("请选择督办的对象。")})


def why(matter: Matter) -> Why:
    """Light, plan, progress and rule on the programme's cut-off. Sentences are in Chinese: they are kept."""
    clocks = Clocks(min(matter.programme.cutoff, timezone.localdate()))
    if matter.site is not None:
        return _why_of_site(matter, matter.site, clocks)
    if matter.indicator is not None and matter.division is not None:
        subject = of_indicator(matter.programme.pk, matter.indicator.pk, matter.division.pk).key
        verdict = explained(subject, clocks)
        if verdict is not None:
            return Why(
                verdict.light.value,
                _rounded(verdict.planned),
                _rounded(verdict.actual),
                _rounded(verdict.lag_pp),
                verdict.reason.term,
                "",
                clocks,
            )
    if matter.phase is not None:
        return Why(finding=_phase_finding(matter.phase), clocks=clocks)
    return Why(clocks=clocks)


def _of_site(pk: int, lock: bool) -> Matter:
    rows = Site.objects.filter(pk=pk, deleted_seq__isnull=True).select_related("managed_by")
    site = (rows.select_for_update(of=("self",)) if lock else rows).first()
    if site is None:
        raise Invalid({"": _("这个点位不存在或已被删除。")})
    indicators = list(site.contributions.values_list("indicator_id", flat=True))
    programmes = Programme.objects.filter(deleted_seq__isnull=True)
    found = list(programmes.filter(categories__indicators__in=indicators).distinct()) or list(programmes)
    if not found:
        raise Invalid({"": _("还没有年度民生实事,不能编号。")})
    return Matter(
        f"site:{site.pk}",
        site.name,
        max(found, key=lambda row: row.rank),
        departments_of(indicators),
        site.managed_by,
        site=site,
    )


def _of_indicator(pk: int, division_id: int | None, lock: bool) -> Matter:
    rows = Indicator.objects.filter(pk=pk, deleted_seq__isnull=True).select_related("category__programme")
    indicator = (rows.select_for_update(of=("self",)) if lock else rows).first()
    division = Division.objects.live().filter(pk=division_id or 0).first()
    if indicator is None:
        raise Invalid({"indicator": _("没有这个指标。")})
    if division is None:
        raise Invalid({"division": _("请选择承办区划。")})
    programme = indicator.category.programme
    return Matter(
        of_indicator(programme.pk, indicator.pk, division.pk).key,
        f"{indicator.name} · {division.name}",
        programme,
        departments_of([indicator.pk]),
        division,
        indicator=indicator,
    )


def _of_phase(pk: int, division_id: int | None, lock: bool) -> Matter:
    related = ("programme", "project__lead_department", "indicator__lead_department")
    rows = Phase.objects.filter(pk=pk, deleted_seq__isnull=True).select_related(*related)
    phase = (rows.select_for_update(of=("self",)) if lock else rows).first()
    if phase is None:
        raise Invalid({"phase": _("没有这个阶段。")})
    owner = phase.project or phase.indicator
    leader = owner.lead_department if owner is not None else None
    division = Division.objects.live().filter(pk=division_id or 0).first()
    if division is None and leader is None:
        raise Invalid({"division": _("这个阶段没有牵头单位,请选择承办区划。")})
    return Matter(
        f"phase:{phase.pk}",
        phase.name,
        phase.programme,
        _departments_of_phase(phase),
        division,
        leader if division is None else None,
        phase=phase,
    )


def _departments_of_phase(phase: Phase) -> frozenset[int]:
    if phase.indicator_id is not None:
        return departments_of([phase.indicator_id])
    if phase.project is None:
        return frozenset()
    co = phase.project.co_departments.values_list("pk", flat=True)
    return frozenset(pk for pk in (phase.project.lead_department_id, *co) if pk is not None)


def _why_of_site(matter: Matter, site: Site, clocks: Clocks) -> Why:
    programme = read_vocabulary().programmes.get(matter.programme.pk)
    if programme is None or not site.contributions.exists():
        return Why(clocks=clocks)
    found = explanations([site.pk], programme, clocks).get(site.pk)
    if found is None:
        return Why(clocks=clocks)
    with translation.override("zh-hans"):
        rule = found.rule.translated(translation.gettext) if found.rule is not None else ""
        return Why(
            found.light.value,
            _rounded(found.planned),
            _rounded(found.actual),
            _rounded(found.lag_pp),
            found.finding.translated(translation.gettext)[:500],
            rule[:500],
            clocks,
        )


def _phase_finding(phase: Phase) -> str:
    due = phase.planned_due or phase.baseline_due
    if phase.met_on is not None or due is None:
        return ""
    return f"计划 {due.isoformat()} 完成,还没有完成。"


def _rounded(value: Decimal | None) -> Decimal | None:
    return None if value is None else value.quantize(_PLACES)
