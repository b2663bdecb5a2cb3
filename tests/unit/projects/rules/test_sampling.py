"""A draw follows from its frame and its seed alone, and one district's from no other's."""

import hashlib
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.rules.errors import RuleError
from projects.rules.sampling import (
    Framed,
    Ranked,
    Recipe,
    differences,
    draw,
    frame_hash,
    frame_text,
    read_frame,
    wilson,
)

RECIPE = Recipe("330200-2024", "第一轮", "2024-07-01 开奖 03 11 17", Decimal(10), minimum=2, maximum=8)

sites = st.builds(
    Framed,
    st.sampled_from(["330203", "330211", "330212"]),
    st.sampled_from(["meal-point", "ev-charging", "road"]),
    st.text("abcdefgh234567", min_size=4, max_size=12),
)
frames = st.lists(sites, min_size=1, max_size=60, unique_by=lambda site: site.public_id)
recipes = st.builds(
    Recipe,
    st.just("330200-2024"),
    st.sampled_from(["第一轮", "二"]),
    st.text("abc 开奖 0123", min_size=1, max_size=9).map(lambda text: f"s{text}e"),
    st.decimals("0.01", 100, places=2),
    st.integers(0, 4),
    st.none() | st.integers(4, 20),
    st.booleans(),
)


def drawn(found: tuple[Ranked, ...]) -> set[str]:
    return {row.site.public_id for row in found if row.is_drawn}


@given(frames, recipes, st.randoms())
def test_the_order_of_the_frame_says_nothing(frame: list[Framed], recipe: Recipe, random: object) -> None:
    shuffled = list(frame)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert draw(frame, recipe) == draw(shuffled, recipe)
    assert frame_text(frame) == frame_text(shuffled)
    assert drawn(draw(read_frame(frame_text(frame)), recipe)) == drawn(draw(frame, recipe))


@given(frames, recipes)
def test_each_district_has_its_number(frame: list[Framed], recipe: Recipe) -> None:
    found = draw(frame, recipe)
    assert {row.site for row in found} == set(frame) and len(found) == len(frame)
    for district in {site.district for site in frame}:
        own = [row for row in found if row.site.district == district]
        count = sum(row.is_drawn for row in own)
        assert count == recipe.size(len(own)) <= len(own)
        for row in own:
            # Nobody left out has a smaller number than somebody drawn, within what is ranked together.
            together = [each for each in own if not recipe.by_kind or each.site.kind == row.site.kind]
            assert row.is_drawn or all(each.digest < row.digest for each in together if each.is_drawn)


@given(frames, recipes, st.lists(st.text("xyz", min_size=4, max_size=9), unique=True, max_size=20))
def test_another_district_changes_nothing(frame: list[Framed], recipe: Recipe, others: list[str]) -> None:
    more = [Framed("330281", "road", name) for name in others]
    assert drawn(draw(frame, recipe)) == {
        name for name in drawn(draw([*frame, *more], recipe)) if name not in others
    }


@given(frames, recipes)
def test_kinds_are_drawn_in_proportion(frame: list[Framed], recipe: Recipe) -> None:
    found = draw(frame, replace(recipe, by_kind=True))
    for district in {site.district for site in frame}:
        own = [row for row in found if row.site.district == district]
        total = sum(row.is_drawn for row in own)
        for kind in {row.site.kind for row in own}:
            members = [row for row in own if row.site.kind == kind]
            exact = total * len(members) / len(own)
            assert abs(sum(row.is_drawn for row in members) - exact) < 1


def test_the_recipe_in_ten_lines() -> None:
    """What docs/decisions/0036 tells a journalist to do, done without this project's code."""
    frame = [Framed("330203", "meal-point", f"site{number:03d}") for number in range(45)]
    numbered = sorted(
        (
            hashlib.sha256(
                f"330200-2024|第一轮|2024-07-01 开奖 03 11 17|{site.public_id}".encode()
            ).hexdigest(),
            site,
        )
        for site in frame
    )
    assert drawn(draw(frame, RECIPE)) == {site.public_id for _number, site in numbered[:5]}  # 4.5 rounded up
    text = "".join(sorted(f"330203,meal-point,{site.public_id}\n" for site in frame))
    assert frame_hash(frame_text(frame)) == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    ("count", "size"),
    [(0, 0), (1, 1), (2, 2), (20, 2), (21, 3), (80, 8), (81, 8), (5000, 8)],
)
def test_sizes(count: int, size: int) -> None:
    assert RECIPE.size(count) == size


@pytest.mark.parametrize(
    "change",
    [
        {"seed": ""},
        {"seed": "a|b"},
        {"name": " 第一轮"},
        {"name": "第一\n轮"},
        {"percent": Decimal(0)},
        {"percent": Decimal("100.01")},
        {"percent": Decimal("NaN")},
        {"minimum": 9},
        {"maximum": 0, "minimum": 0},
    ],
)
def test_what_is_no_recipe(change: dict[str, object]) -> None:
    with pytest.raises(RuleError):
        replace(RECIPE, **change)  # type: ignore[arg-type]


def test_a_frame_holds_each_site_once() -> None:
    with pytest.raises(RuleError):
        frame_text([Framed("1", "a", "x"), Framed("2", "b", "x")])
    with pytest.raises(RuleError):
        read_frame("330203,meal-point\n")


def test_a_changed_draw_is_told() -> None:
    found = draw([Framed("330203", "road", f"s{number}") for number in range(30)], RECIPE)
    kept = [(row.site.public_id, row.rank, row.digest) for row in found if row.is_drawn]
    assert differences(found, kept) == (frozenset(), frozenset())
    assert differences(found, [("s99", 1, "0" * 64), *kept[1:]]) == (
        frozenset({kept[0][0]}),
        frozenset({"s99"}),
    )


@pytest.mark.parametrize(
    ("failed", "visited", "low", "high"),
    # Wilson (1927); 0 of 10 and 1 of 10 as in Newcombe (1998), Statistics in Medicine 17, table I's method 3.
    [(0, 10, 0.0, 27.75), (1, 10, 1.79, 40.42), (5, 10, 23.66, 76.34), (10, 10, 72.25, 100.0)],
)
def test_wilson(failed: int, visited: int, low: float, high: float) -> None:
    found = wilson(failed, visited)
    assert found is not None
    assert found.low == pytest.approx(low, abs=0.01)
    assert found.high == pytest.approx(high, abs=0.01)
    assert wilson(0, 0) is None
