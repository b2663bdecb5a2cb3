"""Geometries as a tile draws them: simplified to its zoom, cut to its edges, in whole tile coordinates.

In two steps, because the first is worth keeping. ``prepare`` projects whole geometries to Web Mercator and
simplifies them for one zoom; done before cutting, so that neighbouring tiles draw the same line. ``cut``
clips to one tile. Pixels are those of a tile drawn 512 pixels wide, as MapLibre does: 8 units of the extent
4096.

An area is two things to draw: its *rings*, closed along the tile's edge, to be filled; and its *strokes*, the
true border only, so that no seam shows where it was cut. Rings of a shape from several tiles may be filled as
one path by the non-zero rule: outer rings turn one way, holes the other, and the buffer overlaps.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from maps.tiles import TileId, to_unit

EXTENT: Final = 4096
#: How far beyond its edge a tile is drawn, in units: more than half of the thickest stroke.
BUFFER: Final = 64
#: What simplifying may move a line by, in units: half a pixel of 512.
TOLERANCE: Final = 4.0

#: One shape has at most about so many vertices in one tile; it gets coarser until it does.
SHAPE_VERTICES: Final = 4_000

Pairs = NDArray[np.int64]
#: A polygon: its outer ring and its holes.
Rings = tuple[Pairs, ...]
Box = tuple[float, float, float, float]
_Geometries = NDArray[np.object_]

#: shapely's numbers of types: what is above a polygon is a collection.
_LINE: Final = 1
_POLYGON: Final = 3
#: A closed ring has at least so many points.
_RING: Final = 4
_COARSEST: Final = 256.0
#: Of one edge: its points times its pieces in the tile.
_LOCATE_WORK: Final = 500_000


@dataclass(frozen=True, eq=False, slots=True)
class Drawing:
    """A whole geometry for one zoom, in units of that zoom from the world's north-west corner.

    ``edges``: LineStrings, of an area its rings. ``area``: a MultiPolygon, which simplifying may have made
    invalid (``cut`` mends the piece it draws, never the whole); None for lines and for an area that is too
    small to be filled. ``bounds``: of the edges, west, north, east, south.
    """

    edges: _Geometries
    area: shapely.Geometry | None
    bounds: Box
    vertices: int
    #: What a tile draws that holds it whole, once one has: no need to cut it again.
    _whole: "list[Cut | None]" = field(default_factory=list)


@dataclass(frozen=True, eq=False, slots=True)
class Stroke:
    """A piece of a line, shape (n, 2), n >= 2, no two neighbours equal; in the units of its ``Cut``.

    ``start``: how far along its whole line it begins, in units, so that dashes go on across tiles.
    """

    start: int
    points: Pairs


@dataclass(frozen=True, eq=False, slots=True)
class Cut:
    """What a tile draws of one shape, in whole units from the world's north-west corner: never nothing.

    ``polygons``: each the outer ring and its holes, shape (n, 2), not closed (the first point is not said
    again), n >= 3; outer rings have a positive area by the surveyor's formula, holes a negative one
    (Mapbox Vector Tile 2.1).
    """

    strokes: tuple[Stroke, ...]
    polygons: tuple[Rings, ...]

    @property
    def vertices(self) -> int:
        rings = sum(len(ring) for polygon in self.polygons for ring in polygon)
        return rings + sum(len(stroke.points) for stroke in self.strokes)

    def seen_from(self, tile: TileId) -> "Cut":
        """The same in units from the tile's north-west corner."""
        origin = corner(tile)
        return Cut(
            tuple(Stroke(stroke.start, stroke.points - origin) for stroke in self.strokes),
            tuple(tuple(ring - origin for ring in polygon) for polygon in self.polygons),
        )


def corner(tile: TileId) -> Pairs:
    """The tile's north-west corner, in units from the world's."""
    return np.array([tile.x * EXTENT, tile.y * EXTENT], dtype=np.int64)


