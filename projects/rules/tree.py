"""The dated tree of divisions: who lies within whom is asked of edges, never of the text of codes.

(330200 is no prefix of 330203; 奉化 changed its code; a functional zone's streets keep their county's codes.)
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Generic, NamedTuple, TypeVar

from projects.rules.errors import RuleError
from projects.rules.errors import gettext_noop as _

N = TypeVar("N", str, int)


@dataclass(frozen=True, slots=True)
class Edge(Generic[N]):
    """`child` lies within `parent` from `valid_from` up to, not including, `valid_to` (None: still)."""

    child: N
    parent: N
    valid_from: date
    valid_to: date | None = None

    def __post_init__(self) -> None:
        if self.valid_to is not None and self.valid_to <= self.valid_from:
            raise RuleError(
                _("{child} 隶属 {parent} 的截止日 {valid_to} 须晚于起始日 {valid_from}。"),
                child=self.child,
                parent=self.parent,
                valid_from=self.valid_from,
                valid_to=self.valid_to,
            )

    def holds_on(self, day: date) -> bool:
        """Whether the edge is in force on `day`."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


class Interval(NamedTuple):
    """Pre-order number of a node, and the largest one in its subtree; both inclusive, from 1."""

    left: int
    right: int

    def contains(self, other: "Interval") -> bool:
        """Whether `other` is this node or lies within it."""
        return self.left <= other.left <= self.right


def intervals(edges: Iterable[Edge[N]], nodes: Collection[N], on: date) -> Mapping[N, Interval]:
    """Pre-order intervals of the forest that is in force on `on`; siblings and roots by rising code.

    So "within a" is `a.left <= b.left <= a.right`. RuleError, naming the codes, for an edge with an unknown
    end, for two parents at once and for a cycle.
    """
    parents: dict[N, N] = {}
    children: defaultdict[N, list[N]] = defaultdict(list)
    known = set(nodes)
    for edge in edges:
        if not edge.holds_on(on):
            continue
        for end in (edge.child, edge.parent):
            if end not in known:
                raise RuleError(
                    _("隶属关系 {child} → {parent} 中的 {code} 不是已知区划。"),
                    child=edge.child,
                    parent=edge.parent,
                    code=end,
                )
        if edge.child in parents:
            first, second = sorted((parents[edge.child], edge.parent))
            raise RuleError(
                _("{child} 在 {on} 同时隶属 {first} 和 {second};请先结束其中一个。"),
                child=edge.child,
                on=on,
                first=first,
                second=second,
            )
        parents[edge.child] = edge.parent
        children[edge.parent].append(edge.child)
    numbered = _number(sorted(known - parents.keys()), children)
    if len(numbered) < len(known):
        # Every node has at most one parent, so what no root reaches hangs on a cycle.
        circle = _circle(min(known - numbered.keys()), parents)
        raise RuleError(_("隶属关系成环:{circle}。"), circle=" → ".join(map(str, circle)))
    return numbered


def descendants(tree: Mapping[N, Interval], node: N) -> frozenset[N]:
    """`node` and everything within it. KeyError for a node that is not in the tree."""
    within = tree[node]
    return frozenset(code for code, interval in tree.items() if within.contains(interval))


def _number(roots: list[N], children: Mapping[N, list[N]]) -> dict[N, Interval]:
    """Iterative, so that a chain of any depth cannot exhaust the stack."""
    numbered: dict[N, Interval] = {}
    left: dict[N, int] = {}
    pending = [(root, False) for root in reversed(roots)]
    while pending:
        node, done = pending.pop()
        if done:
            numbered[node] = Interval(left[node], len(left))
            continue
        left[node] = len(left) + 1
        pending.append((node, True))
        pending.extend((child, False) for child in sorted(children.get(node, ()), reverse=True))
    return numbered


def _circle(start: N, parents: Mapping[N, N]) -> list[N]:
    """The nodes of the cycle that `start` leads into, the first one again at the end."""
    place: dict[N, int] = {}
    node = start
    while node not in place:
        place[node] = len(place)
        node = parents[node]
    circle = list(place)[place[node] :]
    circle.append(node)
    return circle
