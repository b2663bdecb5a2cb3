"""Close positions of one key: the same as comparing every pair."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from maps.twins import has_twin

_DEGREE_M = 111_320.0


def every_pair(lon: np.ndarray, lat: np.ndarray, key: np.ndarray, metres: float) -> list[bool]:
    found = []
    for n in range(len(lon)):
        dx = (lon - lon[n]) * np.cos(np.radians(lat[n]))
        near = np.hypot(dx, lat - lat[n]) * _DEGREE_M <= metres
        near[n] = False
        found.append(bool(key[n] >= 0 and (near & (key == key[n])).any()))
    return found


_PLACES = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40), st.integers(-1, 2)), max_size=60)


@given(_PLACES)
def test_it_equals_comparing_every_pair(places: list[tuple[int, int, int]]) -> None:
    # Steps of 7 m: many pairs on either side of 30 m, none of them on the line itself.
    lon = np.array([121.5 + x * 7.01 / _DEGREE_M for x, _y, _key in places])
    lat = np.array([29.8 + y * 7.013 / _DEGREE_M for _x, y, _key in places])
    key = np.array([each for _x, _y, each in places], dtype=np.int64)
    assert has_twin(lon, lat, key, 30.0).tolist() == every_pair(lon, lat, key, 30.0)


def test_a_crowd_at_one_place_costs_nothing_special() -> None:
    lon, lat = np.full(20_000, 121.5), np.full(20_000, 29.8)
    assert has_twin(lon, lat, np.zeros(20_000, dtype=np.int64), 30.0).all()
    assert not has_twin(lon, lat, np.arange(20_000, dtype=np.int64), 30.0).any()
    assert not has_twin(lon[:0], lat[:0], np.zeros(0, dtype=np.int64), 30.0).any()