def prepare(geometries: Sequence[shapely.Geometry], z: int) -> list[Drawing | None]:
    """Drawings of lines and areas in degrees (WGS-84) for a zoom.

    Of a mixed collection only the parts of the highest dimension are drawn. Latitudes beyond Web Mercator
    lie on its edge. None where nothing is left: a point, an empty geometry.
    """
    side = float(EXTENT << z)

    def to_units(pairs: NDArray[np.float64]) -> NDArray[np.float64]:
        unit = to_unit(pairs[:, 0], pairs[:, 1])
        return np.column_stack([unit.u, unit.v]) * side

    # Heights have no part in it.
    world = shapely.transform(shapely.force_2d(np.asarray(geometries, dtype=object)), to_units)
    parts, owners = _simple_parts(world)
    lines = shapely.get_dimensions(parts) == 1
    edges, edge_owners = _simplified(parts[lines]), owners[lines]
    some = shapely.length(edges) > 0
    rings, polygons, polygon_owners = _simplified_areas(parts[~lines], owners[~lines])
    edges = np.concatenate([edges[some], *rings[:1]])
    edge_owners = np.concatenate([edge_owners[some], *rings[1:]])
    areas: dict[int, shapely.Geometry] = {}
    if len(polygons):
        found = np.unique(polygon_owners)
        whole = shapely.multipolygons(polygons, indices=np.searchsorted(found, polygon_owners))
        areas = dict(zip(found.tolist(), whole, strict=True))
    counts, boxes = shapely.get_num_coordinates(edges), shapely.bounds(edges)
    drawings: list[Drawing | None] = []
    for owner in range(len(world)):
        mine = edge_owners == owner if len(world) > 1 else np.ones(len(edges), dtype=np.bool_)
        if not mine.any():
            drawings.append(None)
            continue
        (west, north), (east, south) = boxes[mine, :2].min(axis=0), boxes[mine, 2:].max(axis=0)
        bounds = (float(west), float(north), float(east), float(south))
        drawings.append(Drawing(edges[mine], areas.get(owner), bounds, int(counts[mine].sum())))
    return drawings


def cut(drawings: Sequence[Drawing], tile: TileId) -> list[Cut | None]:
    """What the tile (with its buffer) draws of each; None where that is nothing. All of the tile's zoom.

    A shape that has more than ``SHAPE_VERTICES`` in the tile is drawn more coarsely there.
    """
    west, north = (float(edge) for edge in corner(tile))
    box = (west - BUFFER, north - BUFFER, west + EXTENT + BUFFER, north + EXTENT + BUFFER)
    pieces: list[Cut | None] = [drawing._whole[0] if drawing._whole else None for drawing in drawings]
    todo = [
        place
        for place, drawing in enumerate(drawings)
        if not (drawing._whole and _holds(box, drawing.bounds))
    ]
    some = [drawings[place] for place in todo]
    for place, lines, rings in zip(todo, _cut_edges(some, box), _cut_areas(some, box), strict=True):
        pieces[place] = Cut(tuple(lines), tuple(rings)) if lines or rings else None
        if _holds(box, drawings[place].bounds):
            drawings[place]._whole[:] = [pieces[place]]
    return pieces


def _holds(box: Box, bounds: Box) -> bool:
    return box[0] <= bounds[0] and box[1] <= bounds[1] and box[2] >= bounds[2] and box[3] >= bounds[3]


# ------------------------------------------------------------------------------------------ whole geometries


def _simple_parts(world: _Geometries) -> tuple[_Geometries, NDArray[np.int64]]:
    """Lines and polygons, and whose they are: of each geometry the parts of its highest dimension."""
    parts, owners = shapely.get_parts(world, return_index=True)
    while (shapely.get_type_id(parts) > _POLYGON).any():  # a collection held collections
        parts, within = shapely.get_parts(parts, return_index=True)
        owners = owners[within]
    dimensions = shapely.get_dimensions(parts)
    kept = (dimensions == shapely.get_dimensions(world)[owners]) & (dimensions > 0) & ~shapely.is_empty(parts)
    return parts[kept], owners[kept]


