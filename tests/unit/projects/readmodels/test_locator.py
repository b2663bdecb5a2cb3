"""In which division a position lies, over made-up borders."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from projects.readmodels.locator import NOWHERE, Border, DivisionLocator

CITY, WEST, EAST, TOWN, ZONE = 1, 2, 3, 4, 5
BORDERS = [
    Border(TOWN, "330203001", "township", shapely.box(121.5, 29.8, 121.52, 29.82)),
    Border(EAST, "330212", "county", shapely.box(121.6, 29.8, 121.7, 29.9)),
    Border(ZONE, "z", "zone", shapely.box(121.4, 29.7, 121.8, 30.0)),
    Border(CITY, "330200", "city", shapely.box(121.5, 29.8, 121.7, 30.0)),
    # A county with an island and a hole.
    Border(
        WEST,
        "330203",
        "county",
        shapely.multipolygons(
            [
                shapely.Polygon(
                    shapely.box(121.5, 29.8, 121.6, 29.9).exterior,
                    [shapely.box(121.57, 29.87, 121.58, 29.88).exterior],
                ),
                shapely.box(121.9, 29.8, 121.91, 29.81),
            ]
        ),
    ),
]


@pytest.mark.parametrize(
    ("lon", "lat", "expected"),
    [
        (121.55, 29.85, WEST),
        (121.65, 29.85, EAST),
        (121.51, 29.81, TOWN),
        (121.905, 29.805, WEST),
        (121.575, 29.875, CITY),
        (121.65, 29.95, CITY),
        (121.45, 29.85, NOWHERE),
        (121.6, 29.85, WEST),  # on the border of two: the lower code
        (121.5, 29.85, WEST),
        (0.0, 0.0, NOWHERE),
    ],
)
def test_the_deepest_division_that_covers_a_position(lon: float, lat: float, expected: int) -> None:
    for borders in (BORDERS, BORDERS[::-1]):
        assert DivisionLocator(borders).locate(np.array([lon]), np.array([lat])).tolist() == [expected]


@given(st.lists(st.tuples(st.floats(121.4, 122.0), st.floats(29.7, 30.1)), max_size=30))
def test_many_at_once_are_as_one_by_one(pairs: list[tuple[float, float]]) -> None:
    locator = DivisionLocator(BORDERS)
    lon, lat = np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs])
    single = [int(locator.locate(np.array([x]), np.array([y]))[0]) for x, y in pairs]
    assert locator.locate(lon, lat).tolist() == single


def test_the_nearest_county_and_the_metres_to_it() -> None:
    ids, metres = DivisionLocator(BORDERS).nearest(np.array([121.65, 121.65]), np.array([29.901, 29.85]))
    assert ids.tolist() == [EAST, EAST]
    assert metres.tolist() == pytest.approx([110.9, 0.0], abs=0.2)


def test_without_borders_everything_is_nowhere() -> None:
    locator = DivisionLocator([])
    assert locator.locate(np.array([121.5]), np.array([29.8])).tolist() == [NOWHERE]
    assert locator.nearest(np.array([121.5]), np.array([29.8]))[0].tolist() == [NOWHERE]
