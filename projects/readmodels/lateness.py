"""Why a site is late: what its plan expects, what was reported, the gap, and the rule that judges it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q

from projects.models import LightSpan, PlanChange, Site
from projects.models.sites import make_plan
from projects.readmodels.clocks import Clocks
from projects.readmodels.latesites import LateSite
from projects.rules.lights import Reason
from projects.rules.policy import Against, Policy
from projects.rules.schedule import Plan, lag_pp, planned_percent


@dataclass(frozen=True, slots=True)
class Why:
    """The figures behind a light. Percent 0..100, unrounded; None where there is no plan or no report.

    `planned` is by the plan that the policy measures against; `gap_pp` = planned minus actual, > 0 is behind.
    `reason` is None where the programme keeps reasons to itself.
    """

    planned: Decimal | None
    actual: Decimal | None
    gap_pp: Decimal | None
    by_baseline: bool
    reason: Reason | None
    policy_zh: str
    policy_en: str
    policy_version: int


def why_late(rows: Sequence[LateSite], clocks: Clocks, *, shows_reasons: bool) -> Mapping[int, Why]:
    """For late sites (of one page) by primary key; four queries however many they are."""
    ids = [row.row.pk for row in rows]
    spans = _spans(ids, clocks)
    plans = _Plans(ids, clocks)
    found = {}
    for row in rows:
        span = spans.get(row.row.pk)
        if span is None:
            continue
        against = Policy.from_json(span.policy.rules).against
        plan = plans.measured(row.row.pk, against)
        planned = None if plan is None else planned_percent(plan, clocks.as_of)
        found[row.row.pk] = Why(
            planned,
            row.percent,
            None if planned is None or row.percent is None else lag_pp(planned, row.percent),
            against is Against.BASELINE,
            Reason(span.reason) if shows_reasons else None,
            span.policy.name_zh,
            span.policy.name_en or span.policy.name_zh,
            span.policy.version,
        )
    return found


def _spans(ids: Sequence[int], clocks: Clocks) -> dict[int, LightSpan]:
    """The light span of the day of each site, as it was known."""
    if clocks.known_seq is None:
        known = Q(superseded_at__isnull=True)
    else:
        known = Q(changed_seq__lte=clocks.known_seq) & (
            Q(superseded_seq__isnull=True) | Q(superseded_seq__gt=clocks.known_seq)
        )
    rows = LightSpan.objects.filter(
        known, site_id__in=ids, valid_from__lte=clocks.as_of, valid_to__gt=clocks.as_of
    ).select_related("policy")
    return {row.site_id: row for row in rows if row.site_id is not None}


class _Plans:
    """Baselines and approved plans of some sites on a day."""

    def __init__(self, ids: Sequence[int], clocks: Clocks) -> None:
        self._baselines: dict[int, Plan | None] = {
            site.pk: site.baseline for site in Site.objects.filter(pk__in=ids)
        }
        changes = (
            PlanChange.objects.standing(clocks.known_seq)
            .filter(site_id__in=ids, effective_on__lte=clocks.as_of)
            .exclude(approval_number="")
            .order_by("effective_on", "pk")
        )
        self._approved: dict[int, Plan | None] = {
            row.site_id: make_plan(row.planned_start, row.planned_finish, row.milestones) for row in changes
        }

    def measured(self, site_id: int, against: Against) -> Plan | None:
        """The plan that the policy measures against."""
        baseline = self._baselines.get(site_id)
        if against is Against.BASELINE or baseline is None:
            return baseline
        return self._approved.get(site_id) or baseline
