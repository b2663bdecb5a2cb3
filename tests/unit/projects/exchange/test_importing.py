"""Planning an import over a made-up world: what is created, changed, left alone, and what is wrong."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from maps.crs import EpsgCode
from maps.datum import Datum, from_wgs84
from projects.exchange.columns import COLUMNS
from projects.exchange.differences import ExistingSite
from projects.exchange.dividing import Degrees, KnownCity
from projects.exchange.gazetteer import AliasRef, DivisionRef, Gazetteer
from projects.exchange.importing import Plan, World, plan_import
from projects.exchange.options import ImportOptions, KindRule
from projects.exchange.problems import OptionError, Severity, UnreadableFile
from projects.exchange.readers import Table, read_table
from projects.exchange.rows import KindRef
from projects.readmodels.locator import Border, DivisionLocator
from projects.rules.vocabulary import Service, Stage

TODAY = dt.date(2024, 6, 30)
CITY, HAISHU, YINZHOU, FENGHUA, ZONE = 1, 2, 3, 4, 5
KINDS = (
    KindRef(1, "school", "中小学", "School", {"places": "integer"}),
    KindRef(2, "ev-charging", "电动汽车充电站", "EV charging", {"piles": "integer", "price": "text"}),
)
GAZETTEER = Gazetteer(
    [
        DivisionRef(CITY, "330200", "宁波市", "city", 1, 5),
        DivisionRef(HAISHU, "330203", "海曙区", "county", 2, 2),
        DivisionRef(YINZHOU, "330212", "鄞州区", "county", 3, 3),
        DivisionRef(FENGHUA, "330213", "奉化区", "county", 4, 4),
        DivisionRef(ZONE, "330200-1", "高新区", "zone", 5, 5),
        DivisionRef(6, "330204", "江东区", "county", 9, 9, dt.date(2016, 11, 1)),
    ],
    [AliasRef(FENGHUA, "奉化市", dt.date(2016, 11, 1)), AliasRef(FENGHUA, "330283", dt.date(2016, 11, 1))],
)
#: Three squares side by side, 0.1 degrees wide: 海曙 121.5-121.6, 鄞州 -121.7, 奉化 -121.8, all 29.8-29.9 N.
LOCATOR = DivisionLocator(
    [
        Border(CITY, "330200", "city", shapely.box(121.5, 29.8, 121.8, 29.9)),
        Border(HAISHU, "330203", "county", shapely.box(121.5, 29.8, 121.6, 29.9)),
        Border(YINZHOU, "330212", "county", shapely.box(121.6, 29.8, 121.7, 29.9)),
        Border(FENGHUA, "330213", "county", shapely.box(121.7, 29.8, 121.8, 29.9)),
        Border(ZONE, "330200-1", "zone", shapely.box(121.5, 29.8, 121.55, 29.9)),
    ]
)


def elsewhere(lon: Degrees, lat: Degrees) -> list[KnownCity | None]:
    """Whatever lies south of 25 N is 深圳."""
    return [KnownCity("440300", "深圳市") if y < 25 else None for y in lat.tolist()]


def world(sites: Sequence[ExistingSite] = (), may: frozenset[int] | None = None, **changes: Any) -> World:
    there = {site.code: site for site in sites}

    def existing(codes: Sequence[str]) -> Mapping[str, ExistingSite]:
        return {code: there[code] for code in codes if code in there}

    return World(
        kinds=KINDS,
        gazetteer=GAZETTEER,
        locator=LOCATOR,
        existing=existing,
        codes_with_prefix=lambda prefix: [(s.code, s.code) for s in sites if s.code.startswith(prefix)],
        may_manage=lambda division_id: may is None or division_id in may,
        elsewhere=elsewhere,
        today=TODAY,
        **changes,
    )


def options(**changes: Any) -> ImportOptions:
    values: dict[str, Any] = {
        "datum": Datum.WGS84,
        "kind": KindRule(slug="school"),
        "code_column": "code",
        "source": "test",
    }
    return ImportOptions(**{**values, **changes})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def csv(folder: Path, text: str) -> Table:
    path = folder / "a.csv"
    path.write_text(text, encoding="utf-8")
    return read_table(path)


def geojson(folder: Path, *shapes: tuple[dict[str, object], object], crs: str = "") -> Table:
    document: dict[str, object] = {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "properties": p, "geometry": g} for p, g in shapes],
    }
    if crs:
        document["crs"] = {"type": "name", "properties": {"name": crs}}
    path = folder / "a.geojson"
    path.write_text(json.dumps(document), encoding="utf-8")
    return read_table(path, degrees=not crs)


def saved(plan: Plan) -> list[ExistingSite]:
    """The plan's drafts as the database would have them afterwards."""
    return [
        ExistingSite(
            id=number,
            code=draft.code,
            version=1,
            is_removed=False,
            kind_id=draft.kind_id,
            geometry=draft.geometry,
            source=(draft.source_x, draft.source_y, draft.source_datum),
            located_in_id=draft.located_in_id,
            managed_by_id=draft.managed_by_id,
            fields={
                column.site_field: getattr(draft, column.site_field)
                for column in COLUMNS
                if column.site_field
            },
            attributes=dict(draft.attributes),
            contributions=dict(draft.contributions),
        )
        for number, draft in enumerate(plan.drafts, start=1)
    ]


