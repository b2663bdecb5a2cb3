"""How sites stood on a day, as it was known after a change: grouped for figures, one by one for late lists.

The slow way to a figure: it reads a row a site. Its answers never change, so they are worth keeping.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Count, Q

from projects.models import SiteStanding
from projects.querysets.standings import StandingQuerySet
from projects.rules.rollups import Cell, Definitions, Measures, Movements, shares
from projects.rules.standings import Counted, Standing
from projects.rules.vocabulary import Light, Stage

#: `Counted` as columns.
_COLUMNS = tuple(f"{name}_id" if name in ("managed_by", "judged_by") else name for name in Counted._fields)


@dataclass(frozen=True, slots=True)
class Group:
    """`sites` sites that stood alike on the day."""

    sites: int
    counted: Counted


def groups(day: dt.date, known_seq: int | None) -> tuple[Group, ...]:
    """All public sites that counted towards anything at the end of the day."""
    rows = (
        SiteStanding.objects.known(known_seq)
        .on(day)
        .filter(is_public=True)
        .order_by()
        .values_list(*_COLUMNS)
        .annotate(sites=Count("pk"))
    )
    return tuple(Group(sites, counted_of(values)) for *values, sites in rows.iterator(chunk_size=5_000))


def counted_of(values: list[object]) -> Counted:
    """Of the columns' values, in the order of `Counted`."""
    found = Counted(*values)  # type: ignore[arg-type]
    return found._replace(stage=Stage(found.stage), light=Light(found.light))


def cells_of(found: tuple[Group, ...], indicators: Definitions, programme: int) -> dict[Cell, Measures]:
    """What the groups add up to in one programme."""
    sums: dict[Cell, list[int]] = {}
    for group in found:
        for cell, share in shares(group.counted, indicators):
            if cell.programme == programme:
                row = sums.setdefault(cell, [0] * len(Measures._fields))
                for place, amount in share:
                    row[place] += group.sites * amount
    return {cell: Measures(*row) for cell, row in sums.items()}


def moved_between(known_seq: int, head: int) -> Movements:
    """The difference of all timelines between two changes: what stood after `head` less what stood after
    `known_seq`. Costs as much as was changed in between."""
    both = SiteStanding.objects.order_by()
    came = both.filter(
        Q(superseded_seq__isnull=True) | Q(superseded_seq__gt=head),
        changed_seq__gt=known_seq,
        changed_seq__lte=head,
    )
    went = both.filter(changed_seq__lte=known_seq, superseded_seq__gt=known_seq, superseded_seq__lte=head)
    found = Movements()
    found.add(standings_of(came))
    found.add(standings_of(went), -1)
    return found


def standings_of(rows: StandingQuerySet) -> Iterator[Standing]:
    for begin, end, *values in rows.values_list("valid_from", "valid_to", *_COLUMNS):
        yield Standing(begin, end, counted_of(values))
