"""Declared reference systems: reading the declaration, and the way to WGS-84."""

import numpy as np
import pytest
import shapely
from pyproj import Geod, Transformer

from maps.crs import DeclarationError, EpsgCode, parse_declared, to_wgs84_points, transform_geometry
from maps.datum import CoordinateError, Datum, to_wgs84

NINGBO = (121.55, 29.87)


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("wgs84", Datum.WGS84),
        ("WGS-84", Datum.WGS84),
        (" GCJ-02 ", Datum.GCJ02),
        ("BD09", Datum.BD09),
        ("CGCS 2000", Datum.CGCS2000),
        ("EPSG:4326", Datum.WGS84),
        ("epsg:4490", Datum.CGCS2000),
        ("EPSG:4549", EpsgCode(4549)),
        ("urn:ogc:def:crs:EPSG::4549", EpsgCode(4549)),
        ("urn:ogc:def:crs:EPSG:9.9:4490", Datum.CGCS2000),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", Datum.WGS84),
        ("http://www.opengis.net/def/crs/EPSG/0/27700", EpsgCode(27700)),
    ],
)
def test_declarations(text: str, want: Datum | EpsgCode) -> None:
    assert parse_declared(text) == want
    assert parse_declared(str(want)) == want


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mars",
        "EPSG:",
        "EPSG:-1",
        "EPSG:4326;DROP",
        "EPSG:1e4",
        "4326",
        "EPSG:٤٥٤٩",
        "+proj=tmerc",
        "x" * 10_000,
    ],
)
def test_declarations_that_are_not_understood(text: str) -> None:
    with pytest.raises(DeclarationError, match="看不懂坐标系") as caught:
        parse_declared(text)
    assert len(caught.value.message) < 200


@pytest.mark.parametrize("declared", ["wgs84", "cgcs2000", "EPSG:4326", "EPSG:4490"])
def test_identity_with_longitude_first(declared: str) -> None:
    lon, lat = to_wgs84_points([121.55, -0.5], [29.87, 51.5], declared)
    assert lon.tolist() == [121.55, -0.5]
    assert lat.tolist() == [29.87, 51.5]


@pytest.mark.parametrize("declared", ["gcj02", "bd09"])
def test_shifted_datums_go_through_the_datum_module(declared: str) -> None:
    want = to_wgs84(*NINGBO, Datum(declared))
    lon, lat = to_wgs84_points(*NINGBO, declared)
    assert (float(lon), float(lat)) == want
    lon, lat = to_wgs84_points([NINGBO[0]], [NINGBO[1]], Datum(declared))
    assert (lon[0], lat[0]) == want


@pytest.mark.parametrize(
    ("code", "x", "y"),
    [
        # The same ground in CGCS2000 zones (3 degrees without and with prefix, 6 degrees), UTM, Web Mercator.
        ("EPSG:4549", None, None),
        ("EPSG:4528", None, None),
        ("EPSG:4509", None, None),
        ("EPSG:32651", None, None),
        ("EPSG:3857", None, None),
        # Central meridian of the 120-degree zone: easting 500 km exactly, longitude exact.
        ("EPSG:4549", 500_000.0, 3_300_000.0),
        ("EPSG:4528", 40_500_000.0, 3_300_000.0),
    ],
)
def test_projected_systems(code: str, x: float | None, y: float | None) -> None:
    if x is None or y is None:
        forward = Transformer.from_crs("EPSG:4326", code, always_xy=True)
        x, y = forward.transform(*NINGBO)
        want = NINGBO
    else:
        want = (120.0, 29.81855451739)
    lon, lat = to_wgs84_points(x, y, code)
    assert (float(lon), float(lat)) == pytest.approx(want, abs=1e-8)


def test_british_grid_without_grid_files_is_within_five_metres() -> None:
    # Caister water tower, Ordnance Survey's worked example, with ETRS89 position by OSTN15.
    lon, lat = to_wgs84_points([651409.804], [313177.450], "EPSG:27700")
    _, _, metres = Geod(ellps="WGS84").inv(lon[0], lat[0], 1.7160519, 52.6579774)
    assert metres < 5


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("EPSG:999999", "没有 EPSG:999999 这个坐标系"),
        (
            "EPSG:4610",
            "没有可靠的参数",
        ),  # Xi'an 1980: parameters are not public, off by some 100 m if ignored
        ("EPSG:5773", "没有可靠的参数"),  # a height
        ("EPSG:4978", "没有可靠的参数"),  # geocentric
    ],
)
def test_systems_that_cannot_be_used(code: str, sentence: str) -> None:
    with pytest.raises(DeclarationError, match=sentence):
        to_wgs84_points([1.0], [2.0], code)


@pytest.mark.parametrize(
    ("x", "y"),
    [(1e308, 1e308), (3_300_000.0, 500_000.0), (121.5, 29.9), (0.0, 0.0), (4e7, 3.3e6)],
    ids=["huge", "northing first", "degrees", "zero", "with zone prefix"],
)
def test_pairs_outside_the_system_are_refused_by_position(x: float, y: float) -> None:
    with pytest.raises(CoordinateError, match=r"第 2 个坐标.*EPSG:4549") as caught:
        to_wgs84_points([500_000.0, x], [3_300_000.0, y], "EPSG:4549")
    assert caught.value.indices == (1,)


def test_not_finite_is_refused_before_proj() -> None:
    with pytest.raises(CoordinateError, match="第 2 个") as caught:
        to_wgs84_points([5e5, np.nan, 5e5], [3.3e6, 3.3e6, np.inf], "EPSG:4549")
    assert caught.value.indices == (1, 2)


def test_geometries_become_flat_and_keep_their_form() -> None:
    shape = shapely.from_wkt(
        "POLYGON Z ((5e5 33e5 7, 501000 33e5 7, 501000 3301000 7, 5e5 33e5 7),"
        " (500500 3300100 7, 500800 3300100 7, 500800 3300400 7, 500500 3300100 7))"
    )
    result = transform_geometry(shape, "EPSG:4549")
    assert result.geom_type == "Polygon"
    assert not result.has_z
    assert len(result.interiors) == 1
    assert result.exterior.coords[0] == result.exterior.coords[-1]
    assert result.bounds == pytest.approx((120.0, 29.81855, 120.01035, 29.82757), abs=1e-4)


def test_a_bad_vertex_of_a_geometry_is_counted() -> None:
    with pytest.raises(CoordinateError, match="第 2 个") as caught:
        transform_geometry(shapely.LineString([(121, 29), (121, 95), (122, 29)]), "gcj02")
    assert caught.value.indices == (1,)


def test_empty_geometry_stays_empty() -> None:
    assert transform_geometry(shapely.Polygon(), "EPSG:4549").is_empty
    assert transform_geometry(shapely.Point(), "gcj02").is_empty