GOOD = "code,name,lon,lat\nA1,一小,121.55,29.85\nA2,二小,121.65,29.85\n"


def test_new_rows_become_drafts_where_they_lie(folder: Path) -> None:
    plan = plan_import(csv(folder, GOOD), options(), world())
    assert not plan.problems
    assert [(d.code, d.located_in_id, d.managed_by_id) for d in plan.drafts] == [
        ("A1", HAISHU, HAISHU),
        ("A2", YINZHOU, YINZHOU),
    ]
    first = plan.drafts[0]
    assert (first.stage, first.service) == (Stage.FINISHED, Service.UNKNOWN)
    assert (first.source_x, first.source_y, first.source_datum) == (121.55, 29.85, "wgs84")
    assert first.publication.value == "draft"


@pytest.mark.parametrize("datum", list(Datum))
def test_the_declared_datum_is_undone_and_kept(folder: Path, datum: Datum) -> None:
    x, y = from_wgs84(121.55, 29.85, datum)
    plan = plan_import(
        csv(folder, f"code,name,lon,lat\nA1,一小,{x!r},{y!r}\n"), options(datum=datum), world()
    )
    draft = plan.drafts[0]
    assert (draft.geometry.x, draft.geometry.y) == pytest.approx((121.55, 29.85), abs=1e-8)
    assert (draft.source_x, draft.source_y, draft.source_datum) == (x, y, datum.value)


def test_a_projected_system_goes_through_proj(folder: Path) -> None:
    text = "code,name,x,y\nA1,一小,649000,3304000\nA2,二小,3304000,649000\n"
    plan = plan_import(csv(folder, text), options(datum=EpsgCode(4549)), world())
    assert [p.row for p in plan.problems if "适用范围" in p.sentence] == [3]
    lon, lat = plan.drafts[0].geometry.x, plan.drafts[0].geometry.y
    assert 121.5 < lon < 121.6 and 29.8 < lat < 29.9


@pytest.mark.parametrize(
    ("lon", "lat", "sentence"),
    [
        ("", "29.85", "没有填写"),
        ("/", "29.85", "不是数"),
        ("PNS", "29.85", "不是数"),
        ("NaN", "29.85", "不是数"),
        ("inf", "29.85", "不是数"),
        ("1e308", "29.85", "不在地球上"),
        ("1e999", "29.85", "太大"),
        ("121.55", "91", "不在地球上"),
        ("29.85", "121.55", "经度与纬度颠倒"),
        ("649000", "3304000", "投影坐标"),
        ("122.9", "29.85", "不在任何已载入的区划内"),
        ("114.05", "22.53", "深圳市(440300)"),
    ],
)
def test_a_bad_position_is_an_error_of_its_row(folder: Path, lon: str, lat: str, sentence: str) -> None:
    text = f"{GOOD}A3,三小,{lon},{lat}\n"
    plan = plan_import(csv(folder, text), options(), world())
    errors = [p for p in plan.problems if p.row == 4]
    assert [(p.label, p.severity) for p in errors] == [("三小", Severity.ERROR)]
    assert sentence in errors[0].sentence
    assert len(plan.drafts) == 2


