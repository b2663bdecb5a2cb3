"""Lights, months and comparisons as JSON: one shape for the commands, the staff API and the public answers.

A key that is null says that nothing is known or that it is not published, never nought.
"""

from typing import Any

from django.utils.translation import gettext, override

from projects.readmodels.divergences import Compared, Comparison
from projects.readmodels.monthtables import MonthRow, MonthTable, YearRow
from projects.readmodels.plain import number
from projects.readmodels.subjectlights import Named, SubjectLight
from projects.rules.funding import to_digits
from projects.rules.sentences import Text
from projects.rules.verdicts import Reason, Verdict


def light_json(row: SubjectLight) -> dict[str, Any]:
    return {
        **subject_json(row.subject),
        "light": row.light.value,
        **reason_json(row.reason),
        "note": row.note or None,
        "because": row.because,
        "since": row.since.isoformat(),
        "until": row.until.isoformat(),
        "policy": row.policy,
        "policy_version": row.policy_version,
    }


def subject_json(row: Named) -> dict[str, Any]:
    return {
        "subject": row.key,
        "kind": row.kind.value,
        "code": row.code,
        "name_zh": row.name_zh,
        "name_en": row.name_en,
        "division": row.place,
        "division_zh": row.place_zh or None,
        "division_en": row.place_en or None,
    }


def reason_json(reason: Reason | None) -> dict[str, Any]:
    return {
        "reason": None if reason is None else reason.value,
        "reason_zh": None if reason is None else _said(reason.term, "zh-hans"),
        "reason_en": None if reason is None else _said(reason.term, "en"),
    }


def months_json(table: MonthTable) -> dict[str, Any]:
    return {
        **subject_json(table.subject),
        "policy": table.policy,
        "policy_version": table.policy_version,
        "months": [_month(row) for row in table.rows],
        "year": None if table.year is None else _year(table.year),
    }


def _month(row: MonthRow) -> dict[str, Any]:
    return {
        "month": f"{row.month:%Y-%m}",
        "met": row.met,
        "made_good_on": row.made_good_on.isoformat() if row.made_good_on else None,
        "light": row.light.value,
        **reason_json(row.reason),
        "missed_running": row.running,
        "outputs": _outputs(row.outputs),
        "parts": row.parts,
        "short": row.short,
        "unreported": row.unreported,
    }


def _year(row: YearRow) -> dict[str, Any]:
    return {
        "met": row.met,
        "outputs": _outputs(row.outputs),
        "parts": row.parts,
        "short": row.short,
        "unreported": row.unreported,
    }


def _outputs(outputs: tuple[Text, ...]) -> list[dict[str, str]]:
    return [{"name_zh": row.zh, "name_en": row.en or row.zh} for row in outputs]


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """The figures behind a light. Percent as numbers; `relative_lag` in percent of the plan."""
    relative = verdict.relative_lag
    return {
        "planned_percent": number(verdict.planned),
        "actual_percent": number(verdict.actual),
        "lag_pp": number(verdict.lag_pp),
        "relative_lag_percent": None if relative is None else number(relative * 100),
        "against": verdict.against.value,
    }


def comparison_json(found: Comparison) -> dict[str, Any]:
    return {"points": number(found.points), "rows": [_compared(row) for row in found.rows]}


def _compared(row: Compared) -> dict[str, Any]:
    difference = row.difference
    return {
        "indicator": row.indicator,
        "name_zh": row.name_zh,
        "name_en": row.name_en,
        "unit_zh": row.unit_zh,
        "unit_en": row.unit_en,
        "division": row.division,
        "division_zh": row.division_zh,
        "division_en": row.division_en,
        "target": number(row.target),
        "reported_on": row.reported_on.isoformat(),
        "reported": number(row.reported),
        "reported_percent": number(row.reported_percent),
        "counted": number(row.counted),
        "counted_percent": number(row.counted_percent),
        "difference_pp": None if difference is None else number(difference.points),
        "difference_text": None if difference is None else to_digits(difference.points),
        "flagged": row.flagged,
        "is_demo": row.is_demo,
    }


def _said(term: str, language: str) -> str:
    with override(language):
        return gettext(term)
