"""Which sites have doubtful data, and why: asked of every site once, and of what changed from then on.

A board holds for each site of the point index what speaks against it (by projects.rules.dataproblems). It is
built from the database when a process is first asked for it (two seconds for 100,000 sites) and follows
the change sequence from then on: a later look reads what changed since. With other borders it is built anew.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final
from zlib import crc32

import numpy as np
from django.utils import timezone
from numpy.typing import NDArray

from maps.pointindex import Filter, Points
from maps.twins import has_twin
from projects.models import Contribution, Site
from projects.readmodels.locator import NOWHERE, DivisionLocator, current_locator
from projects.readmodels.siteindex import Snapshot
from projects.readmodels.vocabulary import KindWords, Vocabulary
from projects.rules.dataproblems import (
    STALE_AFTER,
    TWIN_METRES,
    Problem,
    SiteFacts,
    name_key,
    problems,
)
from projects.rules.sentences import Sentence
from projects.rules.vocabulary import Publication, Service, Stage

Ids = NDArray[np.int64]
Bits = NDArray[np.uint16]

_BIT: Final = {problem: np.uint16(1 << number) for number, problem in enumerate(Problem)}
#: What a later day brings about by itself is not kept: the day that matters is.
_DAILY: Final = _BIT[Problem.STALE] | _BIT[Problem.FUTURE]
_CHUNK: Final = 5_000
_FAR: Final = dt.date.max
#: A pier may lie so far off its district's border, metres (as where a site is placed).
_OFFSHORE_M: Final = 2_000.0
_COLUMNS: Final = (
    "pk", "kind_id", "name", "stage", "service", "publication", "started_on", "finished_on",
    "service_checked_on", "phone", "attributes", "baseline_start", "baseline_finish", "planned_start",
    "planned_finish", "located_in_id", "managed_by_id",
)  # fmt: skip
Row = tuple[Any, ...]

_lock = Lock()
_kept: tuple[object, "Board"] | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Board:
    """By ascending id: what is doubtful, the last day on which a check is good and the latest date of what
    has happened (ordinals; 0: none), and the key of kind and name. `seq`: the change that it reflects.
    """

    seq: int
    locator: DivisionLocator
    ids: Ids
    bits: Bits
    checked: NDArray[np.int32]
    latest: NDArray[np.int32]
    keys: Ids


def problem_ids(wanted: Collection[Problem], held: Snapshot, as_of: dt.date) -> Ids:
    """Ids of sites with one of the problems (none named: any), ascending. `as_of`: see the rules."""
    board = _board(held)
    bits = _on(board, as_of)
    mask = np.bitwise_or.reduce([_BIT[problem] for problem in wanted or Problem])
    found: Ids = board.ids[(bits & mask) != 0]
    return found


def problem_counts(which: Filter, held: Snapshot, as_of: dt.date) -> dict[Problem, int]:
    """By problem how many of the sites that pass a filter have it."""
    board = _board(held)
    bits = _on(board, as_of)
    rows = np.flatnonzero(bits)
    passing = np.isin(board.ids[rows], held.index.lookup(board.ids[rows], (), which).ids, assume_unique=True)
    mine = bits[rows[passing]]
    return {problem: int(((mine & bit) != 0).sum()) for problem, bit in _BIT.items()}


def explained(
    ids: Iterable[int], held: Snapshot, as_of: dt.date
) -> dict[int, list[tuple[Problem, Sentence]]]:
    """By site every doubt with its sentence, from the rows as they are now."""
    wanted = sorted(set(ids))
    board = _board(held)
    rows = _rows(wanted)
    outside, apart = _places(rows, held.index.lookup(wanted), held.vocabulary, board.locator)
    counting, twins = _counting(wanted), _twins_of(board, wanted)
    kinds, today = held.vocabulary.kind_by_pk, timezone.localdate()
    found = {}
    for row in rows:
        pk = row[0]
        facts = _facts(row, kinds, pk in counting, pk in outside, pk in apart, pk in twins)
        found[pk] = list(problems(facts, today, as_of))
    return found


def _twins_of(board: Board, wanted: Sequence[int]) -> set[int]:
    if not len(board.ids) or not wanted:
        return set()
    places = np.minimum(np.searchsorted(board.ids, wanted), len(board.ids) - 1)
    mine = (board.ids[places] == np.array(wanted)) & ((board.bits[places] & _BIT[Problem.TWIN]) != 0)
    return set(np.array(wanted)[mine].tolist())


def _on(board: Board, as_of: dt.date) -> Bits:
    """The bits with what depends on the day."""
    bits = board.bits.copy()
    bits[(board.checked > 0) & (as_of.toordinal() > board.checked)] |= _BIT[Problem.STALE]
    bits[board.latest > timezone.localdate().toordinal()] |= _BIT[Problem.FUTURE]
    return bits


# -- the board -------------------------------------------------------------------------------------------


def _board(held: Snapshot) -> Board:
    """The kept one, brought up to the snapshot; built anew for another history, tree, kinds or borders."""
    global _kept
    locator = current_locator()
    key = (held.epoch, held.vocabulary.kinds, held.vocabulary.areas)
    with _lock:
        known = _kept
    if known is None or known[0] != key or known[1].locator is not locator or known[1].seq > held.seq:
        made = _built(held, locator)
    elif known[1].seq < held.seq:
        made = _advanced(known[1], held)
    else:
        return known[1]
    with _lock:
        _kept = (key, made)
    return made


def forget() -> None:
    """Drop what this process knows (for tests)."""
    global _kept
    with _lock:
        _kept = None


def _built(held: Snapshot, locator: DivisionLocator) -> Board:
    counting = set(Contribution.objects.order_by().values_list("site_id", flat=True).distinct())
    parts = []
    chunk: list[Row] = []
    for row in Site.objects.live().order_by("pk").values_list(*_COLUMNS).iterator(chunk_size=_CHUNK):
        chunk.append(row)
        if len(chunk) == _CHUNK:
            parts.append(_judged(chunk, counting, held, locator))
            chunk = []
    parts.append(_judged(chunk, counting, held, locator))
    ids, bits, checked, latest, keys = (np.concatenate(column) for column in zip(*parts, strict=True))
    return _with_twins(Board(held.seq, locator, ids, bits, checked, latest, keys), held)


def _advanced(known: Board, held: Snapshot) -> Board:
    """What changed since is judged anew, in its place."""
    changed = np.array(
        sorted(Site.objects.filter(changed_seq__gt=known.seq).values_list("pk", flat=True)), dtype=np.int64
    )
    stays = ~np.isin(known.ids, changed)
    parts = [
        [known.ids[stays], known.bits[stays], known.checked[stays], known.latest[stays], known.keys[stays]]
    ]
    for start in range(0, len(changed), 500):
        some = changed[start : start + 500].tolist()
        parts.append([*_judged(_rows(some), _counting(some), held, known.locator)])
    ids, bits, checked, latest, keys = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(ids)
    board = Board(
        held.seq, known.locator, ids[order], bits[order], checked[order], latest[order], keys[order]
    )
    return _with_twins(board, held)


def _with_twins(board: Board, held: Snapshot) -> Board:
    points = held.index.lookup(board.ids)
    place = np.searchsorted(points.ids, board.ids)
    place = np.minimum(place, max(len(points.ids) - 1, 0))
    bits = board.bits & ~_BIT[Problem.TWIN]
    if len(points.ids):
        here = points.ids[place] == board.ids
        keys = np.where(here, board.keys, -1)
        bits[has_twin(points.lon[place], points.lat[place], keys, TWIN_METRES)] |= _BIT[Problem.TWIN]
    return Board(board.seq, board.locator, board.ids, bits, board.checked, board.latest, board.keys)


def _rows(ids: Sequence[int]) -> list[Row]:
    return list(Site.objects.live().filter(pk__in=ids).order_by("pk").values_list(*_COLUMNS))


def _counting(ids: Sequence[int]) -> set[int]:
    return set(Contribution.objects.filter(site__in=ids).values_list("site_id", flat=True))


def _judged(
    rows: Sequence[Row], counting: Collection[int], held: Snapshot, locator: DivisionLocator
) -> tuple[Ids, Bits, NDArray[np.int32], NDArray[np.int32], Ids]:
    """Ids, bits without the day's and the twins', days, keys."""
    ids = np.array([row[0] for row in rows], dtype=np.int64)
    outside, apart = _places(rows, held.index.lookup(ids), held.vocabulary, locator)
    kinds = held.vocabulary.kind_by_pk
    bits = np.zeros(len(rows), dtype=np.uint16)
    checked, latest = np.zeros(len(rows), dtype=np.int32), np.zeros(len(rows), dtype=np.int32)
    keys = np.full(len(rows), -1, dtype=np.int64)
    for number, row in enumerate(rows):
        facts = _facts(row, kinds, row[0] in counting, row[0] in outside, row[0] in apart, has_twin=False)
        # On the last day of all nothing is to come and every check is stale.
        for problem, _sentence in problems(facts, _FAR):
            bits[number] |= _BIT[problem]
        if bits[number] & _BIT[Problem.STALE] and facts.service_checked_on is not None:
            checked[number] = _last_good(facts.service_checked_on)
        days = [day for day in (facts.started_on, facts.finished_on, facts.service_checked_on) if day]
        latest[number] = max(days).toordinal() if days else 0
        name = name_key(row[2])
        keys[number] = crc32(f"{row[1]} {name}".encode()) if name else -1
    return ids, bits & ~_DAILY, checked, latest, keys


def _last_good(checked: dt.date) -> int:
    """The last day on which a check is not stale yet."""
    return (checked + STALE_AFTER).toordinal()


def _facts(
    row: Row, kinds: Mapping[int, KindWords], counts: bool, is_outside: bool, is_apart: bool, has_twin: bool
) -> SiteFacts:
    (_pk, kind_id, _name, stage, service, publication, started, finished, checked, phone, attributes, b_start,
     b_finish, p_start, p_finish, _located, _managed) = row  # fmt: skip
    kind = kinds.get(kind_id)
    wanted = () if kind is None or attributes else tuple(_label(each) for each in kind.attributes)
    return SiteFacts(
        stage=Stage(stage),
        service=Service(service),
        publication=Publication(publication),
        counts=counts,
        has_plan=bool((b_start and b_finish) or (p_start and p_finish)),
        started_on=started,
        finished_on=finished,
        service_checked_on=checked,
        phone=phone,
        attributes=wanted,
        is_outside=is_outside,
        is_apart=is_apart,
        has_twin=has_twin,
    )


def _label(attribute: Mapping[str, object]) -> str:
    return str(attribute.get("label_zh") or attribute.get("key", ""))


def _places(
    rows: Sequence[Row], points: Points, words: Vocabulary, locator: DivisionLocator
) -> tuple[set[int], set[int]]:
    """Ids of sites outside the division that they say, and of those that another division manages."""
    areas = words.area_by_pk
    apart = {row[0] for row in rows if not _one_place(areas.get(row[15]), areas.get(row[16]))}
    if not len(locator) or not len(points):
        return set(), apart
    said = {row[0]: row[15] for row in rows}
    found = locator.locate(points.lon, points.lat)
    nowhere = np.flatnonzero(found == NOWHERE)
    if len(nowhere):
        nearest, metres = locator.nearest(points.lon[nowhere], points.lat[nowhere])
        found[nowhere] = np.where(metres <= _OFFSHORE_M, nearest, NOWHERE)
    outside = {
        pk
        for pk, division in zip(points.ids.tolist(), found.tolist(), strict=True)
        if pk in said and (division == NOWHERE or not _one_place(areas.get(said[pk]), areas.get(division)))
    }
    return outside, apart


def _one_place(one: Any, other: Any) -> bool:
    """Whether one area holds the other. One that is no more is left alone: others look after that."""
    if one is None or other is None:
        return True
    return bool(one.left <= other.left <= one.right or other.left <= one.left <= other.right)