def test_swapped_axes_within_the_degrees_of_earth_are_suspected(folder: Path) -> None:
    mirrored = replace(
        world(), locator=DivisionLocator([Border(HAISHU, "330203", "county", shapely.box(80, 29, 81, 30))])
    )
    plan = plan_import(csv(folder, "code,name,lon,lat\nA1,一小,29.5,80.5\n"), options(), mirrored)
    assert "颠倒" in plan.problems[0].sentence and "海曙区(330203)" in plan.problems[0].sentence


def test_another_datum_is_suspected_when_it_would_fit(folder: Path) -> None:
    x, y = from_wgs84(121.7999, 29.85, Datum.GCJ02)
    plan = plan_import(csv(folder, f"code,name,lon,lat\nA1,一小,{x!r},{y!r}\n"), options(), world())
    assert "坐标系可能是 gcj02" in plan.problems[0].sentence


def test_a_whole_city_that_is_not_loaded_names_the_command(folder: Path) -> None:
    text = "code,name,lon,lat\nA1,甲,114.05,22.53\nA2,乙,114.06,22.54\n"
    plan = plan_import(csv(folder, text), options(), world())
    assert plan.problems[0].row is None
    assert "有 2 行在深圳市" in plan.problems[0].sentence
    assert "load_divisions --city 440300" in plan.problems[0].sentence


# 0.001 degrees north of the border is 111 m.
@pytest.mark.parametrize(
    ("lat", "stated", "tolerance", "is_taken"),
    [
        (29.901, "海曙区", 0.0, True),
        (29.901, "鄞州区", 0.0, False),
        (29.901, "", 0.0, False),
        (29.901, "", 120.0, True),
        (29.901, "", 100.0, False),
        (29.95, "海曙区", 0.0, False),
    ],
)
def test_just_outside_every_border(
    folder: Path, lat: float, stated: str, tolerance: float, is_taken: bool
) -> None:
    text = f"code,name,lon,lat,区县\nA1,码头,121.55,{lat},{stated}\n"
    plan = plan_import(csv(folder, text), options(border_tolerance_m=tolerance), world())
    assert [d.located_in_id for d in plan.drafts] == ([HAISHU] if is_taken else [])
    said = [p for p in plan.problems if "米" in p.sentence]
    if is_taken:
        assert said and said[0].severity is Severity.WARNING and "111 米" in said[0].sentence
    else:
        assert plan.errors == 1


STATED = "code,name,lon,lat,区县\nA1,东环钢贸城,121.65,29.85,{}\n"


@pytest.mark.parametrize(
    ("stated", "from_column", "allow", "managed", "severity", "sentence"),
    [
        ("鄞州区", False, False, YINZHOU, None, ""),
        ("鄞州", True, False, YINZHOU, None, ""),
        ("330212.0", True, False, YINZHOU, None, ""),
        ("宁波市", True, False, CITY, None, ""),
        ("高新区", True, False, ZONE, None, ""),
        ("", False, False, YINZHOU, None, ""),
        ("", True, False, None, Severity.ERROR, "没有填写区划"),
        ("海曙区", False, False, YINZHOU, Severity.WARNING, "“东环钢贸城”写的是海曙区(330203),坐标却在鄞州区(330212)"),
        ("海曙区", True, False, None, Severity.ERROR, "坐标却在鄞州区"),
        ("海曙区", True, True, HAISHU, Severity.WARNING, "坐标却在鄞州区"),
        ("火星区", False, False, YINZHOU, Severity.WARNING, "不认识区划"),
        ("火星区", True, True, None, Severity.ERROR, "不认识区划"),
        ("江东区", True, False, None, Severity.ERROR, "已撤销"),
        ("奉化市", True, True, FENGHUA, Severity.WARNING, "写的是奉化区(330213)"),
    ],
)  # fmt: skip
def test_a_stated_division_and_the_geometry(
    folder: Path,
    stated: str,
    from_column: bool,
    allow: bool,
    managed: int | None,
    severity: Severity | None,
    sentence: str,
) -> None:
    chosen = options(division_from_column=from_column, allow_division_conflicts=allow)
    plan = plan_import(csv(folder, STATED.format(stated)), chosen, world())
    assert [(d.located_in_id, d.managed_by_id) for d in plan.drafts] == (
        [] if managed is None else [(YINZHOU, managed)]
    )
    assert [p.severity for p in plan.problems] == ([] if severity is None else [severity])
    if plan.problems:
        assert sentence in plan.problems[0].sentence
        assert (plan.problems[0].row, plan.problems[0].column) == (2, "区县")


