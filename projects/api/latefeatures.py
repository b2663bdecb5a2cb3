"""Rows and explanations of the supervisor's desk as JSON; sentences in both languages."""

from collections.abc import Mapping
from decimal import Decimal

from django.utils.translation import gettext, override

from maps.sentence import Sentence
from projects.readmodels.explanations import Explanation, Turn
from projects.readmodels.laterows import LateRow
from projects.readmodels.sitefacts import Reschedule
from projects.rules.schedule import HUNDRED, Curve
from projects.rules.vocabulary import Publication, Word

Json = Mapping[str, object]


def late_site(row: LateRow) -> Json:
    """One site: what it is, how it stands on the day, and why."""
    site = row.row
    public = row.publication == Publication.PUBLISHED
    return {
        "id": site.public_id,
        "code": row.code,
        "name": site.name,
        "kind": {"slug": site.kind.slug, "name_zh": site.kind.name_zh, "name_en": site.kind.name_en},
        "division": _names(site.division),
        "managed_by": _names(row.managed_by),
        "address": site.address,
        "lon": round(site.lon, 6),
        "lat": round(site.lat, 6),
        "publication": row.publication,
        "is_demo": site.is_demo,
        "indicators": [
            {"code": each.code, "category": each.category, "name_zh": each.name_zh, "name_en": each.name_en}
            for each in row.indicators
        ],
        "state": "late" if row.why.is_late else "risk",
        "turns": _turn(row.turns),
        "due_on": row.due_on.isoformat() if row.due_on else None,
        "url": f"/sites/{site.public_id}/" if public else None,
        "admin_url": f"/admin/projects/site/{site.pk}/change/",
        "why": explanation(row.why),
    }


def explanation(why: Explanation) -> Json:
    """Percentages and points are numbers with two decimals at most; None is never 0."""
    return {
        "as_of": why.as_of.isoformat(),
        "light": why.light.value,
        "reason": why.reason.value,
        **_both("reason_text", Sentence(why.reason.term)),
        **_both("finding", why.finding),
        **_both("rule", why.rule),
        "note": why.note,
        "policy": {
            "key": why.policy.key,
            "version": why.policy.version,
            "name_zh": why.policy.name_zh,
            "name_en": why.policy.name_en,
            "source": why.policy.source,
        },
        "against": why.against.value,
        "stage": why.stage.value,
        "planned": _number(why.planned),
        "actual": _number(why.actual),
        "reported_on": why.reported_on.isoformat() if why.reported_on else None,
        "lag_pp": _number(why.lag_pp),
        "lag_percent_of_plan": _number(None if why.relative_lag is None else why.relative_lag * HUNDRED),
        "baseline": _plan(why.baseline),
        "approved_plan": _reschedule(why.approved) if why.approved else None,
        "reschedules": [_reschedule(each) for each in why.reschedules],
        "since": why.since.isoformat() if why.since else None,
        "late_since": why.late_since.isoformat() if why.late_since else None,
        "ahead": _turn(why.ahead),
        "problem": why.problem,
        "plan": why.plan,
        "said_on": why.said_on.isoformat() if why.said_on else None,
        "overdue_days": why.overdue_days,
        "agrees_with_stored_light": why.agrees,
    }


def _both(name: str, sentence: Sentence | None) -> dict[str, str | None]:
    said: dict[str, str | None] = {}
    for suffix, language in (("zh", "zh-hans"), ("en", "en")):
        with override(language):
            said[f"{name}_{suffix}"] = None if sentence is None else sentence.translated(gettext)
    return said


def _names(row: object) -> Json:
    return {name: getattr(row, name) for name in ("code", "name_zh", "name_en")}


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(round(value, 2))


def _plan(plan: Curve | None) -> Json | None:
    if plan is None:
        return None
    return {"start": plan.start.isoformat(), "finish": plan.finish.isoformat()}


def _reschedule(row: Reschedule) -> Json:
    return {
        "effective_on": row.effective_on.isoformat(),
        "start": row.plan.start.isoformat(),
        "finish": row.plan.finish.isoformat(),
        "approval_number": row.approval_number,
        "reason": row.reason,
    }


def _turn(turn: Turn | None) -> Json | None:
    if turn is None:
        return None
    light: Word = turn.light
    return {
        "on": turn.day.isoformat(),
        "light": light.value,
        **_both("light_text", Sentence(light.term)),
        "reason": turn.reason.value,
    }
