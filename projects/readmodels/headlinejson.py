"""The headline as JSON: one structure for the API and for `manage.py headline --json`."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from django.utils.translation import gettext, gettext_noop, override

from projects.readmodels.claims import Comparison
from projects.readmodels.clocks import Clocks, as_text
from projects.readmodels.funds import Funds
from projects.readmodels.headline import Divergent, Headline
from projects.readmodels.means import MeanFigure
from projects.readmodels.plain import money, number
from projects.readmodels.publiclights import of_programme, public_lights_json
from projects.readmodels.statements import Statement
from projects.rules.funding import FundRate, to_digits

FUNDS_FORMULA: Final = gettext_noop(
    "使用率 = 使用 ÷ 安排,合计由总额相除,不是各来源使用率的平均;序时进度 = 已结束的月数 ÷ 年度月数。"
)


def as_json(found: Headline) -> Mapping[str, Any]:
    """Money in yuan as text (exact), percents as numbers; null where nothing was published or reported.

    `as_of` and `known_at` are the pair that gives exactly this answer again.
    """
    programme, fund = found.programme, found.money
    return {
        "programme": programme.key,
        "name_zh": programme.name_zh,
        "name_en": programme.name_en,
        "as_of": found.as_of.isoformat(),
        "known_at": None if found.known_at is None else as_text(found.known_at),
        "is_demo": found.is_demo,
        "published": [_statement(row) for row in found.statements],
        "computed": {
            "funds_planned_percent": number(fund.planned_percent),
            "funds": [{"source": row.source.value, **_rate(row.rate, fund)} for row in fund.rows],
            "funds_by_division": [
                {
                    "division": row.area.code,
                    "name_zh": row.area.name_zh,
                    "name_en": row.area.name_en,
                    "level": row.area.level,
                    **_rate(row.rate, fund),
                }
                for row in fund.by_division
            ],
            # The sum as published, where not every source's use was.
            "funds_total": {**_rate(fund.total, fund), "used_is_published": fund.total_is_published},
            "funds_rest": _rate(fund.rest, fund) if fund.rest else None,
            "missing": fund.missing,
            "formula": "used / arranged; schedule: closed months / months of the period",
            **both("formula", FUNDS_FORMULA),
            "progress": [_figure(row) for row in found.means.figures],
        },
        "comparisons": [_comparison(row) for row in found.comparisons],
        "divergent": [_divergence(row) for row in found.divergent],
    }


def answer(found: Headline, clocks: Clocks) -> Mapping[str, Any]:
    """`as_json`, and the lights of the programme's parts where they are published."""
    return {**as_json(found), **public_lights_json(of_programme(found.programme, clocks))}


def both(name: str, template: str) -> dict[str, str]:
    """A sentence in both languages: `name_zh`, `name_en`."""
    with override("en"):
        english = gettext(template)
    return {f"{name}_zh": template, f"{name}_en": english}


def _statement(row: Statement) -> dict[str, Any]:
    return {
        "key": row.key,
        "label_zh": row.label_zh,
        "label_en": row.label_en,
        "text": row.text,
        "value": number(row.value),
        "unit": row.unit,
        "qualifier": row.qualifier,
        "category": row.category,
        "indicator": row.indicator,
        "as_of": row.as_of.isoformat(),
        "source": row.source,
        "is_correction": row.corrects,
        "correction_reason": row.correction_reason,
    }


def _rate(rate: FundRate, found: Funds) -> dict[str, Any]:
    return {
        "arranged": money(rate.arranged),
        "used": money(rate.used),
        "percent": _float(rate.percent),
        "lead_pp": _float(found.lead(rate)),
        # As pages print them: one decimal, half away from zero.
        "percent_printed": _printed(rate.percent),
        "lead_pp_printed": _printed(found.lead(rate)),
    }


def _figure(row: MeanFigure) -> dict[str, Any]:
    return {
        "key": row.key,
        **both("label", row.label),
        "value": number(row.value),
        "unit": row.unit,
        "numerator": number(row.numerator),
        "denominator": number(row.denominator),
        "parts": row.parts,
        "missing": row.missing,
        **both("formula", row.formula),
        "is_demo": row.is_demo,
    }


def _comparison(row: Comparison) -> dict[str, Any]:
    return {
        "key": row.statement.key,
        "unit": row.statement.unit,
        "published": number(row.published),
        "computed": number(row.computed),
        "agrees": row.agrees,
        "difference": number(row.difference),
        "is_demo": row.is_demo,
    }


def _divergence(row: Divergent) -> dict[str, Any]:
    return {
        "indicator": row.code,
        "name_zh": row.name_zh,
        "name_en": row.name_en,
        "reported_percent": number(row.reported),
        "counted_percent": number(row.counted),
        "gap_pp": number(row.gap),
    }


def _printed(value: Decimal | None) -> str | None:
    return None if value is None else to_digits(value)


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