@pytest.mark.parametrize("stated", ["奉化市", "330283", "330283.0", "奉化 市"])
def test_a_former_name_or_code_resolves_and_is_noted(folder: Path, stated: str) -> None:
    text = f"code,name,lon,lat,区县\nA1,甲,121.75,29.85,{stated}\nA2,乙,121.76,29.85,{stated}\n"
    plan = plan_import(csv(folder, text), options(division_from_column=True), world())
    assert not plan.problems
    assert {d.managed_by_id for d in plan.drafts} == {FENGHUA}
    assert any("用到 2016-11-01" in note and "2 行" in note for note in plan.notes)


# ------------------------------------------------------------------------------------ again and again


def test_the_same_file_twice_changes_nothing(folder: Path) -> None:
    table = csv(folder, GOOD)
    first = plan_import(table, options(), world())
    again = plan_import(table, options(), world(saved(first)))
    assert (again.drafts, again.updates, again.unchanged) == ((), (), 2)


@pytest.mark.parametrize(
    ("row", "changes"),
    [
        ("A1,新一小,121.55,29.85", {"name": "新一小"}),
        ("A1,一小,121.56,29.85", {"geometry", "source_x", "source_y", "source_datum"}),
        ("A1,一小,121.65,29.85",
         {"geometry", "source_x", "source_y", "source_datum", "located_in_id", "managed_by_id"}),
    ],
)  # fmt: skip
def test_a_changed_row_updates_only_what_differs(folder: Path, row: str, changes: Any) -> None:
    sites = saved(plan_import(csv(folder, GOOD), options(), world()))
    plan = plan_import(csv(folder, f"code,name,lon,lat\n{row}\n"), options(), world(sites))
    assert (plan.drafts, plan.unchanged, len(plan.updates)) == ((), 0, 1)
    update = plan.updates[0]
    assert (update.site_id, update.version) == (1, 1)
    assert update.changes.keys() == set(changes)
    assert not plan.missing


def test_columns_that_the_file_lacks_are_left_alone(folder: Path) -> None:
    text = "code,name,lon,lat,phone,address\nA1,一小,121.55,29.85,0574-123456,药行街 1 号\n"
    sites = saved(plan_import(csv(folder, text), options(), world()))
    assert plan_import(csv(folder, GOOD), options(), world(sites)).unchanged == 1


def test_a_damaged_phone_is_said_and_does_not_erase_a_good_one(folder: Path) -> None:
    head = "code,name,lon,lat,phone\nA1,一小,121.55,29.85,"
    sites = saved(plan_import(csv(folder, head + "13800000000\n"), options(), world()))
    plan = plan_import(csv(folder, head + "1.38E+10\n"), options(), world(sites))
    assert (plan.unchanged, plan.errors, plan.warnings) == (1, 0, 1)
    emptied = plan_import(csv(folder, head + "\n"), options(), world(sites))
    assert emptied.updates[0].changes == {"phone": ""}


def test_a_position_put_right_by_hand_stays(folder: Path) -> None:
    sites = saved(plan_import(csv(folder, GOOD), options(), world()))
    sites[0] = replace(sites[0], geometry=shapely.Point(121.58, 29.88))
    plan = plan_import(csv(folder, GOOD), options(), world(sites))
    assert (plan.updates, plan.unchanged) == ((), 2)
    assert [(p.row, p.severity) for p in plan.problems] == [(2, Severity.WARNING)]
    assert "改正过" in plan.problems[0].sentence


def test_a_site_handed_over_stays_with_its_manager(folder: Path) -> None:
    sites = saved(plan_import(csv(folder, GOOD), options(), world()))
    sites[0] = replace(sites[0], managed_by_id=FENGHUA)
    assert plan_import(csv(folder, GOOD), options(), world(sites)).unchanged == 2


