"""The one table of columns and how headers find it."""

from pathlib import Path

import pytest

from projects.exchange import columnguide, columns
from projects.exchange.attributeheaders import attribute_header, attribute_of
from projects.exchange.columnmatch import match_columns
from projects.exchange.columns import BY_FIELD, COLUMNS
from projects.exchange.problems import OptionError

ROOT = Path(__file__).resolve().parents[4]


def test_the_user_guide_is_written_from_the_table() -> None:
    assert (ROOT / "docs/user/import-columns.md").read_text(encoding="utf-8") == columnguide.markdown()


def test_no_alias_means_two_fields() -> None:
    aliases = [alias for column in COLUMNS for alias in column.aliases]
    assert len(aliases) == len(set(aliases))
    assert all(alias == alias.lower() for alias in aliases)
    assert all(column.field in column.aliases for column in COLUMNS if column.is_exported)


def test_headers_are_recognised_in_both_languages_and_any_case() -> None:
    found = match_columns(["名称", "LNG", "Latitude", "联系电话", "x1"], {}, has_geometry=False)
    assert dict(found.header_of) == {"name": "名称", "lon": "LNG", "lat": "Latitude", "phone": "联系电话"}
    assert set(found.automatic) == {"name", "lon", "lat", "phone"}


def test_what_is_said_goes_before_what_is_recognised() -> None:
    found = match_columns(["名称", "全称", "lon", "lat"], {"name": "全称 "}, has_geometry=False)
    assert found.header_of["name"] == "全称"


@pytest.mark.parametrize(
    ("headers", "mapping", "fields"),
    [
        (["name", "坐标"], {}, {"lonlat"}),
        (["name", "p"], {"lonlat": "p"}, {"lonlat"}),
        (["name", "p", "lon", "lat"], {"latlon": "p"}, {"latlon"}),
        (["name", "坐标", "lon", "lat"], {}, {"lon", "lat"}),
        (["name", "wkt"], {}, {"wkt"}),
    ],
)
def test_one_way_of_saying_where(headers: list[str], mapping: dict[str, str], fields: set[str]) -> None:
    found = match_columns(headers, mapping, has_geometry=False)
    assert found.header_of.keys() & columns.POSITION_FIELDS == fields


@pytest.mark.parametrize(
    ("headers", "mapping", "has_geometry", "sentence"),
    [
        (["name", "lon", "lat"], {"nmae": "name"}, False, "没有字段 nmae"),
        (["name", "lon", "lat"], {"name": "nmae"}, False, "您是不是要用“name”"),
        (["name"], {}, False, "不知道坐标在哪一列"),
        (["name", "lon"], {}, False, "不知道坐标在哪一列"),
        (["a", "b"], {"lonlat": "a", "latlon": "b"}, False, "只能用一个"),
        (["name", "lon"], {"lon": "lon"}, True, "位置取自图形"),
        (["name"], {"attributes.": "name"}, True, "没有字段 attributes."),
    ],
)
def test_what_cannot_be_mapped(
    headers: list[str], mapping: dict[str, str], has_geometry: bool, sentence: str
) -> None:
    with pytest.raises(OptionError, match=sentence):
        match_columns(headers, mapping, has_geometry=has_geometry)


def test_attribute_columns_by_header_and_by_map() -> None:
    found = match_columns(["attributes.piles", "n", "wkt"], {"attributes.seats": "n"}, has_geometry=False)
    assert found.attributes == {"piles": "attributes.piles", "seats": "n"}


def test_every_plain_column_names_its_model_field() -> None:
    together = columns.POSITION_FIELDS | columns.FALLBACK_FIELDS | {"code", "kind", "division", "quantity"}
    assert {field for field in BY_FIELD if not BY_FIELD[field].site_field} == together


@pytest.mark.parametrize(
    "header",
    [
        "attributes.piles",
        "Attributes.piles",
        "充电桩(attributes.piles)",
        "充电桩\uff08attributes.piles\uff09",
    ],
)
def test_an_attribute_is_recognised_with_its_name_for_people(header: str) -> None:
    found = match_columns(["name", "lon", "lat", header], {}, has_geometry=False)
    assert found.attributes == {"piles": header}


def test_an_attributes_header_names_its_field() -> None:
    for label in ("充电桩(个)", "桩\uff08attributes.x\uff09", "=1", " a\nb "):
        header = attribute_header("piles", label)
        assert attribute_of(header) == "attributes.piles" and "\n" not in header
    assert attribute_header("piles", "piles") == attribute_header("piles", "") == "attributes.piles"
    assert attribute_of("attributes.") == attribute_of("备注(piles)") == ""


def test_a_field_is_found_by_any_of_its_names() -> None:
    found = match_columns(["点位编码", "名称", "经度", "纬度"], {"code": "code"}, has_geometry=False)
    assert found.header_of["code"] == "点位编码"


def test_a_workbooks_header_is_recognised() -> None:
    for column in COLUMNS:
        if column.is_in_template:
            assert column.header.lower() in column.aliases


@pytest.mark.parametrize(
    ("headers", "mapped"),
    [
        (["名 称", "经  度(°)", "纬度(度)"], {"name": "名 称", "lon": "经  度(°)", "lat": "纬度(度)"}),
        (["ｎａｍｅ", "lon", "lat"], {"name": "ｎａｍｅ", "lon": "lon", "lat": "lat"}),
        (["名称", "名称(英文)", "lon", "lat"], {"name": "名称", "lon": "lon", "lat": "lat"}),
        (["电话(座机)", "电话(手机)", "lon", "lat"], {"lon": "lon", "lat": "lat"}),  # which one?
    ],
)
def test_what_layout_adds_to_a_header(headers: list[str], mapped: dict[str, str]) -> None:
    assert dict(match_columns(headers, {}, has_geometry=False).header_of) == mapped
