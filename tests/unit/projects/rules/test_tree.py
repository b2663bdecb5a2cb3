"""The dated tree of divisions: 奉化, functional zones, and trees that cannot be."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.rules.errors import RuleError
from projects.rules.tree import Edge, descendants, intervals

BEGINNING = date(2000, 1, 1)
# 奉化: a county-level city until 2016, a district with a new code since (the day is this test's own).
CHANGE = date(2016, 11, 17)
CODES = {
    "330000",
    "330200",
    "330203",
    "330212",
    "330283",
    "330213",
    "330212004",
    "330212005",
    "330213001",
    "高新区",
}
EDGES = [
    Edge("330200", "330000", BEGINNING),
    Edge("330203", "330200", BEGINNING),
    Edge("330212", "330200", BEGINNING),
    Edge("330283", "330200", BEGINNING, CHANGE),
    Edge("330213", "330200", CHANGE),
    Edge("330213001", "330283", BEGINNING, CHANGE),
    Edge("330213001", "330213", CHANGE),
    Edge("高新区", "330200", BEGINNING),
    # A functional zone beside the counties: its streets keep their county's codes.
    Edge("330212004", "330212", BEGINNING),
    Edge("330212005", "高新区", BEGINNING),
]


@pytest.mark.parametrize(
    ("on", "node", "expected"),
    [
        # Containment is asked of the tree: "330200" is no prefix of "330203".
        (date(2024, 6, 30), "330203", {"330203"}),
        (date(2024, 6, 30), "330213", {"330213", "330213001"}),
        (date(2024, 6, 30), "330283", {"330283"}),  # still a known code, alone
        (date(2016, 11, 16), "330283", {"330283", "330213001"}),
        (date(2016, 11, 16), "330213", {"330213"}),
        (date(2016, 11, 17), "330213", {"330213", "330213001"}),  # valid_to is exclusive
        # 330212005 has 鄞州's code but lies in the zone.
        (date(2024, 6, 30), "330212", {"330212", "330212004"}),
        (date(2024, 6, 30), "高新区", {"高新区", "330212005"}),
        (date(2024, 6, 30), "330200", CODES - {"330000", "330283"}),
        (date(1999, 1, 1), "330200", {"330200"}),
    ],
)
def test_who_lies_within_on_a_day(on: date, node: str, expected: set[str]) -> None:
    assert descendants(intervals(EDGES, CODES, on), node) == expected


def test_two_parents_at_once_are_refused_by_name() -> None:
    edges = [*EDGES, Edge("330212005", "330212", date(2020, 1, 1))]
    with pytest.raises(RuleError, match="330212005 在 2024-06-30 同时隶属 330212 和 高新区"):
        intervals(edges, CODES, date(2024, 6, 30))
    assert intervals(edges, CODES, date(2019, 12, 31))  # before that it was one


def test_a_cycle_is_refused_by_name() -> None:
    edges = [
        Edge("a", "b", BEGINNING),
        Edge("b", "c", BEGINNING),
        Edge("c", "a", BEGINNING),
        Edge("0", "a", BEGINNING),
    ]
    with pytest.raises(RuleError, match="成环:a → b → c → a"):
        intervals(edges, {"a", "b", "c", "0", "root"}, CHANGE)
    with pytest.raises(RuleError, match="成环:a → a"):
        intervals([Edge("a", "a", BEGINNING)], {"a"}, CHANGE)


def test_an_unknown_code_is_refused_by_name() -> None:
    with pytest.raises(RuleError, match="330299 不是已知区划"):
        intervals([Edge("330203", "330299", BEGINNING)], {"330203"}, CHANGE)


def test_an_edge_must_last() -> None:
    with pytest.raises(RuleError, match="须晚于起始日"):
        Edge("a", "b", CHANGE, CHANGE)


def test_a_deep_chain_does_not_exhaust_the_stack() -> None:
    edges = [Edge(n + 1, n, BEGINNING) for n in range(5000)]
    tree = intervals(edges, range(5001), CHANGE)
    assert tree[0] == (1, 5001)
    assert tree[5000] == (5001, 5001)


@given(st.lists(st.integers(0, 50), max_size=30))
def test_intervals_equal_walking_up(picks: list[int]) -> None:
    # Node n + 1 hangs below an earlier node, or is a root.
    parents = {n + 1: pick % (n + 1) for n, pick in enumerate(picks) if pick <= 45}
    nodes = range(len(picks) + 1)
    tree = intervals([Edge(child, parent, BEGINNING) for child, parent in parents.items()], nodes, CHANGE)
    assert sorted(interval.left for interval in tree.values()) == list(range(1, len(nodes) + 1))
    for node in nodes:
        above = {node}
        cursor = node
        while cursor in parents:
            cursor = parents[cursor]
            above.add(cursor)
        assert {other for other in nodes if tree[other].contains(tree[node])} == above