def _simplified(lines: _Geometries, tolerance: float = TOLERANCE) -> _Geometries:
    found: _Geometries = np.asarray(
        shapely.simplify(lines, tolerance, preserve_topology=False), dtype=object
    ).reshape(-1)
    return found


def _simplified_areas(
    polygons: _Geometries, owners: NDArray[np.int64], tolerance: float = TOLERANCE
) -> tuple[tuple[_Geometries, NDArray[np.int64]], _Geometries, NDArray[np.int64]]:
    """((rings as lines, whose), polygons, whose) of polygons; those that vanish are left out.

    Ring by ring: simplifying a polygon as one would mend it with a buffer of 0, slow on a large ring and
    lossy. So a polygon may come out invalid.
    """
    rings, of_polygon = shapely.get_rings(polygons, return_index=True)
    shells = np.append(True, of_polygon[1:] != of_polygon[:-1])[: len(rings)]
    rings = _simplified(rings, tolerance)
    whole = ~shapely.is_empty(rings) & (shapely.get_num_coordinates(rings) >= _RING)
    # A hole of a polygon that has vanished goes with it.
    whole &= np.isin(of_polygon, of_polygon[shells & whole])
    rings, of_polygon = rings[whole], of_polygon[whole]
    if not len(rings):
        return (rings, owners[:0]), rings, owners[:0]
    pairs, of_ring = shapely.get_coordinates(rings, return_index=True)
    lines = shapely.linestrings(pairs, indices=of_ring)
    kept = np.unique(of_polygon)
    made = shapely.polygons(rings, indices=np.searchsorted(kept, of_polygon))
    return (lines, owners[of_polygon]), made, owners[kept]


# ------------------------------------------------------------------------------------------ one tile


def _cut_edges(drawings: Sequence[Drawing], box: Box) -> list[list[Stroke]]:
    found: list[list[Stroke]] = [[] for _ in drawings]
    if not drawings:
        return found
    edges = np.concatenate([drawing.edges for drawing in drawings])
    owners = np.repeat(np.arange(len(drawings)), [len(drawing.edges) for drawing in drawings])
    pieces, sources = shapely.get_parts(shapely.clip_by_rect(edges, *box), return_index=True)
    lines = (shapely.get_type_id(pieces) == _LINE) & ~shapely.is_empty(pieces)
    pieces, sources = pieces[lines], sources[lines]
    if not len(pieces):
        return found
    whose = owners[sources]
    pieces = _coarsened(pieces, whose, _simplified)
    starts = _starts(pieces, edges, sources)
    pairs, of_piece = shapely.get_coordinates(pieces, return_index=True)
    points = np.rint(pairs).astype(np.int64)
    new_piece = np.append(True, of_piece[1:] != of_piece[:-1])
    kept = new_piece | np.append(True, (points[1:] != points[:-1]).any(axis=1))
    points, of_piece = points[kept], of_piece[kept]
    ends = np.searchsorted(of_piece, np.arange(len(pieces)), side="right").tolist()
    begin = 0
    for end, owner, start in zip(ends, whose.tolist(), starts.tolist(), strict=True):
        if end - begin > 1:
            found[owner].append(Stroke(int(start), points[begin:end]))
        begin = end
    return found


def _starts(pieces: _Geometries, edges: _Geometries, sources: NDArray[np.int64]) -> NDArray[np.float64]:
    """How far along its edge each piece begins; 0 for those of an edge that would take too long.

    Finding a position looks at the whole edge: a scribble of 100,000 points in 3,000 pieces would take
    seconds, and nobody could follow its dashes.
    """
    work = np.bincount(sources, minlength=len(edges)) * shapely.get_num_coordinates(edges)
    quick = work[sources] <= _LOCATE_WORK
    starts = np.zeros(len(pieces))
    starts[quick] = shapely.line_locate_point(edges[sources[quick]], shapely.get_point(pieces[quick], 0))
    return np.asarray(np.rint(starts), dtype=np.float64)


