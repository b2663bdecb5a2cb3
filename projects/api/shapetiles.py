"""/api/v1/sites/shapes/: lines and areas (roads, sewers, farm areas) of a tile, simplified to its zoom."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers

from maps.mvt import EXTENT, Areas, Lines, ShapeLayer, encode_tile
from maps.shapecut import Cut, Pairs, corner
from maps.tiles import TileId
from projects.api import parameters as words
from projects.api import shapes
from projects.api.sites import Tile
from projects.readmodels.siteshapes import ShapeTile, shape_tile


class SHAPES(serializers.Serializer[Any]):
    """`shapes`: [public id, kind, stage, service, light, strokes, rings], the largest first. Whole tile
    coordinates, 0..`extent` from the north-west corner and up to 64 beyond. A stroke is [start, x, y, dx, dy,
    ...]: how far along the whole line it begins, its first point, then steps. A ring is [x, y, dx, dy, ...],
    closed by itself: fill all rings of a shape as one path (non-zero rule), and stroke the strokes only."""

    extent = serializers.IntegerField()
    shapes = serializers.ListField()
    truncated = serializers.BooleanField()


class ShapeTileJson(Tile):
    """Shapes as the map's script draws them."""

    @extend_schema(
        operation_id="sites_shapes_json",
        summary="线和面的瓦片(JSON) / Tile of lines and areas (JSON)",
        parameters=[*words.TILE, *words.WITHOUT_BBOX],
        responses={200: SHAPES, **shapes.PROBLEMS},
    )
    def get(self, request: HttpRequest, z: int, x: int, y: int) -> HttpResponse:
        tile, which, _one_kind = self.tile(request, z, x, y)
        return self.unchanged(request) or self.answer(_as_json(shape_tile(self.held, tile, which), tile))


class ShapeTileMvt(Tile):
    """Shapes as other map programs draw them."""

    @extend_schema(
        operation_id="sites_shapes_mvt",
        summary="线和面的瓦片(MVT) / Tile of lines and areas (Mapbox Vector Tile 2.1)",
        parameters=[*words.TILE, *words.WITHOUT_BBOX],
        responses={(200, "application/vnd.mapbox-vector-tile"): bytes, **shapes.PROBLEMS},
    )
    def get(self, request: HttpRequest, z: int, x: int, y: int) -> HttpResponse:
        tile, which, _one_kind = self.tile(request, z, x, y)
        return self.unchanged(request) or HttpResponse(
            _as_mvt(shape_tile(self.held, tile, which), tile),
            content_type="application/vnd.mapbox-vector-tile",
        )


def _as_json(told: ShapeTile, tile: TileId) -> dict[str, Any]:
    strokes = [stroke.points for shape in told.shapes for stroke in shape.drawn.strokes]
    rings = [ring for shape in told.shapes for polygon in shape.drawn.polygons for ring in polygon]
    steps = iter(_steps([*strokes, *rings], tile))
    stroke_steps = [[next(steps) for _ in shape.drawn.strokes] for shape in told.shapes]
    return {
        "extent": EXTENT,
        "shapes": [
            [
                shape.public_id,
                shape.kind,
                shape.stage,
                shape.service,
                shape.light,
                [[stroke.start, *way] for stroke, way in zip(shape.drawn.strokes, ways, strict=True)],
                [next(steps) for polygon in shape.drawn.polygons for _ in polygon],
            ]
            for shape, ways in zip(told.shapes, stroke_steps, strict=True)
        ],
        "truncated": told.truncated,
    }


def _steps(paths: Sequence[Pairs], tile: TileId) -> list[list[int]]:
    """Of each path its first point, from the tile's corner, then steps: all at once, since they are many."""
    if not paths:
        return []
    points = np.concatenate(paths)
    ends = np.cumsum([len(path) for path in paths])
    steps = np.diff(points, axis=0, prepend=0)
    begins = np.append(0, ends[:-1])
    steps[begins] = points[begins] - corner(tile)
    numbers: list[int] = steps.ravel().tolist()
    return [numbers[2 * a : 2 * b] for a, b in zip(begins.tolist(), ends.tolist(), strict=True)]


def _as_mvt(told: ShapeTile, tile: TileId) -> bytes:
    """The layer `shapes`. An area that is too thin to be filled at this zoom is drawn as its border."""
    rows = told.shapes
    columns = ("kind", "stage", "service", "light")
    properties: dict[str, list[Any]] = {"id": [row.public_id for row in rows]}
    properties |= {name: [getattr(row, name) or None for row in rows] for name in columns}
    return encode_tile(
        [ShapeLayer("shapes", [_feature(row.drawn.seen_from(tile)) for row in rows], properties)]
    )


def _feature(drawn: Cut) -> Lines | Areas:
    if drawn.polygons:
        return Areas(drawn.polygons)
    return Lines([stroke.points for stroke in drawn.strokes])
