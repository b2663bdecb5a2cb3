"""What the sites of a programme add up to for an indicator, day by day: the counted output of each division.

Out of the maintained sums (`balances`), so that it is the output that the pages go by: public sites alone,
finished or verified ones (begun ones for 开工建设), a subset's in its whole as well.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NamedTuple

from django.db.models import F, Q, Sum

from projects.models import Division, DivisionParent, Programme, RollUp, RollUpStep, SiteStanding
from projects.readmodels.definitions import definitions
from projects.readmodels.standings import standings_of
from projects.rules.period import ONE_DAY
from projects.rules.rollups import THOUSANDTHS, Measures, Movements, Unit
from projects.rules.tree import Edge, intervals

#: Sites on which work has begun.
_BEGUN: Final = ("stage_building", "stage_finished", "stage_verified")


class Moved(NamedTuple):
    """How the sums of one indicator under one manager change on a day; on the eve, all before."""

    day: dt.date
    sites: int
    output: int
    begun: int


@dataclass(frozen=True, slots=True)
class Series:
    """`amounts`: from each day on so much is done; empty while no site is listed. `begun_on`: the first day
    on which work on one of them had begun."""

    amounts: tuple[tuple[dt.date, Decimal], ...] = ()
    begun_on: dt.date | None = None


#: Which divisions lay within one, from which day on (ascending); None: all of the programme.
Members = Sequence[tuple[dt.date, frozenset[int]]] | None


def counted_series(
    programme: Programme,
    indicator_ids: Collection[int],
    divisions: Mapping[int, Members],
    *,
    known_seq: int | None = None,
) -> dict[tuple[int, int], Series]:
    """By (indicator, division) the counted output on every day of the programme's period, as it was known
    after the change `known_seq` (None: now).

    Two queries for those that are counted over all managers, two for the others. A past moment costs a read
    of every site's standing.
    """
    if not indicator_ids or not divisions:
        return {}
    if known_seq is not None:
        by_manager = _moved_by(programme, indicator_ids, known_seq)
        return {
            (pk, division_id): _within(_always(members, by_manager), pk, by_manager)
            for pk in indicator_ids
            for division_id, members in divisions.items()
        }
    within = frozenset[int]().union(
        *(managers for members in divisions.values() for _since, managers in members or ())
    )
    apart = _moved(programme, indicator_ids, within) if within else {}
    whole = _moved(programme, indicator_ids, None) if None in divisions.values() else {}
    found = {}
    for indicator_id in indicator_ids:
        for division_id, members in divisions.items():
            if members is None:
                series = _series([whole.get((indicator_id, 0), ())], [])
            else:
                series = _within(members, indicator_id, apart)
            found[indicator_id, division_id] = series
    return found


def members_of(programme: Programme, division_ids: Collection[int]) -> dict[int, Members]:
    """By division what lay within it, over the programme's period; None for the programme's own division."""
    found: dict[int, Members] = {pk: None for pk in division_ids if pk == programme.division_id}
    others = [pk for pk in division_ids if pk != programme.division_id]
    if not others:
        return found
    first, last = programme.period_start, programme.period_end
    moved = Q(valid_from__gt=first) | Q(valid_to__gt=first)
    days = {
        day
        for pair in DivisionParent.objects.filter(moved).values_list("valid_from", "valid_to")
        for day in pair
        if day is not None and first < day <= last
    }
    if not days and not DivisionParent.objects.filter(moved).exists():
        rows = Division.objects.filter(pk__in=others)
        tree = {row.pk: (row.tree_left, row.tree_right) for row in rows}
        ids = Division.objects.values_list("pk", "tree_left")
        every = list(ids)
        for pk in others:
            left, right = tree[pk]
            found[pk] = [(dt.date.min, frozenset(other for other, at in every if left <= at <= right))]
        return found
    edges = [
        Edge(*row)
        for row in DivisionParent.objects.values_list("child_id", "parent_id", "valid_from", "valid_to")
    ]
    known = list(Division.objects.values_list("pk", flat=True))
    stretches: dict[int, list[tuple[dt.date, frozenset[int]]]] = {pk: [] for pk in others}
    for day in [first, *sorted(days)]:
        numbered = intervals(edges, known, day)
        for pk in others:
            own = numbered[pk]
            inside = frozenset(other for other in known if own.left <= numbered[other].left <= own.right)
            if not stretches[pk] or stretches[pk][-1][1] != inside:
                stretches[pk].append((day if stretches[pk] else dt.date.min, inside))
    return {**found, **stretches}


def _moved(
    programme: Programme, indicator_ids: Collection[int], managers: frozenset[int] | None
) -> dict[tuple[int, int], list[Moved]]:
    """By (indicator, manager), ascending; under manager 0 where all are added up."""
    begun = sum((F(name) for name in _BEGUN[1:]), F(_BEGUN[0]))
    eve = programme.period_start - ONE_DAY
    found: dict[tuple[int, int], list[Moved]] = {}
    for model, days in ((RollUp, Q(day=eve)), (RollUpStep, Q(day__gt=eve, day__lte=programme.period_end))):
        rows = model._default_manager.filter(
            days, programme=programme, unit=Unit.INDICATOR.value, unit_id__in=indicator_ids
        ).order_by()
        if managers is not None:
            rows = rows.filter(managed_by__in=managers)
        where = ["unit_id", "day"] if managers is None else ["unit_id", "managed_by", "day"]
        sums = {"all_sites": Sum("sites"), "all_output": Sum("output"), "all_begun": Sum(begun)}
        for unit_id, *manager, day, sites, output, works in rows.values_list(*where).annotate(**sums):
            moved = Moved(day, int(sites), int(output), int(works))
            found.setdefault((unit_id, manager[0] if manager else 0), []).append(moved)
    return {key: sorted(rows) for key, rows in found.items()}


def _moved_by(
    programme: Programme, indicator_ids: Collection[int], known_seq: int
) -> dict[tuple[int, int], list[Moved]]:
    """The same out of what was known of each site."""
    stood = Movements()
    stood.add(standings_of(SiteStanding.objects.known(known_seq).filter(is_public=True).order_by()))
    places = [Measures._fields.index(name) for name in ("sites", "output", *_BEGUN)]
    found: dict[tuple[int, int], list[Moved]] = {}
    for cell, days in stood.by_cell(definitions(known_seq)).items():
        if cell.unit is Unit.INDICATOR and cell.programme == programme.pk and cell.unit_id in indicator_ids:
            moves = []
            for day, measures in sorted(days.items()):
                sites, output, *begun = (measures[place] for place in places)
                if day <= programme.period_end:
                    moves.append(Moved(day, sites, output, sum(begun)))
            found[cell.unit_id, cell.manager] = moves
    return found


def _always(
    members: Members, by_manager: Mapping[tuple[int, int], Sequence[Moved]]
) -> Sequence[tuple[dt.date, frozenset[int]]]:
    """The programme's own division holds whoever manages anything."""
    if members is not None:
        return members
    return [(dt.date.min, frozenset(manager for _indicator, manager in by_manager))]


