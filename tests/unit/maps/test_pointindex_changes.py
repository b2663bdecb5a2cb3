"""What an index keeps for its filters stays right through changes, and older indexes stay as they were."""

import numpy as np
import pytest

from maps.pointindex import EVERYTHING, Between, Filter, In, PointIndex
from maps.pointindex import view as views
from maps.tiles import BBox, TileId
from tests.unit.maps.pointindex_oracle import SCHEMA, random_columns

CHINA = BBox(73.5, 18.0, 135.0, 53.5)


def test_an_older_index_is_untouched_by_changes() -> None:
    rng = np.random.default_rng(5)
    before = PointIndex.build(random_columns(rng, np.arange(1000)), SCHEMA)
    which = Filter([In("kind", {1, 2})])
    counts = before.facets(which, columns=["kind"]).counts["kind"].tolist()
    tile = before.tile(TileId(0, 0, 0), which, mix="kind")
    after = before.with_changes(deletes=range(0, 1000, 2))
    assert after.count() == 500
    assert before.facets(which, columns=["kind"]).counts["kind"].tolist() == counts
    assert before.tile(TileId(0, 0, 0), which, mix="kind").clusters == tile.clusters


@pytest.mark.parametrize("patched", [0, 2, 64])
def test_what_was_worked_out_for_a_filter_catches_up_with_deletions(
    patched: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "_PATCHED_DEATHS", patched)
    rng = np.random.default_rng(11)
    index = PointIndex.build(random_columns(rng, np.arange(30_000)), SCHEMA)
    filters = [
        EVERYTHING,
        Filter([In("kind", {0, 1, 4, 5, 8})]),
        Filter([Between("day", 7, 8)]),
        Filter([In("kind", {3})], ids=range(0, 30_000, 7)),
    ]
    gone: set[int] = set()
    for size in (1, 1, 3, 40, 1, 5000):
        for which in filters:  # the next round starts from what these leave behind
            index.tile(TileId(0, 0, 0), which, mix="kind")
            index.facets(which, columns=["kind", "day"])
            index.facets(which, columns=["kind", "day"], bbox=CHINA)
        leaving = rng.integers(0, 30_000, size).tolist()
        gone |= set(leaving)
        index = index.with_changes(deletes=leaving)
        rebuilt = index.compact()
        assert len(index) == len(rebuilt) == 30_000 - len(gone)
        for which in filters:
            assert index.count(which) == rebuilt.count(which)
            for bbox in (None, CHINA):
                one_, two_ = (
                    each.facets(which, columns=["kind", "day"], bbox=bbox) for each in (index, rebuilt)
                )
                assert one_.total == two_.total
                for name in ("kind", "day"):
                    assert np.trim_zeros(one_.counts[name], "b").tolist() == (
                        np.trim_zeros(two_.counts[name], "b").tolist()
                    )
            for tile in (TileId(0, 0, 0), TileId(1, 1, 0), TileId.at(121.55, 29.87, 9)):
                one, two = index.tile(tile, which, mix="kind"), rebuilt.tile(tile, which, mix="kind")
                assert (one.total, one.clusters) == (two.total, two.clusters)
                assert one.points.ids.tolist() == two.points.ids.tolist()
            assert index.facets(which, columns=["kind"]).counts["kind"].tolist() == (
                rebuilt.facets(which, columns=["kind"]).counts["kind"].tolist()
            )
