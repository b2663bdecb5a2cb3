"""Cut shapes lie where the geometries lie, fit together across tiles, and are valid for any tile reader."""

import math

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from maps import shapecut
from maps.shapecut import BUFFER, EXTENT, SHAPE_VERTICES, TOLERANCE, Cut, Pairs, cut, prepare
from maps.tiles import TileId, from_unit, to_unit

WEST, SOUTH = 121.5, 29.8


def drawn(geometry: shapely.Geometry, tile: TileId) -> Cut | None:
    (drawing,) = prepare([geometry], tile.z)
    piece = None if drawing is None else cut([drawing], tile)[0]
    return None if piece is None else piece.seen_from(tile)


def units(geometry: shapely.Geometry, tile: TileId) -> shapely.Geometry:
    """The whole geometry in the tile's coordinates, neither simplified nor cut."""

    def project(pairs: np.ndarray) -> np.ndarray:
        unit = to_unit(pairs[:, 0], pairs[:, 1])
        side = 2.0**tile.z
        return np.column_stack([unit.u * side - tile.x, unit.v * side - tile.y]) * EXTENT

    return shapely.transform(geometry, project)


def place(tile: TileId, x: float, y: float) -> tuple[float, float]:
    """Degrees of a position in the tile, in units."""
    side = 2.0**tile.z
    lon, lat = from_unit((tile.x + x / EXTENT) / side, (tile.y + y / EXTENT) / side)
    return float(lon), float(lat)


def doubled_area(ring: Pairs) -> int:
    x, y = ring.T.tolist()
    return sum(x[n - 1] * y[n] - x[n] * y[n - 1] for n in range(len(x)))


WINDOW = shapely.box(-BUFFER, -BUFFER, EXTENT + BUFFER, EXTENT + BUFFER)
TILE = TileId.at(WEST, SOUTH, 12)

offsets = st.floats(-6_000, 10_000)


@st.composite
def areas(draw: st.DrawFn) -> shapely.Geometry:
    """Spiked stars round a middle, some with a hole, some of two parts, of any size against the tile."""
    parts = []
    for _ in range(draw(st.integers(1, 2))):
        x, y = draw(offsets), draw(offsets)
        size = draw(st.sampled_from([10.0, 300.0, 3_000.0, 20_000.0]))
        shares = draw(st.lists(st.floats(0.3, 1), min_size=3, max_size=40))
        angles = np.linspace(0, 2 * math.pi, len(shares), endpoint=False)
        ring = [
            (x + size * r * math.cos(a), y + size * r * math.sin(a))
            for r, a in zip(shares, angles, strict=True)
        ]
        inner = shapely.Point(x, y).buffer(size * 0.1, quad_segs=2).exterior.coords
        holes = [inner] if draw(st.booleans()) and len(shares) > 4 else []
        parts.append(shapely.Polygon(ring, holes))
    whole = shapely.make_valid(shapely.union_all(parts))
    return shapely.transform(whole, lambda pairs: np.array([place(TILE, *pair) for pair in pairs.tolist()]))


@given(areas())
def test_areas_cover_what_they_cover_and_are_valid(area: shapely.Geometry) -> None:
    exact = units(area, TILE)
    piece = drawn(area, TILE)
    filled = shapely.MultiPolygon()
    if piece is not None:
        assert piece.polygons or piece.strokes
        polygons = []
        for outer, *holes in piece.polygons:
            assert doubled_area(outer) > 0
            assert all(doubled_area(hole) < 0 for hole in holes)
            assert all((ring != np.roll(ring, 1, axis=0)).any(axis=1).all() for ring in (outer, *holes))
            polygons.append(shapely.Polygon(outer, holes))
            assert shapely.is_valid(polygons[-1])
            assert shapely.within(polygons[-1], WINDOW.buffer(0.5))
        filled = shapely.union_all(polygons) if polygons else filled
    # Simplifying and rounding move a border by so much, never more: what differs lies along the border.
    differs = shapely.symmetric_difference(filled, shapely.intersection(exact, WINDOW))
    far = shapely.difference(differs, exact.boundary.buffer(TOLERANCE + 1.5))
    assert far.area < 1


