"""Which divisions lay within which on a past day: a county that was merged in July still has its June.

Asked of the dated tree (projects.rules.tree). While no division moved between the day and today, which is
nearly always, today's numbers answer and nothing is computed.
"""

import datetime as dt
from dataclasses import replace

from projects.models import DivisionParent
from projects.readmodels.siteindex import Snapshot
from projects.readmodels.vocabulary import Area
from projects.rules.tree import Edge, intervals


def areas_on(held: Snapshot, day: dt.date) -> tuple[Area, ...]:
    """All areas by code with their intervals in the tree of the day.

    An area that has been wound up since is among them. Raises RuleError where the tree of that day is none
    (check_data finds it).
    """
    key = ("areas_on", day)
    found: tuple[Area, ...] | None = held.word_tables.get(key)
    if found is None:
        found = _areas_on(held, day)
        held.word_tables[key] = found
    return found


def area_on(held: Snapshot, area: Area, day: dt.date) -> Area:
    """The area with its interval in the tree of the day."""
    return next((row for row in areas_on(held, day) if row.pk == area.pk), area)


def within_on(held: Snapshot, area: Area, day: dt.date) -> frozenset[int]:
    """Primary keys of an area and all that lay within it on the day."""
    then = area_on(held, area, day)
    return frozenset(other.pk for other in areas_on(held, day) if then.left <= other.left <= then.right)


def _areas_on(held: Snapshot, day: dt.date) -> tuple[Area, ...]:
    areas = held.vocabulary.areas
    edges = _edges(held)
    if not any(
        edge.valid_from > day or (edge.valid_to is not None and edge.valid_to > day) for edge in edges
    ):
        return areas
    known = {area.pk for area in areas}
    tree = intervals([edge for edge in edges if {edge.child, edge.parent} <= known], known, day)
    return tuple(replace(area, left=tree[area.pk].left, right=tree[area.pk].right) for area in areas)


def _edges(held: Snapshot) -> tuple[Edge[int], ...]:
    if "edges" not in held.word_tables:
        held.word_tables["edges"] = tuple(
            Edge(child, parent, valid_from, valid_to)
            for child, parent, valid_from, valid_to in DivisionParent.objects.values_list(
                "child_id", "parent_id", "valid_from", "valid_to"
            )
        )
    found: tuple[Edge[int], ...] = held.word_tables["edges"]
    return found
