"""Which division a row lies in and which one manages it, and whether the file says otherwise.

With the division from the geometry (the default) a stated division that contradicts it is a warning, and both
divisions follow from the geometry. With the division from a column, what is stated manages the site, and a
contradiction is an error unless it is allowed; `located_in` follows from the geometry all the same.

Borders may be coarse, and real places stand on piers and beaches. A position outside every border is taken to
lie in the nearest division, with a warning that says how far it is, in two cases only: within
`STATED_TOLERANCE_M` when the file itself states that division, and within the tolerance that the command line
gives. Anything else outside is an error.
"""

import datetime as dt
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from maps.crs import to_wgs84_points
from maps.datum import CoordinateError, Datum
from projects.exchange.gazetteer import DivisionRef, Gazetteer
from projects.exchange.options import ImportOptions
from projects.exchange.placing import Place
from projects.exchange.problems import Problem, Severity, shortened

Degrees = NDArray[np.float64]

STATED_TOLERANCE_M: Final = 2000.0
_WORTH_SAYING_M: Final = 5000.0
_CITIES_SAID: Final = 5


class Locator(Protocol):
    """What projects.readmodels.locator gives: division ids, or a negative number for nowhere."""

    def locate(self, lon: Degrees, lat: Degrees) -> NDArray[np.int64]: ...

    def nearest(self, lon: Degrees, lat: Degrees) -> tuple[NDArray[np.int64], Degrees]: ...


@dataclass(frozen=True, slots=True)
class KnownCity:
    """A city whose borders could be loaded: what to tell somebody whose rows lie there."""

    code: str
    name: str


#: For each position (degrees) the city that it lies in, of all that could be loaded; None where none does.
Elsewhere = Callable[[Degrees, Degrees], Sequence[KnownCity | None]]


@dataclass(frozen=True, slots=True)
class Divided:
    """The divisions of a row, by id."""

    located_in: int
    managed_by: int


@dataclass(frozen=True, slots=True)
class Stated:
    """What the file says of a row's division (None: it has no such column), and the row's name."""

    label: str
    text: str | None


@dataclass(slots=True)
class Remarks:
    """What is said once for the whole file, gathered over its pieces: former names that were met, and cities
    that are not loaded."""

    former: Counter[str] = field(default_factory=Counter)
    cities: Counter[KnownCity] = field(default_factory=Counter)

    def notes(self) -> list[str]:
        """On former names."""
        return [
            _("%(note)s(%(count)d 行)") % {"note": note, "count": count}
            for note, count in self.former.items()
        ]

    def problems(self) -> list[Problem]:
        """One sentence for the file when rows lie in a city that is not loaded: the command that loads it."""
        return [
            Problem(
                _(
                    "有 %(count)d 行在%(name)s(%(code)s),该市的区划还没有载入。"
                    "请先核对坐标;确实要导入那里的点位,请先运行 manage.py load_divisions --city %(code)s。"
                )
                % {"count": count, "name": city.name, "code": city.code}
            )
            for city, count in self.cities.most_common(_CITIES_SAID)
            # A few strays across a border are no reason to load the city next door.
            if count * 100 >= self.cities.most_common(1)[0][1]
        ]


def divide(
    places: Mapping[int, Place],
    stated: Mapping[int, Stated],
    *,
    options: ImportOptions,
    column: str,
    gazetteer: Gazetteer,
    locator: Locator,
    elsewhere: Elsewhere,
    today: dt.date,
    remarks: Remarks,
) -> tuple[dict[int, Divided], list[Problem]]:
    """Divisions by row number, and problems. `column` is the file's word for it. What the whole file is to be
    told goes into `remarks`."""
    numbers = list(places)
    located = locator.locate(*_arrays(places, numbers)).tolist()
    strays = [number for number, division_id in zip(numbers, located, strict=True) if division_id < 0]
    taken, problems = _near_borders(strays, places, stated, options, column, gazetteer, locator)
    divided: dict[int, Divided] = {}
    outside: list[int] = []
    for number, division_id in zip(numbers, located, strict=True):
        here = gazetteer.by_id.get(taken.get(number, division_id))
        if here is None:
            outside.append(number)
            continue
        says = stated[number]
        managed: DivisionRef | None = here
        if says.text is not None:
            managed, problem, note = _compare(number, says, here, options, column, gazetteer, today)
            if note:
                remarks.former[note] += 1
            if problem is not None:
                problems.append(problem)
        if managed is not None:
            divided[number] = Divided(here.id, managed.id)
    problems += _outside_problems(outside, places, stated, options, gazetteer, locator, elsewhere, remarks)
    return divided, problems