@given(areas())
def test_only_true_borders_are_stroked(area: shapely.Geometry) -> None:
    border = units(area, TILE).boundary
    piece = drawn(area, TILE)
    near = border.buffer(TOLERANCE + 1.5)
    for stroke in piece.strokes if piece else ():
        assert len(stroke.points) >= 2
        assert shapely.difference(shapely.LineString(stroke.points), near).length < 1


@given(st.lists(st.tuples(offsets, offsets), min_size=2, max_size=30))
def test_lines_stay_where_they_are(pairs: list[tuple[float, float]]) -> None:
    line = shapely.LineString([place(TILE, *pair) for pair in pairs])
    exact = units(line, TILE)
    piece = drawn(line, TILE)
    strokes = [shapely.LineString(stroke.points) for stroke in piece.strokes] if piece else []
    whole = shapely.union_all(strokes) if strokes else shapely.LineString()
    assert shapely.difference(whole, exact.buffer(TOLERANCE + 1.5)).length < 1
    inside = shapely.intersection(exact, WINDOW.buffer(-8))
    if inside.length > 20:
        assert shapely.difference(inside, whole.buffer(2 * TOLERANCE + 3)).length < 1
    for stroke in piece.strokes if piece else ():
        assert (stroke.points[1:] != stroke.points[:-1]).any(axis=1).all()


def test_a_tile_inside_an_area_is_filled_and_has_no_border() -> None:
    piece = drawn(shapely.box(121, 29, 122, 30), TILE)
    assert piece is not None
    assert piece.strokes == ()
    ((outer,),) = piece.polygons
    assert sorted(map(tuple, outer.tolist())) == [
        (x, y) for x in (-BUFFER, EXTENT + BUFFER) for y in (-BUFFER, EXTENT + BUFFER)
    ]


def test_dashes_go_on_in_the_next_tile() -> None:
    """A stroke says how far along the whole line it begins."""
    line = shapely.LineString([place(TILE, *pair) for pair in ((100, 1000), (3000, 1400), (9000, 1400))])
    here, there = drawn(line, TILE), drawn(line, TileId(TILE.z, TILE.x + 1, TILE.y))
    assert here is not None
    assert there is not None
    (first,), (second,) = here.strokes, there.strokes
    assert first.start == 0
    passed = shapely.LineString(first.points).length
    # The second begins a buffer before the shared edge, the first ends a buffer behind it.
    assert second.start == pytest.approx(passed - 2 * BUFFER, abs=2)
    assert second.points[0].tolist() == [-BUFFER, 1400]


def test_a_scribble_is_cut_without_measuring_it_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapecut, "_LOCATE_WORK", 100)
    zigzag = [place(TILE, 4000 + 300 * (n % 2), 10 * n) for n in range(200)]
    line = shapely.LineString([place(TILE, 100, 3000), place(TILE, 5000, 3000)])
    drawings = [drawing for drawing in prepare([shapely.LineString(zigzag), line], TILE.z) if drawing]
    wild, straight = (piece for piece in cut(drawings, TileId(TILE.z, TILE.x + 1, TILE.y)) if piece)
    assert len(wild.strokes) > 50
    assert {stroke.start for stroke in wild.strokes} == {0}
    assert straight.strokes[0].start == pytest.approx(EXTENT - BUFFER - 100, abs=2)


def test_neighbours_draw_the_same_line() -> None:
    random = np.random.default_rng(3)
    pairs = np.cumsum(random.normal((2.0, 0.5), 40, (4000, 2)), axis=0) + np.array((500, 2000))
    line = shapely.LineString([place(TILE, *pair) for pair in pairs.tolist()])
    east = TileId(TILE.z, TILE.x + 1, TILE.y)
    here, there = drawn(line, TILE), drawn(line, east)
    assert here is not None
    assert there is not None
    strip = shapely.box(EXTENT - BUFFER + 2, 0, EXTENT + BUFFER - 2, EXTENT)
    one = shapely.intersection(shapely.MultiLineString([s.points for s in here.strokes]), strip)
    moved = [s.points + np.array((EXTENT, 0)) for s in there.strokes]
    two = shapely.intersection(shapely.MultiLineString(moved), strip)
    assert one.length > 100
    assert shapely.hausdorff_distance(one, two) < 2


