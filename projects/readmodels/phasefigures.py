"""Phases and their counts as a program reads them: the API and the command say the same."""

from typing import Any

from projects.readmodels.phases import PhaseRow
from projects.rules.phases import FORMULAS, Count, Question


def count_as_json(row: Count) -> dict[str, Any]:
    """A count for a program. `count` is null, never 0, where not one phase could be judged."""
    return {
        "count": row.yes if row.judged else None,
        "denominator": row.judged,
        "outside": row.outside,
        "missing": row.missing,
        "missing_by_reason": {why.value: number for why, number in row.by_reason.items()},
        "missing_by_word": [
            {"reason": why.value, "word": word, "count": number}
            for (why, word), number in sorted(row.unknown.items(), key=lambda item: -item[1])
        ],
        "formula": FORMULAS[row.question],
    }


def row_as_json(row: PhaseRow) -> dict[str, Any]:
    """A phase for a program: money as text, exact; null where nothing is known, with the word in `gaps`."""
    facts = row.facts
    return {
        "code": row.code,
        "project": row.project_code or None,
        "project_id": row.project_id,
        "project_name": row.project_zh or None,
        "indicator": row.indicator,
        "name_zh": row.name_zh,
        "name_en": row.name_en,
        "state": row.state.value,
        "status": facts.status,
        **{
            name: value.isoformat() if (value := getattr(facts, name)) else None
            for name in (
                "baseline_start",
                "baseline_due",
                "planned_start",
                "planned_due",
                "started_on",
                "met_on",
            )
        },
        "currency": row.currency,
        **{
            name: None if (value := getattr(facts, name)) is None else f"{value:f}"
            for name in ("budget", "estimate", "spent")
        },
        "over_budget": None if row.over is None else f"{row.over:f}",
        "days_late": row.days_late,
        "reported": facts.reported.isoformat() if facts.reported else None,
        "gaps": {name: {"meaning": gap.meaning.value, "word": gap.word} for name, gap in facts.gaps.items()},
        "attributes": dict(row.attributes),
        **{question.value: _answer(row, question) for question in Question},
    }


def _answer(row: PhaseRow, question: Question) -> str:
    return row.answers[question].outcome.value
