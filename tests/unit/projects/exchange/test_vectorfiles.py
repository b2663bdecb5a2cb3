"""GeoPackage and packed shapefile: what is read, what a file may not do, what is refused."""

import sqlite3
import zipfile
from pathlib import Path
from typing import Any

import pytest
import shapely

from projects.exchange.problems import UnreadableFile
from projects.exchange.readers import read_table
from projects.exchange.tables import Table
from tests.unit.projects.exchange.strangefiles import POINTS, layer, packed, shapefile

NAMES: dict[str, Any] = {"名称": ["甲", "乙"], "数量": [3, 4]}


def gpkg(folder: Path, **options: Any) -> Path:
    return layer(folder / "a.gpkg", POINTS, NAMES, **{"kind": "Point Z", **options})


def cells_of(table: Table) -> list[list[str]]:
    return [list(row.cells.values()) for row in table.rows]


def test_a_geopackage_with_its_system_and_heights(tmp_path: Path) -> None:
    table = read_table(gpkg(tmp_path, crs="EPSG:4490"))
    assert table.headers == ("名称", "数量") and cells_of(table) == [["甲", "3"], ["乙", "4"]]
    assert [row.geometry for row in table.rows] == [shapely.force_2d(point) for point in POINTS]
    assert [row.number for row in table.rows] == [1, 2]
    assert (table.declared_crs, table.has_geometry, table.facts.format) == ("EPSG:4490", True, "gpkg")
    assert "没有办法写明 GCJ-02" in " ".join(table.notes)


def test_shapes_of_every_kind(tmp_path: Path) -> None:
    shapes = [
        shapely.MultiPoint([(121.5, 29.8)]),
        shapely.LineString([(121.5, 29.8), (121.6, 29.8)]),
        shapely.MultiPolygon([shapely.box(121.5, 29.8, 121.6, 29.9)]),
        None,
    ]
    table = read_table(layer(tmp_path / "a.gpkg", shapes, {"名称": list("甲乙丙丁")}))
    found = [row.geometry for row in table.rows]
    assert [shape and shape.geom_type for shape in found] == ["Point", "LineString", "MultiPolygon", None]
    assert found[1] == shapes[1] and found[2] == shapes[2]


def test_a_curve_is_refused_by_its_row(tmp_path: Path) -> None:
    path = gpkg(tmp_path)
    with sqlite3.connect(path) as database:
        (blob,) = database.execute("SELECT geom FROM a WHERE 名称 = '甲'").fetchone()
        start = blob.index(bytes([1, 0xE9, 3, 0, 0]))  # a point with a height
        arc = bytes([1, 8, 0, 0, 0, 3, 0, 0, 0]) + bytes(48)
        _drop_triggers(database)
        database.execute("UPDATE a SET geom = ? WHERE 名称 = '甲'", (blob[:start] + arc,))
    table = read_table(path)
    assert [(p.row, p.label) for p in table.problems] == [(1, "甲")]
    assert "曲线" in table.problems[0].sentence and "CircularString" in table.problems[0].sentence
    assert [row.number for row in table.rows] == [2] and table.row_count == 2


def _drop_triggers(database: sqlite3.Connection) -> None:
    for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        database.execute(f'DROP TRIGGER "{name}"')


def test_the_layer_is_chosen_by_a_person(tmp_path: Path) -> None:
    path = gpkg(tmp_path, layer="点位")
    layer(path, POINTS, {"名称": ["丙", "丁"]}, layer="边界", append=False)
    with pytest.raises(UnreadableFile, match="有几个图层:点位、边界。请用 --sheet"):
        read_table(path)
    with pytest.raises(UnreadableFile, match="没有图层“x”"):
        read_table(path, sheet="x")
    assert (
        cells_of(read_table(path, sheet="边界")) == cells_of(read_table(path, sheet="2")) == [["丙"], ["丁"]]
    )


def test_what_a_geopackage_brings_along_does_not_run(tmp_path: Path) -> None:
    """Triggers, and a view that calls functions of SQLite and GDAL which reach outside."""
    path = gpkg(tmp_path)
    before = path.read_bytes()
    with sqlite3.connect(path) as database:
        _drop_triggers(database)
        database.execute("CREATE TABLE log (x)")
        database.execute(
            "CREATE TRIGGER t AFTER UPDATE ON gpkg_contents BEGIN INSERT INTO log VALUES (1); END"
        )
        database.execute("ALTER TABLE a RENAME TO real_a")
        database.execute(
            "CREATE VIEW a AS SELECT fid, geom, load_extension('/tmp/evil.so') AS 名称,"
            " ogr_geocode('宁波') AS 数量 FROM real_a"
        )
    changed = path.read_bytes()
    with pytest.raises(UnreadableFile):
        read_table(path)
    assert path.read_bytes() == changed != before
    assert sqlite3.connect(path).execute("SELECT count(*) FROM log").fetchone() == (0,)