def _arrays(places: Mapping[int, Place], numbers: Sequence[int]) -> tuple[Degrees, Degrees]:
    lon = np.array([places[number].lon for number in numbers], dtype=np.float64)
    return lon, np.array([places[number].lat for number in numbers], dtype=np.float64)


def _compare(
    number: int,
    says: Stated,
    here: DivisionRef,
    options: ImportOptions,
    column: str,
    gazetteer: Gazetteer,
    today: dt.date,
) -> tuple[DivisionRef | None, Problem | None, str]:
    """Who manages the row (None: unusable), what is wrong with its statement, a note on a former name."""
    text = says.text or ""
    strict = options.division_from_column
    severity = Severity.ERROR if strict else Severity.WARNING

    def problem(sentence: str, severity: Severity = severity) -> Problem:
        return Problem(sentence, number, says.label, column, shortened(text), str(here), severity)

    if not text:
        return (None, problem(_("没有填写区划。")), "") if strict else (here, None, "")
    found = gazetteer.find(text)
    current = [d for d in found.divisions if d.valid_to is None or d.valid_to > today]
    if not current:
        sentence = _("不认识区划“%(text)s”。") % {"text": shortened(text)}
        if found.divisions:
            sentence = _("区划“%(text)s”已撤销。") % {"text": shortened(text)}
        unknown = Problem(sentence, number, says.label, column, shortened(text), gazetteer.names(), severity)
        return (None if strict else here), unknown, ""
    agreeing = [d for d in current if d.is_zone or d.contains(here) or here.contains(d)]
    if agreeing:
        return (agreeing[0] if strict else here), None, found.note
    sentence = _("“%(label)s”写的是%(stated)s,坐标却在%(here)s。") % {
        "label": says.label,
        "stated": "、".join(str(d) for d in current),
        "here": here,
    }
    if not strict:
        return here, problem(sentence), found.note
    if options.allow_division_conflicts and len(current) == 1:
        return current[0], problem(sentence, Severity.WARNING), found.note
    return None, problem(sentence), found.note


# ------------------------------------------------------------------------- outside every loaded division


def _near_borders(
    numbers: Sequence[int],
    places: Mapping[int, Place],
    stated: Mapping[int, Stated],
    options: ImportOptions,
    column: str,
    gazetteer: Gazetteer,
    locator: Locator,
) -> tuple[dict[int, int], list[Problem]]:
    """Division ids of positions just outside, which are taken to lie inside, and the warnings that say so."""
    taken: dict[int, int] = {}
    problems = []
    ids, metres = locator.nearest(*_arrays(places, numbers))
    for number, division_id, distance in zip(numbers, ids.tolist(), metres.tolist(), strict=True):
        near = gazetteer.by_id.get(division_id)
        if near is None:
            continue
        says = stated[number]
        agrees = bool(says.text) and any(d.contains(near) for d in gazetteer.find(says.text or "").divisions)
        if distance > max(options.border_tolerance_m, STATED_TOLERANCE_M if agrees else 0.0):
            continue
        taken[number] = near.id
        problems.append(
            Problem(
                _("位置在所有边界之外,离%(division)s边界 %(metres)d 米;边界较粗,按%(division)s导入。")
                % {"division": near, "metres": round(distance)},
                number,
                says.label,
                column if agrees else "lon, lat",
                f"{places[number].lon:.6f}, {places[number].lat:.6f}",
                severity=Severity.WARNING,
            )
        )
    return taken, problems


