"""Measuring and checking geometries on the WGS-84 ellipsoid."""

import math

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod
from shapely.geometry.base import BaseGeometry

from maps.datum import CoordinateError
from maps.geometry import (
    force_2d,
    geodesic_area_mu,
    geodesic_distance_m,
    geodesic_length_km,
    representative_point,
    validate,
)


@st.composite
def stars(draw: st.DrawFn) -> shapely.Polygon:
    """Valid polygons near Ningbo, often thin and concave: a ring seen at rising angles from its centre."""
    radii = draw(st.lists(st.floats(1e-5, 1e-2), min_size=3, max_size=40))
    angles = np.linspace(0.0, 2.0 * np.pi, len(radii), endpoint=False)
    ring = np.column_stack((121.5 + np.cos(angles) * radii, 29.9 + np.sin(angles) * radii))
    return shapely.Polygon(ring)


@given(stars())
def test_a_polygon_is_represented_by_a_point_inside_it(polygon: shapely.Polygon) -> None:
    assert shapely.contains_xy(polygon, *representative_point(polygon))


def test_the_point_of_a_ring_shaped_polygon_is_not_in_its_hole() -> None:
    ring = shapely.box(121, 29, 122, 30).difference(shapely.box(121.1, 29.1, 121.9, 29.9))
    assert shapely.contains_xy(ring, *representative_point(ring))


def test_a_line_is_represented_by_its_middle() -> None:
    line = shapely.LineString([(121.0, 29.0), (121.0, 29.1), (121.4, 29.1)])
    lon, lat = representative_point(line)
    assert line.distance(shapely.Point(lon, lat)) < 1e-12
    first = shapely.LineString([(121.0, 29.0), (121.0, 29.1), (lon, lat)])
    assert geodesic_length_km(first) == pytest.approx(geodesic_length_km(line) / 2, rel=1e-4)


@pytest.mark.parametrize(
    ("wkt", "want"),
    [
        ("POINT (121.5 29.9)", (121.5, 29.9)),
        ("POINT Z (121.5 29.9 12)", (121.5, 29.9)),
        ("LINESTRING (121 29, 122 29)", (121.5, 29.0)),
        ("MULTILINESTRING ((0 0, 1 0), (121 29, 123 29))", (122.0, 29.0)),
        ("MULTIPOINT (121 29)", (121.0, 29.0)),
        ("GEOMETRYCOLLECTION (POINT (1 1), LINESTRING (121 29, 122 29))", (121.5, 29.0)),
        ("GEOMETRYCOLLECTION (POINT (1 1), POLYGON EMPTY)", (1.0, 1.0)),
    ],
)
def test_representative_points(wkt: str, want: tuple[float, float]) -> None:
    assert representative_point(shapely.from_wkt(wkt)) == pytest.approx(want, abs=1e-9)


@pytest.mark.parametrize("wkt", ["POINT EMPTY", "POLYGON EMPTY", "GEOMETRYCOLLECTION EMPTY"])
def test_nothing_has_no_representative_point(wkt: str) -> None:
    with pytest.raises(ValueError, match="empty"):
        representative_point(shapely.from_wkt(wkt))


def test_length() -> None:
    # One degree of the equator; one of the meridian at 30 N.
    assert geodesic_length_km(shapely.LineString([(0, 0), (1, 0)])) == pytest.approx(111.31949, abs=1e-4)
    line = shapely.LineString([(121, 29.5), (121, 30.5)])
    assert geodesic_length_km(line) == pytest.approx(110.852, abs=2e-3)
    assert geodesic_length_km(shapely.MultiLineString([line, line])) == pytest.approx(
        2 * geodesic_length_km(line)
    )
    with pytest.raises(ValueError, match="Polygon"):
        geodesic_length_km(shapely.box(0, 0, 1, 1))  # type: ignore[arg-type, unused-ignore]


def test_area_is_in_mu() -> None:
    # A hectare is 15 mu: a square of 100 m at 30 N.
    geod = Geod(ellps="WGS84")
    east, _, _ = geod.fwd(121, 30, 90, 100)
    _, north, _ = geod.fwd(121, 30, 0, 100)
    assert geodesic_area_mu(shapely.box(121, 30, east, north)) == pytest.approx(15, rel=1e-4)


