"""Phases as a CSV file that import_phases reads back unchanged."""

import csv
import datetime as dt
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.utils.translation import gettext as _

from projects.exchange.exporting import complete_or_nothing
from projects.exchange.phasecolumns import ATTRIBUTES, COLUMNS
from projects.exchange.problems import OptionError
from projects.exchange.values import quoted, text_cell
from projects.models import Phase, Programme

_OWN: Final = ("code", "project_code", "category", "indicator", "reported_on")
_PLAIN: Final = tuple(column.field for column in COLUMNS if column.field not in ("name", "project"))


@dataclass(frozen=True, slots=True)
class PhaseExport:
    """How many rows, and the options with which import_phases reads them back."""

    phases: int
    read_back: str


def check_phase_path(path: Path) -> None:
    """Raises OptionError for another format and for a folder that is not there."""
    if path.suffix.lower() != ".csv":
        raise OptionError(_("阶段只能导出为 .csv,实际是 %(name)s。") % {"name": path.name})
    if not path.parent.is_dir():
        raise OptionError(_("文件夹 %(folder)s 不存在。") % {"folder": path.parent})


def export_phases(path: Path, programme: Programme, *, indicator: str = "") -> PhaseExport:
    """Phases of the programme's projects, or of one indicator, in the order in which they came.

    A word that stood in the place of a value is written as it was; `read_back` declares it. Raises OSError.
    """
    phases = Phase.objects.live().filter(programme=programme).order_by("pk")
    phases = phases.filter(indicator__code=indicator) if indicator else phases.filter(project__isnull=False)
    keys = sorted({key for own in phases.values_list("attributes", flat=True) for key in own})
    blanks: dict[str, set[str]] = {}
    newest: dt.date | None = None
    count = 0
    rows = phases.select_related("project__category", "indicator").iterator(chunk_size=2_000)
    with complete_or_nothing(path) as file:
        writer = csv.writer(file)
        writer.writerow([*_OWN, "name", "project", *_PLAIN, *(f"{ATTRIBUTES}{key}" for key in keys)])
        for row in rows:
            count += 1
            for meaning, word in row.gaps.values():
                blanks.setdefault(meaning, set()).add(word)
            if row.reported_on is not None:
                newest = max(row.reported_on, newest or row.reported_on)
            writer.writerow(_cells(row, keys))
    return PhaseExport(count, _read_back(programme.key, indicator, blanks, newest))


def _cells(row: Phase, keys: list[str]) -> list[str]:
    project = row.project
    own = [
        quoted(row.code),
        quoted(project.code) if project else "",
        project.category.slug if project else "",
        row.indicator.code if row.indicator else "",
        row.reported_on.isoformat() if row.reported_on else "",
        quoted(row.name_zh),
        quoted(project.name_zh) if project else "",
    ]
    plain = [_cell(row, name) for name in _PLAIN]
    return [*own, *plain, *(quoted(str(row.attributes.get(key, ""))) for key in keys)]


def _cell(row: Phase, name: str) -> str:
    value = getattr(row, name)
    if value is None:
        gaps: Mapping[str, list[str]] = row.gaps
        return quoted(gaps[name][1]) if name in gaps else ""
    return text_cell(value)


def _read_back(key: str, indicator: str, blanks: Mapping[str, set[str]], newest: dt.date | None) -> str:
    options = ["--programme", key, "--code", "code"]
    if indicator:
        options += ["--indicator", indicator]
    else:
        options += ["--project-from", "project_code", "--category", "category"]
    for meaning, words in sorted(blanks.items()):
        options += ["--blank", f"{','.join(sorted(words))}={meaning}"]
    if newest is not None:
        options += ["--as-of", newest.isoformat()]
    # What was taken once with a warning is taken again.
    options += ["--allow", "order,future"]
    return " ".join(shlex.quote(option) for option in options)
