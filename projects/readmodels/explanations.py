"""Every light explained: judged again by the rules from what is recorded, beside what is stored."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from maps.sentence import Sentence
from projects.models import LagPolicy, LightSpan
from projects.readmodels.clocks import Clocks
from projects.readmodels.rulesentences import applied_rule, finding
from projects.readmodels.sitefacts import ReportRow, Reschedule, SiteRecord, approved_at, site_records
from projects.readmodels.vocabulary import ProgrammeWords
from projects.rules.lights import Reason, light_at
from projects.rules.policy import Against, Policy
from projects.rules.schedule import Curve
from projects.rules.vocabulary import FINISHED, Light, Stage


@dataclass(frozen=True, slots=True)
class PolicyRef:
    """The version of the rules that gave a light."""

    key: str
    version: int
    name_zh: str
    name_en: str
    source: str


@dataclass(frozen=True, slots=True)
class Turn:
    """A light from a day on."""

    day: dt.date
    light: Light
    reason: Reason


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a site has its light at the end of `as_of`. Percent 0..100; `relative_lag` is a share of the plan.

    `planned` and the gaps are by the plan that the policy measures against; `actual` is None where nothing
    was reported, never 0. `since`: first day of the present light; `late_since`: of yellow and red together,
    None where the site is not late. `ahead`: what the light becomes when nothing more is reported; None: it
    stays. `overdue_days`: past the baseline's finish and not finished, else 0. `agrees`: the stored span says
    the same light for the same reason.
    """

    as_of: dt.date
    light: Light
    reason: Reason
    finding: Sentence
    rule: Sentence | None
    note: str
    planned: Decimal | None
    actual: Decimal | None
    reported_on: dt.date | None
    lag_pp: Decimal | None
    relative_lag: Decimal | None
    against: Against
    policy: PolicyRef
    stage: Stage
    baseline: Curve | None
    approved: Reschedule | None
    reschedules: tuple[Reschedule, ...]
    since: dt.date | None
    late_since: dt.date | None
    ahead: Turn | None
    problem: str
    plan: str
    said_on: dt.date | None
    overdue_days: int
    agrees: bool

    @property
    def is_late(self) -> bool:
        return self.light in LATE


LATE = (Light.YELLOW, Light.RED)

#: A policy by its key in the database: what pages print of it, and how it judges.
_Policies = Mapping[int, tuple[PolicyRef, Policy]]


def explanations(ids: Sequence[int], programme: ProgrammeWords, clocks: Clocks) -> dict[int, Explanation]:
    """Of those of the sites that are there, by id. Six queries, however many sites.

    A light is judged by the policy that its stored span names; without a span by the programme's own.
    """
    records = site_records(ids, clocks.known_seq)
    spans = known_spans(ids, clocks.known_seq)
    policies = _policies()
    own = LagPolicy.objects.filter(programme=programme.pk).values_list("pk", flat=True).get()
    return {
        pk: _explained(record, spans.get(pk, ()), policies, own, clocks.as_of)
        for pk, record in records.items()
    }


class SpanRow(NamedTuple):
    """A stored light from `valid_from` up to, not including, `valid_to`."""

    valid_from: dt.date
    valid_to: dt.date
    light: str
    reason: str
    policy_id: int


def known_spans(ids: Sequence[int], known_seq: int | None) -> dict[int, list[SpanRow]]:
    """The spans of each site that held by what was known, by their days."""
    rows = LightSpan.objects.filter(site_id__in=ids).order_by("site_id")
    if known_seq is None:
        rows = rows.filter(superseded_at__isnull=True)
    found: dict[int, list[SpanRow]] = {}
    for pk, recorded, replaced, *span in rows.values_list(
        "site_id", "changed_seq", "superseded_seq", *SpanRow._fields
    ):
        assert pk is not None, "asked for by their sites"
        if known_seq is None or (recorded <= known_seq and (replaced is None or replaced > known_seq)):
            found.setdefault(pk, []).append(SpanRow(*span))
    for spans in found.values():
        spans.sort()
    return found


def _policies() -> _Policies:
    return {
        row.pk: (
            PolicyRef(row.key, row.version, row.name_zh, row.name_en or row.name_zh, row.source),
            Policy.from_json(row.rules),
        )
        for row in LagPolicy.objects.all()
    }


def _explained(
    record: SiteRecord, spans: Sequence[SpanRow], policies: _Policies, own: int, day: dt.date
) -> Explanation:
    here = next((n for n, span in enumerate(spans) if span.valid_from <= day < span.valid_to), None)
    ref, policy = policies[own if here is None else spans[here].policy_id]
    verdict = light_at(record.facts, policy, day)
    known = record.facts.known_at(policy.against, day)
    reported = _newest(record.reports, day)
    said = next(
        (row for row in reversed(record.reports) if row.as_of <= day and (row.problem or row.plan)), None
    )
    stored = None if here is None else (spans[here].light, spans[here].reason)
    baseline = record.facts.baseline
    overdue = baseline is not None and known.stage not in FINISHED and known.stage is not Stage.CANCELLED
    return Explanation(
        as_of=day,
        light=verdict.light,
        reason=verdict.reason,
        finding=finding(verdict, known, day),
        rule=applied_rule(verdict, known, policy, day),
        note=verdict.detail,
        planned=verdict.planned,
        actual=verdict.actual,
        reported_on=reported.as_of if reported else None,
        lag_pp=verdict.lag_pp,
        relative_lag=verdict.relative_lag,
        against=verdict.against,
        policy=ref,
        stage=known.stage,
        baseline=baseline,
        approved=approved_at(record.reschedules, day),
        reschedules=tuple(row for row in record.reschedules if row.effective_on <= day),
        since=_since(spans, here, lambda span: span.light == verdict.light.value),
        late_since=_since(spans, here, lambda span: Light(span.light) in LATE),
        ahead=_ahead(spans, here),
        problem=said.problem if said else "",
        plan=said.plan if said else "",
        said_on=said.as_of if said else None,
        overdue_days=max(0, (day - baseline.finish).days) if overdue and baseline else 0,
        # A site without a plan and without any fact has no span, and no light.
        agrees=stored == (verdict.light.value, verdict.reason.value)
        or (stored is None and verdict.light is Light.NONE),
    )


def _newest(reports: Sequence[ReportRow], day: dt.date) -> ReportRow | None:
    return next((row for row in reversed(reports) if row.as_of <= day), None)


def _since(spans: Sequence[SpanRow], here: int | None, same: Callable[[SpanRow], bool]) -> dt.date | None:
    """The first day of the run of spans that the day stands in; None where it is in no such run."""
    if here is None or not same(spans[here]):
        return None
    first = here
    while first > 0 and same(spans[first - 1]) and spans[first - 1].valid_to == spans[first].valid_from:
        first -= 1
    return spans[first].valid_from


def _ahead(spans: Sequence[SpanRow], here: int | None) -> Turn | None:
    if here is None:
        return None
    turn = next((span for span in spans[here + 1 :] if span.light != spans[here].light), None)
    return None if turn is None else Turn(turn.valid_from, Light(turn.light), Reason(turn.reason))
