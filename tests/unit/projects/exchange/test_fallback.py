"""The second position: only for rows that leave the first one empty, in the datum declared for it."""

from pathlib import Path

import pytest

from maps.crs import EpsgCode
from maps.datum import Datum
from projects.exchange.importing import Plan, plan_import
from projects.exchange.options import ImportOptions
from projects.exchange.problems import OptionError, Severity
from tests.unit.projects.exchange.made_up import LINE, csv, geojson, options, saved, world

# CGCS2000, three-degree zone 40 (EPSG:4549): some 649 km east of the zone's false origin, in 海曙.
EAST, NORTH = 649000.0, 3304000.0
HEAD = "code,name,lon,lat,E,N\n"


def fallback(**changes: object) -> ImportOptions:
    return options(
        **{
            "mapping": {"fallback_x": "E", "fallback_y": "N"},
            "fallback_datum": EpsgCode(4549),
            **changes,
        }
    )


def plan(folder: Path, row: str) -> Plan:
    return plan_import(csv(folder, f"{HEAD}A1,一小,{row}\n"), fallback(), world())


@pytest.mark.parametrize(
    ("row", "source"),
    [
        ("121.55,29.85,649000,3304000", (121.55, 29.85, "wgs84")),
        ("121.55,29.85,,", (121.55, 29.85, "wgs84")),
        ("121.55,29.85,x,/", (121.55, 29.85, "wgs84")),  # not asked, so not read
        (",,649000,3304000", (EAST, NORTH, "EPSG:4549")),
        (" , \t ,649000,3304000", (EAST, NORTH, "EPSG:4549")),
        (",,６４９０００,3304000.0", (EAST, NORTH, "EPSG:4549")),
    ],
)
def test_which_position_speaks(tmp_path: Path, row: str, source: tuple[float, float, str]) -> None:
    found = plan(tmp_path, row)
    assert not found.problems
    (draft,) = found.drafts
    assert (draft.source_x, draft.source_y, draft.source_datum) == source
    assert 121.5 < draft.geometry.x < 121.6 and 29.8 < draft.geometry.y < 29.9
    used = int(source[2] == "EPSG:4549")
    assert found.fallbacks == used
    assert any("有 1 行没有填写第一位置,用了后备位置(EPSG:4549)" in note for note in found.notes) == bool(
        used
    )


@pytest.mark.parametrize(
    ("row", "column", "sentence"),
    [
        ("121.55,,649000,3304000", "lat", "没有填写"),  # half a pair is a mistake, not a missing one
        (",29.85,649000,3304000", "lon", "没有填写"),
        ("/,/,649000,3304000", "lon", "不是数"),
        ("NaN,NaN,649000,3304000", "lon", "不是数"),
        ("200,29.85,649000,3304000", "lon, lat", "不在地球上"),
        (",,649000,", "N", "没有填写"),
        (",,,3304000", "E", "没有填写"),
        (",,east,3304000", "E", "不是数"),
        (",,inf,3304000", "E", "不是数"),
        (",,3304000,649000", "E, N", "不在 EPSG:4549 的适用范围内"),
        (",,1e300,1e300", "E, N", "不在 EPSG:4549 的适用范围内"),
        (",,,", "lat、lon、E、N", "第一位置和后备位置都没有填写"),
    ],
)
def test_what_stays_an_error(tmp_path: Path, row: str, column: str, sentence: str) -> None:
    found = plan(tmp_path, row)
    assert not found.drafts
    (problem,) = found.problems
    assert (problem.severity, problem.row, problem.column) == (Severity.ERROR, 2, column)
    assert sentence in problem.sentence


@pytest.mark.parametrize("first", ["lonlat", "latlon", "wkt"])
def test_the_first_position_may_be_written_in_any_way(tmp_path: Path, first: str) -> None:
    cell = {"lonlat": '"121.55,29.85"', "latlon": '"29.85,121.55"', "wkt": "POINT(121.55 29.85)"}[first]
    text = f"code,name,where,E,N\nA1,一小,{cell},,\nA2,二小,,649000,3304000\n"
    chosen = fallback(mapping={first: "where", "fallback_x": "E", "fallback_y": "N"})
    found = plan_import(csv(tmp_path, text), chosen, world())
    assert not found.problems
    assert [draft.source_datum for draft in found.drafts] == ["wgs84", "EPSG:4549"]


def test_rows_keep_the_order_of_the_file(tmp_path: Path) -> None:
    text = HEAD + "A1,一,,,649000,3304000\nA2,二,121.55,29.85,,\nA3,三,,,649001,3304000\n"
    found = plan_import(csv(tmp_path, text), fallback(), world())
    assert [draft.code for draft in found.drafts] == ["A1", "A2", "A3"]