def test_a_shape_that_a_tile_holds_whole_is_cut_once() -> None:
    line = shapely.LineString([place(TILE, 100, 100), place(TILE, 300, 200)])
    (drawing,) = prepare([line], TILE.z)
    assert drawing is not None
    first, again = cut([drawing], TILE)[0], cut([drawing], TILE)[0]
    assert first is not None
    assert again is first
    # Another tile is asked for itself.
    assert cut([drawing], TileId(TILE.z, TILE.x + 1, TILE.y)) == [None]
    assert cut([drawing], TILE)[0] is first


def test_what_is_too_small_is_left_out_and_never_collapses() -> None:
    dot = shapely.LineString([place(TILE, 100, 100), place(TILE, 100.2, 100.2)])
    speck = shapely.Polygon([place(TILE, *pair) for pair in ((9, 9), (9.3, 9), (9, 9.3))])
    assert drawn(dot, TILE) is None
    assert drawn(speck, TILE) is None


def test_a_thin_area_keeps_its_border() -> None:
    strip = shapely.Polygon([place(TILE, *p) for p in ((100, 100), (2000, 300), (2000, 306), (1000, 215))])
    piece = drawn(strip, TILE)
    assert piece is not None
    assert piece.strokes


@pytest.mark.parametrize(
    "geometry",
    [
        shapely.Point(WEST, SOUTH),
        shapely.MultiPoint([(1, 2), (3, 4)]),
        shapely.LineString(),
        shapely.Polygon(),
    ],
)
def test_points_and_nothing_have_no_drawing(geometry: shapely.Geometry) -> None:
    assert prepare([geometry], 12) == [None]
    assert prepare([], 12) == []
    assert cut([], TILE) == []


def test_of_a_collection_the_highest_dimension_is_drawn() -> None:
    box = shapely.box(*place(TILE, 1000, 2000), *place(TILE, 2000, 1000))
    line = shapely.LineString([place(TILE, 0, 0), place(TILE, 500, 500)])
    mixed = shapely.GeometryCollection([shapely.Point(WEST, SOUTH), line, shapely.GeometryCollection([box])])
    piece = drawn(mixed, TILE)
    assert piece is not None
    assert len(piece.polygons) == 1
    assert len(piece.strokes) == 1  # the border of the box
    assert drawn(shapely.force_3d(mixed, 5.0), TILE) is not None


def test_the_edges_of_the_world() -> None:
    """Across the antimeridian in two parts, to the poles, and round the world: nothing breaks."""
    split = shapely.MultiPolygon([shapely.box(179, -1, 180, 1), shapely.box(-180, -1, -179, 1)])
    for x, wanted in ((0, True), (63, True), (31, False)):
        assert (drawn(split, TileId(6, x, 31)) is not None) is wanted
    for geometry in (
        shapely.box(-180, -90, 180, 90),
        shapely.box(0, 80, 10, 90),
        shapely.LineString([(-180, 10), (180, 10)]),
        shapely.LineString([(0, -90), (0, 90)]),
    ):
        for tile in (TileId(0, 0, 0), TileId(3, 4, 0), TileId(3, 7, 7)):
            piece = drawn(geometry, tile)
            for outer, *_holes in piece.polygons if piece else ():
                assert doubled_area(outer) > 0
    assert drawn(shapely.box(0, 86, 10, 90), TileId(0, 0, 0)) is None  # beyond Web Mercator: no height


@pytest.mark.parametrize("zoom", [5, 9, 12, 16])
def test_a_hundred_thousand_vertices(zoom: int) -> None:
    random = np.random.default_rng(9)
    angles = np.linspace(0, 2 * math.pi, 100_001)[:-1]
    radius = 0.2 * (1 + 0.3 * random.random(100_000))
    star = shapely.Polygon(np.column_stack([WEST + radius * np.cos(angles), SOUTH + radius * np.sin(angles)]))
    piece = drawn(star, TileId.at(WEST, SOUTH + 0.21, zoom))
    assert piece is not None
    assert piece.polygons
    assert piece.vertices <= 2 * SHAPE_VERTICES
    for outer, *holes in piece.polygons:
        assert shapely.is_valid(shapely.Polygon(outer, holes))
