"""/api/v1/sites/shapes/: lines and areas (roads, sewers, farm areas) of a tile, simplified to its zoom."""

from typing import Any

import numpy as np
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from numpy.typing import NDArray
from rest_framework import serializers
from rest_framework.request import Request

from maps.mvt import EXTENT, Areas, Lines, ShapeLayer, encode_tile
from maps.shapecut import Cut, Stroke
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
    def get(self, request: Request, z: int, x: int, y: int) -> HttpResponse:
        tile, which, _one_kind = self.tile(request, z, x, y)
        return self.unchanged(request) or self.answer(_as_json(shape_tile(self.held, tile, which)))


class ShapeTileMvt(Tile):
    """Shapes as other map programs draw them."""

    @extend_schema(
        operation_id="sites_shapes_mvt",
        summary="线和面的瓦片(MVT) / Tile of lines and areas (Mapbox Vector Tile 2.1)",
        parameters=[*words.TILE, *words.WITHOUT_BBOX],
        responses={(200, "application/vnd.mapbox-vector-tile"): bytes, **shapes.PROBLEMS},
    )
    def get(self, request: Request, z: int, x: int, y: int) -> HttpResponse:
        tile, which, _one_kind = self.tile(request, z, x, y)
        return self.unchanged(request) or self.cacheable(
            HttpResponse(
                _as_mvt(shape_tile(self.held, tile, which)), content_type="application/vnd.mapbox-vector-tile"
            )
        )


def _as_json(tile: ShapeTile) -> dict[str, Any]:
    return {
        "extent": EXTENT,
        "shapes": [
            [
                shape.public_id,
                shape.kind,
                shape.stage,
                shape.service,
                shape.light,
                [_stroke(stroke) for stroke in shape.drawn.strokes],
                [_steps(ring) for polygon in shape.drawn.polygons for ring in polygon],
            ]
            for shape in tile.shapes
        ],
        "truncated": tile.truncated,
    }


def _stroke(stroke: Stroke) -> list[int]:
    return [stroke.start, *_steps(stroke.points)]


def _steps(points: NDArray[np.int64]) -> list[int]:
    steps: list[int] = np.diff(points, axis=0, prepend=0).ravel().tolist()
    return steps


def _as_mvt(tile: ShapeTile) -> bytes:
    """The layer `shapes`. An area that is too thin to be filled at this zoom is drawn as its border."""
    rows = tile.shapes
    columns = ("kind", "stage", "service", "light")
    properties: dict[str, list[Any]] = {"id": [row.public_id for row in rows]}
    properties |= {name: [getattr(row, name) or None for row in rows] for name in columns}
    return encode_tile([ShapeLayer("shapes", [_feature(row.drawn) for row in rows], properties)])


def _feature(drawn: Cut) -> Lines | Areas:
    if drawn.polygons:
        return Areas(drawn.polygons)
    return Lines([stroke.points for stroke in drawn.strokes])