def test_a_virtual_source_is_no_geopackage(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    path.write_text(
        "<OGRVRTDataSource><OGRVRTLayer name='x'><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"
    )
    with pytest.raises(UnreadableFile, match="内容不是 GPKG"):
        read_table(path)


# ----------------------------------------------------------------------------------------------------- shapefile


def zipped(folder: Path, columns: dict[str, Any] = NAMES, drop: tuple[str, ...] = (), **options: Any) -> Path:
    parts = shapefile(folder, columns, **{"encoding": "UTF-8", **options})
    return packed(folder / "a.zip", {f"点位/站点{s}": part for s, part in parts.items() if s not in drop})


def test_a_packed_shapefile(tmp_path: Path) -> None:
    table = read_table(zipped(tmp_path))
    assert cells_of(table) == [["甲", "3"], ["乙", "4"]] and table.declared_crs == "EPSG:4326"
    assert [row.geometry for row in table.rows] == [shapely.force_2d(point) for point in POINTS]
    assert any("utf-8(.cpg 写明)" in note for note in table.notes)


@pytest.mark.parametrize("encoding", ["UTF-8", "GB18030"])
def test_an_encoding_that_nobody_wrote_down_is_tried(tmp_path: Path, encoding: str) -> None:
    path = zipped(tmp_path, drop=(".cpg",), encoding=encoding)
    table = read_table(path)
    assert table.headers == ("名称", "数量") and cells_of(table)[0] == ["甲", "3"]
    assert any(f"按 {encoding.lower()} 读取" in note for note in table.notes)


def test_an_encoding_that_is_wrong_is_said_and_overruled(tmp_path: Path) -> None:
    parts = shapefile(tmp_path, NAMES, encoding="GB18030") | {".cpg": b"UTF-8"}
    path = packed(tmp_path / "a.zip", {f"a{suffix}": part for suffix, part in parts.items()})
    table = read_table(path)
    assert cells_of(table)[0] == ["甲", "3"] and any(".cpg 写的编码读不通" in note for note in table.notes)
    assert read_table(path, encoding="gbk").headers == ("名称", "数量")
    with pytest.raises(UnreadableFile, match="不认识编码 klingon"):
        read_table(path, encoding="klingon")


def test_names_cut_at_ten_bytes_are_ours_again(tmp_path: Path) -> None:
    columns = {
        "name": ["甲", "乙"],
        "opening_ho": ["8-17", ""],
        "baseline_f": ["2024-06-30", ""],
        "baseline": ["x", "y"],
    }
    table = read_table(zipped(tmp_path, columns))
    assert table.headers == ("name", "opening_hours", "baseline_finish", "baseline")
    assert any("字段“opening_ho”按“opening_hours”读取" in note for note in table.notes)


def test_a_projected_layer(tmp_path: Path) -> None:
    path = layer(tmp_path / "a.gpkg", [shapely.Point(553000, 3303000)], {"名称": ["甲"]}, crs="EPSG:4549")
    table = read_table(path, degrees=False)
    assert table.declared_crs == "EPSG:4549" and not table.problems
    assert read_table(path).problems[0].row == 1


def symlink(path: Path) -> Path:
    info = zipfile.ZipInfo("a.prj")
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(info, "/etc/passwd")
    return path


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: zipped(folder, drop=(".dbf",)), "缺少 .dbf"),
        (lambda folder: zipped(folder, drop=(".shx", ".dbf")), "缺少 .shx、.dbf"),
        (lambda folder: packed(folder / "a.zip", {"a.txt": b""}), "恰有一个 .shp 文件,现有 0 个"),
        (lambda folder: packed(folder / "a.zip", {"a.shp": b"", "b.shp": b""}), "现有 2 个(a、b)"),
        (lambda folder: packed(folder / "a.zip", {"../../a.shp": b""}), "路径不正常"),
        (lambda folder: packed(folder / "a.zip", {"/a.shp": b""}), "路径不正常"),
        (lambda folder: packed(folder / "a.zip", {"C:\\a.shp": b""}), "路径不正常"),
        (
            lambda folder: symlink(packed(folder / "a.zip", {"a.shp": b"", "a.shx": b"", "a.dbf": b""})),
            "不是普通文件",
        ),
        (
            lambda folder: packed(folder / "a.zip", {"a.shp": b"x" * 99, "a.shx": b"", "a.dbf": b""}),
            "内容不是 ESRI",
        ),
        (
            lambda folder: packed(
                folder / "a.zip", dict.fromkeys(("a.shx", "a.dbf"), b"") | {"a.shp": bytes(60_000_000)}
            ),
            "不像正常的文件",
        ),
    ],
)
def test_an_archive_that_is_no_shapefile(tmp_path: Path, make: Any, message: str) -> None:
    with pytest.raises(UnreadableFile, match=message.replace("(", r"\(").replace(")", r"\)")):
        read_table(make(tmp_path))


def test_what_macos_puts_beside_each_file_is_left_alone(tmp_path: Path) -> None:
    parts = shapefile(tmp_path, NAMES, encoding="UTF-8")
    entries = {f"a{suffix}": part for suffix, part in parts.items()}
    path = packed(tmp_path / "a.zip", {**entries, **{f"__MACOSX/._{name}": b"x" for name in entries}})
    assert read_table(path).row_count == 2
