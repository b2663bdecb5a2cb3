"""The late and the at-risk sites of a programme on a day, as columns: filtered, sorted, counted in memory.

Few sites are late, so the columns are small whatever the number of sites. They are read once a process, by
the partial indexes of late spans and of due dates; after that only sites that have changed are read again.

`_states` is the one place that knows where a site stood on a day.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final, NamedTuple

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from projects.models import (
    Indicator,
    LightSpan,
    PlanChange,
    Site,
    SiteReport,
    SiteState,
)
from projects.models.sites import make_plan
from projects.readmodels.clocks import Clocks
from projects.readmodels.explanations import LATE, known_spans
from projects.readmodels.kept import Kept
from projects.readmodels.policies import policy_then
from projects.readmodels.sitecolumns import (
    LIGHT_NUMBERS,
    PUBLICATION_NUMBERS,
    STAGE_NUMBERS,
    Numbering,
)
from projects.readmodels.sitefacts import standing_rows
from projects.readmodels.siteindex import Snapshot
from projects.readmodels.vocabulary import ProgrammeWords, Vocabulary
from projects.rules.lights import Reason
from projects.rules.policy import Against, Policy
from projects.rules.schedule import ZERO, Plan, planned_percent
from projects.rules.vocabulary import FINISHED, STARTED, CompletionType, Light, Stage

REASONS: Final = tuple(Reason)
REASON_NUMBERS: Final = {word.value: number for number, word in enumerate(REASONS)}
#: How far ahead "at risk" may look, in days.
MOST_DAYS: Final = 366
#: More changed sites than this are not looked at one by one.
_MANY_CHANGES: Final = 5_000
_CHUNK: Final = 2_000
_KEPT_BOARDS: Final = 6

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False, slots=True)
class Board:
    """One row a site, by ascending id. Days are ordinals, 0 for none.

    `light`, `reason`, `stage`, `publication`: positions in LIGHTS, REASONS, STAGES, PUBLICATIONS; `light` is
    that of the day, and a row whose light is not late is at risk. `finish`: of the baseline. `gap`: planned
    minus reported in hundredths of a percentage point (not reported counts as nothing done). `manager`,
    `division`, `kind`: primary keys. `combo`: position in `combos`, sets of indicators.
    """

    ids: Ints
    light: Ints
    reason: Ints
    finish: Ints
    gap: Ints
    reported: Ints
    stage: Ints
    manager: Ints
    division: Ints
    kind: Ints
    publication: Ints
    combo: Ints
    combos: tuple[tuple[int, ...], ...]
    seq: int
    vocabulary: Vocabulary

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def is_late(self) -> NDArray[np.bool_]:
        return np.isin(self.light, [LIGHT_NUMBERS[light.value] for light in LATE])


_boards: Kept[Board] = Kept(_KEPT_BOARDS)


def board(programme: ProgrammeWords, clocks: Clocks, due: int, held: Snapshot) -> Board:
    """As of the snapshot. `due`: days ahead within which a site is at risk; 0 for late ones only."""
    key = (held.epoch, programme.pk, clocks.as_of, clocks.known_seq, due)
    asked = _Asked.of(programme, clocks, due, held)
    kept = _boards.get(key, lambda: _read(asked, held))
    # Another thread may have seen a newer snapshot already.
    if kept.seq >= held.seq:
        return kept
    return _boards.put(key, _advance(kept, asked, held))


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a board is about."""

    programme: ProgrammeWords
    clocks: Clocks
    due: int
    words: Vocabulary

    @classmethod
    def of(cls, programme: ProgrammeWords, clocks: Clocks, due: int, held: Snapshot) -> "_Asked":
        return cls(programme, clocks, due, held.vocabulary)

    @property
    def day(self) -> dt.date:
        return self.clocks.as_of

    @property
    def horizon(self) -> dt.date:
        return self.day + dt.timedelta(days=self.due)


class _Row(NamedTuple):
    """A row of the board, in the order of its columns."""

    ids: int
    light: int
    reason: int
    finish: int
    gap: int
    reported: int
    stage: int
    manager: int
    division: int
    kind: int
    publication: int
    combo: int


_COLUMNS: Final = _Row._fields


