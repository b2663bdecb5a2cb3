"""What the public may read of the lights of a division or a programme: one call each, fails closed."""

from dataclasses import dataclass
from typing import Any

from projects.readmodels.clocks import Clocks
from projects.readmodels.kept import while_it_stands
from projects.readmodels.monthtables import MonthTable, public_month_tables
from projects.readmodels.siteindex import Snapshot
from projects.readmodels.subjectjson import light_json, months_json
from projects.readmodels.subjectlights import SubjectLight, public_lights
from projects.readmodels.vocabulary import Area, ProgrammeWords
from projects.rules.vocabulary import Light, Subject

#: So many areas and days are kept.
_KEPT = 120


@dataclass(frozen=True, slots=True)
class PublicLights:
    """`own`: the division's own light (None: it is not judged as a whole); `rows`: everything else judged."""

    own: SubjectLight | None
    rows: tuple[SubjectLight, ...]
    months: tuple[MonthTable, ...]


def of_area(
    programme: ProgrammeWords, area: Area, clocks: Clocks, held: Snapshot | None = None
) -> PublicLights | None:
    """A division's lights; None where they are not published. Nobody's worst light stands for the whole: a
    division has one only where the policy judges divisions. With a snapshot they are kept until the next
    change."""
    if held is not None:
        return while_it_stands(
            held.tables,
            "lights of an area",
            (programme.pk, area.pk, clocks),
            lambda: of_area(programme, area, clocks),
            _KEPT,
        )
    found = public_lights(programme, clocks, division_id=area.pk)
    tables = public_month_tables(programme, clocks, division_id=area.pk)
    if found is None or tables is None:
        return None
    own = next((row for row in found if row.subject.kind is Subject.DIVISION), None)
    rows = tuple(row for row in found if row.subject.kind is not Subject.DIVISION)
    return PublicLights(own if own is not None and own.light is not Light.NONE else None, rows, tuple(tables))


def of_programme(programme: ProgrammeWords, clocks: Clocks) -> PublicLights | None:
    """The city's own indicators, projects, money, and its divisions; None where not published."""
    found = public_lights(programme, clocks)
    if found is None:
        return None
    city = programme.division_id
    rows = tuple(
        row for row in found if row.subject.kind is not Subject.INDICATOR or row.subject.place_id == city
    )
    return PublicLights(None, rows, ())


def public_lights_json(found: PublicLights | None) -> dict[str, Any]:
    """Keys to add to a public answer: null where lights are not published, empty where none is judged."""
    if found is None:
        return {"light": None, "lights": None, "months": None}
    return {
        "light": found.own.light.value if found.own is not None else None,
        "lights": [light_json(row) for row in found.rows],
        "months": [_public_months(table) for table in found.months],
    }


def _public_months(table: MonthTable) -> dict[str, Any]:
    """Without the keys of what is to follow: those are for staff."""
    said = months_json(table)
    hidden = {"outputs", "missed_running", "parts", "short", "unreported"}
    for month in said["months"]:
        for key in hidden:
            month.pop(key)
    if said["year"] is not None:
        said["year"] = {"met": said["year"]["met"]}
    return said
