"""Map tiles of what the supervisor's desk lists: clusters that say how many are red, yellow and at risk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from maps.tiles import TileId, tile_pixels
from projects.readmodels.latequeries import RISK, Found
from projects.readmodels.sitecolumns import LIGHT_NUMBERS, services_of, stages_of, unpack_public_ids
from projects.readmodels.siteindex import Snapshot
from projects.readmodels.sitetiles import CELL_PX, POINT_CAP, POINTS_FROM_ZOOM
from projects.rules.vocabulary import Light

#: How a row is drawn, by position.
SIGNS: Final = (Light.RED.value, Light.YELLOW.value, RISK)
_COLUMNS: Final = ("kind", "state", "id_high", "id_low")
_TILE_PX: Final = 256


@dataclass(frozen=True, eq=False, slots=True)
class _Places:
    """Rows that were found, with where they lie now (degrees) and their sign."""

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    sign: NDArray[np.int64]
    columns: Mapping[str, NDArray[Any]]


def late_tile(found: Found, tile: TileId, held: Snapshot) -> dict[str, Any]:
    """As the public tile, but the light of a point is red, yellow or risk, and a cluster's mix is of these.

    Lights are those of the day asked for; positions are those of now.
    """
    places = _places(found, held)
    pixels = np.floor(tile_pixels(tile, places.lon, places.lat, _TILE_PX)).astype(np.int64)
    here = np.flatnonzero(((pixels >= 0) & (pixels < _TILE_PX)).all(axis=1))
    single = tile.z >= POINTS_FROM_ZOOM and len(here) <= POINT_CAP
    cells = pixels[here] // CELL_PX
    group = np.arange(len(here)) if single else cells[:, 0] * (_TILE_PX // CELL_PX) + cells[:, 1]
    clusters, alone = [], []
    for cell in np.unique(group).tolist():
        rows = here[group == cell] if not single else here[cell : cell + 1]
        if len(rows) == 1:
            alone.append(int(rows[0]))
        else:
            clusters.append(_cluster(places, rows))
    return {
        "total": len(here),
        "clusters": clusters,
        "points": _points(places, alone, held),
        "truncated": tile.z >= POINTS_FROM_ZOOM and not single,
    }


def _places(found: Found, held: Snapshot) -> _Places:
    board, passing = found.board, found.passing
    # By ascending id, as the board is.
    points = held.index.lookup(board.ids[passing], _COLUMNS)
    light = board.light[np.searchsorted(board.ids, points.ids)]
    sign = np.full(len(light), SIGNS.index(RISK), dtype=np.int64)
    for word in (Light.RED.value, Light.YELLOW.value):
        sign[light == LIGHT_NUMBERS[word]] = SIGNS.index(word)
    return _Places(points.lon, points.lat, sign, points.columns)


def _cluster(places: _Places, rows: NDArray[np.int64]) -> list[Any]:
    lon, lat = places.lon[rows], places.lat[rows]
    counts = np.bincount(places.sign[rows], minlength=len(SIGNS)).tolist()
    return [
        round(float(lon.mean()), 5),
        round(float(lat.mean()), 5),
        len(rows),
        [round(float(edge), 5) for edge in (lon.min(), lat.min(), lon.max(), lat.max())],
        [(word, count) for word, count in zip(SIGNS, counts, strict=True) if count],
    ]


def _points(places: _Places, rows: Sequence[int], held: Snapshot) -> list[tuple[Any, ...]]:
    if not rows:
        return []
    columns = {name: column[list(rows)] for name, column in places.columns.items()}
    kinds = {number: kind.slug for number, kind in held.vocabulary.kind_by_number.items()}
    return list(
        zip(
            np.round(places.lon[list(rows)], 6).tolist(),
            np.round(places.lat[list(rows)], 6).tolist(),
            unpack_public_ids(columns["id_high"], columns["id_low"]),
            [kinds.get(number, "") for number in columns["kind"].tolist()],
            stages_of(columns["state"]),
            services_of(columns["state"]),
            [SIGNS[number] for number in places.sign[list(rows)].tolist()],
            strict=True,
        )
    )
