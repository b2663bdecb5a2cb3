"""Checklists: what is an item, and which answers let a site pass."""

import pytest

from projects.demo.catalogue import ningbo_2024
from projects.rules.checklists import GENERAL, items_of, packaged, read_answers
from projects.rules.errors import RuleError

ITEMS = items_of(
    [
        {"key": "charges", "zh": "能充电", "must": True},
        {"key": "sign", "zh": "标识"},
        {"key": "piles", "zh": "桩数", "type": "number"},
        {"key": "note", "zh": "其他", "type": "text", "required": False},
    ]
)
GOOD = {"charges": "yes", "sign": "no", "piles": "12"}


@pytest.mark.parametrize(
    ("change", "is_pass", "wrong"),
    [
        ({}, True, set()),
        ({"charges": "no"}, True, {"charges"}),
        ({"charges": "no"}, False, set()),
        ({"charges": "maybe"}, False, {"charges"}),
        ({"piles": ""}, True, {"piles"}),
        ({"piles": ""}, False, set()),
        ({"piles": "NaN"}, False, {"piles"}),
        ({"piles": "twelve"}, False, {"piles"}),
        ({"note": "x" * 301}, False, {"note"}),
        ({"unknown": "x"}, True, set()),
    ],
)
def test_answers(change: dict[str, str], is_pass: bool, wrong: set[str]) -> None:
    found = read_answers(ITEMS, {**GOOD, **change}, is_pass=is_pass)
    assert set(found.problems) == wrong
    assert "unknown" not in found.given


@pytest.mark.parametrize(
    "rows",
    [
        [],
        "text",
        [{"key": "A", "zh": "x"}],
        [{"key": "a", "zh": " "}],
        [{"key": "a", "zh": "x", "type": "date"}],
        [{"key": "a", "zh": "x", "other": 1}],
        [{"key": "a", "zh": "x"}, {"key": "a", "zh": "y"}],
        [{"key": "a", "zh": "x", "type": "number", "must": True}],
        [{"key": "a", "zh": "x", "must": "yes"}],
        [{"key": f"a{number}", "zh": "x"} for number in range(41)],
    ],
)
def test_what_is_no_list(rows: object) -> None:
    with pytest.raises(RuleError):
        items_of(rows)


def test_the_packaged_lists_are_of_packaged_kinds_and_ask_for_their_attributes() -> None:
    kinds = {kind.slug: kind for kind in ningbo_2024().kinds}
    assert GENERAL in packaged()
    for slug, (_name, rows) in packaged().items():
        items = items_of(list(rows))
        assert all(item.en for item in items)
        if slug:
            keys = {attribute["key"] for attribute in kinds[slug].attributes}
            assert {item.reported for item in items} - {""} <= keys