def test_only_a_verifier_verifies(folder: Path) -> None:
    text = "code,name,lon,lat,stage\nA1,一小,121.55,29.85,verified\n"
    plan = plan_import(csv(folder, text), options(), world())
    assert plan.drafts[0].stage is Stage.FINISHED and plan.warnings == 1
    verified = [replace(s, fields={**s.fields, "stage": "verified"}) for s in saved(plan)]
    again = plan_import(csv(folder, text), options(), world(verified))
    assert (again.unchanged, again.warnings) == (1, 0)


def test_contributions_and_quantities(folder: Path) -> None:
    text = "code,name,lon,lat,贡献量\nA1,一小,121.55,29.85,270\nA2,二小,121.56,29.85,\n"
    counted = options(indicator="01-places")
    plan = plan_import(csv(folder, text), counted, world(indicator_id=7))
    assert [d.contributions for d in plan.drafts] == [((7, Decimal(270)),), ((7, Decimal(1)),)]
    sites = [replace(site, contributions={9: Decimal(1)}) for site in saved(plan)]
    again = plan_import(csv(folder, text), counted, world(sites, indicator_id=7))
    assert dict(again.updates[0].changes["contributions"]) == {9: Decimal(1), 7: Decimal(270)}  # type: ignore[call-overload]


# ---------------------------------------------------------------------------------------------- codes


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ("A1,甲,121.55,29.85\nA1,乙,121.56,29.85", "与第 2 行相同"),
        (",甲,121.55,29.85", "没有填写"),
        ("1.2E+11,甲,121.55,29.85", "科学计数"),
        ("A1,,121.55,29.85", "没有填写"),
        ("A1,/,121.55,29.85", "不是名称"),
    ],
)
def test_codes_and_names_that_cannot_be(folder: Path, rows: str, sentence: str) -> None:
    plan = plan_import(csv(folder, f"code,name,lon,lat\n{rows}\n"), options(), world())
    assert plan.errors == 1
    assert sentence in plan.problems[0].sentence


def test_a_removed_site_keeps_its_code(folder: Path) -> None:
    sites = [replace(s, is_removed=True) for s in saved(plan_import(csv(folder, GOOD), options(), world()))]
    plan = plan_import(csv(folder, GOOD), options(), world(sites))
    assert plan.errors == 2 and "已删除" in plan.problems[0].sentence


GENERATED = options(code_column=None)


def test_generated_codes_stay_and_a_moved_row_is_new_and_missing(folder: Path) -> None:
    first = plan_import(csv(folder, GOOD), GENERATED, world())
    sites = saved(first)
    again = plan_import(csv(folder, GOOD), GENERATED, world(sites))
    assert (again.unchanged, again.missing) == (2, ())
    moved = plan_import(csv(folder, GOOD.replace("121.55", "121.56")), GENERATED, world(sites))
    assert (len(moved.drafts), moved.unchanged) == (1, 1)
    assert [code for code, _name in moved.missing] == [first.drafts[0].code]
    other = plan_import(csv(folder, GOOD), replace(GENERATED, source="other"), world(sites))
    assert len(other.drafts) == 2 and not other.missing


def test_rows_equal_in_everything_are_numbered_on_and_said_by_name(folder: Path) -> None:
    row = "A1,东环钢贸城,121.65,29.85\n"
    plan = plan_import(csv(folder, "id,name,lon,lat\n" + row * 3), GENERATED, world())
    assert len({d.code for d in plan.drafts}) == 3
    assert [p.row for p in plan.problems] == [3, 4] and plan.errors == 0
    assert "东环钢贸城" in plan.problems[0].sentence
    assert any("2 行的坐标与另一行相同" in note for note in plan.notes)
    assert (
        plan_import(csv(folder, "id,name,lon,lat\n" + row * 3), GENERATED, world(saved(plan))).unchanged == 3
    )


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=12),
            st.floats(121.501, 121.799),
            st.floats(29.801, 29.899),
        ),
        max_size=8,
    )
)
def test_whatever_was_planned_is_unchanged_when_it_comes_again(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, float, float]]
) -> None:
    text = "name,lon,lat\n" + "".join(f"校{name},{lon!r},{lat!r}\n" for name, lon, lat in rows)
    table = csv(tmp_path_factory.mktemp("again"), text)
    first = plan_import(table, GENERATED, world())
    again = plan_import(table, GENERATED, world(saved(first)))
    assert first.errors == again.errors == 0
    assert (len(first.drafts), again.unchanged, again.updates) == (len(rows), len(rows), ())


