"""Degrees as people write them."""

import pytest

from projects.exchange.angles import latitude, longitude, pair
from projects.exchange.values import CellError

LON = 121 + 33 / 60 + 5 / 3600


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("121.55", 121.55),
        (" 121.55 ", 121.55),
        ("121。55", 121.55),
        ("121°33'05\"E", LON),
        ("121°33′05″E", LON),
        ("121º33'5''", LON),
        ("121°33’5”东经".replace("东经", ""), LON),
        ("东经121度33分5秒", LON),
        ("E121°33'05\"", LON),
        ("E121.55", 121.55),
        ("121.55°E", 121.55),
        ("121:33:05", LON),
        ("121° 33.0833333' E", 121 + 33.0833333 / 60),
        ("西经121.5", -121.5),
        ("553000.25", 553000.25),
    ],
)
def test_a_longitude(cell: str, value: float) -> None:
    assert longitude(cell) == pytest.approx(value, abs=1e-9)


def test_a_latitude() -> None:
    assert latitude("29°52′30″N") == pytest.approx(29.875)
    assert latitude("南纬29.5度") == -29.5


@pytest.mark.parametrize(
    ("read", "cell", "message"),
    [
        (longitude, "29°52'N", "写的是纬度"),
        (latitude, "东经121.5", "写的是经度"),
        (longitude, "121°61'05\"", "不是角度"),
        (longitude, "121.5°33'", "不是角度"),
        (longitude, "E121.5E", "不是角度"),
        (longitude, "121°33'05\" 附近", "不是数"),
        (longitude, "", "没有填写"),
        (longitude, "#N/A", "公式错误"),
        (longitude, "1" * 300 + "°", "不是数"),
    ],
)
def test_what_is_no_angle(read: object, cell: str, message: str) -> None:
    with pytest.raises(CellError, match=message):
        read(cell)  # type: ignore[operator]


@pytest.mark.parametrize("latitude_first", [False, True])
@pytest.mark.parametrize(
    "cell",
    [
        "121°33'05\"E,29°52'30\"N",
        "29°52′30″N 121°33′05″E",
        "北纬29.875,东经121.55138888888889",
        "东经121度33分5秒、北纬29度52分30秒",
        "经度:121.55138888888889 纬度:29.875",
        "纬度=29.875;经度=121.55138888888889",
        '{"lat": 29.875, "lng": 121.55138888888889}',
    ],
)
def test_a_pair_that_says_which_is_which(cell: str, latitude_first: bool) -> None:
    assert pair(cell, latitude_first=latitude_first) == pytest.approx((LON, 29.875), abs=1e-9)


@pytest.mark.parametrize(
    "cell",
    [
        "121.55,29.87",
        "121.55,29.87",
        "(121.55 29.87)",
        "【121.55;29.87】",
        "POINT(121.55 29.87)",
        "121.55、29.87",
    ],
)
def test_a_pair_in_the_declared_order(cell: str) -> None:
    assert pair(cell, latitude_first=False) == (121.55, 29.87)
    assert pair(cell, latitude_first=True) == (29.87, 121.55)


@pytest.mark.parametrize(
    "cell", ["121.55", "121.55,29.87,5", "东经121,东经122", "甲", "", "经度:甲 纬度:29", "1" * 500]
)
def test_what_is_no_pair(cell: str) -> None:
    with pytest.raises(CellError):
        pair(cell, latitude_first=False)