@given(stars())
def test_area_ignores_the_sense_of_rings_and_takes_holes_off(polygon: shapely.Polygon) -> None:
    frame = shapely.box(121.4, 29.8, 121.6, 30.0)
    area, whole = geodesic_area_mu(polygon), geodesic_area_mu(frame)
    assert area >= 0
    assert geodesic_area_mu(polygon.reverse()) == pytest.approx(area)
    for hole in (polygon.exterior.coords, polygon.exterior.coords[::-1]):
        holed = shapely.Polygon(frame.exterior.coords, [hole])
        assert geodesic_area_mu(holed) == pytest.approx(whole - area)
    assert geodesic_area_mu(shapely.MultiPolygon([polygon, frame])) == pytest.approx(whole + area)


def test_area_of_other_things() -> None:
    assert geodesic_area_mu(shapely.Polygon()) == 0.0
    with pytest.raises(ValueError, match="LineString"):
        geodesic_area_mu(shapely.LineString([(0, 0), (1, 1)]))  # type: ignore[arg-type, unused-ignore]


def test_distances_broadcast() -> None:
    lon, lat = np.array([121.0, 122.0, 121.0]), np.array([29.0, 29.0, 30.0])
    before = lon.copy()
    metres = geodesic_distance_m(lon, lat, 121.0, 29.0)
    assert metres == pytest.approx([0.0, 97_390, 110_843], rel=1e-3)
    assert (lon == before).all()
    assert geodesic_distance_m(121.0, 29.0, lon, lat) == pytest.approx(metres)
    assert geodesic_distance_m(121.0, 29.0, 121.0, 30.0).shape == ()
    assert geodesic_distance_m([], [], 121.0, 29.0).shape == (0,)


@given(*[st.floats(-180, 180), st.floats(-90, 90)] * 2)
def test_distance_is_symmetric_and_no_more_than_half_way_round(
    lon1: float, lat1: float, lon2: float, lat2: float
) -> None:
    there = float(geodesic_distance_m(lon1, lat1, lon2, lat2))
    assert 0 <= there <= 20_004_000
    assert there == pytest.approx(float(geodesic_distance_m(lon2, lat2, lon1, lat1)), abs=1e-3)


def test_distance_refuses_what_is_no_place() -> None:
    with pytest.raises(CoordinateError, match="第 2 个"):
        geodesic_distance_m([121.0, np.nan], [29.0, 29.0], 121.0, 29.0)


def test_force_2d() -> None:
    flat = force_2d(shapely.from_wkt("LINESTRING Z (1 2 3, 4 5 6)"))
    assert flat.wkt == "LINESTRING (1 2, 4 5)"


@given(stars())
def test_nothing_is_wrong_with_a_sound_polygon(polygon: shapely.Polygon) -> None:
    assert validate(polygon) == []


BOW_TIE = "POLYGON ((121 29, 122 30, 122 29, 121 30, 121 29))"


@pytest.mark.parametrize(
    ("geometry", "sentence"),
    [
        (None, "没有图形"),
        (shapely.Point(), "没有图形"),
        (shapely.Point(math.nan, 5), "不是数字"),
        (shapely.LineString([(0, 0), (1, math.inf)]), "不是数字"),
        (shapely.LineString([(0, 0), (math.nan, 1)]), "不是数字"),
        (shapely.Point(29.9, 121.5), "(29.9, 121.5)不在地球上"),
        (shapely.Point(1e308, 1e308), "不在地球上"),
        (shapely.from_wkt(BOW_TIE), "边界自相交,位置在经度 121.500000、纬度 29.500000"),
        (shapely.LineString([(1, 1), (1, 1)]), "有效的点太少"),
        (
            shapely.Polygon(shapely.box(0, 0, 1, 1).exterior, [shapely.box(5, 5, 6, 6).exterior]),
            "孔洞在外环之外",
        ),
        (shapely.MultiPolygon([shapely.box(0, 0, 4, 4), shapely.box(1, 1, 2, 2)]), "外环互相嵌套"),
    ],
)
def test_what_is_wrong_is_said(geometry: BaseGeometry | None, sentence: str) -> None:
    problems = validate(geometry)
    assert len(problems) == 1
    assert sentence in problems[0]


def test_too_many_vertices_are_not_even_looked_at() -> None:
    bow_tie = shapely.from_wkt(BOW_TIE)
    assert "5 个顶点" in validate(bow_tie, max_vertices=4)[0]
    assert "自相交" in validate(bow_tie, max_vertices=5)[0]


def test_a_line_may_cross_itself() -> None:
    assert validate(shapely.LineString([(0, 0), (1, 1), (1, 0), (0, 1)])) == []