def _cut_areas(drawings: Sequence[Drawing], box: Box) -> list[list[Rings]]:
    found: list[list[Rings]] = [[] for _ in drawings]
    owners = np.array([n for n, drawing in enumerate(drawings) if drawing.area is not None], dtype=np.int64)
    if not len(owners):
        return found
    areas = np.array([drawings[owner].area for owner in owners], dtype=object)
    pieces, sources = _polygons_of(_clipped(areas, box))
    pieces = _coarsened(
        pieces, sources, lambda some, tolerance: _simplified_areas(some, np.arange(len(some)), tolerance)[1]
    )
    mended, of_piece = _polygons_of(_on_grid(pieces))
    polygons = shapely.orient_polygons(mended, exterior_cw=False)
    rings, of_polygon = shapely.get_rings(polygons, return_index=True)
    pairs, of_ring = shapely.get_coordinates(rings, return_index=True)
    points = np.rint(pairs).astype(np.int64)
    ends = np.searchsorted(of_ring, np.arange(len(rings)), side="right").tolist()
    by_polygon: list[list[Pairs]] = [[] for _ in polygons]
    begin = 0
    for end, polygon in zip(ends, of_polygon.tolist(), strict=True):
        by_polygon[polygon].append(points[begin : end - 1])  # the first point again closes it
        begin = end
    for polygon, ring_list in enumerate(by_polygon):
        found[owners[sources[of_piece[polygon]]]].append(tuple(ring_list))
    return found


def _polygons_of(geometries: _Geometries) -> tuple[_Geometries, NDArray[np.int64]]:
    """The polygons among the parts of geometries that are no nested collections, and whose they are."""
    parts, owners = shapely.get_parts(geometries, return_index=True)
    deeper = shapely.get_type_id(parts) > _POLYGON
    if deeper.any():
        inner, within = shapely.get_parts(parts, return_index=True)
        parts, owners = inner, owners[within]
    kept = (shapely.get_type_id(parts) == _POLYGON) & ~shapely.is_empty(parts)
    return parts[kept], owners[kept]


def _clipped(areas: _Geometries, box: Box) -> _Geometries:
    try:
        return np.asarray(shapely.clip_by_rect(areas, *box), dtype=object)
    except shapely.GEOSException:
        # One of them is too broken for the quick clip: mend it whole, however long that takes.
        return np.asarray(shapely.intersection(_valid(areas), shapely.box(*box)), dtype=object)


def _on_grid(polygons: _Geometries) -> _Geometries:
    """Valid areas with whole coordinates; a polygon that has none becomes empty."""
    rounded = shapely.remove_repeated_points(shapely.transform(polygons, np.rint))
    broken = ~shapely.is_valid(rounded)
    if broken.any():
        rounded[broken] = shapely.set_precision(_valid(polygons[broken]), 1.0)
    return np.asarray(rounded, dtype=object)


def _valid(areas: _Geometries) -> _Geometries:
    return np.asarray(shapely.make_valid(areas, method="structure", keep_collapsed=False), dtype=object)


def _coarsened(
    pieces: _Geometries, owners: NDArray[np.int64], simplify: Callable[[_Geometries, float], _Geometries]
) -> _Geometries:
    """The pieces, those of an owner with too many vertices simplified until it has not (or no further)."""
    counts = shapely.get_num_coordinates(pieces)
    for owner in np.flatnonzero(np.bincount(owners, counts) > SHAPE_VERTICES).tolist():
        mine, tolerance = owners == owner, TOLERANCE
        while tolerance < _COARSEST and counts[mine].sum() > SHAPE_VERTICES:
            tolerance *= 2
            simpler = simplify(pieces[mine], tolerance)
            if len(simpler) != int(mine.sum()):
                break
            pieces[mine] = simpler
            counts = shapely.get_num_coordinates(pieces)
    return pieces
