"""Files to tables: what is read, what is refused before it is parsed."""

import gzip
import json
import os
import tracemalloc
from pathlib import Path

import pytest

from projects.exchange.problems import UnreadableFile
from projects.exchange.readers import UnsupportedFormat, cell_text, read_table


def feature(name: object, lon: object, lat: object) -> dict[str, object]:
    return {
        "type": "Feature",
        "properties": {"name": name},
        "geometry": {"type": "Point", "coordinates": [lon, lat]},
    }


def collection(*features: object) -> str:
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)


def write(folder: Path, name: str, data: bytes | str) -> Path:
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


@pytest.mark.parametrize(
    "name",
    ["a.xlsb", "a.et", "a.gz", "a.xlsx.gz", "a.csv.gz.gz", "a.shp", "a.kml", "noext"],
)
def test_other_formats_are_refused_with_what_to_do(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnsupportedFormat, match=r"能读 \.xlsx.*另存为"):
        read_table(write(tmp_path, name, "x"))


@pytest.mark.parametrize(
    "magic",
    [b"PK\x03\x04rest", b"\x1f\x8b\x08bomb", b"SQLite format 3\x00", b"\xd0\xcf\x11\xe0", b"%PDF-1.4"],
)
@pytest.mark.parametrize("suffix", [".csv", ".geojson"])
def test_a_renamed_file_is_not_what_its_name_says(tmp_path: Path, magic: bytes, suffix: str) -> None:
    with pytest.raises(UnsupportedFormat):
        read_table(write(tmp_path, f"a{suffix}", magic))


@pytest.mark.parametrize("suffix", [".csv", ".geojson"])
def test_a_claim_of_5_gb_is_refused_unread(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"huge{suffix}"
    path.touch()
    os.truncate(path, 5 * 1024**3)  # sparse: the size is a claim, no block is behind it
    with pytest.raises(UnreadableFile, match="5120 MB,超过上限 200 MB"):
        read_table(path)


def test_a_packed_file_is_read_as_what_is_in_it(tmp_path: Path) -> None:
    plain = read_table(write(tmp_path, "a.csv", "name,lon\n甲,1\n"))
    packed = read_table(write(tmp_path, "b.csv.gz", gzip.compress("name,lon\n甲,1\n".encode())))
    assert (list(packed.rows), packed.sha256) == (list(plain.rows), plain.sha256)
    parts = gzip.compress(b"name,lon\n") + gzip.compress("甲,1\n".encode())
    assert list(read_table(write(tmp_path, "c.CSV.GZ", parts)).rows) == list(plain.rows)
    shapes = collection(feature("甲", 121.5, 29.8))
    assert read_table(write(tmp_path, "a.geojson.gz", gzip.compress(shapes.encode()))).row_count == 1


def test_a_gzip_bomb_is_refused_before_it_goes_off(tmp_path: Path) -> None:
    bomb = gzip.compress(bytes(64 * 1024 * 1024))
    assert len(bomb) < 70_000
    path = write(tmp_path, "bomb.csv.gz", bomb * 40)  # 2.5 GB in 2.6 MB
    tracemalloc.start()
    try:
        with pytest.raises(UnreadableFile, match="解压之后超过上限 3 MB,没有再读下去"):
            read_table(path, max_megabytes=3)
        assert tracemalloc.get_traced_memory()[1] < 32 * 1024 * 1024
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (gzip.compress(b"name,lon\n" * 100)[:-9], "不是完好的 gzip"),
        (gzip.compress(b"name,lon\n")[:-4] + b"\0\0\0\0", "不是完好的 gzip"),
        (b"name,lon\n", "不是完好的 gzip"),
        (gzip.compress(b"name\n") + b"tail", "不是完好的 gzip"),
        (gzip.compress(b""), "文件是空的"),
        (gzip.compress(b" \n"), "文件是空的"),
        (gzip.compress(gzip.compress(b"name\n")), "gzip"),
        (gzip.compress(b"PK\x03\x04"), "zip"),
    ],
    # The packed bytes hold the time: as names of tests they would differ between the processes of a run.
    ids=["cut", "no length", "not packed", "a tail", "empty", "blank", "packed twice", "an archive"],
)
def test_packed_files_that_cannot_be_read(tmp_path: Path, data: bytes, sentence: str) -> None:
    with pytest.raises(UnreadableFile, match=sentence):
        read_table(write(tmp_path, "a.csv.gz", data))


def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(UnreadableFile, match="不是普通文件"):
        read_table(tmp_path / "pipe.csv")


def test_a_missing_file_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_table(tmp_path / "none.csv")


def test_csv_rows_keep_the_numbers_of_the_spreadsheet(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, "a.csv", "name,lon\n甲,1\n\n乙,2\n"))
    assert [(row.number, row.cells["name"]) for row in table.rows] == [(2, "甲"), (4, "乙")]
    assert (table.has_geometry, len(table.sha256), table.row_count) == (False, 64, 2)


def test_geojson_features_keep_their_numbers_and_bad_ones_are_problems(tmp_path: Path) -> None:
    text = collection(feature("甲", 121.5, 29.8), feature("乙", "x", 29.8), feature("丙", 121.6, 29.8))
    table = read_table(write(tmp_path, "a.geojson", text))
    assert [row.number for row in table.rows] == [1, 3]
    assert [(p.row, p.label) for p in table.problems] == [(2, "乙")]
    assert table.row_count == 3


def test_utf16_geojson_is_read_and_said(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, "a.geojson", collection(feature("甲", 121.5, 29.8)).encode("utf-16")))
    assert next(iter(table.rows)).cells["name"] == "甲"
    assert "UTF-16" in table.notes[0]


def test_gbk_geojson_is_read_when_declared(tmp_path: Path) -> None:
    path = write(tmp_path, "a.geojson", collection(feature("甲", 121.5, 29.8)).encode("gbk"))
    with pytest.raises(UnreadableFile, match="GBK"):
        read_table(path)
    assert next(iter(read_table(path, encoding="gbk").rows)).cells["name"] == "甲"


def test_truncated_json_says_where(tmp_path: Path) -> None:
    text = collection(feature("甲", 121.5, 29.8))[:-20]
    with pytest.raises(UnreadableFile, match=r"不完整,在第 1 行第 \d+ 列"):
        read_table(write(tmp_path, "a.geojson", text))


def test_nan_is_refused_and_the_features_are_named(tmp_path: Path) -> None:
    text = collection(
        feature("甲", 121.5, 29.8), feature("乙", float("nan"), 29.8), feature("丙", 1, float("inf"))
    )
    with pytest.raises(UnreadableFile, match="NaN") as caught:
        read_table(write(tmp_path, "a.geojson", text))
    assert [(p.row, p.label) for p in caught.value.problems] == [(2, "乙"), (3, "丙")]


@pytest.mark.parametrize(
    "text",
    ["[]", "{}", '{"type":"FeatureCollection"}', '{"type":"FeatureCollection","features":[]}', "[" * 10**5],
)
def test_other_json_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UnreadableFile):
        read_table(write(tmp_path, "a.geojson", text))


def test_properties_that_differ_only_in_spaces_are_refused(tmp_path: Path) -> None:
    one = {"type": "Feature", "properties": {"name": "a", "name ": "b"}, "geometry": None}
    with pytest.raises(UnreadableFile, match="出现了两次"):
        read_table(write(tmp_path, "a.geojson", collection(one)))


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), ("x ", "x "), (True, "true"), (3, "3"), (0.1, "0.1"), ([1, "二"], '[1, "二"]')],
)
def test_properties_become_cells(value: object, text: str) -> None:
    assert cell_text(value) == text
