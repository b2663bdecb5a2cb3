"""Tiles of the map: the index's answer in the words of the API, as JSON and as Mapbox Vector Tile."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from maps.mvt import EXTENT, Layer, encode_points
from maps.pointindex import Filter, Points, TileAnswer
from maps.tiles import TileId, tile_pixels
from projects.models import Site
from projects.readmodels.indexfilters import LIGHT_COLUMNS, lit_combos
from projects.readmodels.siteindex import Snapshot
from projects.readmodels.siteload import LIGHTS, SERVICES, STAGES

#: From this zoom on, points; below, clusters of 64 pixels (DESIGN section 3).
POINTS_FROM_ZOOM = 15
CELL_PX = 64
#: More points than this in one tile come as clusters, marked truncated.
POINT_CAP = 2_000

_COLUMNS = ("kind", "stage", "service", *LIGHT_COLUMNS)


def tile_json(held: Snapshot, tile: TileId, which: Filter, *, mix: bool) -> dict[str, Any]:
    """A tile as the map's script reads it. Positions have six decimals; clusters carry their extent.

    `mix`: tell the three commonest kinds of each cluster (left out where one kind was asked for).
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
                [[kinds[number].slug, count] for number, count in cluster.mix if number in kinds],
            ]
            for cluster in answer.clusters
        ],
        "points": _points(held, answer.points),
        "truncated": truncated,
    }


def tile_mvt(held: Snapshot, tile: TileId, which: Filter) -> bytes:
    """A tile with the layers `clusters` (count) and `sites` (id, kind, stage, service, light)."""
    answer, _truncated = _answer(held, tile, which, mix=None)
    rows = _points(held, answer.points)
    clusters = answer.clusters
    return encode_points(
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
                tile_pixels(tile, [row[0] for row in rows], [row[1] for row in rows], EXTENT),
                {
                    name: [row[position] or None for row in rows]
                    for position, name in ((2, "id"), (3, "kind"), (4, "stage"), (5, "service"), (6, "light"))
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


def _points(held: Snapshot, points: Points) -> list[list[Any]]:
    """`[lon, lat, public id, kind, stage, service, light]`; light is empty where it may not be shown."""
    if not len(points):
        return []
    names = _public_ids(points.ids)
    columns = points.columns
    kinds = held.vocabulary.kind_by_number
    lit = lit_combos(held, staff=False)[columns["combo"]]
    return [
        [
            round(float(points.lon[i]), 6),
            round(float(points.lat[i]), 6),
            names[pk],
            kinds[number].slug,
            STAGES[int(columns["stage"][i])].value,
            SERVICES[int(columns["service"][i])].value,
            LIGHTS[int(columns["light"][i])].value if lit[i] else "",
        ]
        for i, (pk, number) in enumerate(zip(points.ids.tolist(), columns["kind"].tolist(), strict=True))
        # A kind newer than the snapshot, a site removed this very moment: the next look has it right.
        if pk in names and number in kinds
    ]


def _public_ids(ids: NDArray[np.int64]) -> dict[int, str]:
    wanted = ids.tolist()
    found: dict[int, str] = {}
    for start in range(0, len(wanted), 900):
        chunk = wanted[start : start + 900]
        found.update(Site.objects.filter(pk__in=chunk).values_list("pk", "public_id"))
    return found