# ------------------------------------------------------------------------------ kinds and attributes


def test_kinds_from_a_column(folder: Path) -> None:
    text = (
        "code,name,lon,lat,type\nA1,甲,121.55,29.85,学校\nA2,乙,121.56,29.85,充电\nA3,丙,121.57,29.85,医院\n"
    )
    rule = KindRule(column="type", words={"学校": "school", "充电": "ev-charging"})
    plan = plan_import(csv(folder, text), options(kind=rule), world())
    assert [d.kind_id for d in plan.drafts] == [1, 2]
    assert [(p.row, p.found, p.allowed) for p in plan.problems] == [(4, "医院", "学校、充电")]


@pytest.mark.parametrize("word", ["school", "中小学", "School"])
def test_without_words_a_kind_column_holds_slugs_or_names(folder: Path, word: str) -> None:
    text = f"code,name,lon,lat,type\nA1,甲,121.55,29.85,{word}\n"
    assert (
        plan_import(csv(folder, text), options(kind=KindRule(column="type")), world()).drafts[0].kind_id == 1
    )


def test_attributes_follow_the_kind(folder: Path) -> None:
    text = "code,name,lon,lat,type,n\nA1,甲,121.55,29.85,school,20\nA2,乙,121.56,29.85,ev-charging,12\n"
    chosen = options(kind=KindRule(column="type"), mapping={"attributes.piles": "n"})
    plan = plan_import(csv(folder, text), chosen, world())
    assert [d.attributes for d in plan.drafts] == [{"piles": 12}]
    assert [(p.row, p.allowed) for p in plan.problems] == [(2, "places")]


def test_names_put_together_from_columns(folder: Path) -> None:
    text = "station_id,longitude,latitude,charge_count\n1001,121.55,29.85,20\n"
    chosen = options(
        code_column="station_id",
        kind=KindRule(slug="ev-charging"),
        name_template="充电站 {station_id}",
        mapping={"attributes.piles": "charge_count"},
    )
    draft = plan_import(csv(folder, text), chosen, world()).drafts[0]
    assert (draft.code, draft.name, draft.attributes) == ("1001", "充电站 1001", {"piles": 20})


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"kind": KindRule(slug="scool")}, "没有设施种类 scool"),
        ({"kind": KindRule(column="x", words={"a": "b"})}, "文件没有“x”"),
        ({"code_column": "编号"}, "文件没有“编号”"),
        ({"division_from_column": True}, "需要知道哪一列是区划"),
        ({"mapping": {"attributes.beds": "n"}}, "没有属性 beds"),
        ({"mapping": {"quantity": "n"}}, "--indicator"),
        ({"mapping": {"code": "name"}}, "矛盾"),
        ({"name_template": "站"}, "--name-from"),
        ({"name_template": "{站}"}, "--name-from"),
        ({"datum": EpsgCode(99999)}, "没有 EPSG:99999"),
    ],
)
def test_options_that_do_not_fit_the_file(folder: Path, changes: dict[str, Any], sentence: str) -> None:
    table = csv(folder, "code,name,lon,lat,n\nA1,一小,121.55,29.85,1\n")
    with pytest.raises(OptionError, match=sentence):
        plan_import(table, options(**changes), world())


def test_a_file_without_names_says_how_to_give_them(folder: Path) -> None:
    with pytest.raises(OptionError, match="--name-from"):
        plan_import(csv(folder, "code,lon,lat\nA1,121.55,29.85\n"), options(), world())


# -------------------------------------------------------------------------------- rows and their dates


