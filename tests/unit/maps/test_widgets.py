"""The geometry field: what is drawn, what is typed, what is pasted, and everything that is wrong with it."""

import json

import pytest
from django.core.exceptions import ValidationError
from shapely.geometry import LineString, Point, Polygon

from maps.datum import Datum, from_wgs84
from maps.widgets import EditorOptions, GeometryField, GeometryText, GeometryWidget, geojson_text, read_pairs

POINT = {"type": "Point", "coordinates": [121.55, 29.87]}
LINE = {"type": "LineString", "coordinates": [[121.55, 29.87], [121.56, 29.88]]}
RING = [[121.5, 29.8], [121.6, 29.8], [121.6, 29.9], [121.5, 29.8]]
POLYGON = {"type": "Polygon", "coordinates": [RING]}
BOW_TIE = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}


@pytest.mark.parametrize(("kind", "mapping"), [("point", POINT), ("line", LINE), ("polygon", POLYGON)])
def test_drawn(kind: str, mapping: dict[str, object]) -> None:
    value = GeometryField(geometry_type=kind).clean(GeometryText(geojson=json.dumps(mapping)))
    assert value is not None
    assert json.loads(geojson_text(value.geometry)) == mapping
    assert value.datum is Datum.WGS84
    assert value.source == ((121.55, 29.87) if kind == "point" else None)


@pytest.mark.parametrize("datum", list(Datum))
def test_typed_pair_is_converted_and_kept(datum: Datum) -> None:
    x, y = from_wgs84(121.55, 29.87, datum)
    value = GeometryField().clean(GeometryText(pairs=f"{x:.9f},{y:.9f}", datum=datum.value))
    assert value is not None
    assert (value.geometry.x, value.geometry.y) == pytest.approx((121.55, 29.87), abs=1e-7)
    assert value.source == pytest.approx((x, y), abs=1e-8)
    assert value.datum is datum


def test_typed_pairs_win_over_the_drawing() -> None:
    value = GeometryField().clean(GeometryText(geojson=json.dumps(POINT), pairs="120, 30"))
    assert value is not None and value.geometry.equals(Point(120, 30))


def test_typed_line_and_polygon() -> None:
    line = GeometryField(geometry_type="line").clean(GeometryText(pairs="121,29\n122,30"))
    assert line is not None and line.geometry.equals(LineString([(121, 29), (122, 30)]))
    # The ring is closed for whoever typed only its corners.
    area = GeometryField(geometry_type="polygon").clean(GeometryText(pairs="0,0\n1,0\n1,1"))
    assert area is not None and area.geometry.equals(Polygon([(0, 0), (1, 0), (1, 1)]))


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("point", GeometryText()),
        ("point", GeometryText(geojson="{")),
        ("point", GeometryText(geojson="[" * 100_000)),
        ("point", GeometryText(geojson="x" * 3_000_000)),
        ("point", GeometryText(geojson='{"type":"Point","coordinates":[NaN,1]}')),
        ("point", GeometryText(geojson='{"type":"Point","coordinates":[1e999,1]}')),
        ("point", GeometryText(geojson='{"type":"Point","coordinates":[29.87,121.55]}')),
        ("point", GeometryText(geojson='{"type":"Point","coordinates":["1","2"]}')),
        ("point", GeometryText(geojson='{"type":"Point","coordinates":[]}')),
        ("point", GeometryText(geojson='{"type":"Feature"}')),
        ("point", GeometryText(geojson="null")),
        ("point", GeometryText(geojson="1" * 5_000)),
        ("point", GeometryText(geojson=json.dumps(LINE))),
        ("line", GeometryText(geojson=json.dumps(POINT))),
        ("line", GeometryText(geojson=json.dumps(POLYGON))),
        ("polygon", GeometryText(geojson=json.dumps(LINE))),
        ("polygon", GeometryText(geojson=json.dumps(BOW_TIE))),
        ("polygon", GeometryText(geojson='{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1]]]}')),
        ("line", GeometryText(geojson=json.dumps({"type": "LineString", "coordinates": [[0, 0]]}))),
        ("line", GeometryText(geojson=json.dumps({"type": "LineString", "coordinates": [[1, 1], [1, 1]]}))),
        (
            "line",
            GeometryText(
                geojson=json.dumps(
                    {"type": "LineString", "coordinates": [[i / 1000, 0] for i in range(20_001)]}
                )
            ),
        ),
        ("point", GeometryText(pairs="29.87, 121.55")),
        ("point", GeometryText(pairs="121.55, 29.87", datum="nad27")),
        ("point", GeometryText(pairs="121.55, 29.87", datum="")),
        ("point", GeometryText(pairs="1,2\n3,4")),
        ("line", GeometryText(pairs="1,2")),
        ("polygon", GeometryText(pairs="1,2\n3,4")),
        ("polygon", GeometryText(pairs="0,0\n1,1\n1,0\n0,1")),
    ],
)
def test_refused_with_a_sentence(kind: str, text: GeometryText) -> None:
    with pytest.raises(ValidationError) as refused:
        GeometryField(geometry_type=kind).clean(text)
    assert all(message and len(message) < 300 for message in refused.value.messages)


def test_what_was_only_shown_has_not_changed() -> None:
    field = GeometryField()
    stored = Point(121.123456789, 29.987654321)
    assert not field.has_changed(stored, GeometryText(geojson=geojson_text(stored)))
    assert field.has_changed(stored, GeometryText(geojson=json.dumps(POINT)))
    assert field.has_changed(stored, GeometryText(geojson=geojson_text(stored), pairs="1,2"))
    assert not GeometryField(disabled=True).has_changed(stored, GeometryText(pairs="1,2"))


def test_widget_escapes_what_it_shows() -> None:
    evil = '</script><script>alert("x")</script>'
    options = EditorOptions(borders=[{"name": evil, "chosen": True, "geometry": POINT}])
    html = GeometryWidget("line", options).render(
        "geometry", GeometryText(geojson=evil, pairs=evil), {"id": "id_g"}
    )
    assert "<script>alert" not in html
    assert 'name="geometry_pairs"' in html and 'name="geometry_datum"' in html


def test_widget_reads_the_form() -> None:
    sent = {"g": "{}", "g_pairs": "1,2", "g_datum": "bd09", "g_order": "lat"}
    assert GeometryWidget().value_from_datadict(sent, {}, "g") == GeometryText("{}", "1,2", "bd09", True)
    assert GeometryWidget().value_omitted_from_data({}, {}, "g")


def test_read_pairs_gives_both_sides() -> None:
    ((source, lonlat),) = read_pairs("121.55, 29.87", datum="gcj02", lat_first=False)
    assert source == (121.55, 29.87)
    assert lonlat != source
    assert read_pairs("", datum="wgs84", lat_first=False) == []