def _outside_problems(
    numbers: Sequence[int],
    places: Mapping[int, Place],
    stated: Mapping[int, Stated],
    options: ImportOptions,
    gazetteer: Gazetteer,
    locator: Locator,
    elsewhere: Elsewhere,
    remarks: Remarks,
) -> list[Problem]:
    if not numbers:
        return []
    lon, lat = _arrays(places, numbers)
    suspicions = _suspicions(numbers, places, lon, lat, options, gazetteer, locator)
    cities = elsewhere(lon, lat)
    ids, metres = locator.nearest(lon, lat)
    problems: list[Problem] = []
    for index, number in enumerate(numbers):
        place = places[number]
        found = f"{place.lon:.6f}, {place.lat:.6f}"
        sentence = _("位置(%(found)s)不在任何已载入的区划内。") % {"found": found}
        city = cities[index]
        if suspicions[index]:
            sentence += suspicions[index]
        elif city is not None:
            sentence += _("它在 %(name)s(%(code)s),该市尚未载入。") % {"name": city.name, "code": city.code}
        else:
            sentence += _("它在海上、国外,或在粗略的边界之外。")
        near = gazetteer.by_id.get(int(ids[index]))
        if near is not None and metres[index] <= _WORTH_SAYING_M:
            sentence += _(
                "它离%(division)s边界 %(metres)d 米:如确在该区,可用 --border-tolerance %(metres)d 放宽。"
            ) % {"division": near, "metres": math.ceil(metres[index])}
        raw = f"{place.raw.x!r}, {place.raw.y!r}"
        problems.append(Problem(sentence, number, stated[number].label, "lon, lat", raw))
    remarks.cities.update(
        city for city, said in zip(cities, suspicions, strict=True) if city is not None and not said
    )
    return problems


def _suspicions(
    numbers: Sequence[int],
    places: Mapping[int, Place],
    lon: Degrees,
    lat: Degrees,
    options: ImportOptions,
    gazetteer: Gazetteer,
    locator: Locator,
) -> list[str]:
    """What would put each outside position inside a loaded division: swapped axes, or another datum."""
    said = [""] * len(numbers)
    if not isinstance(options.datum, Datum):
        return said
    # Of a second position the datum is another, and what is suspected here says nothing about it.
    first = np.array([not places[number].raw.is_fallback for number in numbers], dtype=np.bool_)
    raw_x = np.array([places[number].raw.x for number in numbers], dtype=np.float64)
    raw_y = np.array([places[number].raw.y for number in numbers], dtype=np.float64)
    # A pair whose latitude exceeds 90 never came this far, but its swapped form may.
    tries: list[tuple[str, Degrees, Degrees, Datum]] = [
        (_("经度与纬度像是颠倒了:换过来就在%(division)s。"), raw_y, raw_x, options.datum)
    ]
    tries += [
        (
            _("坐标系可能是 %(datum)s:那样就在%(division)s。").replace("%(datum)s", datum.value),
            raw_x,
            raw_y,
            datum,
        )
        for datum in (Datum.WGS84, Datum.GCJ02, Datum.BD09)
        if datum is not options.datum and {datum, options.datum} != {Datum.WGS84, Datum.CGCS2000}
    ]
    for template, x, y, datum in tries:
        usable = np.flatnonzero((np.abs(y) <= 90.0) & first)
        try:
            tried = to_wgs84_points(x[usable], y[usable], datum)
        except CoordinateError:
            continue
        for index, division_id in zip(usable.tolist(), locator.locate(*tried).tolist(), strict=True):
            division = gazetteer.by_id.get(division_id)
            if division is not None and not said[index]:
                said[index] = template % {"division": division}
    return said
