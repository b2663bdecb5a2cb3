"""The import's form: what it asks, what it refuses next to which field, what it makes of the answers."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import pytest
from django.http import QueryDict

from maps.crs import EpsgCode
from maps.datum import Datum
from projects.admin.importfields import AttributeField, Vocabulary
from projects.admin.importforms import FileFacts, OptionsForm
from projects.admin.importinitial import initial_of
from projects.exchange.options import ImportOptions, KindRule, WordRule
from projects.rules.vocabulary import Service, Stage

VOCABULARY = Vocabulary(
    kinds=[("meal-point", "助餐点"), ("ev-charging", "充电站")],
    indicators=[("03-meal", "03-meal 助餐点")],
    attributes={"piles": AttributeField("充电桩数", frozenset({"ev-charging"}))},
    kind_words={"助餐点": "meal-point", "meal-point": "meal-point", "充电站": "ev-charging"},
)
HEADERS = ("编号", "名称", "经度", "纬度", "状态", "种类", "桩")
WORDS: Mapping[str, Sequence[str]] = {"状态": ["已完工", "在用"], "种类": ["助餐点", "充电站"]}

ANSWERS = {
    "datum": "gcj02",
    "kind": "meal-point",
    "code": "编号",
    "col-name": "名称",
    "col-lon": "经度",
    "col-lat": "纬度",
    "division_from": "geometry",
    "stage": "finished",
    "service": "unknown",
    "source": "点位.xlsx",
}


def form(typed: Mapping[str, Any] | None = None, *, has_geometry: bool = False, **other: Any) -> OptionsForm:
    facts = FileFacts(HEADERS, {"经度": "121.55"}, WORDS.get, has_geometry=has_geometry)
    data: QueryDict | None = None
    if typed is not None:
        data = QueryDict(mutable=True)
        data.update({name: value for name, value in typed.items() if value is not None})
    return OptionsForm(facts, VOCABULARY, data, **other)


def answered(**changed: Any) -> OptionsForm:
    return form({**ANSWERS, **{name.replace("__", "-"): value for name, value in changed.items()}})


def test_the_answers_are_what_the_command_line_would_say() -> None:
    filled = answered()
    assert filled.is_valid(), filled.errors
    options = filled.options()
    assert options == ImportOptions(
        datum=Datum.GCJ02,
        kind=KindRule(slug="meal-point"),
        code_column="编号",
        source="点位.xlsx",
        mapping={"name": "名称", "lon": "经度", "lat": "纬度"},
        only_mapped=True,
    )


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"datum": None}, "datum"),
        ({"datum": "epsg"}, "epsg"),
        ({"datum": "epsg", "epsg": "中央经线120"}, "epsg"),
        ({"kind": None}, "kind"),
        ({"code": ""}, "code"),
        ({"col__name": ""}, "col-name"),
        ({"col__lat": ""}, "col-lat"),
        ({"col__lon": "", "col__lat": ""}, "col-lon"),
        ({"col__lonlat": "桩", "col__latlon": "桩"}, "col-latlon"),
        ({"division_from": "column"}, "col-division"),
        ({"kind": "@column"}, "col-kind"),
        ({"col__quantity": "桩"}, "indicator"),
        ({"col__attributes.piles": "桩"}, "col-attributes.piles"),
        ({"col__fallback_x": "桩"}, "fallback_datum"),
        ({"fallback_datum": "wgs84", "col__fallback_x": "桩"}, "col-fallback_y"),
        ({"name_template": "充电站"}, "name_template"),
        ({"name_template": "充电站 {没有这列}"}, "name_template"),
        ({"tolerance": "-1"}, "tolerance"),
        ({"col__stage": "状态"}, "word-stage-1"),
    ],
)
def test_what_is_missing_is_said_at_its_field(changed: dict[str, Any], field: str) -> None:
    filled = answered(**changed)
    assert not filled.is_valid()
    assert field in filled.errors
    assert len(filled.errors) == 1, filled.errors


@pytest.mark.parametrize("typed", ["4549", "EPSG:4549", " epsg: 4549 "])
def test_a_projected_system_goes_by_its_number(typed: str) -> None:
    filled = answered(datum="epsg", epsg=typed)
    assert filled.is_valid(), filled.errors
    assert filled.options().datum == EpsgCode(4549)


def test_the_files_own_words_are_asked_for_once_they_do_not_speak_for_themselves() -> None:
    filled = answered(**{"col__stage": "状态", "word__stage-1": "building"})
    assert filled.is_valid(), filled.errors
    # 已完工 is a term of ours: the question that was not yet on the page proposed it.
    assert filled.options().words == {"stage": WordRule("状态", {"已完工": "finished", "在用": "building"})}
    by_kind = answered(kind="@column", **{"col__kind": "种类"})
    assert by_kind.is_valid(), by_kind.errors
    assert by_kind.options().kind == KindRule(column="种类")
    assert not by_kind.words


def test_a_usual_word_is_proposed_but_never_taken_unseen() -> None:
    asked = answered(**{"col__service": "状态"})
    assert set(asked.errors) == {"word-service-0", "word-service-1"}
    assert asked["word-service-1"].value() == "open"  # 在用
    confirmed = answered(**{"col__service": "状态", "word__service-0": "open", "word__service-1": "open"})
    assert confirmed.is_valid(), confirmed.errors


def test_a_file_with_shapes_is_not_asked_for_a_position() -> None:
    filled = form({**ANSWERS, "col-lon": None, "col-lat": None}, has_geometry=True)
    assert filled.is_valid(), filled.errors
    assert "col-lon" not in filled.fields


def test_options_fill_the_form_that_gives_them_again() -> None:
    options = ImportOptions(
        datum=EpsgCode(4549),
        kind=KindRule(slug="ev-charging"),
        code_column=None,
        source="充电站",
        mapping=MappingProxyType({"lon": "经度", "lat": "纬度", "stage": "状态", "attributes.piles": "桩"}),
        indicator="03-meal",
        allow_division_conflicts=True,
        border_tolerance_m=400.0,
        stage=Stage.BUILDING,
        service=Service.OPEN,
        name_template="充电站 {编号}",
        words=MappingProxyType({"stage": WordRule("状态", {"已完工": "finished", "在用": "planned"})}),
        only_mapped=True,
    )
    shown = form(initial=initial_of(options, options.mapping))
    sent = {
        name: shown[name].value() for name in shown.fields if shown[name].value() not in (None, "", False)
    }
    filled = form(sent)
    assert filled.is_valid(), filled.errors
    assert filled.options() == options


def test_what_was_typed_is_kept_when_the_file_is_read_another_way() -> None:
    shown = form(initial={"datum": ""})
    typed = QueryDict(mutable=True)
    typed.update({"datum": "bd09", "col-name": "名称", "col-address": "乱码列"})
    shown.keep(typed)
    assert (shown["datum"].value(), shown["col-name"].value()) == ("bd09", "名称")
    assert not shown["col-address"].value()
