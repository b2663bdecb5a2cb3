"""Where a programme's public sites stood on a day, by what had taken effect by then.

Sites that agree in everything that a figure can ask (who manages them, stage, contributions, what the plan
expects) are one group: the database adds them up, and a page costs a walk over some thousand groups however
many sites there are. Late sites are few and are read one by one.
"""

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection

from projects.readmodels.siteindex import Snapshot
from projects.readmodels.vocabulary import ProgrammeWords
from projects.rules.vocabulary import FINISHED, STARTED, Light, Publication, Stage

#: Days besides the cut-off whose groups one snapshot keeps: whoever walks through a year pays for it.
_KEPT_DAYS = 12
_LATE = (Light.RED, Light.YELLOW)
_CHUNK = 5_000


@dataclass(frozen=True, slots=True)
class Group:
    """`sites` sites with the same facts on the day.

    `manager`: the division whose target they count towards. `started`: work has begun at some time,
    whatever happened later. `start_due`, `finish_due`: the baseline expects the start / the finish by the
    day; both are False where `has_plan` is False. `quantities`: by indicator, of each single site.
    """

    sites: int
    manager: int
    stage: Stage
    started: bool
    has_plan: bool
    start_due: bool
    finish_due: bool
    is_demo: bool
    quantities: Mapping[int, Decimal]

    @property
    def counts(self) -> bool:
        """A cancelled site is promised no more."""
        return self.stage is not Stage.CANCELLED

    def is_done(self, *, by_start: bool) -> bool:
        """Finished or verified; for 开工建设 (`by_start`) begun."""
        return self.started if by_start else self.stage in FINISHED

    def is_due(self, *, by_start: bool) -> bool:
        """Expected by the baseline: its finish, for 开工建设 its start."""
        return self.start_due if by_start else self.finish_due


@dataclass(frozen=True, slots=True)
class LateStanding:
    """A site that was yellow or red on the day."""

    site_id: int
    manager: int
    stage: Stage
    light: Light
    indicators: frozenset[int]
    baseline_finish: dt.date | None


def groups(programme: ProgrammeWords, day: dt.date, held: Snapshot) -> tuple[Group, ...]:
    """Every published site that counted for the programme at the end of the day."""
    key = ("groups", programme.pk, day)
    kept = held.tables.get(key)
    if kept is None:
        kept = tuple(_read_groups(programme, day, held))
        _keep(held, key, kept, programme, day)
    found: tuple[Group, ...] = kept
    return found


def late_standings(
    programme: ProgrammeWords, day: dt.date, held: Snapshot
) -> tuple[LateStanding, ...] | None:
    """Yellow and red sites on the day; None where that is not public.

    Lights are internal until the programme says otherwise, and published up to its cut-off: what nobody was
    asked to report yet is not late.
    """
    if not (programme.is_public and programme.publishes_lights) or day > programme.cutoff:
        return None
    key = ("late", programme.pk, day)
    kept = held.tables.get(key)
    if kept is None:
        kept = tuple(_read_late(programme, day, held))
        _keep(held, key, kept, programme, day)
    found: tuple[LateStanding, ...] = kept
    return found


def _keep(
    held: Snapshot, key: tuple[str, int, dt.date], rows: object, programme: ProgrammeWords, day: dt.date
) -> None:
    others = sum(1 for other in list(held.tables) if isinstance(other, tuple) and other[0] == key[0])
    if day == programme.cutoff or others < _KEPT_DAYS:
        held.tables[key] = rows


#: Replaced by a correction, so it never was.
_CORRECTED = "EXISTS (SELECT 1 FROM projects_sitestate c WHERE c.corrects_id = {row}.id LIMIT 1 OFFSET 0)"

#: `s` is the state that a public site was in at the end of the day, `p` the site.
_ON_THE_DAY = f"""
    s.effective_on <= %s AND NOT {_CORRECTED.format(row="s")}
    AND NOT EXISTS (
        SELECT 1 FROM projects_sitestate n
        WHERE n.site_id = s.site_id AND n.effective_on <= %s AND NOT {_CORRECTED.format(row="n")}
        AND (n.effective_on > s.effective_on OR (n.effective_on = s.effective_on AND n.id > s.id))
        LIMIT 1 OFFSET 0
    )
    AND p.id = s.site_id AND p.deleted_seq IS NULL AND p.publication = '{Publication.PUBLISHED.value}'
"""

