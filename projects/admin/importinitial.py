"""Options that were chosen before, as the form shows them again."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from django.utils.translation import gettext as _

from maps.crs import EpsgCode
from maps.datum import Datum
from projects.admin.importfields import COLUMN, DATUM_CHOICES, EPSG, GENERATED_CODE, KIND_BY_COLUMN, MEANT
from projects.exchange.options import ImportOptions
from projects.exchange.stagedoptions import StagedOptions
from projects.models import StagedImport

#: What a header says when it says where coordinates are from.
_DATUM_WORDS: Final = {
    "gcj02": ("高德", "腾讯", "GCJ", "火星"),
    "bd09": ("百度", "BD09", "BD-09"),
    "wgs84": ("WGS", "GPS"),
    "cgcs2000": ("天地图", "CGCS", "2000坐标", "国家2000"),
}


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


def named_datum(headers: Sequence[str]) -> str:
    """A header that names a map says where its coordinates are from; choosing stays the person's."""
    for header in map(str, headers):
        for datum, words in _DATUM_WORDS.items():
            if any(word in header.upper() for word in words):
                said = {"header": header, "datum": str(dict(DATUM_CHOICES)[datum])}
                return _("表头“%(header)s”像是:%(datum)s。请核对后点选。") % said
    return ""


def opened_as(
    options: StagedOptions, staged: StagedImport, before: StagedImport, *, is_found: bool
) -> StagedOptions:
    """How a corrected file is opened: an annotated copy has other sheets, its header in the first row, and
    is no CSV. `is_found`: all the columns that are needed were found without being told where."""
    sheets = {str(sheet["name"]) for sheet in staged.description.get("sheets") or []}
    if options.sheet is not None and options.sheet not in sheets:
        options = replace(options, sheet=None, header_row=None)
    if is_found and options.sheet in (None, staged.description.get("sheet")):
        options = replace(options, header_row=None)
    if staged.description.get("format") != before.description.get("format"):
        options = replace(options, encoding=None)
    return options