def _within(
    members: Sequence[tuple[dt.date, frozenset[int]]],
    indicator_id: int,
    moved: Mapping[tuple[int, int], Sequence[Moved]],
) -> Series:
    """Whatever a division that joins or leaves brings or takes counts from that day on."""
    parts: list[Sequence[Moved]] = []
    joins: list[Moved] = []
    before: frozenset[int] = frozenset()
    ends = [*(since for since, _managers in members[1:]), dt.date.max]
    for (since, managers), until in zip(members, ends, strict=True):
        for manager in managers | before:
            rows = moved.get((indicator_id, manager), ())
            if manager in managers:
                parts.append([row for row in rows if since <= row.day < until])
            if since != dt.date.min and (manager in managers) != (manager in before):
                sign = 1 if manager in managers else -1
                held = [row for row in rows if row.day < since]
                joins.append(
                    Moved(
                        since,
                        sign * sum(row.sites for row in held),
                        sign * sum(row.output for row in held),
                        sign * sum(row.begun for row in held),
                    )
                )
        before = managers
    return _series(parts, joins)


def _series(parts: Iterable[Sequence[Moved]], joins: Sequence[Moved]) -> Series:
    days: dict[dt.date, list[int]] = {}
    for row in [*(row for rows in parts for row in rows), *joins]:
        net = days.setdefault(row.day, [0, 0, 0])
        for place, amount in enumerate((row.sites, row.output, row.begun)):
            net[place] += amount
    sites = output = begun = 0
    amounts: list[tuple[dt.date, Decimal]] = []
    begun_on = None
    for day in sorted(days):
        sites, output, begun = (
            have + more for have, more in zip((sites, output, begun), days[day], strict=True)
        )
        if begun > 0 and begun_on is None:
            begun_on = day
        done = Decimal(output) / THOUSANDTHS
        # Nothing is known until a site is listed; afterwards none listed is none done.
        if (sites > 0 or amounts) and (not amounts or amounts[-1][1] != done):
            amounts.append((day, done))
    return Series(tuple(amounts), begun_on)