# In SQL by hand, because the order of the tables is the point: SQLite goes through a CROSS JOIN from left to
# right, so only states that counted towards something are read (index sitestate_counting), and of sites only
# theirs. Left to itself it reads every site first. The signs before the columns keep it from reading all
# states in the order of the grouping. OFFSET 0 keeps PostgreSQL from hashing all states for a question about
# a few.
_GROUPS = f"""
    SELECT +s.managed_by_id, s.stage,
        EXISTS (
            SELECT 1 FROM projects_sitestate b
            WHERE b.site_id = s.site_id AND b.effective_on <= %s AND NOT {_CORRECTED.format(row="b")}
            AND b.stage IN ({", ".join(f"'{stage.value}'" for stage in sorted(STARTED))})
        ),
        p.baseline_start IS NOT NULL AND p.baseline_finish IS NOT NULL,
        p.baseline_start IS NOT NULL AND p.baseline_finish IS NOT NULL AND p.baseline_start <= %s,
        p.baseline_start IS NOT NULL AND p.baseline_finish IS NOT NULL AND p.baseline_finish <= %s,
        p.is_demo, CAST(s.contributions AS text), COUNT(*)
    FROM projects_sitestate s CROSS JOIN projects_site p
    WHERE NOT (CAST(s.contributions AS text) = '{{}}') AND {_ON_THE_DAY}
    GROUP BY +s.managed_by_id, 2, 3, 4, 5, 6, 7, 8
"""

#: Late spans first (index lightspan_late), then the states of their sites.
_LATE_SITES = f"""
    SELECT s.site_id, s.managed_by_id, s.stage, l.light, CAST(s.contributions AS text), p.baseline_finish
    FROM projects_lightspan l CROSS JOIN projects_sitestate s CROSS JOIN projects_site p
    WHERE l.light IN ({", ".join(f"'{light.value}'" for light in _LATE)})
    AND l.superseded_at IS NULL AND l.site_id IS NOT NULL AND l.valid_from <= %s AND l.valid_to > %s
    AND s.site_id = l.site_id AND {_ON_THE_DAY}
"""


def _read_groups(programme: ProgrammeWords, day: dt.date, held: Snapshot) -> Iterator[Group]:
    indicators = _indicators(programme, held)
    for manager, stage, started, has_plan, start_due, finish_due, demo, gives, sites in _rows(
        _GROUPS, [day.isoformat()] * 5
    ):
        quantities = {
            int(pk): Decimal(quantity) for pk, quantity in json.loads(gives).items() if int(pk) in indicators
        }
        if quantities:
            yield Group(
                sites,
                manager,
                Stage(stage),
                bool(started),
                bool(has_plan),
                bool(start_due),
                bool(finish_due),
                bool(demo),
                quantities,
            )


def _read_late(programme: ProgrammeWords, day: dt.date, held: Snapshot) -> Iterator[LateStanding]:
    indicators = _indicators(programme, held)
    for site_id, manager, stage, light, gives, finish in _rows(_LATE_SITES, [day.isoformat()] * 4):
        given = frozenset(map(int, json.loads(gives)))
        # A site is judged by the programme that governs it: another has no say over that light.
        governing = held.vocabulary.governing(given)
        judged = governing is not None and governing.pk == programme.pk
        if judged and Stage(stage) is not Stage.CANCELLED:
            planned = dt.date.fromisoformat(finish) if isinstance(finish, str) else finish
            yield LateStanding(site_id, manager, Stage(stage), Light(light), given & indicators, planned)


def _rows(query: str, parameters: list[str]) -> Iterator[tuple[Any, ...]]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(query, parameters)
        while rows := cursor.fetchmany(_CHUNK):
            yield from rows


def _indicators(programme: ProgrammeWords, held: Snapshot) -> frozenset[int]:
    return frozenset(pk for pk, row in held.vocabulary.indicators.items() if row.programme_id == programme.pk)