def _read(asked: _Asked, held: Snapshot) -> Board:
    return _made(_rows(asked, _candidates(asked, None), combos := Numbering[tuple[int, ...]]()), combos, held)


def _advance(kept: Board, asked: _Asked, held: Snapshot) -> Board:
    """Read again what changed. Another vocabulary may mean another policy, and that every light changed."""
    changed = list(
        Site.objects.filter(changed_seq__gt=kept.seq)
        .order_by()
        .values_list("pk", flat=True)[: _MANY_CHANGES + 1]
    )
    if kept.vocabulary is not held.vocabulary or len(changed) > _MANY_CHANGES:
        return _read(asked, held)
    combos = Numbering(kept.combos)
    fresh = _made(_rows(asked, _candidates(asked, changed), combos), combos, held)
    stay = ~np.isin(kept.ids, np.array(changed, dtype=np.int64))
    order = np.argsort(np.concatenate([kept.ids[stay], fresh.ids]))
    columns = {
        name: np.concatenate([getattr(kept, name)[stay], getattr(fresh, name)])[order] for name in _COLUMNS
    }
    return Board(**columns, combos=tuple(combos.keys), seq=held.seq, vocabulary=held.vocabulary)


def _made(rows: Iterable[_Row], combos: Numbering[tuple[int, ...]], held: Snapshot) -> Board:
    table = np.array(sorted(rows), dtype=np.int64).reshape(-1, len(_COLUMNS))
    columns = {name: table[:, n] for n, name in enumerate(_COLUMNS)}
    return Board(**columns, combos=tuple(combos.keys), seq=held.seq, vocabulary=held.vocabulary)


# ------------------------------------------------------------------------------------------ candidates

_LATE_WORDS: Final = ", ".join(f"'{word}'" for word in (Light.RED.value, Light.YELLOW.value))
# The conditions of the partial indexes, word for word: bound values would hide them from the planner.
_LATE_SPANS = f"""
    SELECT l.site_id FROM projects_lightspan l
    WHERE l.light IN ({_LATE_WORDS}) AND l.site_id IS NOT NULL AND l.valid_from <= %s AND l.valid_to > %s
"""
_NOW = "AND l.superseded_at IS NULL"
_THEN = "AND l.superseded_at IS NOT NULL AND l.superseded_seq > %s"
_BY_THEN = "AND l.changed_seq <= %s"
_DUE = """
    SELECT id FROM projects_site
    WHERE deleted_seq IS NULL AND baseline_finish IS NOT NULL
    AND baseline_finish > %s AND baseline_finish <= %s
"""


def _candidates(asked: _Asked, only: Sequence[int] | None) -> list[int]:
    """Ids of sites that are late on the day, turn late or are due within the days ahead; `only` of these."""
    days = [asked.horizon.isoformat(), asked.day.isoformat()]
    seq = asked.clocks.known_seq
    found: set[int] = set()
    if seq is None:
        found.update(_ids(f"{_LATE_SPANS} {_NOW}", days))
    else:
        found.update(_ids(f"{_LATE_SPANS} {_NOW} {_BY_THEN}", [*days, seq]))
        found.update(_ids(f"{_LATE_SPANS} {_THEN} {_BY_THEN}", [*days, seq, seq]))
    found.update(_ids(_DUE, days[::-1]))
    return sorted(found if only is None else found.intersection(only))


def _ids(query: str, parameters: Sequence[Any]) -> Iterator[int]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(query, parameters)
        while rows := cursor.fetchmany(_CHUNK):
            yield from (row[0] for row in rows)


# ------------------------------------------------------------------------------------------------ rows


class _Stood(NamedTuple):
    """Where a site stood on the day: stage, who manages it, what it counted for."""

    stage: Stage
    manager: int
    indicators: tuple[int, ...]


def _rows(asked: _Asked, ids: Sequence[int], combos: Numbering[tuple[int, ...]]) -> Iterator[_Row]:
    policy = policy_then(asked.programme.pk, asked.clocks.known_seq)
    by_start = frozenset(
        Indicator.objects.filter(
            category__programme_id=asked.programme.pk,
            completion_type=CompletionType.CONSTRUCTION_STARTED.value,
        ).values_list("pk", flat=True)
    )
    for first in range(0, len(ids), _CHUNK):
        yield from _chunk(asked, ids[first : first + _CHUNK], policy, by_start, combos)


