"""The command line's small languages."""

import pytest

from maps.crs import EpsgCode
from maps.datum import Datum
from projects.exchange.options import (
    fill_template,
    read_datum,
    read_kind,
    read_mapping,
    read_words,
    template_columns,
)
from projects.exchange.problems import OptionError


@pytest.mark.parametrize(
    ("text", "datum"), [("gcj02", Datum.GCJ02), ("WGS-84", Datum.WGS84), ("EPSG:4549", EpsgCode(4549))]
)
def test_datums(text: str, datum: object) -> None:
    assert read_datum(text) == datum


@pytest.mark.parametrize("text", ["", "mars", "EPSG:x"])
def test_an_unknown_datum_is_never_guessed(text: str) -> None:
    with pytest.raises(OptionError, match="看不懂坐标系"):
        read_datum(text)


def test_mappings() -> None:
    assert read_mapping(["name=名称", " lon = X=Y "]) == {"name": "名称", "lon": "X=Y"}


@pytest.mark.parametrize("items", [["name"], ["=x"], ["name="], ["a=b", "a=c"]])
def test_mappings_that_cannot_be(items: list[str]) -> None:
    with pytest.raises(OptionError, match="--map"):
        read_mapping(items)


def test_kinds() -> None:
    assert read_kind("school", None).slug == "school"
    rule = read_kind(None, "类型:学校=school, a=b=hospital")
    assert (rule.column, dict(rule.words)) == ("类型", {"学校": "school", "a=b": "hospital"})
    assert dict(read_kind(None, "kind").words) == {}


@pytest.mark.parametrize(
    ("slug", "kind_from"), [(None, None), ("a", "b"), (None, "c:x"), (None, "c:x=,"), (None, "c:=y")]
)
def test_kinds_that_cannot_be(slug: str | None, kind_from: str | None) -> None:
    with pytest.raises(OptionError, match="--kind"):
        read_kind(slug, kind_from)


def test_words() -> None:
    rule = read_words("--service-from", "Status:active=open, a=b=closed", ["open", "closed"])
    assert rule is not None
    assert (rule.column, dict(rule.words)) == ("Status", {"active": "open", "a=b": "closed"})
    assert read_words("--service-from", None, ["open"]) is None


@pytest.mark.parametrize(
    "text", ["Status", "Status:", "Status:a", "Status:a=", "Status:a=OPEN", "S:a=verified"]
)
def test_words_that_cannot_be(text: str) -> None:
    with pytest.raises(OptionError, match=r"--stage-from 应写成 列:值=词.*可用的词:open、closed"):
        read_words("--stage-from", text, ["open", "closed"])


def test_name_templates() -> None:
    assert template_columns("站 {id}({ 路 })") == ["id", "路"]
    assert fill_template("站 {id}({ 路 })", {"id": " 7 ", "路": "中山路"}) == "站 7(中山路)"
    assert fill_template("{0.__class__}", {"id": "x"}) == ""
    with pytest.raises(OptionError):
        template_columns("站")