def test_all_errors_of_all_rows_are_listed(folder: Path) -> None:
    text = (
        "code,name,lon,lat,phone,baseline_start,baseline_finish\n"
        ",,x,29.85,abc,2024-01-01,2024-13-01\n"
        "A2,二小,121.55,29.85,,2024-06-01,2024-01-01\n"
        "A3,三小,121.55\n"
    )
    plan = plan_import(csv(folder, text), options(), world())
    assert sorted((p.row, p.column) for p in plan.problems) == [
        (2, "baseline_finish"),
        (2, "code"),
        (2, "lon"),
        (2, "name"),
        (2, "phone"),
        (3, "code"),
        (4, ""),
    ]
    assert plan.errors == len(plan.problems)


def test_rows_outside_the_actors_divisions_are_errors(folder: Path) -> None:
    plan = plan_import(csv(folder, GOOD), options(), world(may=frozenset({HAISHU})))
    assert [(p.row, "鄞州区" in p.sentence) for p in plan.problems] == [(3, True)]


# ------------------------------------------------------------------------------------- lines and areas


LINE = {"type": "LineString", "coordinates": [[121.51, 29.85], [121.59, 29.85]]}


def test_lines_and_areas_lie_where_their_representative_point_does(folder: Path) -> None:
    ring = [[[121.61, 29.81], [121.69, 29.81], [121.69, 29.89], [121.61, 29.81]]]
    table = geojson(
        folder, ({"name": "路"}, LINE), ({"name": "区"}, {"type": "Polygon", "coordinates": ring})
    )
    plan = plan_import(table, GENERATED, world())
    assert [(d.geometry.geom_type, d.located_in_id, d.source_x) for d in plan.drafts] == [
        ("LineString", HAISHU, None),
        ("Polygon", YINZHOU, None),
    ]
    assert plan_import(table, GENERATED, world(saved(plan))).unchanged == 2


@pytest.mark.parametrize(
    ("geometry", "sentence"),
    [
        (None, "没有位置"),
        ({"type": "MultiPoint", "coordinates": [[121.5, 29.8]]}, "不能用 MultiPoint"),
        ({"type": "GeometryCollection", "geometries": [LINE]}, "不能用 GeometryCollection"),
        (
            {"type": "Polygon", "coordinates": [[[121.5, 29.8], [121.6, 29.9], [121.6, 29.8], [121.5, 29.9], [121.5, 29.8]]]},
            "自相交",
        ),
    ],
)  # fmt: skip
def test_shapes_that_cannot_be_a_site(folder: Path, geometry: object, sentence: str) -> None:
    plan = plan_import(geojson(folder, ({"name": "甲"}, geometry)), GENERATED, world())
    assert [(p.row, p.label) for p in plan.problems] == [(1, "甲")]
    assert sentence in plan.problems[0].sentence


@pytest.mark.parametrize(
    ("wkt", "is_good"),
    [
        ("LINESTRING (121.51 29.85, 121.59 29.85)", True),
        ("LINESTRING (nan 29.85, 121.59 29.85)", False),
        ("POLYGON ((0 0, 1 1", False),
        ("GEOMETRYCOLLECTION (POINT (1 1))", False),
        ("010200000002", False),
    ],
)
def test_wkt_cells(folder: Path, wkt: str, is_good: bool) -> None:
    plan = plan_import(csv(folder, f'code,name,wkt\nA1,路,"{wkt}"\n'), options(), world())
    assert (len(plan.drafts), plan.errors) == ((1, 0) if is_good else (0, 1))


@pytest.mark.parametrize(
    ("crs", "datum", "is_refused"),
    [
        ("EPSG:4549", Datum.WGS84, True),
        ("EPSG:4549", EpsgCode(4549), False),
        ("EPSG:4490", Datum.WGS84, False),
        ("EPSG:4326", Datum.GCJ02, False),
        ("EPSG:4490", Datum.GCJ02, True),
        ("nonsense", Datum.WGS84, True),
    ],
)
def test_a_file_that_names_another_system_is_refused(
    folder: Path, crs: str, datum: Any, is_refused: bool
) -> None:
    table = geojson(folder, ({"name": "路"}, LINE), crs=crs)
    if is_refused:
        with pytest.raises(UnreadableFile, match="请核对"):
            plan_import(table, replace(GENERATED, datum=datum), world())
    else:
        assert plan_import(table, replace(GENERATED, datum=datum), world()).columns
