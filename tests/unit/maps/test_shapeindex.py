"""The shape index finds, after any history of changes, what looking at every box finds."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maps import shapeindex
from maps.pointindex.morton import quantise
from maps.shapeindex import Boxes, ShapeIndex
from maps.tiles import TileId

Row = tuple[int, int, float, float, float, float]


@pytest.fixture(params=["as shipped", "small"], autouse=True)
def _limits(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same answers whether a band is looked through or searched, folded or not, in one piece or in many."""
    if request.param == "small":
        for name, value in (("_SCAN_ROWS", 0), ("_FOLD_FLOOR", 3), ("_FOLD_SHARE", 0.0), ("_CHUNK", 2)):
            monkeypatch.setattr(shapeindex, name, value)


@st.composite
def boxes(draw: st.DrawFn) -> tuple[float, float, float, float]:
    """Of every size, from nothing to the world, many of them close together."""
    west = draw(st.one_of(st.floats(-180, 180), st.floats(121.4, 121.6)))
    south = draw(st.one_of(st.floats(-90, 90), st.floats(29.7, 29.9)))
    size = draw(st.sampled_from([0.0, 1e-7, 1e-5, 1e-3, 0.02, 0.5, 10.0, 360.0]))
    wide, high = size * draw(st.floats(0, 1)), size * draw(st.floats(0, 1))
    return west, south, min(180.0, west + wide), min(90.0, south + high)


tiles = st.one_of(
    st.tuples(st.floats(-180, 180), st.floats(-90, 90), st.integers(0, 22)),
    st.tuples(st.floats(121.4, 121.6), st.floats(29.7, 29.9), st.integers(6, 22)),
).map(lambda place: TileId.at(*place))
upserts = st.lists(st.tuples(st.integers(0, 30), boxes()), max_size=12, unique_by=lambda row: row[0])
steps = st.lists(st.tuples(upserts, st.lists(st.integers(0, 40), max_size=4)), max_size=5)


def packed(rows: list[tuple[int, Any]], version: int) -> Boxes:
    return Boxes([row[0] for row in rows], [row[1] for row in rows], [version] * len(rows))


def sides_in(box: tuple[float, float, float, float]) -> tuple[int, int, int, int]:
    x, y = quantise([box[0], box[2]], [box[3], box[1]])
    return int(x[0]), int(y[0]), int(x[1]), int(y[1])


def in_tile(box: tuple[float, float, float, float], tile: TileId, buffer: float) -> bool:
    """The rule, said once more: four of 512 pixels long, and touching the tile with its surroundings."""
    x0, y0, x1, y1 = sides_in(box)
    size = 2 ** (32 - tile.z)
    around = int(size * buffer)
    touches = x1 >= tile.x * size - around and x0 <= (tile.x + 1) * size - 1 + around
    touches = touches and y1 >= tile.y * size - around and y0 <= (tile.y + 1) * size - 1 + around
    return bool(touches) and max(1, x1 - x0, y1 - y0) * 512 >= 4 * size


def found(index: ShapeIndex, tile: TileId, buffer: float) -> Iterator[tuple[int, int]]:
    for some in index.in_tile(tile, buffer):
        yield from zip(some.ids.tolist(), some.versions.tolist(), strict=True)


@given(upserts, steps, tiles, st.sampled_from([0.0, 1 / 64, 0.5]))
def test_equals_looking_at_every_box(
    first: list[tuple[int, Any]], history: list[Any], tile: TileId, buffer: float
) -> None:
    index = ShapeIndex(packed(first, 0))
    truth = {pk: (0, box) for pk, box in first}
    for version, (changed, gone) in enumerate(history, start=1):
        index = index.with_changes(packed(changed, version), gone)
        for pk in gone:
            truth.pop(pk, None)
        truth |= {pk: (version, box) for pk, box in changed}
    assert len(index) == len(truth)
    answer = list(found(index, tile, buffer))
    expected = {(pk, version) for pk, (version, box) in truth.items() if in_tile(box, tile, buffer)}
    assert sorted(answer) == sorted(expected)


@given(upserts, tiles)
def test_the_largest_come_first(rows: list[tuple[int, Any]], tile: TileId) -> None:
    sides = {}
    for pk, box in rows:
        x0, y0, x1, y1 = sides_in(box)
        sides[pk] = max(x1 - x0, y1 - y0)
    order = [pk for pk, _version in found(ShapeIndex(packed(rows, 0)), tile, 0.0)]
    # Boxes larger than the world's smallest tile share the first band; all others differ by band and size.
    assert [sides[pk] for pk in order] == sorted((sides[pk] for pk in order), reverse=True)


def test_many_shapes_in_one_tile_come_in_order_and_without_gaps() -> None:
    random = np.random.default_rng(5)
    west, south = random.uniform(121.4, 121.6, 9_000), random.uniform(29.7, 29.9, 9_000)
    size = random.uniform(0.001, 0.02, 9_000)
    bounds = np.column_stack([west, south, west + size, south + size / 2])
    index = ShapeIndex(Boxes(np.arange(9_000), bounds, np.zeros(9_000)))
    ids = [pk for pk, _version in found(index, TileId.at(121.5, 29.8, 9), 0.0)]
    expected = [pk for pk in range(9_000) if in_tile(tuple(bounds[pk]), TileId.at(121.5, 29.8, 9), 0.0)]
    assert sorted(ids) == expected
    assert 1_000 < len(ids) < 9_000


@pytest.mark.parametrize(
    "box", [(0, 0, float("nan"), 1), (0, 0, 181, 1), (0, -91, 1, 1), (2, 0, 1, 1), (0, 2, 1, 1)]
)
def test_a_box_that_is_none_is_refused(box: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="shape 7"):
        Boxes([7], [box], [0])


def test_unequal_lengths_and_repeated_ids_are_refused() -> None:
    with pytest.raises(ValueError, match="equally many"):
        Boxes([1, 2], [(0, 0, 1, 1)], [0])
    twice = Boxes([1, 1], [(0, 0, 1, 1)] * 2, [0, 0])
    with pytest.raises(ValueError, match="twice"):
        ShapeIndex(twice)
    with pytest.raises(ValueError, match="twice"):
        ShapeIndex(Boxes([], [], [])).with_changes(twice)
