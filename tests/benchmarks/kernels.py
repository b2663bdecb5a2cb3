"""The index beside SQL in one process: what the database and numpy cost before any framework."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from maps.tiles import BBox
from projects.readmodels.facets import facets
from projects.readmodels.siteindex import snapshot
from projects.readmodels.sitequeries import SiteFilter
from projects.rules.vocabulary import Light
from tests.benchmarks import checks, sitesql
from tests.benchmarks.results import Against, Kernel
from tests.benchmarks.samples import Contender, interleave, timed_calls
from tests.benchmarks.sitesql import Where
from tests.benchmarks.subjects import Subjects

_LIVE = Where("s.deleted_seq IS NULL", ())
_BOXES = 120


@dataclass(frozen=True, slots=True)
class _Asked:
    """One question to both sides: calls in turn, and the answers of some that must be equal."""

    name: str
    index: Sequence[Callable[[], object]]
    sql: dict[str, Sequence[Callable[[], object]]]
    differences: list[str]


def measure(subjects: Subjects, *, repetitions: int, seconds: float) -> tuple[list[Kernel], list[str]]:
    """Times, and what differed."""
    index = snapshot().index
    found, said = [], []
    for asked in (_boxes(subjects), _kinds(), _late_kinds()):
        said += asked.differences
        ours = Contender(timed_calls(asked.index))
        others = {name: Contender(timed_calls(calls)) for name, calls in asked.sql.items()}
        interleave([ours], list(others.values()), repetitions=repetitions, seconds=seconds)
        against = tuple(Against(name, other.timing) for name, other in others.items())
        found.append(Kernel(asked.name, ours.timing, against))
    for name, calls in (
        (
            "tile, low zoom, clusters with their mix",
            [partial(index.tile, tile, mix="kind") for tile in subjects.low],
        ),
        ("nearest 10", [partial(index.nearest, site.lon, site.lat, 10) for site in subjects.sites[:_BOXES]]),
    ):
        ours = Contender(timed_calls(calls))
        interleave([ours], [], repetitions=repetitions, seconds=seconds)
        found.append(Kernel(name, ours.timing, ()))
    return found, said


def _boxes(subjects: Subjects) -> _Asked:
    index = snapshot().index
    boxes = subjects.boxes(0.05, _BOXES)
    said = []
    for box in boxes[:5]:
        wanted = checks.in_box(box, _LIVE)
        count = index.count_bbox(box)
        if wanted.differs(count):
            said.append(f"index: {count} sites in {box.as_tuple()}, SQL counts {wanted}")
    return _Asked(
        "count in a box of 0.1 degrees",
        [partial(index.count_bbox, box) for box in boxes],
        {
            "SQL, spatial index": [_counting(sitesql.in_box, box) for box in boxes],
            "SQL, scan": [_counting(sitesql.in_box_by_scan, box) for box in boxes],
        },
        said,
    )


def _counting(inside: Callable[[float, float, float, float], Where], box: BBox) -> Callable[[], object]:
    condition = _LIVE & inside(*box.as_tuple())
    return lambda: sitesql.count(condition)


def _kinds() -> _Asked:
    index = snapshot().index
    statement = f"SELECT k.number, COUNT(*) FROM {sitesql.TABLES} WHERE {_LIVE.sql} GROUP BY k.number"
    counts = index.facets(columns=["kind"]).counts["kind"]
    mine = {number: int(count) for number, count in enumerate(counts) if count}
    theirs = dict(sitesql.rows(statement))
    return _Asked(
        "count by kind, all sites",
        [lambda: index.facets(columns=["kind"])],
        {"SQL, GROUP BY": [lambda: sitesql.rows(statement)]},
        [] if mine == theirs else [f"index: by kind {mine}, GROUP BY says {theirs}"],
    )


def _late_kinds() -> _Asked:
    """Late sites by kind, through the filters of the application."""
    late = SiteFilter(lights=frozenset({Light.RED, Light.YELLOW}))
    condition = sitesql.where({"light": "red,yellow"})
    statement = f"SELECT k.slug, COUNT(*) FROM {sitesql.TABLES} WHERE {condition.sql} GROUP BY k.slug"
    mine = dict(facets(late).by["kind"])
    theirs = dict(sitesql.rows(statement, condition.parameters))
    return _Asked(
        "late sites by every word (SQL: by kind)",
        [lambda: facets(late)],
        {"SQL, GROUP BY": [lambda: sitesql.rows(statement, condition.parameters)]},
        [] if mine == theirs else [f"index: late by kind {mine}, GROUP BY says {theirs}"],
    )