def _chunk(
    asked: _Asked,
    ids: Sequence[int],
    policy: Policy,
    by_start: frozenset[int],
    combos: Numbering[tuple[int, ...]],
) -> Iterator[_Row]:
    stood = _states(asked.clocks, ids)
    lights = _lights(asked.clocks, ids)
    reports = _reports(asked.clocks, ids)
    approved = _approved(asked.clocks, ids) if policy.against is Against.APPROVED else {}
    sites = (
        Site.objects.live()
        .filter(pk__in=stood.keys())
        .order_by()
        .values_list(
            "pk",
            "kind_id",
            "located_in_id",
            "publication",
            "baseline_start",
            "baseline_finish",
            "baseline_milestones",
        )
    )
    for pk, kind, division, publication, *dates in sites:
        here = stood[pk]
        governing = asked.words.governing(here.indicators)
        if governing is None or governing.pk != asked.programme.pk or here.stage is Stage.CANCELLED:
            continue
        light, reason = lights.get(pk, (Light.NONE.value, Reason.NO_PLAN.value))
        if Light(light) not in LATE and _is_done(here, by_start):
            continue
        plan = approved.get(pk) or make_plan(*dates)
        day, percent = reports.get(pk, (None, ZERO))
        yield _Row(
            pk,
            LIGHT_NUMBERS[light],
            REASON_NUMBERS[reason],
            dates[1].toordinal() if dates[1] else 0,
            _hundredths((planned_percent(plan, asked.day) if plan else ZERO) - percent),
            day.toordinal() if day else 0,
            STAGE_NUMBERS[here.stage.value],
            here.manager,
            division,
            kind,
            PUBLICATION_NUMBERS[publication],
            combos.number(here.indicators),
        )


def _is_done(here: _Stood, by_start: frozenset[int]) -> bool:
    """Finished; what counts for 开工建设 alone is done once it has begun."""
    return here.stage in FINISHED or (here.stage in STARTED and by_start.issuperset(here.indicators))


def _states(clocks: Clocks, ids: Sequence[int]) -> dict[int, _Stood]:
    """Where each site stood at the end of the day. One without any record by then was not promised yet."""
    rows = standing_rows(
        SiteState, ids, clocks.known_seq, "effective_on", "stage", "managed_by_id", "contributions"
    )
    return {
        pk: _Stood(Stage(stage), manager, tuple(sorted(map(int, gives))))
        for pk, day, stage, manager, gives in rows
        if day <= clocks.as_of
    }


def _lights(clocks: Clocks, ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    day = clocks.as_of
    if clocks.known_seq is None:
        # One row a site, without its dates: reading dates is half of the time of a board.
        rows = LightSpan.objects.filter(
            site_id__in=ids, superseded_at__isnull=True, valid_from__lte=day, valid_to__gt=day
        )
        return {
            pk: (light, reason)
            for pk, light, reason in rows.order_by("site_id").values_list("site_id", "light", "reason")
            if pk is not None
        }
    return {
        pk: (span.light, span.reason)
        for pk, spans in known_spans(ids, clocks.known_seq).items()
        for span in spans
        if span.valid_from <= day < span.valid_to
    }


def _reports(clocks: Clocks, ids: Sequence[int]) -> dict[int, tuple[dt.date, Decimal]]:
    rows = standing_rows(SiteReport, ids, clocks.known_seq, "as_of", "percent")
    return {pk: (day, percent) for pk, day, percent in rows if day <= clocks.as_of}


def _approved(clocks: Clocks, ids: Sequence[int]) -> dict[int, Plan | None]:
    rows = standing_rows(
        PlanChange,
        ids,
        clocks.known_seq,
        "effective_on",
        "planned_start",
        "planned_finish",
        "milestones",
        "approval_number",
    )
    return {
        pk: make_plan(start, finish, milestones)
        for pk, day, start, finish, milestones, number in rows
        if number and day <= clocks.as_of
    }


def _hundredths(points: Decimal) -> int:
    return int((points * 100).quantize(Decimal(1), ROUND_HALF_UP))
