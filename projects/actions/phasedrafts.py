"""What an import or a form says of phases before anything is written."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from projects.rules.phases import Gap, Standing

#: The columns that a report and a phase's copy of it share.
STANDING_FIELDS = (
    "planned_start",
    "planned_due",
    "started_on",
    "met_on",
    "budget",
    "estimate",
    "spent",
    "status",
)
MONEY = frozenset({"budget", "estimate", "spent"})


@dataclass(frozen=True, slots=True)
class CategoryDraft:
    """A category that is not there yet."""

    slug: str
    name_zh: str


@dataclass(frozen=True, slots=True)
class ProjectDraft:
    """A project that is not there yet; `category` is a slug of the programme or of a CategoryDraft."""

    code: str
    name_zh: str
    category: str


@dataclass(frozen=True, slots=True)
class ProjectUpdate:
    """Another name or category of a project."""

    project_id: int
    name_zh: str
    category: str


@dataclass(frozen=True, slots=True)
class PhaseDraft:
    """A phase that is not there yet, with its first report.

    It belongs to the project with the code `project`, or to the indicator.
    """

    code: str
    name_zh: str
    standing: Standing
    project: str = ""
    indicator_id: int | None = None
    name_en: str = ""
    order: int = 0
    currency: str = "CNY"
    baseline_start: dt.date | None = None
    baseline_due: dt.date | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PhaseUpdate:
    """What a file says differently of a phase. `seen_seq`: its change number when it was compared.

    `fields`: plain columns; `baseline`: dates that were not known so far; `standing`: a new report.
    """

    phase_id: int
    seen_seq: int
    fields: Mapping[str, object] = field(default_factory=dict)
    baseline: Mapping[str, dt.date] = field(default_factory=dict)
    standing: Standing | None = None


def gaps_as_json(gaps: Mapping[str, Gap]) -> dict[str, list[str]]:
    """As models.phases.PhaseStanding keeps them. An empty cell needs no entry."""
    return {name: [gap.meaning.value, gap.word] for name, gap in sorted(gaps.items()) if gap.word}


def standing_values(standing: Standing) -> dict[str, object]:
    """The columns of a standing, as they are stored."""
    values: dict[str, object] = {name: getattr(standing, name) for name in STANDING_FIELDS}
    for name in MONEY:
        amount = values[name]
        if isinstance(amount, Decimal):
            values[name] = amount.quantize(Decimal("0.0001"))
    return values | {"gaps": gaps_as_json(standing.gaps)}


def baseline_values(
    known: Mapping[str, dt.date | None], start: dt.date | None, due: dt.date | None, seq: int
) -> dict[str, object]:
    """Baseline dates that are set now, with the number under which; a known one stays."""
    values: dict[str, object] = {}
    for name, day in (("baseline_start", start), ("baseline_due", due)):
        if day is not None and known.get(name) is None:
            values |= {name: day, f"{name}_seq": seq}
    return values
