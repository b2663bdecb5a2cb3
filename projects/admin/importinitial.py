"""Options that were chosen before, as the form shows them again."""

from collections.abc import Mapping
from typing import Any

from maps.crs import EpsgCode
from maps.datum import Datum
from projects.admin.importfields import COLUMN, EPSG, GENERATED_CODE, KIND_BY_COLUMN, MEANT
from projects.exchange.options import ImportOptions


def system_choice(system: Datum | EpsgCode | None) -> tuple[str, str]:
    """A declared system as the form's two controls say it: the choice, and the number."""
    if system is None:
        return "", ""
    return (EPSG, str(system.number)) if isinstance(system, EpsgCode) else (system.value, "")


def initial_of(options: ImportOptions, mapping: Mapping[str, str]) -> dict[str, Any]:
    """The form as it stands when `options` were chosen before; `mapping`: field to header."""
    datum, epsg = system_choice(options.datum)
    fallback, fallback_epsg = system_choice(options.fallback_datum)
    initial: dict[str, Any] = {
        "datum": datum,
        "epsg": epsg,
        "kind": options.kind.slug or KIND_BY_COLUMN,
        "code": options.code_column or GENERATED_CODE,
        "source": options.source,
        "indicator": options.indicator,
        "division_from": "column" if options.division_from_column else "geometry",
        "allow_conflicts": options.allow_division_conflicts,
        "tolerance": options.border_tolerance_m or None,
        "fallback_datum": fallback,
        "fallback_epsg": fallback_epsg,
        "stage": options.stage.value,
        "service": options.service.value,
        "name_template": options.name_template,
    }
    initial |= {COLUMN + name: header for name, header in mapping.items()}
    initial[MEANT] = {
        "kind": options.kind.words,
        **{name: rule.words for name, rule in options.words.items()},
    }
    if options.kind.column:
        initial[f"{COLUMN}kind"] = options.kind.column
    return initial
