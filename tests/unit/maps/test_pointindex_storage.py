"""Published segments: read back as written, replaced at once, refused when anything is wrong with them."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from maps.pointindex import (
    CorruptIndex,
    Filter,
    In,
    PointIndex,
    Segment,
    current,
    load,
    load_current,
    publish,
)
from maps.tiles import BBox, TileId
from tests.unit.maps.pointindex_oracle import SCHEMA, random_columns

WORLD = BBox(-180, -90, 180, 90)


def _segment(rows: int = 500, shift: int = 0) -> Segment:
    return Segment.build(random_columns(np.random.default_rng(rows), np.arange(rows) + shift), SCHEMA)


@pytest.mark.parametrize(("rows", "shift"), [(0, 0), (1, 0), (16, 0), (500, 0), (500, 1 << 40)])
def test_a_published_segment_reads_back(tmp_path: Path, rows: int, shift: int) -> None:
    segment = _segment(rows, shift)
    publish(segment, tmp_path, "change 42")
    stored = load_current(tmp_path)
    assert stored is not None
    assert stored.token == "change 42"
    assert stored.segment.schema == segment.schema
    for name, array in segment.arrays().items():
        assert stored.segment.arrays()[name].dtype == array.dtype
        assert stored.segment.arrays()[name].tolist() == array.tolist()
        assert rows == 0 or not stored.segment.arrays()[name].flags.writeable
    which = Filter([In("kind", {1, 2, 3})])
    one, two = PointIndex(segment), PointIndex(stored.segment)
    assert two.bbox(WORLD, which).tolist() == one.bbox(WORLD, which).tolist()
    assert two.tile(TileId(0, 0, 0)).clusters == one.tile(TileId(0, 0, 0)).clusters


def test_the_newest_is_current_and_older_ones_go(tmp_path: Path) -> None:
    assert load_current(tmp_path / "nothing") is None
    assert current(tmp_path) is None
    held = None
    for number in range(4):
        publish(_segment(100 + number), tmp_path, str(number))
        held = held or load_current(tmp_path)
    stored = load_current(tmp_path)
    assert stored is not None
    assert (stored.token, len(stored.segment)) == ("3", 103)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["segment-00000003", "segment-00000004"]
    # What a reader holds stays readable after its files are gone.
    assert held is not None
    assert PointIndex(held.segment).count_bbox(WORLD) == 100


def test_what_a_killed_writer_left_is_no_index_and_is_removed(tmp_path: Path) -> None:
    publish(_segment(), tmp_path, "good")
    old, young = tmp_path / ".draft-1-a", tmp_path / ".draft-1-b"
    for draft in (old, young):
        shutil.copytree(tmp_path / "segment-00000001", draft)
        (draft / "manifest.json").unlink()
    os.utime(old, (0, 0))
    stored = load_current(tmp_path)
    assert stored is not None
    assert stored.token == "good"
    publish(_segment(), tmp_path, "better")
    assert (old.exists(), young.exists()) == (False, True)


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 0x10
    path.write_bytes(bytes(data))


def _edit(path: Path, **changes: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


@pytest.mark.parametrize(
    "damage",
    [
        lambda d: _truncate(d / "x.npy"),
        lambda d: _flip(d / "y.npy"),
        lambda d: _flip(d / "column_kind.npy"),
        lambda d: (d / "ids.npy").unlink(),
        lambda d: (d / "by_id.npy").write_bytes(b""),
        lambda d: (d / "manifest.json").unlink(),
        lambda d: _truncate(d / "manifest.json"),
        lambda d: (d / "manifest.json").write_bytes(b"\xff\xfe"),
        lambda d: (d / "manifest.json").write_text("[]"),
        lambda d: (d / "manifest.json").write_text('{"format": "somebody else 1"}'),
        lambda d: _edit(d / "manifest.json", format="maps.pointindex/0"),
        lambda d: _edit(d / "manifest.json", rows=499),
        lambda d: _edit(d / "manifest.json", token="forged"),
    ],
)
def test_damage_is_found(tmp_path: Path, damage: Callable[[Path], object]) -> None:
    path = publish(_segment(), tmp_path, "t")
    assert len(load(path).segment) == 500
    damage(path)
    with pytest.raises(CorruptIndex):
        load_current(tmp_path)


def test_without_verifying_a_changed_size_is_still_found(tmp_path: Path) -> None:
    path = publish(_segment(), tmp_path, "t")
    assert len(load(path, verify=False).segment) == 500
    _truncate(path / "directory.npy")
    with pytest.raises(CorruptIndex):
        load(path, verify=False)
