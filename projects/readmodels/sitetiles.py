"""Tiles of the map: the index's answer in the words of the API, as JSON and as Mapbox Vector Tile."""

from typing import Any

import numpy as np

from maps.mvt import EXTENT, Layer, encode_tile
from maps.pointindex import Filter, Points, TileAnswer
from maps.tiles import TileId, tile_pixels
from projects.readmodels.indexfilters import shown_lights
from projects.readmodels.sitecolumns import LIGHTS, services_of, stages_of, unpack_public_ids
from projects.readmodels.siteindex import Snapshot
from projects.rules.vocabulary import Light

#: From this zoom on, points; below, clusters of 64 pixels (DESIGN section 3).
POINTS_FROM_ZOOM = 15
CELL_PX = 64
#: More points than this in one tile come as clusters, marked truncated.
POINT_CAP = 500

_COLUMNS = ("kind", "state", "standing", "id_high", "id_low")
#: How a tile writes each light: empty where there is none to show.
_LIGHT_WORDS = tuple("" if light is Light.NONE else light.value for light in LIGHTS)


def tile_json(
    held: Snapshot, tile: TileId, which: Filter, *, mix: bool, staff: bool = False
) -> dict[str, Any]:
    """A tile as the map's script reads it. Positions have six decimals; clusters carry their extent.

    `mix`: tell the three commonest kinds of each cluster (left out where one kind was asked for). `staff`:
    lights that the public is not shown, too.
    """
    answer, truncated = _answer(held, tile, which, mix="kind" if mix else None)
    kinds = held.vocabulary.kind_by_number
    return {
        "total": answer.total,
        "clusters": [
            [
                round(cluster.lon, 5),
                round(cluster.lat, 5),
                cluster.count,
                [round(edge, 5) for edge in cluster.bounds],
                [(kinds[number].slug, count) for number, count in cluster.mix if number in kinds],
            ]
            for cluster in answer.clusters
        ],
        "points": _points(held, answer.points, staff=staff),
        "truncated": truncated,
    }


def tile_mvt(held: Snapshot, tile: TileId, which: Filter) -> bytes:
    """A tile with the layers `clusters` (count) and `sites` (id, kind, stage, service, light)."""
    answer, _truncated = _answer(held, tile, which, mix=None)
    points, clusters = answer.points, answer.clusters
    ids, kinds, stages, services, lights = _words(held, points)
    return encode_tile(
        [
            Layer(
                "clusters",
                tile_pixels(
                    tile,
                    np.array([cluster.lon for cluster in clusters]),
                    np.array([cluster.lat for cluster in clusters]),
                    EXTENT,
                ),
                {"count": [cluster.count for cluster in clusters]},
            ),
            Layer(
                "sites",
                tile_pixels(tile, points.lon, points.lat, EXTENT),
                {
                    "id": ids,
                    "kind": [kind or None for kind in kinds],
                    "stage": stages,
                    "service": services,
                    "light": [light or None for light in lights],
                },
            ),
        ]
    )


def _answer(held: Snapshot, tile: TileId, which: Filter, *, mix: str | None) -> tuple[TileAnswer, bool]:
    if tile.z >= POINTS_FROM_ZOOM:
        answer = held.index.tile(tile, which, cluster=False, cap=POINT_CAP, columns=_COLUMNS)
        if not answer.truncated:
            return answer, False
        return held.index.tile(tile, which, cell_px=CELL_PX, mix=mix, columns=_COLUMNS), True
    return held.index.tile(tile, which, cell_px=CELL_PX, mix=mix, columns=_COLUMNS), False


def _points(held: Snapshot, points: Points, *, staff: bool) -> list[tuple[Any, ...]]:
    """`[lon, lat, public id, kind, stage, service, light]`; light is empty where it may not be shown."""
    lon, lat = np.round(points.lon, 6).tolist(), np.round(points.lat, 6).tolist()
    return list(zip(lon, lat, *_words(held, points, staff=staff), strict=True))


def _words(
    held: Snapshot, points: Points, *, staff: bool = False
) -> tuple[list[str], list[str], list[str], list[str], list[str]]:
    """Of each point the public id, kind, stage, service and light."""
    if not len(points):
        return [], [], [], [], []
    columns = points.columns
    # A kind that is newer than the snapshot has no name yet: the next look has it.
    kinds = {number: kind.slug for number, kind in held.vocabulary.kind_by_number.items()}
    lights = shown_lights(held, staff=staff).ravel()[columns["standing"]]
    return (
        unpack_public_ids(columns["id_high"], columns["id_low"]),
        [kinds.get(number, "") for number in columns["kind"].tolist()],
        stages_of(columns["state"]),
        services_of(columns["state"]),
        [_LIGHT_WORDS[number] for number in lights.tolist()],
    )