def test_outside_rows_of_the_second_position_raise_no_suspicion_of_the_first_datum(tmp_path: Path) -> None:
    # 29.95 N lies outside every county; were the pair read as GCJ-02 degrees, nothing could be said of it.
    text = HEAD + "A1,一小,,,649000,3320000\n"
    found = plan_import(csv(tmp_path, text), fallback(), world())
    (problem,) = found.problems
    assert "不在任何已载入的区划内" in problem.sentence
    assert "坐标系可能是" not in problem.sentence and "颠倒" not in problem.sentence


def test_the_same_file_again_changes_nothing(tmp_path: Path) -> None:
    text = HEAD + "A1,一小,,,649000,3304000\nA2,二小,121.55,29.85,,\n"
    first = plan_import(csv(tmp_path, text), fallback(), world())
    again = plan_import(csv(tmp_path, text), fallback(), world(saved(first)))
    assert (again.unchanged, again.updates, again.drafts) == (2, (), ())


def test_generated_codes_tell_the_two_positions_apart(tmp_path: Path) -> None:
    text = "name,lon,lat,E,N\n一小,121.55,29.85,,\n一小,,,121.55,29.85\n"
    chosen = fallback(code_column=None, fallback_datum=Datum.GCJ02)
    found = plan_import(csv(tmp_path, text), chosen, world())
    assert len({draft.code for draft in found.drafts}) == 2
    assert not [problem for problem in found.problems if "完全相同" in problem.sentence]


@pytest.mark.parametrize(
    "changes",
    [
        {"fallback_datum": None},
        {"mapping": {}},
        {"mapping": {"fallback_x": "E"}},
        {"mapping": {"fallback_y": "N"}},
        {"mapping": {"fallback_x": "E"}, "fallback_datum": None},
    ],
)
def test_all_three_or_none(tmp_path: Path, changes: dict[str, object]) -> None:
    with pytest.raises(OptionError, match="后备位置要三样一起给"):
        plan_import(csv(tmp_path, HEAD + "A1,一小,121.55,29.85,,\n"), fallback(**changes), world())


def test_headers_are_never_taken_for_it_by_themselves(tmp_path: Path) -> None:
    text = "code,name,lon,lat,fallback_x,fallback_y\nA1,一小,121.55,29.85,1,2\n"
    found = plan_import(csv(tmp_path, text), options(), world())
    assert "fallback_x" not in found.columns


def test_geojson_has_one_position(tmp_path: Path) -> None:
    table = geojson(tmp_path, ({"code": "A1", "name": "一路", "E": 1, "N": 2}, LINE))
    with pytest.raises(OptionError, match="位置取自图形"):
        plan_import(table, fallback(), world())


@pytest.mark.parametrize(
    ("cell", "service"), [("active", "open"), (" inactive ", "closed"), ("", "closed_temporarily")]
)
def test_a_files_own_words_for_service(tmp_path: Path, cell: str, service: str) -> None:
    found = plan_import(
        csv(tmp_path, f"code,name,lon,lat,Status\nA1,一小,121.55,29.85,{cell}\n"), worded(), world()
    )
    assert not found.problems
    assert found.drafts[0].service.value == service


def worded() -> ImportOptions:
    from projects.exchange.options import read_words
    from projects.rules.vocabulary import Service

    rule = read_words(
        "--service-from", "Status:active=open,inactive=closed", [word.value for word in Service]
    )
    assert rule is not None
    return options(words={"service": rule}, service=Service.CLOSED_TEMPORARILY)


@pytest.mark.parametrize("cell", ["open", "Active", "pending"])
def test_a_word_that_was_not_explained_is_an_error(tmp_path: Path, cell: str) -> None:
    found = plan_import(
        csv(tmp_path, f"code,name,lon,lat,Status\nA1,一小,121.55,29.85,{cell}\n"), worded(), world()
    )
    (problem,) = found.problems
    assert (problem.column, problem.found, problem.allowed) == ("Status", cell, "active、inactive")


def test_words_of_one_field_come_from_one_column(tmp_path: Path) -> None:
    rule = worded().words
    with pytest.raises(OptionError, match="矛盾"):
        plan_import(
            csv(tmp_path, "code,name,lon,lat,Status,S2\nA1,一小,121.55,29.85,active,x\n"),
            options(words=rule, mapping={"service": "S2"}),
            world(),
        )
