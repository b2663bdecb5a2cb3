"""Datum conversions against published pairs and as properties over the whole shifted area."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from maps import datum as datum_module
from maps.datum import CoordinateError, Datum, convert, from_wgs84, to_wgs84
from maps.gcj02_area import in_gcj02_area

SHIFTED = [Datum.GCJ02, Datum.BD09]
# A box well inside the area.
INNER_LON, INNER_LAT = st.floats(100.0, 118.0), st.floats(25.0, 40.0)
GEOD = Geod(ellps="WGS84")

# (source, lon, lat, target, lon, lat): the pairs printed in the documentation of coordtransform and gcoord.
PUBLISHED = [
    (Datum.WGS84, 116.404, 39.915, Datum.GCJ02, 116.41024449916938, 39.91640428150164),
    (Datum.GCJ02, 116.404, 39.915, Datum.BD09, 116.41036949371029, 39.92133699351022),
    (Datum.WGS84, 116.403988, 39.914266, Datum.BD09, 116.41661560068297, 39.92196580126834),
]


@pytest.mark.parametrize(("source", "lon", "lat", "target", "want_lon", "want_lat"), PUBLISHED)
def test_published_pairs(
    source: Datum, lon: float, lat: float, target: Datum, want_lon: float, want_lat: float
) -> None:
    assert convert(lon, lat, source, target) == pytest.approx((want_lon, want_lat), abs=1e-10)
    assert convert(want_lon, want_lat, target, source) == pytest.approx((lon, lat), abs=1e-10)


@pytest.mark.parametrize("datum", SHIFTED)
@given(lon=INNER_LON, lat=INNER_LAT)
def test_there_and_back_inside(datum: Datum, lon: float, lat: float) -> None:
    assert to_wgs84(*from_wgs84(lon, lat, datum), datum) == pytest.approx((lon, lat), abs=1e-9)
    assert from_wgs84(*to_wgs84(lon, lat, datum), datum) == pytest.approx((lon, lat), abs=1e-9)


@pytest.mark.parametrize("datum", SHIFTED)
def test_every_inner_position_comes_back_up_to_the_very_edge(datum: Datum) -> None:
    lon, lat = (axis.ravel() for axis in np.meshgrid(np.arange(73, 136, 0.13), np.arange(3, 54, 0.11)))
    inside = in_gcj02_area(lon, lat)
    assert 50_000 < inside.sum() < 120_000
    back_lon, back_lat = to_wgs84(*from_wgs84(lon, lat, datum), datum)
    error = np.maximum(np.abs(back_lon - lon), np.abs(back_lat - lat))
    assert error[inside].max() < 1e-9
    # Outside: exact, but for the strip one shift wide along the edge.
    assert (error[~inside] > 0).mean() < 2e-3


@pytest.mark.parametrize("datum", SHIFTED)
def test_the_inverse_settles_where_the_field_is_steep(datum: Datum) -> None:
    lon = 105.0 + np.concatenate((-np.logspace(-15, -6, 50), [0.0], np.logspace(-15, -6, 50)))
    lat = np.full_like(lon, 35.0)
    back_lon, back_lat = to_wgs84(*from_wgs84(lon, lat, datum), datum)
    assert np.abs(back_lon - lon).max() < 1e-9
    assert np.abs(back_lat - lat).max() < 1e-9


def test_an_inverse_that_does_not_settle_is_an_error_not_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datum_module, "_MAX_STEPS", 2)
    with pytest.raises(ArithmeticError, match="did not settle"):
        to_wgs84(121.55, 29.87, Datum.BD09)


@given(lon=INNER_LON, lat=INNER_LAT)
def test_size_of_the_shifts(lon: float, lat: float) -> None:
    shift = {datum: GEOD.inv(lon, lat, *from_wgs84(lon, lat, datum))[2] for datum in SHIFTED}
    assert 100 < shift[Datum.GCJ02] < 700
    assert 600 < shift[Datum.BD09] < 1600


@pytest.mark.parametrize("datum", Datum)
@pytest.mark.parametrize(
    ("place", "lon", "lat"),
    [
        ("Hong Kong Central", 114.1577, 22.2819),
        ("Hong Kong, Sheung Shui", 114.128, 22.501),
        ("Macau", 113.5439, 22.1987),
        ("Taipei", 121.5654, 25.0330),
        ("Seoul", 126.978, 37.5665),
        ("Pyongyang", 125.7625, 39.0392),
        ("Hanoi", 105.8542, 21.0285),
        ("Vladivostok", 131.8855, 43.1155),
        ("Ulaanbaatar", 106.9057, 47.8864),
        ("Kathmandu", 85.3240, 27.7172),
        ("Almaty", 76.8897, 43.2389),
        ("Tokyo", 139.6917, 35.6895),
        ("London", -0.1276, 51.5072),
        ("South Pole", 0.0, -90.0),
        ("date line", 180.0, 0.0),
    ],
)
def test_identity_outside(place: str, lon: float, lat: float, datum: Datum) -> None:
    assert not in_gcj02_area(lon, lat), place
    assert to_wgs84(lon, lat, datum) == (lon, lat)
    assert from_wgs84(lon, lat, datum) == (lon, lat)


@pytest.mark.parametrize(
    ("place", "lon", "lat"),
    [
        ("宁波", 121.5503, 29.8746),
        ("舟山 东极", 122.69, 30.19),
        ("象山 南韭山", 122.19, 29.43),
        ("深圳 罗湖口岸", 114.1135, 22.5335),
        ("深圳 蛇口", 113.915, 22.485),
        ("珠海 拱北", 113.5490, 22.2185),
        ("厦门", 118.0894, 24.4798),
        ("东兴", 107.9717, 21.5474),
        ("河口", 103.9370, 22.5290),
        ("瑞丽", 97.8519, 24.0127),
        ("喀什", 75.9898, 39.4704),
        ("霍尔果斯", 80.4110, 44.2130),
        ("满洲里", 117.4550, 49.5880),
        ("黑河", 127.5286, 50.2453),
        ("抚远", 134.3080, 48.3650),
        ("丹东", 124.3560, 40.1290),
        ("三亚", 109.5119, 18.2528),
        ("三沙 永兴岛", 112.3387, 16.8310),
    ],
)
def test_towns_at_the_rim_are_inside(place: str, lon: float, lat: float) -> None:
    assert in_gcj02_area(lon, lat), place
    assert to_wgs84(*from_wgs84(lon, lat, Datum.GCJ02), Datum.GCJ02) == pytest.approx((lon, lat), abs=1e-9)


def test_cgcs2000_is_wgs84() -> None:
    assert convert(121.55, 29.87, Datum.CGCS2000, Datum.WGS84) == (121.55, 29.87)
    assert from_wgs84(121.55, 29.87, Datum.CGCS2000) == (121.55, 29.87)


@pytest.mark.parametrize("source", Datum)
@pytest.mark.parametrize("target", Datum)
def test_arrays_agree_with_scalars_and_keep_their_shape(source: Datum, target: Datum) -> None:
    lon = np.array([[121.55, 2.35, 87.6], [113.1, 114.16, 100.0]])
    lat = np.array([[29.87, 48.86, 43.8], [23.1, 22.28, 36.0]])
    before = lon.copy(), lat.copy()
    x, y = convert(lon, lat, source, target)
    assert x.shape == y.shape == (2, 3)
    assert x.dtype == y.dtype == np.float64
    for index in np.ndindex(lon.shape):
        scalar = convert(float(lon[index]), float(lat[index]), source, target)
        assert type(scalar[0]) is type(scalar[1]) is float
        # Not bit for bit: numpy computes a long array's sines by other instructions than a single one's.
        assert scalar == pytest.approx((x[index], y[index]), abs=1e-12)
    assert not np.shares_memory(x, lon)
    assert (lon == before[0]).all()
    assert (lat == before[1]).all()


def test_empty_arrays() -> None:
    x, y = to_wgs84(np.array([]), np.array([]), Datum.BD09)
    assert x.shape == y.shape == (0,)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_not_finite_is_refused_by_position(value: float) -> None:
    lon, lat = np.full(5, 121.0), np.full(5, 30.0)
    lon[2], lat[4] = value, value
    with pytest.raises(CoordinateError, match="第 3 个") as caught:
        to_wgs84(lon, lat, Datum.GCJ02)
    assert caught.value.indices == (2, 4)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(("lon", "lat"), [(180.5, 0), (-181, 0), (0, 90.1), (29.87, 121.55), (1e308, 1e308)])
@pytest.mark.parametrize("datum", Datum)
def test_not_on_earth_is_refused(lon: float, lat: float, datum: Datum) -> None:
    with pytest.raises(CoordinateError, match="第 1 个坐标不在地球上") as caught:
        to_wgs84(lon, lat, datum)
    assert caught.value.indices == (0,)


def test_shapes_must_agree_and_the_datum_exist() -> None:
    with pytest.raises(ValueError, match="一一对应"):
        to_wgs84(np.zeros(3), np.zeros(2), Datum.GCJ02)
    with pytest.raises(ValueError, match="mars"):
        to_wgs84(0.0, 0.0, "mars")  # type: ignore[arg-type]


def test_a_message_can_be_said_again_in_another_language() -> None:
    with pytest.raises(CoordinateError) as caught:
        to_wgs84(200.0, 0.0, Datum.WGS84)
    message = caught.value.message
    assert message == message.template % message.params
    assert message.params["lon"] == 200.0
